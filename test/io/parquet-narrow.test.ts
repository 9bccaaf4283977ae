import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readColumn } from '../../src/base/index.js';
import { parquetFormat } from '../../src/io/parquet/index.js';
import { kernelsFor } from '../../src/io/parquet/kernels/index.js';
import type { ParquetSplit } from '../../src/io/parquet/split.js';
import { compareFile, duckdb, heap, openParquet, readTable, taskContext } from './parquet-oracle.js';

// Integers are stored as narrow as the statistics allow, but never narrower than they are.
let folder = '';
let connection: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-narrow-'));
  connection = await duckdb();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function write(name: string, query: string, options = ''): Promise<string> {
  const path = join(folder, `${name}.parquet`);
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`);
  return path;
}

const COLUMNS = `
  (i % 7)::bigint AS b8, (i * 7919 % 60000 - 30000)::bigint AS b16, (i * 7919)::bigint AS b32, (i * 10000000019)::bigint AS b64,
  (i % 100)::int AS n8, (i * 31 % 30000)::int AS n16, (i * 7919)::int AS n32,
  ((i * 31) % 100000 / 100)::decimal(15, 2) AS d, ('1992-01-01'::date + (i % 2500)::int) AS day,
  CASE WHEN i % 5 = 0 THEN NULL ELSE -(i % 120) END::bigint AS nullable`;

describe('integers of Parquet', () => {
  test.each(['V1', 'V2'])('lie as narrow as their bounds, and are the same values (%s)', async (version) => {
    for (const size of [1, 100_000]) {
      // Plain pages, then dictionary pages.
      const options = `, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 10240, DICTIONARY_SIZE_LIMIT ${size}`;
      const path = await write(`all-${version}-${size}`, `SELECT ${COLUMNS} FROM range(30000) t(i)`, options);
      expect(await compareFile(connection, path)).toBeUndefined();
      const table = await openParquet(path);
      const request = { columns: table.schema.fields.map((f) => f.name) };
      const { splits } = await table.plan(request);
      const context = taskContext();
      const storages: string[] = [];
      for await (const batch of parquetFormat.reader.read(splits[1] as (typeof splits)[0], request, context)) {
        for (const column of batch.columns) storages.push(column.storage);
      }
      context.arena.release();
      expect(storages).toEqual(['i8', 'i16', 'i32', 'i64', 'i8', 'i16', 'i32', 'i32', 'i16', 'i8']);
    }
  });

  test('are read wide where values do not fit', async () => {
    const path = await write('lies', `SELECT ${COLUMNS} FROM range(5000) t(i)`);
    const table = await openParquet(path);
    const { columns: right } = await readTable(table);
    const request = { columns: table.schema.fields.map((f) => f.name) };
    const { splits } = await table.plan(request);
    const [split] = splits as [(typeof splits)[0]];
    const payload = split.payload as ParquetSplit;
    const lying = { ...payload, columns: payload.columns.map((column) => ({ ...column, narrow: 'i8' as const })) };
    const context = taskContext();
    for await (const batch of parquetFormat.reader.read({ ...split, payload: lying }, request, context)) {
      for (const [i, column] of batch.columns.entries()) expect(readColumn(heap, column)).toEqual(right[i]);
    }
    context.arena.release();
  });
});

test.each([
  [32, 8],
  [32, 16],
  [64, 8],
  [64, 16],
  [64, 32],
] as const)('narrow%ito%i tells of each value that does not fit, wherever it stands', (from, to) => {
  const kernels = kernelsFor(heap);
  const narrow = kernels[`narrow${from}to${to}` as 'narrow64to32'];
  const arena = heap.newArena('narrow');
  const [source, target] = [arena.alloc(8 * 64), arena.alloc(8 * 64)];
  const put = (i: number, value: bigint): void => {
    if (from === 64) heap.i64[(source >>> 3) + i] = value;
    else heap.i32[(source >>> 2) + i] = Number(value);
  };
  const get = (i: number): number =>
    to === 8
      ? (heap.i8[target + i] as number)
      : to === 16
        ? (heap.i16[(target >>> 1) + i] as number)
        : (heap.i32[(target >>> 2) + i] as number);
  const [low, high] = [-(1n << BigInt(to - 1)), (1n << BigInt(to - 1)) - 1n];
  for (const count of [1, 15, 16, 17, 40]) {
    const values = Array.from({ length: count }, (_, i) => [low, high, 0n, -1n, 5n][i % 5] as bigint);
    values.forEach((value, i) => {
      put(i, value);
    });
    expect(narrow(source, count, target)).toBe(1);
    expect(values.map((_, i) => get(i))).toEqual(values.map(Number));
    for (const wrong of [low - 1n, high + 1n, 1n << BigInt(from - 2), -(1n << BigInt(from - 1))]) {
      for (let at = 0; at < count; at++) {
        put(at, wrong);
        expect(narrow(source, count, target)).toBe(0);
        put(at, values[at] as bigint);
      }
    }
  }
  arena.release();
});

test.each([1, 2, 4, 8, 16] as const)('outside%i tells of each value beyond its bounds, wherever it stands', (bytes) => {
  const outside = kernelsFor(heap)[`outside${bytes}` as const];
  const arena = heap.newArena('outside');
  const bits = bytes * 8;
  const source = arena.alloc(bytes * 64 + 64);
  const put = (i: number, value: bigint): void => {
    for (let b = 0; b < bytes; b++) heap.u8[source + i * bytes + b] = Number(BigInt.asUintN(8, value >> BigInt(8 * b)));
  };
  const least = -(1n << BigInt(bits - 1));
  const most = -least - 1n;
  const isOutside = (count: number, low: bigint, high: bigint): boolean => {
    const [base, span] = [low - least, high - low + least];
    return outside(source, count, BigInt.asIntN(64, base), BigInt.asIntN(64, span), base >> 64n, span >> 64n) !== 0;
  };
  const bounds: (readonly [bigint, bigint])[] = [
    [-3n, 5n],
    [0n, 0n],
    [least, 7n],
    [-7n, most],
    [least, most],
    [most - 2n, most],
  ];
  for (const [low, high] of bounds) {
    for (const count of [1, 2, 3, 15, 16, 17, 31, 33]) {
      for (let i = 0; i < 64; i++) put(i, i % 2 === 0 ? low : high);
      // What stands behind the last value does not count.
      for (let i = count; i < 64; i++) put(i, low > least ? low - 1n : high);
      expect(isOutside(count, low, high)).toBe(false);
      for (const i of [0, count >> 1, count - 1]) {
        for (const [value, back] of [
          [low - 1n, low],
          [high + 1n, high],
        ] as const) {
          if (value < least || value > most) continue;
          put(i, value);
          expect(isOutside(count, low, high), `${value} at ${i} of ${count}`).toBe(true);
          put(i, back);
        }
      }
    }
  }
  arena.release();
});
