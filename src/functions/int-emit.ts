import { carrierOf, type DataType, integerBounds, MAX_PRECISION } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { divideHalfUp, pow10 } from './decimal.js';
import type { Range } from './define.js';
import {
  carrierFor,
  type IntCarrier,
  inside,
  intersect,
  intParts,
  isIntCarrier,
  part,
  pushConst,
  pushInt,
  rangeOf,
  take,
  value,
  widerCarrier,
} from './emit.js';
import { emitAdd128, emitSub128 } from './helpers-int128.js';
import type { Emitter, Value } from './value.js';

export type IntOperator = 'add' | 'sub' | 'mul';

/** What happens to results outside the type: an error, SQL NULL, or the low bits (never for decimals). */
export type OverflowMode = 'error' | 'null' | 'wrap';

/** `(a * 10^scaleA) operator (b * 10^scaleB)`, divided half up by 10^drop, as a value of `type`. */
export interface IntOperation {
  readonly operator: IntOperator;
  readonly type: DataType;
  readonly scaleA: number;
  readonly scaleB: number;
  readonly drop: number;
}

type Two = readonly [Local, Local];

export const scaleRange = (range: Range, digits: number): Range => [range[0] * pow10(digits), range[1] * pow10(digits)];
const dropRange = (range: Range, digits: number): Range =>
  digits === 0 ? range : [divideHalfUp(range[0], pow10(digits)), divideHalfUp(range[1], pow10(digits))];
const union = (a: Range, b: Range): Range => [a[0] < b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]];

export function operatorRange(operator: IntOperator, a: Range, b: Range): Range {
  switch (operator) {
    case 'add':
      return [a[0] + b[0], a[1] + b[1]];
    case 'sub':
      return [a[0] - b[1], a[1] - b[0]];
    case 'mul': {
      const products = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]];
      return products.reduce<Range>(
        ([low, high], x) => [x < low ? x : low, x > high ? x : high],
        [products[0] as bigint, products[0] as bigint],
      );
    }
  }
}

/** The mathematical bounds of the operation, before overflow is checked. */
export function operationRange(operation: IntOperation, a: Range, b: Range): Range {
  const raw = operatorRange(operation.operator, scaleRange(a, operation.scaleA), scaleRange(b, operation.scaleB));
  return dropRange(raw, operation.drop);
}

/** Whether no values within the ranges can overflow the type. */
export function isSafe(operation: IntOperation, a: Range | undefined, b: Range | undefined): boolean {
  const bounds = integerBounds(operation.type);
  if (a === undefined || b === undefined || bounds === undefined) return false;
  return inside(operationRange(operation, a, b), bounds);
}

/**
 * Emits the operation in the narrowest words that hold every intermediate value. Where those may pass 128 bits
 * before digits are dropped, `slow` computes the rows that do.
 */
export function emitIntOperation(
  e: Emitter,
  operation: IntOperation,
  a: Value,
  b: Value,
  mode: OverflowMode,
  slow?: () => Value,
): Value | undefined {
  const { type, operator, drop } = operation;
  const bounds = integerBounds(type);
  const rangeA = rangeOf(a.type, a.range);
  const rangeB = rangeOf(b.type, b.range);
  if (bounds === undefined || rangeA === undefined || rangeB === undefined) return undefined;
  const scaledA = scaleRange(rangeA, operation.scaleA);
  const scaledB = scaleRange(rangeB, operation.scaleB);
  const raw = operatorRange(operator, scaledA, scaledB);
  const result = dropRange(raw, drop);
  const safe = inside(result, bounds);
  if (mode === 'wrap' && !safe) return emitWrapping(e, operation, a, b);
  const work = carrierFor(union(raw, union(scaledA, scaledB)));
  const natural = carrierOf(type);
  const direct = operation.scaleA === 0 && operation.scaleB === 0 && drop === 0;
  if (!safe && direct && natural === 'i64' && (work === undefined || work === 'i128')) {
    return emitChecked64(e, operation, a, b, mode);
  }
  if (work === undefined) {
    if (drop > 0 && slow === undefined) return undefined;
    return emitChecked128(e, operation, a, b, mode, drop > 0 ? slow : undefined);
  }
  const left = scaled(e, a, operation.scaleA, work);
  const right = scaled(e, b, operation.scaleB, work);
  const computed = dropDigits(e, emitPlain(e, operator, left, right, work, type, raw), drop, result);
  return checked(e, computed, type, mode);
}

