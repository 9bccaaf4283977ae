import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Options, ourselves, type Result, type Suite, UnavailableError } from '../harness/contract.js';
import { peersFolder } from '../harness/paths.js';
import { requirePeer } from '../harness/peers.js';
import { median, rounded } from '../harness/statistics.js';
import type { Answer } from './data.js';

const start = promisify(execFile);
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const roundsUsually = 20;
const tolerance = 1e-12;

/** What each engine's process is started with. */
const programs: Readonly<Record<string, readonly string[]>> = {
  [ourselves]: [program('./program.js')],
  duckdb: [program('./program-duckdb.js')],
  polars: [program('./program-polars.js'), peersFolder],
};

interface Told {
  readonly timeOrigin: number;
  readonly since: Readonly<Record<string, number>>;
  readonly answer: Answer;
}

interface Run {
  readonly wholeMs: number;
  readonly told?: Told;
  /** From the parent's wish to start a process to the rows in hand. */
  readonly resultMs?: number;
}

async function time(args: readonly string[]): Promise<Run> {
  const before = performance.timeOrigin + performance.now();
  const { stdout } = await start(process.execPath, args);
  const wholeMs = performance.timeOrigin + performance.now() - before;
  if (stdout === '') return { wholeMs };
  const told = JSON.parse(stdout) as Told;
  return { wholeMs, told, resultMs: told.timeOrigin + (told.since.collect ?? Number.NaN) - before };
}

function result(item: string, engine: string, cold: number, times: readonly number[], ok: boolean, note = ''): Result {
  const [medianMs, minMs] = [rounded(median(times), 2), rounded(Math.min(...times), 2)];
  return { item, engine, coldMs: rounded(cold, 2), medianMs, minMs, runs: times.length, peakRssMb: null, ok, note };
}

/** Where the time went, as medians of the steps. */
function breakdown(runs: readonly Run[]): string {
  const steps = Object.keys(runs[0]?.told?.since ?? {});
  const spans = steps.map((step, index) => {
    const before = steps[index - 1];
    const took = runs.map(
      ({ told }) => (told?.since[step] ?? 0) - (before === undefined ? 0 : (told?.since[before] ?? 0)),
    );
    return `${step} ${median(took).toFixed(1)}`;
  });
  return spans.join(', ');
}

const isSame = (one: Answer | undefined, other: Answer | undefined): boolean =>
  one !== undefined &&
  one.length === other?.length &&
  one.every((row, r) => row.every((value, c) => Math.abs(value - (other[r]?.[c] ?? Number.NaN)) <= tolerance * value));

/** Engines that can be started here; Polars is installed where it is not. */
function presentEngines(engines: readonly string[]): string[] {
  return engines.filter((engine) => {
    if (programs[engine] === undefined) return false;
    try {
      if (engine === 'polars') requirePeer('nodejs-polars');
      return true;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      console.error(error.message);
      return false;
    }
  });
}

async function measure({ engines, rounds = roundsUsually }: Options): Promise<{ load: []; results: Result[] }> {
  const lanes = ['node', ...presentEngines(engines)].map((engine) => ({ engine, runs: [] as Run[] }));
  for (let round = 0; round <= rounds; round++) {
    // Another one first each time, after bare Node.
    const [bare, ...others] = lanes;
    const turn = others.length === 0 ? 0 : round % others.length;
    for (const lane of [bare, ...others.slice(turn), ...others.slice(0, turn)])
      lane?.runs.push(await time(programs[lane.engine] ?? ['-e', '0']));
  }
  const results: Result[] = [];
  let bareMs = 0;
  const right = lanes.find(({ engine }) => engine === 'duckdb') ?? lanes[1];
  for (const { engine, runs } of lanes) {
    const [cold, ...hot] = runs as [Run, ...Run[]];
    const whole = hot.map(({ wholeMs }) => wholeMs);
    if (engine === 'node') {
      bareMs = median(whole);
      results.push(result('bare', engine, cold.wholeMs, whole, true, 'node -e 0'));
      continue;
    }
    const ok = runs.every(({ told }) => isSame(told?.answer, right?.runs[0]?.told?.answer));
    const first = hot.map(({ resultMs = Number.NaN }) => resultMs);
    const above = first.map((ms) => ms - bareMs);
    const note = `above the median of node -e 0; medians: ${breakdown(hot)}`;
    results.push(result('first-result', engine, (cold.resultMs ?? 0) - bareMs, above, ok, note));
    results.push(result('whole-process', engine, cold.wholeMs, whole, ok));
  }
  return { load: [], results };
}

export const startup: Suite = {
  name: 'startup',
  about: 'process start to the first result over 1,000 rows of JavaScript, above node -e 0',
  run: measure,
};
