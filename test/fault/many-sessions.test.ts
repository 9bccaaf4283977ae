// Promise R28: many sessions at once, each with workers and a memory limit of its own.
import { col, fn, Session, Window } from 'sparrow-df';
import { expect, test } from 'vitest';
import { tell } from './harness.js';

/** More of them: SPARROW_SESSIONS=64. */
const SESSIONS = Number(process.env.SPARROW_SESSIONS ?? 8);
const QUERIES = 50;
const ROWS = 20_000;

/** Queries whose answers are known by formula. */
const kinds: readonly ((session: Session, n: number) => Promise<void>)[] = [
  async (session, n) => {
    const [row] = await session.range(n).agg(fn.sum('id').as('s')).collect();
    expect(row?.s).toBe((n * (n - 1)) / 2);
  },
  async (session, n) => {
    const groups = await session.range(n).groupBy(col('id').mod(10).as('g')).agg(fn.count().as('c')).collect();
    expect(groups.reduce((sum, { c }) => sum + c, 0)).toBe(n);
  },
  async (session, n) => {
    const evens = session.range(0, n, 2).alias('b');
    expect(
      await session
        .range(n)
        .alias('a')
        .join(evens, col('a.id').eq(col('b.id')))
        .count(),
    ).toBe(Math.ceil(n / 2));
  },
  async (session, n) => {
    const top = await session.range(n).orderBy(col('id').desc()).limit(3).collect();
    expect(top.map(({ id }) => id)).toEqual([n - 1, n - 2, n - 3]);
  },
  async (session, n) => {
    expect(await session.range(n).select(col('id').mod(97).as('m')).distinct().count()).toBe(97);
  },
  async (session, n) => {
    const place = fn.rowNumber().over(Window.orderBy(col('id').desc()));
    const [last] = await session.range(n).select('id', place.as('p')).orderBy('id').limit(1).collect();
    expect(last).toEqual({ id: 0, p: n });
  },
];

test(`${SESSIONS} sessions, ${QUERIES} queries each, a tenth of them cancelled`, { timeout: 600_000 }, async () => {
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, () => Session.create({ workers: 1, memory: '512MB' })),
  );
  let cancelled = 0;
  const one = async (session: Session, s: number): Promise<number> => {
    const started = performance.now();
    for (let q = 0; q < QUERIES; q++) {
      const kind = kinds[(s + q) % kinds.length] as (typeof kinds)[0];
      if ((s * 7 + q) % 10 > 0) {
        await kind(session, ROWS + s * 100 + q);
        continue;
      }
      const stop = new AbortController();
      const counted = session.range(50_000_000).filter(col('id').mod(3).eq(1)).count({ signal: stop.signal });
      setTimeout(() => stop.abort(), q % 5);
      const error = await counted.catch((reason: unknown) => reason);
      if (typeof error === 'number') continue;
      expect(error).toMatchObject({ code: 'OPERATION_CANCELED' });
      cancelled++;
    }
    return performance.now() - started;
  };
  try {
    const times = await Promise.all(sessions.map((session, s) => one(session as Session, s)));
    times.sort((a, b) => a - b);
    const [median, most] = [times[times.length >> 1] as number, times.at(-1) as number];
    tell(
      `${SESSIONS * QUERIES} queries, ${cancelled} cancelled, slowest session ${(most / median).toFixed(2)} of the median`,
    );
    expect(cancelled).toBeGreaterThan(0);
    expect(most / median).toBeLessThan(5);
  } finally {
    await Promise.all(sessions.map((session) => session.stop()));
  }
});
