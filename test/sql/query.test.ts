import { type DefaultValues, Session, SparrowError } from 'sparrow-df';
import { afterAll, beforeAll, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  session
    .createDataFrame([
      { id: 1, city: 'Oslo', amount: 10 },
      { id: 2, city: 'Oslo', amount: 5 },
      { id: 3, city: 'Bonn', amount: 7 },
      { id: 4, city: null, amount: null },
    ])
    .createOrReplaceTempView('sales');
});
afterAll(() => session.stop());

const rows = (text: string): Promise<unknown[]> => session.sql(text).collect();

test('SELECT with every clause', async () => {
  const text = `
    SELECT city, count(*) AS n, sum(amount) AS total
    FROM sales WHERE id < 4 GROUP BY city HAVING sum(amount) > 6 ORDER BY min(id) DESC LIMIT 1 + 1`;
  expect(await rows(text)).toEqual([
    { city: 'Bonn', n: 1, total: 7 },
    { city: 'Oslo', n: 2, total: 15 },
  ]);
});

test('joins, common table expressions, subqueries and set operations', async () => {
  const text = `
    WITH big AS (SELECT * FROM sales WHERE amount > 6), names(city, long) AS (VALUES ('Oslo', 'City of Oslo'))
    SELECT b.id, n.long FROM big b LEFT JOIN names n USING (city)
    UNION ALL SELECT 0, 'none' EXCEPT SELECT 3, null
    ORDER BY id`;
  expect(await rows(text)).toEqual([
    { id: 0, long: 'none' },
    { id: 1, long: 'City of Oslo' },
  ]);
  expect(await rows('SELECT max(x) AS m FROM (SELECT id * 2 AS x FROM sales) AS t')).toEqual([{ m: 8 }]);
});

test('windows by name, and QUALIFY', async () => {
  const text = `
    SELECT id, sum(amount) OVER w AS running FROM sales WHERE city IS NOT NULL
    WINDOW w AS (PARTITION BY city ORDER BY id) QUALIFY row_number() OVER w = 2`;
  expect(await rows(text)).toEqual([{ id: 2, running: 15 }]);
});

test('parameters and frames', async () => {
  const big = session.sql`SELECT id FROM ${session.table('sales')} WHERE amount > ${6} ORDER BY id`;
  expect(await big.collect()).toEqual([{ id: 1 }, { id: 3 }]);
  expect(
    await session.sql('SELECT id FROM sales WHERE city = :city AND id > ?', { city: 'Oslo', 1: 1 }).collect(),
  ).toEqual([{ id: 2 }]);
});

test('a syntax error shows the line and the place', async () => {
  const error = await rows('SELECT id\nFROM sales WHEER id = 1').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(SparrowError);
  expect(error).toMatchObject({ code: 'PARSE_SYNTAX_ERROR', sqlState: '42601' });
  expect((error as Error).message).toContain('FROM sales WHEER id = 1\n                 ^');
});
