import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session;
beforeAll(async () => {
  session = await Session.create({ workers: 1 });
});
afterAll(() => session.stop());

// What PySpark 4.3.0 gives: aggregates that only a window call holds make one group of all rows, too.
test.each([
  ['SELECT sum(sum(x)) OVER () AS a FROM VALUES (1), (2) AS t(x)', [[3]]],
  ['SELECT rank() OVER (ORDER BY sum(x)) AS a FROM VALUES (1), (2) AS t(x)', [[1]]],
  ['SELECT row_number() OVER (PARTITION BY max(x) ORDER BY min(x)) + 1 AS a FROM VALUES (1), (2) AS t(x)', [[2]]],
  ['SELECT sum(x) OVER () AS a FROM VALUES (1), (2) AS t(x)', [[3], [3]]],
])('%s', async (text, expected) => {
  expect((await session.sql(text).collect()).map((row) => Object.values(row))).toEqual(expected);
});

describe('windows inside windows', () => {
  // Recorded from Spark 4.0.1.
  const t = 'VALUES (1, 2, 1), (2, 5, 1), (3, 1, 2), (4, 4, 2), (5, 4, 3) AS t(x, y, z)';

  test('in what they take, part by and sort by', async () => {
    const text = `SELECT x, sum(x) OVER (PARTITION BY sum(y) OVER ()) AS a,
      rank() OVER (ORDER BY sum(y) OVER (PARTITION BY z), x) AS b,
      sum(rank() OVER (ORDER BY y DESC)) OVER (ORDER BY x) AS c,
      lag(sum(x) OVER (PARTITION BY z)) OVER (ORDER BY y, x) AS d FROM ${t} ORDER BY x`;
    expect((await session.sql(text).collect()).map((row) => Object.values(row).map((v) => v && Number(v)))).toEqual([
      [1, 15, 4, 4, 7],
      [2, 15, 5, 5, 5],
      [3, 15, 2, 10, null],
      [4, 15, 3, 12, 3],
      [5, 15, 1, 14, 7],
    ]);
  });

  test('over groups', async () => {
    const text = `SELECT z, sum(sum(y)) OVER (ORDER BY rank() OVER (ORDER BY sum(x))) AS s FROM ${t} GROUP BY z ORDER BY z`;
    expect((await session.sql(text).collect()).map((row) => Object.values(row).map(Number))).toEqual([
      [1, 7],
      [2, 16],
      [3, 11],
    ]);
  });

  test.each([
    ['sum(row_number() OVER (ORDER BY x))', '_LEGACY_ERROR_TEMP_1031'],
    ['sum(x) FILTER (WHERE sum(y) OVER () > 1) OVER ()', 'INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE'],
  ])('%s: %s', async (call, condition) => {
    await expect(session.sql(`SELECT ${call} FROM ${t}`).collect()).rejects.toMatchObject({ condition });
  });
});
