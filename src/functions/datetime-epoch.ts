import {
  type DataType,
  type DecimalType,
  dateType,
  findTimeZone,
  int32Type,
  int64Type,
  isFloating,
  isInteger,
  isNumeric,
  joinMicros,
  localToInstant,
  type Scalar,
  SparrowError,
  stringType,
  timestampType,
  timeZone,
} from '../base/index.js';
import { dateOf, microsOf, pushFloorDiv } from './datetime-emit.js';
import { formatMoment } from './datetime-format.js';
import { parseMoment } from './datetime-parse.js';
import { floorDiv } from './datetime-units.js';
import { type Call, scalar } from './define.js';
import { intOf, keepI64, part, wide } from './emit-parts.js';
import { anyInt, anyLong, anyString, only, type Param, takes } from './implicit.js';

const viaPattern = 'a call per row: datetime patterns are read and written in JS';
const DEFAULT_PATTERN = 'yyyy-MM-dd HH:mm:ss';
const MICROS = 1_000_000n;

function checked(micros: bigint): bigint {
  if (BigInt.asIntN(64, micros) === micros) return micros;
  throw new SparrowError('DATETIME_OVERFLOW', 'the instant is outside of the range of timestamps', {
    sqlState: '22008',
  });
}

/** Seconds since the epoch, cut towards 0, of a date, an instant or a text in a pattern. */
function unixSeconds(value: Scalar, pattern: Scalar | undefined, call: Call): bigint | null {
  const type = call.argTypes[0] as DataType;
  if (type.kind === 'timestamp') return (value as bigint) / MICROS;
  const zone = timeZone(call.settings.timeZone);
  if (type.kind === 'date') return localToInstant(zone, joinMicros(value as number, 0)) / MICROS;
  const micros = parseMoment(value as string, zone, (pattern ?? DEFAULT_PATTERN) as string);
  if (micros !== undefined) return micros / MICROS;
  if (!call.settings.ansi) return null;
  throw new SparrowError(
    'CANNOT_PARSE_TIMESTAMP',
    `${JSON.stringify(value)} does not fit the pattern ${JSON.stringify(pattern ?? DEFAULT_PATTERN)}`,
    {
      sqlState: '22007',
    },
  );
}

const moment: Param = {
  wants: 'string, date or timestamp',
  accept: (type) =>
    type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'string'
      ? type
      : type.kind === 'timestamp_ntz'
        ? timestampType
        : type.kind === 'null'
          ? stringType
          : undefined,
};

const pattern = only('a string', (type) => type.kind === 'string' || type.kind === 'null');

const toUnix = (name: string, sql: string, least: number) =>
  scalar({
    name,
    sql: [sql],
    summary:
      'The seconds since 1970-01-01 UTC of a date, a timestamp or a string (yyyy-MM-dd HH:mm:ss or a given pattern).',
    examples: [[`${sql}('2016-04-08', 'yyyy-MM-dd')`, '1460073600']],
    resolve: takes([moment, pattern], int64Type, { optional: 2 - least, nullable: true }),
    nulls: 'propagate',
    fails: (call) => call.argTypes[0]?.kind === 'string',
    eval: ([value, pattern], call) =>
      value === undefined ? call.settings.nowMicros / MICROS : unixSeconds(value, pattern, call),
    emit: (e, args, call) => {
      if (call.argTypes[0]?.kind !== 'timestamp') return undefined;
      e.code.get(wide(e, args[0])).i64(MICROS).op('i64.div_s');
      return microsOf(int64Type, keepI64(e));
    },
    compiled: viaPattern,
  });

/** An instant and nothing that would have to become one, but a reading without zone. */
const instant: Param = {
  wants: 'a timestamp',
  // Spark takes the number of a reading without a zone as it is.
  accept: (type) =>
    type.kind === 'timestamp_ntz'
      ? type
      : type.kind === 'timestamp' || type.kind === 'null'
        ? timestampType
        : undefined,
};

/** The units since the epoch of an instant, rounded down. */
const unixUnits = (name: string, sql: string, what: string, size: bigint, example: readonly [string, string]) =>
  scalar({
    name,
    sql: [sql],
    summary: `The ${what} since 1970-01-01 00:00:00 UTC, rounded down.`,
    examples: [example],
    resolve: takes([instant], int64Type),
    nulls: 'propagate',
    eval: ([micros]) => floorDiv(micros as bigint, size),
    emit: (e, args) => {
      const micros = wide(e, args[0]);
      if (size === 1n) return microsOf(int64Type, micros);
      pushFloorDiv(e, micros, size);
      return microsOf(int64Type, keepI64(e));
    },
  });

/** The instant of units since the epoch. */
/** These types, and the untyped null as a long. */
const orLong = (wants: string, test: (type: DataType) => boolean): Param => ({
  wants,
  accept: (type) => (type.kind === 'null' ? int64Type : test(type) ? type : undefined),
});

const fromUnits = (name: string, sql: string, what: string, size: bigint, example: readonly [string, string]) =>
  scalar({
    name,
    sql: [sql],
    summary: `The instant that many ${what} after 1970-01-01 00:00:00 UTC.`,
    examples: [example],
    resolve: takes([orLong('integral', isInteger)], timestampType),
    nulls: 'propagate',
    fails: size !== 1n,
    eval: ([count]) => checked(BigInt(count as number | bigint) * size),
    emit: (e, args) => emitMicros(e, args, size),
  });

