import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { afterAll, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-many-groups-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** So many that partitions of the groups are merged in parts. */
const ROWS = 17_200_000;
const SHIFT = 5_000;

/** Two rows for each of the first numbers, one for the others. */
const grouped = (session: Session): DataFrame =>
  session
    .range(0, ROWS)
    .select(
      col('id')
        .mod(ROWS - SHIFT)
        .as('k'),
      fn.concat(lit('t'), col('id').mod(7).cast('string')).as('t'),
    )
    .groupBy('k')
    .agg(fn.count().as('n'), fn.max('t').as('t')) as DataFrame;

interface Seen {
  groups: number;
  rows: number;
  order: number;
}

async function seen(memory: string): Promise<Seen> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  const sum: Seen = { groups: 0, rows: 0, order: 0 };
  try {
    for await (const batch of grouped(session as unknown as Session).batches()) {
      const [keys, counts, texts] = ['k', 'n', 't'].map((name) => batch.getChild(name));
      sum.groups += batch.numRows;
      for (let i = 0; i < batch.numRows; i++) sum.rows += Number(counts?.get(i));
      for (let i = 0; i < batch.numRows; i += 101) {
        const key = Number(keys?.get(i));
        const last = key < SHIFT ? Math.max(key % 7, (key + ROWS - SHIFT) % 7) : key % 7;
        if (texts?.get(i) !== `t${last}`) throw new Error(`group ${key} has ${texts?.get(i)}`);
        sum.order = (Math.imul(sum.order, 31) + key) | 0;
      }
    }
    return sum;
  } finally {
    await session.stop();
  }
}

test('17 million groups in little memory: the same, in the same order', { timeout: 600_000 }, async () => {
  const little = await seen('80MB');
  expect(little.groups).toBe(ROWS - SHIFT);
  expect(little.rows).toBe(ROWS);
  expect(little).toEqual(await seen('2GB'));
});

/** Merged bin by bin, of partitions that are in no parts on disk; each key three times, far from each other. */
const TEXTS = 2_400_000;

async function sumsByText(memory: string): Promise<[rows: number, hash: number]> {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  let [rows, hash] = [0, 0];
  const mix = (word: number): void => {
    hash = (Math.imul(hash, 31) + word) | 0;
  };
  try {
    const key = fn.concat(
      lit('key '),
      col('id')
        .mod(TEXTS / 3)
        .cast('string'),
    );
    const sums = session
      .range(0, TEXTS)
      .groupBy(key.as('k'), col('id').mod(2).as('odd'))
      .agg(fn.sum(lit(1).cast('double').div(col('id').add(1))).as('x'));
    const words = new Int32Array(2);
    const double = new Float64Array(words.buffer);
    for await (const batch of sums.batches()) {
      const [keys, odd, x] = ['k', 'odd', 'x'].map((name) => batch.getChild(name));
      rows += batch.numRows;
      for (let i = 0; i < batch.numRows; i++) {
        double[0] = x?.get(i) as number;
        for (const word of words) mix(word);
        if (i % 101 === 0) mix(Number(`${keys?.get(i)}`.slice(4)) * 2 + Number(odd?.get(i)));
      }
    }
    return [rows, hash];
  } finally {
    await session.stop();
  }
}

test('millions of partial sums by texts: the same bits in the same order, on disk and in memory', async () => {
  const little = await sumsByText('32MB');
  expect(little[0]).toBe(TEXTS / 3);
  expect(little).toEqual(await sumsByText('1GB'));
});
