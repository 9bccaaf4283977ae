import { DuckDBInstance } from '@duckdb/node-api';
import { type DefaultValues, fn, Session, t } from 'sparrow-df';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let session: Session<DefaultValues>;
beforeAll(async () => {
  session = await Session.create({ workers: 2, memory: '512MB', timeZone: 'UTC' });
});
afterAll(() => session.stop());

async function duck(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
  } finally {
    connection.closeSync();
  }
}

const BASE = Date.UTC(2016, 2, 11, 9, 0, 7);
/** Times that jump about within some days, with two keys. */
const events = () =>
  session.createDataFrame(
    Array.from({ length: 3000 }, (_, i) => ({ at: new Date(BASE + ((i * 7919) % 300_000) * 1000), key: i % 2, n: i })),
    { at: t.timestamp, key: t.int32, n: t.int64 },
  );
const eventsInDuck = `(SELECT make_timestamp(${BASE}000 + ((i * 7919) % 300000) * 1000000) AS "at", i % 2 AS key, i AS n
  FROM range(3000) r(i))`;
const epochs = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map((row) => Object.values(row).map(Number).join(' '));

test("the documentation's example of window", async () => {
  const frame = session.createDataFrame([{ at: new Date('2016-03-11T09:00:07Z'), val: 1 }]);
  const rows = await frame.groupBy(fn.window('at', '5 seconds')).agg(fn.sum('val').as('sum')).collect();
  expect(rows).toEqual([
    { window: { start: new Date('2016-03-11T09:00:05Z'), end: new Date('2016-03-11T09:00:10Z') }, sum: 1 },
  ]);
});

test('tumbling windows with an offset, as DuckDB counts', async () => {
  const rows = await events()
    .groupBy(fn.window('at', '1 hour', '1 hour', '15 minutes'), 'key')
    .agg(fn.sum('n').as('sum'))
    .selectExpr('unix_seconds(window.start) AS s', 'unix_seconds(window.end) AS e', 'key', 'sum')
    .orderBy('s', 'key')
    .collect();
  const expected =
    await duck(`WITH e AS ${eventsInDuck}, w AS (SELECT time_bucket(INTERVAL 1 HOUR, "at", INTERVAL 15 MINUTE) AS s, * FROM e)
    SELECT epoch(s)::BIGINT, epoch(s)::BIGINT + 3600, key, sum(n) FROM w GROUP BY s, key ORDER BY 1, 3`);
  expect(epochs(rows)).toEqual(expected.map((row) => row.map(Number).join(' ')));
});

test('sliding windows: every one that holds the time', async () => {
  const rows = await events()
    .groupBy(fn.window('at', '50 minutes', '20 minutes'))
    .agg(fn.count().as('n'))
    .selectExpr('unix_seconds(window.start) AS s', 'n')
    .orderBy('s')
    .collect();
  const expected = await duck(`WITH e AS (SELECT epoch("at")::BIGINT AS x FROM ${eventsInDuck}),
    w AS (SELECT DISTINCT (x // 1200 - k) * 1200 AS s FROM e, range(4) r(k))
    SELECT s, count(*) FROM w JOIN e ON x >= s AND x < s + 3000 GROUP BY s ORDER BY s`);
  expect(epochs(rows)).toEqual(expected.map((row) => row.map(Number).join(' ')));
});

test('sessions end when nothing happens for the gap', async () => {
  const rows = await events()
    .groupBy('key', fn.sessionWindow('at', '5 minutes'))
    .agg(fn.count().as('n'))
    .selectExpr('key', 'unix_seconds(session_window.start) AS s', 'unix_seconds(session_window.end) AS e', 'n')
    .orderBy('key', 's')
    .collect();
  const expected = await duck(`WITH e AS (SELECT key, epoch("at")::BIGINT AS x FROM ${eventsInDuck}),
    f AS (SELECT *, coalesce(x - lag(x) OVER (PARTITION BY key ORDER BY x) > 300, true)::INT AS new FROM e),
    g AS (SELECT *, sum(new) OVER (PARTITION BY key ORDER BY x) AS s FROM f)
    SELECT key, min(x), max(x) + 300, count(*) FROM g GROUP BY key, s ORDER BY 1, 2`);
  expect(expected.length).toBeGreaterThan(100);
  expect(epochs(rows)).toEqual(expected.map((row) => row.map(Number).join(' ')));
});

