import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckdb } from './parquet-oracle.js';

// Small numbers of eight bytes, of which compressors make literals and matches eight bytes back, again and again.
let folder = '';
const connection = duckdb();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sparrow-eights-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers that change in their lowest 1 to 7 bytes, in order and not; negative ones, runs, and nulls between them. */
const NUMBERS: Readonly<Record<string, string>> = {
  up: 'i',
  up_fast: 'i * 1000003',
  down: '-i * 7',
  repeated: 'i // 40',
  shifted: '(i % 256) << 24',
  sparse: 'CASE WHEN i % 5 = 0 THEN NULL ELSE i * 3 END',
  doubles: '(i // 3)::double',
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((k) => [`bytes${k}`, `(hash(i) % ${256n ** BigInt(k)})::bigint`])),
  mixed: `(hash(i) % (256 ** (1 + (hash(i // 50) % 7)))::uhugeint)::bigint`,
  moment: `timestamp '2024-01-01' + to_microseconds(i * 61000)`,
};

describe('numbers of eight bytes', () => {
  test.each([
    ['snappy', ''],
    ['zstd', ', COMPRESSION_LEVEL 1'],
    ['zstd', ', COMPRESSION_LEVEL 3'],
    ['zstd', ', COMPRESSION_LEVEL 7'],
  ])('come out of %s%s as DuckDB reads them', async (codec, level) => {
    const path = join(folder, `${codec}${level.replace(/\W+/g, '-')}.parquet`);
    const columns = Object.entries(NUMBERS).map(([name, sql]) => `${sql} AS ${name}`);
    await (await connection).run(
      `COPY (SELECT ${columns.join(', ')} FROM range(70_000) t(i)) TO '${path}'
       (FORMAT parquet, CODEC ${codec}, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 30_000${level})`,
    );
    const reader = await (await connection).runAndReadAll(
      `SELECT COLUMNS(c -> c <> 'moment'), epoch_us(moment) AS moment FROM '${path}'`,
    );
    const theirs = reader.getColumnsObjectJS();
    const session = await Session.create({ workers: 2, int64: 'bigint', timestamp: 'micros' });
    try {
      const ours = await session.read.parquet(path).collect();
      for (const name of Object.keys(NUMBERS)) {
        const got = ours.map((row) => (row as Record<string, unknown>)[name]);
        expect(got.map(String), name).toEqual(theirs[name]?.map(String));
      }
    } finally {
      await session.stop();
    }
  });
});
