import { unpackInterval } from './calendar-interval.js';
import type { Column } from './column.js';
import { buildColumn } from './column-builder.js';
import { type NumberArray, numberStorage, readColumn, zeroNulls } from './column-reader.js';
import { engineBug } from './errors.js';
import { type Arena, type MemoryView, type SharedHeap, unfilled } from './heap.js';
import type { MapScalar, Scalar, VariantScalar } from './scalar.js';
import { binaryType, carrierOf, type DataType, type Field, field, type StructType, structType } from './types.js';

/** The buffers of a column as Arrow lays them out. */
export interface ArrowLayout {
  readonly length: number;
  readonly nullCount: number;
  /** Absent without nulls. */
  readonly nullBitmap?: Uint8Array;
  readonly valueOffsets?: Int32Array;
  readonly data?: ArrowValues;
  readonly children?: readonly ArrowLayout[];
}

type ArrowValues =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

interface Validity {
  readonly nullBitmap?: Uint8Array;
  readonly nullCount: number;
}

/** How a variant travels: two binary fields. */
export const VARIANT_PARTS: StructType = structType([
  field('metadata', binaryType, false),
  field('value', binaryType, false),
]);

/** Integers that JS numbers hold, each as `words` words of 32 bits. */
function widenInts(values: NumberArray, base: number, words: number, out: Int32Array): void {
  const length = out.length / words;
  for (let i = 0, at = 0; i < length; i++, at += words) {
    const value = values[base + i] as number;
    out[at] = value;
    if (words === 1) continue;
    const sign = value >> 31;
    out[at + 1] = sign;
    if (words === 2) continue;
    out[at + 2] = sign;
    out[at + 3] = sign;
  }
}

/** Integers of two words, each as four. */
function widenLongs(values: Int32Array, base: number, out: Int32Array): void {
  for (let at = 0, from = base; at < out.length; at += 4, from += 2) {
    const high = values[from + 1] as number;
    out[at] = values[from] as number;
    out[at + 1] = high;
    out[at + 2] = high >> 31;
    out[at + 3] = high >> 31;
  }
}

/** Lays columns out as Arrow does. */
export class LayoutWriter {
  readonly #heap: SharedHeap;

  constructor(
    readonly scratch: Arena,
    readonly copy: boolean,
  ) {
    this.#heap = scratch.heap;
  }