test('rows without a time are in no window; a length must be one', async () => {
  const frame = session.createDataFrame([{ at: null }, { at: new Date(0) }], { at: t.timestamp });
  expect(await frame.groupBy(fn.window('at', '1 day')).count().collect()).toHaveLength(1);
  await expect(frame.groupBy(fn.window('at', '1 month')).count().collect()).rejects.toThrow(/cannot be read/);
  await expect(
    frame
      .groupBy(fn.window('at', '1 day', '2 days'))
      .count()
      .collect(),
  ).rejects.toThrow(/no further apart/);
});

test('in SQL', async () => {
  events().createOrReplaceTempView('events');
  const frame = session.sql(
    "SELECT window.start AS s, count(*) AS n FROM events GROUP BY window(at, '1 day') ORDER BY s LIMIT 1",
  );
  expect((await frame.collect())[0]).toMatchObject({ s: new Date('2016-03-11T00:00:00Z') });
});

test('a row’s own windows, selected or added as columns, as DuckDB cuts them', async () => {
  events().createOrReplaceTempView('events');
  const windows = await duck(`WITH s AS (SELECT n, key, "at" AS x, unnest([0, 1]) AS k FROM ${eventsInDuck})
    SELECT n, epoch_ms(time_bucket(INTERVAL 30 MINUTES, x) - k * INTERVAL 30 MINUTES) FROM s ORDER BY 1, 2`);
  const expected = windows.map((row) => row.map(Number).join(' '));
  expect(expected).toHaveLength(6000);
  const inSql = session.sql("SELECT n, window(at, '1 hour', '30 minutes').start AS s FROM events ORDER BY n, s");
  expect(epochs(await inSql.collect())).toEqual(expected);
  const added = events()
    .withColumn('later', fn.col('at'))
    .withColumn('w', fn.window('later', '1 hour', '30 minutes'))
    .withColumn('twice', fn.col('n').mul(2));
  expect(await added.columns()).toEqual(['at', 'key', 'n', 'later', 'w', 'twice']);
  expect(epochs(await added.select('n', 'w.start').orderBy('n', 'start').collect())).toEqual(expected);
});

test('windows that keys name by position, alias or field, and sessions of single rows', async () => {
  events().createOrReplaceTempView('events');
  const days = await duck(`SELECT epoch_ms(date_trunc('day', "at")), key, count(*) FROM ${eventsInDuck}
    GROUP BY ALL ORDER BY 1, 2`);
  const expected = days.map((row) => row.map(Number).join(' '));
  for (const [column, keys] of [
    ["window(at, '1 day').start", '1, 2'],
    ["window(at, '1 day').start", 's, key'],
    ["window(at, '1 day').start", "window(at, '1 day').start, key"],
    ["window(at, '1 day').start", 'ALL'],
    ['window.start', "window(at, '1 day'), key"],
  ] as const) {
    const query = `SELECT ${column} AS s, key, count(*) AS n FROM events GROUP BY ${keys} ORDER BY 1, 2`;
    expect(epochs(await session.sql(query).collect()), query).toEqual(expected);
  }
  const [own] = await session.sql("SELECT session_window(timestamp'2020-01-01 01:02:03', '5 minutes') AS w").collect();
  expect(own).toEqual({ w: { start: new Date('2020-01-01T01:02:03Z'), end: new Date('2020-01-01T01:07:03Z') } });
  await expect(session.sql("SELECT window(at, '1 day'), window(at, '2 days') FROM events").collect()).rejects.toThrow(
    /one window of time/,
  );
});

