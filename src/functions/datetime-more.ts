import {
  civilFromDays,
  type DataType,
  dateToTimestamp,
  dateType,
  float64Type,
  instantToLocal,
  isNumeric,
  localToInstant,
  MONTHS,
  type Scalar,
  SHORT_NAME,
  SparrowError,
  splitMicros,
  stringType,
  timestampNtzType,
  timestampType,
  timeZone,
  WEEKDAYS,
} from '../base/index.js';
import { castScalar } from './cast-eval.js';
import { dateOf, microsOf, pushWeekday } from './datetime-emit.js';
import { epochFunctions } from './datetime-epoch.js';
import { formatMoment } from './datetime-format.js';
import { makingFunctions } from './datetime-make.js';
import { parseOrFail } from './datetime-parse.js';
import { besideMoments } from './datetime-pattern-types.js';
import { datetimeUnitFunctions } from './datetime-shift.js';
import { weekdayOf } from './datetime-units.js';
import { type Call, scalar } from './define.js';
import { keepI32, keepI64, part, textLiteral } from './emit-parts.js';
import { anyBoolean, anyDate, anyString, anyTimestamp, anyTimestampNtz, type Param, takes } from './implicit.js';

const viaPattern = 'a call per row: datetime patterns are read and written in JS';

const zoneOf = (call: Call) => timeZone(call.settings.timeZone);

/** Without a pattern a cast; with one, strings are parsed and moments are taken as they are. */
const parsing = (target: DataType, param: Param): ReturnType<typeof takes> => {
  const byPattern = takes([anyString, anyString], target, { nullable: true });
  const byCast = takes([param, anyString], target, { optional: 1 });
  return besideMoments(target, (args, settings) =>
    (args.length === 2 && args[0]?.type.kind === 'string' ? byPattern : byCast)(args, settings),
  );
};

/** Numbers are seconds since the epoch. */
const timestampOrSeconds: Param = {
  wants: 'timestamp',
  accept: (type) => (isNumeric(type) ? timestampType : anyTimestamp.accept(type)),
};

/** Numbers are texts. */
const ntzOrText: Param = {
  wants: 'timestamp_ntz',
  accept: (type) => (isNumeric(type) ? stringType : anyTimestampNtz.accept(type)),
};
const textOrSeconds: Param = {
  wants: 'string',
  accept: (type) => (isNumeric(type) ? timestampType : anyString.accept(type)),
};

const parsesText = (call: Call): boolean => call.argTypes[0]?.kind === 'string';

const localDate = (micros: bigint, call: Call): number => splitMicros(instantToLocal(zoneOf(call), micros)).days;

