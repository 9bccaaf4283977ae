import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type DataFrame, Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckdb } from './parquet-oracle.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-fields-'));
const path = join(folder, 'nested.parquet');
let connection: DuckDBConnection;
let session: Session;
beforeAll(async () => {
  connection = await duckdb();
  await connection.run(`COPY (
    SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE {
      a: CASE WHEN i % 3 = 0 THEN NULL ELSE i END,
      b: md5(i::VARCHAR) || md5((i + 1)::VARCHAR),
      c: CASE WHEN i % 5 = 0 THEN NULL ELSE {d: i * 2, e: repeat('y', 90) || i, f: [i, i + 1]} END
    } END AS s FROM range(30000) AS t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 10000)`);
  session = await Session.create({ workers: 2 });
  nested().createOrReplaceTempView('nested');
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

const nested = (): DataFrame => session.read.parquet(path) as DataFrame;

test.each([
  'SELECT sum(s.a) AS x, count(s.b) AS n FROM nested',
  'SELECT id, s.c.d AS d FROM nested WHERE s.c.d > 100 ORDER BY id LIMIT 500',
  'SELECT count(*) AS n, sum(s.a) AS a FROM nested WHERE s.c IS NULL',
  'SELECT count(*) AS n, sum(s.c.d) AS a FROM nested WHERE s IS NULL OR s.a IS NULL',
  'SELECT x.s.a AS a, y.s.c.d AS d FROM nested x JOIN nested y ON x.id = y.s.a WHERE x.s.c.d > 59000 ORDER BY 1, 2',
  'SELECT s.a % 10 AS k, max(s.c.e) AS e FROM nested GROUP BY 1 ORDER BY 1 NULLS FIRST',
  'SELECT t.s.a AS a FROM (SELECT DISTINCT s FROM nested) t ORDER BY 1 NULLS FIRST LIMIT 5000',
  'SELECT t.s.c.d AS d FROM (SELECT s, row_number() OVER (ORDER BY s.a NULLS FIRST, id) AS r FROM nested) t WHERE r < 900 ORDER BY r',
])('as DuckDB: %s', async (query) => {
  const { columns, rows } = await expected(query);
  const found = await session.sql(query).collect();
  expect(found.map((row) => columns.map((name) => comparable((row as Record<string, unknown>)[name])))).toEqual(rows);
});

async function expected(query: string): Promise<{ columns: string[]; rows: unknown[][] }> {
  const reader = await connection.runAndReadAll(query.replaceAll('nested', `'${path}'`));
  return { columns: reader.columnNames(), rows: reader.getRows().map((row) => row.map(comparable)) };
}
const comparable = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

test('the greatest struct of all tasks', async () => {
  const [row] = await session.sql('SELECT max(struct(s.c.d AS d, s.a AS a)) AS m FROM nested').collect();
  expect(row).toEqual({ m: { d: 59998, a: 29999 } });
});

test('the plan says which fields are read, and the bytes of the others stay where they are', async () => {
  const mebibytesOf = async (frame: DataFrame): Promise<number> => {
    const text = await frame.explain('analyze');
    return Number(/([\d.]+) MiB read/.exec(text)?.[1] ?? Number.NaN);
  };
  const one = session.sql('SELECT sum(s.c.d) AS x FROM nested') as DataFrame;
  expect(await one.explain('extended')).toMatch(/Scan parquet .*fields: s\.c\.d/);
  const whole = session.sql('SELECT max(s) AS x FROM nested') as DataFrame;
  expect(await whole.explain('extended')).not.toMatch(/fields:/);
  expect(await mebibytesOf(one)).toBeLessThan(0.3);
  expect(await mebibytesOf(whole)).toBeGreaterThan(1);
});

test('structs of several files are merged by the names of their fields, at any depth', async () => {
  const files = join(folder, 'merged');
  mkdirSync(files);
  const copy = (name: string, select: string): Promise<unknown> =>
    connection.run(`COPY (${select}) TO '${join(files, name)}.parquet' (FORMAT parquet)`);
  await copy('1', "SELECT 1 AS id, {x: 1::INTEGER, deep: {p: 'a'}} AS s, [{k: 1}] AS l, map {'m': {u: 1}} AS m");
  await copy(
    '2',
    "SELECT 2 AS id, {y: 'q', deep: {r: 2.5::DOUBLE, p: 'b'}, x: 5000000000} AS s, [{j: 'z', k: 2}] AS l",
  );
  await copy('3', 'SELECT 3 AS id, NULL::STRUCT(x BIGINT) AS s');
  const merged = session.read.option('mergeSchema', true).parquet(files);
  expect((await merged.schema()).simpleString()).toBe(
    'struct<id:int,s:struct<x:bigint,deep:struct<p:string,r:double>,y:string>,l:array<struct<k:int,j:string>>,' +
      'm:map<string,struct<u:int>>>',
  );
  expect(await merged.orderBy('id').collect()).toEqual([
    { id: 1, s: { x: 1, deep: { p: 'a', r: null }, y: null }, l: [{ k: 1, j: null }], m: new Map([['m', { u: 1 }]]) },
    { id: 2, s: { x: 5000000000, deep: { p: 'b', r: 2.5 }, y: 'q' }, l: [{ k: 2, j: 'z' }], m: null },
    { id: 3, s: null, l: null, m: null },
  ]);
  expect(await merged.filter('s.deep.r > 1').select('id', 's.y').collect()).toEqual([{ id: 2, y: 'q' }]);
  // A schema may ask for fields that no file has.
  const asked = session.read.schema('id int, s struct<z:int, deep:struct<w:int>>').parquet(files);
  expect(await asked.orderBy('id').collect()).toEqual([
    { id: 1, s: { z: null, deep: { w: null } } },
    { id: 2, s: { z: null, deep: { w: null } } },
    { id: 3, s: null },
  ]);
  const wrong = session.read.schema('s struct<x:string>').parquet(files);
  await expect(wrong.collect()).rejects.toMatchObject({ code: 'CANNOT_MERGE_SCHEMAS' });
});

test('columns of one name get their position, as those of CSV files do', async () => {
  const twins = join(folder, 'twins.parquet');
  await connection.run(`COPY (SELECT 1 AS id, 'x' AS twin_a, 2 AS twin_b) TO '${twins}' (FORMAT parquet)`);
  writeFileSync(twins, Buffer.from(readFileSync(twins, 'latin1').replaceAll('twin_b', 'twin_a'), 'latin1'));
  const frame = session.read.parquet(twins) as DataFrame;
  expect(await frame.collect()).toEqual([{ id: 1, twin_a1: 'x', twin_a2: 2 }]);
  expect(await frame.filter('twin_a2 > 1').select('twin_a1').collect()).toEqual([{ twin_a1: 'x' }]);
  // DuckDB finds the same values.
  expect((await connection.runAndReadAll(`FROM '${twins}'`)).getRows()).toEqual([[1, 'x', 2]]);
});
