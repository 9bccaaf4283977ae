import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-partition-buffers-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ROWS = 3000;
/** Longer than a buffer of all partitions, some; most of them short, and every seventh null. */
const lengthOf = (i: number): number => (i % 500 === 499 ? 70_000 : i % 50 === 49 ? 3000 : i % 23);
const textOf = (i: number): string | null =>
  i % 7 === 6 ? null : String.fromCharCode(97 + (i % 26)).repeat(lengthOf(i));
/** Two thirds of the rows have one key. */
const keyOf = (i: number): number => (i % 3 === 0 ? i : 1);

const left = Array.from({ length: ROWS }, (_, i) => ({ k: keyOf(i), t: textOf(i), x: i }));
const right = Array.from({ length: ROWS }, (_, i) => ({ l: i, u: textOf(i + 11) }));

describe('rows on their way to disk', () => {
  test('texts longer than a buffer, nulls, and a key that most rows have', { timeout: 120_000 }, async () => {
    const before = process.env.SPARROW_MODE;
    process.env.SPARROW_MODE = 'spill';
    const session = await Session.create({ workers: 2, spillDirectory: directory });
    try {
      const [a, b] = [session.createDataFrame(left), session.createDataFrame(right)];
      const joined = a.join(b, a.col('k').eq(b.col('l'))).select('x', 't', 'u');
      const rows = (await joined.collect()) as { x: number; t: string | null; u: string | null }[];
      expect(rows).toEqual(left.map(({ k, t, x }) => ({ x, t, u: right[k]?.u ?? null })));
      const groups = (await a.groupBy('t').count().collect()) as { t: string | null; count: bigint | number }[];
      const counts = new Map<string | null, number>();
      for (const { t } of left) counts.set(t, (counts.get(t) ?? 0) + 1);
      expect(new Map(groups.map(({ t, count }) => [t, Number(count)]))).toEqual(counts);
    } finally {
      await session.stop();
      if (before === undefined) delete process.env.SPARROW_MODE;
      else process.env.SPARROW_MODE = before;
    }
    expect(readdirSync(directory)).toEqual([]);
  });
});
