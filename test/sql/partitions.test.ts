import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';

// Each answer is what PySpark 4.0.1 gives for the same statements in the same order, without Hive.

const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-partitions-'));
const session = await Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': warehouse } });

afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true, force: true });
});

const run = async (text: string) => (await session.sql(text).collect()).map((row) => Object.values(row));
const failure = async (text: string): Promise<unknown> => {
  try {
    await run(text);
  } catch (error) {
    return (error as { condition?: string }).condition;
  }
  return 'no error';
};
const partitions = async () => (await run('SHOW PARTITIONS p')).flat();
const ids = async () => (await run('SELECT a FROM p ORDER BY a')).flat();

const START = ['b=1/c=x', 'b=1/c=y', 'b=2/c=x', 'b=3/c=__HIVE_DEFAULT_PARTITION__', 'b=__HIVE_DEFAULT_PARTITION__/c=z'];

beforeEach(async () => {
  await run('DROP TABLE IF EXISTS p');
  await run('CREATE TABLE p (a INT, b INT, c STRING) USING parquet PARTITIONED BY (b, c)');
  await run("INSERT INTO p VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x'), (4, NULL, 'z'), (5, 3, NULL)");
});

test('SHOW PARTITIONS', async () => {
  expect(await partitions()).toEqual(START);
  expect(await run('SHOW PARTITIONS p PARTITION (B = 1)')).toEqual([['b=1/c=x'], ['b=1/c=y']]);
  expect(await run("SHOW PARTITIONS default.p PARTITION (c = 'x')")).toEqual([['b=1/c=x'], ['b=2/c=x']]);
  expect(await run("SHOW PARTITIONS p PARTITION (c = 'x', b = '1')")).toEqual([['b=1/c=x']]);
  expect(await run('SHOW PARTITIONS p PARTITION (b = 9)')).toEqual([]);
});

