import { col, type DataFrame, fn, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf, Duck, unordered } from './duckdb.js';

// A frame used twice in one query, or a WITH query read twice: its join is computed once and held.
let duck: Duck;
let session: Session;

const tables = {
  facts: `SELECT id, id % 1009 AS k, id % 97 AS v, id * 7 % 1000 AS w FROM range(60000)`,
  dims: `SELECT id AS dk, id % 5 AS grp, 'name ' || id % 11 AS name FROM range(1009)`,
};

beforeAll(async () => {
  duck = await Duck.open();
  session = await Session.create({ workers: 2, memory: '256MB' });
  for (const [name, sql] of Object.entries(tables)) {
    await duck.run(
      `CREATE TABLE ${name} AS ${sql.replaceAll(/FROM range\((\d+)\)/g, 'FROM (SELECT range AS id FROM range($1))')}`,
    );
    const frame = session.sql(sql).cache();
    await frame.count();
    await frame.createOrReplaceTempView(name);
  }
});

afterAll(async () => {
  await session.stop();
  duck.close();
});

const some = `WITH chosen AS (SELECT id, v, w, name FROM facts JOIN dims ON k = dk WHERE grp = 3 AND w < 100 AND v < 50)`;
const queries = {
  'groups beside the sum over all': `${some} SELECT name, sum(v) AS s FROM chosen GROUP BY name
      HAVING sum(v) * 9 > (SELECT sum(v) FROM chosen)`,
  'rows beside their groups': `${some} SELECT a.id, a.v, b.most FROM chosen a
      JOIN (SELECT name, max(v) AS most FROM chosen GROUP BY name) b ON a.name = b.name AND a.v = b.most`,
  'other columns each time': `${some} SELECT count(*), (SELECT max(w) FROM chosen) AS w, (SELECT min(name) FROM chosen) AS name FROM chosen`,
  'three times, one of them filtered': `${some} SELECT count(*) FROM chosen
      WHERE id IN (SELECT max(id) FROM chosen GROUP BY name) OR v = (SELECT max(v) FROM chosen WHERE name > 'name 3')`,
  'both sides of a union': `${some} SELECT id, v FROM chosen WHERE v > 40 UNION ALL SELECT id, w FROM chosen WHERE w > 90`,
} as const;

describe('parts of a plan that are asked for twice', () => {
  test.for(Object.entries(queries))('%s', async ([, sql]) => {
    expect(unordered(cellsOf(await session.sql(sql).collect()))).toEqual(unordered(await duck.rows(sql)));
  });

  /** Rows beside the sum of their group, by a frame used twice. */
  const beside = (joined: DataFrame): DataFrame =>
    joined
      .join(
        joined.groupBy('grp').agg(fn.sum('v').as('total')).select(col('grp').as('g'), 'total'),
        col('grp').eq(col('g')),
      )
      .agg(fn.count().as('n'), fn.sum('v').as('v'), fn.sum('total').as('total'));

  test('a frame used twice is computed once, and again by the next query', async () => {
    const frame = beside(
      (await session.table('facts'))
        .filter(col('w').lt(100))
        .filter(col('v').lt(40))
        .join(await session.table('dims'), col('k').eq(col('dk'))),
    );
    const text = await frame.explain('analyze');
    expect(text).toMatch(/Shared \d+ \[.*\bv\b.*]/);
    // Where everything goes to disk, nothing is held.
    const times = process.env.SPARROW_MODE === 'spill' ? 2 : 1;
    expect(text.match(/memory > filter.*60000 rows in/g)).toHaveLength(times);
    const [first, second] = [await frame.collect(), await frame.collect()];
    expect(second).toEqual(first);
    expect(unordered(cellsOf(first))).toEqual(
      unordered(
        await duck.rows(`SELECT count(*), sum(v), sum(total) FROM
          (SELECT v, sum(v) OVER (PARTITION BY grp) AS total FROM facts JOIN dims ON k = dk WHERE w < 100 AND v < 40)`),
      ),
    );
  });

  test('what differs from row to row is not held', async () => {
    const random = session
      .range(50_000)
      .join(session.range(10).select(col('id').as('d')), col('id').mod(10).eq(col('d')))
      .filter(fn.rand(1).lt(0.01));
    expect(await random.join(random.agg(fn.count().as('n')), col('n').gt(0), 'cross').explain()).not.toContain(
      'Shared',
    );
  });

  test('rows that take too much memory are computed twice', async () => {
    await using small = await Session.create({ workers: 2, memory: '48MB' });
    const many = small
      .range(1_600_000)
      .filter(col('id').mod(7).eq(0))
      .filter(col('id').mod(5).lt(4))
      .join(small.range(10).select(col('id').as('v'), col('id').mod(3).as('grp')), col('id').mod(10).eq(col('v')));
    expect(await many.count()).toBeGreaterThan(0);
    const frame = beside(many);
    const [row] = await frame.collect();
    expect(row?.n).toBe(await many.count());
  });
});
