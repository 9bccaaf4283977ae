import { join } from 'node:path';
import { Session } from 'sparrow-df';
import type { Engine, Setting } from '../harness/contract.js';
import { type SparrowResult, sparrowAnswer, sparrowVersion } from '../harness/sparrow.js';
import type { Query } from './duckdb-queries.js';
import { sparrowQueries, type Tables } from './sparrow-queries.js';
import { tables } from './tables.js';

export async function open({ suite, threads, dataFolder }: Setting): Promise<Engine<SparrowResult>> {
  const session = await Session.create({ workers: threads });
  const frames = {} as { -readonly [T in keyof Tables]: Tables[T] };
  return {
    version: sparrowVersion(),
    async load() {
      for (const table of tables) {
        const stored = session.read.parquet(join(dataFolder, `${table}.parquet`));
        frames[table] = suite === 'tpch' ? stored.cache() : stored;
        if (suite === 'tpch') await frames[table].count();
      }
    },
    async run(item) {
      const frame = sparrowQueries[item as Query](frames);
      return { frame, rows: await frame.collect() };
    },
    answer: sparrowAnswer,
    close: () => session.stop(),
  };
}