describe('ALTER TABLE … DROP PARTITION', () => {
  test('drops what is named whole', async () => {
    await run("ALTER TABLE p DROP PARTITION (b = 1, c = 'x')");
    expect(await ids()).toEqual([2, 3, 4, 5]);
    await run("ALTER TABLE p DROP IF EXISTS PARTITION (b = 1, c = 'x'), PARTITION (b = 2)");
    expect(await ids()).toEqual([2, 3, 4, 5]);
    await run("ALTER TABLE p DROP PARTITION (b = 2, c = 'x'), PARTITION (b = null, c = 'z') PURGE");
    await run("ALTER TABLE p DROP PARTITION (b = 3, c = '__HIVE_DEFAULT_PARTITION__')");
    expect(await partitions()).toEqual(['b=1/c=y']);
    expect(await ids()).toEqual([2]);
    // Nothing is left beside the table.
    expect(readdirSync(warehouse).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  test.each([
    ["b = 1, c = 'q'", 'PARTITIONS_NOT_FOUND'],
    ['b = 1', 'PARTITIONS_NOT_FOUND'],
    ['c = null', 'PARTITIONS_NOT_FOUND'],
    ['a = 1', 'PARTITIONS_NOT_FOUND'],
    ['zz = 1', 'PARTITIONS_NOT_FOUND'],
    ["b = 1, c = 'x'), PARTITION (b = 9, c = 'x'", 'PARTITIONS_NOT_FOUND'],
    ["b = 'abc', c = 'x'", 'CAST_INVALID_INPUT'],
    ["b = 2.0, c = 'x'", 'CAST_INVALID_INPUT'],
    ["b = 1 + 0, c = 'x'", 'PARSE_SYNTAX_ERROR'],
    ['b > 1', 'PARSE_SYNTAX_ERROR'],
    ['b', 'INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE'],
    ['b = 1, b = 2', 'DUPLICATE_KEY'],
  ])('PARTITION (%s) is an error and drops nothing', async (spec, condition) => {
    expect(await failure(`ALTER TABLE p DROP PARTITION (${spec})`)).toBe(condition);
    expect(await partitions()).toEqual(START);
  });

  test('what is behind a link is not touched', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'sparrow-outside-'));
    try {
      mkdirSync(join(outside, 'c=x'));
      writeFileSync(join(outside, 'c=x', 'kept.txt'), 'kept');
      symlinkSync(outside, join(warehouse, 'p', 'b=8'));
      expect(await failure("ALTER TABLE p DROP PARTITION (b = 8, c = 'x')")).toBe('INVALID_PATH');
      rmSync(join(warehouse, 'p', 'b=8'));
      symlinkSync(join(outside, 'c=x'), join(warehouse, 'p', 'b=2', 'c=w'));
      await run("ALTER TABLE p DROP PARTITION (b = 2, c = 'w')");
      expect(existsSync(join(outside, 'c=x', 'kept.txt'))).toBe(true);
      expect(await partitions()).toEqual(START);
      expect(await failure("ALTER TABLE p DROP PARTITION (b = 1, c = '../../x')")).toBe('PARTITIONS_NOT_FOUND');
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});

test('ADD, RENAME, TRUNCATE and RECOVER', async () => {
  await run("ALTER TABLE p ADD PARTITION (b = 7, c = 'q')");
  expect(await failure("ALTER TABLE p ADD PARTITION (b = 7, c = 'q')")).toBe('PARTITIONS_ALREADY_EXIST');
  await run("ALTER TABLE p ADD IF NOT EXISTS PARTITION (b = 7, c = 'q') PARTITION (c = 'a/b=c', b = '8')");
  expect((await partitions()).slice(4, 6)).toEqual(['b=7/c=q', 'b=8/c=a%2Fb%3Dc']);
  expect(await failure('ALTER TABLE p ADD PARTITION (b = 7)')).toBe('_LEGACY_ERROR_TEMP_1232');
  expect(await failure("ALTER TABLE p ADD PARTITION (b = 7, c = '')")).toBe('_LEGACY_ERROR_TEMP_1076');
  expect(await failure('ALTER TABLE p ADD PARTITION (b = 7, zz = 1)')).toBe('PARTITIONS_NOT_FOUND');
  await run("ALTER TABLE p PARTITION (b = 2, c = 'x') RENAME TO PARTITION (b = 20, c = 'w')");
  expect(await run("SELECT a FROM p WHERE b = 20 AND c = 'w'")).toEqual([[3]]);
  const taken = "ALTER TABLE p PARTITION (b = 20, c = 'w') RENAME TO PARTITION (b = 1, c = 'x')";
  expect(await failure(taken)).toBe('PARTITIONS_ALREADY_EXIST');
  await run("TRUNCATE TABLE p PARTITION (b = 20, c = 'w')");
  await run('TRUNCATE TABLE p PARTITION (b = 1)');
  await run('TRUNCATE TABLE p PARTITION (b = 100)');
  expect(await failure("TRUNCATE TABLE p PARTITION (b = 100, c = 'x')")).toBe('PARTITIONS_NOT_FOUND');
  expect(await ids()).toEqual([4, 5]);
  expect((await partitions()).slice(0, 3)).toEqual(['b=1/c=x', 'b=1/c=y', 'b=20/c=w']);
  await run('MSCK REPAIR TABLE p');
  await run('ALTER TABLE p RECOVER PARTITIONS');
});

test.each([
  ['SHOW PARTITIONS np', 'INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY'],
  ['ALTER TABLE np DROP PARTITION (a = 1)', '_LEGACY_ERROR_TEMP_1251'],
  ['ALTER TABLE np ADD PARTITION (a = 1)', '_LEGACY_ERROR_TEMP_1251'],
  ['TRUNCATE TABLE np PARTITION (a = 1)', '_LEGACY_ERROR_TEMP_1267'],
  ['MSCK REPAIR TABLE np', 'NOT_A_PARTITIONED_TABLE'],
  ['SHOW PARTITIONS pv', 'EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE'],
  ['ALTER TABLE tv DROP PARTITION (a = 1)', 'EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE'],
  ['ALTER TABLE nosuch DROP PARTITION (a = 1)', 'TABLE_OR_VIEW_NOT_FOUND'],
  ["INSERT INTO p PARTITION (b = 5) VALUES (7, 'v')", '_LEGACY_ERROR_TEMP_1169'],
  ["INSERT INTO p PARTITION (c = 'v', b) VALUES (7, 8)", '_LEGACY_ERROR_TEMP_1147'],
  ["INSERT INTO p PARTITION (b = 'abc', c = 'w') VALUES (70)", 'CAST_INVALID_INPUT'],
  ['INSERT INTO p PARTITION (zz = 5) VALUES (7)', 'PARTITIONS_NOT_FOUND'],
  [
    "INSERT INTO p BY NAME SELECT 'cn' AS c, 1 AS b, 3 AS a, 5 AS d",
    'INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS',
  ],
  ['CREATE TABLE ct (a INT, k INT) PARTITIONED BY (a, k)', 'ALL_PARTITION_COLUMNS_NOT_ALLOWED'],
  ['CREATE TABLE ct (a INT, k INT) PARTITIONED BY (k, k)', 'COLUMN_ALREADY_EXISTS'],
])('%s', async (text, condition) => {
  await run('CREATE TABLE IF NOT EXISTS np (a INT)');
  await run('CREATE OR REPLACE TEMPORARY VIEW tv AS SELECT 1 AS a');
  await run('CREATE OR REPLACE VIEW pv AS SELECT 1 AS a');
  expect(await failure(text)).toBe(condition);
});
