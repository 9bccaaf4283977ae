import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck } from './duckdb.js';

// The first few rows of an order: most rows are told by their first key.
let duck: Duck;
let session: Session;
const rows = `SELECT id, CAST(id * 7919 % 4001 AS INTEGER) AS a, CAST(id % 3 - 1 AS TINYINT) AS few, id * 31 % 977 / 8 AS x,
    CASE WHEN id % 11 = 0 THEN NULL ELSE CAST(id * 13 % 500 AS SMALLINT) END AS n, concat('t', id * 17 % 263) AS s
  FROM range(70000)`;

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2 });
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
];

describe('the first rows of an order', () => {
  test.for(orders.flatMap((order) => [3, 700, 5000].map((limit) => [order, limit] as const)))(
    'by %s, %i of them',
    async ([order, limit]) => {
      const sql = `SELECT id, a, few, x, n, s FROM t ORDER BY ${order} LIMIT ${limit}`;
      expect(cellsOf(await session.sql(sql).collect())).toEqual(await duck.rows(sql));
    },
  );

  test('a later key that fails fails for any row', async () => {
    const sql = 'SELECT id FROM t ORDER BY a DESC, 1 / (id - 5) LIMIT 3';
    await expect(session.sql(sql).collect()).rejects.toMatchObject({ code: 'DIVIDE_BY_ZERO' });
  });
});
