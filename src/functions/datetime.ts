import {
  civilFromDays,
  dateType,
  daysInMonth,
  int32Type,
  isInteger,
  isNumeric,
  stringType,
  timestampType,
  timeZone,
} from '../base/index.js';
import type { Local } from '../wasm/index.js';
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
  pushWeekday,
} from './datetime-emit.js';
import { datetimeFieldFunctions, zoneNote } from './datetime-fields.js';
import { isDateUnit, type TruncUnit, truncDays, truncMicros, truncUnit, UNIT_MICROS } from './datetime-units.js';
import { type Call, type ScalarFunction, scalar } from './define.js';
import { intOf, keepI32, keepI64, part, wide } from './emit-parts.js';
import { overflow } from './eval-errors.js';
import { anyDate, anyInt, anyString, anyTimestamp, type Param, takes } from './implicit.js';
import { wrongType } from './signature.js';
import { addMonths } from './temporal-arithmetic.js';
import type { Emitter, Value } from './value.js';

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
  const asDate: Call = {
    ...call,
    fn: 'trunc',
    argTypes: [dateType, stringType],
    literals: [undefined, unit],
    returns: dateType,
  };
  const format = args[0];
  const dateArgs = format === undefined ? [] : [dateOf(dateType, days), format];
  const start = emitFromDays(e, days, dateArgs, asDate, () => pushTruncDays(e, days, unit as 'week'));
  code
    .get(start)
    .op('i64.extend_i32_s')
    .i64(86_400_000_000n)
    .op('i64.mul')
    .i64(BigInt(offset) * 1_000_000n)
    .op('i64.sub');
  code.set(out);
  return microsOf(timestampType, out);
}

/** Where the unit is a constant that is none, the result is null, and the other argument not cast. */
const unlessUnknown =
  (resolve: ScalarFunction['resolve'], at: 0 | 1): ScalarFunction['resolve'] =>
  (args, settings) => {
    const result = resolve(args, settings);
    const unit = args[at]?.literal ?? undefined;
    if ('mismatch' in result || unit === undefined || truncUnit(String(unit)) !== undefined) return result;
    return { ...result, args: args.map((arg, i) => (i === at ? stringType : arg.type)) };
  };

const truncating = {
  trunc: scalar({
    name: 'trunc',
    sql: ['trunc'],
    summary: 'The first day of the week, month, quarter or year of a date; null for other units.',
    examples: [
      ["trunc('2019-08-04', 'week')", '2019-07-29'],
      ["trunc('2015-10-27', 'YEAR')", '2015-01-01'],
    ],
    resolve: unlessUnknown(takes([anyDate, anyString], dateType, { nullable: true }), 1),
    nulls: 'propagate',
    eval: ([days, format]) => {
      const unit = truncUnit(format);
      return isDateUnit(unit) ? truncDays(days as number, unit) : null;
    },
    emit: (e, args, call) => {
      const unit = truncUnit(call.literals[1]);
      if (!isDateUnit(unit)) return undefined;
      const days = part(args[0]);
      return dateOf(
        dateType,
        emitFromDays(e, days, args, call, () => pushTruncDays(e, days, unit)),
      );
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
    resolve: unlessUnknown(takes([anyString, anyTimestamp], timestampType, { nullable: true }), 0),
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
  throw overflow(`date plus ${months} months`);
}

/** Pushes a day number some months later; `months` within MOST_MONTHS. */
function pushAddMonths(e: Emitter, days: Local, months: Local): void {
  const { code } = e;
  const civil = emitCivil(e, days);
  const offset = 12 * 400 * 300;
  const total = code.local('i32');
  code
    .get(civil.year)
    .i32(12)
    .op('i32.mul')
    .get(civil.month)
    .op('i32.add')
    .i32(offset - 1)
    .op('i32.add');
  code.get(months).op('i32.add').set(total);
  code
    .get(total)
    .i32(12)
    .op('i32.div_u')
    .i32(offset / 12)
    .op('i32.sub')
    .set(civil.year);
  code.get(total).i32(12).op('i32.rem_u').i32(1).op('i32.add').set(civil.month);
  pushMonthLength(e, civil);
  const last = keepI32(e);
  code.get(civil.day).get(last).get(civil.day).get(last).op('i32.lt_u').select().set(civil.day);
  pushDays(e, civil);
}

/** Numbers that may not fit an int are refused, as Spark does. */
const fewDays: Param = {
  wants: 'int, smallint or tinyint',
  accept: (type) => (type.kind === 'int64' || (isNumeric(type) && !isInteger(type)) ? undefined : anyInt.accept(type)),
};

/** Without ANSI a constant string counts as days when it is a whole number, and a column of strings does not. */
const byDays: ScalarFunction['resolve'] = (args, settings) => {
  const days = args[1];
  if (!settings.ansi && days?.type.kind === 'string') {
    if (days.literal === undefined) return wrongType(1, fewDays.wants, days.type);
    if (!/^\s*[+-]?\d+\s*$/.test(String(days.literal)))
      return { mismatch: 'the days must be a whole number', code: 'SECOND_FUNCTION_ARGUMENT_NOT_INTEGER' };
  }
  return takes([anyDate, fewDays], dateType)(args, settings);
};

const shifting = {
  dateAdd: scalar({
    name: 'dateAdd',
    sql: ['date_add', 'dateadd'],
    summary: 'The date some days later.',
    examples: [["date_add('2016-07-30', 1)", '2016-07-31']],
    resolve: byDays,
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
    resolve: byDays,
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
    fails: (call) => {
      const months = call.literals[1];
      return typeof months !== 'number' || Math.abs(months) > MOST_MONTHS;
    },
    eval: ([days, months]) => monthsLater(days as number, months as number),
    emit: (e, args, call) => {
      const { code } = e;
      const days = part(args[0]);
      const months = part(args[1]);
      // Years from -11700 on and at most 20800 years of months leave room for every step below.
      code.get(days).i32(5_000_000).op('i32.add').i32(20_000_000).op('i32.lt_u');
      code
        .get(months)
        .i32(MOST_MONTHS / 4)
        .op('i32.add')
        .i32(MOST_MONTHS / 2)
        .op('i32.lt_u')
        .op('i32.and');
      const out = code.local('i32');
      code.if(
        () =>
          e.scoped(() => {
            pushAddMonths(e, days, months);
            code.set(out);
          }),
        () =>
          e.scoped(() => {
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
    examples: [
      ["last_day('2009-01-12')", '2009-01-31'],
      ["last_day('2024-02-01')", '2024-02-29'],
    ],
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
export const datetimeFunctions = { ...datetimeFieldFunctions, ...truncating, ...shifting };
