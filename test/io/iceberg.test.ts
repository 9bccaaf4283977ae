// Iceberg tables as the specification has them (iceberg.apache.org/spec); beside PyIceberg in test/peers/iceberg.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GivenTable, writeIceberg } from './support/iceberg-table.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-iceberg-'));
let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '512MB' });
});
afterAll(async () => {
  await session.stop();
  rmSync(folder, { recursive: true, force: true });
});

let tables = 0;
async function table(given: GivenTable): Promise<string> {
  const root = join(folder, `t${++tables}`);
  await writeIceberg(root, given);
  return root;
}
const ids = async (root: string, filter?: string): Promise<unknown[]> => {
  const rows = session.read.iceberg(root);
  const some = filter === undefined ? rows : rows.filter(filter);
  return (await some.select('id').orderBy('id').collect()).map((row) => (row as { id: unknown }).id);
};
const failure = async (run: () => Promise<unknown>): Promise<SparrowError> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof SparrowError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const optional = (id: number, name: string, type: unknown) => ({ id, name, required: false, type });
const ID_NAME = [optional(1, 'id', 'long'), optional(2, 'name', 'string')];
const people = (from: number, to: number, sequence: number) => ({
  sql: `SELECT range AS id, 'n' || (range % 10) AS name FROM range(${from}, ${to})`,
  ids: 'id: 1, name: 2',
  sequence,
  rows: to - from,
});
const POSITION_IDS = 'file_path: 2147483546, pos: 2147483545';

describe('deleted rows', () => {
  test('by position, in each row group, of the files written before', async () => {
    const root = await table({
      fields: ID_NAME,
      files: [
        people(0, 5000, 1),
        people(5000, 5010, 3),
        {
          sql: `SELECT '{file 0}' AS file_path, pos::BIGINT AS pos FROM (VALUES (0), (2047), (2048), (4999)) v(pos)
            UNION ALL SELECT '{file 1}', 3`,
          ids: POSITION_IDS,
          content: 1,
          sequence: 2,
          rows: 5,
        },
      ],
    });
    const gone = [0, 2047, 2048, 4999];
    // The second file was written after the delete.
    const expected = range(0, 5010).filter((id) => !gone.includes(id));
    expect(await ids(root)).toEqual(expected);
    expect(await session.read.iceberg(root).count()).toBe(5006);
    // Row groups that a predicate leaves out do not shift positions.
    expect(await ids(root, 'id > 4090')).toEqual(expected.filter((id) => id > 4090));
  });

  test('by values: of files written before only, nulls among them', async () => {
    const root = await table({
      fields: ID_NAME,
      files: [
        {
          ...people(0, 20, 1),
          sql: `SELECT range AS id, CASE WHEN range < 3 THEN NULL ELSE 'n' || (range % 10) END AS name FROM range(0, 20)`,
        },
        people(20, 30, 2),
        people(30, 40, 3),
        {
          sql: `SELECT * FROM (VALUES ('n4'), (NULL), ('no')) v(name)`,
          ids: 'name: 2',
          content: 2,
          sequence: 2,
          rows: 3,
          equality_ids: [2],
        },
        {
          // Two columns, the names of which are others.
          sql: `SELECT 'n1' AS a, 31::BIGINT AS b UNION ALL SELECT 'n2', 31 UNION ALL SELECT 'n9', 19`,
          ids: 'a: 2, b: 1',
          content: 2,
          sequence: 4,
          rows: 3,
          equality_ids: [1, 2],
        },
      ],
    });
    const gone = [0, 1, 2, 4, 14, 19, 31];
    expect(await ids(root)).toEqual(range(0, 40).filter((id) => !gone.includes(id)));
    expect(await ids(root, "name = 'n4'")).toEqual([24, 34]);
  });

  test('only in the partition of the delete file; everywhere when it has none', async () => {
    const part = (p: number | null) => ({ partition: { p } });
    const root = await table({
      fields: [...ID_NAME, optional(3, 'p', 'int')],
      partitionBy: [{ 'source-id': 3, 'field-id': 1000, name: 'p', transform: 'identity' }],
      partitionTypes: [{ name: 'p', 'field-id': 1000, type: ['null', 'int'] }],
      files: [
        // The files do not hold the column that they are partitioned by.
        { ...people(0, 10, 1), ...part(1) },
        { ...people(0, 10, 1), ...part(2) },
        { ...people(0, 10, 1), ...part(null) },
        {
          sql: 'SELECT 5::BIGINT AS id',
          ids: 'id: 1',
          content: 2,
          sequence: 2,
          rows: 1,
          equality_ids: [1],
          ...part(2),
        },
      ],
    });
    const rows = await session.read.iceberg(root).filter('id = 5').select('id', 'p').orderBy('p').collect();
    expect(rows).toEqual([
      { id: 5, p: null },
      { id: 5, p: 1 },
    ]);
    expect(await session.read.iceberg(root).filter('p = 2').count()).toBe(9);
    expect(await session.read.iceberg(root).filter('p IS NULL').count()).toBe(10);
  });
});

