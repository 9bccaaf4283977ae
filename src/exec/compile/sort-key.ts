import { carrierOf } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import type { Local } from '../../wasm/index.js';
import type { SortKey } from '../physical.js';
import type { SourceColumn } from '../task/spec.js';
import { extend } from './keys.js';
import { type ColumnValue, fitsLong } from './load.js';
import type { Pipe } from './pipe.js';

/** Bits of a key in the normalized prefix, whether they tell all of it, and the value they count from. */
interface KeyBits {
  readonly bits: number;
  readonly exact: boolean;
  /** Only the distance from a bound is written. */
  readonly range?: Range;
}

/** What a boolean is: as conditions see it, of a null no more than that. */
const TRUTHS: Range = [0n, 1n];

export function keyBits(column: SourceColumn): KeyBits {
  const { type, nullable, range = type.kind === 'boolean' ? TRUTHS : undefined } = column;
  const carrier = carrierOf(type);
  const flag = nullable ? 1 : 0;
  if (range !== undefined && (carrier === 'i32' || carrier === 'i64' || carrier === 'i128') && fitsLong(range)) {
    const span = range[1] - range[0];
    const bits = span <= 0n ? 0 : span.toString(2).length;
    if (bits < 63) return { bits: bits + flag, exact: true, range };
  }
  switch (carrier) {
    case 'i32':
    case 'f32':
      return { bits: 32 + flag, exact: true };
    case 'i64':
    case 'f64':
      return { bits: 64 + flag, exact: !nullable };
    case 'none':
      return { bits: flag, exact: true };
    default:
      return { bits: 64 + flag, exact: false };
  }
}

/** Whether equal prefixes mean equal keys, so that ties need no further comparison. */
export function prefixIsExact(columns: readonly SourceColumn[]): boolean {
  let used = 0;
  for (const column of columns) {
    const { bits, exact } = keyBits(column);
    if (!exact || used + bits > 64) return false;
    used += bits;
  }
  return true;
}

/**
 * The first key that the prefix does not tell all of, where that is a text, and how many of its bytes the prefix has;
 * whether it is null is known from there.
 */
export function textBehind(
  columns: readonly SourceColumn[],
): { readonly key: number; readonly skip: number } | undefined {
  let used = 0;
  for (const [key, column] of columns.entries()) {
    const { bits, exact } = keyBits(column);
    const left = 64 - used - (column.nullable ? 1 : 0);
    if (!exact) {
      const { kind } = column.type;
      return (kind === 'string' || kind === 'binary') && left >= 0 ? { key, skip: left >> 3 } : undefined;
    }
    used += bits;
    if (used > 64) return undefined;
  }
  return undefined;
}

/** How many leading bits of the prefix say something of these first keys. */
export function prefixBits(columns: readonly SourceColumn[]): number {
  let used = 0;
  for (const column of columns) {
    const { bits, exact } = keyBits(column);
    used = Math.min(64, used + bits);
    if (!exact) break;
  }
  return used;
}

/** The bits of the normalized prefix that say something of these first keys: equal keys have equal ones. */
export function prefixMask(columns: readonly SourceColumn[]): bigint {
  const used = BigInt(prefixBits(columns));
  return ((1n << used) - 1n) << (64n - used);
}

/**
 * Pushes an unsigned 64-bit number that orders rows as their keys do as far as 64 bits reach: each key as an
 * order-preserving bit string behind the one before, with a leading bit for null, inverted where descending. A key
 * with known bounds takes only the bits of its distance from them.
 */
export function pushNormalizedKey(
  pipe: Pipe,
  values: readonly ColumnValue[],
  keys: readonly SortKey[],
  columns: readonly SourceColumn[],
): void {
  const { code } = pipe;
  let used = 0;
  code.i64(0);
  for (const [i, key] of keys.entries()) {
    if (used >= 64) break;
    const column = columns[i] as SourceColumn;
    const { bits, exact } = keyBits(column);
    const normalized = code.local('i64');
    pushKey(pipe, values[i] as ColumnValue, key, column);
    code.set(normalized);
    if (column.nullable) pushNullBit(pipe, normalized, values[i] as ColumnValue, key);
    code.get(normalized);
    if (used > 0) code.i64(used).op('i64.shr_u');
    code.op('i64.or');
    used += bits;
    // Behind a key that is cut short, later keys would decide too early.
    if (!exact) break;
  }
}

