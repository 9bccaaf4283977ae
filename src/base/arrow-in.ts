import * as arrow from 'apache-arrow';
import { arrowBytesColumn } from './arrow-bytes.js';
import { arrowValidity, fixedColumn } from './arrow-fixed.js';
import { fromArrowSchema } from './arrow-types.js';
import { packInterval } from './calendar-interval.js';
import type { Batch, Column, Dictionary } from './column.js';
import { sliceIntoBatches } from './column.js';
import { buildColumn } from './column-builder.js';
import { readColumn } from './column-reader.js';
import { SparrowError } from './errors.js';
import { type Arena, BATCH_ROWS } from './heap.js';
import type { MapScalar, Scalar } from './scalar.js';
import type { ArrayType, DataType, Field, MapType, Schema } from './types.js';

const MILLIS_PER_DAY = 86_400_000n;

/** An Arrow table copied into the arena, in batches of at most BATCH_ROWS rows. */
export function fromArrowTable(table: arrow.Table, arena: Arena): { schema: Schema; batches: Batch[] } {
  const schema = fromArrowSchema(table.schema, (column) =>
    table.batches.every((batch) => holdsWholeDays(batch, column)),
  );
  const scratch = arena.heap.newArena('from Arrow');
  try {
    const reader = new ArrowReader(arena, scratch);
    const batches = table.batches.flatMap((batch) => {
      if (batch.numRows === 0) return [];
      const columns = schema.fields.map(({ name, type }, i) =>
        reader.column(type, batch.data.children[i] as arrow.Data, name),
      );
      return sliceIntoBatches(columns, batch.numRows, BATCH_ROWS);
    });
    return { schema, batches };
  } finally {
    scratch.release();
  }
}

/** Date64 should hold whole days, but apache-arrow makes it of any Date. */
function holdsWholeDays(batch: arrow.RecordBatch, column: number): boolean {
  const data = batch.data.children[column] as arrow.Data;
  if (!arrow.DataType.isDate(data.type) || data.type.unit !== arrow.DateUnit.MILLISECOND) return false;
  const millis = data.values as BigInt64Array;
  for (let i = 0; i < data.length; i++) {
    if ((millis[i] as bigint) % MILLIS_PER_DAY !== 0n && data.getValid(i)) return false;
  }
  return true;
}

interface DecodedDictionary {
  /** Set where it can stay a dictionary. */
  readonly coded: Dictionary | undefined;
  readonly values: readonly Scalar[];
}

class ArrowReader {
  readonly #dictionaries = new Map<arrow.Data, DecodedDictionary>();

  constructor(
    readonly arena: Arena,
    readonly scratch: Arena,
  ) {}

  /** A column in the arena; `path` names it in errors. */
  column(type: DataType, data: arrow.Data, path: string, arena = this.arena): Column {
    const { length } = data;
    if (type.kind === 'null') {
      return { type, storage: 'none', length, nullCount: length, validity: 0, data: 0, offsets: 0 };
    }
    if (arrow.DataType.isDictionary(data.type)) return this.#dictionaryColumn(type, data, path, arena);
    switch (type.kind) {
      case 'string':
      case 'binary':
        return arrowBytesColumn(arena, type, data);
      case 'interval':
      case 'array':
      case 'struct':
      case 'map':
      case 'variant':
        return buildColumn(arena, type, this.#scalars(type, data, path));
      default:
        return fixedColumn(arena, type, data, path);
    }
  }

  #scalars(type: DataType, data: arrow.Data, path: string): Scalar[] {
    if (arrow.DataType.isDictionary(data.type)) return this.#viaColumn(type, data, path);
    switch (type.kind) {
      case 'array':
        return this.#lists(type, data, path);
      case 'map':
        return this.#maps(type, data, path);
      case 'struct':
        return this.#structs(type.fields, data, path);
      case 'variant': {
        const [metadata, value] = ['metadata', 'value'].map((name) => {
          const part = data.type.children.findIndex((child: arrow.Field) => child.name === name);
          if (part < 0) throw invalid('a variant without metadata or value', path);
          return this.#scalars({ kind: 'binary' }, data.children[part] as arrow.Data, path) as Uint8Array[];
        }) as [Uint8Array[], Uint8Array[]];
        return withNulls(data, (i) => ({ metadata: metadata[i] as Uint8Array, value: value[i] as Uint8Array }));
      }
      case 'interval':
        return this.#intervals(data);
      default:
        return this.#viaColumn(type, data, path);
    }
  }