describe('columns by their ids', () => {
  test('renamed, dropped, added, swapped, promoted, at any depth', async () => {
    const root = await table({
      fields: [
        optional(2, 'id', 'long'),
        optional(1, 'was_id', 'double'),
        optional(9, 'late', { type: 'struct', fields: [optional(10, 'x', 'int')] }),
        optional(3, 's', {
          type: 'struct',
          fields: [optional(6, 'new', 'string'), optional(5, 'a', 'long'), optional(4, 'b', 'string')],
        }),
        optional(7, 'l', { type: 'list', 'element-id': 8, element: 'double', 'element-required': false }),
        { ...optional(11, 'since', 'date'), 'initial-default': '2024-02-29' },
      ],
      files: [
        {
          sql: `SELECT 1.5::FLOAT AS id, 7::INTEGER AS old, {'b': 'x', 'a': 1::INTEGER, 'gone': 2} AS s, [1.25::FLOAT, NULL] AS l
            UNION ALL SELECT NULL, 8, NULL, NULL`,
          ids: 'id: 1, old: 2, s: {__duckdb_field_id: 3, b: 4, a: 5, gone: 99}, l: {__duckdb_field_id: 7, element: 8}',
          sequence: 1,
          rows: 2,
        },
      ],
    });
    const frame = session.read.iceberg(root).orderBy('id');
    const since = new Date('2024-02-29T00:00:00Z');
    expect(await frame.collect()).toEqual([
      { id: 7, was_id: 1.5, late: null, s: { new: null, a: 1, b: 'x' }, l: [1.25, null], since },
      { id: 8, was_id: null, late: null, s: null, l: null, since },
    ]);
    expect(await frame.filter('id = 7 AND was_id = 1.5').select('s.a').collect()).toEqual([{ a: 1 }]);
  });

  test('of files without ids: by the mapping of the table, or by name', async () => {
    const files = [{ sql: `SELECT 1::BIGINT AS num, 'a' AS name`, ids: '', sequence: 1, rows: 1 }];
    const mapping = JSON.stringify([{ 'field-id': 1, names: ['id', 'num'] }]);
    const mapped = await table({ fields: ID_NAME, files, properties: { 'schema.name-mapping.default': mapping } });
    expect(await session.read.iceberg(mapped).collect()).toEqual([{ id: 1, name: null }]);
    const named = await table({ fields: ID_NAME, files });
    expect(await session.read.iceberg(named).collect()).toEqual([{ id: null, name: 'a' }]);
  });
});

