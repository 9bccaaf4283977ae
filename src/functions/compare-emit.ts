import type { DataType, Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { carrierFor, type IntCarrier, isIntCarrier, part, push, pushInt, rangeOf, widerCarrier } from './emit.js';
import { scaled, scaleRange } from './int-emit.js';
import type { Emitter, Value } from './value.js';

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

const scaleOf = (type: DataType): number => (type.kind === 'decimal' ? type.scale : 0);
const isText = (type: DataType): boolean => type.kind === 'string' || type.kind === 'binary';

/** Longest constant that is compared word by word in place. */
const INLINE_BYTES = 16;

/** Whether values of the type are compared in Wasm; nested values go through JS. */
export const comparesInWasm = (type: DataType): boolean =>
  isText(type) || !['array', 'struct', 'map', 'variant', 'null'].includes(type.kind);

/** Pushes an i32: whether the comparison holds. Both operands are of types that compare as they are. */
export function pushComparison(e: Emitter, op: Comparison, a: Value, b: Value, literal?: Scalar): void {
  if (op === 'gt') {
    pushComparison(e, 'lt', b, a);
    return;
  }
  if (op === 'ge') {
    pushComparison(e, 'le', b, a);
    return;
  }
  if (op === 'ne') {
    pushComparison(e, 'eq', a, b, literal);
    e.code.op('i32.eqz');
  } else if (a.carrier === 'bytes') pushBytes(e, op, a, b, literal);
  else if (a.carrier === 'f32' || a.carrier === 'f64') pushFloat(e, op, a, b, a.carrier);
  else pushIntegers(e, op, a, b);
}

/** NaN equals NaN and is greater than everything else. */
function pushFloat(e: Emitter, op: 'eq' | 'lt' | 'le', a: Value, b: Value, f: 'f32' | 'f64'): void {
  const { code } = e;
  const [x, y] = [part(a), part(b)];
  if (op === 'eq') {
    code.get(x).get(y).op(`${f}.eq`);
    code.get(x).get(x).op(`${f}.ne`).get(y).get(y).op(`${f}.ne`).op('i32.and').op('i32.or');
  } else if (op === 'lt') {
    code.get(x).get(x).op(`${f}.eq`).get(x).get(y).op(`${f}.ge`).op('i32.eqz').op('i32.and');
  } else code.get(x).get(y).op(`${f}.le`).get(y).get(y).op(`${f}.ne`).op('i32.or');
}

function pushIntegers(e: Emitter, op: 'eq' | 'lt' | 'le', a: Value, b: Value): void {
  const { code } = e;
  const scale = Math.max(scaleOf(a.type), scaleOf(b.type));
  const [digitsA, digitsB] = [scale - scaleOf(a.type), scale - scaleOf(b.type)];
  const carrier = commonCarrier(a, digitsA, b, digitsB);
  if (carrier === undefined) {
    pushHuge(e, op, a, digitsA, b, digitsB);
    return;
  }
  const left = scaled(e, a, digitsA, carrier);
  const right = scaled(e, b, digitsB, carrier);
  if (carrier !== 'i128') {
    code
      .get(part(left))
      .get(part(right))
      .op(`${carrier}.${op === 'eq' ? 'eq' : op === 'lt' ? 'lt_s' : 'le_s'}`);
    return;
  }
  if (op === 'eq') {
    code.get(part(left)).get(part(right)).op('i64.xor').get(part(left, 1)).get(part(right, 1)).op('i64.xor');
    code.op('i64.or').op('i64.eqz');
    return;
  }
  push(e, left);
  push(e, right);
  code
    .call(e.helper('i128_compare'))
    .i32(op === 'lt' ? 0 : 1)
    .op('i32.lt_s');
}

function commonCarrier(a: Value, digitsA: number, b: Value, digitsB: number): IntCarrier | undefined {
  const carriers = (
    [
      [a, digitsA],
      [b, digitsB],
    ] as const
  ).map(([v, digits]) => {
    if (digits === 0 && isIntCarrier(v.carrier)) return v.carrier;
    const range = rangeOf(v.type, v.range);
    return range && carrierFor(scaleRange(range, digits));
  });
  const [x, y] = carriers;
  return x === undefined || y === undefined ? undefined : widerCarrier(x, y);
}

/** Decimals whose common scale takes more than 128 bits: the one that overflows is larger by its sign. */
function pushHuge(e: Emitter, op: 'eq' | 'lt' | 'le', a: Value, digitsA: number, b: Value, digitsB: number): void {
  const { code } = e;
  // Only one side is scaled; where it overflows, the comparison is decided by its sign.
  const [v, digits] = digitsA > 0 ? [a, digitsA] : [b, digitsB];
  const out = e.newParts('i128') as [Local, Local];
  const overflow = code.local('i32');
  pushInt(e, v, 'i128');
  const power = 10n ** BigInt(digits);
  code
    .i64(BigInt.asIntN(64, power))
    .i64(power >> 64n)
    .call(e.helper('i128_mul_checked'));
  code.set(overflow).set(out[1]).set(out[0]);
  const negative = code.local('i32');
  pushInt(e, v, 'i128');
  code.i64(63).op('i64.shr_s').op('i32.wrap_i64').i32(1).op('i32.and').set(negative).drop();
  const order = code.local('i32');
  if (digitsA > 0) {
    code.get(out[0]).get(out[1]);
    pushInt(e, b, 'i128');
  } else {
    pushInt(e, a, 'i128');
    code.get(out[0]).get(out[1]);
  }
  code.call(e.helper('i128_compare')).set(order);
  // a overflows: its sign decides; b overflows: the opposite.
  const large = digitsA > 0 ? 1 : -1;
  code.i32(-large).i32(large).get(negative).select().get(order).get(overflow).select();
  code.i32(0).op(op === 'eq' ? 'i32.eq' : op === 'lt' ? 'i32.lt_s' : 'i32.le_s');
}

function pushBytes(e: Emitter, op: 'eq' | 'lt' | 'le', a: Value, b: Value, literal?: Scalar): void {
  const { code } = e;
  if (op === 'eq') {
    const bytes = literalBytes(literal);
    if (bytes !== undefined && bytes.length <= INLINE_BYTES) {
      pushEqualsConstant(e, a, bytes);
      return;
    }
    push(e, a);
    push(e, b);
    code.call(e.helper('bytes_equal'));
    return;
  }
  push(e, a);
  push(e, b);
  code
    .call(e.helper('bytes_compare'))
    .i32(op === 'lt' ? 0 : 1)
    .op('i32.lt_s');
}

export function literalBytes(literal: Scalar | undefined): Uint8Array | undefined {
  if (typeof literal === 'string') return new TextEncoder().encode(literal);
  return literal instanceof Uint8Array ? literal : undefined;
}

/** Length and words of a short constant, without a branch: what lies behind a shorter value is readable. */
export function pushEqualsConstant(e: Emitter, v: Value, bytes: Uint8Array): void {
  const { code } = e;
  code.get(part(v, 1)).i32(bytes.length).op('i32.eq');
  if (bytes.length === 0) return;
  const word = (at: number, length: number): void => {
    const padded = new Uint8Array(8);
    padded.set(bytes.subarray(at, at + length));
    const constant = new DataView(padded.buffer).getBigUint64(0, true);
    code.get(part(v)).op('i64.load', at, 0);
    if (length < 8) code.i64((1n << BigInt(8 * length)) - 1n).op('i64.and');
    code.i64(constant).op('i64.eq').op('i32.and');
  };
  word(0, Math.min(8, bytes.length));
  if (bytes.length > 8) word(8, bytes.length - 8);
}
