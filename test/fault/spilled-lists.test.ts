import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-spilled-lists-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ROWS = 400_000;
const GROUPS = 997;

async function within<T>(memory: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  try {
    return await work(session as Session);
  } finally {
    await session.stop();
  }
}

const rowsOf = (session: Session): DataFrame => {
  const id = col('id');
  return session
    .range(0, ROWS)
    .select(id.mod(GROUPS).as('g'), id, fn.concat(lit('the text of row '), id.cast('string')).as('text')) as DataFrame;
};

/** Of each group: its rows' numbers are g, g + 997, …: known without asking anybody. */
const expected = Array.from({ length: GROUPS }, (_, g) => {
  const ids = Array.from({ length: Math.ceil((ROWS - g) / GROUPS) }, (_, i) => g + i * GROUPS);
  const middle = (ids.length - 1) / 2;
  return {
    g,
    first: ids[0],
    last: ids.at(-1),
    n: ids.length,
    median: ((ids[Math.floor(middle)] as number) + (ids[Math.ceil(middle)] as number)) / 2,
    letters: ids.reduce((n, i) => n + `the text of row ${i}`.length + 1, -1),
    texts: ids.length,
  };
});

const asked = (session: Session): DataFrame =>
  rowsOf(session)
    .groupBy('g')
    .agg(
      fn.collectList('id').as('ids'),
      fn.percentile('id', lit(0.5)).as('median'),
      fn.listagg('text', lit(',')).as('all'),
      fn.countDistinct('text').as('texts'),
    )
    .select(
      'g',
      col('ids').getItem(0).as('first'),
      fn.elementAt('ids', lit(-1)).as('last'),
      fn.size('ids').as('n'),
      'median',
      fn.length('all').as('letters'),
      'texts',
    )
    .orderBy('g') as DataFrame;

describe('lists of values', () => {
  test('go to disk with their groups, and come back in order', { timeout: 240_000 }, async () => {
    await within('32MB', async (session) => {
      const frame = asked(session);
      expect(await frame.collect()).toEqual(expected);
      expect(await frame.explain('analyze')).toMatch(/MiB spilled/);
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('one that is larger than the memory is an error that names the aggregation', { timeout: 240_000 }, async () => {
    await within('16MB', async (session) => {
      const all = rowsOf(session).agg(fn.collectList('text').as('all')).select(fn.size('all'));
      await expect(all.collect()).rejects.toMatchObject({
        code: 'MEMORY_LIMIT_EXCEEDED',
        message: expect.stringMatching(/aggregat/),
      });
      expect(await session.range(0, 1000).count()).toBe(1000);
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});