// What Spark 4.3 answered, as texts.
describe('as Spark answers', () => {
  const EVENTS = `(VALUES (1, timestamp'2020-01-01 00:01:00', '5 minutes', 10), (1, timestamp'2020-01-01 00:04:00', '1 minute', 20),
    (2, timestamp'2020-01-01 00:04:30', '10 minutes', 5), (1, timestamp'2020-01-01 00:20:00', null, 5),
    (null, timestamp'2020-02-01 00:20:00', '1 month', 5), (1, null, '1 day', 6)) AS t(key, at, gap, n)`;
  const texts = async (query: string, on = session): Promise<string[]> => {
    const frame = on.sql(query);
    const names = (await frame.columns()).map((_, i) => `c${i}`);
    const columns = names.map((name) => `CAST(${name} AS STRING) AS ${name}`);
    const rows = await frame
      .toDF(...names)
      .selectExpr(...columns)
      .collect();
    return rows.map((row) => Object.values(row).join(' | ')).sort();
  };

  test.each([
    [
      `SELECT window_time(w), c FROM (SELECT window AS w, count(*) AS c FROM ${EVENTS} GROUP BY window(at, '5 minutes'))`,
      ['2020-01-01 00:04:59.999999 | 3', '2020-01-01 00:24:59.999999 | 1', '2020-02-01 00:24:59.999999 | 1'],
    ],
    [
      `SELECT window(window_time(w), '10 minutes').end, sum(c) FROM (SELECT window(at, '5 minutes') AS w, count(*) AS c
        FROM ${EVENTS} GROUP BY 1) GROUP BY window(window_time(w), '10 minutes')`,
      ['2020-01-01 00:10:00 | 3', '2020-01-01 00:30:00 | 1', '2020-02-01 00:30:00 | 1'],
    ],
    [
      `SELECT session_window(w, '10 minutes') AS x, sum(c) FROM (SELECT window(at, '5 minutes') AS w, count(*) AS c
        FROM ${EVENTS} GROUP BY 1) GROUP BY ALL`,
      [
        '{2020-01-01 00:04:59.999999, 2020-01-01 00:14:59.999999} | 3',
        '{2020-01-01 00:24:59.999999, 2020-01-01 00:34:59.999999} | 1',
        '{2020-02-01 00:24:59.999999, 2020-02-01 00:34:59.999999} | 1',
      ],
    ],
    [
      `SELECT window_time(window), avg(c) FROM (SELECT window, count(*) AS c FROM ${EVENTS}
        GROUP BY window(CAST(at AS timestamp_ntz), '1 day')) GROUP BY 1`,
      ['2020-01-01 23:59:59.999999 | 4.0', '2020-02-01 23:59:59.999999 | 1.0'],
    ],
    [
      `SELECT window(CAST(at AS timestamp_ntz), '50 minutes', '20 minutes') AS w, count(*) FROM ${EVENTS} WHERE n > 5 GROUP BY 1`,
      [
        '{2019-12-31 23:20:00, 2020-01-01 00:10:00} | 2',
        '{2019-12-31 23:40:00, 2020-01-01 00:30:00} | 2',
        '{2020-01-01 00:00:00, 2020-01-01 00:50:00} | 2',
      ],
    ],
    [
      `SELECT key, session_window(at, gap) AS w, count(*), sum(n) FROM ${EVENTS} GROUP BY ALL`,
      [
        ' | {2020-02-01 00:20:00, 2020-03-01 00:20:00} | 1 | 5',
        '1 | {2020-01-01 00:01:00, 2020-01-01 00:06:00} | 2 | 30',
        '2 | {2020-01-01 00:04:30, 2020-01-01 00:14:30} | 1 | 5',
      ],
    ],
    [
      `SELECT key, session_window(at, '5 minutes') AS w, 7 FROM ${EVENTS} GROUP BY ALL`,
      [
        ' | {2020-02-01 00:20:00, 2020-02-01 00:25:00} | 7',
        '1 | {2020-01-01 00:01:00, 2020-01-01 00:09:00} | 7',
        '1 | {2020-01-01 00:20:00, 2020-01-01 00:25:00} | 7',
        '2 | {2020-01-01 00:04:30, 2020-01-01 00:09:30} | 7',
      ],
    ],
    [
      `SELECT key, session_window(at, '5 minutes').start, count(*), sum(n) + 1 FROM ${EVENTS} WHERE key = 1 GROUP BY ALL`,
      ['1 | 2020-01-01 00:01:00 | 1 | 11', '1 | 2020-01-01 00:04:00 | 1 | 21', '1 | 2020-01-01 00:20:00 | 1 | 6'],
    ],
    [`SELECT session_window(at, 'no interval'), count(*) FROM ${EVENTS} GROUP BY 1`, []],
    [`SELECT session_window(at, '0 days'), count(*) FROM ${EVENTS} GROUP BY 1`, []],
    [
      `SELECT session_window(CAST(at AS timestamp_ntz), '1 month'), count(*) FROM ${EVENTS} GROUP BY 1`,
      ['{2020-01-01 00:01:00, 2020-03-01 00:20:00} | 5'],
    ],
    [
      `SELECT window(at, 3600000000).start, count(*) FROM ${EVENTS} WHERE key = 2 GROUP BY 1`,
      ['2020-01-01 00:00:00 | 1'],
    ],
    [
      `SELECT n, window(at, '1 hour').end FROM ${EVENTS} WHERE window(at, '1 hour').start > timestamp'2020-01-15'`,
      ['5 | 2020-02-01 01:00:00'],
    ],
  ])('%s', async (query, wanted) => {
    expect(await texts(query)).toEqual(wanted);
  });

  test('gaps of days are of the calendar of the session’s time zone', async () => {
    await using newYork = await Session.create({ workers: 1, timeZone: 'America/New_York' });
    const times = `(VALUES (timestamp'2024-03-09 02:30:00'), (timestamp'2024-03-10 03:30:00'), (timestamp'2024-11-02 01:30:00')) AS t(at)`;
    const sessions = `SELECT session_window(at, '1 day'), count(*) FROM ${times} GROUP BY 1`;
    expect(await texts(sessions, newYork as typeof session)).toEqual([
      '{2024-03-09 02:30:00, 2024-03-11 03:30:00} | 2',
      '{2024-11-02 01:30:00, 2024-11-03 01:30:00} | 1',
    ]);
  });

  test.each([
    ["window(at, '1 day', '2 days')", 'DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION'],
    ["window(at, '1 day', '1 day', '2 days')", 'DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION'],
    ['window(at)', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION'],
    ['window(at, gap)', '_LEGACY_ERROR_TEMP_1207'],
    ['session_window(at, n)', '_LEGACY_ERROR_TEMP_1040'],
    ["window(at, '1 day'), session_window(at, '1 day')", '_LEGACY_ERROR_TEMP_1039'],
    ['window_time(1)', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
    ["window_time(named_struct('start', at))", '_LEGACY_ERROR_TEMP_3101'],
  ])('%s: %s', async (column, code) => {
    await expect(session.sql(`SELECT ${column}, count(*) FROM ${EVENTS} GROUP BY ALL`).collect()).rejects.toMatchObject(
      {
        code,
      },
    );
  });

  test('windows of windows in the DataFrame API', async () => {
    const rows = await session
      .sql(`SELECT * FROM ${EVENTS}`)
      .groupBy(fn.window('at', '5 minutes'))
      .agg(fn.count().as('c'))
      .groupBy(fn.window(fn.windowTime('window'), '10 minutes'))
      .agg(fn.sum('c').as('c'))
      .selectExpr('CAST(window.start AS STRING) AS s', 'c')
      .orderBy('s')
      .collect();
    expect(rows).toEqual([
      { s: '2020-01-01 00:00:00', c: 3 },
      { s: '2020-01-01 00:20:00', c: 1 },
      { s: '2020-02-01 00:20:00', c: 1 },
    ]);
  });

  test.each(['America/Los_Angeles', 'Asia/Kathmandu', 'Africa/Monrovia'])(
    'buckets of one microsecond far from the origin are the times themselves: %s',
    async (timeZone) => {
      await using there = await Session.create({ workers: 1, timeZone });
      const times = "VALUES (TIMESTAMP '2058-04-14 03:04:05.123457'), (TIMESTAMP '1969-03-01 00:00:00.000001') AS t(x)";
      const rows = await there
        .sql(
          `SELECT CAST(x AS STRING) AS x, CAST(time_bucket(INTERVAL '0.000001' SECOND, x) AS STRING) AS b FROM ${times}`,
        )
        .collect();
      expect(rows.map(({ b }) => b)).toEqual(rows.map(({ x }) => x));
      expect(rows).toHaveLength(2);
    },
  );
});