/** The value times a power of ten, in a carrier that holds the product. */
export function scaled(e: Emitter, v: Value, digits: number, carrier: IntCarrier): Value {
  const inCarrier = value(v.type, carrier, intParts(e, v, carrier), v.isNull, v.range);
  if (digits === 0) return inCarrier;
  // A factor beyond the carrier only ever meets zeros, for the product is known to fit.
  pushConst(e, carrier, carrier === 'i128' ? pow10(digits) : BigInt.asIntN(carrier === 'i64' ? 64 : 32, pow10(digits)));
  const factor = take(e, v.type, carrier);
  return emitPlain(e, 'mul', inCarrier, factor, carrier, v.type, v.range && scaleRange(v.range, digits));
}

/** The operation in a carrier known to hold the result. */
function emitPlain(
  e: Emitter,
  operator: IntOperator,
  a: Value,
  b: Value,
  carrier: IntCarrier,
  type: DataType,
  range: Range | undefined,
): Value {
  const { code } = e;
  if (carrier !== 'i128') {
    code.get(part(a)).get(part(b)).op(`${carrier}.${operator}`);
    return take(e, type, carrier, undefined, range);
  }
  if (operator === 'mul') {
    const narrow =
      a.range !== undefined &&
      b.range !== undefined &&
      carrierFor(a.range) !== 'i128' &&
      carrierFor(b.range) !== 'i128';
    if (narrow) code.get(part(a)).get(part(b)).call(e.helper('i64_mul_wide'));
    else code.get(part(a)).get(part(a, 1)).get(part(b)).get(part(b, 1)).call(e.helper('i128_mul'));
    return take(e, type, carrier, undefined, range);
  }
  const out = e.newParts('i128') as unknown as Two;
  const emit = operator === 'add' ? emitAdd128 : emitSub128;
  emit(code, a.parts as unknown as Two, b.parts as unknown as Two, out);
  return value(type, carrier, out, undefined, range);
}

/** Divides by a power of ten, half up. */
export function dropDigits(e: Emitter, v: Value, digits: number, range: Range | undefined): Value {
  if (digits === 0) return v;
  const carrier: IntCarrier = v.carrier === 'i128' || digits > 18 ? 'i128' : 'i64';
  pushInt(e, v, carrier);
  pushConst(e, carrier, pow10(digits));
  e.code.call(e.helper(`${carrier}_div_half_up`));
  return take(e, v.type, carrier, undefined, range);
}

/** The value as one of `type`: checked against its bounds where its range says it may lie outside. */
export function checked(e: Emitter, v: Value, type: DataType, mode: OverflowMode, isNull?: Local): Value {
  const bounds = integerBounds(type);
  const natural = carrierOf(type);
  if (bounds === undefined || !isIntCarrier(natural) || !isIntCarrier(v.carrier)) return v;
  const range = v.range ?? bounds;
  if (inside(range, bounds)) {
    const fitting = carrierFor(range) ?? natural;
    return value(type, fitting, intParts(e, v, fitting), isNull, range);
  }
  pushOutside(e, v, bounds);
  const flag = signal(e, mode, isNull);
  // Never wider than its type, also where it was computed wider.
  const carrier = widerCarrier(natural, v.carrier) === natural ? v.carrier : natural;
  return value(type, carrier, intParts(e, v, carrier), flag, intersect(range, bounds));
}

/** Pops "it overflowed": marks the morsel as failed, or adds to the null flag, which is returned. */
export function signal(e: Emitter, mode: OverflowMode, isNull?: Local): Local | undefined {
  if (mode === 'error') {
    e.failIf();
    return isNull;
  }
  if (mode === 'wrap') {
    e.code.drop();
    return isNull;
  }
  if (isNull !== undefined) e.code.get(isNull).op('i32.or');
  const flag = e.code.local('i32');
  e.code.set(flag);
  return flag;
}

/** Pushes an i32: 1 when the integer lies outside the bounds. */
export function pushOutside(e: Emitter, v: Value, [low, high]: Range): void {
  const { code } = e;
  const { carrier } = v;
  if (carrier === 'i128') {
    for (const [bound, greater] of [
      [high, true],
      [low, false],
    ] as const) {
      code.get(part(v)).get(part(v, 1));
      pushConst(e, 'i128', bound);
      code
        .call(e.helper('i128_compare'))
        .i32(greater ? 1 : -1)
        .op('i32.eq');
    }
    code.op('i32.or');
    return;
  }
  // One unsigned comparison: v - low > high - low.
  const c = carrier === 'i32' ? 'i32' : 'i64';
  code.get(part(v));
  pushConst(e, c, low);
  code.op(`${c}.sub`);
  pushConst(e, c, high - low);
  code.op(`${c}.gt_u`);
}