const converting = {
  toDate: scalar({
    name: 'toDate',
    sql: ['to_date'],
    summary: 'The date of a string, by a cast or a pattern; strings that fit neither are errors (null without ANSI).',
    examples: [
      ["to_date('2009-07-30 04:17:52')", '2009-07-30'],
      ["to_date('31/12/2016', 'dd/MM/yyyy')", '2016-12-31'],
    ],
    resolve: parsing(dateType, anyDate),
    nulls: 'custom',
    fails: parsesText,
    eval: ([value, pattern], call) => {
      if (value === null || !parsesText(call))
        return typeof value === 'bigint' ? localDate(value, call) : (value as Scalar);
      const micros = pattern === null ? null : parseOrFail(value as Scalar, pattern as Scalar, call);
      return micros === null ? null : localDate(micros, call);
    },
    emit: (_, args, call) => (call.argTypes[0]?.kind === 'date' ? args[0] : undefined),
    compiled: viaPattern,
  }),
  toTimestamp: scalar({
    name: 'toTimestamp',
    sql: ['to_timestamp', 'to_timestamp_ltz'],
    summary:
      'The instant of a string, by a cast or a pattern; strings that fit neither are errors (null without ANSI).',
    examples: [
      ["to_timestamp('2016-12-31 00:12:00')", '2016-12-31 00:12:00'],
      ["to_timestamp('12/31/2016 03:05 PM', 'MM/dd/yyyy hh:mm a')", '2016-12-31 15:05:00'],
    ],
    resolve: parsing(timestampType, timestampOrSeconds),
    nulls: 'custom',
    fails: parsesText,
    eval: ([value, pattern], call) => {
      if (value === null || !parsesText(call)) return value as Scalar;
      return pattern === null ? null : parseOrFail(value as Scalar, pattern as Scalar, call);
    },
    emit: (_, args, call) => (parsesText(call) ? undefined : args[0]),
    compiled: viaPattern,
  }),
  toTimestampNtz: scalar({
    name: 'toTimestampNtz',
    sql: ['to_timestamp_ntz'],
    summary: 'The wall clock reading of a string, by a cast or a pattern.',
    examples: [["to_timestamp_ntz('2016-12-31 00:12:00')", '2016-12-31 00:12:00']],
    resolve: (args, settings) => {
      const made = parsing(timestampNtzType, ntzOrText)(args, settings);
      return 'mismatch' in made || settings.ansi !== false ? made : { ...made, nullable: true };
    },
    nulls: 'custom',
    fails: parsesText,
    eval: ([value, pattern], call) => {
      if (value === null || !parsesText(call)) return value as Scalar;
      if (pattern === null) return null;
      const { ansi } = call.settings;
      if (pattern === undefined)
        return castScalar(value as Scalar, stringType, timestampNtzType, {
          mode: ansi ? 'ansi' : 'try',
          timeZone: 'UTC',
        });
      // A zone in the text says nothing of the clock's reading.
      return parseOrFail(value as Scalar, pattern, call, ansi, null);
    },
    emit: (_, args, call) => (parsesText(call) ? undefined : args[0]),
    compiled: viaPattern,
  }),
  tryToTimestamp: scalar({
    name: 'tryToTimestamp',
    sql: ['try_to_timestamp'],
    summary: 'The instant of a string by a pattern; null where it does not fit.',
    examples: [
      ["try_to_timestamp('foo', 'yyyy-MM-dd')", null],
      ["try_to_timestamp('2016-12-31', 'yyyy-MM-dd')", '2016-12-31 00:00:00'],
    ],
    resolve: besideMoments(
      timestampType,
      takes([textOrSeconds, anyString], timestampType, { optional: 1, nullable: true }),
    ),
    nulls: 'custom',
    fails: (call) => textLiteral(call.literals[1]) === undefined,
    eval: ([value, pattern], call) => {
      if (value === null || !parsesText(call)) return value as Scalar;
      if (pattern === null) return null;
      return pattern === undefined
        ? castScalar(value as Scalar, stringType, timestampType, {
            mode: 'try',
            timeZone: call.settings.timeZone,
            clock: call.settings,
          })
        : parseOrFail(value as Scalar, pattern, call, false);
    },
    compiled: viaPattern,
  }),
  dateFormat: scalar({
    name: 'dateFormat',
    sql: ['date_format'],
    summary: 'A timestamp as text by a pattern of letters, in the session time zone.',
    examples: [
      ["date_format('2016-04-08', 'y')", '2016'],
      ["date_format('2016-04-08 13:10:15', 'dd/MM/yy hh:mm a')", '08/04/16 01:10 PM'],
    ],
    resolve: takes([anyTimestamp, anyString], stringType),
    nulls: 'propagate',
    fails: true,
    eval: ([micros, pattern], call) => formatMoment(micros as bigint, zoneOf(call), pattern as string),
    compiled: viaPattern,
  }),
  dayname: scalar({
    name: 'dayname',
    sql: ['dayname'],
    summary: 'The three letters of the day of the week of a date.',
    examples: [["dayname(date'2008-02-20')", 'Wed']],
    resolve: takes([anyDate], stringType),
    nulls: 'propagate',
    eval: ([days]) => (WEEKDAYS[weekdayOf(days as number)] as string).slice(0, SHORT_NAME),
    compiled: 'a call per row: seldom the bottleneck',
  }),
  monthname: scalar({
    name: 'monthname',
    sql: ['monthname'],
    summary: 'The three letters of the month of a date.',
    examples: [["monthname(date'2008-02-20')", 'Feb']],
    resolve: takes([anyDate], stringType),
    nulls: 'propagate',
    eval: ([days]) => (MONTHS[civilFromDays(days as number).month - 1] as string).slice(0, SHORT_NAME),
    compiled: 'a call per row: seldom the bottleneck',
  }),
};

