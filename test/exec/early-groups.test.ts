// Counts and extremes of one side of a join, grouped before it (src/plan/optimize/aggregate-before-join.ts).

import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

const ROWS = 200_000;
/** Keys of sales go beyond those of shops at both ends, and some are null. */
const sales = `SELECT if(id % 101 = 0, NULL, id * 7 % 2300 - 100) AS shop, id % 11 AS kind, id * 13 % 997 AS price,
  if(id % 17 = 0, NULL, id % 400) AS amount, id AS number FROM range(${ROWS})`;
const shops = 'SELECT id AS shop, id % 9 AS region FROM range(2000)';

let session: Session;
let duck: Duck;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '1GB' });
  duck = await Duck.open();
  for (const [name, query] of Object.entries({ sales, shops })) {
    const frame = session.sql(query).cache();
    await frame.count();
    frame.createOrReplaceTempView(name);
    await duck.run(`CREATE TABLE ${name} AS ${query.replaceAll(/\bid\b/g, 'range')}`);
  }
});
afterAll(async () => {
  duck.close();
  await session.stop();
});

const early = {
  'counts of all shops': `SELECT shops.shop, count(amount) AS n FROM shops LEFT JOIN sales ON shops.shop = sales.shop
    GROUP BY shops.shop`,
  'extremes by region': `SELECT region, min(price) AS lo, max(amount) AS hi FROM shops JOIN sales
    ON shops.shop = sales.shop GROUP BY region`,
  'rows of an inner join': `SELECT region, count(*) AS n FROM sales JOIN shops ON shops.shop = sales.shop GROUP BY region`,
  'the other way around': `SELECT region, kind, count(amount) AS n FROM sales RIGHT JOIN shops
    ON sales.shop = shops.shop AND sales.kind = shops.region GROUP BY region, kind`,
  'with a column of each side': `SELECT region + 1 AS r, kind, count(price) AS n, max(price) AS hi FROM shops
    LEFT JOIN sales ON shops.shop = sales.shop GROUP BY region + 1, kind HAVING count(price) > 10`,
  'without groups': `SELECT count(amount) AS n, min(price) AS lo FROM shops JOIN sales ON shops.shop = sales.shop`,
  'none match': `SELECT count(amount) AS n, max(price) AS hi FROM shops LEFT JOIN sales ON shops.shop + 100000 = sales.shop`,
};

/** Not alike before the join: what it adds counts, what it leaves out may fail, a condition reads both sides. */
const late = {
  'rows of an outer join': `SELECT region, count(*) AS n FROM shops LEFT JOIN sales ON shops.shop = sales.shop
    GROUP BY region`,
  'sums of numbers that may overflow': `SELECT region, sum(number) AS s FROM shops JOIN sales ON shops.shop = sales.shop
    GROUP BY region`,
  'another condition': `SELECT region, count(amount) AS n FROM shops JOIN sales
    ON shops.shop = sales.shop AND price > region * 100 GROUP BY region`,
  'different values': `SELECT region, count(DISTINCT kind) AS n FROM shops JOIN sales ON shops.shop = sales.shop
    GROUP BY region`,
  'a group of both sides': `SELECT region + kind AS k, count(amount) AS n FROM shops JOIN sales
    ON shops.shop = sales.shop GROUP BY region + kind`,
  'nearly every row a group': `SELECT region, number, count(amount) AS n FROM shops JOIN sales
    ON shops.shop = sales.shop GROUP BY region, number HAVING number < 50`,
};

/** Operators below the join, in the plan's text. */
async function belowJoin(query: string): Promise<string> {
  const text = await session.sql(query).explain('formatted');
  const plan = text.slice(text.indexOf('== Physical'));
  return plan.slice(plan.indexOf('Join'));
}

describe('grouped before the join', () => {
  test.each(Object.entries(early))('%s', async (_, query) => {
    expect(await belowJoin(query)).toContain('HashAggregate');
    expect(unordered(cellsOf(await session.sql(query).collect()))).toEqual(unordered(await duck.rows(query)));
  });
});

describe('not grouped before the join', () => {
  test.each(Object.entries(late))('%s', async (_, query) => {
    expect(await belowJoin(query)).not.toContain('HashAggregate');
    expect(unordered(cellsOf(await session.sql(query).collect()))).toEqual(unordered(await duck.rows(query)));
  });
});

/** Counts are sorted by as many bits as rows were counted. */
const sorted = [
  'SELECT kind, price, count(*) AS n FROM sales GROUP BY kind, price ORDER BY n DESC, price, kind',
  'SELECT shop, count(amount) AS n FROM sales GROUP BY shop ORDER BY n, shop DESC NULLS LAST',
  `SELECT n, count(*) AS groups FROM (SELECT shop, count(*) AS n FROM sales GROUP BY shop) GROUP BY n
    ORDER BY groups DESC, n DESC`,
  `SELECT region, count(*) AS n FROM sales JOIN shops ON sales.kind = shops.region GROUP BY region ORDER BY n DESC, region`,
];

test.each(sorted)('in the order of counts: %s', async (query) => {
  expect(cellsOf(await session.sql(query).collect())).toEqual(await duck.rows(query));
});
