import { Session } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What random plans once found, by the smallest program that shows it. The right answers are Spark's.
describe('found by fuzzing', () => {
  let session: Session;
  beforeAll(async () => {
    session = (await Session.create({ workers: 1 })) as Session;
  });
  afterAll(() => session.stop());

  test('an empty text that is computed contains the empty text', async () => {
    const frame = session.createDataFrame([{ s: '' }, { s: 'abc' }]);
    const empty = 'substring(cast(s as binary), 100, 256)';
    const rows = await frame
      .selectExpr(`contains(${empty}, ${empty}) as c`, `instr(concat('', ''), '') as i`)
      .collect();
    expect(rows).toEqual([
      { c: true, i: 1 },
      { c: true, i: 1 },
    ]);
    expect(await frame.filter(`contains(${empty}, ${empty})`).count()).toBe(2);
  });

  test('a percentile of the longest interval is not the shortest', async () => {
    const longest = "interval '106751991 04:00:54.775807' day to second";
    const [row] = await session
      .sql(`SELECT percentile(i, 0) = ${longest} AS same FROM VALUES (${longest}) AS t(i)`)
      .collect();
    expect(row).toEqual({ same: true });
  });

  test('lag gives its default where that is the constant of its input too', async () => {
    const text =
      'SELECT lag(7, 7, 7) OVER (ORDER BY id) AS a, lead(true, 1, true) OVER (ORDER BY id) AS b FROM range(2)';
    expect(await session.sql(text).collect()).toEqual([
      { a: 7, b: true },
      { a: 7, b: true },
    ]);
  });

  test('the last hour there is has a local time', async () => {
    await using east = await Session.create({ timeZone: '+05:30' });
    const text = 'SELECT hour(t) AS h, minute(t) AS m, second(t) AS s FROM (SELECT try_cast(v AS timestamp) AS t';
    const rows = await east.sql(`${text} FROM VALUES (9007199254740993L), (-1L) AS x(v)) ORDER BY h`).collect();
    // java.time: +294247-01-10T04:00:54.775807Z.
    expect(rows).toEqual([
      { h: 5, m: 29, s: 59 },
      { h: 9, m: 30, s: 54 },
    ]);
  });

  test('a timestamp of a date before all timestamps is an overflow', async () => {
    const query = session.sql(
      "SELECT make_timestamp(date_add(DATE '1970-01-01', CAST(id AS INT) - 1499982962)) FROM range(1)",
    );
    await expect(query.collect()).rejects.toMatchObject({ code: expect.stringMatching(/OVERFLOW/) });
  });

  test('beside a constant null nothing raises an error, as Spark’s NullPropagation has it', async () => {
    const rows = await session.sql('SELECT id + NULL * (1 / (id - id)) AS x FROM range(2)').collect();
    expect(rows).toEqual([{ x: null }, { x: null }]);
    // Spark 4.0.1 over a table: casts of a constant null are one, too.
    const cast = "(CAST('42' AS SMALLINT) - CAST('-32767' AS SMALLINT)) + try_cast(CAST(NULL AS BIGINT) AS SMALLINT)";
    expect(await session.sql(`SELECT ${cast} AS x FROM range(1)`).collect()).toEqual([{ x: null }]);
  });

  test('what is cast to a decimal unasked may be null: NaN is none in Spark, with ANSI, too', async () => {
    const frame = session.sql("SELECT make_timestamp(2024, 1, 1, 1, 1, double('NaN')) AS t");
    expect((await frame.schema()).fields[0]).toMatchObject({ nullable: true });
    expect(await frame.collect()).toEqual([{ t: null }]);
  });

  test('a comparison with what no small integer is still overflows', async () => {
    const frame = session.createDataFrame([{ a: -128 }], 'a TINYINT');
    const rows = frame.selectExpr('CAST(a * a AS BIGINT) <> 10000000000 AS x').collect();
    await expect(rows).rejects.toMatchObject({ code: 'BINARY_ARITHMETIC_OVERFLOW' });
  });

  test('lambda functions that differ in the names of their parameters are one key', async () => {
    const text = `SELECT transform(c, x -> transform(c, y -> x + y)) AS r, count(*) AS n
      FROM VALUES (array(1, 2)), (array(1, 2)) AS t(c) GROUP BY transform(c, a -> transform(c, b -> a + b))`;
    expect(await session.sql(text).collect()).toEqual([
      {
        r: [
          [2, 3],
          [3, 4],
        ],
        n: 2,
      },
    ]);
    const other = 'transform(c, a -> transform(c, b -> a + a))';
    await expect(session.sql(text.replace(/transform[^G]*$/, other)).collect()).rejects.toMatchObject({
      code: 'MISSING_AGGREGATION',
    });
  });

  test('extremes of different constants are kept apart', async () => {
    session.createDataFrame([{ id: 64 }], 'id INT').createOrReplaceTempView('one');
    const rows = session.sql('SELECT min(7) AS a, min(3) AS b, max(1.50) AS c, max(2.0) AS d FROM one').collect();
    expect(await rows).toEqual([{ a: 7, b: 3, c: '1.50', d: '2.0' }]);
  });

  test('aggregate behind | is the function', async () => {
    const rows = session.sql('SELECT 1 | aggregate(array(4), 0, (a, x) -> a + x) AS y').collect();
    expect(await rows).toEqual([{ y: 5 }]);
  });

  test('behind a null argument nothing is evaluated, as in Spark', async () => {
    const data = [
      { a: null, b: 'x', c: 0 },
      { a: 1, b: '2', c: 2 },
    ];
    const frame = session.createDataFrame(data, 'a INT, b STRING, c INT');
    const rows = await frame
      .selectExpr('a + CAST(b AS INT) AS s', 'a / c AS q', 'substring(b, a, 1 / c) AS t')
      .collect();
    expect(rows).toEqual([
      { s: null, q: null, t: null },
      { s: 3, q: 0.5, t: '' },
    ]);
    // Of a quotient the divisor comes first.
    await expect(frame.selectExpr('a / CAST(b AS INT)').collect()).rejects.toMatchObject({
      code: 'CAST_INVALID_INPUT',
    });
  });
});
