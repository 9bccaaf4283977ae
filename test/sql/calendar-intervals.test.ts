import { type DefaultValues, Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Every answer here is Apache Spark's (4.x, ANSI).

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 1, memory: '256MB', timeZone: 'America/Los_Angeles' });
});
afterAll(() => session.stop());

/** The value of an expression as text. */
async function text(expr: string): Promise<unknown> {
  const [row] = await session.sql(`SELECT CAST(${expr} AS STRING) AS v`).collect();
  return (row as { v: unknown }).v;
}
const fails = (expr: string) => expect(session.sql(`SELECT ${expr}`).collect()).rejects;

describe('calendar intervals', () => {
  test.each([
    ['make_interval(1, 2, 3, 4, 5, 6, 7.008009)', '1 years 2 months 25 days 5 hours 6 minutes 7.008009 seconds'],
    [
      'make_interval(1, 2, 3, 4, 0, 0, 123456789012.123456)',
      '1 years 2 months 25 days 34293552 hours 30 minutes 12.123456 seconds',
    ],
    ['make_interval()', '0 seconds'],
    ['make_interval(null)', null],
    ['try_make_interval(2147483647, 12)', null],
    ["cast('1 year 2 months -3 days 4 hours 5.5 seconds' AS INTERVAL)", '1 years 2 months -3 days 4 hours 5.5 seconds'],
    ["cast('+     1 second' AS INTERVAL)", '1 seconds'],
    ["cast('.5 second' AS INTERVAL)", '0.5 seconds'],
    ["cast('- +1 second' AS INTERVAL)", null],
    ["cast('1day' AS INTERVAL)", null],
    ['-make_interval(1, 2, 3, 4, 5, 6, 7.5)', '-1 years -2 months -25 days -5 hours -6 minutes -7.5 seconds'],
    ['make_interval(1) + make_interval(0, 1)', '1 years 1 months'],
    ['make_interval(1) - make_interval(0, 1)', '11 months'],
    ['make_interval(1, 2, 3, 4, 5, 6, 7.5) * 1.5', '1 years 9 months 37 days 19 hours 39 minutes 11.25 seconds'],
    ['-0.3 * make_interval(1, 1, 1, 1, 1, 1, 1.000001)', '-3 months -2 days -9 hours -54 minutes -18.3 seconds'],
    ['make_interval(1, 1, 1, 1, 1, 1, 1.000001) / 3', '4 months 2 days 16 hours 20 minutes 20.333334 seconds'],
    ["timestamp'2020-01-01' + make_interval(1, 2, 3, 4, 5, 6, 7.5)", '2021-03-26 05:06:07.5'],
    ["timestamp'2020-01-01' - make_interval(0, 1)", '2019-12-01 00:00:00'],
    ["make_interval(0, 1) + date'2020-01-31'", '2020-02-29'],
    ["timestamp_ntz'2020-01-31 00:00:00' + make_interval(0, 1)", '2020-02-29 00:00:00'],
    // The clock goes by days, whatever their length.
    ["timestamp'2021-03-13 12:00:00' + make_interval(0, 0, 0, 1)", '2021-03-14 12:00:00'],
    ["timestamp'2021-03-13 12:00:00' + make_interval(0, 0, 0, 0, 24)", '2021-03-14 13:00:00'],
    ['extract(YEAR FROM make_interval(1, 14))', '2'],
    ['date_part("months", make_interval(1, 14))', '2'],
    ['extract(DAY FROM make_interval(0, 0, 1, 3, 50))', '10'],
    ['extract(HOUR FROM make_interval(0, 0, 0, 0, 50))', '50'],
    ['extract(SECOND FROM make_interval(0, 0, 0, 0, 0, 0, 70.5))', '10.500000'],
    ['to_json(struct(make_interval(1, 2, 3)))', '{"col1":"1 years 2 months 21 days"}'],
    ['hash(make_interval(1, 2, 3))', '1098958672'],
    ['map(1, array(make_interval(2)))', '{1 -> [2 years]}'],
  ])('%s', async (expr, answer) => {
    expect(await text(expr)).toBe(answer);
  });

  test('what has no meaning is an error', async () => {
    await fails('make_interval(2147483647, 12)').toMatchObject({ code: 'ARITHMETIC_OVERFLOW' });
    await fails("date'2020-01-31' + make_interval(0, 0, 0, 0, 1)").toMatchObject({
      code: 'INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION',
    });
    await fails('make_interval(1) / 0').toMatchObject({ code: 'INTERVAL_DIVIDED_BY_ZERO' });
    await fails('make_interval(1) < make_interval(2)').toMatchObject({
      code: 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
    });
    await fails('max(make_interval(1))').toMatchObject({ code: /DATATYPE_MISMATCH/ });
    await fails('1 ORDER BY make_interval(1)').toMatchObject({ code: 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE' });
    await fails("CAST(INTERVAL '1' YEAR AS INTERVAL)").toMatchObject({
      code: 'DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION',
    });
  });

  test('names say what is left out', async () => {
    expect(await session.sql("SELECT make_interval(1), date'2020-01-31' - make_interval(0, 1)").columns()).toEqual([
      'make_interval(1, 0, 0, 0, 0, 0, 0.000000)',
      "DATE '2020-01-31' - make_interval(0, 1, 0, 0, 0, 0, 0.000000)",
    ]);
  });

  test('rows are grouped, joined out, cached and collected with them', async () => {
    const frame = session.range(0, 1000).selectExpr('id', 'make_interval(0, id % 3, 0, -(id % 2)) AS i').cache();
    const groups = await frame.groupBy('i').count().orderBy('count').collect();
    expect(groups.map((row) => row.count).sort()).toEqual([166, 166, 167, 167, 167, 167]);
    expect(groups.map((row) => row.i)).toContain('P2M-1D');
    expect(await frame.select('i').distinct().count()).toBe(6);
    const table = await frame.limit(6).toArrow();
    expect(String(table.schema.fields[1]?.type)).toMatch(/Interval/);
    // Months, days, and nanoseconds in two words.
    const words = table.getChildAt(1)?.data[0]?.values as Int32Array;
    expect([...words.slice(0, 12)]).toEqual([...[0, 0, 0, 0], ...[1, -1, 0, 0], ...[2, 0, 0, 0]]);
    await frame.unpersist();
  });

  test('with the old setting literals and differences are calendar intervals', async () => {
    session.conf.set('spark.sql.legacy.interval.enabled', 'true');
    try {
      expect(await text("INTERVAL '1 2:03:04' DAY TO SECOND")).toBe('1 days 2 hours 3 minutes 4 seconds');
      expect(await text('INTERVAL 1 YEAR 2 WEEKS')).toBe('1 years 14 days');
      expect(await text("date'1957-04-09' - date'2000-01-01'")).toBe('-42 years -8 months -22 days');
      expect(await text("timestamp'1997-01-02 03:04:05' - timestamp'1997-01-02'")).toBe('3 hours 4 minutes 5 seconds');
      const [schema] = await session.sql("SELECT INTERVAL '999' SECOND").columns();
      expect(schema).toBe("INTERVAL '16 minutes 39 seconds'");
    } finally {
      session.conf.unset('spark.sql.legacy.interval.enabled');
    }
  });
});

test('days with a name', async () => {
  const same = "SELECT date'today' = current_date() AS a, date'tomorrow' > date'today' AS b, date'epoch' AS c";
  expect(await session.sql(same).selectExpr('a', 'b', 'cast(c AS string) AS c').collect()).toEqual([
    { a: true, b: true, c: '1970-01-01' },
  ]);
});
