import { type Carrier, carrierOf, type DataType, integerBounds } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { comparesInWasm, pushComparison } from './compare-emit.js';
import type { Call, Range } from './define.js';
import { carrierFor, type IntCarrier, intParts, isIntCarrier, part, pushInt, rangeOf, take, value } from './emit.js';
import { emitAdd128 } from './helpers-int128.js';
import { pushOutside } from './int-emit.js';
import type { Emitter, StateAccess, Value } from './value.js';

/** Words that the aggregates' Wasm is made of. */

export const arg = (args: readonly Value[], i = 0): Value => args[i] as Value;

/** Runs `body` for rows where the value is not null. */
export function ifPresent(e: Emitter, v: Value, body: () => void): void {
  if (v.isNull === undefined) {
    body();
    return;
  }
  e.code
    .get(v.isNull)
    .op('i32.eqz')
    .if(() => e.scoped(body));
}

/** An i32 constant in a local. */
export function constant(e: Emitter, n: number): Local {
  const local = e.code.local('i32');
  e.code.i32(n).set(local);
  return local;
}

/** Stores a value in the carrier of a state field. */
export function storeAs(e: Emitter, state: StateAccess, i: number, v: Value): void {
  const carrier = state.carrier(i);
  state.store(i, isIntCarrier(carrier) && isIntCarrier(v.carrier) ? intParts(e, v, carrier) : v.parts);
}

/** Zero in every carrier: no bytes for text. */
export function storeZero(e: Emitter, state: StateAccess, i: number): void {
  state.store(i, zeroParts(e, state.carrier(i)));
}

function zeroParts(e: Emitter, carrier: Carrier): Local[] {
  const parts = e.newParts(carrier);
  for (const local of parts) {
    if (local.type === 'i32') e.code.i32(0).set(local);
    else if (local.type === 'i64') e.code.i64(0).set(local);
    else if (local.type === 'f32') e.code.f32(0).set(local);
    else e.code.f64(0).set(local);
  }
  return parts;
}

export function storeFlag(e: Emitter, state: StateAccess, i: number, flag: number): void {
  const carrier = state.carrier(i);
  if (carrier === 'i32') {
    state.store(i, [constant(e, flag)]);
    return;
  }
  storeAs(e, state, i, value({ kind: 'int8' }, 'i32', [constant(e, flag)]));
}

/** Pushes an integer state field as i32, for flags. */
export function pushFlag(e: Emitter, flag: Value): void {
  pushInt(e, flag, 'i32');
}

/** Adds to an integer or floating field, without a check. */
export function addTo(e: Emitter, state: StateAccess, i: number, v: Value): Value {
  const carrier = state.carrier(i);
  const sum = plainSum(e, state.load(i), v, carrier);
  state.store(i, sum.parts);
  return sum;
}

function plainSum(e: Emitter, old: Value, v: Value, carrier: Carrier): Value {
  const { code } = e;
  if (carrier === 'i128') {
    const out = e.newParts('i128') as [Local, Local];
    emitAdd128(code, old.parts as unknown as [Local, Local], intParts(e, v, 'i128') as unknown as [Local, Local], out);
    return value(old.type, carrier, out);
  }
  code.get(part(old));
  if (carrier === 'f64') {
    code.get(part(v));
    if (v.carrier === 'f32') code.op('f64.promote_f32');
    code.op('f64.add');
  } else {
    pushInt(e, v, carrier as IntCarrier);
    code.op(carrier === 'i32' ? 'i32.add' : 'i64.add');
  }
  return take(e, old.type, carrier);
}

/** Adds 1 to a count. */
export function increment(e: Emitter, state: StateAccess, i: number): void {
  addTo(e, state, i, value({ kind: 'int32' }, 'i32', [constant(e, 1)]));
}

/** Adds to a sum; what leaves its type raises an error, or is handed to `overflowed`. */
export function addChecked(e: Emitter, state: StateAccess, v: Value, check: SumCheck, overflowed?: () => void): void {
  const { code } = e;
  const carrier = state.carrier(0);
  if (check === 'none' || (check === 'long' && carrier !== 'i64') || (check === 'digits' && carrier !== 'i128')) {
    addTo(e, state, 0, v);
    return;
  }
  const old = state.load(0);
  const sum = plainSum(e, old, v, carrier);
  if (check === 'long') {
    const added = intParts(e, v, 'i64')[0] as Local;
    code
      .get(part(old))
      .get(part(sum))
      .op('i64.xor')
      .get(added)
      .get(part(sum))
      .op('i64.xor')
      .op('i64.and')
      .i64(0)
      .op('i64.lt_s');
  } else {
    // Two values of 38 digits cannot pass 128 bits unnoticed: their sum changes sign.
    const high = intParts(e, v, 'i128')[1] as Local;
    code.get(part(old, 1)).get(part(sum, 1)).op('i64.xor').get(high).get(part(sum, 1)).op('i64.xor').op('i64.and');
    code.i64(0).op('i64.lt_s');
    pushOutside(e, sum, integerBounds(old.type) as Range);
    code.op('i32.or');
  }
  if (overflowed === undefined) e.failIf();
  else code.if(overflowed);
  state.store(0, sum.parts);
}

/** `long`: 64 bits may overflow; `digits`: 38 digits may; `none`: neither, for any number of rows there can be. */
export type SumCheck = 'none' | 'long' | 'digits';

/** Carriers of a sum (first field) that hold `rows` values within the range; the rest of the state as it is. */
export function narrowSum(
  ranges: readonly (Range | undefined)[],
  rows: bigint,
  call: Call,
  rest: readonly Carrier[],
): readonly Carrier[] | undefined {
  const type = call.argTypes[0];
  const range = type === undefined ? undefined : rangeOf(type, ranges[0]);
  if (range === undefined || type?.kind === 'float32' || type?.kind === 'float64') return undefined;
  const total: Range = [range[0] < 0n ? range[0] * rows : 0n, range[1] > 0n ? range[1] * rows : 0n];
  const carrier = carrierFor(total);
  if (carrier === undefined || carrier === 'i128') return undefined;
  return [carrier, ...rest];
}

/** Pushes whether `a` comes before `b` (op lt) and so on, over every type: nested values are compared by JS. */
export function pushOrder(e: Emitter, op: 'lt' | 'gt' | 'le' | 'ge', a: Value, b: Value, call: Call): void {
  if (comparesInWasm(a.type)) {
    pushComparison(e, op, a, b);
    return;
  }
  const test: Call = {
    fn: op,
    argTypes: [a.type, b.type],
    literals: [undefined, undefined],
    returns: { kind: 'boolean' },
    settings: call.settings,
  };
  e.code.get(part(e.js(test, [a, b])));
}

/** A field's value, null where the flag is not 1. */
export function presentIf(e: Emitter, field: Value, flag: Value, type: DataType): Value {
  pushFlag(e, flag);
  e.code.i32(1).op('i32.ne');
  const isNull = e.code.local('i32');
  e.code.set(isNull);
  return value(type, field.carrier, field.parts, isNull);
}

export const natural = (type: DataType): Carrier => carrierOf(type);

/** Where no argument is null. */
export function whenPresent(e: Emitter, args: readonly Value[], body: () => void): void {
  const flags = args.map((a) => a.isNull).filter((flag) => flag !== undefined);
  if (flags.length === 0) return body();
  for (const [i, flag] of flags.entries()) {
    e.code.get(flag);
    if (i > 0) e.code.op('i32.or');
  }
  e.code.op('i32.eqz').if(() => e.scoped(body));
}
