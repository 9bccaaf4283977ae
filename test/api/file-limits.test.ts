// Where the files of a write end: `maxRecordsPerFile`, `targetFileSize`.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { duckdb } from '../io/parquet-oracle.js';

const folder = mkdtempSync(join(tmpdir(), 'sparrow-limits-'));
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

const rowsOf = async (path: string): Promise<number[]> => {
  const found = await connection.runAndReadAll(`SELECT filename, count(*)::INT, count(DISTINCT id)::INT AS n
    FROM read_parquet('${path}', filename = true, hive_partitioning = false) GROUP BY ALL`);
  expect(found.getRows().every(([, rows, different]) => rows === different)).toBe(true);
  return found
    .getRows()
    .map((row) => Number(row[1]))
    .sort((a, b) => b - a);
};

test('no file has more rows than maxRecordsPerFile, and none is lost', async () => {
  const rows = session.range(100_000).coalesce(1).selectExpr('id', 'id % 3 AS part', "repeat('x', id % 20) AS text");
  const [plain, parts, set] = ['plain', 'parts', 'set'].map((name) => join(folder, name)) as [string, string, string];
  const result = await rows.write.option('maxRecordsPerFile', 30_001).parquet(plain);
  expect(result).toMatchObject({ files: 4, rows: 100_000 });
  expect(await rowsOf(`${plain}/*.parquet`)).toEqual([30_001, 30_001, 30_001, 9_997]);
  await rows.write.option('maxRecordsPerFile', 20_000).partitionBy('part').parquet(parts);
  expect(await rowsOf(`${parts}/*/*.parquet`)).toEqual([20_000, 20_000, 20_000, 13_334, 13_333, 13_333]);
  session.conf.set('spark.sql.files.maxRecordsPerFile', 50_000);
  await rows.write.parquet(set);
  session.conf.unset('spark.sql.files.maxRecordsPerFile');
  expect(await rowsOf(`${set}/*.parquet`)).toEqual([50_000, 50_000]);
  expect(await session.read.parquet(parts).agg({ id: 'sum' }).collect()).toEqual([{ 'sum(id)': 4_999_950_000 }]);
});

test('a file ends when it has targetFileSize bytes, in every format', async () => {
  // Numbers in order take no room in Parquet: these are in none.
  const rows = session.range(400_000).coalesce(1).selectExpr('id', 'xxhash64(id) AS h');
  for (const format of ['csv', 'json', 'arrow', 'parquet']) {
    const path = join(folder, `sized-${format}`);
    const write = rows.write.format(format).option('targetFileSize', 1 << 20);
    await (format === 'parquet' ? write.option('rowGroupRows', 50_000) : write).save(path);
    const sizes = readdirSync(path)
      .filter((name) => name.startsWith('part'))
      .map((name) => statSync(join(path, name)).size);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(4 << 20);
    const again = session.read.format(format).schema('id bigint, h bigint').load(path);
    expect(await again.selectExpr('sum(id) AS s', 'count(h) AS n').collect()).toEqual([
      { s: 79_999_800_000, n: 400_000 },
    ]);
  }
});

test('limits that are no numbers are refused before anything is written', async () => {
  const path = join(folder, 'refused');
  const write = session.range(3).write.option('maxRecordsPerFile', 'many');
  await expect(write.parquet(path)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await session.range(3).write.option('maxRecordsPerFile', 0).parquet(path);
  expect(await rowsOf(`${path}/*.parquet`)).toEqual([3]);
});
