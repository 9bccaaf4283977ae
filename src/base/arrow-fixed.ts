import * as arrow from 'apache-arrow';
import type { Column, Storage } from './column.js';
import { withBounds } from './column-builder.js';
import { engineBug, SparrowError } from './errors.js';
import type { Arena } from './heap.js';
import { tooWide } from './nested-fixed.js';
import type { DataType } from './types.js';
import { carrierOf } from './types.js';

/** The validity of Arrow data, whose bits may start anywhere in a byte. */
export function arrowValidity(arena: Arena, data: arrow.Data): { nullCount: number; validity: number } {
  const { length, offset, nullBitmap } = data;
  const nullCount = nullBitmap ? data.nullCount : 0;
  if (nullCount === 0) return { nullCount, validity: 0 };
  const bytes = (length + 7) >>> 3;
  const validity = arena.alloc(bytes);
  copyBits(arena.heap.u8, validity, nullBitmap, offset, bytes);
  return { nullCount, validity };
}

function copyBits(to: Uint8Array, address: number, from: Uint8Array, bit: number, bytes: number): void {
  const first = bit >>> 3;
  const shift = bit & 7;
  if (shift === 0) {
    to.set(from.subarray(first, first + bytes), address);
    return;
  }
  for (let i = 0; i < bytes; i++) {
    const low = (from[first + i] as number) >>> shift;
    to[address + i] = low | ((from[first + i + 1] ?? 0) << (8 - shift));
  }
}

/** A column of fixed width in the type's natural storage. */
export function fixedColumn(arena: Arena, type: DataType, data: arrow.Data, path: string): Column {
  const column = (storage: Storage, address: number): Column => ({
    type,
    storage,
    length: data.length,
    ...arrowValidity(arena, data),
    data: address,
    offsets: 0,
  });
  switch (type.kind) {
    case 'boolean':
      return column('u8', copyBooleans(arena, data));
    case 'float32':
    case 'float64':
      return column(type.kind === 'float32' ? 'f32' : 'f64', copyFloats(arena, type, data));
    case 'decimal':
      return withBounds(arena.heap, copyDecimals(arena, column, data, carrierOf(type) === 'i64', path));
    case 'int8':
      return withBounds(arena.heap, column('i8', copyInts(arena, arena.heap.i8, 0, data)));
    case 'int16':
      return withBounds(arena.heap, column('i16', copyInts(arena, arena.heap.i16, 1, data)));
    default:
      break;
  }
  if (carrierOf(type) === 'i64') return withBounds(arena.heap, column('i64', copyLongs(arena, data, path)));
  const days = type.kind === 'date' && data.values instanceof BigInt64Array;
  const address = days ? copyDays(arena, data, path) : copyInts(arena, arena.heap.i32, 2, data);
  return withBounds(arena.heap, column('i32', address));
}

function copyBooleans(arena: Arena, data: arrow.Data): number {
  const bits = data.values as Uint8Array;
  const address = arena.alloc(data.length);
  for (let i = 0; i < data.length; i++) {
    const at = data.offset + i;
    arena.heap.u8[address + i] = ((bits[at >>> 3] as number) >>> (at & 7)) & 1;
  }
  return address;
}

type IntArray = Int8Array | Int16Array | Int32Array;

function copyInts(arena: Arena, target: IntArray, shift: number, data: arrow.Data): number {
  const values = data.values as IntArray;
  const address = arena.alloc(data.length * 2 ** shift);
  target.set(values.subarray(0, data.length), address >>> shift);
  return address;
}

