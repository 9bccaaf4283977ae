import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What Spark 4 answered.
let session: Session;
beforeAll(async () => {
  session = (await Session.create({ workers: 1, timeZone: 'America/Los_Angeles' })) as Session;
});
afterAll(async () => {
  await session.stop();
});

const rows = async (text: string): Promise<unknown[][]> => {
  const frame = session.sql(text);
  const columns = await frame.columns();
  const texts = columns.map((_, i) => `CAST(c${i} AS STRING) AS c${i}`);
  return (
    await frame
      .toDF(...columns.map((_, i) => `c${i}`))
      .selectExpr(...texts)
      .collect()
  ).map(Object.values);
};

test.each([
  ["SELECT CAST('epoch' AS timestamp), to_timestamp(' Epoch ')", [['1969-12-31 16:00:00', '1969-12-31 16:00:00']]],
  ["SELECT CAST('epoch' AS date), to_date('epoch')", [['1970-01-01', '1970-01-01']]],
  ["SELECT date('now') = current_date(), CAST('now' AS timestamp_ntz) IS NULL", [['true', 'false']]],
  ["SELECT try_cast('epoch' AS timestamp)", [['1969-12-31 16:00:00']]],
  ["SELECT CAST('tomorrow' AS date) > current_date(), date'yesterday' < current_date()", [['true', 'true']]],
  ["SELECT timestamp'1970-01-01 00:00:00' > 'epoch'", [['true']]],
  ['SELECT 1 from', [['1']]],
  ['SELECT (SELECT 1 from), 2 AS from', [['1', '2']]],
  ["SELECT 1 IN (1, CAST('x' AS int)), 1 IN (null, 1, CAST('x' AS int))", [['true', 'true']]],
  [
    'SELECT explode(array(array(0), array(1))) AS arr, explode(arr) AS col',
    [
      ['[0]', '0'],
      ['[1]', '1'],
    ],
  ],
  [
    "SELECT id, posexplode(arr) AS (i, v), i + 1, v FROM (VALUES (42, array('a', 'b'))) AS t(id, arr)",
    [
      ['42', '0', 'a', '1', 'a'],
      ['42', '1', 'b', '2', 'b'],
    ],
  ],
  [
    'SELECT explode(array(1, 2)) AS c, c + 1 AS d',
    [
      ['1', '2'],
      ['2', '3'],
    ],
  ],
  ["SELECT date_format(timestamp'1969-07-04 00:00:00', 'z zzzz')", [['PDT Pacific Daylight Time']]],
  ["SELECT date_format(timestamp'1943-07-04 00:00:00', 'z zzzz')", [['PDT Pacific Daylight Time']]],
  ["SELECT date_format(timestamp'1883-07-04 00:00:00', 'z zzzz')", [['PST Pacific Standard Time']]],
  ['SELECT 1st, t.2024_x, 1e2x FROM (SELECT 1 AS 1st, 2 AS 2024_x, 3 AS 1e2x) AS t', [['1', '2', '3']]],
  ["SELECT IDENTIFIER('t.' || 'a'), IDENTIFIER('abs')(-5) AS IDENTIFIER('x') FROM (SELECT 1 AS a) AS t", [['1', '5']]],
  ["SELECT * FROM IDENTIFIER('range')(2)", [['0'], ['1']]],
  ["SELECT IDENTIFIER('`a b`') FROM (SELECT 1 AS `a b`)", [['1']]],
  ['SELECT identifier FROM (SELECT 1 AS identifier)', [['1']]],
  ["EXECUTE IMMEDIATE 'SELECT IDENTIFIER(:c) FROM IDENTIFIER(:t)(1)' USING 'id' AS c, 'range' AS t", [['0']]],
  ['SELECT count(* EXCEPT (a)), count(*) FROM VALUES (1, null), (2, 3) AS t(a, b)', [['1', '2']]],
  ["SELECT count(s.*) FROM (SELECT named_struct('a', 1, 'b', 2) AS s)", [['1']]],
  [
    'SELECT typeof(lag(d, 1, 0) OVER (ORDER BY d)) FROM VALUES (CAST(1.25 AS decimal(5, 2))) AS t(d)',
    [['decimal(5,2)']],
  ],
  ['SELECT lag(id, 1, 2.5) OVER (ORDER BY id) FROM range(2)', [['2'], ['0']]],
  [
    'WITH c AS (SELECT a, a FROM VALUES (1) AS t(a) UNION ALL SELECT a, a FROM VALUES (2) AS t(a)) SELECT a FROM c',
    [['1'], ['2']],
  ],
])('%s', async (text, wanted) => {
  expect(await rows(text)).toEqual(wanted);
});

