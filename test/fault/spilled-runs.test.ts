import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session, Window } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-spilled-runs-'));
const files = mkdtempSync(join(tmpdir(), 'sparrow-long-rows-'));
afterAll(() => {
  for (const each of [directory, files]) rmSync(each, { recursive: true, force: true });
});

const ROWS = 3_000_000;
const MEMORY = '16MB';
const PARTITIONS = 50_021;
const FACTOR = 7919;
/** Parts of the keys by which rows are sorted: many rows have the same. */
const KEYS = 1009;

/** Gives each batch of a frame to `take`; tells how often runs were merged before they were put into ranges. */
async function read(
  make: (session: Session) => DataFrame | Promise<DataFrame>,
  take: (columns: readonly { get(i: number): unknown }[], rows: number) => void,
): Promise<number> {
  const session = await Session.create({ workers: 2, memory: MEMORY, spillDirectory: directory });
  try {
    const frame = await make(session as Session);
    for await (const batch of frame.batches()) {
      const columns = batch.schema.fields.map((_, c) => batch.getChildAt(c) as { get(i: number): unknown });
      take(columns, batch.numRows);
    }
    return (await frame.explain('analyze')).match(/^\d+\. kept > sort/gm)?.length ?? 0;
  } finally {
    await session.stop();
  }
}

describe('more runs on disk than ranges can read at once', () => {
  test('a sort by texts: equal rows stay in the order in which they came', { timeout: 240_000 }, async () => {
    const key = fn.concat(lit('k'), col('id').mul(FACTOR).mod(KEYS).add(KEYS).cast('string'));
    const sorted = (session: Session) =>
      session
        .range(0, ROWS)
        .select(key.as('k'), 'id', fn.concat(lit('row '), col('id').cast('string')).as('t'))
        .orderBy('k');
    let [next, wrong, k, id] = [0, 0, -1, 0];
    const levels = await read(sorted as (session: Session) => DataFrame, ([keys, ids, texts], rows) => {
      for (let i = 0; i < rows; i++, next++) {
        const [ownKey, own] = [Number(String(keys?.get(i)).slice(1)) - KEYS, Number(ids?.get(i))];
        if ((own * FACTOR) % KEYS !== ownKey || texts?.get(i) !== `row ${own}`) wrong++;
        if (ownKey < k || (ownKey === k && own <= id)) wrong++;
        [k, id] = [ownKey, own];
      }
    });
    expect([next, wrong]).toEqual([ROWS, 0]);
    expect(levels).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('texts longer than a piece, not sorted by: merged runs are merged again', { timeout: 240_000 }, async () => {
    const [rows, bytes] = [600, 200_000];
    const text = (id: number): string => String(id).padEnd(bytes, '.');
    const path = join(files, 'long.parquet');
    await using writer = await Session.create({ workers: 2, memory: '2GB' });
    await writer
      .range(0, rows)
      .select(col('id').mul(FACTOR).mod(KEYS).as('k'), 'id', fn.rpad(col('id').cast('string'), bytes, '.').as('t'))
      .write.option('maxRecordsPerFile', 5)
      .parquet(path);
    const sorted = async (session: Session) => (await session.read.parquet(path)).orderBy('k', 'id');
    const ids: number[] = [];
    let wrong = 0;
    const levels = await read(sorted as (session: Session) => Promise<DataFrame>, ([, found, texts], count) => {
      for (let i = 0; i < count; i++) {
        const id = Number(found?.get(i));
        if (texts?.get(i) !== text(id)) wrong++;
        ids.push(id);
      }
    });
    const keyOf = (id: number): number => (id * FACTOR) % KEYS;
    expect(ids).toEqual(Array.from({ length: rows }, (_, id) => id).sort((a, b) => keyOf(a) - keyOf(b) || a - b));
    expect(wrong).toBe(0);
    expect(levels).toBeGreaterThan(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a window: each row has the sum of the rows before it', { timeout: 240_000 }, async () => {
    const over = Window.partitionBy('p').orderBy('x').rowsBetween(Window.unboundedPreceding, Window.currentRow);
    const summed = (session: Session) =>
      session
        .range(0, ROWS)
        .select(col('id').mul(FACTOR).mod(PARTITIONS).as('p'), col('id').as('x'), col('id').mod(97).as('v'))
        .select('p', 'x', fn.sum('v').over(over).as('s'));
    const seen = new Uint8Array(ROWS);
    const sums = new Float64Array(PARTITIONS);
    const last = new Int32Array(PARTITIONS).fill(-1);
    let wrong = 0;
    const levels = await read(summed as (session: Session) => DataFrame, ([parts, xs, found], rows) => {
      for (let i = 0; i < rows; i++) {
        const [p, x] = [Number(parts?.get(i)), Number(xs?.get(i))];
        sums[p] = (sums[p] as number) + (x % 97);
        if ((x * FACTOR) % PARTITIONS !== p || x <= (last[p] as number) || seen[x] === 1) wrong++;
        if (Number(found?.get(i)) !== sums[p]) wrong++;
        [last[p], seen[x]] = [x, 1];
      }
    });
    expect([seen.reduce((n, one) => n + one, 0), wrong]).toEqual([ROWS, 0]);
    expect(levels).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual([]);
  });
});