  #intervals(data: arrow.Data): Scalar[] {
    const words = data.values as Int32Array;
    const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
    return withNulls(data, (i) => {
      const at = 16 * i;
      const micros = view.getBigInt64(at + 8, true) / 1000n;
      return packInterval({ months: view.getInt32(at, true), days: view.getInt32(at + 4, true), micros });
    });
  }

  #viaColumn(type: DataType, data: arrow.Data, path: string): Scalar[] {
    return readColumn(this.scratch.heap, this.column(type, data, path, this.scratch));
  }

  #lists({ element }: ArrayType, data: arrow.Data, path: string): Scalar[] {
    const child = data.children[0] as arrow.Data;
    if (arrow.DataType.isFixedSizeList(data.type)) {
      const size = data.type.listSize;
      const items = this.#scalars(element, child, `${path}[]`);
      return withNulls(data, (i) => items.slice(i * size, (i + 1) * size));
    }
    const { offsets, first, last } = offsetsOf(data);
    const items = this.#scalars(element, child.slice(first, last - first), `${path}[]`);
    return withNulls(data, (i) => items.slice((offsets[i] as number) - first, (offsets[i + 1] as number) - first));
  }

  #maps(type: MapType, data: arrow.Data, path: string): Scalar[] {
    const { offsets, first, last } = offsetsOf(data);
    const entries = (data.children[0] as arrow.Data).slice(first, last - first);
    const keys = this.#scalars(type.key, entries.children[0] as arrow.Data, `${path} keys`);
    const values = this.#scalars(type.value, entries.children[1] as arrow.Data, `${path} values`);
    if (keys.includes(null)) throw new SparrowError('NULL_MAP_KEY', 'a map key is null', { where: `column ${path}` });
    return withNulls(data, (i): MapScalar => {
      const pairs: [Scalar, Scalar][] = [];
      for (let j = (offsets[i] as number) - first; j < (offsets[i + 1] as number) - first; j++) {
        pairs.push([keys[j] as Scalar, values[j] as Scalar]);
      }
      return { entries: pairs };
    });
  }

  #structs(fields: readonly Field[], data: arrow.Data, path: string): Scalar[] {
    const columns = fields.map(({ name, type }, i) =>
      this.#scalars(type, data.children[i] as arrow.Data, `${path}.${name}`),
    );
    return withNulls(data, (i) => columns.map((column) => column[i] as Scalar));
  }

  #dictionaryColumn(type: DataType, data: arrow.Data, path: string, arena: Arena): Column {
    const { coded, values } = this.#dictionary(type, data.dictionary, path);
    const codes = data.values as ArrayLike<number | bigint>;
    const { length } = data;
    const validity = arrowValidity(arena, data);
    // Codes of null rows may be anything.
    const code = (i: number) => (data.getValid(i) ? Number(codes[i]) : 0);
    if (coded === undefined) {
      return buildColumn(
        arena,
        type,
        Array.from({ length }, (_, i) => (data.getValid(i) ? values[code(i)] : null)),
      );
    }
    const storage = coded.count <= 256 ? 'u8' : coded.count <= 65536 ? 'u16' : 'i32';
    const { heap } = arena;
    const [target, shift] =
      storage === 'u8'
        ? ([heap.u8, 0] as const)
        : storage === 'u16'
          ? ([heap.u16, 1] as const)
          : ([heap.i32, 2] as const);
    const address = arena.alloc(length * 2 ** shift);
    const base = address >>> shift;
    for (let i = 0; i < length; i++) {
      const at = code(i);
      if ((at < 0 || at >= coded.count) && data.getValid(i)) throw invalid(`code ${at} of ${coded.count}`, path);
      target[base + i] = at;
    }
    return { type, storage, length, ...validity, data: address, offsets: 0, dictionary: coded };
  }

  #dictionary(type: DataType, vector: arrow.Vector | undefined, path: string): DecodedDictionary {
    const chunks = (vector?.data ?? []) as readonly arrow.Data[];
    const last = chunks[chunks.length - 1];
    if (last === undefined) return { coded: undefined, values: [] };
    // Batches share their dictionary; one that grows (delta) has another last chunk.
    const known = this.#dictionaries.get(last);
    if (known !== undefined) return known;
    const values = chunks.flatMap((chunk) => this.#scalars(type, chunk, path));
    const decoded = { coded: this.#coded(type, values), values };
    this.#dictionaries.set(last, decoded);
    return decoded;
  }

  /** Codes must stand for distinct values: that is what grouping by them means. */
  #coded(type: DataType, values: readonly Scalar[]): Dictionary | undefined {
    if (type.kind !== 'string' || values.includes(null) || new Set(values).size !== values.length) return undefined;
    const { offsets, data } = buildColumn(this.arena, type, values);
    // Unique: arenas are never numbered twice, and an address is one of an arena's.
    return { id: this.arena.id * 2 ** 28 + (offsets >>> 4), count: values.length, offsets, data };
  }
}

function offsetsOf(data: arrow.Data): { offsets: ArrayLike<number>; first: number; last: number } {
  const raw = data.valueOffsets as Int32Array | BigInt64Array;
  const offsets = raw instanceof BigInt64Array ? Float64Array.from(raw, Number) : raw;
  return { offsets, first: offsets[0] ?? 0, last: offsets[data.length] ?? 0 };
}

function withNulls(data: arrow.Data, read: (row: number) => Scalar): Scalar[] {
  return Array.from({ length: data.length }, (_, i) => (data.getValid(i) ? read(i) : null));
}

function invalid(what: string, path: string): SparrowError {
  return new SparrowError('INVALID_ARROW_DATA', `the Arrow data is inconsistent: ${what}`, { where: `column ${path}` });
}
