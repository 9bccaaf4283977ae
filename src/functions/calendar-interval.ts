import {
  type CalendarParts,
  calendarIntervalType,
  checkedInterval,
  civilFromDays,
  type DataType,
  dateType,
  daysInMonth,
  decimalType,
  instantToLocal,
  localToInstant,
  MICROS_PER_DAY,
  packInterval,
  type Scalar,
  SparrowError,
  splitMicros,
  timeZone,
  unpackInterval,
} from '../base/index.js';
import { secondsParam } from './datetime-make.js';
import { type Call, scalar } from './define.js';
import { overflow } from './eval-errors.js';
import { anyBoolean, anyDouble, anyInt, only, takes } from './implicit.js';
import { addMonths } from './temporal-arithmetic.js';

/** Intervals of months, days and microseconds, which have no order and no fixed length. */

const seldom = 'a call per row: seldom the bottleneck';
const anyInterval = only('interval', ({ kind }) => kind === 'interval');
const anyMoment = only('date or timestamp', ({ kind }) => kind === 'date' || kind.startsWith('timestamp'));
const SECONDS = decimalType(18, 6);
const DAY = BigInt(MICROS_PER_DAY);

/** The interval, or what happens when it is too large. */
function made(months: number, days: number, micros: bigint, call: Call): Scalar {
  const value = checkedInterval(months, days, micros);
  if (value !== undefined || !call.settings.ansi) return value ?? null;
  throw overflow('interval');
}

function evalMake(args: readonly Scalar[], call: Call): Scalar {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0] = args as number[];
  const seconds = (args[6] ?? 0n) as bigint;
  const micros = (BigInt(hours) * 60n + BigInt(minutes)) * 60_000_000n + seconds;
  return made(years * 12 + months, weeks * 7 + days, micros, call);
}

const parts = (value: Scalar | undefined): CalendarParts => unpackInterval(value as bigint);

/** Of the least number there is no negative: it stays, as in Java. */
function negated(interval: Scalar): bigint {
  const { months, days, micros } = parts(interval);
  return packInterval({ months: -months | 0, days: -days | 0, micros: BigInt.asIntN(64, -micros) });
}

/** Months first, on the last day of a shorter month; then days of the calendar; then time that goes by. */
function moved(moment: Scalar, interval: Scalar, call: Call): Scalar {
  const { months, days, micros } = parts(interval);
  const { kind } = call.argTypes[0] as DataType;
  if (kind === 'date') {
    if (micros !== 0n && call.settings.ansi) {
      throw new SparrowError(
        'INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION',
        'an interval with hours, minutes or seconds cannot be added to a date',
        { sqlState: '22006', hint: 'cast the date to a timestamp' },
      );
    }
    const shift = days + Number(micros < 0n ? (micros - DAY + 1n) / DAY : micros / DAY);
    const result = addMonths(moment as number, months) + shift;
    if ((result | 0) !== result) throw overflow('date');
    return result;
  }
  const zone = timeZone(kind === 'timestamp' ? call.settings.timeZone : 'UTC');
  const { days: date, ofDay } = splitMicros(instantToLocal(zone, moment as bigint));
  const local = BigInt(addMonths(date, months) + days) * DAY + BigInt(ofDay);
  const result = localToInstant(zone, local) + micros;
  if (BigInt.asIntN(64, result) !== result) throw overflow('timestamp');
  return result;
}

/** Fractions of days become time, those of months are dropped. */
function scaled(interval: Scalar, factor: number, call: Call): Scalar {
  const { months, days, micros } = parts(interval);
  const wholeDays = Math.trunc(days * factor);
  const rest = Number(micros) * factor + MICROS_PER_DAY * (days * factor - wholeDays);
  if (!Number.isFinite(rest)) return made(Number.NaN, 0, 0n, call);
  return made(Math.trunc(months * factor), wholeDays, BigInt(Math.round(rest)), call);
}

