import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { col, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-analyze-'));
const file = join(folder, 'facts.parquet');
beforeAll(async () => {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `COPY (SELECT i AS id, i % 10 AS g FROM range(200000) t(i)) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 20480)`,
  );
  connection.closeSync();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('explain("analyze") tells rows, tasks, bytes, row groups left out, memory and how workers shared the work', async () => {
  await using session = await Session.create({ workers: 2, memory: '256MB' });
  const frame = session.read.parquet(file);
  const text = await frame.filter(col('id').ge(100_000)).groupBy('g').agg(fn.sum('id').as('s')).explain('analyze');
  const [scan] = text.split('\n').filter((line) => line.startsWith('1. scan'));
  // Ten groups of rows: ids from 100,000 on lie in the last six.
  expect(scan).toMatch(
    /^1\. scan > .*: 118080 rows in, .* MiB read, 4 row groups skipped, .* MiB in use, workers \d+ %/,
  );
  expect(text).toMatch(/total: .* ms, .* MiB of column memory in use at most/);
});
