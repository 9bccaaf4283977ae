import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { type Options, ourselves, type Result, type Suite } from '../harness/contract.js';
import { chosenItems } from '../harness/options.js';
import { median, rounded } from '../harness/statistics.js';
import { tpchData } from '../tpch/data.js';
import { duckdbQueries } from '../tpch/duckdb-queries.js';
import { tables } from '../tpch/tables.js';

const wide = 1000;
const terms = 500;

interface Item {
  readonly rounds: number;
  /** A frame that is made anew each time: nothing is known of it from before. */
  readonly make: (session: Session) => DataFrame;
}

const items: Readonly<Record<string, Item>> = {
  'tpch-q21': { rounds: 300, make: (session) => session.sql(duckdbQueries.q21) },
  'columns-1000': {
    rounds: 30,
    make: (session) =>
      session
        .range(10)
        .select(...Array.from({ length: wide }, (_, i) => col('id').add(lit(i)).as(`c${i}`)))
        .filter(col('c7').gt(lit(3)))
        .groupBy('c0')
        .agg(...Array.from({ length: wide - 1 }, (_, i) => fn.max(`c${i + 1}`).as(`m${i + 1}`))),
  },
  'terms-500': {
    rounds: 30,
    make: (session) =>
      session
        .range(10)
        .filter(Array.from({ length: terms }, (_, i) => `id ${i % 2 === 0 ? '=' : '<>'} ${i}`).join(' OR '))
        .select('id'),
  },
};

const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Text or verbs to the physical plan, and that as a text; nothing runs. */
async function measure(item: string, session: Session, given: number | undefined): Promise<Result> {
  const { rounds: usual, make } = items[item] as Item;
  const rounds = given ?? usual;
  const start = performance.now();
  const first = await make(session).explain();
  const coldMs = performance.now() - start;
  // As many again before, until the planner itself is compiled.
  for (let round = 0; round < rounds; round++) await make(session).explain();
  const times: number[] = [];
  let same = first.includes('Physical Plan');
  const before = processorMs();
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const text = await make(session).explain();
    times.push(performance.now() - from);
    same &&= text === first;
  }
  const own = (processorMs() - before) / rounds;
  return {
    item,
    engine: ourselves,
    coldMs: rounded(coldMs, 2),
    medianMs: rounded(median(times), 2),
    minMs: rounded(Math.min(...times), 2),
    runs: times.length,
    peakRssMb: null,
    ok: same,
    note: same ? `${own.toFixed(2)} ms of processor time` : 'the plans differ',
  };
}

async function run(options: Options): Promise<{ load: []; results: Result[] }> {
  if (!options.engines.includes(ourselves)) return { load: [], results: [] };
  const chosen = chosenItems('plan', Object.keys(items), options.only);
  const folder = await tpchData(options.scale);
  const session = await Session.create({ workers: options.threads });
  for (const table of tables) {
    await session.read.parquet(join(folder, `${table}.parquet`)).createOrReplaceTempView(table);
  }
  const results: Result[] = [];
  for (const item of chosen) results.push(await measure(item, session, options.rounds));
  await session.stop();
  return { load: [], results };
}

export const plan: Suite = {
  name: 'plan',
  about: 'from text or verbs to the physical plan, warm, by explain(): nothing runs',
  run,
};
