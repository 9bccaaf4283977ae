import type { Column, ColumnStats, Storage } from './column.js';
import { isNullAt, numberStorage, readWide } from './column-reader.js';
import { unreachable } from './errors.js';
import type { Arena, SharedHeap } from './heap.js';
import { NestedWriter } from './nested.js';
import type { Scalar } from './scalar.js';
import type { DataType } from './types.js';
import { carrierOf } from './types.js';
import { asTextBuffer } from './utf8.js';

/** Strings are joined and written this many at a time. */
const STRINGS_AT_A_TIME = 4096;

interface Validity {
  readonly nullCount: number;
  readonly validity: number;
}

/**
 * A column of `values` in the arena, in the natural storage of its type, with min and max of integer-like types.
 * Values are taken as they are (see scalar.ts); undefined counts as null; lone surrogates become U+FFFD.
 */
export function buildColumn(arena: Arena, type: DataType, values: ArrayLike<Scalar | undefined>): Column {
  const length = values.length;
  const carrier = carrierOf(type);
  if (carrier === 'none') {
    return { type, storage: 'none', length, nullCount: length, validity: 0, data: 0, offsets: 0 };
  }
  const nulls = buildValidity(arena, values);
  const column = (storage: Storage, data: number, offsets: number, stats?: ColumnStats): Column => ({
    type,
    storage,
    length,
    ...nulls,
    data,
    offsets,
    ...(stats === undefined ? {} : { stats }),
  });
  switch (carrier) {
    case 'i32':
      return buildInts(arena, type, values, nulls.nullCount, column);
    case 'i64':
      return buildLongs(arena, values, column);
    case 'i128':
      return buildWide(arena, values, column);
    case 'f32':
    case 'f64':
      return buildFloats(arena, carrier, values, column);
    case 'bytes':
      if (type.kind === 'string') return buildStrings(arena, values, column);
      if (type.kind === 'binary') return buildBinary(arena, values as ArrayLike<Uint8Array | null | undefined>, column);
      return buildNested(arena, type, values, column);
    default:
      return unreachable(carrier);
  }
}

type Finish = (storage: Storage, data: number, offsets: number, stats?: ColumnStats) => Column;

function buildValidity(arena: Arena, values: ArrayLike<Scalar | undefined>): Validity {
  const length = values.length;
  let nullCount = 0;
  for (let i = 0; i < length; i++) if (values[i] === null || values[i] === undefined) nullCount++;
  if (nullCount === 0) return { nullCount, validity: 0 };
  const validity = arena.allocZeroed((length + 7) >>> 3);
  const { u8 } = arena.heap;
  for (let i = 0; i < length; i++) {
    if (values[i] === null || values[i] === undefined) continue;
    const at = validity + (i >>> 3);
    u8[at] = (u8[at] as number) | (1 << (i & 7));
  }
  return { nullCount, validity };
}

function buildInts(
  arena: Arena,
  type: DataType,
  values: ArrayLike<Scalar | undefined>,
  nullCount: number,
  finish: Finish,
): Column {
  const { heap } = arena;
  const { length } = values;
  if (type.kind === 'boolean') {
    const data = arena.alloc(length);
    for (let i = 0; i < length; i++) heap.u8[data + i] = values[i] === true ? 1 : 0;
    return finish('u8', data, 0);
  }
  const [storage, target, shift] =
    type.kind === 'int8'
      ? (['i8', heap.i8, 0] as const)
      : type.kind === 'int16'
        ? (['i16', heap.i16, 1] as const)
        : (['i32', heap.i32, 2] as const);
  const data = arena.alloc(length * 2 ** shift);
  const base = data >>> shift;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const value = values[i] as number | null | undefined;
    if (value === null || value === undefined) {
      target[base + i] = 0;
      continue;
    }
    target[base + i] = value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return finish(storage, data, 0, nullCount === length ? undefined : { min, max });
}

function buildLongs(arena: Arena, values: ArrayLike<Scalar | undefined>, finish: Finish): Column {
  const { i64 } = arena.heap;
  const data = arena.alloc(values.length * 8);
  const base = Math.floor(data / 8);
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as bigint | null | undefined;
    if (value === null || value === undefined) {
      i64[base + i] = 0n;
      continue;
    }
    i64[base + i] = value;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return finish('i64', data, 0, bounds(min, max));
}

function buildWide(arena: Arena, values: ArrayLike<Scalar | undefined>, finish: Finish): Column {
  const { i64 } = arena.heap;
  const data = arena.alloc(values.length * 16);
  const base = Math.floor(data / 8);
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as bigint | null | undefined;
    const bits = value ?? 0n;
    i64[base + 2 * i] = bits;
    i64[base + 2 * i + 1] = bits >> 64n;
    if (value === null || value === undefined) continue;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return finish('i128', data, 0, bounds(min, max));
}

