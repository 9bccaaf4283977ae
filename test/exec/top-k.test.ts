import { col, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck } from './duckdb.js';

// The first few rows of an order: most rows are told by their first key.
let duck: Duck;
let session: Session;
const rows = `SELECT id, CASE WHEN id % 401 = 7 THEN CAST('NaN' AS DOUBLE) WHEN id % 501 = 9 THEN -0.0 ELSE (id * 37 % 5003 - 2500) / 8 END AS y,
    CAST((id * 41 % 3001 - 1500) / 4 AS FLOAT) AS f, CASE WHEN id % 13 = 5 THEN NULL ELSE id % 89 / 4 END AS z,
    (id * 8191 % 65537 - 30000) * 70368744177664 AS big, CAST(id * 53 % 4409 / 100 AS DECIMAL(12, 2)) AS price, CAST(id * 7919 % 4001 AS INTEGER) AS a, CAST(id % 3 - 1 AS TINYINT) AS few, id * 31 % 977 / 8 AS x,
    CASE WHEN id % 11 = 0 THEN NULL ELSE CAST(id * 13 % 500 AS SMALLINT) END AS n, concat('t', id * 17 % 263) AS s
  FROM range(70000)`;

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2, int64: 'string' });
  await duck.run(
    `CREATE TABLE t AS ${rows.replace('FROM range(70000)', 'FROM (SELECT range AS id FROM range(70000))')}`,
  );
  const frame = session.sql(rows).cache();
  await frame.count();
  await frame.createOrReplaceTempView('t');
});

afterAll(async () => {
  await session.stop();
  duck.close();
});

const orders = [
  'a DESC, id',
  'few, a DESC, id',
  'few DESC, s, x DESC, id',
  'n NULLS FIRST, a, id DESC',
  'n DESC NULLS LAST, s DESC, id',
  'x DESC, few, id',
  's, n NULLS LAST, id',
  'a + few DESC, id',
  'y, id',
  'y DESC, id DESC',
  'f, id',
  'f DESC, few, id',
  'z NULLS FIRST, id',
  'z DESC NULLS LAST, id',
  'big, id',
  'big DESC, id',
  'price DESC, id',
  'n NULLS FIRST, id',
  'n DESC NULLS FIRST, id',
];

describe('the first rows of an order', () => {
  test.for(orders.flatMap((order) => [3, 700, 5000].map((limit) => [order, limit] as const)))(
    'by %s, %i of them',
    async ([order, limit]) => {
      const sql = `SELECT id, a, few, x, n, s, y, f, z, big, price FROM t ORDER BY ${order} LIMIT ${limit}`;
      expect(cellsOf(await session.sql(sql).collect())).toEqual(await duck.rows(sql));
    },
  );

  test.for(['a > 100', "a > 100 AND s <> 't7'", 'n IS NOT NULL AND few = 1', 'y < 2.5 AND id % 7 = 3', 'id < 0'])(
    'of rows that a filter leaves: %s',
    async (condition) => {
      for (const order of ['a, id', 'n DESC NULLS LAST, id', 'y DESC, id', 'z NULLS FIRST, id']) {
        const sql = `SELECT id, a, n, z FROM t WHERE ${condition} ORDER BY ${order} LIMIT 40`;
        expect(cellsOf(await session.sql(sql).collect())).toEqual(await duck.rows(sql));
      }
    },
  );

  test('of columns whose bounds nobody knows, in order already or the other way around', async () => {
    const order = [...Array.from({ length: 20_000 }, (_, i) => i - 10_000), 2 ** 31 - 1, -(2 ** 31)];
    const frame = session.createDataFrame({
      a: Int32Array.from(order),
      b: BigInt64Array.from(order, (i) => BigInt(-i) * 2n ** 31n),
      y: Float64Array.from(order, (i) => (i === 5 ? Number.NaN : i / 4)),
    });
    for (const [by, most] of [
      ['a', -(2 ** 31)],
      ['b', 2 ** 31 - 1],
      ['y', -(2 ** 31)],
    ] as const) {
      const [first] = await frame.orderBy(by).limit(3).collect();
      expect(first?.a).toBe(most);
      const last = await frame.orderBy(col(by).desc()).limit(3).collect();
      expect(last.map((row) => row.a)).toEqual(
        { a: [2 ** 31 - 1, 9999, 9998], b: [-(2 ** 31), -10_000, -9999], y: [5, 2 ** 31 - 1, 9999] }[by],
      );
    }
  });

  test('a later key that fails fails for any row', async () => {
    const sql = 'SELECT id FROM t ORDER BY a DESC, 1 / (id - 5) LIMIT 3';
    await expect(session.sql(sql).collect()).rejects.toMatchObject({ code: 'DIVIDE_BY_ZERO' });
  });
});
