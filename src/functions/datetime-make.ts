import {
  type DataType,
  dateType,
  daysFromCivil,
  dayTimeIntervalType,
  decimalType,
  isCivilDate,
  isNumeric,
  joinMicros,
  localToInstant,
  microsOfDay,
  type Scalar,
  SparrowError,
  timestampNtzType,
  timestampType,
  timeType,
  timeZone,
  yearMonthIntervalType,
} from '../base/index.js';
import { type ArgType, type Call, scalar } from './define.js';
import { overflow } from './eval-errors.js';
import { anyInt, anyString, justString, type Param, takes } from './implicit.js';
import { tolerantOf } from './tolerant.js';

const seldom = 'a call per row: seldom the bottleneck';
const SECONDS = decimalType(16, 6);
const MINUTE_MICROS = 60_000_000n;

/** Seconds with their fraction. */
export const secondsParam = (type: DataType): Param => ({
  wants: 'numeric',
  accept: (given) => (isNumeric(given) || given.kind === 'string' || given.kind === 'null' ? type : undefined),
});

function outOfBounds(what: string): SparrowError {
  return new SparrowError('DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION', `${what} is no date or time there is`, {
    sqlState: '22023',
    hint: 'set spark.sql.ansi.enabled to false to get NULL instead',
  });
}

function failOrNull(call: Call, error: () => SparrowError): null {
  if (call.settings.ansi) throw error();
  return null;
}

/** A wall clock reading in micros; 60 seconds without fraction are the next minute. */
function readingOf(args: readonly Scalar[], call: Call): bigint | null {
  const [year, month, day, hour, minute] = args.slice(0, 5) as number[];
  const micros = args[5] as bigint;
  const text = `${args.slice(0, 5).join(', ')}, ${Number(micros) / 1e6}`;
  if (year === undefined || month === undefined || day === undefined) return null;
  if (micros > MINUTE_MICROS && micros / 1_000_000n === 60n) {
    return failOrNull(
      call,
      () =>
        new SparrowError('INVALID_FRACTION_OF_SECOND', 'the seconds must be below 60, or 60 without a fraction', {
          sqlState: '22023',
        }),
    );
  }
  const full = micros === MINUTE_MICROS;
  const seconds = full ? 0 : Number(micros);
  const ofDay =
    seconds < 0 || (hour ?? 0) < 0 || (minute ?? 0) < 0
      ? undefined
      : microsOfDay(hour ?? 0, minute ?? 0, Math.floor(seconds / 1e6), seconds % 1e6);
  if (ofDay === undefined || !isCivilDate(year, month, day)) return failOrNull(call, () => outOfBounds(text));
  const reading = joinMicros(daysFromCivil(year, month, day), ofDay) + (full ? MINUTE_MICROS : 0n);
  if (BigInt.asIntN(64, reading) !== reading) throw overflow('long');
  return reading;
}

const nullableUnlessAnsi = (args: readonly ArgType[], ansi: boolean): boolean =>
  !ansi || args.some((arg) => arg.nullable);

const orNull = (kind: 'date' | 'time', to: DataType): Param => ({
  wants: kind,
  accept: (type) => (type.kind === kind || type.kind === 'null' ? to : undefined),
});
const justDate = orNull('date', dateType);
const justTime = orNull('time', timeType);

/** A timestamp of a date, a time of day and, for instants, a zone. */
function resolveFromDate(args: readonly ArgType[], returns: DataType, optional: number, ansi: boolean) {
  const params = optional > 0 ? [justDate, justTime, justString] : [justDate, justTime];
  const result = takes(params, returns, { optional })(args, { ansi });
  return 'mismatch' in result ? result : { ...result, nullable: args.some((arg) => arg.nullable) };
}

const makeTimestamp = (
  name: string,
  sql: string,
  returns: typeof timestampType | typeof timestampNtzType,
  zoned: boolean,
  /** How many of date, time and zone may be left out. */
  optional: number,
) =>
  scalar({
    name,
    sql: [sql],
    summary: `The timestamp of year to second${zoned ? ' and zone' : ''}; fields out of range are errors.`,
    examples: [[`${sql}(2014, 12, 28, 6, 30, 45.887)`, '2014-12-28 06:30:45.887']],
    resolve: (args, settings) => {
      if (args.length <= (zoned ? 3 : 2)) return resolveFromDate(args, returns, optional, settings.ansi);
      const params = [anyInt, anyInt, anyInt, anyInt, anyInt, secondsParam(SECONDS)];
      const result = takes(zoned ? [...params, anyString] : params, returns, { optional: zoned ? 1 : 0 })(
        args,
        settings,
      );
      return 'mismatch' in result ? result : { ...result, nullable: nullableUnlessAnsi(args, settings.ansi) };
    },
    nulls: 'propagate',
    fails: true,
    eval: (args, call) => {
      const isParts = args.length <= 3;
      const reading = isParts
        ? joinMicros(args[0] as number, Number((args[1] ?? 0n) as bigint))
        : readingOf(args, call);
      if (reading === null) return null;
      const zone = (args[isParts ? 2 : 6] ?? call.settings.timeZone) as string;
      const micros = zoned ? localToInstant(timeZone(zone), reading) : reading;
      if (BigInt.asIntN(64, micros) !== micros) throw overflow('long');
      return micros;
    },
    compiled: seldom,
  });

