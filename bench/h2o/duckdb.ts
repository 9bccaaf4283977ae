import { join } from 'node:path';
import type { DuckDBResultReader } from '@duckdb/node-api';
import type { Answer, Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { checkOf, h2oQueries, mostRows, type Question } from './questions.js';

export async function open({ threads, dataFolder }: Setting): Promise<Engine<DuckDBResultReader>> {
  const connection = await connectDuckdb(threads);
  return {
    version: duckdbVersion(),
    relativeTolerance: 1e-9,
    async load() {
      await connection.run(
        `CREATE TABLE x AS SELECT * FROM read_parquet(${quoted(join(dataFolder, 'groupby.parquet'))})`,
      );
    },
    run: (item) => connection.runAndReadAll(h2oQueries[item as Question]),
    async answer(raw, item): Promise<Answer> {
      if (raw.currentRowCount <= mostRows) return duckdbAnswer(raw);
      const sums = raw.columnNames().map((column) => `${checkOf(column)} AS ${column}`);
      const sql = `SELECT count(*) AS "rows", ${sums.join()} FROM (${h2oQueries[item as Question]})`;
      return duckdbAnswer(await connection.runAndReadAll(sql));
    },
    async close() {
      connection.closeSync();
    },
  };
}
