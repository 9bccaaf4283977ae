import { col, type DataFrame, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { cellsOf, Duck, unordered } from '../exec/duckdb.js';

// Each row with the nearest row of the other side. DuckDB answers the same questions with lateral subqueries.
let duck: Duck;
let session: Session;

/** Rows `(sym, tick, n)` in SQL: with gaps, nulls on both, and in `quotes` no two of one key at one time. */
const table = (name: string, rows: number, step: number): string => `CREATE TABLE ${name} AS SELECT * FROM (SELECT
    CASE WHEN i % 17 = 0 THEN NULL ELSE 'sym ' || (i * 7919) % 5 END AS sym,
    CASE WHEN i % 23 = 0 THEN NULL ELSE ((i * 104729) % ${rows * step})::INTEGER END AS tick, i::INTEGER AS n
  FROM range(${rows}) r(i)) QUALIFY row_number() OVER (PARTITION BY sym, tick ORDER BY n) = 1`;

const shape = { sym: t.string, tick: t.int32, n: t.int32 };
const load = async (name: string) => {
  const rows = await duck.rows(`SELECT sym, tick, n FROM ${name} ORDER BY n`);
  const values = rows.map(([sym, tick, n]) => ({
    sym: sym ?? null,
    tick: tick === null ? null : Number(tick),
    n: Number(n),
  }));
  return session.createDataFrame(values as { sym: string; tick: number; n: number }[], shape);
};
type Table = Awaited<ReturnType<typeof load>>;
let trades: Table;
let quotes: Table;

beforeAll(async () => {
  duck = await Duck.open();
  await duck.run(table('trades', 800, 3));
  await duck.run(table('quotes', 300, 8));
  session = await Session.create({ workers: 2 });
  [trades, quotes] = [await load('trades'), await load('quotes')];
});
afterAll(async () => {
  await session.stop();
  duck.close();
});

const oracle = (where: string, order: string, how = 'LEFT'): string => `SELECT t.sym, t.tick, t.n, q.n FROM trades t
  ${how} JOIN LATERAL (SELECT * FROM quotes q WHERE q.sym = t.sym AND ${where} ORDER BY ${order} LIMIT 1) q ON true`;

async function agree(frame: DataFrame, sql: string): Promise<void> {
  expect(unordered(cellsOf(await frame.collect()))).toEqual(unordered(await duck.rows(sql)));
}

describe('joinAsOf', () => {
  const right = (): ReturnType<typeof quotes.withColumnRenamed<'n', 'q'>> => quotes.withColumnRenamed('n', 'q');

  test.each([
    ['backward', 'q.tick <= t.tick', 'q.tick DESC'],
    ['forward', 'q.tick >= t.tick', 'q.tick'],
    ['nearest', 't.tick IS NOT NULL AND q.tick IS NOT NULL', 'abs(q.tick - t.tick), q.tick'],
  ] as const)('%s, rows that meet nothing kept or left out', async (direction, where, order) => {
    await agree(trades.joinAsOf(right(), { on: 'tick', by: 'sym', direction }), oracle(where, order));
    const inner = trades.joinAsOf(right(), { on: 'tick', by: ['sym'], direction, how: 'inner' });
    await agree(inner, oracle(where, order, 'INNER'));
  });

  test.each([
    ['backward', 'q.tick < t.tick AND t.tick - q.tick <= 9', 'q.tick DESC'],
    ['forward', 'q.tick > t.tick AND q.tick - t.tick <= 9', 'q.tick'],
    ['nearest', 'q.tick <> t.tick AND abs(q.tick - t.tick) <= 9', 'abs(q.tick - t.tick), q.tick'],
  ] as const)('%s, neither equal nor far rows', async (direction, where, order) => {
    const options = { on: 'tick', by: 'sym', direction, tolerance: 9, allowExactMatches: false } as const;
    await agree(trades.joinAsOf(right(), options), oracle(where, order));
  });

  test('of times, with a duration, by other names, without keys', async () => {
    const timed = (frame: DataFrame, name: string): DataFrame =>
      frame.selectExpr(`timestamp_seconds(tick) AS ${name}`, `n AS ${name}_n`);
    const joined = timed(trades, 'a').joinAsOf(timed(quotes, 'b'), {
      leftOn: 'a',
      rightOn: col('b'),
      tolerance: '2 seconds',
      how: 'inner',
    });
    expect(await joined.columns()).toEqual(['a', 'a_n', 'b', 'b_n']);
    // Of several quotes at one time any may be met: only the times are compared.
    await agree(
      joined.selectExpr('unix_seconds(a)', 'a_n', 'unix_seconds(b)'),
      `SELECT t.tick, t.n, q.tick FROM trades t JOIN LATERAL
        (SELECT max(tick) AS tick FROM quotes WHERE tick <= t.tick AND tick >= t.tick - 2) q ON q.tick IS NOT NULL`,
    );
  });

  test('with itself: each row and the one before', async () => {
    const few = session.createDataFrame([5, 1, 3].map((tick) => ({ tick, name: `row ${tick}` })));
    const before = few.joinAsOf(few.withColumnRenamed('name', 'before'), { on: 'tick', allowExactMatches: false });
    expect(await before.orderBy('tick').collect()).toEqual([
      { tick: 1, name: 'row 1', before: null },
      { tick: 3, name: 'row 3', before: 'row 1' },
      { tick: 5, name: 'row 5', before: 'row 3' },
    ]);
    const same = few.joinAsOf(few, { leftOn: 'tick', rightOn: 'tick' });
    expect(await same.columns()).toEqual(['tick', 'name', 'tick', 'name']);
  });

  test('columns of either frame can be named above it', async () => {
    const q = quotes.filter(col('n').gt(10));
    const joined = trades.joinAsOf(q, { on: 'tick', by: 'sym' }).filter(q.col('n').isNull());
    await agree(
      joined.select(trades.col('n'), q.col('n').as('m')),
      `SELECT n, NULL FROM (${oracle('q.tick <= t.tick AND q.n > 10', 'q.tick DESC').replace('q.n FROM', 'q.n AS m FROM')}) WHERE m IS NULL`,
    );
  });

  test('ends of integers and numbers that are none', async () => {
    const ends = [-(2 ** 31), 0, 2 ** 31 - 1].map((a) => ({ a }));
    const int = session.createDataFrame(ends, { a: t.int32 });
    const near = int.joinAsOf(int.filter('a <> 0').select(col('a').as('b')), {
      leftOn: 'a',
      rightOn: 'b',
      direction: 'nearest',
      tolerance: 2 ** 31 - 1,
    });
    expect(await near.orderBy('a').collect()).toEqual([
      { a: -(2 ** 31), b: -(2 ** 31) },
      { a: 0, b: 2 ** 31 - 1 },
      { a: 2 ** 31 - 1, b: 2 ** 31 - 1 },
    ]);
  });

  test('has exact types', () => {
    const joined = trades.joinAsOf(right(), { on: 'tick', by: 'sym' });
    type Found = Awaited<ReturnType<typeof joined.collect>>[number];
    expectTypeOf<keyof Found>().toEqualTypeOf<'sym' | 'tick' | 'n' | 'q'>();
    expectTypeOf<Found['q']>().toEqualTypeOf<number | null>();
    // @ts-expect-error there is no such column on both sides
    trades.joinAsOf(right(), { on: 'q' });
  });

  test('says what is wrong', async () => {
    const fails = (options: object): Promise<unknown> =>
      Promise.resolve()
        .then(() => trades.joinAsOf(right(), options as { on: 'tick' }).collect())
        .then(
          () => 'no error',
          (error: { code: string }) => error.code,
        );
    expect(await fails({})).toBe('INVALID_PARAMETER_VALUE');
    expect(await fails({ on: 'tick', direction: 'up' })).toBe('AS_OF_JOIN.UNSUPPORTED_DIRECTION');
    expect(await fails({ on: 'tick', how: 'full' })).toBe('UNSUPPORTED_JOIN_TYPE');
    expect(await fails({ on: 'tick', tolerance: -1 })).toBe('AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE');
    expect(await fails({ on: 'tick', tolerance: '5 minutes' })).toBe('DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE');
    expect(await fails({ on: 'sym', direction: 'nearest' })).toBe('DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE');
    expect(await fails({ on: 'when' })).toBe('UNRESOLVED_COLUMN');
    expect(await fails({ on: 'tick', by: 'symbol' })).toBe('UNRESOLVED_USING_COLUMN_FOR_JOIN');
  });
});
