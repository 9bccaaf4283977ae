import {
  civilFromDays,
  daysInMonth,
  dateType,
  int32Type,
  SparrowError,
  splitMicros,
  stringType,
  timestampType,
  timeZone,
} from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { type Call, type Range, scalar } from './define.js';
import {
  dateOf,
  emitCivil,
  emitDaysOf,
  emitFromDays,
  emitLocalMicros,
  fixedOffset,
  microsOf,
  pushDays,
  pushFloorMod,
  pushMonthLength,
  pushOfDay,
  pushWeekday,
} from './datetime-emit.js';
import {
  dayOfYear,
  isDateUnit,
  isoWeek,
  localMicros,
  truncDays,
  truncMicros,
  type TruncUnit,
  truncUnit,
  UNIT_MICROS,
  weekdayOf,
} from './datetime-units.js';
import { intOf, keepI32, keepI64, part, wide } from './emit-parts.js';
import { anyDate, anyInt, anyString, anyTimestamp, eitherTimestamp, takes } from './implicit.js';
import { addMonths } from './temporal-arithmetic.js';
import type { Emitter, Value } from './value.js';

/** A field of a date: `build` pushes it from a day number within reach of the arithmetic. */
const dateField = (
  names: readonly [string, ...string[]],
  summary: string,
  range: Range | undefined,
  example: readonly [string, string],
  of: (days: number) => number,
  build: (e: Emitter, days: Local) => void,
) =>
  scalar({
    name: names[0],
    sql: names,
    summary,
    examples: [example],
    resolve: takes([anyDate], int32Type),
    nulls: 'propagate',
    range: ([known]) => range ?? (known && [BigInt(of(Number(known[0]))), BigInt(of(Number(known[1])))]),
    eval: ([days]) => of(days as number),
    emit: (e, args, call) => {
      const days = part(args[0]);
      return intOf(emitFromDays(e, days, args, call, () => build(e, days)), range);
    },
  });

const pushYearStart = (e: Emitter, year: Local): void => {
  const first = e.code.local('i32');
  e.code.i32(1).set(first);
  pushDays(e, { year, month: first, day: first });
};

/** Pushes the ISO week: that of the week's Thursday. */
function pushIsoWeek(e: Emitter, days: Local): void {
  const { code } = e;
  code.get(days);
  pushWeekday(e, days, 3);
  code.op('i32.sub').i32(3).op('i32.add');
  const thursday = keepI32(e);
  const { year } = emitCivil(e, thursday);
  code.get(thursday);
  pushYearStart(e, year);
  code.op('i32.sub').i32(7).op('i32.div_u').i32(1).op('i32.add');
}

const dateFields = {
  year: dateField(
    ['year'],
    'The year of a date.',
    undefined,
    ["year('2016-07-30')", '2016'],
    (days) => civilFromDays(days).year,
    (e, days) => e.code.get(emitCivil(e, days).year),
  ),
  quarter: dateField(
    ['quarter'],
    'The quarter of a date, 1 to 4.',
    [1n, 4n],
    ["quarter('2016-08-31')", '3'],
    (days) => Math.ceil(civilFromDays(days).month / 3),
    (e, days) => e.code.get(emitCivil(e, days).month).i32(2).op('i32.add').i32(3).op('i32.div_u'),
  ),
  month: dateField(
    ['month'],
    'The month of a date, 1 to 12.',
    [1n, 12n],
    ["month('2016-07-30')", '7'],
    (days) => civilFromDays(days).month,
    (e, days) => e.code.get(emitCivil(e, days).month),
  ),
  day: dateField(
    ['day', 'dayofmonth'],
    'The day of the month of a date.',
    [1n, 31n],
    ["day('2009-07-30')", '30'],
    (days) => civilFromDays(days).day,
    (e, days) => e.code.get(emitCivil(e, days).day),
  ),
  dayofweek: dateField(
    ['dayofweek'],
    'The day of the week of a date: 1 is Sunday, 7 is Saturday.',
    [1n, 7n],
    ["dayofweek('2009-07-30')", '5'],
    (days) => ((weekdayOf(days) + 1) % 7) + 1,
    (e, days) => {
      pushWeekday(e, days, 4);
      e.code.i32(1).op('i32.add');
    },
  ),
  weekday: dateField(
    ['weekday'],
    'The day of the week of a date: 0 is Monday, 6 is Sunday.',
    [0n, 6n],
    ["weekday('2009-07-30')", '3'],
    weekdayOf,
    (e, days) => pushWeekday(e, days, 3),
  ),
  dayofyear: dateField(
    ['dayofyear'],
    'The day of the year of a date, 1 to 366.',
    [1n, 366n],
    ["dayofyear('2016-04-09')", '100'],
    dayOfYear,
    (e, days) => {
      const { year } = emitCivil(e, days);
      e.code.get(days);
      pushYearStart(e, year);
      e.code.op('i32.sub').i32(1).op('i32.add');
    },
  ),
  weekofyear: dateField(
    ['weekofyear'],
    'The ISO week of a date, 1 to 53: weeks begin on Monday, the first has the first Thursday of the year.',
    [1n, 53n],
    ["weekofyear('2008-02-20')", '8'],
    (days) => isoWeek(days).week,
    pushIsoWeek,
  ),
};

