import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * Documents, images, long lists: rows of many kilobytes, of which a row group has many times what memory may hold. Files
 * are parquetjs-lite's, with pages of few rows, and what we write is read by DuckDB.
 */

interface Lite {
  readonly ParquetWriter: {
    openFile(
      schema: unknown,
      path: string,
      options: object,
    ): Promise<{ appendRow(row: object): Promise<void>; close(): Promise<void> }>;
  };
  readonly ParquetSchema: new (fields: object) => unknown;
}
const lite = createRequire(import.meta.url)('parquetjs-lite') as Lite;

const directory = mkdtempSync(join(tmpdir(), 'sparrow-large-values-'));
const spills = mkdtempSync(join(tmpdir(), 'sparrow-large-spills-'));
afterAll(() => {
  for (const each of [directory, spills]) rmSync(each, { recursive: true, force: true });
});

const ROWS = 6000;
const MEMORY = '64MB';
const VERSIONS = ['v1', 'v2'] as const;
/** 16 KB on average, 94 MB in all. */
const docOf = (id: number): string | null => (id % 50 === 7 ? null : `${id} `.repeat(100 + ((id * 7919) % 6400)));
const listOf = (id: number): number[] => Array.from({ length: id % 5 }, (_, i) => id + i);
const fileOf = (version: string): string => join(directory, `${version}.parquet`);

async function writeDocs(version: string): Promise<void> {
  const schema = new lite.ParquetSchema({
    id: { type: 'INT64' },
    doc: { type: 'UTF8', optional: true },
    kind: { type: 'UTF8' },
    list: { type: 'INT32', repeated: true },
  });
  const options = { rowGroupSize: ROWS, pageSize: 37, useDataPageV2: version === 'v2' };
  const writer = await lite.ParquetWriter.openFile(schema, fileOf(version), options);
  for (let id = 0; id < ROWS; id++) {
    const doc = docOf(id);
    await writer.appendRow({ id, kind: `k${id % 3}`, list: listOf(id), ...(doc === null ? {} : { doc }) });
  }
  await writer.close();
}

type Row = readonly [id: number, doc: string | null, list: number[]];

/** The rows of a frame of documents, as they come. */
async function rowsOf(frame: DataFrame, take: (row: Row) => void): Promise<void> {
  for await (const batch of frame.batches()) {
    const [ids, docs, lists] = ['id', 'doc', 'list'].map((name) => batch.getChild(name));
    for (let i = 0; i < batch.numRows; i++)
      take([Number(ids?.get(i)), docs?.get(i) as string | null, [...((lists?.get(i) ?? []) as Iterable<number>)]]);
  }
}

const isRight = ([id, doc, list]: Row): boolean =>
  doc === docOf(id) && JSON.stringify(list) === JSON.stringify(listOf(id));

async function within<T>(memory: string, run: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: spills });
  try {
    return await run(session as Session);
  } finally {
    await session.stop();
    expect(readdirSync(spills)).toEqual([]);
  }
}

beforeAll(async () => {
  for (const version of VERSIONS) await writeDocs(version);
}, 120_000);

