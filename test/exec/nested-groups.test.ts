import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// Groups of groups: what is merged once by the outer keys is not merged again.
let duck: Duck;

/** About 6,000 names of few and of many rows; one has a third of all. */
const table = `SELECT CASE WHEN id % 3 = 0 THEN 'most' WHEN id % 1009 = 5 THEN NULL
    ELSE concat('name ', (id * 7919) % 6007) END AS name,
  CASE WHEN id % 13 = 2 THEN NULL ELSE id % 11 END AS k, CAST((id * 7907) % 50021 AS DOUBLE) / 4 AS x, id % 97 AS y,
  id FROM range(300000)`;

beforeAll(async () => {
  duck = await Duck.open();
  await duck.run(`CREATE TABLE t AS ${table.replace('range(300000)', '(SELECT range AS id FROM range(300000))')}`);
});

afterAll(() => duck.close());

const questions = {
  'distinct values': 'SELECT name, k, count(DISTINCT y) FROM t GROUP BY name, k',
  'distinct values of a double': 'SELECT name, count(DISTINCT x) AS n FROM t GROUP BY name HAVING n > 3',
  'several values': 'SELECT name, k, count(DISTINCT x, y) FROM t GROUP BY name, k',
  'sums of groups':
    'SELECT name, sum(s), max(n) FROM (SELECT name, y, sum(id) AS s, count(*) AS n FROM t GROUP BY name, y) GROUP BY name',
  'other order of keys':
    'SELECT k, name, count(*) FROM (SELECT name, k, y FROM t GROUP BY name, k, y) WHERE y > 7 GROUP BY k, name',
  'three levels':
    'SELECT name, count(*), sum(n) FROM (SELECT name, k, count(*) AS n FROM (SELECT DISTINCT name, k, x FROM t) GROUP BY name, k) GROUP BY name',
  'keys that are not the first': 'SELECT x, count(*) FROM (SELECT name, x FROM t GROUP BY name, x) GROUP BY x',
  'a key that is computed':
    'SELECT upper(name) AS u, count(*) FROM (SELECT name, x FROM t GROUP BY name, x) GROUP BY upper(name)',
} as const;

describe.each([
  ['in memory', '1GB'],
  ['short of memory', '32MB'],
])('groups of groups, %s', (_, memory) => {
  let session: Session;

  beforeAll(async () => {
    session = await Session.create({ workers: 2, memory });
    const frame = session.sql(table);
    await (memory === '1GB' ? frame.repartition(7).cache() : frame).createOrReplaceTempView('t');
  });

  afterAll(() => session.stop());

  test.for(Object.entries(questions))('%s', async ([, sql]) => {
    const plain = sql.replace('DISTINCT x, y', 'DISTINCT struct_pack(x := x, y := y)');
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(await duck.rows(plain)));
  });
});
