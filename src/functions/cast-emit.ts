import {
  carrierOf,
  type DataType,
  integerBounds,
  isFloating,
  isInteger,
  MICROS_PER_DAY,
  sameType,
} from '../base/index.js';
import { emitIntegerToText, emitTextToInteger } from './cast-text-emit.js';
import { castFails, isDatetime, isNestedKind } from './cast-types.js';
import { pow10 } from './decimal.js';
import type { Call, Range } from './define.js';
import {
  carrierFor,
  type IntCarrier,
  inside,
  intParts,
  part,
  push,
  pushConst,
  pushInt,
  rangeOf,
  take,
  value,
} from './emit.js';
import {
  checked,
  dropDigits,
  emitIntOperation,
  type OverflowMode,
  pushSignExtension,
  scaled,
  scaleRange,
  signal,
} from './int-emit.js';
import { isIntervalType } from './signature.js';
import { isUtc } from './temporal-arithmetic.js';
import type { Emitter, Value } from './value.js';

/** Integers up to here are exact doubles. */
const EXACT_DOUBLE: Range = [-(2n ** 53n), 2n ** 53n];
/** Powers of ten up to this are exact doubles. */
const EXACT_POWER = 22;

const isExact = (type: DataType): boolean => isInteger(type) || type.kind === 'boolean' || type.kind === 'decimal';
const scaleOf = (type: DataType): number => (type.kind === 'decimal' ? type.scale : 0);
const isClock = (type: DataType, call: Call): boolean =>
  type.kind === 'timestamp_ntz' || (type.kind === 'timestamp' && isUtc(call.settings.timeZone));

/** CAST in Wasm: numbers among themselves, dates and clocks without time zone; the rest goes through JS. */
export function emitCast(e: Emitter, v: Value, call: Call, tolerant: boolean): Value | undefined {
  const from = v.type;
  const to = call.returns;
  const mode: OverflowMode = tolerant ? 'null' : call.settings.ansi ? 'error' : isInteger(to) ? 'wrap' : 'null';
  if (sameCarried(from, to)) return { ...v, type: to };
  if (from.kind === 'null') return value(to, carrierOf(to), e.newParts(carrierOf(to)));
  if (to.kind === 'string' && isInteger(from)) return emitIntegerToText(e, v);
  if (from.kind === 'string' && isInteger(to)) return emitTextToInteger(e, v, to, call);
  if (isExact(from) && isExact(to)) return emitExact(e, v, to, mode);
  if (isExact(from) && isFloating(to)) return emitToFloat(e, v, to, call);
  if (isFloating(from)) return emitFromFloat(e, v, to, mode);
  if (from.kind === 'date' && isClock(to, call)) {
    e.code.i64(BigInt(MICROS_PER_DAY));
    const day = take(e, to, 'i64', undefined, [BigInt(MICROS_PER_DAY), BigInt(MICROS_PER_DAY)]);
    return emitIntOperation(e, { operator: 'mul', type: to, scaleA: 0, scaleB: 0, drop: 0 }, v, day, 'error');
  }
  if (!isClock(from, call)) return undefined;
  if (to.kind === 'date') return emitFloorDivide(e, v, BigInt(MICROS_PER_DAY), to);
  if (isClock(to, call)) return { ...v, type: to };
  if (to.kind === 'int64') return emitFloorDivide(e, v, 1_000_000n, to);
  return undefined;
}

/** Types whose values are the same bits: the cast only changes the label. */
function sameCarried(from: DataType, to: DataType): boolean {
  if (sameType(from, to)) return true;
  return from.kind === 'string' && to.kind === 'binary';
}

function emitFloorDivide(e: Emitter, v: Value, unit: bigint, to: DataType): Value {
  const { code } = e;
  const x = intParts(e, v, 'i64')[0] as Value['parts'][0];
  code.get(x).i64(unit).op('i64.div_s');
  code.get(x).i64(unit).op('i64.rem_s').i64(63).op('i64.shr_s').op('i64.add');
  if (carrierOf(to) === 'i32') code.op('i32.wrap_i64');
  return take(e, to, carrierOf(to));
}

