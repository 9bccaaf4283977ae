import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session, StorageLevel } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';
import { mix } from '../support/choices.js';

/** More of them: SPARROW_LOSSES=200. */
const LOSSES = Number(process.env.SPARROW_LOSSES ?? 9);

const directory = mkdtempSync(join(tmpdir(), 'sparrow-storage-levels-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function within<T>(memory: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  try {
    return await work(session as Session);
  } finally {
    await session.stop();
  }
}

/** Rows of many types; the accumulated sums are known by formula. */
const rowsOf = (session: Session, rows: number): DataFrame => {
  const id = col('id');
  return session
    .range(0, rows)
    .select(
      id,
      fn.nullif(id.mod(7), lit(3)).as('k'),
      fn.concat(lit('text '), id.cast('string')).as('text'),
      id.cast('decimal(20, 2)').as('d'),
      fn.array(id, id.add(1)).as('list'),
      fn.struct(id.as('a'), fn.nullif(id.mod(2), lit(0)).as('b')).as('s'),
      id.cast('double').div(4).as('f'),
    ) as DataFrame;
};

/** Files of rows that stay with the session, not with a query. */
const filesOnDisk = (): string[] =>
  readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((name) => /cache-\d+.*\.rows$/.test(name));

const total = (rows: number) => [{ n: rows, sum: (rows * (rows - 1)) / 2 }];
const totalOf = (frame: DataFrame) => frame.agg(fn.count().as('n'), fn.sum('id').as('sum')).collect();

describe('storage levels', () => {
  test('DISK_ONLY keeps rows of every type on disk, in order, until they are given back', async () => {
    await within('256MB', async (session) => {
      const plain = await rowsOf(session, 30_000).collect();
      const kept = rowsOf(session, 30_000).persist(StorageLevel.DISK_ONLY);
      expect(kept.storageLevel).toEqual(StorageLevel.DISK_ONLY);
      expect(await kept.count()).toBe(30_000);
      expect(filesOnDisk().length).toBeGreaterThan(0);
      expect(await kept.collect()).toEqual(plain);
      expect(await kept.filter(col('k').isNull()).select('text').orderBy('text').limit(1).collect()).toEqual([
        { text: 'text 10' },
      ]);
      await kept.unpersist();
      expect(await totalOf(kept)).toEqual(total(30_000));
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('what does not fit the memory goes to disk, or is computed again', { timeout: 120_000 }, async () => {
    const rows = 400_000;
    await within('32MB', async (session) => {
      const onDisk = rowsOf(session, rows).persist(StorageLevel.MEMORY_AND_DISK);
      expect(await totalOf(onDisk)).toEqual(total(rows));
      expect(filesOnDisk().length).toBeGreaterThan(0);
      expect(await totalOf(onDisk)).toEqual(total(rows));
      await onDisk.unpersist();
      const again = rowsOf(session, rows).persist(StorageLevel.MEMORY_ONLY);
      expect(await totalOf(again)).toEqual(total(rows));
      expect(await totalOf(again)).toEqual(total(rows));
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('frames that nobody reads make room', { timeout: 120_000 }, async () => {
    await within('64MB', async (session) => {
      const ids = (from: number) => session.range(from, from + 1_500_000).select(col('id').mul(977).as('id'));
      const kept = [0, 1, 2, 3, 4, 5].map((i) => ids(i * 1_500_000).cache());
      for (const frame of kept) expect(await frame.count()).toBe(1_500_000);
      for (const [i, frame] of kept.entries()) {
        const first = i * 1_500_000;
        expect(await frame.agg(fn.min('id').as('least')).collect()).toEqual([{ least: first * 977 }]);
      }
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test(`rows that are lost or damaged ${LOSSES} times are the same`, { timeout: 600_000 }, async () => {
    await within('256MB', async (session) => {
      const kept = rowsOf(session, 20_000).persist(StorageLevel.DISK_ONLY);
      const plain = JSON.stringify(await rowsOf(session, 20_000).collect());
      for (let n = 0; n < LOSSES; n++) {
        expect(JSON.stringify(await kept.collect()), `loss ${n}`).toBe(plain);
        const files = filesOnDisk();
        const file = files[mix(n, 1) % files.length] as string;
        const bytes = readFileSync(file);
        if (n % 3 === 0) rmSync(file);
        else if (n % 3 === 1) truncateSync(file, mix(n, 2) % bytes.length);
        else {
          const bit = mix(n, 3) % (bytes.length * 8);
          bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
          writeFileSync(file, bytes);
        }
      }
      expect(JSON.stringify(await kept.collect())).toBe(plain);
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('rows that were damaged on disk are computed again', async () => {
    await within('256MB', async (session) => {
      const kept = rowsOf(session, 30_000).persist(StorageLevel.DISK_ONLY);
      expect(await totalOf(kept)).toEqual(total(30_000));
      const [file] = filesOnDisk() as [string];
      const bytes = readFileSync(file);
      bytes[bytes.length >>> 1] = (bytes[bytes.length >>> 1] as number) ^ 1;
      writeFileSync(file, bytes);
      expect(await totalOf(kept)).toEqual(total(30_000));
      for (const lost of filesOnDisk()) rmSync(lost);
      expect(await totalOf(kept)).toEqual(total(30_000));
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});
