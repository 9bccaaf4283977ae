import {
  civilFromDays,
  type DataType,
  dateType,
  decimalType,
  float64Type,
  instantToLocal,
  int8Type,
  int32Type,
  int64Type,
  joinMicros,
  localToInstant,
  type Scalar,
  SparrowError,
  splitMicros,
  stringType,
  timestampType,
  timeZone,
} from '../base/index.js';
import { calendarField } from './calendar-interval.js';
import { datetimeFunctions } from './datetime.js';
import { dayOfYear, floorMod, isoWeek, weekdayOf } from './datetime-units.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';

import { overflow } from './eval-errors.js';
import { anyClock, anyLong, anyString, eitherTimestamp, takes } from './implicit.js';
import { isMismatch, wrongCount } from './signature.js';
import { addMonths } from './temporal-arithmetic.js';

/** Units of `timestampadd` and `timestampdiff`: months, or microseconds. */
const UNITS: Readonly<Record<string, { readonly months?: number; readonly days?: number; readonly micros?: bigint }>> =
  {
    YEAR: { months: 12 },
    QUARTER: { months: 3 },
    MONTH: { months: 1 },
    WEEK: { days: 7 },
    DAY: { days: 1 },
    DAYOFYEAR: { days: 1 },
    HOUR: { micros: 3_600_000_000n },
    MINUTE: { micros: 60_000_000n },
    SECOND: { micros: 1_000_000n },
    MILLISECOND: { micros: 1000n },
    MICROSECOND: { micros: 1n },
  };

function unitOf(literal: Scalar | undefined, fn: string) {
  const unit = typeof literal === 'string' ? UNITS[literal.toUpperCase()] : undefined;
  if (unit !== undefined) return unit;
  throw new SparrowError('INVALID_PARAMETER_VALUE.DATETIME_UNIT', `${fn} knows no unit ${JSON.stringify(literal)}`, {
    candidates: Object.keys(UNITS),
    sqlState: '22023',
  });
}

/** Wall clock readings are those of UTC. */
const zoneFor = (type: DataType | undefined, call: Call) =>
  timeZone(type?.kind === 'timestamp' ? call.settings.timeZone : 'UTC');

function inRange(micros: bigint): bigint {
  if (BigInt.asIntN(64, micros) === micros) return micros;
  throw new SparrowError('DATETIME_OVERFLOW', 'the result is outside of the range of timestamps', {
    sqlState: '22008',
  });
}

function timestampAdd(unit: Scalar | undefined, count: bigint, micros: bigint, call: Call): bigint {
  const { months, days, micros: size } = unitOf(unit, 'timestampadd');
  if (size !== undefined) return inRange(micros + count * size);
  const zone = zoneFor(call.argTypes[2], call);
  const { days: from, ofDay } = splitMicros(instantToLocal(zone, micros));
  const steps = count * BigInt(months ?? days ?? 1);
  if (BigInt.asIntN(32, steps) !== steps) throw overflow('integer');
  const moved = months === undefined ? from + Number(steps) : addMonths(from, Number(steps));
  return inRange(localToInstant(zone, joinMicros(moved, ofDay)));
}

/** Whole units between two wall clock readings, cut towards 0. */
function timestampDiff(unit: Scalar | undefined, start: bigint, end: bigint, call: Call): bigint {
  const { months, days, micros } = unitOf(unit, 'timestampdiff');
  const zone = zoneFor(call.argTypes[1], call);
  const [a, b] = [instantToLocal(zone, start), instantToLocal(zone, end)];
  if (months === undefined) return (b - a) / (micros ?? BigInt(days ?? 1) * 86_400_000_000n);
  const [from, to] = [a, b].map((local) => {
    const { days: n, ofDay } = splitMicros(local);
    const { year, month, day } = civilFromDays(n);
    return { months: year * 12 + month, rest: day * 86_400_000_000 + ofDay };
  });
  if (from === undefined || to === undefined) return 0n;
  let whole = to.months - from.months;
  if (whole > 0 && to.rest < from.rest) whole--;
  if (whole < 0 && to.rest > from.rest) whole++;
  return BigInt(Math.trunc(whole / months));
}

const SECOND_TYPE = decimalType(8, 6);
type Field = (days: number) => number;