/** The offset of the zone an argument is read in, where it is the same at all times. */
export const offsetFor = (call: Call, arg = 0): number | undefined =>
  call.argTypes[arg]?.kind === 'timestamp' ? fixedOffset(call.settings.timeZone) : 0;

const zoneNote = 'in Wasm in UTC and zones of fixed offset; a call per row in others';

const timeField = (name: string, summary: string, most: bigint, example: readonly [string, string], unit: bigint) =>
  scalar({
    name,
    sql: [name],
    summary,
    examples: [example],
    resolve: takes([eitherTimestamp], int32Type),
    nulls: 'propagate',
    range: () => [0n, most],
    eval: ([micros], call) => {
      const { ofDay } = splitMicros(localMicros(micros, call.argTypes[0]?.kind, call.settings.timeZone));
      return Math.floor(ofDay / Number(unit)) % (Number(most) + 1);
    },
    emit: (e, args, call) => {
      const offset = offsetFor(call);
      if (offset === undefined) return undefined;
      pushOfDay(e, emitLocalMicros(e, wide(e, args[0]), offset), unit);
      if (unit < 3_600_000_000n) e.code.i32(60).op('i32.rem_u');
      return intOf(keepI32(e), [0n, most]);
    },
    compiled: zoneNote,
  });

const timeFields = {
  hour: timeField('hour', 'The hour of a timestamp.', 23n, ["hour('2009-07-30 12:58:59')", '12'], 3_600_000_000n),
  minute: timeField('minute', 'The minute of a timestamp.', 59n, ["minute('2009-07-30 12:58:59')", '58'], 60_000_000n),
  second: timeField('second', 'The whole second of a timestamp.', 59n, ["second('2009-07-30 12:58:59')", '59'], 1_000_000n),
};

/** Pushes a day number cut to the start of a unit. */
function pushTruncDays(e: Emitter, days: Local, unit: 'week' | 'month' | 'quarter' | 'year'): void {
  const { code } = e;
  if (unit === 'week') {
    code.get(days);
    pushWeekday(e, days, 3);
    code.op('i32.sub');
    return;
  }
  const { year, month, day } = emitCivil(e, days);
  if (unit === 'month') {
    code.get(days).get(day).op('i32.sub').i32(1).op('i32.add');
    return;
  }
  code.i32(1).set(day);
  if (unit === 'year') code.i32(1).set(month);
  else code.get(month).get(month).i32(1).op('i32.sub').i32(3).op('i32.rem_u').op('i32.sub').set(month);
  pushDays(e, { year, month, day });
}

