import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session;
const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-qualified-'));

beforeAll(async () => {
  session = await Session.create({ config: { 'spark.sql.warehouse.dir': warehouse } });
  await session.execute(`
    CREATE DATABASE one; CREATE DATABASE two;
    CREATE TABLE one.t AS SELECT 1 AS a, named_struct('f', 5) AS s;
    CREATE TABLE two.t AS SELECT 2 AS a, named_struct('f', 6) AS s`);
});
afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true, force: true });
});

const rows = async (text: string): Promise<unknown[][]> => {
  const frame = session.sql(text);
  const columns = await frame.columns();
  const named = await frame.toDF(...columns.map((_, i) => `c${i}`)).collect();
  return named.map((row) => Object.values(row as object));
};

describe('columns of tables', () => {
  test('are named through database and catalog', async () => {
    expect(await rows('SELECT one.t.a, two.t.a, spark_catalog.two.t.s.f FROM one.t, two.t')).toEqual([[1, 2, 6]]);
    expect(await rows('SELECT two.t.* FROM one.t, two.t')).toEqual([[2, { f: 6 }]]);
    await expect(rows('SELECT two.t.a FROM one.t')).rejects.toThrow('UNRESOLVED_COLUMN');
  });

  test('of the query around a subquery, too', async () => {
    expect(await rows('SELECT a FROM one.t WHERE EXISTS (SELECT 1 FROM two.t WHERE two.t.a = one.t.a + 1)')).toEqual([
      [1],
    ]);
  });
});

describe('pipes', () => {
  test('see the columns of their input and no others', async () => {
    await expect(rows('TABLE one.t |> SELECT s |> WHERE a = 1')).rejects.toThrow('UNRESOLVED_COLUMN');
    expect(await rows('TABLE one.t |> AS x |> JOIN two.t ON true |> WHERE x.a = 1 |> SELECT x.a')).toEqual([[1]]);
  });

  test('group by positions of the input', async () => {
    const frame = session.sql('VALUES (3, 4), (5, 4) AS tab(x, y) |> AGGREGATE sum(y) GROUP BY 1');
    expect(await frame.columns()).toEqual(['x', 'sum(y)']);
  });
});

test('windows have no place in WHERE', async () => {
  const text = 'SELECT a FROM one.t WHERE row_number() OVER (ORDER BY a) = 1';
  await expect(rows(text)).rejects.toThrow('_LEGACY_ERROR_TEMP_1034');
  expect(await rows('SELECT a FROM one.t QUALIFY row_number() OVER (ORDER BY a) = 1')).toEqual([[1]]);
});

describe('functions over the rows of a task', () => {
  // The numbers are those of Spark's golden files.
  test('draw what Spark draws for a seed', async () => {
    expect(await rows('SELECT rand(0), randn(0), randstr(10, 0), uniform(0, 10, 0), uniform(10, 20.0F, 0)')).toEqual([
      [0.7604953758285915, 1.6034991609278433, 'ceV0PXaR2I', 7, Math.fround(17.604954)],
    ]);
  });

  test('are the same for any number of workers', async () => {
    const texts = ['SELECT sum(rand(7)), max(monotonically_increasing_id()) FROM range(3000000)'];
    const answers: unknown[] = [];
    for (const workers of [1, 3]) {
      const other = await Session.create({ workers });
      answers.push(await other.sql(texts[0] as string).collect());
      await other.stop();
    }
    expect(answers[0]).toEqual(answers[1]);
  });
});

test('nth_value sees the frame, and nulls can be ignored', async () => {
  const text = `SELECT id, nth_value(v, 2) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING),
      nth_value(v, 1) IGNORE NULLS OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING),
      lead(v) IGNORE NULLS OVER (ORDER BY id), lag(v, 1, -1) IGNORE NULLS OVER (ORDER BY id)
    FROM VALUES (1, CAST(NULL AS INT)), (2, 20), (3, NULL), (4, 40) AS t(id, v) ORDER BY id`;
  expect(await rows(text)).toEqual([
    [1, 20, 20, 20, -1],
    [2, 20, 20, 40, -1],
    [3, 20, 20, 40, 20],
    [4, 20, 40, null, 20],
  ]);
});

test('decimals keep their digits when precision may not be lost', async () => {
  const text = 'SELECT 10.300000000000000000 * 3.000000000000000000 AS x';
  expect((await session.sql(text).schema()).simpleString()).toBe('struct<x:decimal(38,34)>');
  const exact = await Session.create({ config: { 'spark.sql.decimalOperations.allowPrecisionLoss': 'false' } });
  expect((await exact.sql(text).schema()).simpleString()).toBe('struct<x:decimal(38,36)>');
  await exact.stop();
});

test('double quotes hold names where the session has it so', async () => {
  const quoted = await Session.create({ config: { 'spark.sql.ansi.doubleQuotedIdentifiers': 'true' } });
  const rows = await quoted.sql(`SELECT "a b" + 1 AS "x y" FROM (SELECT 1 AS "a b") WHERE 'it' = 'it'`).collect();
  expect(rows).toEqual([{ 'x y': 2 }]);
  await quoted.stop();
});
