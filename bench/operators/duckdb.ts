import { join } from 'node:path';
import type { DuckDBResultReader } from '@duckdb/node-api';
import type { Answer, Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { firstRows, type Item, isLong, operatorQueries } from './queries.js';

export async function open({ threads, dataFolder }: Setting): Promise<Engine<DuckDBResultReader>> {
  const connection = await connectDuckdb(threads);
  return {
    version: duckdbVersion(),
    note: 'a sorted table is kept as a table',
    async load() {
      const file = quoted(join(dataFolder, 'lineitem.parquet'));
      await connection.run(`CREATE TABLE lineitem AS SELECT * FROM read_parquet(${file})`);
    },
    run: (item) => {
      const sql = operatorQueries[item as Item];
      return connection.runAndReadAll(isLong(item) ? `CREATE OR REPLACE TEMP TABLE result AS ${sql}` : sql);
    },
    async answer(raw, item): Promise<Answer> {
      if (!isLong(item)) return duckdbAnswer(raw);
      return duckdbAnswer(await connection.runAndReadAll(`SELECT * FROM result LIMIT ${firstRows}`));
    },
    async close() {
      connection.closeSync();
    },
  };
}
