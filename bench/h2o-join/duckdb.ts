import { join } from 'node:path';
import type { Engine, Setting } from '../harness/contract.js';
import { connectDuckdb, duckdbAnswer, duckdbVersion, quoted } from '../harness/duckdb.js';
import { joinTables } from './data.js';
import { added, joinQuestions, type Question } from './questions.js';

function sqlOf(item: Question): string {
  const { table, key, how, adds } = joinQuestions[item];
  const columns = adds.map((name) => `r.${name} AS ${added(name)}`).join();
  return `SELECT x.*, ${columns} FROM x ${how === 'left' ? 'LEFT' : ''} JOIN ${table} r ON x.${key} = r.${key}`;
}

export async function open({ threads, dataFolder }: Setting): Promise<Engine<undefined>> {
  const connection = await connectDuckdb(threads);
  return {
    version: duckdbVersion(),
    note: 'the answer is kept as a table',
    relativeTolerance: 1e-9,
    async load() {
      for (const table of joinTables) {
        const file = quoted(join(dataFolder, `${table}.parquet`));
        await connection.run(`CREATE TABLE ${table} AS SELECT * FROM read_parquet(${file})`);
      }
    },
    async run(item) {
      await connection.run(`CREATE OR REPLACE TEMP TABLE answer AS ${sqlOf(item as Question)}`);
      return undefined;
    },
    async answer() {
      const sql = `SELECT count(*) AS n, sum(id3)::BIGINT AS keys, sum(v1) AS v1, sum(v2) AS v2 FROM answer`;
      return duckdbAnswer(await connection.runAndReadAll(sql));
    },
    async close() {
      connection.closeSync();
    },
  };
}