/** Integers, booleans and decimals among themselves. */
function emitExact(e: Emitter, v: Value, to: DataType, mode: OverflowMode): Value | undefined {
  const from = v.type;
  const range = rangeOf(from, v.range);
  if (range === undefined) return undefined;
  const known: Value = { ...v, range };
  if (to.kind === 'boolean') return emitNotZero(e, known);
  const up = scaleOf(to) - scaleOf(from);
  if (up > 0) {
    const carrier = carrierFor(scaleRange(range, up));
    if (carrier === undefined) return undefined;
    return checked(e, { ...scaled(e, known, up, carrier), type: to }, to, mode);
  }
  if (up === 0)
    return mode === 'wrap' && isInteger(to) ? emitWrapped(e, known, to) : checked(e, { ...known, type: to }, to, mode);
  if (isInteger(to)) {
    const whole = emitTruncate(e, known, -up);
    return mode === 'wrap' ? emitWrapped(e, whole, to) : checked(e, { ...whole, type: to }, to, mode);
  }
  const unit = pow10(-up);
  const rounded: Range = [range[0] / unit - 1n, range[1] / unit + 1n];
  return checked(e, { ...dropDigits(e, known, -up, rounded), type: to }, to, mode);
}

function emitNotZero(e: Emitter, v: Value): Value {
  push(e, v);
  if (v.carrier === 'i128') e.code.op('i64.or').i64(0).op('i64.ne');
  else if (v.carrier === 'i64') e.code.i64(0).op('i64.ne');
  else e.code.i32(0).op('i32.ne');
  return take(e, { kind: 'boolean' }, 'i32');
}

function emitWrapped(e: Emitter, v: Value, to: DataType): Value {
  const bounds = integerBounds(to) as Range;
  const natural = carrierOf(to) as IntCarrier;
  if (v.range !== undefined && inside(v.range, bounds)) return checked(e, { ...v, type: to }, to, 'wrap');
  pushInt(e, v, natural);
  pushSignExtension(e, to);
  return take(e, to, natural);
}

/** Cuts decimal digits off, toward zero. */
function emitTruncate(e: Emitter, v: Value, digits: number): Value {
  const range = v.range as Range;
  const unit = pow10(digits);
  const carrier: IntCarrier = v.carrier === 'i128' || digits > 18 ? 'i128' : 'i64';
  pushInt(e, v, carrier);
  pushConst(e, carrier, unit);
  if (carrier === 'i128') e.code.call(e.helper('i128_div'));
  else e.code.op('i64.div_s');
  return take(e, v.type, carrier, undefined, [range[0] / unit, range[1] / unit]);
}

/** Integers convert with one instruction; decimals where both digits and power of ten are exact doubles. */
function emitToFloat(e: Emitter, v: Value, to: DataType, call: Call): Value | undefined {
  const { code } = e;
  const f = to.kind === 'float32' ? 'f32' : 'f64';
  if (v.type.kind !== 'decimal') {
    code.get(part(v)).op(v.carrier === 'i32' ? `${f}.convert_i32_s` : `${f}.convert_i64_s`);
    return take(e, to, f);
  }
  const range = rangeOf(v.type, v.range) as Range;
  const scale = v.type.scale;
  // Rounding twice, to double and to float, could differ from rounding once.
  if (f === 'f32' || scale > EXACT_POWER) return undefined;
  const divide = (): void => {
    code.get(part(v)).op(v.carrier === 'i32' ? 'f64.convert_i32_s' : 'f64.convert_i64_s');
    if (scale > 0) code.f64(Number(pow10(scale))).op('f64.div');
  };
  if (inside(range, EXACT_DOUBLE)) {
    divide();
    return take(e, to, f);
  }
  const out = code.local('f64');
  pushInt(e, v, 'i128');
  const parts = take(e, v.type, 'i128');
  code
    .get(part(parts))
    .i64(EXACT_DOUBLE[1])
    .op('i64.add')
    .i64(EXACT_DOUBLE[1] * 2n)
    .op('i64.le_u');
  code.get(part(parts)).i64(63).op('i64.shr_s').get(part(parts, 1)).op('i64.eq').op('i32.and');
  code.if(
    () => {
      divide();
      code.set(out);
    },
    () => {
      const slow = e.js(call, [value(v.type, carrierOf(v.type), intParts(e, v, carrierOf(v.type) as IntCarrier))]);
      code.get(part(slow)).set(out);
    },
  );
  return value(to, 'f64', [out]);
}