function divided(interval: Scalar, divisor: number, call: Call): Scalar {
  if (divisor !== 0) {
    const { months, days, micros } = parts(interval);
    const wholeDays = Math.trunc(days / divisor);
    const rest = Number(micros) / divisor + MICROS_PER_DAY * (days / divisor - wholeDays);
    if (!Number.isFinite(rest)) return made(Number.NaN, 0, 0n, call);
    return made(Math.trunc(months / divisor), wholeDays, BigInt(Math.round(rest)), call);
  }
  if (!call.settings.ansi) return null;
  throw new SparrowError('INTERVAL_DIVIDED_BY_ZERO', 'an interval cannot be divided by 0', {
    sqlState: '22012',
    hint: 'use `try_divide` to get NULL instead',
  });
}

function added(a: Scalar, b: Scalar, sign: 1 | -1, call: Call): Scalar {
  const [x, y] = [parts(a), parts(b)];
  return made(x.months + sign * y.months, x.days + sign * y.days, x.micros + BigInt(sign) * y.micros, call);
}

function between(to: Scalar, from: Scalar, call: Call): Scalar {
  const { kind } = call.argTypes[0] as DataType;
  if (kind !== 'date') return packInterval({ months: 0, days: 0, micros: (to as bigint) - (from as bigint) });
  const [a, b] = [civilFromDays(from as number), civilFromDays(to as number)];
  const months = (b.year - a.year) * 12 + b.month - a.month;
  const days = b.day - a.day;
  // As java.time.Period: whole months first, and days of the same sign.
  if (months > 0 && days < 0) {
    const rest = (to as number) - addMonths(from as number, months - 1);
    return packInterval({ months: months - 1, days: rest, micros: 0n });
  }
  if (months < 0 && days > 0) {
    return packInterval({ months: months + 1, days: days - daysInMonth(b.year, b.month), micros: 0n });
  }
  return packInterval({ months, days, micros: 0n });
}

const make = (name: string, sql: string, tolerant: boolean) =>
  scalar({
    name,
    sql: [sql],
    summary: `The calendar interval of years, months, weeks, days, hours, minutes and seconds${tolerant ? '; null when it is too large' : ''}.`,
    examples: [
      [`${sql}(100, 11, 1, 1, 12, 30, 01.001001)`, '100 years 11 months 8 days 12 hours 30 minutes 1.001001 seconds'],
    ],
    resolve: (args, settings) => {
      const all = takes([anyInt, anyInt, anyInt, anyInt, anyInt, anyInt, secondsParam(SECONDS)], calendarIntervalType, {
        optional: 7,
      })(args, settings);
      return 'mismatch' in all
        ? all
        : { ...all, nullable: tolerant || !settings.ansi || args.some((arg) => arg.nullable) };
    },
    nulls: 'propagate',
    fails: !tolerant,
    eval: (args, call) => evalMake(args, tolerant ? { ...call, settings: { ...call.settings, ansi: false } } : call),
    compiled: seldom,
  });

const year = 'make_interval(1)';

