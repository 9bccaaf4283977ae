import type { Column, Dictionary } from './column.js';
import { engineBug, unreachable } from './errors.js';
import type { SharedHeap } from './heap.js';
import { NestedReader } from './nested.js';
import type { Scalar } from './scalar.js';
import type { DataType } from './types.js';
import { carrierOf } from './types.js';
import { asTextBuffer, readStrings } from './utf8.js';

/** Whether a row of a column is null. */
export function isNullAt(heap: SharedHeap, column: Column, row: number): boolean {
  if (column.storage === 'none') return true;
  if (column.validity === 0) return false;
  return (((heap.u8[column.validity + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0;
}

/** One value of a column. */
export function readScalar(heap: SharedHeap, column: Column, row: number): Scalar {
  if (row < 0 || row >= column.length) throw engineBug(`row ${row} of a column of ${column.length} rows`);
  if (isNullAt(heap, column, row)) return null;
  const { type, dictionary } = column;
  if (dictionary !== undefined) {
    const code = readCode(heap, column, row);
    const slot = (dictionary.offsets >>> 2) + code;
    return readBytes(
      heap,
      type,
      dictionary.data + (heap.i32[slot] as number),
      dictionary.data + (heap.i32[slot + 1] as number),
    );
  }
  switch (column.storage) {
    case 'utf8': {
      const slot = (column.offsets >>> 2) + row;
      return readBytes(
        heap,
        type,
        column.data + (heap.i32[slot] as number),
        column.data + (heap.i32[slot + 1] as number),
      );
    }
    case 'view': {
      const slot = (column.data >>> 2) + 2 * row;
      const start = heap.u32[slot] as number;
      return readBytes(heap, type, start, start + (heap.u32[slot + 1] as number));
    }
    case 'i64':
      return asScalar(type, heap.i64[Math.floor(column.data / 8) + row] as bigint);
    case 'i128':
      return asScalar(type, readWide(heap, Math.floor(column.data / 8) + 2 * row));
    case 'none':
      return null;
    default: {
      const { array, base } = numberStorage(heap, column);
      return asScalar(type, array[base + row] as number);
    }
  }
}

/** All values of a column; much faster than one by one. */
export function readColumn(heap: SharedHeap, column: Column): Scalar[] {
  const out = readDense(heap, column);
  if (column.validity !== 0) clearNulls(heap, column, out);
  return out;
}

/** Writes 0 over whatever stands in the null rows. */
export function zeroNulls({ u8 }: SharedHeap, { validity, length, zeroed }: Column, out: Int32Array): void {
  if (validity === 0 || zeroed === true) return;
  for (let row = 0; row < length; row += 8) {
    const bits = u8[validity + (row >>> 3)] as number;
    if (bits === 0xff) continue;
    const end = Math.min(8, length - row);
    // Without branches: where nulls are is not to be guessed.
    for (let i = 0; i < end; i++) out[row + i] = (out[row + i] as number) & -((bits >>> i) & 1);
  }
}

/** Writes `null` over the null rows of values decoded without a look at the bitmap. */
export function clearNulls({ u8 }: SharedHeap, { validity, length }: Column, out: unknown[]): void {
  for (let row = 0; row < length; row += 8) {
    const bits = u8[validity + (row >>> 3)] as number;
    if (bits === 0xff) continue;
    const end = Math.min(8, length - row);
    for (let i = 0; i < end; i++) if (((bits >>> i) & 1) === 0) out[row + i] = null;
  }
}

function readDense(heap: SharedHeap, column: Column): Scalar[] {
  const { type, length, storage } = column;
  if (column.dictionary !== undefined) return readDictionary(heap, column, column.dictionary);
  switch (storage) {
    case 'none':
      return new Array(length).fill(null);
    case 'utf8':
    case 'view':
      return readBytesColumn(heap, column);
    case 'i64':
    case 'i128':
      return readLongs(heap, column);
    default:
      break;
  }
  const { array, base } = numberStorage(heap, column);
  const carrier = carrierOf(type);
  const out: Scalar[] = new Array(length);
  if (type.kind === 'boolean') for (let i = 0; i < length; i++) out[i] = array[base + i] !== 0;
  else if (carrier === 'i64' || carrier === 'i128') {
    for (let i = 0; i < length; i++) out[i] = BigInt(array[base + i] as number);
  } else for (let i = 0; i < length; i++) out[i] = array[base + i] as number;
  return out;
}

function readLongs(heap: SharedHeap, column: Column): Scalar[] {
  const { type, length, storage } = column;
  const base = Math.floor(column.data / 8);
  const out: Scalar[] = new Array(length);
  const small = carrierOf(type) === 'i32';
  if (storage === 'i64') {
    const { i64 } = heap;
    if (small) for (let i = 0; i < length; i++) out[i] = Number(i64[base + i] as bigint);
    else for (let i = 0; i < length; i++) out[i] = i64[base + i] as bigint;
  } else for (let i = 0; i < length; i++) out[i] = readWide(heap, base + 2 * i);
  return out;
}

function readBytesColumn(heap: SharedHeap, column: Column): Scalar[] {
  const { type, length } = column;
  const { i32, u32, buffer } = heap;
  if (column.storage === 'utf8' && type.kind === 'string') {
    return readStrings(buffer, i32, column.offsets >>> 2, length, column.data);
  }
  const out: Scalar[] = new Array(length);
  const decode = bytesDecoder(heap, type);
  const valid = (row: number) => !isNullAt(heap, column, row);
  if (column.storage === 'utf8') {
    const slot = column.offsets >>> 2;
    for (let i = 0; i < length; i++) {
      if (!valid(i)) continue;
      out[i] = decode(column.data + (i32[slot + i] as number), column.data + (i32[slot + i + 1] as number));
    }
    return out;
  }
  const slot = column.data >>> 2;
  for (let i = 0; i < length; i++) {
    if (!valid(i)) continue;
    const start = u32[slot + 2 * i] as number;
    out[i] = decode(start, start + (u32[slot + 2 * i + 1] as number));
  }
  return out;
}

/** Every value of a dictionary, decoded once. */
export function readDictionaryValues(heap: SharedHeap, type: DataType, dictionary: Dictionary): Scalar[] {
  const { count, offsets, data } = dictionary;
  if (type.kind === 'string') return readStrings(heap.buffer, heap.i32, offsets >>> 2, count, data);
  const decode = bytesDecoder(heap, type);
  const slot = offsets >>> 2;
  const out: Scalar[] = [];
  for (let i = 0; i < count; i++) {
    out.push(decode(data + (heap.i32[slot + i] as number), data + (heap.i32[slot + i + 1] as number)));
  }
  return out;
}

/** A dictionary much larger than the column is not decoded whole. */
const SPARSE_DICTIONARY = 4;

function readDictionary(heap: SharedHeap, column: Column, dictionary: Dictionary): Scalar[] {
  const { length, type } = column;
  const { array, base } = numberStorage(heap, column);
  const out: Scalar[] = new Array(length);
  if (dictionary.count > SPARSE_DICTIONARY * length) {
    const slot = dictionary.offsets >>> 2;
    const decode = bytesDecoder(heap, type);
    for (let i = 0; i < length; i++) {
      if (isNullAt(heap, column, i)) continue;
      const at = slot + (array[base + i] as number);
      out[i] = decode(dictionary.data + (heap.i32[at] as number), dictionary.data + (heap.i32[at + 1] as number));
    }
    return out;
  }
  const values = readDictionaryValues(heap, type, dictionary);
  // Codes of null rows are arbitrary; what they find is overwritten.
  for (let i = 0; i < length; i++) out[i] = values[array[base + i] as number] as Scalar;
  return out;
}

function readCode(heap: SharedHeap, column: Column, row: number): number {
  const { array, base } = numberStorage(heap, column);
  return array[base + row] as number;
}

export type NumberArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** The typed array and first index of a storage whose values are JS numbers. */
export function numberStorage(
  heap: SharedHeap,
  column: Column,
): { readonly array: NumberArray; readonly base: number } {
  const { data, storage } = column;
  switch (storage) {
    case 'i8':
      return { array: heap.i8, base: data };
    case 'u8':
      return { array: heap.u8, base: data };
    case 'i16':
      return { array: heap.i16, base: data >>> 1 };
    case 'u16':
      return { array: heap.u16, base: data >>> 1 };
    case 'i32':
      return { array: heap.i32, base: data >>> 2 };
    case 'f32':
      return { array: heap.f32, base: data >>> 2 };
    case 'f64':
      return { array: heap.f64, base: data >>> 3 };
    case 'i64':
    case 'i128':
    case 'utf8':
    case 'view':
    case 'none':
      throw engineBug(`${storage} does not hold JS numbers`);
    default:
      return unreachable(storage);
  }
}

/** The 128-bit integer at an index of the heap's 64-bit words. */
export function readWide(heap: SharedHeap, word: number): bigint {
  const low = heap.i64[word] as bigint;
  const high = heap.i64[word + 1] as bigint;
  // Nearly always the upper half is only the sign.
  if (high === (low < 0n ? -1n : 0n)) return low;
  return (high << 64n) | (heap.u64[word] as bigint);
}

function asScalar(type: DataType, stored: number | bigint): Scalar {
  if (type.kind === 'boolean') return Number(stored) !== 0;
  const carrier = carrierOf(type);
  return carrier === 'i64' || carrier === 'i128' ? BigInt(stored) : Number(stored);
}

function readBytes(heap: SharedHeap, type: DataType, start: number, end: number): Scalar {
  return bytesDecoder(heap, type)(start, end);
}

const nestedReaders = new WeakMap<SharedHeap, NestedReader>();

/** Decodes values of a string, binary or nested type that lie between two addresses. */
export function bytesDecoder(heap: SharedHeap, type: DataType): (start: number, end: number) => Scalar {
  if (type.kind === 'string') {
    const text = asTextBuffer(heap.buffer);
    return (start, end) => (start === end ? '' : text.utf8Slice(start, end));
  }
  // A copy: the heap's bytes are recycled.
  if (type.kind === 'binary') return (start, end) => new Uint8Array(heap.u8.subarray(start, end));
  let reader = nestedReaders.get(heap);
  if (reader === undefined) {
    reader = new NestedReader(heap.u8);
    nestedReaders.set(heap, reader);
  }
  const nested = reader;
  return (start, end) => nested.read(type, start, end);
}