/** Fields of dates by their names; those that are functions of their own are emitted as these. */
const DATE_FIELDS: Readonly<Record<string, { readonly of: Field; readonly as?: keyof typeof datetimeFunctions }>> =
  fieldTable([
    [['YEAR', 'Y', 'YEARS', 'YR', 'YRS'], (days) => civilFromDays(days).year, 'year'],
    [['YEAROFWEEK'], (days) => isoWeek(days).year],
    [['QUARTER', 'QTR'], (days) => Math.ceil(civilFromDays(days).month / 3), 'quarter'],
    [['MONTH', 'MON', 'MONS', 'MONTHS'], (days) => civilFromDays(days).month, 'month'],
    [['WEEK', 'W', 'WEEKS'], (days) => isoWeek(days).week, 'weekofyear'],
    [['DAY', 'D', 'DAYS'], (days) => civilFromDays(days).day, 'day'],
    [['DAYOFWEEK', 'DOW'], (days) => ((weekdayOf(days) + 1) % 7) + 1, 'dayofweek'],
    [['DAYOFWEEK_ISO', 'DOW_ISO'], (days) => weekdayOf(days) + 1],
    [['DOY'], dayOfYear, 'dayofyear'],
  ]);

type FieldRow = readonly [names: readonly string[], of: Field, as?: keyof typeof datetimeFunctions];

function fieldTable(rows: readonly FieldRow[]): Record<string, { of: Field; as?: keyof typeof datetimeFunctions }> {
  return Object.fromEntries(
    rows.flatMap(([names, of, as]) => names.map((name) => [name, as === undefined ? { of } : { of, as }])),
  );
}

const TIME_FIELDS: Readonly<Record<string, { readonly size: bigint; readonly as: 'hour' | 'minute' | 'second' }>> = {
  HOUR: { size: 3_600_000_000n, as: 'hour' },
  MINUTE: { size: 60_000_000n, as: 'minute' },
  SECOND: { size: 1_000_000n, as: 'second' },
};
const TIME_NAMES: Readonly<Record<string, string>> = {
  H: 'HOUR',
  HOUR: 'HOUR',
  HOURS: 'HOUR',
  HR: 'HOUR',
  HRS: 'HOUR',
  M: 'MINUTE',
  MIN: 'MINUTE',
  MINS: 'MINUTE',
  MINUTE: 'MINUTE',
  MINUTES: 'MINUTE',
  S: 'SECOND',
  SEC: 'SECOND',
  SECOND: 'SECOND',
  SECONDS: 'SECOND',
  SECS: 'SECOND',
};

const fieldName = (literal: Scalar | undefined): string => (typeof literal === 'string' ? literal.toUpperCase() : '');

/** What fields of calendar intervals are. */
const CALENDAR_TYPES: Readonly<Record<string, DataType>> = {
  YEAR: int32Type,
  MONTH: int8Type,
  DAY: int32Type,
  HOUR: int64Type,
  MINUTE: int8Type,
  SECOND: SECOND_TYPE,
};

function resolvePart(args: readonly ArgType[]): Resolution | Mismatch {
  const [field, source] = args;
  if (field === undefined || source === undefined || args.length > 2) return wrongCount(args.length, 2, 2);
  if (field.literal === null) return { args: [stringType, source.type], returns: float64Type, nullable: true };
  if (typeof field.literal !== 'string')
    return { mismatch: 'the field must be a constant string', code: 'NON_FOLDABLE_ARGUMENT' };
  const name = fieldName(field.literal);
  const bad: Mismatch = {
    mismatch: `there is no field ${JSON.stringify(field.literal)}`,
    code: 'INVALID_EXTRACT_FIELD',
  };
  const time = TIME_NAMES[name];
  if (source.type.kind === 'interval_ym') {
    const as = DATE_FIELDS[name]?.as;
    return as === 'year' || as === 'month'
      ? { args: [stringType, source.type], returns: as === 'year' ? int32Type : int8Type }
      : bad;
  }
  if (source.type.kind === 'interval_dt') {
    if (DATE_FIELDS[name]?.as === 'day') return { args: [stringType, source.type], returns: int32Type };
    return time === undefined
      ? bad
      : { args: [stringType, source.type], returns: time === 'SECOND' ? SECOND_TYPE : int8Type };
  }
  if (source.type.kind === 'interval') {
    const as = time ?? DATE_FIELDS[name]?.as?.toUpperCase() ?? '';
    const returns = Object.hasOwn(CALENDAR_TYPES, as) ? CALENDAR_TYPES[as] : undefined;
    return returns === undefined ? bad : { args: [stringType, source.type], returns };
  }
  if (source.type.kind === 'time' && time === undefined) return bad;
  if (DATE_FIELDS[name] !== undefined) return partOf(args, dateType, int32Type);
  if (time === undefined) return bad;
  const moment = anyClock.accept(source.type);
  return moment === undefined
    ? { mismatch: 'the source must be a date, time, timestamp or interval' }
    : partOf(args, moment, time === 'SECOND' ? SECOND_TYPE : int32Type);
}

function partOf(args: readonly ArgType[], source: DataType, returns: DataType): Resolution | Mismatch {
  const accepts = {
    wants: 'date, time, timestamp or interval',
    accept: (type: DataType) => (anyClock.accept(type) === undefined ? undefined : source),
  };
  const result = takes([anyString, accepts], returns)(args, { ansi: true });
  return isMismatch(result) ? result : { ...result, nullable: args[1]?.nullable ?? true };
}

