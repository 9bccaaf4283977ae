import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What PySpark 4.3.0 refuses, and with which condition; what it takes beside that.

const warehouse = mkdtempSync(join(tmpdir(), 'sparrow-refusals-'));
let session: Session;

beforeAll(async () => {
  session = await Session.create({ workers: 1, config: { 'spark.sql.warehouse.dir': warehouse } });
  await session
    .sql('CREATE TABLE i (t TINYINT, i INT, l BIGINT, d DECIMAL(5,2), a ARRAY<TINYINT>, s STRUCT<x: TINYINT>)')
    .collect();
});
afterAll(async () => {
  await session.stop();
  rmSync(warehouse, { recursive: true, force: true });
});

const run = async (text: string) => (await session.sql(text).collect()).map((row) => Object.values(row));

describe('numbers that a column has no room for', () => {
  test.each([
    ['(t) VALUES (300)', 't', '"INT"', '"TINYINT"'],
    ['(t) SELECT id + 300 FROM range(2)', 't', '"BIGINT"', '"TINYINT"'],
    ['(i, t) VALUES (3000000000, 1)', 'i', '"BIGINT"', '"INT"'],
    ["(i) VALUES (double('NaN'))", 'i', '"DOUBLE"', '"INT"'],
    ['(l) VALUES (1e20)', 'l', '"DOUBLE"', '"BIGINT"'],
    ['(d) VALUES (12345.678)', 'd', '"DECIMAL(8,3)"', '"DECIMAL(5,2)"'],
    ['(a) VALUES (array(300))', 'a', '"ARRAY<INT>"', '"ARRAY<TINYINT>"'],
  ])('INSERT INTO i %s', async (rest, columnName, sourceType, targetType) => {
    await expect(run(`INSERT INTO i ${rest}`)).rejects.toMatchObject({
      condition: 'CAST_OVERFLOW_IN_TABLE_INSERT',
      sqlState: '22003',
      parameters: { sourceType, targetType, columnName: `\`${columnName}\`` },
    });
    expect(await run('SELECT count(*) FROM i')).toEqual([[0]]);
  });

  test("the query's own casts have their own condition", async () => {
    await expect(run('INSERT INTO i (t) SELECT cast(id + 300 AS tinyint) FROM range(1)')).rejects.toMatchObject({
      condition: 'CAST_OVERFLOW',
    });
  });
});

test.each(['VALUES (default + 1)', 'VALUES (array(default))', 'SELECT default + 1', 'SELECT coalesce(default, 1)'])(
  'INSERT INTO i (t) %s: DEFAULT is no part of an expression',
  async (rest) => {
    await expect(run(`INSERT INTO i (t) ${rest}`)).rejects.toMatchObject({ condition: 'DEFAULT_PLACEMENT_INVALID' });
  },
);

describe('UNPIVOT', () => {
  test.each([
    "(1, 'a')",
    "('x', DATE'2020-01-01')",
    "('x', true)",
    "(binary('x'), 'y')",
    "(array(1), array('x'))",
    "(map(1, 'x'), map(1, 2))",
    "(named_struct('x', 1), named_struct('x', 'y'))",
    '(1, true)',
    "(1, DATE'2020-01-01')",
  ])('of %s has no common type', async (values) => {
    const text = `SELECT * FROM VALUES ${values} AS t(a, b) UNPIVOT (v FOR n IN (a, b))`;
    await expect(run(text)).rejects.toMatchObject({ condition: 'UNPIVOT_VALUE_DATA_TYPE_MISMATCH' });
  });

  test.each([
    ['(1, 2L)', [1, 2]],
    ["('x', null)", ['x']],
    ['(array(1), array(2L))', [[1], [2]]],
  ])('of %s has one', async (values, expected) => {
    const text = `SELECT v FROM VALUES ${values} AS t(a, b) UNPIVOT (v FOR n IN (a, b))`;
    expect((await run(text)).flat()).toEqual(expected);
  });
});

test.each(['count(DISTINCT x) OVER ()', 'sum(DISTINCT x) OVER (PARTITION BY x)', 'max(DISTINCT x) OVER (ORDER BY x)'])(
  '%s',
  async (call) => {
    await expect(run(`SELECT ${call} FROM VALUES (1) AS t(x)`)).rejects.toMatchObject({
      condition: 'DISTINCT_WINDOW_FUNCTION_UNSUPPORTED',
    });
  },
);

test.each(['INTERVAL 5 MINUTES', "'5 minutes', INTERVAL '1' MINUTE"])('window(ts, %s)', async (length) => {
  const text = `SELECT window(ts, ${length}) FROM VALUES (TIMESTAMP'2020-01-01 00:01:00') AS t(ts)`;
  await expect(run(text)).rejects.toMatchObject({ condition: '_LEGACY_ERROR_TEMP_1207' });
});
