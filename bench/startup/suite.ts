import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Options, ourselves, type Result, type Suite } from '../harness/contract.js';
import { median, rounded } from '../harness/statistics.js';

const start = promisify(execFile);
const program = fileURLToPath(new URL('./program.js', import.meta.url));
const roundsUsually = 20;
const expectedRows = 10;

interface Told {
  readonly timeOrigin: number;
  readonly since: Readonly<Record<string, number>>;
  readonly rows: number;
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

async function measure({ engines, rounds = roundsUsually }: Options): Promise<{ load: []; results: Result[] }> {
  const withSparrow = engines.includes(ourselves);
  const bare: Run[] = [];
  const own: Run[] = [];
  for (let round = 0; round <= rounds; round++) {
    bare.push(await time(['-e', '0']));
    if (withSparrow) own.push(await time([program]));
  }
  const [coldBare, ...hotBare] = bare;
  const [coldOwn, ...hotOwn] = own;
  const bareTimes = hotBare.map(({ wholeMs }) => wholeMs);
  const results = [result('bare', 'node', coldBare?.wholeMs ?? 0, bareTimes, true, 'node -e 0')];
  if (coldOwn === undefined) return { load: [], results };
  const ok = own.every(({ told }) => told?.rows === expectedRows);
  const resultTimes = hotOwn.map(({ resultMs = Number.NaN }) => resultMs);
  const above = (median(resultTimes) - median(bareTimes)).toFixed(1);
  const note = `${above} ms above node -e 0; medians: ${breakdown(hotOwn)}`;
  const wholeTimes = hotOwn.map(({ wholeMs }) => wholeMs);
  results.push(result('first-result', ourselves, coldOwn.resultMs ?? 0, resultTimes, ok, note));
  results.push(result('whole-process', ourselves, coldOwn.wholeMs, wholeTimes, ok));
  return { load: [], results };
}

export const startup: Suite = {
  name: 'startup',
  about: 'import to the first result of a 1,000-row frame, beside node -e 0',
  run: measure,
};