const makers = {
  makeTimestamp: makeTimestamp('makeTimestamp', 'make_timestamp', timestampType, true, 2),
  makeTimestampLtz: makeTimestamp('makeTimestampLtz', 'make_timestamp_ltz', timestampType, true, 1),
  makeTimestampNtz: makeTimestamp('makeTimestampNtz', 'make_timestamp_ntz', timestampNtzType, false, 0),
};

const tryMake = (entry: ReturnType<typeof makeTimestamp>, name: string, sql: string) =>
  tolerantOf(entry, name, sql, 'The timestamp of its fields; null where one is out of range.', [
    [`${sql}(2014, 12, 28, 6, 30, 45.887)`, '2014-12-28 06:30:45.887'],
    [`${sql}(2014, 13, 28, 6, 30, 45.887)`, null],
  ]);

const INT_TOP = 2 ** 31;

function intervalOverflow(): SparrowError {
  return new SparrowError('INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION', 'the interval is out of range', {
    sqlState: '22015',
  });
}

function dayTimeMicros(args: readonly Scalar[]): bigint {
  const [days = 0, hours = 0, minutes = 0] = args.slice(0, 3) as number[];
  const seconds = (args[3] ?? 0n) as bigint;
  const micros =
    BigInt(days) * 86_400_000_000n + BigInt(hours) * 3_600_000_000n + BigInt(minutes) * MINUTE_MICROS + seconds;
  if (BigInt.asIntN(64, micros) !== micros) throw intervalOverflow();
  return micros;
}

/** Dates, timestamps and intervals from their fields. */
export const makingFunctions = {
  makeDate: scalar({
    name: 'makeDate',
    sql: ['make_date'],
    summary: 'The date of year, month and day; fields out of range are errors (null without ANSI).',
    examples: [
      ['make_date(2013, 7, 15)', '2013-07-15'],
      ['make_date(2019, 7, null)', null],
    ],
    resolve: (args, settings) => {
      const result = takes([anyInt, anyInt, anyInt], dateType)(args, settings);
      return 'mismatch' in result ? result : { ...result, nullable: nullableUnlessAnsi(args, settings.ansi) };
    },
    nulls: 'propagate',
    fails: true,
    eval: (args, call) => {
      const [year, month, day] = args as [number, number, number];
      if (isCivilDate(year, month, day)) {
        const days = daysFromCivil(year, month, day);
        if (days !== (days | 0)) throw overflow('integer');
        return days;
      }
      return failOrNull(call, () => outOfBounds(`${year}-${month}-${day}`));
    },
    compiled: seldom,
  }),
  ...makers,
  tryMakeTimestamp: tryMake(makers.makeTimestamp, 'tryMakeTimestamp', 'try_make_timestamp'),
  tryMakeTimestampLtz: tryMake(makers.makeTimestampLtz, 'tryMakeTimestampLtz', 'try_make_timestamp_ltz'),
  tryMakeTimestampNtz: tryMake(makers.makeTimestampNtz, 'tryMakeTimestampNtz', 'try_make_timestamp_ntz'),
  makeYmInterval: scalar({
    name: 'makeYmInterval',
    sql: ['make_ym_interval'],
    summary: 'The interval of years and months.',
    examples: [['make_ym_interval(1, 2)', "INTERVAL '1-2' YEAR TO MONTH"]],
    resolve: takes([anyInt, anyInt], yearMonthIntervalType, { optional: 2 }),
    nulls: 'propagate',
    fails: true,
    eval: (args) => {
      const [years = 0, months = 0] = args as number[];
      const total = years * 12 + months;
      if (total >= INT_TOP || total < -INT_TOP) throw intervalOverflow();
      return total;
    },
    compiled: seldom,
  }),
  makeDtInterval: scalar({
    name: 'makeDtInterval',
    sql: ['make_dt_interval'],
    summary: 'The interval of days, hours, minutes and seconds.',
    examples: [['make_dt_interval(1, 12, 30, 01.001001)', "INTERVAL '1 12:30:01.001001' DAY TO SECOND"]],
    resolve: takes([anyInt, anyInt, anyInt, secondsParam(decimalType(18, 6))], dayTimeIntervalType, { optional: 4 }),
    nulls: 'propagate',
    fails: true,
    eval: (args) => dayTimeMicros(args),
    compiled: seldom,
  }),
};