/** A field of an interval, with the interval's sign. */
function intervalPart(name: string, value: Scalar, type: DataType): Scalar {
  if (type.kind === 'interval_ym') {
    const months = value as number;
    return DATE_FIELDS[name]?.as === 'year' ? Math.trunc(months / 12) : months % 12;
  }
  const micros = value as bigint;
  const time = TIME_NAMES[name];
  if (time === undefined) return Number(micros / 86_400_000_000n);
  if (time === 'SECOND') return micros % 60_000_000n;
  return Number((micros / (TIME_FIELDS[time]?.size ?? 1n)) % (time === 'HOUR' ? 24n : 60n));
}

function evalPart(field: Scalar | undefined, value: Scalar, call: Call): Scalar {
  const name = fieldName(field);
  const type = call.argTypes[1] as DataType;
  if (type.kind === 'interval_ym' || type.kind === 'interval_dt') return intervalPart(name, value, type);
  if (type.kind === 'interval') {
    return calendarField(TIME_NAMES[name] ?? DATE_FIELDS[name]?.as?.toUpperCase() ?? '', value) as Scalar;
  }
  const ofDate = DATE_FIELDS[name]?.of;
  if (ofDate !== undefined) return ofDate(value as number);
  const local = instantToLocal(zoneFor(type, call), value as bigint);
  const time = TIME_NAMES[name];
  if (time === 'SECOND') return floorMod(local, 60_000_000n);
  const { ofDay } = splitMicros(local);
  return Math.floor(ofDay / Number(TIME_FIELDS[time ?? '']?.size ?? 1n)) % (time === 'HOUR' ? 24 : 60);
}

/** Timestamps by units and fields. */
export const datetimeUnitFunctions = {
  timestampAdd: scalar({
    name: 'timestampAdd',
    sql: ['timestampadd', 'timestamp_add'],
    summary:
      'The timestamp some units later: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLI- or MICROSECOND.',
    examples: [["timestampadd(MONTH, 1, timestamp'2009-01-31 10:00:00')", '2009-02-28 10:00:00']],
    resolve: takes([anyString, anyLong, eitherTimestamp], ([, , type]) => type ?? timestampType),
    nulls: 'propagate',
    fails: true,
    eval: ([unit, count, micros], call) => timestampAdd(unit, count as bigint, micros as bigint, call),
    compiled: 'a call per row: seldom the bottleneck',
  }),
  timestampDiff: scalar({
    name: 'timestampDiff',
    sql: ['timestampdiff', 'timestamp_diff'],
    summary: 'The whole units from the second argument to the third, cut towards 0.',
    examples: [["timestampdiff(HOUR, timestamp'2009-07-31 00:00:00', timestamp'2009-08-01 00:59:59')", '24']],
    resolve: (args, settings) => {
      const both = args.slice(1).every((arg) => arg.type.kind === 'timestamp_ntz');
      const param = both
        ? eitherTimestamp
        : {
            ...eitherTimestamp,
            accept: (type: DataType) => (eitherTimestamp.accept(type) === undefined ? undefined : timestampType),
          };
      return takes([anyString, param, param], int64Type)(args, settings);
    },
    nulls: 'propagate',
    fails: true,
    eval: ([unit, start, end], call) => timestampDiff(unit, start as bigint, end as bigint, call),
    compiled: 'a call per row: seldom the bottleneck',
  }),
  datePart: scalar({
    name: 'datePart',
    sql: ['date_part', 'datepart', 'extract'],
    summary:
      'A field of a date, time, timestamp or interval by its name: YEAR, MONTH, DAY, DOW, WEEK, HOUR, SECOND and so on.',
    examples: [
      ["date_part('YEAR', timestamp'2019-08-12 01:00:00.123456')", '2019'],
      ["date_part('SECONDS', timestamp'2019-10-01 00:00:01.000001')", '1.000001'],
    ],
    resolve: (args) => resolvePart(args),
    nulls: 'propagate',
    eval: ([field, value], call) => evalPart(field, value as Scalar, call),
    emit: (e, args, call) => {
      const name = fieldName(call.literals[0]);
      const kind = call.argTypes[1]?.kind;
      const as =
        DATE_FIELDS[name]?.as ?? (TIME_NAMES[name] === 'SECOND' ? undefined : TIME_FIELDS[TIME_NAMES[name] ?? '']?.as);
      if (as === undefined || kind?.startsWith('interval')) return undefined;
      const inner: Call = { ...call, fn: as, argTypes: call.argTypes.slice(1), literals: [undefined] };
      return datetimeFunctions[as].emit?.(e, args.slice(1), inner);
    },
    compiled: 'in Wasm for fields that are functions of their own; a call per row for others',
  }),
};