/** 64-bit operands whose result may not fit 64 bits. */
function emitChecked64(e: Emitter, operation: IntOperation, a: Value, b: Value, mode: OverflowMode): Value {
  const { code } = e;
  const left = intParts(e, a, 'i64')[0] as Local;
  const right = intParts(e, b, 'i64')[0] as Local;
  const result = code.local('i64');
  const { operator, type } = operation;
  code.get(left).get(right).op(`i64.${operator}`).set(result);
  if (operator === 'mul') code.get(left).get(right).call(e.helper('i64_mul_overflows'));
  else {
    // Overflow shows in the sign: of both operands against the sum, of the operands and against the difference.
    code
      .get(left)
      .get(operator === 'add' ? result : right)
      .op('i64.xor');
    code
      .get(operator === 'add' ? right : left)
      .get(result)
      .op('i64.xor');
    code.op('i64.and').i64(0).op('i64.lt_s');
  }
  const flag = signal(e, mode);
  return value(type, 'i64', [result], flag);
}

/** Operands of up to 38 digits whose result may not fit 128 bits: then it is out of range, or `slow` finds it. */
function emitChecked128(
  e: Emitter,
  operation: IntOperation,
  a: Value,
  b: Value,
  mode: OverflowMode,
  slow?: () => Value,
): Value {
  const { code } = e;
  const overflow = code.local('i32');
  code.i32(0).set(overflow);
  const left = scaledChecked(e, a, operation.scaleA, overflow);
  const right = scaledChecked(e, b, operation.scaleB, overflow);
  const out = e.newParts('i128') as unknown as Two;
  const { operator, type } = operation;
  if (operator === 'mul') {
    for (const local of [...left, ...right]) code.get(local);
    code.call(e.helper('i128_mul_checked')).get(overflow).op('i32.or').set(overflow).set(out[1]).set(out[0]);
  } else {
    (operator === 'add' ? emitAdd128 : emitSub128)(code, left, right, out);
    code
      .get(left[1])
      .get(operator === 'add' ? out[1] : right[1])
      .op('i64.xor');
    code
      .get(operator === 'add' ? right[1] : left[1])
      .get(out[1])
      .op('i64.xor');
    code.op('i64.and').i64(0).op('i64.lt_s').get(overflow).op('i32.or').set(overflow);
  }
  const raw = value(type, 'i128', out, undefined, ANY_128);
  if (slow !== undefined) {
    return orSlow(e, overflow, type, () => checked(e, dropDigits(e, raw, operation.drop, ANY_128), type, mode), slow);
  }
  code.get(overflow);
  return checked(e, raw, type, mode, signal(e, mode));
}

const ANY_128: Range = [-(2n ** 127n), 2n ** 127n - 1n];

/** The value of `slow` where the flag is set, else that of `fast`. */
export function orSlow(e: Emitter, isSlow: Local, type: DataType, fast: () => Value, slow: () => Value): Value {
  const carrier = carrierOf(type) as IntCarrier;
  const parts = e.newParts(carrier);
  const isNull = e.code.local('i32');
  const keep = (v: Value): void => {
    for (const [i, local] of intParts(e, v, carrier).entries()) e.code.get(local).set(parts[i] as Local);
    if (v.isNull === undefined) e.code.i32(0).set(isNull);
    else e.code.get(v.isNull).set(isNull);
  };
  e.code.get(isSlow).if(
    () => e.scoped(() => keep(slow())),
    () => e.scoped(() => keep(fast())),
  );
  return value(type, carrier, parts, isNull);
}

export function scaledChecked(e: Emitter, v: Value, digits: number, overflow: Local): Two {
  const parts = intParts(e, v, 'i128') as unknown as Two;
  if (digits === 0) return parts;
  const { code } = e;
  code.get(parts[0]).get(parts[1]);
  pushConst(e, 'i128', pow10(Math.min(digits, MAX_PRECISION)));
  const out = e.newParts('i128') as unknown as Two;
  code.call(e.helper('i128_mul_checked')).get(overflow).op('i32.or').set(overflow).set(out[1]).set(out[0]);
  return out;
}

/** Low bits only, as Spark without ANSI computes integers. */
function emitWrapping(e: Emitter, { operator, type }: IntOperation, a: Value, b: Value): Value | undefined {
  const carrier = carrierOf(type);
  if (carrier !== 'i32' && carrier !== 'i64') return undefined;
  pushInt(e, a, carrier);
  pushInt(e, b, carrier);
  e.code.op(`${carrier}.${operator}`);
  pushSignExtension(e, type);
  return take(e, type, carrier);
}

/** Keeps the low 8 or 16 bits of the i32 on the stack, where the type is that small. */
export function pushSignExtension(e: Emitter, type: DataType): void {
  if (type.kind === 'int8') e.code.op('i32.extend8_s');
  if (type.kind === 'int16') e.code.op('i32.extend16_s');
}