/** `date_trunc` where the offset is fixed: the local time of units of fixed length, the date of the others. */
function emitDateTrunc(e: Emitter, args: readonly Value[], call: Call, unit: TruncUnit, offset: number): Value {
  const { code } = e;
  const micros = wide(e, args[1]);
  const local = emitLocalMicros(e, micros, offset);
  const size = UNIT_MICROS[unit];
  if (size !== undefined) {
    code.get(micros);
    pushFloorMod(e, local, size);
    code.op('i64.sub');
    return microsOf(timestampType, keepI64(e));
  }
  const days = emitDaysOf(e, local);
  const out = code.local('i64');
  // The JS of dates beyond reach takes a date; a timestamp's own function would take the same arguments.
  const asDate: Call = { ...call, fn: 'trunc', argTypes: [dateType, stringType], literals: [undefined, unit], returns: dateType };
  const format = args[0];
  const dateArgs = format === undefined ? [] : [dateOf(dateType, days), format];
  const start = emitFromDays(e, days, dateArgs, asDate, () => pushTruncDays(e, days, unit as 'week'));
  code.get(start).op('i64.extend_i32_s').i64(86_400_000_000n).op('i64.mul').i64(BigInt(offset) * 1_000_000n).op('i64.sub');
  code.set(out);
  return microsOf(timestampType, out);
}

const truncating = {
  trunc: scalar({
    name: 'trunc',
    sql: ['trunc'],
    summary: 'The first day of the week, month, quarter or year of a date; null for other units.',
    examples: [["trunc('2019-08-04', 'week')", '2019-07-29'], ["trunc('2015-10-27', 'YEAR')", '2015-01-01']],
    resolve: takes([anyDate, anyString], dateType, { nullable: true }),
    nulls: 'propagate',
    eval: ([days, format]) => {
      const unit = truncUnit(format);
      return isDateUnit(unit) ? truncDays(days as number, unit) : null;
    },
    emit: (e, args, call) => {
      const unit = truncUnit(call.literals[1]);
      if (!isDateUnit(unit)) return undefined;
      const days = part(args[0]);
      return dateOf(dateType, emitFromDays(e, days, args, call, () => pushTruncDays(e, days, unit)));
    },
    compiled: 'in Wasm for constant units',
  }),
  dateTrunc: scalar({
    name: 'dateTrunc',
    sql: ['date_trunc'],
    summary: 'A timestamp cut to a unit from microsecond to year, in the session time zone; null for unknown units.',
    examples: [
      ["date_trunc('YEAR', '2015-03-05T09:32:05.359')", '2015-01-01 00:00:00'],
      ["date_trunc('HOUR', '2015-03-05T09:32:05.359')", '2015-03-05 09:00:00'],
    ],
    resolve: takes([anyString, anyTimestamp], timestampType, { nullable: true }),
    nulls: 'propagate',
    eval: ([format, micros], call) => {
      const unit = truncUnit(format);
      return unit === undefined ? null : truncMicros(micros as bigint, unit, timeZone(call.settings.timeZone));
    },
    emit: (e, args, call) => {
      const unit = truncUnit(call.literals[0]);
      const offset = fixedOffset(call.settings.timeZone);
      return unit === undefined || offset === undefined ? undefined : emitDateTrunc(e, args, call, unit, offset);
    },
    compiled: `${zoneNote}; constant units only`,
  }),
};

const MOST_MONTHS = 1_000_000;

function monthsLater(days: number, months: number): number {
  const result = addMonths(days, months);
  if (result === (result | 0)) return result;
  throw new SparrowError('DATETIME_OVERFLOW', `adding ${months} months leaves the range of dates`, { sqlState: '22008' });
}

/** Pushes a day number some months later; `months` within MOST_MONTHS. */
function pushAddMonths(e: Emitter, days: Local, months: Local): void {
  const { code } = e;
  const civil = emitCivil(e, days);
  const offset = 12 * 400 * 300;
  const total = code.local('i32');
  code.get(civil.year).i32(12).op('i32.mul').get(civil.month).op('i32.add').i32(offset - 1).op('i32.add');
  code.get(months).op('i32.add').set(total);
  code.get(total).i32(12).op('i32.div_u').i32(offset / 12).op('i32.sub').set(civil.year);
  code.get(total).i32(12).op('i32.rem_u').i32(1).op('i32.add').set(civil.month);
  pushMonthLength(e, civil);
  const last = keepI32(e);
  code.get(civil.day).get(last).get(civil.day).get(last).op('i32.lt_u').select().set(civil.day);
  pushDays(e, civil);
}

