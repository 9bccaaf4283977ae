import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session;

beforeAll(async () => {
  session = await Session.create();
  await session.execute(`
    CREATE TEMP VIEW sales AS SELECT * FROM VALUES ('a', 1, 10), ('a', 2, 20), ('b', 1, 30) AS t(shop, day, paid)`);
});
afterAll(() => session.stop());

const rows = async (text: string): Promise<unknown[][]> => {
  const frame = session.sql(text);
  const columns = await frame.columns();
  const named = await frame.toDF(...columns.map((_, i) => `c${i}`)).collect();
  return named.map((row) => Object.values(row as object));
};

// The answers are those of Spark for statements of the same form in its golden files.
describe('names above an aggregation', () => {
  test('HAVING takes a group before an output column of the same name', async () => {
    expect(await rows('SELECT shop AS c, sum(paid) AS day FROM sales GROUP BY shop, day HAVING day > 1')).toEqual([
      ['a', 20],
    ]);
  });

  test('HAVING takes what can be cast to boolean', async () => {
    expect(await rows('SELECT shop FROM sales GROUP BY shop HAVING sum(paid) - 60')).toHaveLength(2);
  });

  test('ORDER BY a name that output columns share means the column below', async () => {
    expect(await rows('SELECT 1 AS paid, 2 AS paid, day FROM sales WHERE day = 1 ORDER BY paid DESC')).toHaveLength(2);
    await expect(rows('SELECT 1 AS x, 2 AS x FROM sales ORDER BY x')).rejects.toThrow('UNRESOLVED_COLUMN');
  });

  test('ORDER BY a field of a group that an output column hides', async () => {
    const text = "SELECT 'z' AS s FROM (SELECT named_struct('f', paid) AS s FROM sales) GROUP BY s ORDER BY s.f";
    expect(await rows(text)).toEqual([['z'], ['z'], ['z']]);
  });

  test('operands of a grouping expression stand in any order', async () => {
    expect(await rows('SELECT 1 + day FROM sales GROUP BY day + 1 HAVING 1 + day > 2 ORDER BY 1 + day')).toEqual([[3]]);
  });

  test('past a HAVING with columns of its own, and past windows, only groups can be sorted by, as in Spark', async () => {
    const codeOf = (text: string): Promise<string> => rows(text).then(String, (error) => error.code);
    const having = 'SELECT shop, sum(paid) AS p FROM sales GROUP BY shop HAVING';
    expect(await rows(`${having} sum(paid) > 0 ORDER BY min(paid)`)).toHaveLength(2);
    expect(await codeOf(`${having} count(*) > 0 ORDER BY min(paid)`)).toBe('UNRESOLVED_COLUMN');
    expect(await codeOf(`${having} count(*) > 0 ORDER BY min(shop)`)).toBe('UNSUPPORTED_EXPR_FOR_OPERATOR');
    const window = 'SELECT shop, rank() OVER (ORDER BY sum(paid)) AS r FROM sales GROUP BY shop ORDER BY';
    expect(await codeOf(`${window} sum(paid)`)).toBe('UNRESOLVED_COLUMN');
    expect(await rows(`${window} r`)).toHaveLength(2);
  });

  test('an aggregate in a subquery of HAVING may be over the groups around it', async () => {
    const text = `SELECT shop FROM sales GROUP BY shop
      HAVING EXISTS (SELECT 1 FROM VALUES (15), (29) AS t(top) WHERE top > max(sales.paid))`;
    expect(await rows(text)).toEqual([['a']]);
  });

  test('ORDER BY reads grouping() and windows at once', async () => {
    const text = `SELECT shop, grouping(shop) AS g, rank() OVER (PARTITION BY grouping(shop) ORDER BY count(1) DESC) AS r
      FROM sales GROUP BY ROLLUP (shop) ORDER BY g DESC, CASE WHEN grouping(shop) = 0 THEN shop END, r`;
    expect(await rows(text)).toEqual([
      [null, 1, 1],
      ['a', 0, 1],
      ['b', 0, 2],
    ]);
  });
});

describe('grouping sets', () => {
  test('expressions over columns that a set leaves out are null', async () => {
    const text = `SELECT day, x || 'x', x IS NULL FROM (SELECT day, 'foo' AS x FROM sales)
      GROUP BY GROUPING SETS (day, x) ORDER BY day`;
    expect(await rows(text)).toEqual([
      [null, 'foox', false],
      [1, null, true],
      [2, null, true],
    ]);
  });

  test('positions and equal expressions are one column', async () => {
    const text = 'SELECT shop, day, count(1) FROM sales GROUP BY GROUPING SETS ((1), (shop, 2)) ORDER BY ALL';
    expect(await rows(text)).toEqual([
      ['a', null, 2],
      ['a', 1, 1],
      ['a', 2, 1],
      ['b', null, 1],
      ['b', 1, 1],
    ]);
    expect(await rows('SELECT count(1) FROM sales GROUP BY GROUPING SETS ((day + 1), (1 + day))')).toHaveLength(4);
  });

  test('their number has a name of its own', async () => {
    expect(await rows('SELECT day FROM sales GROUP BY CUBE (day) HAVING grouping__id > 0')).toEqual([[null]]);
  });
});

describe('times and intervals', () => {
  test('a time keeps the digits of its type', async () => {
    expect((await session.sql("SELECT CAST('12:34:56.7891' AS TIME(2)) AS u").schema()).simpleString()).toContain(
      'u:time(2)',
    );
    expect(await rows("SELECT string(CAST('12:34:56.7891' AS TIME(2))), string(TIME'01:02 pm' - TIME'13:00')")).toEqual(
      [['12:34:56.78', "INTERVAL '00:02:00' HOUR TO SECOND"]],
    );
  });

  test.each([
    ["INTERVAL '1 day 2' DAY", '_LEGACY_ERROR_TEMP_0026'],
    ["INTERVAL 'some day'", 'INVALID_TYPED_LITERAL'],
    ["INTERVAL '1 25' DAY TO HOUR", '_LEGACY_ERROR_TEMP_0063'],
    ["INTERVAL '1' DAY TO HOUR", 'INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE'],
    ["INTERVAL '1-2' YEAR TO MONTH '1' DAY", '_LEGACY_ERROR_TEMP_0024'],
    ['INTERVAL 1 MONTH 1 DAY', '_LEGACY_ERROR_TEMP_0029'],
    ["-(INTERVAL '-178956970-8' YEAR TO MONTH)", 'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION'],
    ["INTERVAL '178956970-7' YEAR TO MONTH * 2", 'INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION'],
    ["timestampdiff('MINUTE', now(), now())", 'INVALID_PARAMETER_VALUE.DATETIME_UNIT'],
  ])('%s fails with %s', async (text, code) => {
    await expect(rows(`SELECT ${text}`)).rejects.toMatchObject({ code });
  });
});
