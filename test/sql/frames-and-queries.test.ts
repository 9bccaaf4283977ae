import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Every answer here is Apache Spark's (4.x, ANSI).

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB' });
});
afterAll(() => session.stop());

const values = async (text: string): Promise<unknown[][]> =>
  (await session.sql(text).collect()).map((row) => Object.values(row as object));
const codeOf = (text: string) => expect(session.sql(text).collect()).rejects;

describe('RANGE frames', () => {
  test('of months, whose length depends on the date', async () => {
    const text = `SELECT count(*) OVER (ORDER BY d RANGE BETWEEN INTERVAL '1' MONTH PRECEDING AND CURRENT ROW) AS n
      FROM VALUES (date'2024-01-31'), (date'2024-02-29'), (date'2024-03-31'), (date'2024-04-30') AS t(d)`;
    expect(await values(text)).toEqual([[1], [2], [2], [2]]);
  });

  test('of floating numbers, infinite ones and NaN', async () => {
    const text = `SELECT count(*) OVER (ORDER BY x RANGE BETWEEN 'inf' PRECEDING AND 1.5 FOLLOWING) AS n FROM VALUES
      (1.0d), (2.0d), (4d), (double('nan')), (double('inf')), (null) AS t(x) ORDER BY x`;
    expect(await values(text)).toEqual([[1], [2], [2], [3], [0], [1]]);
  });

  test('are named by the interval as it is written', async () => {
    const text = `SELECT count(*) OVER (ORDER BY x RANGE BETWEEN CURRENT ROW AND INTERVAL '1 2' DAY TO HOUR FOLLOWING)
      FROM VALUES (timestamp'2024-01-31 01:00:00') AS t(x)`;
    expect(await session.sql(text).columns()).toEqual([
      "count(1) OVER (ORDER BY x ASC NULLS FIRST RANGE BETWEEN CURRENT ROW AND INTERVAL '1 02' DAY TO HOUR FOLLOWING)",
    ]);
  });

  test('that leave the type of the key, mix units or have no meaning are errors', async () => {
    const over = (frame: string, rows: string): string =>
      `SELECT count(*) OVER (ORDER BY x RANGE BETWEEN ${frame}) FROM VALUES ${rows} AS t(x)`;
    const wide = over('1 PRECEDING AND 1 FOLLOWING', '(9223372036854775807)');
    await codeOf(wide).toMatchObject({ code: 'ARITHMETIC_OVERFLOW' });
    const mixed = over("INTERVAL '1' MONTH PRECEDING AND INTERVAL '1' DAY FOLLOWING", "(timestamp'2024-01-31')");
    await codeOf(mixed).toMatchObject({ code: 'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_DIFF_TYPES' });
    const text = over('1 PRECEDING AND 1 FOLLOWING', "('a')");
    await codeOf(text).toMatchObject({ code: 'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE' });
  });
});

describe('queries in queries', () => {
  test('the same subquery is one expression to group by', async () => {
    const inner = '(SELECT max(x) FROM VALUES (1), (2) AS d(x) WHERE d.x = e.y)';
    const text = `SELECT ${inner} AS a, sum(y) AS s FROM VALUES (1), (1), (3) AS e(y) GROUP BY ${inner} ORDER BY s`;
    expect(await values(text)).toEqual([
      [1, 2],
      [null, 3],
    ]);
  });

  test('random numbers of a WITH query are the same wherever it is named', async () => {
    const text = `WITH q AS (SELECT rand() AS x FROM range(1, 5)) SELECT x FROM q UNION SELECT x FROM q`;
    expect(await values(text)).toHaveLength(4);
  });

  test('a recursion that LIMIT ends', async () => {
    const text = 'WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT n FROM t LIMIT 3 OFFSET 1';
    expect(await values(text)).toEqual([[2], [3], [4]]);
  });

  test.each([
    ['WITH RECURSIVE x(n) AS (SELECT n FROM x) SELECT * FROM x', 'INVALID_RECURSIVE_CTE'],
    [
      'WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1L FROM x) SELECT * FROM x',
      'CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE',
    ],
    [
      'WITH RECURSIVE x(n) AS (SELECT 1L UNION ALL SELECT sum(n) FROM x) SELECT * FROM x',
      'INVALID_RECURSIVE_REFERENCE.PLACE',
    ],
    [
      'SELECT * FROM VALUES (1) AS t(a), LATERAL (SELECT a + rand(0))',
      'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.NON_DETERMINISTIC_LATERAL_SUBQUERIES',
    ],
  ])('%s is refused', async (text, code) => {
    await codeOf(text).toMatchObject({ code });
  });

  test('a name of WITH inside WITH, where the session says that it must not have two meanings', async () => {
    const text = 'WITH t AS (SELECT 1 AS a), u AS (WITH t AS (SELECT 2 AS a) SELECT * FROM t) SELECT * FROM u';
    expect(await values(text)).toEqual([[2]]);
    session.conf.set('spark.sql.legacy.ctePrecedencePolicy', 'EXCEPTION');
    try {
      await codeOf(text).toMatchObject({ code: 'AMBIGUOUS_ALIAS_IN_NESTED_CTE' });
      const relation = 'WITH t AS (SELECT 1 AS a) SELECT * FROM (WITH t AS (SELECT 2 AS a) SELECT * FROM t)';
      expect(await values(relation)).toEqual([[2]]);
    } finally {
      session.conf.unset('spark.sql.legacy.ctePrecedencePolicy');
    }
  });

  test('a key that NATURAL JOIN left out can be sorted by over groups', async () => {
    const text = `SELECT sum(v) AS s FROM VALUES (1, 5), (2, 3) AS a(k, v) NATURAL JOIN VALUES (1, 5), (2, 3) AS b(k, v)
      GROUP BY a.k ORDER BY max(b.v)`;
    expect(await values(text)).toEqual([[3], [5]]);
  });
});

test('structs are compared without their names', async () => {
  const text = `SELECT struct(1 AS a) = struct(1 AS b), struct(1 AS a) IN (struct(1 AS b)), (1, 2.5) IN ((3, 4.5), (1, 2.5))`;
  expect(await values(text)).toEqual([[true, true, true]]);
  await codeOf('SELECT coalesce(struct(1 AS a), struct(1 AS b))').toMatchObject({
    code: 'DATATYPE_MISMATCH.DATA_DIFF_TYPES',
  });
});
