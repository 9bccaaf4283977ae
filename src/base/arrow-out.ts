import * as arrow from 'apache-arrow';
import { toArrowField, toArrowType, VARIANT_PARTS } from './arrow-types.js';
import type { Batch, Column, Dictionary } from './column.js';
import { buildColumn } from './column-builder.js';
import { isNullAt, numberStorage, readColumn } from './column-reader.js';
import { engineBug } from './errors.js';
import type { Arena, SharedHeap } from './heap.js';
import type { MapScalar, Scalar, VariantScalar } from './scalar.js';
import type { DataType, Field, Schema } from './types.js';
import { carrierOf } from './types.js';

export interface ToArrowOptions {
  /**
   * Without a copy, buffers that need no conversion are views of the heap: valid only as long as the arenas of the
   * batches, and shared memory that some APIs refuse.
   */
  readonly copy: boolean;
}

/** Batches as an Arrow table: one record batch each; strings with one dictionary throughout stay dictionary-coded. */
export function toArrowTable(
  heap: SharedHeap,
  schema: Schema,
  batches: readonly Batch[],
  { copy }: ToArrowOptions = { copy: true },
): arrow.Table {
  const scratch = heap.newArena('to Arrow');
  try {
    const out = new ArrowWriter(scratch, copy);
    const dictionaries = schema.fields.map((_, i) => commonDictionary(batches, i));
    const types = schema.fields.map(({ type }, i) => out.columnType(type, dictionaries[i]));
    const fields = schema.fields.map((field, i) => toArrowField(field, types[i]));
    const arrowSchema = new arrow.Schema(fields);
    const rows = new arrow.Struct(fields);
    const recordBatches = batches.map((batch) => {
      const children = batch.columns.map((column, i) => out.column(column, types[i] as arrow.DataType));
      const data = arrow.makeData({ type: rows, length: batch.rows, nullCount: 0, children });
      return new arrow.RecordBatch(arrowSchema, data);
    });
    return recordBatches.length === 0 ? new arrow.Table(arrowSchema) : new arrow.Table(arrowSchema, recordBatches);
  } finally {
    scratch.release();
  }
}

/** A dictionary with this many times more texts than there are rows is not taken along. */
const SPARSE_DICTIONARY = 4;

function commonDictionary(batches: readonly Batch[], column: number): Dictionary | undefined {
  const first = batches[0]?.columns[column]?.dictionary;
  const same = batches.every((batch) => batch.columns[column]?.dictionary?.id === first?.id);
  const rows = batches.reduce((n, batch) => n + batch.rows, 0);
  // One much larger than what uses it would be copied for nothing.
  return same && first !== undefined && first.count <= SPARSE_DICTIONARY * Math.max(rows, 256) ? first : undefined;
}

class ArrowWriter {
  readonly #heap: SharedHeap;
  readonly #dictionaries = new Map<arrow.DataType, arrow.Vector>();

  constructor(
    readonly scratch: Arena,
    readonly copy: boolean,
  ) {
    this.#heap = scratch.heap;
  }

  columnType(type: DataType, dictionary: Dictionary | undefined): arrow.DataType {
    const values = toArrowType(type);
    if (dictionary === undefined) return values;
    const coded = new arrow.Dictionary(values, new arrow.Int32());
    const { count, offsets, data } = dictionary;
    const column: Column = { type, storage: 'utf8', length: count, nullCount: 0, validity: 0, data, offsets };
    this.#dictionaries.set(coded, arrow.makeVector(this.column(column, values)));
    return coded;
  }