const SECONDS_PER_MONTH = 31 * 86_400;

/** Whole months where the days agree or both end their month, else with the rest as a share of 31 days. */
function monthsBetween(end: bigint, start: bigint, rounded: boolean, call: Call): number {
  const [a, b] = [end, start].map((micros) => {
    const { days } = splitMicros(instantToLocal(zoneOf(call), micros));
    // Since the day began, which on some days is not what clocks show.
    const ofDay = Number(micros - dateToTimestamp(days, call.settings.timeZone));
    const civil = civilFromDays(days);
    return {
      ...civil,
      months: civil.year * 12 + civil.month,
      seconds: Math.floor(ofDay / 1e6),
      last: civilFromDays(days + 1).day === 1,
    };
  });
  if (a === undefined || b === undefined) return 0;
  const months = a.months - b.months;
  if (a.day === b.day || (a.last && b.last)) return months;
  const seconds = (a.day - b.day) * 86_400 + a.seconds - b.seconds;
  const exact = months + seconds / SECONDS_PER_MONTH;
  return rounded ? Math.floor(exact * 1e8 + 0.5) / 1e8 : exact;
}

/** Monday is 0. */
function weekdayNamed(text: string): number | undefined {
  const wanted = text.toUpperCase();
  const found = WEEKDAYS.findIndex((name) =>
    [2, 3, name.length].some((n) => name.slice(0, n).toUpperCase() === wanted),
  );
  return found < 0 ? undefined : found;
}

const measuring = {
  monthsBetween: scalar({
    name: 'monthsBetween',
    sql: ['months_between'],
    summary:
      'The months from the second timestamp to the first; a rest counts in 31sts, rounded to 8 digits by default.',
    examples: [["months_between('1997-02-28 10:30:00', '1996-10-30')", '3.94959677']],
    resolve: takes([anyTimestamp, anyTimestamp, anyBoolean], float64Type, { optional: 1 }),
    nulls: 'propagate',
    eval: ([end, start, rounded], call) => monthsBetween(end as bigint, start as bigint, rounded !== false, call),
    compiled: 'a call per row: seldom the bottleneck',
  }),
  nextDay: scalar({
    name: 'nextDay',
    sql: ['next_day'],
    summary:
      'The first date later than the given one on a day of the week; an unknown day is an error (null without ANSI).',
    examples: [["next_day('2015-01-14', 'TU')", '2015-01-20']],
    resolve: takes([anyDate, anyString], dateType, { nullable: true }),
    nulls: 'propagate',
    fails: (call) => weekdayNamed(textLiteral(call.literals[1]) ?? '') === undefined,
    eval: ([days, name], call) => {
      const wanted = weekdayNamed(name as string);
      if (wanted !== undefined) return (days as number) + ((wanted - weekdayOf(days as number) + 6) % 7) + 1;
      if (!call.settings.ansi) return null;
      throw new SparrowError('ILLEGAL_DAY_OF_WEEK', `${JSON.stringify(name)} is no day of the week`, {
        sqlState: '22009',
      });
    },
    emit: (e, args, call) => {
      const wanted = weekdayNamed(textLiteral(call.literals[1]) ?? '');
      if (wanted === undefined) return undefined;
      const { code } = e;
      code.get(part(args[0])).i32(wanted + 6);
      pushWeekday(e, part(args[0]), 3);
      code.op('i32.sub').i32(7).op('i32.rem_u').op('i32.add').i32(1).op('i32.add');
      return dateOf(dateType, keepI32(e));
    },
    compiled: 'in Wasm for a constant day',
  }),
  fromUtcTimestamp: scalar({
    name: 'fromUtcTimestamp',
    sql: ['from_utc_timestamp'],
    summary: 'What clocks in a time zone show when clocks in UTC show the timestamp.',
    examples: [["from_utc_timestamp('2016-08-31', 'Asia/Seoul')", '2016-08-31 09:00:00']],
    resolve: takes([anyTimestamp, anyString], timestampType),
    nulls: 'propagate',
    fails: true,
    eval: ([micros, zone]) => instantToLocal(timeZone(zone as string), micros as bigint),
    compiled: 'a call per row: time zone rules are in JS',
  }),
  toUtcTimestamp: scalar({
    name: 'toUtcTimestamp',
    sql: ['to_utc_timestamp'],
    summary: 'What clocks in UTC show when clocks in a time zone show the timestamp.',
    examples: [["to_utc_timestamp('2016-08-31', 'Asia/Seoul')", '2016-08-30 15:00:00']],
    resolve: takes([anyTimestamp, anyString], timestampType),
    nulls: 'propagate',
    fails: true,
    eval: ([micros, zone]) => localToInstant(timeZone(zone as string), micros as bigint),
    compiled: 'a call per row: time zone rules are in JS',
  }),
  convertTimezone: scalar({
    name: 'convertTimezone',
    sql: ['convert_timezone'],
    summary: 'A wall clock reading of one zone (the session zone unless given) as that of another.',
    examples: [
      [
        "convert_timezone('Europe/Brussels', 'America/Los_Angeles', timestamp_ntz'2021-12-06 00:00:00')",
        '2021-12-05 15:00:00',
      ],
    ],
    resolve: (args, settings) =>
      takes(
        args.length === 2 ? [anyString, anyTimestampNtz] : [anyString, anyString, anyTimestampNtz],
        timestampNtzType,
      )(args, settings),
    nulls: 'propagate',
    fails: true,
    eval: (args, call) => {
      const [source, target, local] = args.length === 2 ? [call.settings.timeZone, ...args] : args;
      const instant = localToInstant(timeZone(source as string), local as bigint);
      return instantToLocal(timeZone(target as string), instant);
    },
    compiled: 'a call per row: time zone rules are in JS',
  }),
};

