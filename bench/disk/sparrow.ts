import { join } from 'node:path';
import { col, type DataFrame, fn, Session, Window } from 'sparrow-df';
import type { Answer, Engine, Setting } from '../harness/contract.js';
import { sparrowAnswer, sparrowVersion } from '../harness/sparrow.js';
import { diskTables, isLong, longAnswer, partsOf, type Question } from './questions.js';

type Tables = Readonly<Record<(typeof diskTables)[number], DataFrame>>;

const running = (by: string, ...order: string[]) =>
  Window.partitionBy(by)
    .orderBy(...order)
    .rowsBetween(Window.unboundedPreceding, Window.currentRow);

const questions: Readonly<Record<Question, (tables: Tables) => DataFrame>> = {
  group: ({ facts }) =>
    facts
      .groupBy('key')
      .agg(fn.count().as('rows'), fn.sum('v').as('total'))
      .agg(fn.count().as('n'), fn.sum('rows').as('rows'), fn.max('total').as('most')),
  distinct: ({ facts }) => facts.select('key').distinct().agg(fn.count().as('n'), fn.max('key').as('last')),
  join: ({ facts, details }) =>
    facts.join(details, 'key').agg(fn.count().as('n'), fn.sum('v').as('v'), fn.sum('w').as('w')),
  sort: ({ facts }) => facts.select('key', 'v').orderBy('key'),
  window: ({ facts }) =>
    facts
      .select(
        fn.rowNumber().over(Window.partitionBy('part').orderBy('id')).as('place'),
        fn.sum('v').over(running('part', 'id')).as('running'),
      )
      .agg(fn.sum('place').as('places'), fn.max('running').as('most')),
  'tpch-group': ({ lineitem }) =>
    lineitem
      .groupBy('l_orderkey', 'l_partkey')
      .agg(fn.sum('l_quantity').as('quantity'))
      .agg(fn.count().as('n'), fn.sum('quantity').as('quantity')),
  'tpch-distinct': ({ lineitem }) => lineitem.select('l_comment').distinct().agg(fn.count().as('n')),
  'tpch-join': ({ lineitem, orders }) =>
    lineitem
      .join(orders, col('l_orderkey').eq(col('o_orderkey')))
      .filter(col('l_comment').ne(col('o_comment')))
      .agg(fn.count().as('n'), fn.max('l_comment').as('l'), fn.max('o_comment').as('o')),
  'tpch-sort': ({ lineitem }) =>
    lineitem
      .select('l_comment', 'l_orderkey', 'l_linenumber')
      .orderBy('l_comment', 'l_orderkey', 'l_linenumber')
      .select('l_comment', 'l_orderkey'),
  'tpch-window': ({ lineitem }) =>
    lineitem
      .select(
        fn
          .sum('l_quantity')
          .over(running('l_partkey', 'l_orderkey', 'l_linenumber'))
          .as('running'),
      )
      .agg(fn.max('running').as('most'), fn.min('running').as('least')),
};

export async function open({ threads, dataFolder }: Setting): Promise<Engine<Answer>> {
  let open: { readonly session: Session; readonly megabytes: number } | undefined;
  /** A session has one limit. */
  const sessionOf = async (megabytes: number): Promise<Session> => {
    if (open?.megabytes === megabytes) return open.session;
    await open?.session.stop();
    const session = (await Session.create({ workers: threads, memory: `${megabytes}MB` })) as unknown as Session;
    open = { session, megabytes };
    return session;
  };
  return {
    version: sparrowVersion(),
    async load() {},
    async run(item) {
      const { question, megabytes } = partsOf(item);
      const session = await sessionOf(megabytes);
      const tables = Object.fromEntries(
        diskTables.map((table) => [table, session.read.parquet(join(dataFolder, `${table}.parquet`))]),
      ) as Tables;
      const frame = questions[question](tables);
      if (!isLong(question)) return sparrowAnswer({ frame, rows: await frame.collect() });
      let rows = 0;
      let last: unknown = null;
      for await (const batch of frame.batches()) {
        rows += batch.numRows;
        last = batch.getChildAt(0)?.get(batch.numRows - 1);
      }
      return longAnswer(rows, last);
    },
    answer: (answer) => answer,
    close: async () => open?.session.stop(),
  };
}