function copyFloats(arena: Arena, type: DataType, data: arrow.Data): number {
  const { heap } = arena;
  const { length } = data;
  const shift = type.kind === 'float32' ? 2 : 3;
  const address = arena.alloc(length * 2 ** shift);
  if (data.values instanceof Uint16Array) {
    for (let i = 0; i < length; i++) heap.f32[(address >>> 2) + i] = halfFloat(data.values[i] as number);
  } else if (shift === 2) heap.f32.set((data.values as Float32Array).subarray(0, length), address >>> 2);
  else heap.f64.set((data.values as Float64Array).subarray(0, length), Math.floor(address / 8));
  return address;
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Microseconds in a unit; 0 for nanoseconds. */
const MICROS_PER_UNIT: Readonly<Record<number, bigint>> = {
  [arrow.TimeUnit.SECOND]: 1_000_000n,
  [arrow.TimeUnit.MILLISECOND]: 1000n,
  [arrow.TimeUnit.MICROSECOND]: 1n,
  [arrow.TimeUnit.NANOSECOND]: 0n,
};
const INT64_TOP = 2n ** 63n;

function copyLongs(arena: Arena, data: arrow.Data, path: string): number {
  const { i64 } = arena.heap;
  const { length, type } = data;
  const address = arena.alloc(length * 8);
  const base = Math.floor(address / 8);
  if (arrow.DataType.isInterval(type)) {
    copyDayTimes(i64, base, data);
    return address;
  }
  const isTimed = arrow.DataType.isTime(type) || arrow.DataType.isTimestamp(type) || arrow.DataType.isDuration(type);
  // Date64 that is no date.
  const isMillis = arrow.DataType.isDate(type);
  const perUnit = isTimed ? (MICROS_PER_UNIT[type.unit] ?? 1n) : isMillis ? 1000n : 1n;
  const values = data.values as BigInt64Array | Int32Array | Uint32Array;
  if (perUnit === 1n && values instanceof BigInt64Array) {
    i64.set(values.subarray(0, length), base);
    return address;
  }
  for (let i = 0; i < length; i++) {
    // What lies under a null may be anything.
    i64[base + i] = data.getValid(i) ? toMicros(BigInt(values[i] as number | bigint), perUnit, path) : 0n;
  }
  return address;
}

function toMicros(value: bigint, perUnit: bigint, path: string): bigint {
  if (perUnit === 0n) {
    if (value % 1000n === 0n) return value / 1000n;
    throw new SparrowError('INVALID_ARROW_DATA', `${value} ns is not a whole number of microseconds`, {
      where: `column ${path}`,
      hint: 'Sparrow keeps microseconds, as Spark does: round the column before it comes in',
    });
  }
  const micros = value * perUnit;
  if (micros < INT64_TOP && micros >= -INT64_TOP) return micros;
  throw new SparrowError('DATETIME_OVERFLOW', `${value} is too far from the epoch for microseconds`, {
    where: `column ${path}`,
  });
}

function copyDayTimes(i64: BigInt64Array, base: number, data: arrow.Data): void {
  const pairs = data.values as Int32Array;
  for (let i = 0; i < data.length; i++) {
    i64[base + i] = BigInt(pairs[2 * i] as number) * 86_400_000_000n + BigInt(pairs[2 * i + 1] as number) * 1000n;
  }
}

function copyDays(arena: Arena, data: arrow.Data, path: string): number {
  const millis = data.values as BigInt64Array;
  const address = arena.alloc(data.length * 4);
  for (let i = 0; i < data.length; i++) {
    const value = data.getValid(i) ? (millis[i] as bigint) : 0n;
    const days = value / 86_400_000n;
    if (days * 86_400_000n !== value || BigInt.asIntN(32, days) !== days) {
      throw new SparrowError('INVALID_ARROW_DATA', `${value} ms is not a whole number of days`, {
        where: `column ${path}`,
      });
    }
    arena.heap.i32[(address >>> 2) + i] = Number(days);
  }
  return address;
}

/** Decimals of 128 or 256 bits and unsigned 64-bit integers, kept in 64 bits where the precision allows. */
function copyDecimals(
  arena: Arena,
  column: (storage: Storage, address: number) => Column,
  data: arrow.Data,
  narrow: boolean,
  path: string,
): Column {
  const { length } = data;
  const { i32 } = arena.heap;
  const source = decimalWords(data);
  const stored = source.length === 0 ? 4 : source.length / length;
  const words = narrow ? 2 : 4;
  const address = arena.alloc(length * words * 4);
  const base = address >>> 2;
  const unsigned = data.values instanceof BigUint64Array;
  for (let i = 0; i < length; i++) {
    const from = i * stored;
    for (let w = 0; w < Math.min(words, stored); w++) i32[base + i * words + w] = source[from + w] as number;
    const sign = unsigned ? 0 : (i32[base + i * words + Math.min(words, stored) - 1] as number) >> 31;
    for (let w = stored; w < words; w++) i32[base + i * words + w] = sign;
    for (let w = words; w < stored; w++) {
      if ((source[from + w] as number) !== sign && data.getValid(i)) throw tooWide(`column ${path}`);
    }
  }
  return column(narrow ? 'i64' : 'i128', address);
}

function decimalWords(data: arrow.Data): Int32Array {
  const values = data.values as Uint32Array | BigUint64Array;
  const words = (data.length * data.stride * values.BYTES_PER_ELEMENT) / 4;
  if (values.byteOffset % 4 !== 0) throw engineBug('unaligned Arrow decimals');
  return new Int32Array(values.buffer, values.byteOffset, words);
}
