import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { col, type DataFrame, fn, lit, Session } from 'sparrow-df';
import { afterAll, describe, expect, test } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sparrow-spilled-joins-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const KINDS = ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const;

interface Shape {
  readonly left: number;
  readonly right: number;
  /** Different keys on either side. */
  readonly keys: readonly [number, number];
}

/** Keys with and without partners, some null, and texts to carry along. */
function sides(session: Session, { left, right, keys }: Shape): readonly [DataFrame, DataFrame] {
  const id = col('id');
  const a = session
    .range(0, left)
    .select(
      fn.nullif(id.mul(7919).mod(keys[0]), lit(3)).as('k'),
      id.as('x'),
      fn.concat(lit('left '), id.cast('string')).as('a'),
    );
  const b = session
    .range(0, right)
    .select(
      fn.nullif(id.mul(104_729).mod(keys[1]), lit(3)).as('l'),
      id.as('y'),
      fn.nullif(fn.concat(lit('right '), id.cast('string')), lit('right 7')).as('b'),
    );
  return [a as DataFrame, b as DataFrame];
}

const equal = col('k').eq(col('l'));
const text = (name: string) => fn.concat(lit('key '), col(name).cast('string'));
const conditions = {
  equal,
  'equal and more': equal.and(col('x').mod(3).ne(col('y').mod(3))),
  'null-safe': col('k')
    .eqNullSafe(col('l'))
    .and(col('x').mod(97).eq(col('y').mod(97))),
  texts: text('k').eq(text('l')),
};

const spread: Shape = { left: 5000, right: 3000, keys: [1201, 2003] };
/** Few keys, so that one of them has more rows than a table may hold. */
const skewed: Shape = { left: 300, right: 3000, keys: [5, 7] };

async function inMode<T>(mode: 'compiled' | 'spill', work: (session: Session) => Promise<T>): Promise<T> {
  const before = process.env.SPARROW_MODE;
  process.env.SPARROW_MODE = mode;
  const session = await Session.create({ workers: 2, spillDirectory: directory });
  try {
    return await work(session as Session);
  } finally {
    await session.stop();
    if (before === undefined) delete process.env.SPARROW_MODE;
    else process.env.SPARROW_MODE = before;
  }
}

const cases = KINDS.flatMap((how) =>
  Object.keys(conditions).flatMap((on) =>
    [spread, skewed].map((shape) => ({ how, on: on as keyof typeof conditions, shape })),
  ),
);

