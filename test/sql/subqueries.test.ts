import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from '../exec/duckdb.js';

/** Subqueries, lateral joins, grouping sets and recursion beside DuckDB, over tables full of nulls and duplicates. */
const queries: readonly string[] = [
  'select a, b from t1 where b > (select avg(b) from t2 where t2.a = t1.a)',
  'select a, (select count(*) from t2 where t2.a = t1.a) c from t1',
  'select a, (select count(*) + 1 from t2 where t2.a = t1.a and t2.b > 5) c from t1',
  'select a, (select sum(b) from t2 where t2.a < t1.a) c from t1',
  'select a, (select count(*) from t2 where t2.a < t1.a) c from t1',
  'select a, b from t1 where exists (select * from t2 where t2.a = t1.a and t2.b <> t1.b)',
  'select a, b from t1 where not exists (select * from t2 where t2.a = t1.a and t2.b > t1.b)',
  'select a, b from t1 where a in (select a from t2 where t2.s = t1.s)',
  'select a, b from t1 where a not in (select a from t2 where t2.s = t1.s)',
  'select a, b from t1 where a not in (select a from t2 where a is not null)',
  'select a, b from t1 where a not in (select a from t2)',
  'select a, b from t1 where a in (select a from t2) or b > 10',
  'select a, b, a in (select a from t2 where t2.s = t1.s) from t1',
  'select a, b, a not in (select a from t2) from t1',
  'select a, b, exists (select 1 from t2 where t2.a = t1.a and exists (select 1 from t3 where t3.b > t2.b and t3.a = t1.a)) e from t1',
  'select a, (select max(b) from t2 where t2.a = t1.a and t2.b > (select min(b) from t3 where t3.a = t1.a)) m from t1',
  'select s, sum(b) from t1 group by s having sum(b) > (select sum(b) from t2 where t2.s = t1.s)',
  'select s, (select count(*) from t2 where t2.s = t1.s) c from t1 group by s',
  'select a, b from t1 order by (select max(b) from t2 where t2.a = t1.a), b',
  'select a, x.m from t1, lateral (select max(b) m from t2 where t2.a = t1.a) x',
  'select a, x.m from t1, lateral (select b m from t2 where t2.a = t1.a order by b desc limit 1) x',
  'select a, x.m from t1 left join lateral (select b m from t2 where t2.a = t1.a order by b desc limit 2) x on true',
  'select a, (select b from t2 where t2.a = t1.a order by b desc nulls last limit 1) m from t1',
  'select a, (select sum(b) from (select b from t2 where t2.a = t1.a union all select b from t3 where t3.a = t1.a) u) m from t1',
  'select a, (select count(*) from (select distinct s from t2 where t2.a = t1.a) u) m from t1',
  'select a, b from t1 where (select count(*) from t2 where t2.a = t1.a) = 0',
  'select a, b from t1 where b = (select max(b) from t2 where t2.a = t1.a) or b is null',
  'select a, b from t1 where exists (select a from t2 where t2.a = t1.a group by a having count(*) > 2)',
  'select a, b from t1 where exists (select count(*) from t2 where t2.a = t1.a)',
  'select a, b from t1 where b in (select max(b) from t2 where t2.a = t1.a group by s)',
  'select a, b from t1 where (a, b) in (select a, b from t2)',
  'select t1.a, t2.b from t1 join t2 on t1.a = t2.a and t2.b in (select b from t3)',
  'select t1.a, t2.b from t1 left join t2 on t1.a = t2.a and t2.b > (select avg(b) from t3)',
  'select a, (select max(t2.b) from t2 join t3 on t2.a = t3.a where t2.s = t1.s) m from t1',
  'select a, case when exists (select 1 from t2 where t2.a = t1.a) then 1 else 0 end e from t1',
  'select sum(case when a in (select a from t2) then 1 else 0 end) from t1',
  'select a, s, count(*) from t1 group by rollup(a, s)',
  'select a, s, sum(b), grouping(a), grouping(s) from t1 group by cube(a, s)',
  'select a, s, count(*) from t1 group by grouping sets ((a), (s), (a, s), ())',
  'select s, grouping(s) from t1 group by rollup(s) having count(*) > 2',
  'select a, row_number() over (partition by a order by b nulls first, s) r from t1 qualify r = 1',
  'select a, (select rank from (select b, rank() over (order by b nulls first) as rank from t2 where t2.a = t1.a) q order by rank desc limit 1) r from t1',
  'with recursive r(n) as (select 1 union all select n + 1 from r where n < 10) select sum(n) from r',
  'with recursive r(n) as (select 1 union select (n + 1) % 4 from r) select n from r',
  `select * from (values (1, 'a'), (2, 'b')) v(x, y)`,
  'select a, b from t1 where exists (select 1 from t2 where t2.a = t1.a and t2.b in (select b from t3 where t3.s = t1.s))',
];

let session: Session<DefaultValues>;
let duck: Duck;

function tableRows(count: number, seed: number): { a: number | null; b: number | null; s: string }[] {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  return Array.from({ length: count }, () => ({
    a: next(8) === 0 ? null : next(5),
    b: next(7) === 0 ? null : next(20),
    s: 'xyz'[next(3)] as string,
  }));
}

beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
  duck = await Duck.open();
  for (const [i, count] of [12, 15, 8].entries()) {
    const rows = tableRows(count, 7 + i);
    const name = `t${i + 1}`;
    session.createDataFrame(rows).createOrReplaceTempView(name);
    await duck.run(`create table ${name} (a int, b int, s varchar)`);
    const text = rows.map(({ a, b, s }) => `(${a}, ${b}, '${s}')`).join(', ');
    await duck.run(`insert into ${name} values ${text}`);
  }
});
afterAll(async () => {
  await session.stop();
  duck.close();
});

test.each(queries)('%s', async (query) => {
  const mine = cellsOf(await session.sql(query).collect());
  expect(unordered(mine)).toEqual(unordered(await duck.rows(query)));
});

describe('what only one row may give', () => {
  const tooMany = 'SELECT a, (SELECT b FROM t2 WHERE t2.s = t1.s) AS v FROM t1';
  test('a correlated subquery that gives more is an error where a row meets it', async () => {
    await expect(session.sql(tooMany).collect()).rejects.toMatchObject({ code: 'SCALAR_SUBQUERY_TOO_MANY_ROWS' });
  });
  test('and one without correlation always', async () => {
    const query = session.sql('SELECT (SELECT a FROM t1) AS v');
    await expect(query.collect()).rejects.toMatchObject({ code: 'SCALAR_SUBQUERY_TOO_MANY_ROWS' });
  });
  test('rows that no row meets do no harm', async () => {
    const query = "SELECT (SELECT b FROM t2 WHERE t2.s = x.s) AS v FROM (VALUES ('none')) AS x(s)";
    expect(await session.sql(query).collect()).toEqual([{ v: null }]);
  });
});

test('a recursive query that does not end is stopped', async () => {
  const query = 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) AS m FROM r';
  await expect(session.sql(query).collect()).rejects.toMatchObject({ code: 'RECURSION_LEVEL_LIMIT_EXCEEDED' });
});

test('generators in the select list and as lateral views', async () => {
  expect(await session.sql('SELECT x, explode(array(x, 10)) AS y FROM (VALUES (1), (2)) AS v(x)').collect()).toEqual([
    { x: 1, y: 1 },
    { x: 1, y: 10 },
    { x: 2, y: 2 },
    { x: 2, y: 10 },
  ]);
  const outer = 'SELECT x, y FROM (VALUES (1)) AS v(x) LATERAL VIEW OUTER explode(filter(array(x), i -> i > 5)) e AS y';
  expect(await session.sql(outer).collect()).toEqual([{ x: 1, y: null }]);
});

test('several generators of one list: the first is the outermost', async () => {
  const text = 'SELECT explode(array(1, 2)) AS a, posexplode(array(8, 9)) AS (p, b)';
  expect(cellsOf(await session.sql(text).collect())).toEqual([
    ['1', '0', '8'],
    ['1', '1', '9'],
    ['2', '0', '8'],
    ['2', '1', '9'],
  ]);
});

// What Spark refuses, though it has a meaning.
test.each([
  ['SELECT (SELECT sum(b) FROM t2 GROUP BY t1.a) AS v FROM t1', 'CORRELATED_REFERENCE'],
  ['SELECT (SELECT max(b) + t1.a FROM t2) AS v FROM t1', 'CORRELATED_REFERENCE'],
  ['SELECT (SELECT max(t1.a + b) FROM t2) AS v FROM t1', 'AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES'],
  [
    'SELECT t1.a FROM t1 JOIN t2 ON EXISTS (SELECT 1 FROM t2 x WHERE x.a = t1.a AND x.b = t2.b)',
    'UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION',
  ],
  ['SELECT a FROM t1 ORDER BY a IN (SELECT a FROM t2)', 'UNSUPPORTED_IN_EXISTS_SUBQUERY'],
])('%s: %s', async (text, detail) => {
  const code = `UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.${detail}`;
  await expect(session.sql(text).collect()).rejects.toMatchObject({ code });
});

test('grouping by a correlated subquery over a table, and natural joins of columns that are called alike', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sparrow-subqueries-'));
  const own = await Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': folder } });
  await own.execute('CREATE TABLE a (x INT, y STRING); CREATE TABLE b (x INT, y STRING)');
  const query = '(SELECT max(b.x) FROM b WHERE b.x = a.x)';
  const grouped = `SELECT ${query} AS m, count(*) AS n FROM a GROUP BY ${query}`;
  expect(await own.execute(grouped)).toEqual([]);
  await own.execute("INSERT INTO a VALUES (1, 'p'), (2, 'q'), (2, 'r'); INSERT INTO b VALUES (2, 'q')");
  expect(await own.execute(`${grouped} ORDER BY m`)).toEqual([
    { m: null, n: 1 },
    { m: 2, n: 2 },
  ]);
  const natural = own.sql('SELECT * FROM a AS l JOIN a AS r ON l.x = r.x NATURAL JOIN b').toDF('x', 'y', 'x2', 'y2');
  expect(await natural.orderBy('y2').collect()).toEqual([
    { x: 2, y: 'q', x2: 2, y2: 'q' },
    { x: 2, y: 'q', x2: 2, y2: 'r' },
  ]);
  await own.stop();
  rmSync(folder, { recursive: true, force: true });
});
