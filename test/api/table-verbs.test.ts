import { DuckDBInstance } from '@duckdb/node-api';
import { col, type DefaultValues, fn, Session, SparrowError, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB' });
});
afterAll(() => session.stop());

// The frame of the examples of PySpark's documentation of describe and summary.
const people = () =>
  session.createDataFrame(
    [
      ['Bob', 13, 40.3, 150.5],
      ['Alice', 12, 37.8, 142.3],
      ['Tom', 11, 44.1, 142.2],
    ],
    { name: t.string, age: t.int64, weight: t.float64, height: t.float64 },
  );

/** A row's values as text; of a deviation the last digit depends on the order in which parts of a table are merged. */
const shortened = (row: object): string =>
  Object.values(row)
    .map((value) => ((row as { summary: string }).summary === 'stddev' ? value.replace(/(\.\d{14})\d+/, '$1') : value))
    .join(' ');

describe('describe and summary give what the documentation of Spark shows', () => {
  test('describe of one column', async () => {
    expect(await people().describe('age').collect()).toEqual([
      { summary: 'count', age: '3' },
      { summary: 'mean', age: '12.0' },
      { summary: 'stddev', age: '1.0' },
      { summary: 'min', age: '11' },
      { summary: 'max', age: '13' },
    ]);
  });
  test('describe of several', async () => {
    const rows = await people().describe('age', 'weight', 'height').collect();
    expect(rows.map(shortened)).toEqual([
      'count 3 3 3',
      'mean 12.0 40.73333333333333 145.0',
      'stddev 1.0 3.17227573412737 4.76340214552582',
      'min 11 37.8 142.2',
      'max 13 44.1 150.5',
    ]);
  });
  test('summary', async () => {
    const rows = await people().select('age', 'weight', 'height').summary().collect();
    expect(rows.map(shortened)).toEqual([
      'count 3 3 3',
      'mean 12.0 40.73333333333333 145.0',
      'stddev 1.0 3.17227573412737 4.76340214552582',
      'min 11 37.8 142.2',
      '25% 11 37.8 142.2',
      '50% 12 40.3 142.3',
      '75% 13 44.1 150.5',
      'max 13 44.1 150.5',
    ]);
    expect(await people().select('age', 'name').summary('count', 'min', '75%').collect()).toEqual([
      { summary: 'count', age: '3', name: '3' },
      { summary: 'min', age: '11', name: 'Alice' },
      { summary: '75%', age: '13', name: null },
    ]);
  });
  test('what is neither a number nor text is left out, and a statistic must be one', async () => {
    const frame = session.createDataFrame([{ yes: true, n: 1 }]);
    expect(await frame.summary('count_distinct').collect()).toEqual([{ summary: 'count_distinct', n: '1' }]);
    expect(await frame.select('yes').describe().columns()).toEqual(['summary']);
    await expect(frame.summary('middle').collect()).rejects.toThrow(/not a recognised statistic/);
  });
});

describe('samples', () => {
  test('with replacement rows come as often as Poisson says', async () => {
    const rows = 100_000;
    for (const fraction of [0.3, 2]) {
      const drawn = session.range(rows).sample(true, fraction, 7);
      const times = await drawn
        .groupBy('id')
        .count()
        .groupBy('count')
        .agg(fn.count().as('rows'))
        .orderBy('count')
        .collect();
      let chance = Math.exp(-fraction);
      for (const { count, rows: found } of times) {
        const k = Number(count);
        chance =
          Math.exp(-fraction) * Array.from({ length: k }, (_, i) => fraction / (i + 1)).reduce((a, b) => a * b, 1);
        expect(Math.abs(Number(found) - rows * chance)).toBeLessThan(5 * Math.sqrt(rows * chance) + 5);
      }
      expect(Math.abs((await drawn.count()) / rows - fraction)).toBeLessThan(0.02);
      expect(await drawn.orderBy('id').collect()).toEqual(
        await session.range(rows).sample(true, fraction, 7).orderBy('id').collect(),
      );
    }
    expect(await session.range(10).sample(true, 0, 1).count()).toBe(0);
  });
  test('sampleBy takes its part of each stratum', async () => {
    const frame = session.range(30_000).select('id', col('id').mod(3).as('key'));
    const drawn = frame.sampleBy(
      'key',
      new Map([
        [0, 0.1],
        [1, 1],
      ]),
      3,
    );
    const counts = await drawn.groupBy('key').count().orderBy('key').collect();
    expect(counts.map((row) => Number(row.key))).toEqual([0, 1]);
    expect(Math.abs(Number(counts[0]?.count) - 1000)).toBeLessThan(150);
    expect(Number(counts[1]?.count)).toBe(10_000);
    expect(await drawn.distinct().count()).toBe(await drawn.count());
    await expect(async () => frame.sampleBy('key', { 1: 2 })).rejects.toThrow(/fraction from 0 to 1/);
  });
});

test('dropDuplicates of some columns leaves one whole row of each', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ a: i % 7, b: i % 3, c: i }));
  const kept = await session.createDataFrame(rows).dropDuplicates(['a', 'b']).collect();
  const duck = await (await DuckDBInstance.create(':memory:')).connect();
  const [[count]] = (await (
    await duck.runAndReadAll('SELECT count(*)::INT FROM (SELECT DISTINCT i % 7, i % 3 FROM range(5000) t(i))')
  ).getRows()) as [[number]];
  duck.closeSync();
  expect(kept).toHaveLength(count);
  for (const row of kept) expect(rows[Number(row.c)]).toEqual({ a: Number(row.a), b: Number(row.b), c: Number(row.c) });
});

test('colRegex takes columns by the pattern of their names', async () => {
  expect(await people().select(people().colRegex('`.*ei.*`')).columns()).toEqual(['weight', 'height']);
  expect(await people().select(people().colRegex('A.e'), 'name').columns()).toEqual(['age', 'name']);
  expect(() => people().colRegex('(')).toThrow(SparrowError);
});

test('foreach and foreachPartition meet every row', async () => {
  let sum = 0;
  await session.range(1000).foreach(async ({ id }) => {
    sum += Number(id);
  });
  expect(sum).toBe(499_500);
  let rows = 0;
  await session.range(100_000).foreachPartition((part) => {
    rows += part.length;
  });
  expect(rows).toBe(100_000);
});

test('a checkpoint does not compute again', async () => {
  let calls = 0;
  const made = () =>
    session.range(3).mapBatches(({ id }) => ({ n: Array.from(id as number[]).map(() => ++calls) }), { n: t.int32 });
  const kept = await made().localCheckpoint();
  expect(calls).toBe(3);
  expect(await kept.filter(col('n').gt(1)).count()).toBe(2);
  expect(calls).toBe(3);
  await (await made().checkpoint(false)).count();
  expect(calls).toBe(6);
});