function emitFromFloat(e: Emitter, v: Value, to: DataType, mode: OverflowMode): Value | undefined {
  const { code } = e;
  const f = v.carrier as 'f32' | 'f64';
  if (isFloating(to)) {
    code.get(part(v)).op(f === 'f32' ? 'f64.promote_f32' : 'f32.demote_f64');
    return take(e, to, to.kind === 'float32' ? 'f32' : 'f64');
  }
  if (to.kind === 'boolean') {
    code.get(part(v));
    if (f === 'f32') code.f32(0).op('f32.ne');
    else code.f64(0).op('f64.ne');
    // NaN is true, as it is not 0.
    return take(e, to, 'i32');
  }
  if (!isInteger(to)) return undefined;
  const [low, high] = integerBounds(to) as Range;
  const x = code.local('f64');
  code.get(part(v));
  if (f === 'f32') code.op('f64.promote_f32');
  code.set(x);
  let isNull: Value['isNull'];
  if (mode !== 'wrap') {
    code.get(x).op('f64.floor').f64(Number(high)).op('f64.le').get(x).op('f64.ceil').f64(Number(low)).op('f64.ge');
    code.op('i32.and').op('i32.eqz');
    isNull = signal(e, mode);
  }
  const carrier = carrierOf(to);
  code.get(x).op(carrier === 'i64' ? 'i64.trunc_sat_f64_s' : 'i32.trunc_sat_f64_s');
  pushSignExtension(e, to);
  return take(e, to, carrier, isNull);
}

/** Whether the cast can raise an error on values within the range. */
export function castCanFail(call: Call, ranges: readonly (Range | undefined)[]): boolean {
  const from = call.argTypes[0] as DataType;
  const to = call.returns;
  // Without ANSI most give null instead; moments and intervals fail all the same.
  const isStrict = call.settings.ansi || isDatetime(from) || [from, to].some(isIntervalType);
  if (!isStrict && !isNestedKind(to.kind)) return false;
  if (!castFails(from, to)) return false;
  const range = ranges[0];
  const bounds = integerBounds(to);
  if (range === undefined || bounds === undefined || !isExact(from) || !isExact(to)) return true;
  return !inside(castExactRange(range, from, to), bounds);
}

function castExactRange(range: Range, from: DataType, to: DataType): Range {
  const up = scaleOf(to) - scaleOf(from);
  if (up >= 0) return scaleRange(range, up);
  const unit = pow10(-up);
  return isInteger(to) ? [range[0] / unit, range[1] / unit] : [range[0] / unit - 1n, range[1] / unit + 1n];
}

/** Bounds of the result where numbers are cast to numbers. */
export function castRange(ranges: readonly (Range | undefined)[], call: Call): Range | undefined {
  const from = call.argTypes[0] as DataType;
  const to = call.returns;
  if (sameCarried(from, to)) return ranges[0];
  if (!isExact(from) || !isExact(to) || to.kind === 'boolean') return undefined;
  const range = rangeOf(from, ranges[0]);
  const bounds = integerBounds(to);
  if (range === undefined || bounds === undefined) return undefined;
  const result = castExactRange(range, from, to);
  return inside(result, bounds) || call.settings.ansi ? result : undefined;
}
