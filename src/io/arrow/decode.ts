import type { Arena, Column, DataType, MapScalar, Scalar, Storage } from '../../base/index.js';
import type { Body, BodyBuffer } from './body.js';
import { fixedReader } from './fixed.js';
import { damaged } from './flatbuffer.js';
import type { ArrowField, ArrowType, BatchMetadata } from './metadata.js';
import { type ColumnPieces, fixedPieces, textPieces, valuePieces } from './pieces.js';
import { isVariant } from './types.js';

/** The values of dictionaries, by their numbers. */
export type Dictionaries = ReadonlyMap<string, readonly Scalar[]>;

/** Values without anything behind them are cheap to announce: a batch has at most so many rows. */
const MAX_ROWS = 2 ** 31 - 1;
const MAX_BARE_ROWS = 1 << 26;

/** Decodes the fields of one batch, in order: each has its nodes and buffers one after the other. */
export class BatchDecoder {
  #node = 0;
  #buffer = 0;
  #variadic = 0;

  constructor(
    private readonly body: Body,
    private readonly batch: BatchMetadata,
    private readonly dictionaries: Dictionaries,
    private readonly bigEndian: boolean,
  ) {
    if (batch.rows > MAX_ROWS) throw this.#damaged(`a batch of ${batch.rows} rows`);
  }

  readonly #damaged = (what: string): Error => damaged(what, this.body.file.path);

  /** Passes a field. */
  skip(f: ArrowField): void {
    this.#nextNode();
    if (f.dictionary !== undefined) {
      this.#buffer += 2;
      return;
    }
    this.#buffer += this.#bufferCount(f.type);
    if (f.type.kind === 'utf8View' || f.type.kind === 'binaryView') this.#buffer += this.#nextVariadic();
    for (const child of f.children) this.skip(child);
  }

