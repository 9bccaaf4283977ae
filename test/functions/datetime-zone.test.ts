import { Session } from 'sparrow-df';
import { describe, expect, test } from 'vitest';
import type { Scalar } from '../../src/base/index.js';
import { evaluate } from '../../src/functions/evaluate.js';
import { liftLiterals, runCompiled } from './compiled.js';
import { expectSpark } from './expect-spark.js';
import { parseSql, UTC } from './spark-text.js';

// Answers of Spark 4.0.1 in a zone whose clocks change.
expectSpark(
  [
    ["hour(timestamp'2016-03-13 10:30:00Z')", '3', 'int'],
    ["date_trunc('hour', timestamp'2016-11-06 09:30:00Z')", '2016-11-06 01:00:00', 'timestamp'],
    ["date_trunc('hour', timestamp'2016-11-06 08:30:00Z')", '2016-11-06 01:00:00', 'timestamp'],
    ["date_trunc('day', timestamp'2016-11-06 09:30:00Z')", '2016-11-06 00:00:00', 'timestamp'],
    ["date_trunc('minute', timestamp'1850-01-01 00:00:30Z')", '1849-12-31 16:07:00', 'timestamp'],
    ["date_trunc('month', timestamp'2016-11-16 09:30:00Z')", '2016-11-01 00:00:00', 'timestamp'],
    ["unix_micros(date_trunc('hour', timestamp'2016-11-06 09:30:00Z'))", '1478422800000000', 'bigint'],
    ["unix_micros(date_trunc('hour', timestamp'2016-11-06 08:30:00Z'))", '1478419200000000', 'bigint'],
    ["unix_micros(to_timestamp('2016-03-13 02:30:00', 'yyyy-MM-dd HH:mm:ss'))", '1457865000000000', 'bigint'],
    ["unix_micros(to_timestamp('2016-11-06 01:30:00', 'yyyy-MM-dd HH:mm:ss'))", '1478421000000000', 'bigint'],
    ["unix_micros(to_timestamp('2016-11-06 01:30:00'))", '1478421000000000', 'bigint'],
    ['unix_micros(make_timestamp(2016, 3, 13, 2, 30, 0))', '1457865000000000', 'bigint'],
    [
      "date_format(timestamp'2016-07-01 00:00:00Z', 'yyyy-MM-dd HH:mm:ss z VV XXX O')",
      '2016-06-30 17:00:00 PDT America/Los_Angeles -07:00 GMT-7',
      'string',
    ],
    [
      "date_format(timestamp'2016-07-01 00:00:00Z', 'zzzz OOOO ZZZZ x')",
      'Pacific Daylight Time GMT-07:00 GMT-07:00 -07',
      'string',
    ],
    [
      "date_format(timestamp'1850-07-01 00:00:00Z', 'XXX XXXXX xxxx O OOOO')",
      '-07:52 -07:52:58 -075258 GMT-7:52:58 GMT-07:52:58',
      'string',
    ],
    ["months_between(timestamp'2016-03-13 10:30:00Z', timestamp'2016-02-13 10:30:00Z')", '1.0', 'double'],
    ["unix_timestamp('2016-07-01', 'yyyy-MM-dd')", '1467356400', 'bigint'],
    ['from_unixtime(1467331200)', '2016-06-30 17:00:00', 'string'],
    ["timestampdiff(hour, timestamp'2016-03-13 01:00:00', timestamp'2016-03-13 04:00:00')", '3', 'bigint'],
    ["timestampdiff(day, timestamp'2016-03-12 12:00:00', timestamp'2016-03-13 12:00:00')", '1', 'bigint'],
    ["unix_micros(timestampadd(day, 1, timestamp'2016-03-12 02:30:00'))", '1457865000000000', 'bigint'],
    ["unix_micros(timestampadd(hour, 24, timestamp'2016-03-12 02:30:00'))", '1457865000000000', 'bigint'],
    ["hour(to_timestamp(timestamp_ntz'2016-07-01 05:00:00', 'yyyy'))", '22', 'int'],
    ["to_date('2016-07-01 23', 'yyyy-MM-dd HH')", '2016-07-01', 'date'],
    ["date_part('hour', timestamp'2016-07-01 00:00:00Z')", '17', 'int'],
    ["second(timestamp'1850-07-01 00:00:00Z')", '2', 'int'],
    ["hour(timestamp_ntz'2016-07-01 05:00:00')", '5', 'int'],
    ["year(timestamp'2016-01-01 05:00:00Z')", '2015', 'int'],
  ],
  { ...UTC, timeZone: 'America/Los_Angeles' },
);

/** Numbers that look random, the same in every run. */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

function expectSame(sql: string, column: number, values: readonly Scalar[], timeZone = 'UTC'): void {
  const settings = { ...UTC, timeZone };
  const { expr } = liftLiterals(parseSql(sql, settings), (i) => i === column);
  const rows = values.map((value) => [value]);
  const { values: got, failed } = runCompiled(expr, rows, settings);
  expect(failed).toBe(false);
  expect(got).toEqual(rows.map((row) => evaluate(expr, row, settings)));
}

describe('compiled as interpreted', () => {
  const days = numbers(2000, 7).map((n, i) => Math.trunc(n * (i < 1000 ? 2e5 : i < 1500 ? 3e7 : 4.29e9)));
  const instants = numbers(600, 11).map((n, i) => BigInt(Math.trunc(n * (i < 200 ? 4e15 : i < 400 ? 1e17 : 1.8e19))));
  const fields = ['year', 'quarter', 'month', 'day', 'dayofweek', 'weekday', 'dayofyear', 'weekofyear', 'last_day'];
  test.each(fields)('%s of any date', (name) => expectSame(`${name}(date'2020-01-01')`, 0, days));
  test.each(['week', 'month', 'quarter', 'year'])('trunc to %s', (unit) =>
    expectSame(`trunc(date'2020-01-01', '${unit}')`, 0, days),
  );
  test.each([7, -77, 120_000])('add_months %i', (months) =>
    expectSame(`add_months(date'2020-01-31', ${months})`, 0, days.slice(0, 1500)),
  );
  test.each(['hour', 'minute', 'second'])('%s at a fixed offset', (name) =>
    expectSame(`${name}(timestamp'2020-01-01 00:00:00')`, 0, instants, '+05:30'),
  );
  test.each(['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond', 'microsecond'])(
    'date_trunc to %s at a fixed offset',
    (unit) => expectSame(`date_trunc('${unit}', timestamp'2020-01-01 00:00:00')`, 1, instants.slice(0, 400), '-03:30'),
  );
});

test('a wall clock taken as an instant is moved as an instant: by days of the zone, as Spark 4.3.0 does', async () => {
  const session = await Session.create({ timeZone: 'America/Los_Angeles' });
  try {
    const rows = await session
      .sql(`SELECT unix_micros(to_timestamp(n, 'yyyy') - INTERVAL '30' DAY) AS micros
            FROM VALUES (TIMESTAMP_NTZ'2016-11-16 02:00:00'), (NULL) AS t(n)`)
      .collect();
    expect(rows).toEqual([{ micros: 1_476_666_000_000_000 }, { micros: null }]);
  } finally {
    await session.stop();
  }
});
