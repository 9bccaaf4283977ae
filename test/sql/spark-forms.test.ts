import { Session } from 'sparrow-df';
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

// The names are those of Spark's golden files.
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

test('TIMESTAMP without a zone is what functions give, too, where the session says so', async () => {
  await using plain = await Session.create({ timestampType: 'ntz', timeZone: 'America/Los_Angeles' });
  const types = async (text: string): Promise<readonly string[]> =>
    (await plain.sql(text).schema()).fields.map((field) => field.type.simpleString());
  expect(await types("SELECT to_timestamp('2020-01-01'), TIMESTAMP '2020-01-01 00:00:00Z'")).toEqual([
    'timestamp_ntz',
    'timestamp',
  ]);
});