describe('what is not read', () => {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  };
  test('files whose bounds or partitions rule a predicate out', async () => {
    const bounds = (low: number, high: number) => ({ lower: { 1: int(low) }, upper: { 1: int(high) } });
    const root = await table({
      fields: ID_NAME,
      // The second file is none: reading it would fail.
      files: [
        { ...people(0, 10, 1), ...bounds(0, 9) },
        { ...people(10, 20, 1), ...bounds(10, 19), format: 'ORC' },
        { ...people(20, 30, 1), status: 2 },
      ],
    });
    expect(await ids(root, 'id < 10')).toEqual(range(0, 10));
    expect(await ids(root, 'id = 25')).toEqual([]);
    const { code, message } = await failure(() => ids(root, 'id < 11'));
    expect(code).toBe('UNSUPPORTED_FEATURE.ICEBERG_FILE_FORMAT');
    expect(message).toContain('orc');
  });
});

describe('tables', () => {
  test('that were moved, by folder, by metadata file, as a name in SQL', async () => {
    const root = join(folder, 'moved');
    await writeIceberg(root, { fields: ID_NAME, files: [people(0, 3, 1)], location: 's3://elsewhere/warehouse/t' });
    expect(await ids(root)).toEqual([0, 1, 2]);
    expect(await ids(join(root, 'metadata/v1.metadata.json'))).toEqual([0, 1, 2]);
    expect(await session.sql(`SELECT max(id) AS m FROM iceberg.\`${root}\``).collect()).toEqual([{ m: 2 }]);
  });

  test('named in a REST catalog', async () => {
    const root = await table({ fields: ID_NAME, files: [people(0, 3, 1)] });
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      const answer = (body: object, status = 200): unknown =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (request.url === '/cat/v1/config?warehouse=w')
        answer({ defaults: { prefix: 'no' }, overrides: { prefix: 'pre' } });
      else if (request.url === '/cat/v1/pre/namespaces/a%1Fb/tables/t') {
        answer({ 'metadata-location': `file://${root}/metadata/v1.metadata.json`, metadata: { location: root } });
      } else answer({ error: { message: 'no such table' } }, 404);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    try {
      const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cat/`;
      const read = (name: string) =>
        session.read.iceberg(name, { uri, warehouse: 'w', token: 'secret', 'as-of-timestamp': 5 }).count();
      expect(await read('a.b.t')).toBe(3);
      expect(new Set(asked.map((line) => line.split(' ').slice(1).join(' ')))).toEqual(new Set(['Bearer secret']));
      expect((await failure(() => read('a.b.none'))).code).toBe('TABLE_OR_VIEW_NOT_FOUND');
      expect((await failure(() => read('none'))).message).toContain('namespace.table');
    } finally {
      server.close();
    }
  });

  test('snapshots that are asked for, and those that are not there', async () => {
    const root = await table({ fields: ID_NAME, files: [people(0, 3, 1)] });
    const read = (options: Record<string, string | number>) => session.read.iceberg(root, options).count();
    expect(await read({ 'snapshot-id': '3051729675574597004' })).toBe(3);
    expect(await read({ 'as-of-timestamp': 5 })).toBe(3);
    const missing = await failure(() => read({ 'snapshot-id': '3051729675574597005' }));
    expect([missing.code, missing.candidates]).toEqual(['ICEBERG_SNAPSHOT_NOT_FOUND', ['3051729675574597004']]);
    expect((await failure(() => read({ 'as-of-timestamp': 0 }))).code).toBe('ICEBERG_SNAPSHOT_NOT_FOUND');
    expect((await failure(() => read({ 'snapshot-id': 'x' }))).code).toBe('INVALID_OPTION');
    expect((await failure(() => read({ tag: 'x' }))).code).toBe('ICEBERG_SNAPSHOT_NOT_FOUND');
    expect((await failure(() => read({ snapshotId: 1 }))).candidates).toContain('snapshot-id');
    const nowhere = await failure(() => session.read.iceberg(join(folder, 'nowhere')).count());
    expect(nowhere.code).toBe('TABLE_OR_VIEW_NOT_FOUND');
  });
});
