import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Groups over the rows of files that a query asks for twice are made once, and only where they are the same groups.
let folder = '';
let session: Session;
const connection = DuckDBInstance.create(':memory:').then((instance) => instance.connect());

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-shared-scans-'));
  const select = `SELECT i AS id, i % 97 AS k, i % 13 AS columns, (i * 7919 % 10007) AS v,
    ('1992-01-01'::date + (i % 900)::int) AS day FROM range(60000) t(i)`;
  await (await connection).run(
    `COPY (${select}) TO '${join(folder, 't.parquet')}' (FORMAT parquet, ROW_GROUP_SIZE 8192)`,
  );
  await (await connection).run(`CREATE VIEW t AS FROM '${join(folder, 't.parquet')}'`);
  session = await Session.create({ workers: 2 });
  session.read.parquet(join(folder, 't.parquet')).createOrReplaceTempView('t');
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const sums = (where: string, key = 'k', value = 'v'): string =>
  `(SELECT ${key} AS k, sum(${value}) AS s FROM t WHERE ${where} GROUP BY ${key})`;
const best = (one: string, other: string): string =>
  `SELECT a.k, a.s FROM ${one} a JOIN (SELECT max(s) AS m FROM ${other} b) c ON a.s >= c.m - 9000 ORDER BY a.s DESC, a.k`;

const SINCE = "day >= DATE '1993-01-01'";

describe('groups over files', () => {
  test.each([
    ['the same twice', best(sums(SINCE), sums(SINCE)), 1],
    ['another filter', best(sums(SINCE), sums("day >= DATE '1993-01-02'")), 2],
    ['another value', best(sums(SINCE), sums(SINCE, 'k', 'id')), 2],
    ['another key', best(sums(SINCE), sums(SINCE, 'columns')), 2],
  ])('%s', async (_, text, scans) => {
    const rows = await session.sql(text).collect();
    const want = (await (await connection).runAndReadAll(text)).getRowsJson();
    expect(rows.map((row) => Object.values(row).map(String))).toEqual(want.map((row) => row.map(String)));
    const stages = (await session.sql(text).explain('analyze')).split('\n');
    expect(stages.filter((line) => /^\d+\. scan > .*aggregate/.test(line))).toHaveLength(scans);
  });
});
