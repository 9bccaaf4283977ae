import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-passing-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function using<T>(memory: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  try {
    return await work(session as Session);
  } finally {
    await session.stop();
  }
}

describe('memory that tasks use over and over', () => {
  test('an array beside its elements is not copied for each of them', { timeout: 120_000 }, async () => {
    await using('64MB', async (session) => {
      const arrays = session.range(0, 40).select('id', fn.sequence(lit(1), lit(30_000)).as('a')) as DataFrame;
      const exploded = arrays.select('id', 'a', fn.explode('a').as('e'));
      const totals = exploded.agg(fn.count().as('n'), fn.sum('e').as('s'), fn.max(fn.size('a')).as('longest'));
      expect(await totals.collect()).toEqual([{ n: 1_200_000, s: 40 * 450_015_000, longest: 30_000 }]);
      // An array that was passed on beside elements is taken apart as well.
      const twice = exploded.filter(col('e').le(2)).select('e', fn.explode('a').as('f')).agg(fn.sum('f').as('s'));
      expect(await twice.collect()).toEqual([{ s: 80 * 450_015_000 }]);
    });
  });

  test('partition folders written from many small pieces have what was read', { timeout: 120_000 }, async () => {
    await using('256MB', async (session) => {
      const id = col('id');
      const rows = session
        .range(0, 24_000)
        .select(id, id.mul(31).mod(7).as('g'), fn.concat(lit('text '), id.mul(7919).cast('string')).as('t'));
      const from = join(directory, 'pieces.parquet');
      await rows.write.option('parquet.block.size', '20000').parquet(from);
      const to = join(directory, 'folders.parquet');
      await session.read.parquet(from).write.partitionBy('g').parquet(to);
      const back = session.read.parquet(to).orderBy('id');
      const text = (frame: DataFrame) => frame.select('id', 'g', 't').collect();
      expect(await text(back as DataFrame)).toEqual(await text(rows.orderBy('id') as DataFrame));
    });
  });
});
