import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck } from './duckdb.js';

// Columns of a file that a query reads twice are decoded once, and kept while it runs.
let folder = '';
let duck: Duck;
let session: Session;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-kept-columns-'));
  const path = join(folder, 't.parquet');
  duck = await Duck.open();
  const select = `SELECT i AS id, (i * 7919 % 5003)::int AS k, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 50 END AS v,
    (hash(i) % 100000)::decimal(12, 2) AS price, i / 8 AS f, 'text ' || i % 600 AS s FROM range(200000) t(i)`;
  await duck.run(`COPY (${select}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 30000, CODEC zstd)`);
  await duck.run(`CREATE VIEW t AS FROM '${path}'`);
  session = await Session.create({ workers: 2 });
  session.read.parquet(path).createOrReplaceTempView('t');
});
afterAll(async () => {
  await session.stop();
  duck.close();
  rmSync(folder, { recursive: true, force: true });
});

const few = (of: string): string => `(SELECT k AS g, ${of} AS m FROM t GROUP BY k)`;

const queries: Readonly<Record<string, string>> = {
  'numbers beside those of their group': `SELECT count(*) AS n, sum(price) AS p, sum(v) AS v FROM t JOIN ${few('avg(v)')} a ON k = g WHERE v < m`,
  'texts too, which are not kept': `SELECT s, count(*) AS n, sum(id) AS i FROM t JOIN ${few('max(s)')} a ON k = g AND s = m GROUP BY s ORDER BY n, s LIMIT 20`,
  'three times': `SELECT count(*) AS n FROM t WHERE v > 47 AND k IN (SELECT g FROM ${few('min(v)')} b WHERE m = 1)
      AND id IN (SELECT max(id) FROM t GROUP BY price)`,
  'one of them with a condition': `SELECT count(*) AS n, sum(f) AS f FROM t JOIN (SELECT k AS g, count(v) AS c FROM t WHERE id < 70000 GROUP BY k) a
      ON k = g WHERE v = c`,
  'both sides of a union': `SELECT sum(x) AS x FROM (SELECT v AS x FROM t UNION ALL SELECT v + k AS x FROM t) u`,
};

describe('columns that a query reads twice', () => {
  test.for(Object.entries(queries))('%s', async ([, sql]) => {
    const want = await duck.rows(sql);
    expect(cellsOf(await session.sql(sql).collect())).toEqual(want);
    expect(cellsOf(await session.sql(sql).collect())).toEqual(want);
  });

  test('are read from the file by the first scan only', async () => {
    const text = await session
      .sql(`SELECT sum(v) AS v FROM t JOIN ${few('avg(v)')} a ON k = g WHERE v < m`)
      .explain('analyze');
    const scans = text.split('\n').filter((line) => /^\d+\. scan /.test(line));
    expect(scans.map((line) => / [\d.]+ MiB read/.test(line)).lastIndexOf(true)).toBe(0);
    expect(scans.length).toBeGreaterThan(1);
  });

  test('are gone when the query ends', async () => {
    const sql = queries['numbers beside those of their group'] as string;
    const used = async (): Promise<string | undefined> =>
      /([\d.]+) MiB of column memory/.exec(await session.sql(sql).explain('analyze'))?.[1];
    await used();
    const before = Number(await used());
    for (let i = 0; i < 25; i++) await session.sql(sql).collect();
    // What one query keeps is 3 MiB; how much is in use at once varies by more than that.
    expect(Number(await used())).toBeLessThan(before + 30);
  });
});