  column(column: Column): ArrowLayout {
    const { length } = column;
    if (column.storage === 'none') return { length, nullCount: length };
    const base = { length, ...this.#validity(column) };
    switch (column.type.kind) {
      case 'boolean':
        return { ...base, data: this.#bits(column) };
      case 'int8':
      case 'int16':
        return { ...base, data: this.#short(column) };
      case 'float32':
      case 'float64':
        return { ...base, data: this.#floats(column) };
      case 'string':
      case 'binary':
        return this.#bytes(column, base);
      case 'interval':
        return { ...base, data: this.#intervals(column) };
      case 'array':
      case 'struct':
      case 'map':
      case 'variant':
        return this.#nested(column.type, readColumn(this.#heap, column));
      default:
        return { ...base, data: this.#words(column) };
    }
  }

  /** Arrow has the months first, and nanoseconds: as many as 64 bits hold. */
  #intervals(column: Column): Int32Array {
    const out = new DataView(new ArrayBuffer(16 * column.length));
    for (const [i, value] of readColumn(this.#heap, column).entries()) {
      if (value === null) continue;
      const { months, days, micros } = unpackInterval(value as bigint);
      out.setInt32(16 * i, months, true);
      out.setInt32(16 * i + 4, days, true);
      out.setBigInt64(16 * i + 8, micros * 1000n, true);
    }
    return new Int32Array(out.buffer);
  }

  /** A column of texts as codes of its dictionary. */
  coded(column: Column): ArrowLayout {
    return { length: column.length, ...this.#validity(column), data: this.#codes(column) };
  }

  #take<T extends MemoryView<T>>(array: T, from: number, count: number): T {
    return this.copy ? this.#heap.copyOut(array, from, from + count) : array.subarray(from, from + count);
  }

  #validity({ validity, length, nullCount }: Column): Validity {
    if (validity === 0) return { nullCount: 0 };
    return { nullBitmap: this.#take(this.#heap.u8, validity, (length + 7) >>> 3), nullCount };
  }

  #codes(column: Column): Int32Array {
    const { array, base } = numberStorage(this.#heap, column);
    const out = new Int32Array(array.subarray(base, base + column.length));
    // Codes of null rows are arbitrary here; readers of Arrow may look them up.
    zeroNulls(this.#heap, column, out);
    return out;
  }

  #bits({ data, length }: Column): Uint8Array {
    const { u8 } = this.#heap;
    const out = new Uint8Array((length + 7) >>> 3);
    for (let i = 0; i < length; i++) if (u8[data + i] !== 0) out[i >>> 3] = (out[i >>> 3] as number) | (1 << (i & 7));
    return out;
  }

  #short(column: Column): Int8Array | Int16Array {
    const { data, length, storage, type } = column;
    if (type.kind === 'int8') return this.#take(this.#heap.i8, data, length);
    if (storage === 'i16') return this.#take(this.#heap.i16, data >>> 1, length);
    const { array, base } = numberStorage(this.#heap, column);
    return Int16Array.from(array.subarray(base, base + length));
  }

  #floats({ data, length, storage }: Column): Float32Array | Float64Array {
    if (storage === 'f32') return this.#take(this.#heap.f32, data >>> 2, length);
    return this.#take(this.#heap.f64, Math.floor(data / 8), length);
  }

  /** Integers of 32, 64 or 128 bits from any narrower storage, as Arrow's array for the type. */
  #words(column: Column): Int32Array | BigInt64Array | Uint32Array {
    const { i32 } = this.#heap;
    const { data, length, storage, type } = column;
    const words = type.kind === 'decimal' ? 4 : carrierOf(type) === 'i64' ? 2 : 1;
    const stored = storage === 'i128' ? 4 : storage === 'i64' ? 2 : 1;
    const base = data >>> 2;
    let out: Int32Array;
    if (stored === words && storage !== 'i8' && storage !== 'u8' && storage !== 'i16' && storage !== 'u16') {
      out = this.#take(i32, base, length * words);
    } else {
      out = new Int32Array(unfilled(length * words * 4));
      if (stored === 2) widenLongs(i32, base, out);
      else {
        const narrow = numberStorage(this.#heap, column);
        widenInts(narrow.array, narrow.base, words, out);
      }
    }
    if (words === 1) return out;
    if (words === 2) return new BigInt64Array(out.buffer, out.byteOffset, length);
    return new Uint32Array(out.buffer, out.byteOffset, length * 4);
  }

  #bytes(column: Column, base: Validity & { readonly length: number }): ArrowLayout {
    const { i32, u8 } = this.#heap;
    if (column.storage === 'utf8' && column.dictionary === undefined) {
      const slot = column.offsets >>> 2;
      const first = i32[slot] as number;
      const last = i32[slot + column.length] as number;
      const valueOffsets = this.#take(i32, slot, column.length + 1);
      if (!this.copy) return { ...base, valueOffsets, data: u8.subarray(column.data, column.data + last) };
      if (first !== 0)
        for (let i = 0; i < valueOffsets.length; i++) valueOffsets[i] = (valueOffsets[i] as number) - first;
      return { ...base, valueOffsets, data: this.#heap.copyOut(u8, column.data + first, column.data + last) };
    }
    // Views and dictionaries that are not common to all batches: gather.
    return this.#viaColumn(column.type, readColumn(this.#heap, column));
  }

  /** Arrow arrays of nested values, which the heap holds encoded. */
  #nested(type: DataType, values: readonly Scalar[]): ArrowLayout {
    const base = { length: values.length, ...bitmapOf(values) };
    switch (type.kind) {
      case 'array': {
        const lists = values as readonly (readonly Scalar[] | null)[];
        const elements = lists.flatMap((list) => list ?? []);
        const valueOffsets = offsetsOf(lists.map((list) => list?.length ?? 0));
        return { ...base, valueOffsets, children: [this.#child(type.element, elements)] };
      }
      case 'map': {
        const maps = values as readonly (MapScalar | null)[];
        const pairs = maps.flatMap((map) => map?.entries ?? []);
        const children = [type.key, type.value].map((part, i) =>
          this.#child(
            part,
            pairs.map((pair) => pair[i] as Scalar),
          ),
        );
        const entries = { length: pairs.length, nullCount: 0, children };
        return { ...base, valueOffsets: offsetsOf(maps.map((map) => map?.entries.length ?? 0)), children: [entries] };
      }
      case 'struct':
      case 'variant': {
        const fields: readonly Field[] = type.kind === 'struct' ? type.fields : VARIANT_PARTS.fields;
        const structs =
          type.kind === 'struct' ? (values as readonly (readonly Scalar[] | null)[]) : values.map(partsOf);
        const children = fields.map((field, i) =>
          this.#child(
            field.type,
            structs.map((row) => row?.[i] ?? null),
          ),
        );
        return { ...base, children };
      }
      default:
        throw engineBug(`${type.kind} is not nested`);
    }
  }

  #child(type: DataType, values: readonly Scalar[]): ArrowLayout {
    if (carrierOf(type) === 'bytes' && type.kind !== 'string' && type.kind !== 'binary') {
      return this.#nested(type, values);
    }
    return this.#viaColumn(type, values);
  }

  /** By way of a column, which dies with the scratch arena: never without a copy. */
  #viaColumn(type: DataType, values: readonly Scalar[]): ArrowLayout {
    const writer = this.copy ? this : new LayoutWriter(this.scratch, true);
    return writer.column(buildColumn(this.scratch, type, values));
  }
}

const NO_BYTES = new Uint8Array(0);

function partsOf(scalar: Scalar): readonly Scalar[] {
  // The parts are not nullable.
  if (scalar === null) return [NO_BYTES, NO_BYTES];
  const { metadata, value } = scalar as VariantScalar;
  return [metadata, value];
}

function bitmapOf(values: readonly Scalar[]): { nullBitmap?: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array((values.length + 7) >>> 3);
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) nullCount++;
    else nullBitmap[i >>> 3] = (nullBitmap[i >>> 3] as number) | (1 << (i & 7));
  }
  return nullCount === 0 ? { nullCount } : { nullBitmap, nullCount };
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = (offsets[i] as number) + (lengths[i] as number);
  return offsets;
}
