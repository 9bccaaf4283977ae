import { col, fn, lit, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session;

beforeAll(async () => {
  session = await Session.create();
  session.range(0, 3).selectExpr('id AS k', 'id * 10 AS v').createOrReplaceTempView('one');
  session.range(1, 4).selectExpr('id AS k', 'id * 100 AS w').createOrReplaceTempView('two');
});
afterAll(() => session.stop());

/** The names of a query's columns. */
const namesOf = async (text: string): Promise<readonly string[]> => (await session.sql(text).schema()).fieldNames();

// The names are those of Spark's golden files, or of PySpark 4.0.1.
describe('columns are called as in Spark', () => {
  test.each([
    ['SELECT 20181117 << 2', '(20181117 << 2)'],
    ['SELECT 3 * INTERVAL 1 DAY', "(INTERVAL '1' DAY * 3)"],
    ["SELECT mask('AbC')", 'mask(AbC, X, x, n, NULL)'],
    ["SELECT to_char(DATE'2023-08-18', 'yyyy')", "date_format(DATE '2023-08-18', yyyy)"],
    [
      'SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY v) FROM one',
      'percentile_cont(0.25) WITHIN GROUP (ORDER BY v)',
    ],
    [
      'SELECT first(v) OVER (ORDER BY k RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING) FROM one',
      'first(v) OVER (ORDER BY k ASC NULLS FIRST RANGE BETWEEN (- 2) FOLLOWING AND 2 FOLLOWING)',
    ],
  ])('%s', async (text, name) => {
    expect(await namesOf(text)).toEqual([name]);
  });
});

// Each alias as PySpark 4.0.1 shows it, in SQL and through its functions.
test.each([
  ['mean(v), first(v, true), approx_count_distinct(v, 0.05)', 'mean(v) first(v) approx_count_distinct(v)'],
  ["log(2), round(2.5), char(65), dayofmonth('x')", 'LOG(E(), 2) round(2.5, 0) char(65) dayofmonth(x)'],
  ["trim('a', 'b'), ltrim('a', 'b')", 'TRIM(BOTH a FROM b) TRIM(LEADING a FROM b)'],
  ["locate('a', 'b'), sentences('a'), current_database()", 'locate(a, b, 1) sentences(a, , ) current_schema()'],
])('SELECT %s names %s', async (list, names) => {
  expect((await namesOf(`SELECT ${list} FROM one`)).join(' ')).toBe(names);
});
test('functions of the API name columns by the alias they were called by', async () => {
  const frame = session.table('one');
  const value = fn.every(col('v').gt(0)).and(fn.some(col('v').gt(0)));
  const aggregates = [fn.mean('v'), fn.std('v'), fn.varSamp('v'), fn.firstValue('v'), value];
  const columns = [fn.log('v'), fn.pow('v', 'v'), fn.charLength('v'), fn.trim('v', lit('0'))];
  expect(await frame.agg(...aggregates).columns()).toEqual(
    ['mean', 'std', 'var_samp', 'first_value']
      .map((name) => `${name === 'mean' ? 'avg' : name}(v)`)
      .concat('(every((v > 0)) AND some((v > 0)))'),
  );
  expect(await frame.select(...columns).columns()).toEqual([
    'ln(v)',
    'POWER(v, v)',
    'char_length(v)',
    'TRIM(BOTH 0 FROM v)',
  ]);
  expect(await frame.groupBy().agg({ v: 'mean' }).columns()).toEqual(['avg(v)']);
  expect(
    await session
      .sql("SELECT 'xaxx' AS s")
      .select(fn.trim('s', lit('x')).as('t'))
      .collect(),
  ).toEqual([{ t: 'a' }]);
});

test.each([
  ['SELECT id, explode(array(1, 2)) AS e FROM range(2) GROUP BY id, e', 'UNRESOLVED_COLUMN'],
  ['SELECT id FROM range(2) GROUP BY explode(array(1))', 'UNSUPPORTED_GENERATOR.OUTSIDE_SELECT'],
  ['SELECT lag(id) FROM range(2)', 'WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE'],
  ["SELECT max(map('a', 1))", 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE'],
  ["SELECT stack(2, 1, '1.1', 2, 2.2)", 'DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES'],
  ["SELECT json_tuple('{}', null)", 'DATATYPE_MISMATCH.NON_STRING_TYPE'],
  ['FROM range(2) |> EXTEND sum(id)', 'PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION'],
  ['FROM range(2) |> AGGREGATE id', 'PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION'],
  ['SELECT * FROM VALUES (1, 2) t(a, b) PIVOT (sum(a) FOR b IN (a, 2))', 'NON_LITERAL_PIVOT_VALUES'],
  ['SELECT x -> x', 'INVALID_LAMBDA_FUNCTION_CALL'],
  ['WITH t AS (SELECT 1 FROM nowhere) SELECT 2', 'TABLE_OR_VIEW_NOT_FOUND'],
])('%s is refused as %s', async (text, code) => {
  await expect(session.sql(text).collect()).rejects.toThrow(code);
});

test.each([
  ["SELECT explode(a) AS e FROM VALUES (array('a', 'b')) t(a) GROUP BY ALL", [['a'], ['b']]],
  ["SELECT stack(2, id + 10L, count(v)) FROM VALUES (1, 'a'), (1, 'b') t(id, v) GROUP BY ALL", [[11], [2]]],
  ['FROM range(1) |> EXTEND 1 AS `x.y` |> SET `x.y` = 3', [[0, 3]]],
  ['FROM range(1) |> EXTEND 1 AS `x.y` |> DROP `x.y`', [[0]]],
  ['SELECT unix_seconds(try_to_timestamp(1))', [[1]]],
  [
    "SELECT try_to_timestamp('2020-01-365', 'yyyy-dd-DDD'), unix_date(to_date('1970-30-030', 'yyyy-dd-DDD'))",
    [[null, 29]],
  ],
  ['WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a), c AS (SELECT * FROM b) SELECT 5 AS z', [[5]]],
  [
    'SELECT sum(id) OVER w, count(*) OVER w FROM range(2) WINDOW w AS (ORDER BY id ROWS BETWEEN CURRENT ROW AND 1 PRECEDING)',
    [
      [null, 0],
      [null, 0],
    ],
  ],
])('%s', async (text, rows) => {
  expect((await session.sql(text).collect()).map((row) => Object.values(row))).toEqual(rows);
});

describe('keys of a USING join', () => {
  test('belong to the stars of both sides', async () => {
    const query = 'SELECT one.*, two.* FROM one RIGHT JOIN two USING (k) ORDER BY two.k';
    expect(await namesOf(query)).toEqual(['k', 'v', 'k', 'w']);
  });

  test('can be named in the condition of a join above', async () => {
    const rows = await session
      .sql('SELECT two.k AS k, two.w FROM one JOIN two USING (k) JOIN two AS three ON two.k = three.k ORDER BY 1')
      .collect();
    expect(rows).toEqual([
      { k: 1, w: 100 },
      { k: 2, w: 200 },
    ]);
  });
});

test('a window function in a join condition is refused', async () => {
  const text = 'SELECT * FROM one JOIN two ON row_number() OVER (ORDER BY v) < 10';
  await expect(session.sql(text).collect()).rejects.toThrow('UNSUPPORTED_EXPR_FOR_OPERATOR');
});

describe('arguments by name', () => {
  const first = async (text: string): Promise<unknown> =>
    Object.values((await session.sql(text).collect())[0] ?? {})[0];

  test('take their places; those left out are the defaults', async () => {
    const text = "SELECT mask('AbCD123-@$#', lowerChar => 'q', upperChar => 'Q', digitChar => 'd')";
    expect(await first(text)).toBe('QqQQddd-@$#');
    expect(await first('SELECT * FROM explode(collection => array(7))')).toBe(7);
  });

  test.each([
    ["SELECT mask('a', digitChar => 'd', digitChar => 'e')", 'DOUBLE_NAMED_ARGUMENT_REFERENCE'],
    ["SELECT mask('a', str => 'd')", 'BOTH_POSITIONAL_AND_NAMED'],
    ["SELECT mask(lowerChar => 'q')", 'REQUIRED_PARAMETER_NOT_FOUND'],
    ["SELECT mask(lowerChar => 'q', 'a')", 'UNEXPECTED_POSITIONAL_ARGUMENT'],
    ["SELECT mask('a', cellular => 'q')", 'UNRECOGNIZED_PARAMETER_NAME'],
    ["SELECT encode(str => 'a', charset => 'utf-8')", 'NAMED_PARAMETERS_NOT_SUPPORTED'],
  ])('%s: %s', async (text, code) => {
    await expect(first(text)).rejects.toThrow(code);
  });
});

describe('a constant null beside a constant that fails', () => {
  const first = async (text: string) => (await session.sql(text).collect())[0];

  test.each([
    "SELECT round(null, 'x')",
    "SELECT bround(CAST(null AS double), 'x')",
    "SELECT make_time(CAST(1e20D AS decimal(38,0)), 1, double('-Infinity'))",
  ])('%s fails, as Spark evaluates it first', async (text) => {
    await expect(first(text)).rejects.toThrow(/CAST_INVALID_INPUT|CAST_OVERFLOW/);
  });

  test.each([
    "SELECT null / CAST('x' AS int) AS v",
    "SELECT CAST('x' AS int) + null AS v",
    "SELECT round('x', null) AS v",
  ])('%s is null', async (text) => {
    expect(await first(text)).toEqual({ v: null });
  });
});

test('TIMESTAMP without a zone is what functions give, too, where the session says so', async () => {
  await using plain = await Session.create({ timestampType: 'ntz', timeZone: 'America/Los_Angeles' });
  const types = async (text: string): Promise<readonly string[]> =>
    (await plain.sql(text).schema()).fields.map((field) => field.type.simpleString());
  const zoned = "SELECT CAST(to_timestamp('2019-10-06 10:11:12 PST', 'yyyy-MM-dd HH:mm:ss zzz') AS STRING) AS t";
  expect(await plain.sql(zoned).collect()).toEqual([{ t: '2019-10-06 10:11:12' }]);
  await expect(plain.sql('SELECT to_timestamp(1)').collect()).rejects.toThrow('CAST_INVALID_INPUT');
  expect(await types("SELECT to_timestamp('2020-01-01'), TIMESTAMP '2020-01-01 00:00:00Z'")).toEqual([
    'timestamp_ntz',
    'timestamp',
  ]);
});