describe('joins on disk give the same rows in the same order', () => {
  test('where some columns are read, and rows come out bin by bin', { timeout: 240_000 }, async () => {
    const shape: Shape = { left: 600_000, right: 640_000, keys: [500_009, 600_011] };
    const run = (mode: 'compiled' | 'spill') =>
      inMode(mode, async (session) => {
        const all: unknown[] = [];
        for (const how of KINDS) {
          const isHalf = how === 'semi' || how === 'anti';
          const [a, b] = sides(session, how === 'inner' ? shape : spread);
          const joined = a.join(b, equal, how);
          const some: DataFrame = isHalf
            ? joined.select('a')
            : joined.filter(col('x').isNull().or(col('x').ne(5))).select('y', 'a');
          all.push(await some.limit(2000).collect(), await some.agg(fn.count().as('n'), fn.max('a').as('a')).collect());
        }
        return all;
      });
    expect(await run('spill')).toEqual(await run('compiled'));
  });

  test('every kind of join, by equal keys and more', { timeout: 240_000 }, async () => {
    const run = (mode: 'compiled' | 'spill') =>
      inMode(mode, async (session) => {
        const all: unknown[] = [];
        for (const { how, on, shape } of cases) {
          const [a, b] = sides(session, shape);
          const joined = a.join(b, conditions[on], how);
          // The rows themselves where they are few; else what tells them and their order apart.
          const rows = await joined.collect();
          let hash = 17;
          for (const c of JSON.stringify(rows)) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) | 0;
          all.push({ how, on, rows: rows.length, hash, first: rows.slice(0, 3) });
        }
        return all;
      });
    expect(await run('spill')).toEqual(await run('compiled'));
    expect(readdirSync(directory)).toEqual([]);
  });

  test('without equal keys', { timeout: 240_000 }, async () => {
    const run = (mode: 'compiled' | 'spill') =>
      inMode(mode, async (session) => {
        const [a, b] = sides(session, { left: 120, right: 3000, keys: [11, 13] });
        const all: unknown[] = [];
        for (const how of KINDS) all.push(await a.join(b, col('x').mul(20).gt(col('y')), how).collect());
        all.push(
          await a
            .crossJoin(b)
            .filter(col('x').add(col('y')).mod(1000).eq(1))
            .collect(),
        );
        return all;
      });
    expect(await run('spill')).toEqual(await run('compiled'));
  });

  test('EXISTS beside other conditions', { timeout: 240_000 }, async () => {
    const run = (mode: 'compiled' | 'spill') =>
      inMode(mode, async (session) => {
        const [a, b] = sides(session, skewed);
        a.createOrReplaceTempView('a');
        b.createOrReplaceTempView('b');
        return session.sql`SELECT x FROM a WHERE x % 10 = 1 OR EXISTS (SELECT 1 FROM b WHERE l = k AND y % 7 = x % 5)`.collect();
      });
    expect(await run('spill')).toEqual(await run('compiled'));
  });

  test('below totals and sorted groups, where no order is seen', { timeout: 240_000 }, async () => {
    const run = (mode: 'compiled' | 'spill') =>
      inMode(mode, async (session) => {
        const all: unknown[] = [];
        for (const how of KINDS) {
          const [a, b] = sides(session, skewed);
          const joined = a.join(b, equal, how);
          all.push(await joined.agg(fn.count().as('n'), fn.sum('x').as('x'), fn.max('a').as('a')).collect());
          all.push(await joined.groupBy('k').agg(fn.sum('x').as('x')).orderBy('k').collect());
          // Order is seen here: it must be that of memory.
          all.push(await joined.agg(fn.collectList('x').as('x')).collect());
          all.push(await joined.groupBy('k').agg(fn.first('x').as('x')).orderBy('k').collect());
        }
        return all;
      });
    expect(await run('spill')).toEqual(await run('compiled'));
  });

  test('in little memory', { timeout: 240_000 }, async () => {
    const digest = async (memory: string): Promise<{ rows: number; hash: number; plan: string }> => {
      const session = await Session.create({ workers: 2, memory, spillDirectory: directory });
      try {
        const [a, b] = sides(session as Session, { left: 500_000, right: 600_000, keys: [200_003, 300_007] });
        const joined = a.join(b, equal, 'full');
        let rows = 0;
        let hash = 17;
        for await (const row of joined) {
          rows++;
          for (const c of JSON.stringify(row)) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) | 0;
        }
        return { rows, hash, plan: memory === '64MB' ? await joined.explain('analyze') : '' };
      } finally {
        await session.stop();
      }
    };
    const limited = await digest('64MB');
    expect(limited).toMatchObject({ ...(await digest('2GB')), plan: expect.stringMatching(/MiB spilled/) });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a held side of more than half of the memory stays there while the other side can pass', {
    timeout: 240_000,
  }, async () => {
    const session = await Session.create({ workers: 2, memory: '256MB', spillDirectory: directory });
    try {
      const held = session
        .range(0, 1_200_000)
        .select(col('id').mul(7).as('k'), fn.concat(lit('x'.repeat(60)), col('id').cast('string')).as('t'));
      const passing = session
        .range(0, 2_000_000)
        .select(
          col('id').mul(7).mod(8_400_000).as('k'),
          fn.concat(lit('y'.repeat(60)), col('id').cast('string')).as('u'),
        );
      const joined = passing
        .join(held as DataFrame, 'k')
        .agg(fn.count().as('n'), fn.max('t').as('t'), fn.max('u').as('u'));
      // Keys of two thirds of the rows come twice.
      expect(await joined.collect()).toEqual([
        { n: 2_000_000, t: `${'x'.repeat(60)}999999`, u: `${'y'.repeat(60)}999999` },
      ]);
      const plan = await joined.explain('analyze');
      expect(plan).not.toMatch(/MiB spilled/);
      const [, inUse] = /total: .* ([\d.]+) MiB of column memory/.exec(plan) ?? [];
      expect(Number(inUse)).toBeGreaterThan(130);
    } finally {
      await session.stop();
    }
  });

  test('an error in the condition names the values', { timeout: 240_000 }, async () => {
    await inMode('spill', async (session) => {
      const [a, b] = sides(session, spread);
      const failing = a.join(
        b,
        equal.and(
          col('x')
            .div(col('y').sub(col('y')))
            .gt(1),
        ),
        'inner',
      );
      await expect(failing.collect()).rejects.toMatchObject({ code: 'DIVIDE_BY_ZERO' });
      expect(await a.count()).toBe(5000);
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});
