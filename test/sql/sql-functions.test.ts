import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-functions-'));
const open = (): Promise<Session<DefaultValues>> =>
  Session.create({ workers: 1, memory: '256MB', config: { 'spark.sql.warehouse.dir': warehouse } });

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await open();
  await session.execute(`
    CREATE FUNCTION area(x DOUBLE, y DOUBLE DEFAULT 2) RETURNS DOUBLE COMMENT 'of a rectangle' RETURN x * y;
    CREATE TEMPORARY FUNCTION below(k BIGINT) RETURNS STRING RETURN SELECT concat('v', max(id)) FROM range(9) WHERE id < k;
    CREATE FUNCTION between_ids(a INT, b INT DEFAULT 3) RETURNS TABLE (n BIGINT, s STRING)
      RETURN SELECT id, concat('r', a) FROM range(10) WHERE id BETWEEN a AND b`);
});
afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true });
});

const rows = async (text: string): Promise<unknown[][]> =>
  (await session.sql(text).collect()).map((row) => Object.values(row as object));
const codeOf = (text: string): Promise<string> =>
  session.execute(text).then(
    () => 'none',
    (error) => error.code,
  );

// Answers, names and errors are Apache Spark's (4.0, ANSI).
describe('functions written in SQL', () => {
  test('name their columns by what the call gave', async () => {
    const frame = session.sql('SELECT below(1), area(3), area(y => 5, x => 2), sum(area(id, id)) FROM range(3)');
    expect(await frame.columns()).toEqual([
      'below(1)',
      'spark_catalog.default.area(3)',
      'spark_catalog.default.area(2, 5)',
      'sum(spark_catalog.default.area(id, id))',
    ]);
  });

  test('give a value, arguments by place, by name and left out', async () => {
    expect(
      await rows('SELECT area(3) AS a, area(3, 4) AS b, area(y => 5, x => 2) AS c, default.area(1, 1) AS d'),
    ).toEqual([[6, 12, 10, 1]]);
    expect(await rows('SELECT id FROM range(5) WHERE area(id) > 4')).toEqual([[3], [4]]);
  });

  test('stand where any expression stands: within aggregates, around them, as groups', async () => {
    expect(await rows('SELECT sum(area(id, id)) AS a, area(sum(id), 1) AS b FROM range(3)')).toEqual([[5, 3]]);
    const groups = 'SELECT area(id % 2) AS a, count(*) AS n FROM range(3) GROUP BY area(id % 2) ORDER BY area(id % 2)';
    expect(await rows(groups)).toEqual([
      [0, 2],
      [2, 1],
    ]);
  });

  test('a body may be a query that reads the parameters', async () => {
    expect(await rows('SELECT below(id) AS b FROM range(3)')).toEqual([[null], ['v0'], ['v1']]);
    expect(await rows('SELECT below(max(id)) AS b FROM range(4)')).toEqual([['v2']]);
  });

  test('an argument that is another value each time is computed once', async () => {
    await session.execute('CREATE OR REPLACE TEMPORARY FUNCTION zero(x DOUBLE) RETURNS DOUBLE RETURN x - x');
    expect(await rows('SELECT max(abs(zero(rand()))) AS z FROM range(100)')).toEqual([[0]]);
  });

  test('names of the query around are not seen by the body, nor those of WITH', async () => {
    await session.execute("CREATE OR REPLACE TEMP VIEW v AS SELECT 'view' AS w");
    await session.execute('CREATE OR REPLACE TEMPORARY FUNCTION of_view() RETURNS STRING RETURN (SELECT w FROM v)');
    expect(await rows("WITH v AS (SELECT 'with' AS w) SELECT of_view() AS a, w FROM v")).toEqual([['view', 'with']]);
    expect(await codeOf('CREATE FUNCTION bad(x INT) RETURNS INT RETURN y')).toBe('UNRESOLVED_COLUMN');
  });

  test('give tables, also for each row of another', async () => {
    expect(await rows('SELECT * FROM between_ids(2)')).toEqual([
      [2, 'r2'],
      [3, 'r2'],
    ]);
    expect(await rows('SELECT t.a, t.b FROM between_ids(b => 5, a => 5) AS t(a, b)')).toEqual([[5, 'r5']]);
    expect(await rows('SELECT r.id, f.n FROM range(2) r, LATERAL between_ids(r.id, r.id + 1) f ORDER BY 1, 2')).toEqual(
      [
        [0, 0],
        [0, 1],
        [1, 1],
        [1, 2],
      ],
    );
  });

  test('those of a database are found by other sessions; temporary ones are not', async () => {
    const other = await open();
    try {
      expect(await other.sql('SELECT area(4) AS a').collect()).toEqual([{ a: 8 }]);
      await expect(other.sql('SELECT below(1)').collect()).rejects.toMatchObject({ code: 'UNRESOLVED_ROUTINE' });
    } finally {
      await other.stop();
    }
  });

  test('are listed and described', async () => {
    expect(await rows("SHOW USER FUNCTIONS LIKE 'a*'")).toEqual([['spark_catalog.default.area']]);
    expect((await rows('DESCRIBE FUNCTION area')).join('\n')).toContain('y DOUBLE DEFAULT 2');
    expect(session.catalog.functionExists('area')).toBe(true);
    expect(await session.catalog.getFunction('area')).toEqual({
      name: 'area',
      description: 'of a rectangle',
      isTemporary: false,
    });
  });

  test.each([
    ['SELECT area()', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION'],
    ['SELECT area(y => 1)', 'REQUIRED_PARAMETER_NOT_FOUND'],
    ['SELECT area(1, 2, 3)', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION'],
    ['CREATE FUNCTION area(x INT) RETURNS INT RETURN x', 'ROUTINE_ALREADY_EXISTS'],
    ['CREATE FUNCTION bad(x INT, x INT) RETURNS INT RETURN 1', 'DUPLICATE_ROUTINE_PARAMETER_NAMES'],
    ['CREATE FUNCTION bad(x INT) RETURNS INT RETURN sum(x)', 'USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS'],
    [
      'CREATE FUNCTION bad() RETURNS TABLE (a INT) RETURN SELECT 1, 2',
      'USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH',
    ],
    ['SELECT between_ids(1)', 'UNRESOLVED_ROUTINE'],
    ['SELECT * FROM area(1)', 'UNRESOLVABLE_TABLE_VALUED_FUNCTION'],
    ['DROP FUNCTION nowhere', 'UNRESOLVED_ROUTINE'],
    ['DROP TEMPORARY FUNCTION nowhere', 'ROUTINE_NOT_FOUND'],
    ['CREATE TEMPORARY FUNCTION abs(x INT) RETURNS INT RETURN 1', 'ROUTINE_ALREADY_EXISTS'],
    ['DROP FUNCTION abs', '_LEGACY_ERROR_TEMP_1017'],
    ['DROP FUNCTION IF EXISTS nowhere', 'none'],
  ])('%s: %s', async (text, code) => {
    expect(await codeOf(text)).toBe(code);
  });

  test('a function that comes to call itself says so', async () => {
    await session.execute('CREATE FUNCTION one(x INT) RETURNS INT RETURN x + 1');
    await session.execute('CREATE OR REPLACE FUNCTION two(x INT) RETURNS INT RETURN one(x)');
    await session.execute('DROP FUNCTION one');
    await session.execute('CREATE TEMPORARY FUNCTION one(x INT) RETURNS INT RETURN x');
    expect(await rows('SELECT two(1) AS t')).toEqual([[1]]);
    expect(await codeOf('CREATE OR REPLACE TEMPORARY FUNCTION one(x INT) RETURNS INT RETURN two(x)')).toBe('none');
    expect(await codeOf('SELECT two(1)')).toBe('RECURSIVE_VIEW');
  });
});
