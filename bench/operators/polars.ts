import { join } from 'node:path';
import type { Engine, Setting } from '../harness/contract.js';
import { loadPolars, type Polars, type PolarsFrame, type PolarsLazy, polarsAnswer } from '../harness/polars.js';
import { firstRows, type Item, isLong } from './queries.js';

const operators = (pl: Polars): Readonly<Record<Item, (lineitem: PolarsLazy) => PolarsLazy>> => {
  const { col } = pl;
  const countOf = (rows: PolarsLazy): PolarsLazy => rows.select(pl.len().alias('n'));
  return {
    sort: (lineitem) =>
      lineitem
        .select('l_suppkey', 'l_extendedprice', 'l_orderkey', 'l_quantity')
        .sort(['l_suppkey', 'l_extendedprice', 'l_orderkey'], [false, true, false]),
    topk: (lineitem) =>
      lineitem
        .select('l_orderkey', 'l_linenumber', 'l_extendedprice')
        .sort(['l_extendedprice', 'l_orderkey', 'l_linenumber'], [true, false, false])
        .limit(100),
    'window-rank': (lineitem) =>
      lineitem
        .select(col('l_extendedprice').rank({ method: 'min', descending: true }).over('l_suppkey').alias('place'))
        .select(col('place').cast(pl.Int64).sum().alias('total'), col('place').max().alias('most')),
    'window-sum': (lineitem) =>
      lineitem
        .sort(['l_partkey', 'l_orderkey', 'l_linenumber'])
        .select(col('l_quantity').cumSum().over('l_partkey').alias('running'))
        .select(col('running').max().alias('most'), col('running').min().alias('least')),
    like: (lineitem) => countOf(lineitem.filter(col('l_comment').str.contains('ironic', true))),
    regex: (lineitem) => countOf(lineitem.filter(col('l_comment').str.contains('express.*(deposits|requests)'))),
    distinct: (lineitem) => lineitem.select(col('l_comment').nUnique().alias('n')),
    wide: (lineitem) =>
      lineitem.select(
        ...Array.from({ length: 100 }, (_, i) =>
          col('l_linenumber').add(pl.lit(i).cast(pl.Int32)).sum().alias(`s${i}`),
        ),
      ),
  };
};

export async function open({ engine, dataFolder }: Setting): Promise<Engine<PolarsFrame>> {
  const pl = loadPolars();
  const asked = operators(pl);
  const how = { engine: engine === 'polars-streaming' ? 'streaming' : 'in-memory' } as const;
  const decimals = ['l_quantity', 'l_extendedprice', 'l_discount', 'l_tax'];
  let lineitem: PolarsLazy;
  return {
    version: pl.version,
    note: 'decimals as doubles',
    relativeTolerance: 1e-9,
    async load() {
      lineitem = pl
        .scanParquet(join(dataFolder, 'lineitem.parquet'))
        .withColumns(...decimals.map((name) => pl.col(name).cast(pl.Float64)))
        .collectSync(how)
        .lazy();
    },
    run: async (item) => asked[item as Item](lineitem).collectSync(how),
    answer: (frame, item) => polarsAnswer(isLong(item) ? frame.lazy().limit(firstRows).collectSync(how) : frame),
    async close() {},
  };
}