  column(column: Column, type: arrow.DataType): arrow.Data {
    const { length } = column;
    if (column.storage === 'none') return arrow.makeData({ type: new arrow.Null(), length });
    const base = { type, length, ...this.#validity(column) };
    const dictionary = this.#dictionaries.get(type);
    if (dictionary !== undefined) {
      const data = this.#codes(column);
      return arrow.makeData({ ...base, type: type as arrow.Dictionary, data, dictionary });
    }
    switch (column.type.kind) {
      case 'boolean':
        return arrow.makeData({ ...base, type: type as arrow.Bool, data: this.#bits(column) });
      case 'int8':
      case 'int16':
        return arrow.makeData({ ...base, type: type as arrow.Int, data: this.#short(column) });
      case 'float32':
      case 'float64':
        return arrow.makeData({ ...base, type: type as arrow.Float, data: this.#floats(column) });
      case 'string':
      case 'binary':
        return this.#bytes(column, base);
      case 'array':
      case 'struct':
      case 'map':
      case 'variant':
        return this.#nested(column.type, type, readColumn(this.#heap, column));
      default:
        return arrow.makeData({ ...base, type: type as arrow.Int, data: this.#words(column) });
    }
  }

  #take<T extends { slice(from: number, to: number): T; subarray(from: number, to: number): T }>(
    array: T,
    from: number,
    count: number,
  ): T {
    return this.copy ? array.slice(from, from + count) : array.subarray(from, from + count);
  }

  #validity({ validity, length, nullCount }: Column): { nullBitmap?: Uint8Array; nullCount: number } {
    if (validity === 0) return { nullCount: 0 };
    return { nullBitmap: this.#take(this.#heap.u8, validity, (length + 7) >>> 3), nullCount };
  }

  #codes(column: Column): Int32Array {
    const { array, base } = numberStorage(this.#heap, column);
    const out = new Int32Array(column.length);
    // Codes of null rows are arbitrary here; readers of Arrow may look them up.
    for (let i = 0; i < out.length; i++) {
      out[i] = isNullAt(this.#heap, column, i) ? 0 : (array[base + i] as number);
    }
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
      out = new Int32Array(length * words);
      const narrow = stored === 1 ? numberStorage(this.#heap, column) : { array: i32, base };
      for (let i = 0; i < length; i++) {
        for (let w = 0; w < stored; w++) out[i * words + w] = narrow.array[narrow.base + i * stored + w] as number;
        const sign = (out[i * words + stored - 1] as number) >> 31;
        for (let w = stored; w < words; w++) out[i * words + w] = sign;
      }
    }
    if (words === 1) return out;
    if (words === 2) return new BigInt64Array(out.buffer, out.byteOffset, length);
    return new Uint32Array(out.buffer, out.byteOffset, length * 4);
  }

  #bytes(column: Column, base: { type: arrow.DataType; length: number }): arrow.Data {
    const { i32, u8 } = this.#heap;
    const type = base.type as arrow.Utf8;
    if (column.storage === 'utf8' && column.dictionary === undefined) {
      const slot = column.offsets >>> 2;
      const first = i32[slot] as number;
      const last = i32[slot + column.length] as number;
      const valueOffsets = this.#take(i32, slot, column.length + 1);
      if (!this.copy)
        return arrow.makeData({ ...base, type, valueOffsets, data: u8.subarray(column.data, column.data + last) });
      if (first !== 0)
        for (let i = 0; i < valueOffsets.length; i++) valueOffsets[i] = (valueOffsets[i] as number) - first;
      return arrow.makeData({ ...base, type, valueOffsets, data: u8.slice(column.data + first, column.data + last) });
    }
    // Views and dictionaries that are not common to all batches: gather.
    return this.#viaColumn(column.type, base.type, readColumn(this.#heap, column));
  }

  /** Arrow arrays of nested values, which the heap holds encoded. */
  #nested(type: DataType, arrowType: arrow.DataType, values: readonly Scalar[]): arrow.Data {
    const base = { length: values.length, ...bitmapOf(values) };
    const child = (field: DataType, i: number, items: readonly Scalar[]) =>
      this.#child(field, (arrowType.children[i] as arrow.Field).type, items);
    switch (type.kind) {
      case 'array': {
        const lists = values as readonly (readonly Scalar[] | null)[];
        const elements = child(
          type.element,
          0,
          lists.flatMap((list) => list ?? []),
        );
        const valueOffsets = offsetsOf(lists.map((list) => list?.length ?? 0));
        return arrow.makeData({ ...base, type: arrowType as arrow.List, valueOffsets, child: elements });
      }
      case 'map': {
        const maps = values as readonly (MapScalar | null)[];
        const pairs = maps.flatMap((map) => map?.entries ?? []);
        const entries = (arrowType.children[0] as arrow.Field).type as arrow.Struct;
        const children = [type.key, type.value].map((part, i) =>
          this.#child(
            part,
            (entries.children[i] as arrow.Field).type,
            pairs.map((pair) => pair[i] as Scalar),
          ),
        );
        const structs = arrow.makeData({ type: entries, length: pairs.length, nullCount: 0, children });
        const valueOffsets = offsetsOf(maps.map((map) => map?.entries.length ?? 0));
        return arrow.makeData({ ...base, type: arrowType as arrow.Map_, valueOffsets, child: structs });
      }
      case 'struct':
      case 'variant': {
        const fields: readonly Field[] = type.kind === 'struct' ? type.fields : VARIANT_PARTS.fields;
        const structs =
          type.kind === 'struct' ? (values as readonly (readonly Scalar[] | null)[]) : values.map(partsOf);
        const children = fields.map((field, i) =>
          child(
            field.type,
            i,
            structs.map((row) => row?.[i] ?? null),
          ),
        );
        return arrow.makeData({ ...base, type: arrowType as arrow.Struct, children });
      }
      default:
        throw engineBug(`${type.kind} is not nested`);
    }
  }

  #child(type: DataType, arrowType: arrow.DataType, values: readonly Scalar[]): arrow.Data {
    if (carrierOf(type) === 'bytes' && type.kind !== 'string' && type.kind !== 'binary') {
      return this.#nested(type, arrowType, values);
    }
    return this.#viaColumn(type, arrowType, values);
  }

  /** By way of a column, which dies with the scratch arena: never without a copy. */
  #viaColumn(type: DataType, arrowType: arrow.DataType, values: readonly Scalar[]): arrow.Data {
    const writer = this.copy ? this : new ArrowWriter(this.scratch, true);
    return writer.column(buildColumn(this.scratch, type, values), arrowType);
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
