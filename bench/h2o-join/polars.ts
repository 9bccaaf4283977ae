import { join } from 'node:path';
import type { Engine, Setting } from '../harness/contract.js';
import { loadPolars, type Polars, type PolarsFrame, type PolarsLazy, polarsAnswer } from '../harness/polars.js';
import { joinTables } from './data.js';
import { added, joinQuestions, type Question } from './questions.js';

type Tables = Record<(typeof joinTables)[number], PolarsLazy>;

function answerOf(pl: Polars, item: Question, tables: Tables): PolarsLazy {
  const { table, key, how, adds } = joinQuestions[item];
  const right = tables[table].select(
    pl.col(key).alias('r_key'),
    ...adds.map((name) => pl.col(name).alias(added(name))),
  );
  return tables.x.join(right, { leftOn: key, rightOn: 'r_key', how });
}

export async function open({ engine, dataFolder }: Setting): Promise<Engine<PolarsFrame>> {
  const pl = loadPolars();
  const how = { engine: engine === 'polars-streaming' ? 'streaming' : 'in-memory' } as const;
  const tables = {} as Tables;
  return {
    version: pl.version,
    relativeTolerance: 1e-9,
    async load() {
      for (const table of joinTables) {
        tables[table] = pl
          .scanParquet(join(dataFolder, `${table}.parquet`))
          .collectSync(how)
          .lazy();
      }
    },
    run: async (item) => answerOf(pl, item as Question, tables).collectSync(how),
    answer(frame) {
      const sum = (name: string) => pl.col(name).sum().alias(name);
      const keys = pl.col('id3').cast(pl.Int64).sum().alias('keys');
      const sums = frame.lazy().select(pl.len().alias('n'), keys, sum('v1'), sum('v2'));
      return polarsAnswer(sums.collectSync(how));
    },
    async close() {},
  };
}
