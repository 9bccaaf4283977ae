import { DuckDBInstance } from '@duckdb/node-api';
import { assertDataFrameEqual, col, type DefaultValues, fn, Observation, Session, SparrowError, t } from 'sparrow-df';
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

describe('statistics', () => {
  const pairs = () =>
    session.createDataFrame(
      [
        [1, 11],
        [1, 11],
        [3, 10],
        [4, 8],
        [4, 8],
        [null, 8],
      ],
      { c1: t.int32, c2: t.int32 },
    );
  test('crosstab', async () => {
    // The example of PySpark's documentation, and a row without a value.
    const table = await pairs().stat.crosstab('c1', 'c2');
    expect(await table.orderBy('c1_c2').collect()).toEqual([
      { c1_c2: '1', 10: 0, 11: 2, 8: 0 },
      { c1_c2: '3', 10: 1, 11: 0, 8: 0 },
      { c1_c2: '4', 10: 0, 11: 0, 8: 2 },
      { c1_c2: 'null', 10: 0, 11: 0, 8: 1 },
    ]);
    expect(await table.columns()).toEqual(['c1_c2', '10', '11', '8']);
  });
  test('freqItems', async () => {
    const [row] = await pairs().stat.freqItems(['c1', 'c2'], 0.4).collect();
    expect(row).toEqual({ c1_freqItems: [], c2_freqItems: [8] });
    const [half] = await pairs().stat.freqItems(['c1'], 0.3).collect();
    expect([...(half as { c1_freqItems: number[] }).c1_freqItems].sort()).toEqual([1, 4]);
  });
  test('corr, cov and approxQuantile as DuckDB computes them', async () => {
    const frame = session.range(1000).select('id', col('id').mul(col('id')).mod(97).cast('double').as('x'));
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const rows = await connection.runAndReadAll(`SELECT corr(i, x), covar_samp(i, x), quantile_disc(x, 0.25),
      quantile_disc(x, 0.5) FROM (SELECT i, (i * i % 97)::DOUBLE AS x FROM range(1000) r(i))`);
    const [[corr, cov, quarter, half]] = rows.getRows() as [[number, number, number, number]];
    connection.closeSync();
    expect(await frame.stat.corr('id', 'x')).toBeCloseTo(corr, 12);
    expect(await frame.stat.cov('id', 'x')).toBeCloseTo(cov, 6);
    expect(await frame.stat.approxQuantile('x', [0.25, 0.5])).toEqual([quarter, half]);
  });
});

test('transpose, as in the documentation of Spark', async () => {
  const frame = session.createDataFrame(
    [
      ['B', 3, 4],
      ['A', 1, 2],
      [null, 9, 9],
    ],
    { id: t.string, v1: t.int32, v2: t.int64 },
  );
  const turned = await frame.transpose();
  expect(await turned.collect()).toEqual([
    { key: 'v1', A: 1, B: 3 },
    { key: 'v2', A: 2, B: 4 },
  ]);
  expect(await turned.dtypes()).toEqual([
    ['key', 'string'],
    ['A', 'bigint'],
    ['B', 'bigint'],
  ]);
  const mixed = session.createDataFrame([{ id: 1, a: true, b: 2 }]);
  await expect(mixed.transpose()).rejects.toMatchObject({ code: 'TRANSPOSE_NO_LEAST_COMMON_TYPE' });
});

test('an observation gives metrics of the rows where it stands', async () => {
  const seen = new Observation('seen');
  await expect(async () => seen.get).rejects.toThrow(/no frame is observed/);
  const frame = session.range(100).observe(seen, fn.count().as('rows'), fn.max('id').as('most')).filter('id < 3');
  expect(await frame.count()).toBe(3);
  expect(await seen.get).toEqual({ rows: 100, most: 99 });
  expect(() => session.range(1).observe(seen, fn.count())).toThrow(/used with a frame already/);
});

test('assertDataFrameEqual', async () => {
  const frame = session.createDataFrame([
    { a: 1, x: 0.1 },
    { a: 2, x: null },
  ]);
  await assertDataFrameEqual(frame, [
    { a: 2, x: null },
    { a: 1, x: 0.100000001 },
  ]);
  await assertDataFrameEqual(frame, frame.orderBy(col('a').desc()));
  await expect(
    assertDataFrameEqual(frame, frame.orderBy(col('a').desc()), { checkRowOrder: true }),
  ).rejects.toMatchObject({ code: 'DIFFERENT_ROWS' });
  await expect(assertDataFrameEqual(frame, [{ a: 1, x: 0.1 }])).rejects.toMatchObject({ code: 'DIFFERENT_ROWS' });
  await expect(
    assertDataFrameEqual(frame, [
      { a: 1, x: 0.2 },
      { a: 2, x: null },
    ]),
  ).rejects.toThrow(/1 of 2 rows differ/);
  await expect(assertDataFrameEqual(frame, frame.select('a'))).rejects.toMatchObject({ code: 'DIFFERENT_SCHEMA' });
});

test('sortWithinPartitions orders each partition, and keeps every row', async () => {
  const rows = 40_000;
  const frame = session.range(rows).select(col('id').mul(7919).mod(rows).as('n')).repartition(4);
  const sorted = (await frame.sortWithinPartitions(col('n').desc()).collect()).map((row) => Number(row.n));
  expect(sorted.filter((n, i) => i > 0 && n > (sorted[i - 1] as number)).length).toBeLessThan(4);
  expect([...sorted].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, i) => i));
});

test('repartitionByRange makes each partition a range of values', async () => {
  const frame = session.range(20_000).select(col('id').mul(7919).mod(20_000).as('n'));
  const parts = await frame.repartitionByRange(4, col('n').desc()).collect();
  expect(parts.map((row) => Number(row.n))).toEqual(Array.from({ length: 20_000 }, (_, i) => 19_999 - i));
  expect(await frame.repartitionByRange('n').first()).toEqual({ n: 0 });
  expect(() => frame.repartitionByRange(0, 'n')).toThrow(/at least 1 partition/);
});
