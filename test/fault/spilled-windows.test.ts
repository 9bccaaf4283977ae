import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session, Window } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-spilled-windows-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Partitions of some rows each, named by texts whose beginnings are all the same or by numbers. */
function windows(session: Session, rows: number, partitions: number): Record<string, DataFrame> {
  const id = col('id');
  const g = id.mul(7919).mod(partitions);
  const input = session
    .range(0, rows)
    .select(
      id.as('x'),
      fn.nullif(g, lit(5)).as('g'),
      fn.concat(lit('g'), g.cast('string')).as('t'),
      fn.concat(lit('a partition with a long name '), g.cast('string')).as('long'),
      id.mul(31).mod(1009).as('v'),
    );
  const over = (name: string) => Window.partitionBy(name).orderBy('v', 'x');
  const make = (name: string): DataFrame =>
    input.select(
      'x',
      fn.rowNumber().over(over(name)).as('n'),
      fn.sum('v').over(over(name)).as('s'),
      fn.lag('t', 1).over(over(name)).as('before'),
      fn.max('x').over(Window.partitionBy(name)).as('m'),
    ) as DataFrame;
  return { numbers: make('g'), texts: make('t'), 'long texts': make('long') };
}

async function digests(memory: string, rows: number, names: readonly string[], analyze = false) {
  const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
  try {
    const found: Record<string, unknown> = {};
    let plan = '';
    for (const name of names) {
      const frame = windows(session as Session, rows, Math.max(7, Math.floor(rows / 40)))[name] as DataFrame;
      let [count, hash] = [0, 17];
      for await (const row of frame) {
        count++;
        for (const c of JSON.stringify(row)) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) | 0;
      }
      found[name] = [count, hash];
      if (analyze) plan = await frame.explain('analyze');
    }
    return { found, plan };
  } finally {
    await session.stop();
  }
}

describe('windows over rows on disk', () => {
  test('the same rows in the same order', { timeout: 240_000 }, async () => {
    const names = ['numbers', 'texts', 'long texts'];
    const before = process.env.SPARROW_MODE;
    const plain = await digests('1GB', 20_000, names);
    process.env.SPARROW_MODE = 'spill';
    try {
      expect((await digests('1GB', 20_000, names)).found).toEqual(plain.found);
    } finally {
      if (before === undefined) delete process.env.SPARROW_MODE;
      else process.env.SPARROW_MODE = before;
    }
  });

  test('in little memory', { timeout: 240_000 }, async () => {
    const limited = await digests('64MB', 700_000, ['texts'], true);
    expect(limited.plan).toMatch(/MiB spilled/);
    expect(limited.found).toEqual((await digests('2GB', 700_000, ['texts'])).found);
    expect(readdirSync(directory)).toEqual([]);
  });
});
