import { join } from 'node:path';
import type { DuckDBResultReader } from '@duckdb/node-api';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { duckdbQueries, type Query } from './duckdb-queries.js';
import { tables } from './tables.js';

export async function open({ suite, threads, dataFolder }: Setting): Promise<Engine<DuckDBResultReader>> {
  const connection = await connectDuckdb(threads);
  const kind = suite === 'tpch' ? 'TABLE' : 'VIEW';
  return {
    version: duckdbVersion(),
    async load() {
      for (const table of tables) {
        const file = quoted(join(dataFolder, `${table}.parquet`));
        await connection.run(`CREATE ${kind} ${table} AS SELECT * FROM read_parquet(${file})`);
      }
    },
    run: (item) => connection.runAndReadAll(duckdbQueries[item as Query]),
    answer: duckdbAnswer,
    async close() {
      connection.closeSync();
    },
  };
}
