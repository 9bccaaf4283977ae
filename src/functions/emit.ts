import { type Carrier, carrierOf, type DataType, integerBounds } from '../base/index.js';
import type { Local, ValType } from '../wasm/index.js';
import type { Range } from './define.js';
import type { Emitter, Value } from './value.js';

/** Integer carriers, narrow to wide. */
export type IntCarrier = 'i32' | 'i64' | 'i128';

const I32: Range = [-(2n ** 31n), 2n ** 31n - 1n];
const I64: Range = [-(2n ** 63n), 2n ** 63n - 1n];
const I128: Range = [-(2n ** 127n), 2n ** 127n - 1n];

export const inside = (inner: Range, outer: Range): boolean => inner[0] >= outer[0] && inner[1] <= outer[1];

/** Bounds of what a carrier can hold. */
export function carrierRange(carrier: IntCarrier): Range {
  return carrier === 'i32' ? I32 : carrier === 'i64' ? I64 : I128;
}

/** The narrowest integer carrier that holds the range, or undefined beyond 128 bits. */
export function carrierFor(range: Range): IntCarrier | undefined {
  return inside(range, I32) ? 'i32' : inside(range, I64) ? 'i64' : inside(range, I128) ? 'i128' : undefined;
}

export const isIntCarrier = (carrier: Carrier): carrier is IntCarrier =>
  carrier === 'i32' || carrier === 'i64' || carrier === 'i128';

const bits = (carrier: IntCarrier): number => (carrier === 'i32' ? 32 : carrier === 'i64' ? 64 : 128);
export const widerCarrier = (a: IntCarrier, b: IntCarrier): IntCarrier => (bits(a) >= bits(b) ? a : b);

/** What is known of an integer-like type's values: the known range, else the type's bounds. */
export function rangeOf(type: DataType, range: Range | undefined): Range | undefined {
  return range ?? integerBounds(type);
}

export function intersect(a: Range, b: Range): Range {
  return [a[0] > b[0] ? a[0] : b[0], a[1] < b[1] ? a[1] : b[1]];
}

/** Wasm types of a carrier's parts. */
export function partTypes(carrier: Carrier): readonly ValType[] {
  switch (carrier) {
    case 'i128':
      return ['i64', 'i64'];
    case 'bytes':
      return ['i32', 'i32'];
    case 'none':
      return [];
    default:
      return [carrier];
  }
}

export function value(
  type: DataType,
  carrier: Carrier,
  parts: readonly Local[],
  isNull?: Local | undefined,
  range?: Range,
): Value {
  return { type, carrier, parts, isNull, ...(range === undefined ? {} : { range }) };
}

export const part = (v: Value, i = 0): Local => {
  const local = v.parts[i];
  if (local === undefined) throw new Error(`engine bug: a value of carrier ${v.carrier} has no part ${i}`);
  return local;
};

/** Pops one wasm value per part (last part on top) into fresh locals and makes a value of them. */
export function take(e: Emitter, type: DataType, carrier: Carrier, isNull?: Local, range?: Range): Value {
  const parts = e.newParts(carrier);
  for (const local of [...parts].reverse()) e.code.set(local);
  return value(type, carrier, parts, isNull, range);
}

/** The i32 on the stack as a boolean value. */
export const takeBoolean = (e: Emitter, isNull?: Local): Value => take(e, { kind: 'boolean' }, 'i32', isNull);

/** Pushes the parts of a value. */
export function push(e: Emitter, v: Value): void {
  for (const local of v.parts) e.code.get(local);
}

/** Pushes an integer-like value in a wider (sign extended) or narrower (wrapped) carrier. */
export function pushInt(e: Emitter, v: Value, carrier: IntCarrier): void {
  const { code } = e;
  if (v.carrier === carrier) {
    push(e, v);
    return;
  }
  const low = part(v);
  if (v.carrier === 'i32') {
    code.get(low).op('i64.extend_i32_s');
    if (carrier === 'i128') code.get(low).op('i64.extend_i32_s').i64(63).op('i64.shr_s');
  } else if (carrier === 'i32') code.get(low).op('i32.wrap_i64');
  else if (carrier === 'i64') code.get(low);
  else code.get(low).get(low).i64(63).op('i64.shr_s');
}

/** The value's parts in another integer carrier. */
export function intParts(e: Emitter, v: Value, carrier: IntCarrier): readonly Local[] {
  if (v.carrier === carrier) return v.parts;
  pushInt(e, v, carrier);
  return take(e, v.type, carrier).parts;
}

/** The value in the carrier of its type, as functions that know nothing of narrow carriers want it. */
export function widen(e: Emitter, v: Value): Value {
  const carrier = carrierOf(v.type);
  if (v.carrier === carrier || !isIntCarrier(carrier)) return v;
  return value(v.type, carrier, intParts(e, v, carrier), v.isNull, v.range);
}

/** Pushes an integer constant. */
export function pushConst(e: Emitter, carrier: IntCarrier, constant: bigint): void {
  if (carrier === 'i32') e.code.i32(Number(constant));
  else if (carrier === 'i64') e.code.i64(constant);
  else e.code.i64(BigInt.asIntN(64, constant)).i64(constant >> 64n);
}

/** One null flag for several values: 1 when any is null; undefined when none can be. */
export function anyNull(e: Emitter, values: readonly Value[]): Local | undefined {
  const flags = values.map((v) => v.isNull).filter((flag) => flag !== undefined);
  const distinct = [...new Set(flags)];
  const [first, ...rest] = distinct;
  if (first === undefined || rest.length === 0) return first;
  e.code.get(first);
  for (const flag of rest) e.code.get(flag).op('i32.or');
  const combined = e.code.local('i32');
  e.code.set(combined);
  return combined;
}

/** Copies a value's parts into given locals of the same carrier. */
export function copyParts(e: Emitter, from: Value, to: readonly Local[]): void {
  for (const [i, local] of to.entries()) e.code.get(part(from, i)).set(local);
}

/** Pushes the null flag of a value, 0 when it is never null. */
export function pushNull(e: Emitter, v: Value): void {
  if (v.isNull === undefined) e.code.i32(0);
  else e.code.get(v.isNull);
}
