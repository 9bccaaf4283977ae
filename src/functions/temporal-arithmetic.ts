import {
  civilFromDays,
  type DataType,
  type DecimalType,
  dateToTimestamp,
  daysFromCivil,
  daysInMonth,
  engineBug,
  instantToLocal,
  isFloating,
  localToInstant,
  MICROS_PER_DAY,
  type Scalar,
  SparrowError,
  timeZone,
} from '../base/index.js';
import { divideHalfUp, pow10 } from './decimal.js';
import type { Call } from './define.js';
import { part, take } from './emit.js';
import { intervalOverflow, overflow } from './eval-errors.js';
import { emitIntOperation } from './int-emit.js';
import type { Emitter, Value } from './value.js';

const DAY = BigInt(MICROS_PER_DAY);
const INT_TOP = 2n ** 31n - 1n;
const LONG_TOP = 2n ** 63n - 1n;

const isTemporalKind = (kind: DataType['kind']): boolean =>
  kind === 'date' || kind === 'timestamp' || kind === 'timestamp_ntz' || kind === 'time' || isIntervalKind(kind);
const isIntervalKind = (kind: DataType['kind']): boolean => kind === 'interval_ym' || kind === 'interval_dt';

/** Whether a call of an arithmetic operator is about dates, times or intervals. */
export const isTemporal = (call: Call): boolean => call.argTypes.some((type) => isTemporalKind(type.kind));

const UTC_IDS = new Set(['UTC', 'GMT', 'UT', 'Z', 'Etc/UTC', '+00:00']);
/** Whether instants and wall clocks of the session are the same numbers. */
export const isUtc = (zoneId: string): boolean => UTC_IDS.has(zoneId);

