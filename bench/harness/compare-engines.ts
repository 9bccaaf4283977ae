import { type Answer, type LoadResult, type Options, ourselves, type Result, UnavailableError } from './contract.js';
import { EngineProcess } from './engine-process.js';
import { compareAnswers } from './equality.js';
import { chosenItems, UsageError } from './options.js';
import { median, rounded } from './statistics.js';

/** A suite whose items several engines can run, each engine in a process of its own. */
export interface Contest {
  readonly name: string;
  readonly items: readonly string[];
  /** Where each engine's program is; `open` is its only export that counts. */
  readonly programs: Readonly<Record<string, URL>>;
  /** Bring the data there; gives its folder. */
  readonly prepare: (options: Options) => Promise<string>;
}

const shortMs = 50;
const roundsUsually = 7;
const roundsWhenShort = 15;
/** An engine this slow is not held to the rounds a quick one needs. */
const longMs = 3_000;

interface Lane {
  readonly engine: EngineProcess;
  readonly times: number[];
  cold: number | null;
  peak: number | null;
  note: string;
  answer: Answer | undefined;
  tolerance: number;
  failure: string;
}

/** Load every engine, then run item by item, the engines taking turns, and hold their answers together. */
export async function compareEngines(
  contest: Contest,
  options: Options,
): Promise<{ load: LoadResult[]; results: Result[] }> {
  const items = chosenItems(contest.name, contest.items, options.only);
  const modules = options.engines.map((engine) => [engine, moduleOf(contest, engine)] as const);
  const dataFolder = await contest.prepare(options);
  const { threads } = options;
  const engines = modules.map(
    ([engine, module]) => new EngineProcess({ engine, suite: contest.name, threads, items, dataFolder }, module),
  );
  try {
    const load = await loadAll(engines);
    const present = engines.filter(({ name }) => load.some(({ engine }) => engine === name));
    const results: Result[] = [];
    for (const item of items) results.push(...(await runItem(item, present, options.rounds)));
    return { load, results };
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

function moduleOf({ name, programs }: Contest, engine: string): URL {
  const module = programs[engine];
  if (!module) throw new UsageError(`${name} has no ${engine}; it has ${Object.keys(programs).join(', ')}`);
  return module;
}

/** Load one after the other; an engine that cannot be had on this machine is left out, and that is said. */
async function loadAll(engines: readonly EngineProcess[]): Promise<LoadResult[]> {
  const load: LoadResult[] = [];
  for (const engine of engines) {
    try {
      const { ms, rssMb, version } = await engine.load();
      load.push({ engine: engine.name, version, ms: rounded(ms, 1), rssMb });
      console.error(`${engine.name} ${version}: loaded in ${ms.toFixed(0)} ms, ${rssMb} MB`);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      console.error(`${engine.name} is left out: ${error.message}`);
    }
  }
  return load;
}

async function runItem(item: string, engines: readonly EngineProcess[], rounds: number | undefined): Promise<Result[]> {
  const lanes = engines.map(
    (engine): Lane => ({
      engine,
      times: [],
      cold: null,
      peak: null,
      note: '',
      answer: undefined,
      tolerance: 1e-12,
      failure: '',
    }),
  );
  for (const lane of lanes) await runCold(lane, item);
  const wanted = (): number => {
    const short = lanes.some(({ times, cold }) => (times.length > 0 ? median(times) : (cold ?? Infinity)) < shortMs);
    return rounds ?? (short ? roundsWhenShort : roundsUsually);
  };
  for (let round = 0; round < wanted(); round++) {
    // Everyone is first equally often, so that none always runs on a warm or on a busy machine.
    const order = lanes.map((_, index) => lanes[(index + round) % lanes.length]).filter((lane) => lane !== undefined);
    const last = round === wanted() - 1;
    for (const lane of order) {
      const tired = lane.times.length >= roundsUsually && median(lane.times) > longMs && rounds === undefined;
      if (lane.failure === '' && !tired) await runHot(lane, item, last);
    }
  }
  const reference = referenceOf(lanes);
  const results = lanes.map((lane) => toResult(item, lane, reference));
  for (const { engine, medianMs, ok, note } of results) {
    console.error(`  ${item} ${engine}: ${medianMs ?? '–'} ms${ok ? '' : ' NOT OK'}${note ? ` (${note})` : ''}`);
  }
  return results;
}

/** Whose answer the others are held against: DuckDB's where it has one, else another peer's. */
function referenceOf(lanes: readonly Lane[]): Lane | undefined {
  const answered = lanes.filter(({ answer, failure }) => answer && failure === '');
  const named = (name: string): Lane | undefined => answered.find(({ engine }) => engine.name === name);
  return named('duckdb') ?? answered.find(({ engine }) => engine.name !== ourselves) ?? answered[0];
}

async function runCold(lane: Lane, item: string): Promise<void> {
  try {
    const { note, relativeTolerance } = await lane.engine.load();
    lane.note = note;
    lane.tolerance = relativeTolerance ?? lane.tolerance;
    const { ms, peakRssMb, answer } = await lane.engine.run(item, true);
    lane.cold = ms;
    lane.peak = peakRssMb;
    lane.answer = answer;
  } catch (error) {
    fail(lane, error);
  }
}

async function runHot(lane: Lane, item: string, last: boolean): Promise<void> {
  try {
    const { ms, peakRssMb, answer } = await lane.engine.run(item, last);
    lane.times.push(ms);
    lane.peak = Math.max(lane.peak ?? 0, peakRssMb);
    if (answer && lane.answer) {
      const { difference } = compareAnswers(answer, lane.answer, lane.tolerance);
      if (difference) lane.failure = `the last run answered differently from the first: ${difference}`;
    }
  } catch (error) {
    fail(lane, error);
  }
}

function fail(lane: Lane, error: unknown): void {
  lane.failure = error instanceof Error ? error.message : String(error);
  console.error(`${lane.engine.name}: ${lane.failure}`);
}

function toResult(item: string, lane: Lane, reference: Lane | undefined): Result {
  const { engine, times, cold, peak, answer } = lane;
  const notes = lane.note ? [lane.note] : [];
  let ok = lane.failure === '';
  if (!ok) notes.push(lane.failure.split('\n')[0] ?? '');
  else if (lane !== reference && answer && reference?.answer) {
    const tolerance = Math.max(lane.tolerance, reference.tolerance);
    const { difference, order } = compareAnswers(answer, reference.answer, tolerance);
    ok = difference === '';
    if (!ok) notes.push(`differs from ${reference.engine.name}: ${difference}`);
    else if (order === 'other') notes.push(`rows in another order than ${reference.engine.name}`);
  }
  const some = times.length > 0;
  return {
    item,
    engine: engine.name,
    coldMs: cold === null ? null : rounded(cold, 2),
    medianMs: some ? rounded(median(times), 2) : null,
    minMs: some ? rounded(Math.min(...times), 2) : null,
    runs: times.length,
    peakRssMb: peak,
    ok,
    note: notes.join('; '),
  };
}
