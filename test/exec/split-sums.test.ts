import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// sum(x + 1), sum(x + 2), …: one sum and one count of x, as long as nothing can overflow.
let duck: Duck;
let session: Session;
const rows = `SELECT CAST(id % 1000 - 500 AS INTEGER) AS a, CAST(id * 7 % 90 AS BIGINT) AS b, id % 3 AS g,
    CASE WHEN id % 4 = 0 THEN NULL ELSE CAST(id % 50 AS SMALLINT) END AS c, CAST(id % 2 * 2147483600 AS INTEGER) AS high
  FROM range(30000)`;

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2 });
  await duck.run(
    `CREATE TABLE t AS ${rows.replace('FROM range(30000)', 'FROM (SELECT range AS id FROM range(30000))')}`,
  );
  const frame = session.sql(rows).cache();
  await frame.count();
  await frame.createOrReplaceTempView('t');
});

afterAll(async () => {
  await session.stop();
  duck.close();
});

const queries = {
  'over all rows': 'SELECT sum(a + 1) AS x, sum(a + 2) AS y, sum(a - 3) AS z, sum(4 + a) AS w, count(*) AS n FROM t',
  'by group': 'SELECT g, sum(b + 1) AS x, sum(b) AS y, sum(b - 7) AS z, max(a) AS m FROM t GROUP BY g',
  'with nulls': 'SELECT g, sum(c + 1) AS x, sum(c + 2) AS y, sum(c + 3) AS z, count(c) AS n FROM t GROUP BY g',
  'filtered, none left': `SELECT sum(c + 1) FILTER (WHERE a > 900) AS x, sum(c + 2) FILTER (WHERE a > 900) AS y,
    sum(c + 2) FILTER (WHERE a > 90) AS z, sum(c + 5) FILTER (WHERE a > 90) AS w, sum(c + 6) FILTER (WHERE a > 90) AS v FROM t`,
  'behind a join': `SELECT sum(t.a + 1) AS x, sum(t.a + 2) AS y, sum(t.a + 3) AS z FROM t
    JOIN (SELECT DISTINCT b FROM t WHERE b < 9) AS few ON t.b = few.b`,
  'of an expression': 'SELECT sum(a * 2 + 1) AS x, sum(a * 2 + 2) AS y, sum(a * 2 + 3) AS z FROM t WHERE b > 4',
  'no row': 'SELECT sum(a + 1) AS x, sum(a + 2) AS y, sum(a + 3) AS z FROM t WHERE a > 10000',
} as const;

describe('sums of one thing with different numbers added', () => {
  test.for(Object.entries(queries))('%s', async ([, sql]) => {
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(await duck.rows(sql)));
  });

  test('an addition that overflows is an error', async () => {
    const sql = 'SELECT sum(high + 1) AS x, sum(high + 47) AS y, sum(high + 48) AS z FROM t';
    await expect(session.sql(sql).collect()).rejects.toMatchObject({ code: 'ARITHMETIC_OVERFLOW' });
  });

  test('without its overflow the number is right', async () => {
    const [row] = await session
      .sql('SELECT sum(high + 1) AS x, sum(high + 46) AS y, sum(high + 47) AS z FROM t')
      .collect();
    expect(row).toEqual({
      x: 32_212_254_000_000 + 30_000,
      y: 32_212_254_000_000 + 46 * 30_000,
      z: 32_212_254_000_000 + 47 * 30_000,
    });
  });
});