function emitMicros(e: Parameters<typeof wide>[0], args: readonly Parameters<typeof wide>[1][], size: bigint) {
  const { code } = e;
  const value = args[0];
  const count = code.local('i64');
  code.get(part(value));
  if (value?.carrier === 'i32') code.op('i64.extend_i32_s');
  code.set(count);
  if (size === 1n) return microsOf(timestampType, count);
  if (value?.carrier !== 'i32') {
    // Beyond 2^63 / size the product would not fit.
    const most = (2n ** 63n - 1n) / size;
    code.get(count).i64(most).op('i64.gt_s').get(count).i64(-most).op('i64.lt_s').op('i32.or');
    e.failIf();
  }
  code.get(count).i64(size).op('i64.mul');
  return microsOf(timestampType, keepI64(e));
}

function secondsToMicros(value: Scalar, type: DataType): bigint | null {
  if (type.kind === 'decimal') return decimalMicros(value as bigint, type);
  if (typeof value === 'number' && !isInteger(type)) {
    if (!Number.isFinite(value)) return null;
    const micros = value * 1e6;
    if (micros >= 2 ** 63) return 2n ** 63n - 1n;
    return micros <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(micros));
  }
  return checked(BigInt(value as number | bigint) * MICROS);
}

function decimalMicros(unscaled: bigint, { scale }: DecimalType): bigint {
  const divisor = 10n ** BigInt(scale);
  const micros = (unscaled * MICROS) / divisor;
  if (micros * divisor !== unscaled * MICROS) {
    throw new SparrowError('ARITHMETIC_OVERFLOW', 'timestamp_seconds takes no more than six digits after the point', {
      sqlState: '22003',
    });
  }
  return checked(micros);
}

/** Counts since the epoch. */
export const epochFunctions = {
  unixTimestamp: toUnix('unixTimestamp', 'unix_timestamp', 0),
  toUnixTimestamp: toUnix('toUnixTimestamp', 'to_unix_timestamp', 1),
  fromUnixtime: scalar({
    name: 'fromUnixtime',
    sql: ['from_unixtime'],
    summary: 'Seconds since 1970-01-01 UTC as text in the session time zone (yyyy-MM-dd HH:mm:ss or a given pattern).',
    examples: [["from_unixtime(0, 'yyyy-MM-dd HH:mm:ss')", '1970-01-01 00:00:00']],
    resolve: takes([anyLong, anyString], stringType, { optional: 1 }),
    nulls: 'propagate',
    fails: true,
    eval: ([seconds, pattern], call) => {
      const zone = findTimeZone(call.settings.timeZone) ?? timeZone(call.settings.timeZone);
      return formatMoment(
        BigInt.asIntN(64, (seconds as bigint) * MICROS),
        zone,
        (pattern ?? DEFAULT_PATTERN) as string,
      );
    },
    compiled: viaPattern,
  }),
  unixDate: scalar({
    name: 'unixDate',
    sql: ['unix_date'],
    summary: 'The days since 1970-01-01.',
    examples: [["unix_date(date'1970-01-02')", '1']],
    resolve: takes(
      [{ wants: 'a date', accept: (type) => (type.kind === 'date' || type.kind === 'null' ? dateType : undefined) }],
      int32Type,
    ),
    nulls: 'propagate',
    range: ([known]) => known,
    eval: ([days]) => days as number,
    emit: (_, args) => intOf(part(args[0])),
  }),
  dateFromUnixDate: scalar({
    name: 'dateFromUnixDate',
    sql: ['date_from_unix_date'],
    summary: 'The date that many days after 1970-01-01.',
    examples: [['date_from_unix_date(1)', '1970-01-02']],
    resolve: takes([anyInt], dateType),
    nulls: 'propagate',
    range: ([known]) => known,
    eval: ([days]) => days as number,
    emit: (_, args) => dateOf(dateType, part(args[0])),
  }),
  unixSeconds: unixUnits('unixSeconds', 'unix_seconds', 'seconds', MICROS, [
    "unix_seconds(timestamp'1970-01-01 00:00:01Z')",
    '1',
  ]),
  unixMillis: unixUnits('unixMillis', 'unix_millis', 'milliseconds', 1000n, [
    "unix_millis(timestamp'1970-01-01 00:00:01Z')",
    '1000',
  ]),
  unixMicros: unixUnits('unixMicros', 'unix_micros', 'microseconds', 1n, [
    "unix_micros(timestamp'1970-01-01 00:00:01Z')",
    '1000000',
  ]),
  timestampMillis: fromUnits('timestampMillis', 'timestamp_millis', 'milliseconds', 1000n, [
    'timestamp_millis(1230219000123)',
    '2008-12-25 15:30:00.123',
  ]),
  timestampMicros: fromUnits('timestampMicros', 'timestamp_micros', 'microseconds', 1n, [
    'timestamp_micros(1230219000123123)',
    '2008-12-25 15:30:00.123123',
  ]),
  timestampSeconds: scalar({
    name: 'timestampSeconds',
    sql: ['timestamp_seconds'],
    summary: 'The instant that many seconds, with a fraction, after 1970-01-01 00:00:00 UTC.',
    examples: [
      ['timestamp_seconds(1230219000)', '2008-12-25 15:30:00'],
      ['timestamp_seconds(1230219000.123)', '2008-12-25 15:30:00.123'],
    ],
    resolve: takes([orLong('numeric', isNumeric)], timestampType, {
      nullable: true,
    }),
    nulls: 'propagate',
    fails: (call) => !isFloating(call.argTypes[0] as DataType),
    eval: ([value], call) => secondsToMicros(value as Scalar, call.argTypes[0] as DataType),
    emit: (e, args, call) => (isInteger(call.argTypes[0] as DataType) ? emitMicros(e, args, MICROS) : undefined),
    compiled: 'in Wasm for integers; a call per row for others',
  }),
};