  #bufferCount(type: ArrowType): number {
    switch (type.kind) {
      case 'null':
      case 'runEndEncoded':
        return 0;
      case 'struct':
      case 'fixedList':
        return 1;
      case 'union':
        return (type.dense ? 2 : 1) + (this.batch.version < 4 ? 1 : 0);
      case 'utf8':
      case 'binary':
      case 'largeUtf8':
      case 'largeBinary':
      case 'listView':
      case 'largeListView':
        return 3;
      default:
        return 2;
    }
  }

  #nextNode(): { readonly length: number; readonly nullCount: number } {
    const node = this.batch.nodes[this.#node++];
    if (node === undefined) throw this.#damaged('a batch has fewer columns than its schema');
    if (node.length > MAX_ROWS || node.nullCount > node.length)
      throw this.#damaged(`a column of ${node.length} values`);
    return node;
  }

  #nextVariadic(): number {
    const count = this.batch.variadicCounts[this.#variadic++];
    if (count === undefined || count > this.batch.buffers.length) throw this.#damaged('a view without its buffers');
    return count;
  }

  #nextBuffer(leastBytes = 0): Buffer {
    const bytes = this.body.buffer(this.#buffer++);
    if (bytes.length < leastBytes) throw this.#damaged(`a buffer of ${bytes.length} bytes instead of ${leastBytes}`);
    return bytes;
  }

  /** A bitmap, or undefined when all values are there. */
  #validity({ length, nullCount }: { readonly length: number; readonly nullCount: number }): Buffer | undefined {
    const bytes = this.#nextBuffer();
    if (nullCount === 0 || (bytes.length === 0 && length === 0)) return undefined;
    if (bytes.length < Math.ceil(length / 8)) throw this.#damaged('a validity bitmap is too short');
    return bytes;
  }

  /** A column of the batch, some rows at a time. Nulls where the schema has none are damage: nobody would look for them. */
  pieces(f: ArrowField, type: DataType): ColumnPieces {
    const found = this.#pieces(f, type);
    if (f.nullable || f.type.kind === 'null' || f.type.kind === 'runEndEncoded') return found;
    return { ...found, read: (arena, from, rows) => this.#withoutNulls(f, found.read(arena, from, rows), from, arena) };
  }

  #withoutNulls(f: ArrowField, column: Column, from: number, { heap }: Arena): Column {
    if (column.validity === 0) return column;
    for (let row = 0; row < column.length; row++)
      if ((((heap.u8[column.validity + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0)
        throw this.#damaged(`row ${from + row} of ${f.name} is null, and its schema says that none is`);
    return column;
  }

  /** Columns whose bytes are ours already are copied as they are. */
  #pieces(f: ArrowField, type: DataType): ColumnPieces {
    const direct = f.dictionary === undefined && !this.bigEndian ? directStorage(f.type) : undefined;
    if (direct === undefined) {
      const isText = f.dictionary === undefined && !this.bigEndian;
      const { kind } = f.type;
      if (isText && (kind === 'utf8' || kind === 'binary')) return this.#textPieces(type, false);
      if (isText && (kind === 'largeUtf8' || kind === 'largeBinary')) return this.#textPieces(type, true);
      const values = this.values(f);
      this.#checkRows(values.length);
      return valuePieces(type, values);
    }
    const node = this.#nextNode();
    this.#checkRows(node.length);
    const validity = this.#validity(node);
    return fixedPieces(type, direct, this.#nextParts(node.length * direct[1]), validity);
  }

  #checkRows(length: number): void {
    if (length !== this.batch.rows)
      throw this.#damaged(`a column of ${length} values in a batch of ${this.batch.rows}`);
  }

  #textPieces(type: DataType, large: boolean): ColumnPieces {
    const node = this.#nextNode();
    this.#checkRows(node.length);
    const validity = this.#validity(node);
    const starts = this.#offsets(node.length, large, 1);
    return textPieces(type, starts, this.#nextParts(starts[node.length] as number), validity);
  }

  #nextParts(leastBytes: number): BodyBuffer {
    const bytes = this.body.parts(this.#buffer++);
    if (bytes.length < leastBytes) throw this.#damaged(`a buffer of ${bytes.length} bytes instead of ${leastBytes}`);
    return bytes;
  }

  /** Ascending offsets of a list or of texts. */
  #offsets(length: number, large: boolean, extra: number): Float64Array {
    const width = large ? 8 : 4;
    const bytes = this.#nextBuffer();
    const out = new Float64Array(length + extra);
    // Without any value there may be no offsets at all.
    if (length === 0 && bytes.length < width) return out;
    if (bytes.length < (length + extra) * width) throw this.#damaged('a buffer of offsets is too short');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < length + extra; i++) {
      const value = large ? Number(view.getBigInt64(i * 8, !this.bigEndian)) : view.getInt32(i * 4, !this.bigEndian);
      if (value < 0 || (extra === 1 && i > 0 && value < (out[i - 1] as number)))
        throw this.#damaged('offsets that do not ascend');
      out[i] = value;
    }
    return out;
  }

  /** The values of a field, of any type. */
  values(f: ArrowField): Scalar[] {
    if (f.dictionary !== undefined) return this.#codes(f, f.dictionary);
    const node = this.#nextNode();
    const { length } = node;
    const { type } = f;
    switch (type.kind) {
      case 'null':
        if (length > MAX_BARE_ROWS) throw this.#damaged(`a column of ${length} nulls`);
        return new Array<null>(length).fill(null);
      case 'utf8':
      case 'largeUtf8':
      case 'binary':
      case 'largeBinary':
        return this.#texts(type.kind, node);
      case 'utf8View':
      case 'binaryView':
        return this.#views(type.kind === 'utf8View', node);
      case 'list':
      case 'largeList':
      case 'map':
        return this.#lists(f, type.kind === 'largeList', node);
      case 'listView':
      case 'largeListView':
        return this.#listViews(f, type.kind === 'largeListView', node);
      case 'fixedList':
        return this.#fixedLists(f, type.size, node);
      case 'struct':
        return this.#structs(f, node);
      case 'union':
        return this.#unions(f, type, node);
      case 'runEndEncoded':
        return this.#runs(f, length);
      default: {
        const validity = this.#validity(node);
        const read = fixedReader(type, this.#nextBuffer(), length, !this.bigEndian, this.#damaged);
        if (read === undefined) throw this.#damaged('a buffer of values is too short');
        return fill(length, validity, read);
      }
    }
  }

  #codes(f: ArrowField, { id, index }: NonNullable<ArrowField['dictionary']>): Scalar[] {
    const node = this.#nextNode();
    const validity = this.#validity(node);
    const dictionary = this.dictionaries.get(id);
    const read = fixedReader(index, this.#nextBuffer(), node.length, !this.bigEndian, this.#damaged);
    if (read === undefined) throw this.#damaged(`the codes of ${f.name} are too few`);
    return fill(node.length, validity, (row) => {
      const value = dictionary?.[Number(read(row))];
      if (value === undefined) throw this.#damaged(`a code of ${f.name} is not in its dictionary`);
      return value;
    });
  }

  #texts(kind: 'utf8' | 'largeUtf8' | 'binary' | 'largeBinary', node: { length: number; nullCount: number }): Scalar[] {
    const validity = this.#validity(node);
    const offsets = this.#offsets(node.length, kind === 'largeUtf8' || kind === 'largeBinary', 1);
    const bytes = this.#nextBuffer(offsets[node.length] as number);
    const asText = kind === 'utf8' || kind === 'largeUtf8';
    return fill(node.length, validity, (row) => {
      const piece = bytes.subarray(offsets[row] as number, offsets[row + 1] as number);
      return asText ? piece.toString('utf8') : new Uint8Array(piece);
    });
  }

  #views(asText: boolean, node: { length: number; nullCount: number }): Scalar[] {
    const validity = this.#validity(node);
    const views = this.#nextBuffer(node.length * 16);
    const buffers = Array.from({ length: this.#nextVariadic() }, () => this.#nextBuffer());
    const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
    return fill(node.length, validity, (row) => {
      const at = row * 16;
      const length = view.getInt32(at, !this.bigEndian);
      let piece = views.subarray(at + 4, at + 4 + Math.min(12, length));
      if (length < 0) throw this.#damaged('a view of a negative length');
      if (length > 12) {
        const buffer = buffers[view.getInt32(at + 8, !this.bigEndian)];
        const start = view.getInt32(at + 12, !this.bigEndian);
        if (buffer === undefined || start < 0 || start + length > buffer.length)
          throw this.#damaged('a view points outside of its buffers');
        piece = buffer.subarray(start, start + length);
      }
      return asText ? piece.toString('utf8') : new Uint8Array(piece);
    });
  }

  #lists(f: ArrowField, large: boolean, node: { length: number; nullCount: number }): Scalar[] {
    const validity = this.#validity(node);
    const offsets = this.#offsets(node.length, large, 1);
    const items = this.values(f.children[0] as ArrowField);
    if ((offsets[node.length] as number) > items.length) throw this.#damaged(`${f.name} needs more elements`);
    return fill(node.length, validity, (row) => {
      const list = items.slice(offsets[row] as number, offsets[row + 1] as number);
      return f.type.kind === 'map' ? this.#entries(list, f) : list;
    });
  }

  #entries(list: readonly Scalar[], f: ArrowField): MapScalar {
    const entries = list.map((entry) => {
      const [key, value] = (entry ?? []) as readonly Scalar[];
      if (key === null || key === undefined) throw this.#damaged(`a key of ${f.name} is null`);
      return [key, value ?? null] as const;
    });
    return { entries };
  }

  #listViews(f: ArrowField, large: boolean, node: { length: number; nullCount: number }): Scalar[] {
    const validity = this.#validity(node);
    const offsets = this.#offsets(node.length, large, 0);
    const sizes = this.#offsets(node.length, large, 0);
    const items = this.values(f.children[0] as ArrowField);
    let total = 0;
    return fill(node.length, validity, (row) => {
      const [start, size] = [offsets[row] as number, sizes[row] as number];
      total += size;
      if (start + size > items.length || total > MAX_BARE_ROWS) throw this.#damaged(`${f.name} needs more elements`);
      return items.slice(start, start + size);
    });
  }

  #fixedLists(f: ArrowField, size: number, node: { length: number; nullCount: number }): Scalar[] {
    const validity = this.#validity(node);
    const items = this.values(f.children[0] as ArrowField);
    if (size < 0 || node.length * size > items.length || (size === 0 && node.length > MAX_BARE_ROWS))
      throw this.#damaged(`${f.name} needs more elements`);
    return fill(node.length, validity, (row) => items.slice(row * size, (row + 1) * size));
  }

  #structs(f: ArrowField, node: { length: number; nullCount: number }): Scalar[] {
    const validity = this.#validity(node);
    const children = f.children.map((child) => this.values(child));
    if (children.some((child) => child.length < node.length)) throw this.#damaged(`a field of ${f.name} is too short`);
    if (children.length === 0 && node.length > MAX_BARE_ROWS) throw this.#damaged(`${node.length} empty structs`);
    if (!isVariant(f)) return fill(node.length, validity, (row) => children.map((child) => child[row] as Scalar));
    const part = (name: string): readonly Scalar[] => children[f.children.findIndex((c) => c.name === name)] ?? [];
    const [metadata, value] = [part('metadata'), part('value')];
    return fill(node.length, validity, (row) => {
      const [m, v] = [metadata[row], value[row]];
      if (!(m instanceof Uint8Array) || !(v instanceof Uint8Array)) throw this.#damaged('a variant without its value');
      return { metadata: m, value: v };
    });
  }

  #unions(f: ArrowField, type: ArrowType & { kind: 'union' }, node: { length: number; nullCount: number }): Scalar[] {
    if (this.batch.version < 4) this.#nextBuffer();
    const tags = this.#nextBuffer(node.length);
    const offsets = type.dense ? this.#offsets(node.length, false, 0) : undefined;
    const children = f.children.map((child) => this.values(child));
    const members = type.ids.length === 0 ? f.children.map((_, i) => i) : type.ids;
    return fill(node.length, undefined, (row) => {
      const member = members.indexOf(tags.readInt8(row));
      const value = children[member]?.[offsets === undefined ? row : (offsets[row] as number)];
      if (value === undefined) throw this.#damaged(`a value of ${f.name} is of no member`);
      return children.map((_, i) => (i === member ? value : null));
    });
  }

  #runs(f: ArrowField, length: number): Scalar[] {
    const [ends, values] = f.children.map((child) => this.values(child)) as [Scalar[], Scalar[]];
    if (length > MAX_BARE_ROWS) throw this.#damaged(`a column of ${length} values in runs`);
    const out: Scalar[] = [];
    for (let run = 0; out.length < length; run++) {
      const end = Number(ends?.[run] ?? Number.NaN);
      const value = values?.[run];
      if (!(end > out.length) || value === undefined) throw this.#damaged(`the runs of ${f.name} do not cover it`);
      while (out.length < Math.min(end, length)) out.push(value);
    }
    return out;
  }
}

function fill(length: number, validity: Buffer | undefined, read: (row: number) => Scalar): Scalar[] {
  const out: Scalar[] = new Array<Scalar>(length);
  for (let row = 0; row < length; row++) {
    const there = validity === undefined || (((validity[row >>> 3] as number) >>> (row & 7)) & 1) === 1;
    out[row] = there ? read(row) : null;
  }
  return out;
}

/** Types whose values lie in a file as they lie in a column. */
function directStorage(type: ArrowType): readonly [Storage, number] | undefined {
  switch (type.kind) {
    case 'int':
      if (!type.signed) return undefined;
      if (type.bits === 8) return ['i8', 1];
      if (type.bits === 16) return ['i16', 2];
      return type.bits === 32 ? ['i32', 4] : ['i64', 8];
    case 'float':
      return type.bits === 32 ? ['f32', 4] : type.bits === 64 ? ['f64', 8] : undefined;
    case 'date':
      return type.bits === 32 ? ['i32', 4] : undefined;
    case 'timestamp':
      return type.unit === 2 ? ['i64', 8] : undefined;
    default:
      return undefined;
  }
}
