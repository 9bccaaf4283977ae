import { civilFromDays, int32Type, MICROS_PER_DAY, splitMicros } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import {
  emitCivil,
  emitFromDays,
  emitLocalMicros,
  fixedOffset,
  pushDays,
  pushFloorMod,
  pushOfDay,
  pushWeekday,
} from './datetime-emit.js';
import { dayOfYear, isoWeek, localMicros, weekdayOf } from './datetime-units.js';
import { type Call, type Range, scalar } from './define.js';
import { intOf, keepI32, keepI64, part, wide } from './emit-parts.js';
import { anyClock, anyDate, takes } from './implicit.js';
import type { Emitter } from './value.js';

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
      return intOf(
        emitFromDays(e, days, args, call, () => build(e, days)),
        range,
      );
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

export const zoneNote = 'in Wasm in UTC and zones of fixed offset; a call per row in others';

const timeField = (name: string, summary: string, most: bigint, example: readonly [string, string], unit: bigint) =>
  scalar({
    name,
    sql: [name],
    summary,
    examples: [example],
    resolve: takes([anyClock], int32Type),
    nulls: 'propagate',
    range: () => [0n, most],
    eval: ([micros], call) => {
      const { ofDay } = splitMicros(localMicros(micros, call.argTypes[0]?.kind, call.settings.timeZone));
      return Math.floor(ofDay / Number(unit)) % (Number(most) + 1);
    },
    emit: (e, args, call) => {
      const offset = offsetFor(call);
      if (offset === undefined) return undefined;
      // Only the time of day moves: the latest instants have no later ones.
      pushFloorMod(e, wide(e, args[0]), BigInt(MICROS_PER_DAY));
      pushOfDay(e, emitLocalMicros(e, keepI64(e), offset), unit);
      if (unit < 3_600_000_000n) e.code.i32(60).op('i32.rem_u');
      return intOf(keepI32(e), [0n, most]);
    },
    compiled: zoneNote,
  });

const timeFields = {
  hour: timeField(
    'hour',
    'The hour of a timestamp or time of day.',
    23n,
    ["hour('2009-07-30 12:58:59')", '12'],
    3_600_000_000n,
  ),
  minute: timeField(
    'minute',
    'The minute of a timestamp or time of day.',
    59n,
    ["minute('2009-07-30 12:58:59')", '58'],
    60_000_000n,
  ),
  second: timeField(
    'second',
    'The whole second of a timestamp or time of day.',
    59n,
    ["second('2009-07-30 12:58:59')", '59'],
    1_000_000n,
  ),
};

/** Fields of dates and timestamps. */
export const datetimeFieldFunctions = { ...dateFields, ...timeFields };
