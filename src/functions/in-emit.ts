import type { Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { literalBytes, pushComparison, pushEqualsConstant } from './compare-emit.js';
import { anyNull, isIntCarrier, part, pushInt, value } from './emit.js';
import type { Emitter, Value } from './value.js';

/** Up to this many integers are compared one by one; more are searched for. */
const CHAIN = 12;
const WORD_BITS = 64n;

/** `x in (…)`: true, false, or null when it is not found and some item (or x) is null. */
export function emitIn(e: Emitter, args: readonly Value[], literals: readonly (Scalar | undefined)[]): Value {
  const { code } = e;
  const [x, ...items] = args as [Value, ...Value[]];
  const found = code.local('i32');
  const constants = integerConstants(x, items, literals.slice(1));
  if (constants !== undefined) pushIntegerIn(e, x, constants);
  else if (x.carrier === 'bytes') pushTextIn(e, x, items, literals.slice(1));
  else pushAny(e, x, items, literals.slice(1));
  code.set(found);
  return value({ kind: 'boolean' }, 'i32', [found], nullFlag(e, x, items, found));
}

function nullFlag(e: Emitter, x: Value, items: readonly Value[], found: Local): Local | undefined {
  const { code } = e;
  const unknown = anyNull(e, items);
  if (unknown === undefined) return x.isNull;
  const flag = code.local('i32');
  code.get(found).op('i32.eqz').get(unknown).op('i32.and');
  if (x.isNull !== undefined) code.get(x.isNull).op('i32.or');
  code.set(flag);
  return flag;
}

/** Pushes whether x equals any item that is not null. */
function pushAny(e: Emitter, x: Value, items: readonly Value[], literals: readonly (Scalar | undefined)[]): void {
  e.code.i32(0);
  for (const [i, item] of items.entries()) {
    pushComparison(e, 'eq', x, item, literals[i]);
    if (item.isNull !== undefined) e.code.get(item.isNull).op('i32.gt_u');
    e.code.op('i32.or');
  }
}

/** The items as sorted integers, when all are constants of x's own type and not null. */
function integerConstants(
  x: Value,
  items: readonly Value[],
  literals: readonly (Scalar | undefined)[],
): bigint[] | undefined {
  if (!isIntCarrier(x.carrier) || x.carrier === 'i128') return undefined;
  const numbers: bigint[] = [];
  for (const [i, item] of items.entries()) {
    const literal = literals[i];
    const isNumber = typeof literal === 'number' || typeof literal === 'bigint';
    if (!isNumber || item.isNull !== undefined || item.carrier === 'i128') return undefined;
    numbers.push(BigInt(literal));
  }
  return [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1));
}

function pushIntegerIn(e: Emitter, x: Value, sorted: readonly bigint[]): void {
  const { code } = e;
  const low = sorted[0] ?? 0n;
  const span = (sorted.at(-1) ?? 0n) - low;
  const wide = code.local('i64');
  pushInt(e, x, 'i64');
  code.set(wide);
  if (sorted.length > 1 && span < WORD_BITS) {
    // One bit per value of a small span.
    const mask = sorted.reduce((bits, n) => bits | (1n << (n - low)), 0n);
    code.get(wide).i64(low).op('i64.sub').tee(wide).i64(span).op('i64.le_u');
    code.i64(mask).get(wide).op('i64.shr_u').op('i32.wrap_i64').i32(1).op('i32.and').op('i32.and');
    return;
  }
  if (sorted.length <= CHAIN) {
    code.i32(0);
    for (const n of sorted) code.get(wide).i64(n).op('i64.eq').op('i32.or');
    return;
  }
  pushBinarySearch(e, wide, sorted);
}

/** Pushes whether a sorted table in the literal pool holds the number. */
function pushBinarySearch(e: Emitter, x: Local, sorted: readonly bigint[]): void {
  const { code } = e;
  const table = e.constantBytes(new Uint8Array(BigInt64Array.from(sorted).buffer));
  const [low, size, half] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const address = (at: () => void): void => {
    at();
    code.i32(3).op('i32.shl').get(table).op('i32.add').op('i64.load', 0, 0);
  };
  code.i32(0).set(low).i32(sorted.length).set(size);
  code.loop((again) => {
    code.get(size).i32(1).op('i32.shr_u').set(half);
    code.get(low).get(half).op('i32.add').get(low);
    address(() => code.get(low).get(half).op('i32.add'));
    code.get(x).op('i64.le_s').select().set(low);
    code.get(size).get(half).op('i32.sub').tee(size).i32(1).op('i32.gt_u').brIf(again);
  });
  address(() => code.get(low));
  code.get(x).op('i64.eq');
}

function pushTextIn(e: Emitter, x: Value, items: readonly Value[], literals: readonly (Scalar | undefined)[]): void {
  const { code } = e;
  const constants = items.map((_, i) => literalBytes(literals[i]));
  const short = constants.every((bytes) => bytes !== undefined && bytes.length <= 16);
  if (!short || items.length <= 2) {
    pushAny(e, x, items, literals);
    return;
  }
  // Constants by length, so that most rows compare with few of them.
  const byLength = new Map<number, Uint8Array[]>();
  for (const bytes of constants as Uint8Array[])
    byLength.set(bytes.length, [...(byLength.get(bytes.length) ?? []), bytes]);
  const found = code.local('i32');
  code.i32(0).set(found);
  for (const [length, group] of byLength) {
    code
      .get(part(x, 1))
      .i32(length)
      .op('i32.eq')
      .if(() => {
        code.i32(0);
        for (const bytes of group) {
          pushEqualsConstant(e, x, bytes);
          code.op('i32.or');
        }
        code.set(found);
      });
  }
  code.get(found);
}
