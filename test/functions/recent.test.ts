import { Session } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

// What Spark 4.3 answers (pyspark), for aggregates that the recorded goldens cannot hold: vectors, and equal counts.
let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(() => session.stop());
const rows = async (text: string) => (await session.sql(text).collect()).map((row) => Object.values(row));

test('sums and means of vectors', async () => {
  const both = 'SELECT vector_sum(c), vector_avg(c) FROM VALUES';
  const float = (x: number) => Math.fround(x);
  expect(await rows(`${both} (array(1F,2F)), (null), (array(0.1F,0.2F)), (array(0.7F,1e8F)) t(c)`)).toEqual([
    [
      [float(1.8), 1e8],
      [float(0.6), 33333336],
    ],
  ]);
  expect(await rows(`${both} (array(1F, null)), (array(1F, 2F)) t(c)`)).toEqual([
    [
      [1, 2],
      [1, 2],
    ],
  ]);
  expect(await rows(`${both} (cast(null AS array<float>)) t(c)`)).toEqual([[null, null]]);
  await expect(rows(`${both} (array(1F, 2F)), (array(1F)) t(c)`)).rejects.toThrow(/VECTOR_DIMENSION_MISMATCH/);
  await expect(rows(`${both} (array(1D)) t(c)`)).rejects.toThrow(/DATATYPE_MISMATCH/);
});

test('the most frequent values', async () => {
  const one = async (call: string, from: string) => (await rows(`SELECT ${call} FROM VALUES ${from} t(c)`))[0]?.[0];
  expect(await one('approx_top_k(c)', '(1), (1), (2), (null), (null), (null)')).toEqual([
    { item: null, count: 3 },
    { item: 1, count: 2 },
    { item: 2, count: 1 },
  ]);
  expect(await one('approx_top_k(c, 1)', "('b'), ('a'), ('a')")).toEqual([{ item: 'a', count: 2 }]);
  await expect(one('approx_top_k(c, 0)', '(1)')).rejects.toThrow(/APPROX_TOP_K_NON_POSITIVE_ARG/);
  await expect(one('approx_top_k(c, 5, 2)', '(1)')).rejects.toThrow(/APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K/);
  await expect(one('approx_top_k(array(c))', '(1)')).rejects.toThrow(/TYPE_CHECK_FAILURE_WITH_HINT/);
});

test('products of groups', async () => {
  expect(await rows('SELECT id % 2, product(id) FROM range(1, 8) GROUP BY 1 ORDER BY 1')).toEqual([
    [0, 48],
    [1, 105],
  ]);
});