const shifting = {
  dateAdd: scalar({
    name: 'dateAdd',
    sql: ['date_add'],
    summary: 'The date some days later.',
    examples: [["date_add('2016-07-30', 1)", '2016-07-31']],
    resolve: takes([anyDate, anyInt], dateType),
    nulls: 'propagate',
    eval: ([days, more]) => ((days as number) + (more as number)) | 0,
    emit: (e, args) => {
      e.code.get(part(args[0])).get(part(args[1])).op('i32.add');
      return dateOf(dateType, keepI32(e));
    },
  }),
  dateSub: scalar({
    name: 'dateSub',
    sql: ['date_sub'],
    summary: 'The date some days earlier.',
    examples: [["date_sub('2016-07-30', 1)", '2016-07-29']],
    resolve: takes([anyDate, anyInt], dateType),
    nulls: 'propagate',
    eval: ([days, less]) => ((days as number) - (less as number)) | 0,
    emit: (e, args) => {
      e.code.get(part(args[0])).get(part(args[1])).op('i32.sub');
      return dateOf(dateType, keepI32(e));
    },
  }),
  datediff: scalar({
    name: 'datediff',
    sql: ['datediff', 'date_diff'],
    summary: 'The days from the second date to the first.',
    examples: [["datediff('2009-07-31', '2009-07-30')", '1']],
    resolve: takes([anyDate, anyDate], int32Type),
    nulls: 'propagate',
    eval: ([end, start]) => ((end as number) - (start as number)) | 0,
    emit: (e, args) => {
      e.code.get(part(args[0])).get(part(args[1])).op('i32.sub');
      return intOf(keepI32(e));
    },
  }),
  addMonths: scalar({
    name: 'addMonths',
    sql: ['add_months'],
    summary: 'The date some months later; the last day of the month where that has fewer days.',
    examples: [["add_months('2016-08-31', 1)", '2016-09-30']],
    resolve: takes([anyDate, anyInt], dateType),
    nulls: 'propagate',
    eval: ([days, months]) => monthsLater(days as number, months as number),
    emit: (e, args, call) => {
      const { code } = e;
      const days = part(args[0]);
      const months = part(args[1]);
      // Years from -11700 on and at most 20800 years of months leave room for every step below.
      code.get(days).i32(5_000_000).op('i32.add').i32(20_000_000).op('i32.lt_u');
      code.get(months).i32(MOST_MONTHS / 4).op('i32.add').i32(MOST_MONTHS / 2).op('i32.lt_u').op('i32.and');
      const out = code.local('i32');
      code.if(
        () => e.scoped(() => {
          pushAddMonths(e, days, months);
          code.set(out);
        }),
        () => e.scoped(() => {
          code.get(part(e.js(call, args))).set(out);
        }),
      );
      return dateOf(dateType, out);
    },
  }),
  lastDay: scalar({
    name: 'lastDay',
    sql: ['last_day'],
    summary: 'The last day of the month of a date.',
    examples: [["last_day('2009-01-12')", '2009-01-31'], ["last_day('2024-02-01')", '2024-02-29']],
    resolve: takes([anyDate], dateType),
    nulls: 'propagate',
    eval: ([days]) => {
      const { year, month, day } = civilFromDays(days as number);
      return (days as number) - day + daysInMonth(year, month);
    },
    emit: (e, args, call) => {
      const days = part(args[0]);
      return dateOf(
        dateType,
        emitFromDays(e, days, args, call, () => {
          const civil = emitCivil(e, days);
          e.code.get(days).get(civil.day).op('i32.sub');
          pushMonthLength(e, civil);
          e.code.op('i32.add');
        }),
      );
    },
  }),
};

/** Dates and times: fields, truncation, days and months. */
export const datetimeFunctions = { ...dateFields, ...timeFields, ...truncating, ...shifting };