/** The date `months` later, on the last day of its month where that is shorter. */
export function addMonths(days: number, months: number): number {
  const { year, month, day } = civilFromDays(days);
  const index = year * 12 + (month - 1) + months;
  const newYear = Math.floor(index / 12);
  const newMonth = index - newYear * 12 + 1;
  return daysFromCivil(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
}

export function addMonthsToLocal(micros: bigint, months: number): bigint {
  const ofDay = ((micros % DAY) + DAY) % DAY;
  return BigInt(addMonths(Number((micros - ofDay) / DAY), months)) * DAY + ofDay;
}

function long(value: bigint): bigint {
  if (value > LONG_TOP || value < -LONG_TOP - 1n) throw overflow('long');
  return value;
}

function months(value: bigint, alternative: string): number {
  if (value > INT_TOP || value < -INT_TOP - 1n) throw intervalOverflow(alternative);
  return Number(value);
}

function micros(value: bigint, alternative: string): bigint {
  if (value > LONG_TOP || value < -LONG_TOP - 1n) throw intervalOverflow(alternative);
  return value;
}

function int(value: bigint, what: string): number {
  if (value > INT_TOP || value < -INT_TOP - 1n) throw overflow(what);
  return Number(value);
}

/** `a + b` or `a - b` where one is a date, time, timestamp or interval. */
export function evalMove(a: Scalar, b: Scalar, sign: 1 | -1, call: Call): Scalar {
  const [left, right] = call.argTypes as [DataType, DataType];
  // The interval or number may come first in a sum.
  const isSwapped = sign === 1 && !isMovable(left, right);
  return isSwapped ? move(b, right, a, left, sign, call) : move(a, left, b, right, sign, call);
}

const isMovable = (type: DataType, by: DataType): boolean =>
  isTemporalKind(type.kind) && (!isIntervalKind(type.kind) || isIntervalKind(by.kind));

function move(a: Scalar, type: DataType, b: Scalar, by: DataType, sign: 1 | -1, call: Call): Scalar {
  const zone = call.settings.timeZone;
  const step = (): bigint => BigInt(sign) * (b as bigint);
  switch (type.kind) {
    case 'date':
      if (by.kind === 'date') return long(BigInt((a as number) - (b as number)) * DAY);
      if (by.kind === 'interval_ym') return int(BigInt(addMonths(a as number, sign * (b as number))), 'integer');
      if (by.kind !== 'interval_dt') return ((a as number) + sign * (b as number)) | 0;
      if (call.returns.kind === 'date') return (a as number) + Number(step() / DAY);
      return moveInstant(dateToTimestamp(a as number, zone), step(), zone);
    case 'timestamp':
      if (by.kind === 'timestamp') return long(localOf(a as bigint, zone) - localOf(b as bigint, zone));
      if (by.kind === 'interval_dt') return moveInstant(a as bigint, step(), zone);
      return long(localToInstant(timeZone(zone), addMonthsToLocal(localOf(a as bigint, zone), sign * (b as number))));
    case 'timestamp_ntz':
      if (by.kind === 'interval_ym') return long(addMonthsToLocal(a as bigint, sign * (b as number)));
      return long((a as bigint) + step());
    case 'time':
      if (by.kind === 'time') return (a as bigint) - (b as bigint);
      return moveTime(a as bigint, step());
    case 'interval_ym':
      return months(BigInt((a as number) + sign * (b as number)), sign === 1 ? 'try_add' : 'try_subtract');
    case 'interval_dt':
      return micros((a as bigint) + step(), sign === 1 ? 'try_add' : 'try_subtract');

    default:
      throw engineBug(`arithmetic over ${type.kind} and ${by.kind}`);
  }
}

const localOf = (micros: bigint, zone: string): bigint => instantToLocal(timeZone(zone), micros);

/** Whole days move the wall clock, the rest the instant. */
function moveInstant(micros: bigint, by: bigint, zone: string): bigint {
  const days = by / DAY;
  const moved = days === 0n ? micros : localToInstant(timeZone(zone), localOf(micros, zone) + days * DAY);
  return long(moved + (by % DAY));
}

function moveTime(micros: bigint, by: bigint): bigint {
  const sum = micros + by;
  if (sum < 0n || sum >= DAY)
    throw new SparrowError('DATETIME_OVERFLOW', 'the time leaves the day', { sqlState: '22008' });
  return sum;
}

/** interval * number, number * interval, interval / number. */
export function evalScaled(a: Scalar, b: Scalar, operator: 'mul' | 'div', call: Call): Scalar {
  const [left, right] = call.argTypes as [DataType, DataType];
  const isFirst = isIntervalKind(left.kind);
  const interval = BigInt((isFirst ? a : b) as number | bigint);
  const scaled = scaleInterval(interval, isFirst ? b : a, isFirst ? right : left, operator);
  const alternative = operator === 'mul' ? 'try_multiply' : 'try_divide';
  return call.returns.kind === 'interval_ym' ? months(scaled, alternative) : micros(scaled, alternative);
}

function scaleInterval(interval: bigint, factor: Scalar, type: DataType, operator: 'mul' | 'div'): bigint {
  if (Number(factor) === 0 && operator === 'div') {
    throw new SparrowError('INTERVAL_DIVIDED_BY_ZERO', 'division by zero of an interval', {
      sqlState: '22012',
      hint: 'use `try_divide` to get NULL instead',
    });
  }
  if (isFloating(type)) {
    const exact = operator === 'mul' ? Number(interval) * (factor as number) : Number(interval) / (factor as number);
    if (!Number.isFinite(exact)) throw intervalOverflow();
    return BigInt(Math.sign(exact) * Math.round(Math.abs(exact)));
  }
  const unscaled = BigInt(factor as number | bigint);
  const unit = type.kind === 'decimal' ? pow10((type as DecimalType).scale) : 1n;
  return operator === 'mul' ? divideHalfUp(interval * unscaled, unit) : divideHalfUp(interval * unit, unscaled);
}

/** Wasm for the common cases: days, intervals of one kind, and clocks without daylight saving. */
export function emitMove(e: Emitter, a: Value, b: Value, sign: 1 | -1, call: Call): Value | undefined {
  const isSwapped = sign === 1 && !isMovable(a.type, b.type);
  return isSwapped ? emitMoved(e, b, a, sign, call) : emitMoved(e, a, b, sign, call);
}

function emitMoved(e: Emitter, a: Value, b: Value, sign: 1 | -1, call: Call): Value | undefined {
  const operator = sign === 1 ? 'add' : 'sub';
  const { kind } = a.type;
  const by = b.type.kind;
  const plain = { operator, type: call.returns, scaleA: 0, scaleB: 0, drop: 0 } as const;
  if (kind === 'date') {
    if (by === 'date') return emitDays(e, a, b);
    if (by === 'interval_ym') return undefined;
    if (by !== 'interval_dt') return emitIntOperation(e, plain, a, b, 'wrap');
    return undefined;
  }
  if (kind === by && isIntervalKind(kind)) return emitIntOperation(e, plain, a, b, 'error');
  const noZone = kind === 'timestamp_ntz' || (kind === 'timestamp' && isUtc(call.settings.timeZone));
  if (!noZone || by === 'interval_ym') return undefined;
  return emitIntOperation(e, plain, a, b, 'error');
}

/** The difference of two dates, in microseconds. */
function emitDays(e: Emitter, a: Value, b: Value): Value {
  const { code } = e;
  for (const v of [a, b]) {
    code.get(part(v));
    if (v.carrier === 'i32') code.op('i64.extend_i32_s');
  }
  code.op('i64.sub').i64(DAY).op('i64.mul');
  return take(e, { kind: 'interval_dt' }, 'i64');
}
