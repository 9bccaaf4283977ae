// Encodings that the writer chooses by the data: what DuckDB reads is what was written, whatever was chosen.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckdb } from './parquet-oracle.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-encodings-'));
const ROWS = 70_000;
let session: Session;
let connection: DuckDBConnection;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
  connection = await duckdb();
});
afterAll(async () => {
  connection.closeSync();
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Expressions in `id` that Spark and DuckDB compute alike, nulls and the ends of types among them, and what is chosen. */
const COLUMNS: readonly (readonly [name: string, sql: string, encoding: string])[] = [
  ['sequence', 'id', 'DELTA_BINARY_PACKED'],
  ['descending', '9000000000000000000 - id * 3', 'DELTA_BINARY_PACKED'],
  ['steps', 'CAST(id div 4 AS int)', 'DELTA_BINARY_PACKED'],
  ['wrapping', 'CASE WHEN id % 2 = 0 THEN CAST(-2147483648 AS int) ELSE CAST(2147483647 - id AS int) END', 'PLAIN'],
  ['ends', 'CASE WHEN id % 2 = 0 THEN -9223372036854775807 ELSE 9223372036854775807 - id END', 'PLAIN'],
  ['nulls', 'CASE WHEN id % 5 = 0 THEN NULL ELSE id * 7 END', 'DELTA_BINARY_PACKED'],
  ['noise', 'CAST((id * 7919) % 1000003 AS bigint)', 'DELTA_BINARY_PACKED'],
  ['times', 'CAST(1700000000000000 + id * 1000003 AS bigint)', 'DELTA_BINARY_PACKED'],
  ['few', 'CAST(id % 100 AS int)', 'RLE_DICTIONARY'],
  ['paths', "concat('/var/log/application/service-', CAST(1000000 + id AS string), '.log')", 'DELTA_BYTE_ARRAY'],
  ['hex', 'substr(md5(CAST(id AS string)), 1, CAST(4 + id % 3 AS int))', 'DELTA_LENGTH_BYTE_ARRAY'],
  ['lines', "concat(repeat('x', CAST(id % 90 AS int)), md5(CAST(id AS string)), md5(CAST(id + 1 AS string)))", 'PLAIN'],
];

const written = async (name: string, options: Record<string, string>): Promise<string> => {
  const path = join(folder, name);
  const frame = session.range(ROWS).coalesce(1);
  await frame
    .selectExpr('id', ...COLUMNS.map(([as, sql]) => `${sql} AS ${as}`))
    .write.options(options)
    .parquet(path);
  return `${path}/*.parquet`;
};

const encodings = async (path: string): Promise<Map<string, string>> => {
  const found = await connection.runAndReadAll(`SELECT path_in_schema, encodings FROM parquet_metadata('${path}')`);
  return new Map(found.getRows().map(([name, used]) => [String(name), String(used)]));
};

/** What DuckDB makes of the same expressions. */
const inDuckdb = (sql: string): string =>
  sql
    .replaceAll(' div ', ' // ')
    .replaceAll('AS string', 'AS varchar')
    .replaceAll(/\bid\b/g, 'r.i');

describe('read by DuckDB', () => {
  test.each([
    ['snappy', {}],
    ['uncompressed', { compression: 'none' }],
    ['small pages', { 'parquet.page.row.count.limit': '129', compression: 'gzip' }],
    ['small row groups', { rowGroupRows: '1000' }],
    ['without dictionaries', { 'parquet.enable.dictionary': 'false' }],
  ])('%s', async (name, options) => {
    const path = await written(name.replaceAll(' ', '-'), options);
    for (const [column, sql] of COLUMNS) {
      const wrong = await connection.runAndReadAll(
        `SELECT count(*)::INT FROM '${path}' f JOIN range(${ROWS}) r(i) ON f.id = r.i
           WHERE f.${column} IS DISTINCT FROM ${inDuckdb(sql)}`,
      );
      expect([column, ...(wrong.getRows()[0] ?? [])]).toEqual([column, 0]);
    }
    const back = session.read.parquet(join(folder, name.replaceAll(' ', '-')));
    for (const [column, sql] of COLUMNS) {
      const same = back.filter(`NOT (${column} <=> (${sql}))`);
      expect([column, await same.count()]).toEqual([column, 0]);
    }
    expect(await back.count()).toBe(ROWS);
  });

  test('each column has the encoding that is clearly smaller', async () => {
    const used = await encodings(await written('chosen', {}));
    const chosen = COLUMNS.map(([name, , encoding]) => [name, encoding, used.get(name)?.includes(encoding)]);
    expect(chosen).toEqual(COLUMNS.map(([name, , encoding]) => [name, encoding, true]));
    expect(used.get('few')).not.toContain('DELTA');
    expect(used.get('lines')).not.toContain('DELTA');
    const plain = await encodings(await written('v1', { 'parquet.writer.version': 'v1' }));
    expect([...plain.values()].join()).not.toContain('DELTA');
    const bytes = (name: string): number =>
      readdirSync(join(folder, name)).reduce((sum, file) => sum + statSync(join(folder, name, file)).size, 0);
    expect(bytes('chosen')).toBeLessThan(bytes('v1') * 0.75);
  });
});

test('floats by the streams of their bytes, where that is asked for and smaller', async () => {
  const path = join(folder, 'split');
  const doubles = [
    'CAST(id AS double) / 7 AS smooth',
    'CAST(id % 10 AS double) AS few',
    'CAST(sqrt(id) AS float) AS narrow',
  ];
  const frame = session
    .range(ROWS)
    .coalesce(1)
    .selectExpr('id', ...doubles);
  await frame.write.option('parquet.enable.bytestreamsplit', 'true').parquet(path);
  const used = await encodings(`${path}/*.parquet`);
  expect(used.get('smooth')).toContain('BYTE_STREAM_SPLIT');
  expect(used.get('narrow')).toContain('BYTE_STREAM_SPLIT');
  expect(used.get('few')).toContain('RLE_DICTIONARY');
  const wrong = await connection.runAndReadAll(
    `SELECT count(*) FILTER (smooth <> id / 7 OR few <> id % 10 OR narrow <> sqrt(id)::FLOAT)::INT FROM '${path}/*.parquet'`,
  );
  expect(wrong.getRows()).toEqual([[0]]);
  expect(await session.read.parquet(path).filter('smooth <> CAST(id AS double) / 7').count()).toBe(0);
  await frame.write.parquet(join(folder, 'unsplit'));
  expect([...(await encodings(`${join(folder, 'unsplit')}/*.parquet`)).values()].join()).not.toContain('SPLIT');
});