export const calendarIntervalFunctions = {
  makeInterval: make('makeInterval', 'make_interval', false),
  tryMakeInterval: make('tryMakeInterval', 'try_make_interval', true),
  moveByInterval: scalar({
    name: 'moveByInterval',
    sql: ['move_by_interval'],
    summary: 'A date or timestamp and a calendar interval: what `+` means for them. For plans, not for users.',
    examples: [[`move_by_interval(date'2020-02-29', ${year})`, '2021-02-28']],
    shown: ([moment, interval, back]) => `${moment} ${back === undefined ? '+' : '-'} ${interval}`,
    resolve: takes([anyMoment, anyInterval, anyBoolean], ([type]) => type as DataType, { optional: 1 }),
    nulls: 'propagate',
    fails: true,
    eval: ([moment, interval, back], call) =>
      moved(moment as Scalar, back === true ? negated(interval as Scalar) : (interval as Scalar), call),
    compiled: seldom,
  }),
  addIntervals: scalar({
    name: 'addIntervals',
    sql: ['add_intervals'],
    summary: 'The sum of two calendar intervals: what `+` means for them. For plans, not for users.',
    examples: [[`add_intervals(${year}, ${year})`, '2 years']],
    shown: ([a, b]) => `(${a} + ${b})`,
    resolve: takes([anyInterval, anyInterval], calendarIntervalType, { nullable: true }),
    nulls: 'propagate',
    fails: true,
    eval: ([a, b], call) => added(a as Scalar, b as Scalar, 1, call),
    compiled: seldom,
  }),
  subtractIntervals: scalar({
    name: 'subtractIntervals',
    sql: ['subtract_intervals'],
    summary: 'The difference of two calendar intervals: what `-` means for them. For plans, not for users.',
    examples: [[`subtract_intervals(${year}, ${year})`, '0 seconds']],
    shown: ([a, b]) => `(${a} - ${b})`,
    resolve: takes([anyInterval, anyInterval], calendarIntervalType, { nullable: true }),
    nulls: 'propagate',
    fails: true,
    eval: ([a, b], call) => added(a as Scalar, b as Scalar, -1, call),
    compiled: seldom,
  }),
  intervalBetween: scalar({
    name: 'intervalBetween',
    sql: ['interval_between'],
    summary:
      'From the second to the first of two dates in years, months and days, or of two timestamps in time: what `-` means with spark.sql.legacy.interval.enabled. For plans, not for users.',
    examples: [["interval_between(date'2021-03-01', date'2020-01-31')", '1 years 1 months 1 days']],
    shown: ([a, b]) => `(${a} - ${b})`,
    resolve: (args, settings) => {
      const found = takes([anyMoment, anyMoment], calendarIntervalType)(args, settings);
      if ('mismatch' in found) return found;
      // A date beside a timestamp is its midnight.
      const type = found.args.find(({ kind }) => kind !== 'date') ?? dateType;
      return { ...found, args: [type, type] };
    },
    nulls: 'propagate',
    eval: ([to, from], call) => between(to as Scalar, from as Scalar, call),
    compiled: seldom,
  }),
  negateInterval: scalar({
    name: 'negateInterval',
    sql: ['negate_interval'],
    summary: 'The interval with other signs: what `-` means for it. For plans, not for users.',
    examples: [[`negate_interval(${year})`, '-1 years']],
    shown: ([interval]) => `(- ${interval})`,
    resolve: takes([anyInterval], calendarIntervalType),
    nulls: 'propagate',
    eval: ([interval]) => negated(interval as Scalar),
    compiled: seldom,
  }),
  multiplyInterval: scalar({
    name: 'multiplyInterval',
    sql: ['multiply_interval'],
    summary: 'A calendar interval times a number: what `*` means for them. For plans, not for users.',
    examples: [[`multiply_interval(${year}, 1.5d)`, '1 years 6 months']],
    resolve: takes([anyInterval, anyDouble], calendarIntervalType, { nullable: true }),
    nulls: 'propagate',
    fails: true,
    eval: ([interval, factor], call) => scaled(interval as Scalar, factor as number, call),
    compiled: seldom,
  }),
  divideInterval: scalar({
    name: 'divideInterval',
    sql: ['divide_interval'],
    summary: 'A calendar interval divided by a number: what `/` means for them. For plans, not for users.',
    examples: [[`divide_interval(${year}, 2d)`, '6 months']],
    resolve: takes([anyInterval, anyDouble], calendarIntervalType, { nullable: true }),
    nulls: 'propagate',
    fails: true,
    eval: ([interval, divisor], call) => divided(interval as Scalar, divisor as number, call),
    compiled: seldom,
  }),
};

const MINUTE = 60_000_000n;

/** A field of a calendar interval, with its sign; seconds in microseconds. Undefined for what it has not. */
export function calendarField(name: string, value: Scalar): Scalar | undefined {
  const { months, days, micros } = parts(value);
  switch (name) {
    case 'YEAR':
      return Math.trunc(months / 12);
    case 'MONTH':
      return months % 12;
    case 'DAY':
      return days;
    case 'HOUR':
      return micros / (60n * MINUTE);
    case 'MINUTE':
      return Number((micros % (60n * MINUTE)) / MINUTE);
    case 'SECOND':
      return micros % MINUTE;
    default:
      return undefined;
  }
}
