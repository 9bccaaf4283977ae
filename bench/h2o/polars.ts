import { join } from 'node:path';
import type { Answer, Engine, Setting } from '../harness/contract.js';
import { loadPolars, type Polars, type PolarsFrame, type PolarsLazy, polarsAnswer } from '../harness/polars.js';
import { mostRows, type Question } from './questions.js';

const questions = (pl: Polars): Readonly<Record<Question, (x: PolarsLazy) => PolarsLazy>> => {
  const { col } = pl;
  const sum = (name: string) => col(name).sum().alias(name);
  const mean = (name: string) => col(name).mean().alias(name);
  return {
    g1: (x) => x.groupBy(['id1']).agg(sum('v1')),
    g2: (x) => x.groupBy(['id1', 'id2']).agg(sum('v1')),
    g3: (x) => x.groupBy(['id3']).agg(sum('v1'), mean('v3')),
    g4: (x) => x.groupBy(['id4']).agg(mean('v1'), mean('v2'), mean('v3')),
    g5: (x) => x.groupBy(['id6']).agg(sum('v1'), sum('v2'), sum('v3')),
    g6: (x) => x.groupBy(['id4', 'id5']).agg(col('v3').median().alias('median_v3'), col('v3').std().alias('sd_v3')),
    g7: (x) => x.groupBy(['id3']).agg(col('v1').max().sub(col('v2').min()).alias('range_v1_v2')),
    g8: (x) => x.groupBy(['id6']).agg(col('v3').sort(true).head(2)).explode('v3'),
    g9: (x) => {
      const product = (a: string, b: string) => col(a).mul(col(b)).cast(pl.Float64).sum();
      const n = col('v1').count().cast(pl.Float64);
      const total = (name: string) => col(name).cast(pl.Float64).sum();
      const between = n.mul(product('v1', 'v2')).sub(total('v1').mul(total('v2')));
      const spread = (name: string) => n.mul(product(name, name)).sub(total(name).mul(total(name)));
      const r2 = between.mul(between).div(spread('v1').mul(spread('v2')));
      return x.groupBy(['id2', 'id4']).agg(r2.alias('r2'));
    },
    g10: (x) => x.groupBy(['id1', 'id2', 'id3', 'id4', 'id5', 'id6']).agg(sum('v3'), col('v1').count().alias('n')),
  };
};

export async function open({ engine, dataFolder }: Setting): Promise<Engine<PolarsFrame>> {
  const pl = loadPolars();
  const asked = questions(pl);
  const how = { engine: engine === 'polars-streaming' ? 'streaming' : 'in-memory' } as const;
  let x: PolarsLazy;
  return {
    version: pl.version,
    relativeTolerance: 1e-9,
    async load() {
      x = pl.scanParquet(join(dataFolder, 'groupby.parquet')).collectSync(how).lazy();
    },
    run: async (item) => asked[item as Question](x).collectSync(how),
    answer: (frame) => (frame.height <= mostRows ? polarsAnswer(frame) : checks(pl, frame, how)),
    async close() {},
  };
}

/** The sums of a long answer; of text keys, of their numbers. */
function checks(pl: Polars, frame: PolarsFrame, how: { engine: 'streaming' | 'in-memory' }): Answer {
  const sums = frame.columns.map((name) => {
    const column = /^id[123]$/.test(name) ? pl.col(name).str.slice(2, 10).cast(pl.Int64) : pl.col(name);
    return column.sum().alias(name);
  });
  const { columns, rows } = polarsAnswer(
    frame
      .lazy()
      .select(...sums)
      .collectSync(how),
  );
  return {
    columns: [{ name: 'rows', kind: 'exact' }, ...columns],
    rows: rows.map((row) => [String(frame.height), ...row]),
  };
}
