import { join } from 'node:path';
import { col, type DataFrame, fn, Session, Window } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { type SparrowResult, sparrowAnswer, sparrowVersion } from '../harness/sparrow.js';
import { firstRows, type Item, isLong } from './queries.js';

const operators: Readonly<Record<Item, (lineitem: DataFrame) => DataFrame>> = {
  sort: (lineitem) =>
    lineitem
      .select('l_suppkey', 'l_extendedprice', 'l_orderkey', 'l_quantity')
      .orderBy(col('l_suppkey'), col('l_extendedprice').desc(), col('l_orderkey')),
  topk: (lineitem) =>
    lineitem
      .select('l_orderkey', 'l_linenumber', 'l_extendedprice')
      .orderBy(col('l_extendedprice').desc(), col('l_orderkey'), col('l_linenumber'))
      .limit(100),
  'window-rank': (lineitem) => {
    const bySupplier = Window.partitionBy('l_suppkey').orderBy(col('l_extendedprice').desc());
    return lineitem
      .select(fn.rank().over(bySupplier).as('place'))
      .agg(fn.sum('place').as('total'), fn.max('place').as('most'));
  },
  'window-sum': (lineitem) => {
    const byPart = Window.partitionBy('l_partkey')
      .orderBy('l_orderkey', 'l_linenumber')
      .rowsBetween(Window.unboundedPreceding, Window.currentRow);
    return lineitem
      .select(fn.sum('l_quantity').over(byPart).as('running'))
      .agg(fn.max('running').as('most'), fn.min('running').as('least'));
  },
  like: (lineitem) => lineitem.filter(col('l_comment').like('%ironic%')).agg(fn.count().as('n')),
  regex: (lineitem) => lineitem.filter(col('l_comment').rlike('express.*(deposits|requests)')).agg(fn.count().as('n')),
  distinct: (lineitem) => lineitem.select('l_comment').distinct().agg(fn.count().as('n')),
  wide: (lineitem) => {
    const [first, ...others] = Array.from({ length: 100 }, (_, i) => fn.sum(col('l_linenumber').add(i)).as(`s${i}`));
    return lineitem.agg(first as NonNullable<typeof first>, ...others);
  },
};

export async function open({ threads, dataFolder }: Setting): Promise<Engine<SparrowResult>> {
  const session = await Session.create({ workers: threads });
  let lineitem: DataFrame;
  return {
    version: sparrowVersion(),
    note: 'a sorted table is given batch by batch, in Arrow form',
    async load() {
      lineitem = session.read.parquet(join(dataFolder, 'lineitem.parquet')).cache();
      await lineitem.count();
    },
    async run(item) {
      const frame = operators[item as Item](lineitem);
      if (!isLong(item)) return { frame, rows: await frame.collect() };
      let rows = 0;
      for await (const batch of frame.batches()) rows += batch.numRows;
      if (rows === 0) throw new Error('a sort without rows');
      return { frame: frame.limit(firstRows), rows: [] };
    },
    answer: async (result, item) =>
      sparrowAnswer(isLong(item) ? { ...result, rows: await result.frame.collect() } : result),
    close: () => session.stop(),
  };
}
