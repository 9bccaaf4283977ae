import { col, type DefaultValues, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
});
afterAll(() => session.stop());

const sales = () =>
  session.createDataFrame([
    { year: 2023, city: 'Oslo', amount: 10 },
    { year: 2023, city: 'Bonn', amount: 5 },
    { year: 2024, city: 'Oslo', amount: 7 },
    { year: 2024, city: 'Oslo', amount: 1 },
  ]);

/** Rows as Spark's documentation of the verb says, in an order of our own. */
const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

describe('grouping sets', () => {
  test('rollup', async () => {
    const rows = await sales().rollup('year', 'city').agg(fn.sum('amount').as('total')).collect();
    expect(sorted(rows)).toEqual(
      sorted([
        { year: 2023, city: 'Oslo', total: 10 },
        { year: 2023, city: 'Bonn', total: 5 },
        { year: 2024, city: 'Oslo', total: 8 },
        { year: 2023, city: null, total: 15 },
        { year: 2024, city: null, total: 8 },
        { year: null, city: null, total: 23 },
      ]),
    );
  });
  test('cube and groupingSets', async () => {
    const cube = await sales().cube('year', 'city').agg(fn.count().as('n')).collect();
    expect(cube).toHaveLength(3 + 2 + 2 + 1);
    const sets = await sales()
      .groupingSets([['year'], ['city']], 'year', 'city')
      .agg(fn.count().as('n'))
      .collect();
    expect(sorted(sets)).toEqual(
      sorted([
        { year: 2023, city: null, n: 2 },
        { year: 2024, city: null, n: 2 },
        { year: null, city: 'Oslo', n: 3 },
        { year: null, city: 'Bonn', n: 1 },
      ]),
    );
  });
});

describe('pivot and unpivot', () => {
  const wide = [
    { year: 2023, Bonn: 5, Oslo: 10 },
    { year: 2024, Bonn: null, Oslo: 8 },
  ];
  test('with values, and with those that are found', async () => {
    const given = sales().groupBy('year').pivot('city', ['Bonn', 'Oslo']).sum('amount').orderBy('year');
    expect(await given.collect()).toEqual(wide);
    const found = sales().groupBy('year').pivot('city').sum('amount').orderBy('year');
    expect(await found.collect()).toEqual(wide);
  });
  test('several aggregates', async () => {
    const rows = sales()
      .groupBy('year')
      .pivot('city', ['Oslo'])
      .agg(fn.sum('amount').as('total'), fn.count().as('n'))
      .orderBy('year');
    expect(await rows.collect()).toEqual([
      { year: 2023, Oslo_total: 10, Oslo_n: 1 },
      { year: 2024, Oslo_total: 8, Oslo_n: 2 },
    ]);
  });
  test('unpivot', async () => {
    const rows = session.createDataFrame(wide).unpivot('year', ['Bonn', 'Oslo'], 'city', 'amount');
    expect(sorted(await rows.collect())).toEqual(
      sorted([
        { year: 2023, city: 'Bonn', amount: 5 },
        { year: 2023, city: 'Oslo', amount: 10 },
        { year: 2024, city: 'Bonn', amount: null },
        { year: 2024, city: 'Oslo', amount: 8 },
      ]),
    );
  });
});

describe('subqueries of the DataFrame API', () => {
  test('a frame as a value', async () => {
    const mean = sales().agg(fn.avg('amount').as('m'));
    const rows = await sales().filter(col('amount').gt(mean.scalar())).select('amount').collect();
    expect(rows).toEqual([{ amount: 10 }, { amount: 7 }]);
  });
  test('a frame as a condition', async () => {
    const big = sales().filter(col('amount').gt(6)).select('city');
    expect(
      await sales()
        .filter(big.contains(col('city')))
        .count(),
    ).toBe(3);
    expect(
      await sales()
        .filter(big.contains(col('city')).not())
        .select('city')
        .collect(),
    ).toEqual([{ city: 'Bonn' }]);
    expect(await sales().filter(big.exists()).count()).toBe(4);
  });
});

describe('nulls', () => {
  const gaps = () =>
    session.createDataFrame([
      { a: 1, b: 'x' },
      { a: null, b: 'y' },
      { a: null, b: null },
    ]);
  test('fill', async () => {
    expect(await gaps().na.fill(0).collect()).toEqual([
      { a: 1, b: 'x' },
      { a: 0, b: 'y' },
      { a: 0, b: null },
    ]);
    expect(await gaps().na.fill({ a: 9, b: '-' }).collect()).toEqual([
      { a: 1, b: 'x' },
      { a: 9, b: 'y' },
      { a: 9, b: '-' },
    ]);
  });
  test('drop', async () => {
    expect(await gaps().na.drop().count()).toBe(1);
    expect(await gaps().na.drop('all').count()).toBe(2);
    expect(await gaps().na.drop(1).count()).toBe(2);
    expect(await gaps().na.drop('any', ['b']).count()).toBe(2);
  });
  test('replace', async () => {
    expect(await gaps().na.replace({ x: 'z', y: null }, ['b']).select('b').collect()).toEqual([
      { b: 'z' },
      { b: null },
      { b: null },
    ]);
  });
});

test('randomSplit shares out every row once', async () => {
  const rows = session.range(1000);
  const parts = rows.randomSplit([3, 1], 42);
  const counts = await Promise.all(parts.map((part) => part.count()));
  expect(counts[0] as number).toBeGreaterThan(counts[1] as number);
  expect((counts[0] as number) + (counts[1] as number)).toBe(1000);
});