const today = (call: Call): number => localDate(call.settings.nowMicros, call);

const present = {
  currentDate: scalar({
    name: 'currentDate',
    sql: ['current_date', 'curdate'],
    summary: 'The date on which the query began, in the session time zone.',
    examples: [['current_date() = curdate()', 'true']],
    resolve: takes([], dateType),
    nulls: 'propagate',
    eval: (_, call) => today(call),
    emit: (e, _, call) => {
      e.code.i32(today(call));
      return dateOf(dateType, keepI32(e));
    },
  }),
  currentTimestamp: scalar({
    name: 'currentTimestamp',
    sql: ['current_timestamp', 'now'],
    summary: 'The instant at which the query began.',
    examples: [['current_timestamp() = now()', 'true']],
    resolve: takes([], timestampType),
    nulls: 'propagate',
    eval: (_, call) => call.settings.nowMicros,
    emit: (e, _, call) => {
      e.code.i64(call.settings.nowMicros);
      return microsOf(timestampType, keepI64(e));
    },
  }),
  localtimestamp: scalar({
    name: 'localtimestamp',
    sql: ['localtimestamp'],
    summary: 'The wall clock reading at which the query began, in the session time zone.',
    examples: [],
    resolve: takes([], timestampNtzType),
    nulls: 'propagate',
    eval: (_, call) => instantToLocal(zoneOf(call), call.settings.nowMicros),
    emit: (e, _, call) => {
      e.code.i64(instantToLocal(zoneOf(call), call.settings.nowMicros));
      return microsOf(timestampNtzType, keepI64(e));
    },
  }),
  currentTimezone: scalar({
    name: 'currentTimezone',
    sql: ['current_timezone'],
    summary: 'The session time zone.',
    examples: [],
    resolve: takes([], stringType),
    nulls: 'propagate',
    eval: (_, call) => call.settings.timeZone,
    compiled: 'a constant',
  }),
};

/** Dates and times: made, parsed, formatted, counted and moved between zones. */
export const datetimeMoreFunctions = {
  ...converting,
  ...measuring,
  ...present,
  ...makingFunctions,
  ...epochFunctions,
  ...datetimeUnitFunctions,
};
