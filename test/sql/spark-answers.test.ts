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
])('%s', async (text, wanted) => {
  expect(await rows(text)).toEqual(wanted);
});

test.each([
  ["SELECT 1 IN (2, CAST('x' AS int))", 'CAST_INVALID_INPUT'],
  ["SELECT CAST(if(id = 0, 'epoch', 'x') AS timestamp) FROM range(1)", 'CAST_INVALID_INPUT'],
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
