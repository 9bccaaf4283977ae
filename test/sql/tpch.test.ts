import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type DataFrame, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDuckdb, duckdbAnswer, quoted } from '../../bench/harness/duckdb.js';
import { compareAnswers } from '../../bench/harness/equality.js';
import { sparrowAnswer } from '../../bench/harness/sparrow.js';
import { tpchData } from '../../bench/tpch/data.js';
import { duckdbQueries } from '../../bench/tpch/duckdb-queries.js';
import { tables } from '../../bench/tpch/tables.js';

// The specification's texts, word by word, in both engines.
let session: Session;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  const folder = await tpchData('tiny');
  session = await Session.create({ workers: 1, memory: '1GB' });
  duckdb = await connectDuckdb(1);
  for (const table of tables) {
    const path = join(folder, `${table}.parquet`);
    session.read.parquet(path).createOrReplaceTempView(table);
    await duckdb.run(`CREATE VIEW ${table} AS SELECT * FROM ${quoted(path)}`);
  }
});
afterAll(async () => {
  await session.stop();
  duckdb.closeSync();
});

/** Averages of decimals are decimals of a few digits in Spark and doubles in DuckDB. */
const TOLERANCE = 2e-5;

test.each(Object.entries(duckdbQueries))('TPC-H %s', async (_, text) => {
  const frame = session.sql(text);
  const ours = await sparrowAnswer({ frame: frame as unknown as DataFrame, rows: await frame.collect() });
  const theirs = duckdbAnswer(await duckdb.runAndReadAll(text));
  expect(ours.rows.length).toBeGreaterThan(0);
  expect(compareAnswers(ours, theirs, TOLERANCE).difference).toBe('');
});
