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