/** Pushes a key's own bits at the top of an i64, with zeros below them. */
function pushKey(pipe: Pipe, value: ColumnValue, key: SortKey, column: SourceColumn): void {
  const { code } = pipe;
  const { bits, range } = keyBits(column);
  if (range !== undefined && value.parts.length > 0) {
    const own = bits - (column.nullable ? 1 : 0);
    const [word] = extend(code, value, 'i64') as readonly [Local];
    if (own === 0) code.i64(0);
    else if (key.descending) code.i64(range[1]).get(word).op('i64.sub');
    else code.get(word).i64(range[0]).op('i64.sub');
    if (own > 0) code.i64(64 - own).op('i64.shl');
    return;
  }
  pushValueBits(pipe, value);
  if (key.descending) code.i64(-1).op('i64.xor');
  // 32 bits at the top, nothing below, also after inverting.
  if (carrierOf(column.type) === 'i32' || carrierOf(column.type) === 'f32') code.i64(0xffffffff00000000n).op('i64.and');
}

function pushNullBit({ code }: Pipe, normalized: Local, value: ColumnValue, key: SortKey): void {
  code
    .get(normalized)
    .i64(1)
    .op('i64.shr_u')
    .i64(key.nullsFirst ? 1n << 63n : 0n)
    .op('i64.or')
    .set(normalized);
  if (value.isNull === undefined) return;
  code
    .i64(key.nullsFirst ? 0n : 1n << 63n)
    .get(normalized)
    .get(value.isNull)
    .select()
    .set(normalized);
}

/** Pushes the key's bits at the top of an i64, ascending as unsigned numbers. */
function pushValueBits(pipe: Pipe, value: ColumnValue): void {
  const { code } = pipe;
  const full = carrierOf(value.type);
  const [first, second] = value.parts as readonly Local[];
  if (first === undefined) {
    code.i64(0);
    return;
  }
  switch (full) {
    case 'i32':
      code.get(first).i32(-0x80000000).op('i32.xor').op('i64.extend_i32_u').i64(32).op('i64.shl');
      return;
    case 'i64':
      code
        .get(extend(code, value, 'i64')[0] as Local)
        .i64(-(1n << 63n))
        .op('i64.xor');
      return;
    case 'i128':
      return pushSaturated(pipe, value);
    case 'f32': {
      const bits = code.local('i32');
      code.get(first).op('i32.reinterpret_f32').set(bits);
      code.get(bits).get(bits).i32(31).op('i32.shr_s').i32(-0x80000000).op('i32.or').op('i32.xor');
      code.op('i64.extend_i32_u').i64(32).op('i64.shl');
      return;
    }
    case 'f64': {
      const bits = code.local('i64');
      code.get(first).op('i64.reinterpret_f64').set(bits);
      code
        .get(bits)
        .get(bits)
        .i64(63)
        .op('i64.shr_s')
        .i64(-(1n << 63n))
        .op('i64.or')
        .op('i64.xor');
      return;
    }
    default:
      return pushFirstBytes(pipe, first, second as Local);
  }
}

/** A 128-bit value as the nearest 64-bit one: ties are settled by full comparison. */
function pushSaturated(pipe: Pipe, value: ColumnValue): void {
  const { code } = pipe;
  const [low, high] = extend(code, value, 'i128') as readonly [Local, Local];
  const limit = code.local('i64');
  // i64 max for positive, i64 min for negative numbers.
  code
    .get(high)
    .i64(63)
    .op('i64.shr_s')
    .i64((1n << 63n) - 1n)
    .op('i64.xor')
    .set(limit);
  code.get(low).get(limit).get(low).i64(63).op('i64.shr_s').get(high).op('i64.eq').select();
  code.i64(-(1n << 63n)).op('i64.xor');
}

/** The first eight bytes, big endian, zero padded. */
function pushFirstBytes(pipe: Pipe, address: Local, length: Local): void {
  const { code } = pipe;
  const bits = code.local('i64');
  const shift = code.local('i64');
  const at = code.local('i32');
  code.i64(0).set(bits).i64(56).set(shift).i32(0).set(at);
  code.block((exit) => {
    code.loop((again) => {
      code.get(at).get(length).op('i32.ge_u').brIf(exit);
      code
        .get(bits)
        .get(address)
        .get(at)
        .op('i32.add')
        .op('i64.load8_u', 0)
        .get(shift)
        .op('i64.shl')
        .op('i64.or')
        .set(bits);
      code.get(shift).i64(8).op('i64.sub').set(shift);
      code.get(at).i32(1).op('i32.add').tee(at).i32(8).op('i32.lt_u').brIf(again);
    });
  });
  code.get(bits);
}