describe.each(VERSIONS)('a row group larger than memory, pages of version %s', (version) => {
  const read = async (session: Session): Promise<DataFrame> =>
    (await session.read.parquet(fileOf(version))) as unknown as DataFrame;

  test('all rows come, in their order', async () => {
    await within(MEMORY, async (session) => {
      let [next, wrong] = [0, 0];
      await rowsOf(await read(session), (row) => {
        if (row[0] !== next++ || !isRight(row)) wrong++;
      });
      expect([next, wrong]).toEqual([ROWS, 0]);
    });
  });

  test('rows that a condition leaves, of columns before and behind it', async () => {
    await within(MEMORY, async (session) => {
      const found: number[] = [];
      let wrong = 0;
      const some = (await read(session)).where(
        col('id')
          .between(1234, 1300)
          .or(col('id').ge(ROWS - 3)),
      );
      await rowsOf(some, (row) => {
        found.push(row[0]);
        if (!isRight(row)) wrong++;
      });
      const wanted = Array.from({ length: ROWS }, (_, id) => id).filter(
        (id) => (id >= 1234 && id <= 1300) || id >= ROWS - 3,
      );
      expect([found, wrong]).toEqual([wanted, 0]);
      expect(await (await read(session)).where(col('doc').isNull()).count()).toBe(ROWS / 50);
    });
  });

  test('sorts, groups and the last few rows of all', async () => {
    await within(MEMORY, async (session) => {
      const docs = await read(session);
      const ids: number[] = [];
      let wrong = 0;
      await rowsOf(docs.orderBy(col('kind').desc(), 'id'), (row) => {
        ids.push(row[0]);
        if (!isRight(row)) wrong++;
      });
      const all = Array.from({ length: ROWS }, (_, id) => id);
      expect([ids, wrong]).toEqual([all.sort((a, b) => (b % 3) - (a % 3) || a - b), 0]);
      const longest = await docs
        .groupBy('kind')
        .agg(fn.max(fn.length('doc')).as('n'))
        .orderBy('kind')
        .collect();
      const most = (kind: number): number =>
        Math.max(...Array.from({ length: ROWS }, (_, id) => (id % 3 === kind ? (docOf(id)?.length ?? 0) : 0)));
      expect(longest.map(({ n }) => n)).toEqual([0, 1, 2].map(most));
      // Every row is better than all before it.
      const last: number[] = [];
      await rowsOf(docs.orderBy(col('id').desc()).limit(5), (row) => {
        last.push(row[0]);
        if (!isRight(row)) wrong++;
      });
      expect([last, wrong]).toEqual([[1, 2, 3, 4, 5].map((n) => ROWS - n), 0]);
    });
  });
});

test('rows of long lists alone, found by their levels', async () => {
  const [rows, path] = [3000, join(directory, 'lists.parquet')];
  const listAt = (id: number): string[] => Array.from({ length: id % 40 }, (_, i) => `${id}.${i} `.repeat(300));
  const schema = new lite.ParquetSchema({ list: { type: 'UTF8', repeated: true } });
  const options = { rowGroupSize: rows, pageSize: 50, useDataPageV2: false };
  const writer = await lite.ParquetWriter.openFile(schema, path, options);
  for (let id = 0; id < rows; id++) await writer.appendRow({ list: listAt(id) });
  await writer.close();
  await within('512MB', async (session) => {
    const frame = (await session.read.parquet(path)) as unknown as DataFrame;
    const found = await frame.select(fn.md5(fn.toJson('list')).as('told')).collect();
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const wanted = Array.from({ length: rows }, (_, id) => md5(JSON.stringify(listAt(id))));
    expect(found.map(({ told }) => told)).toEqual(wanted);
  });
}, 120_000);

test('documents that are written have pages and row groups of bytes, not of rows', async () => {
  const path = join(directory, 'written.parquet');
  await within('128MB', async (session) => {
    const docs = (await session.read.parquet(fileOf('v1'))) as unknown as DataFrame;
    await docs
      .where(col('kind').ne('k1'))
      .write.option('parquet.block.size', 8 << 20)
      .parquet(path);
  });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const ask = async (sql: string): Promise<unknown[]> =>
      ((await connection.runAndReadAll(sql)).getRowsJS()[0] ?? []).map((value) =>
        typeof value === 'bigint' ? Number(value) : value,
      );
    const same = `sum(length(doc)), count(doc), sum(hash(id, doc)::HUGEINT % 1000003), sum(len(list))`;
    expect(await ask(`SELECT count(*), ${same} FROM '${path}/*.parquet'`)).toEqual(
      await ask(`SELECT count(*), ${same} FROM '${fileOf('v1')}' WHERE kind <> 'k1'`),
    );
    const [groups] = await ask(`SELECT max(total_uncompressed_size) FROM parquet_metadata('${path}/*.parquet')`);
    expect(groups).toBeLessThan(64 << 20);
  } finally {
    connection.closeSync();
  }
});

test('texts that expressions make of a batch', async () => {
  await within('512MB', async (session) => {
    const [rows, bytes] = [2000, 200_000];
    const long = session.range(0, rows).select('id', fn.rpad(col('id').cast('string'), lit(bytes), lit('.')).as('t'));
    let [next, wrong] = [0, 0];
    for await (const batch of long.batches()) {
      const [ids, texts] = [batch.getChildAt(0), batch.getChildAt(1)];
      for (let i = 0; i < batch.numRows; i++) {
        if (Number(ids?.get(i)) !== next || texts?.get(i) !== String(next).padEnd(bytes, '.')) wrong++;
        next++;
      }
    }
    expect([next, wrong]).toEqual([rows, 0]);
  });
}, 120_000);