/** The column with min and max of its integers, which it must hold in their natural storage. */
export function withBounds(heap: SharedHeap, column: Column): Column {
  const { length, storage } = column;
  if (column.nullCount === length) return column;
  const word = Math.floor(column.data / 8);
  const small = storage === 'i64' || storage === 'i128' ? undefined : numberStorage(heap, column);
  const valueAt = (row: number): bigint | number => {
    if (small !== undefined) return small.array[small.base + row] as number;
    return storage === 'i64' ? (heap.i64[word + row] as bigint) : readWide(heap, word + 2 * row);
  };
  let min: bigint | number | undefined;
  let max: bigint | number | undefined;
  for (let i = 0; i < length; i++) {
    if (isNullAt(heap, column, i)) continue;
    const value = valueAt(i);
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return min === undefined || max === undefined ? column : { ...column, stats: { min, max } };
}

function bounds(min: bigint | undefined, max: bigint | undefined): ColumnStats | undefined {
  return min === undefined || max === undefined ? undefined : { min, max };
}

function buildFloats(
  arena: Arena,
  storage: 'f32' | 'f64',
  values: ArrayLike<Scalar | undefined>,
  finish: Finish,
): Column {
  const { heap } = arena;
  const shift = storage === 'f32' ? 2 : 3;
  const target = storage === 'f32' ? heap.f32 : heap.f64;
  const data = arena.alloc(values.length * 2 ** shift);
  const base = data >>> shift;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | null | undefined;
    target[base + i] = value === null || value === undefined ? 0 : value;
  }
  return finish(storage, data, 0);
}

/**
 * Joined strings are written by one call each some thousands; where the bytes are as many as the characters, all
 * are ASCII and the offsets are their lengths. Others are written one by one, for joining would pair lone surrogates.
 */
function buildStrings(arena: Arena, values: ArrayLike<Scalar | undefined>, finish: Finish): Column {
  const { length } = values;
  const chunks: { readonly texts: string[]; readonly joined: string; readonly bytes: number }[] = [];
  let total = 0;
  let ascii = true;
  for (let from = 0; from < length; from += STRINGS_AT_A_TIME) {
    const texts: string[] = [];
    for (let i = from; i < Math.min(length, from + STRINGS_AT_A_TIME); i++) texts.push((values[i] ?? '') as string);
    const joined = texts.join('');
    let bytes = Buffer.byteLength(joined);
    if (bytes !== joined.length) {
      ascii = false;
      bytes = 0;
      for (const text of texts) bytes += Buffer.byteLength(text);
    }
    chunks.push({ texts, joined, bytes });
    total += bytes;
  }
  const offsets = arena.alloc((length + 1) * 4);
  const data = arena.alloc(total);
  const { i32, buffer } = arena.heap;
  const target = asTextBuffer(buffer);
  let slot = offsets >>> 2;
  let at = 0;
  i32[slot++] = 0;
  for (const { texts, joined, bytes } of chunks) {
    if (bytes === joined.length) {
      target.latin1Write(joined, data + at, bytes);
      for (const text of texts) i32[slot++] = at += text.length;
    } else {
      for (const text of texts) {
        if (text !== '') at += target.utf8Write(text, data + at, total - at);
        i32[slot++] = at;
      }
    }
  }
  return finish('utf8', data, offsets, { ascii });
}

function buildBinary(arena: Arena, values: ArrayLike<Uint8Array | null | undefined>, finish: Finish): Column {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]?.length ?? 0;
  const offsets = arena.alloc((values.length + 1) * 4);
  const data = arena.alloc(total);
  const { i32, u8 } = arena.heap;
  const slot = offsets >>> 2;
  let at = 0;
  i32[slot] = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value) {
      u8.set(value, data + at);
      at += value.length;
    }
    i32[slot + i + 1] = at;
  }
  return finish('utf8', data, offsets);
}

function buildNested(arena: Arena, type: DataType, values: ArrayLike<Scalar | undefined>, finish: Finish): Column {
  const writer = new NestedWriter();
  const offsets = arena.alloc((values.length + 1) * 4);
  const { i32, u8 } = arena.heap;
  const slot = offsets >>> 2;
  i32[slot] = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null && value !== undefined) writer.append(type, value);
    i32[slot + i + 1] = writer.length;
  }
  const data = arena.alloc(writer.length);
  u8.set(writer.bytes(), data);
  return finish('utf8', data, offsets);
}