test.each([
  ["SELECT 1 IN (2, CAST('x' AS int))", 'CAST_INVALID_INPUT'],
  ["SELECT CAST(if(id = 0, 'epoch', 'x') AS timestamp) FROM range(1)", 'CAST_INVALID_INPUT'],
  ['SELECT count(t.*) FROM range(1) AS t', '_LEGACY_ERROR_TEMP_1021'],
  ["SELECT mode(id, 'true') FROM range(1)", 'UNEXPECTED_INPUT_TYPE'],
  ['SELECT 1e400', 'INVALID_NUMERIC_LITERAL_RANGE'],
  ["SELECT to_timestamp_ntz('22 05 2020 Friday', 'dd MM yyyy EEEEE')", 'INVALID_DATETIME_PATTERN.WITH_SUGGESTION'],
  ["SELECT * FROM IDENTIFIER('nosuch')", 'TABLE_OR_VIEW_NOT_FOUND'],
  ["SELECT to_binary('abc', 1)", 'DATATYPE_MISMATCH.INVALID_ARG_VALUE'],
  ['SELECT * FROM range(3) GROUP BY 1', 'STAR_GROUP_BY_POS'],
  ["SELECT date_format(timestamp'2020-01-01 00:00:00', 'V')", 'INVALID_DATETIME_PATTERN.WITH_SUGGESTION'],
  ["SELECT date_format(timestamp'2020-01-01 00:00:00', 'CA')", 'INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER'],
  ['SELECT explode(array(1)) AS c, c + 1 AS d, count(*)', 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION'],
])('%s: %s', async (text, code) => {
  await expect(session.sql(text).collect()).rejects.toMatchObject({ code });
});

test('settings of older forms', async () => {
  await using other = await Session.create({
    workers: 1,
    config: {
      'spark.sql.legacy.negativeIndexInArrayInsert': 'true',
      'spark.sql.parser.singleCharacterPipeOperator.enabled': 'false',
    },
  });
  expect(await other.sql('SELECT array_insert(array(1, 3, 4), -2, 2) AS a').collect()).toEqual([{ a: [1, 2, 3, 4] }]);
  const byColumn = other.sql('SELECT array_insert(array(1, 3, 4), CAST(id AS INT), 2) AS a FROM range(-3, 0)');
  expect((await byColumn.collect()).map((row) => row.a)).toEqual([
    [2, 1, 3, 4],
    [1, 2, 3, 4],
    [1, 3, 2, 4],
  ]);
  expect(await other.sql('SELECT a | extend AS b FROM VALUES (1, 4) AS t(a, extend)').collect()).toEqual([{ b: 5 }]);
});

describe('a table that is not there', () => {
  test('is told how to register one, where none is', async () => {
    await expect(session.sql('SELECT * FROM salse').collect()).rejects.toMatchObject({
      code: 'TABLE_OR_VIEW_NOT_FOUND',
      hint: expect.stringContaining('nothing is registered yet'),
    });
  });

  test('is told of the queries of WITH', async () => {
    const text = 'WITH sales AS (SELECT 1 AS a) SELECT * FROM salse';
    await expect(session.sql(text).collect()).rejects.toMatchObject({ candidates: ['sales'] });
  });
});

test('TIMESTAMP of schemas without a zone, where the session has it so', async () => {
  await using other = await Session.create({ workers: 1, timestampType: 'ntz' });
  const text = `SELECT typeof(from_json('{"t":"26/10/2015"}', 't Timestamp', map('timestampFormat', 'dd/MM/yyyy'))) AS a,
    from_json('{"t":"26/October/2015"}', 't Timestamp', map('timestampNTZFormat', 'dd/MMMMM/yyyy')).t AS b,
    typeof(from_csv('2015-10-26', 't Timestamp, u Timestamp_ntz')) AS c`;
  const types = ['struct<t:timestamp_ntz>', 'struct<t:timestamp_ntz,u:timestamp_ntz>'];
  expect(await other.sql(text).collect()).toEqual([{ a: types[0], b: null, c: types[1] }]);
});

test('IDENTIFIER names what variables and parameters spell', async () => {
  await session.execute(
    "DECLARE OR REPLACE which STRING DEFAULT 'some'; CREATE OR REPLACE TEMP VIEW IDENTIFIER(which) AS SELECT 7 AS a",
  );
  expect(await rows("SELECT IDENTIFIER(which || '.a') FROM IDENTIFIER(which)")).toEqual([['7']]);
  const named = session.sql('SELECT IDENTIFIER(:column) AS n FROM IDENTIFIER(:table)', { column: 'a', table: 'some' });
  expect(await named.collect()).toEqual([{ n: 7 }]);
  expect(await session.sql`SELECT a FROM IDENTIFIER(${'some'})`.collect()).toEqual([{ a: 7 }]);
  await session.execute("DROP VIEW IDENTIFIER('some')");
});
