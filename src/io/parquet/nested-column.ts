import { readColumn } from '../../base/column-reader.js';
import type { Column, Scalar, SharedHeap, SparrowError } from '../../base/index.js';
import { NestedWriter } from '../../base/nested.js';
import { ChunkPages, type GroupContext } from './chunk-pages.js';
import { corrupt, type Place } from './error.js';
import { FixedSink } from './fixed-sink.js';
import { decodeLevels, findLevels } from './levels.js';
import { flatPart, nestedPart, windowRows } from './row-window.js';
import { type ColumnNode, leavesOf } from './schema.js';
import { unshred } from './shredded.js';
import type { Leaf } from './sink.js';
import { MAX_GROUP_ROWS, type SplitChunk, type SplitColumn } from './split.js';
import { StringSink } from './string-sink.js';

/** Values turned into scalars at a time. */
const BLOCK_VALUES = 16384;
/** Encoded rows are moved to shared memory when there are so many bytes of them. */
const FLUSH_BYTES = 1 << 20;
const MAX_BYTES = 2 ** 31 - 2 ** 16;

/** Decodes a column of lists, maps and structs: leaves first, then row by row, each row becoming one binary value. */
export function readNested(group: GroupContext, column: SplitColumn, node: ColumnNode): Column {
  const rows = windowRows(group.split);
  const { window } = group.split;
  const place = group.place(column.name);
  const cursors = new Map<number, LeafCursor>();
  for (const leaf of leavesOf(node)) {
    const chunk = column.chunks.find((c) => c.chunk === leaf.chunk) as SplitChunk;
    const own = group.place(leaf.path);
    if (window === undefined) {
      cursors.set(leaf.chunk, readLeaf(group, leaf, chunk, own));
      continue;
    }
    const part =
      leaf.maxRepetition === 0 ? flatPart(group, chunk, window, own) : nestedPart(group, leaf, chunk, window, own);
    const cursor = readLeaf(group, leaf, part.chunk, own);
    cursor.skipRows(window[0] - part.first);
    cursors.set(leaf.chunk, cursor);
  }
  const all = [...cursors.values()];
  const read = compileReader(node, (leaf) => cursors.get(leaf.chunk) as LeafCursor);
  const output = new NestedOutput(group, column, place);
  for (let row = 0; row < rows; row++) {
    if ((row & 4095) === 0) group.task.checkCancelled();
    for (const cursor of all) cursor.expectRow();
    output.add(row, read());
  }
  if (window === undefined) for (const cursor of all) cursor.expectEnd();
  return output.finish(rows);
}

/** The levels and values of one leaf. */
function readLeaf(group: GroupContext, leaf: Leaf, chunk: SplitChunk, place: Place): LeafCursor {
  const { heap } = group.task;
  const { values: total } = chunk;
  if (total > MAX_GROUP_ROWS) throw corrupt(place, `${total} values in a column chunk`);
  const [repetition, definition] = [group.alloc(total), group.alloc(total)];
  const { storage } = leaf.decode;
  const Sink = storage === 'utf8' ? StringSink : FixedSink;
  const sink = storage === 'none' ? undefined : new Sink(group, leaf, place, chunk);
  const pages = new ChunkPages(group, chunk, place);
  let [entries, dense] = [0, 0];
  for (let page = pages.next(); page !== undefined; page = pages.next()) {
    if (page.header.type === 'dictionary') {
      sink?.dictionary(page);
      continue;
    }
    const { values: count, encoding } = page.header;
    if (count > total - entries) throw corrupt(place, `its pages have more than the ${total} values announced`);
    const max = { repetition: leaf.maxRepetition, definition: leaf.maxDefinition };
    const spans = findLevels(group, page, max, place);
    const scratch = group.scratch.get('levels', count * 4 + 128);
    for (const kind of ['repetition', 'definition'] as const) {
      const target = (kind === 'repetition' ? repetition : definition) + entries;
      if (max[kind] === 0) heap.u8.fill(0, target, target + count);
      else {
        decodeLevels(group, page, spans[kind], max[kind], scratch, kind, place);
        group.kernels.packCodes8(scratch, count, target);
      }
    }
    const present = countEqual(heap.u8, definition + entries, count, leaf.maxDefinition);
    if (present > 0) sink?.values({ encoding, start: spans.values, end: page.end, count: present, row: dense });
    entries += count;
    dense += present;
  }
  if (entries !== total) throw corrupt(place, `its pages have ${entries} of the ${total} values announced`);
  const levels = { repetition, definition, count: total, maxDefinition: leaf.maxDefinition };
  if (sink === undefined) return new LeafCursor(heap, levels, undefined, place);
  const values: Column = { type: leaf.type, length: dense, nullCount: 0, validity: 0, ...sink.finish() };
  return new LeafCursor(heap, levels, values, place);
}

function countEqual(u8: Uint8Array, from: number, count: number, wanted: number): number {
  let equal = 0;
  for (let i = from; i < from + count; i++) if (u8[i] === wanted) equal++;
  return equal;
}

interface Levels {
  readonly repetition: number;
  readonly definition: number;
  readonly count: number;
  readonly maxDefinition: number;
}

/** Walks over the entries of a leaf. */
class LeafCursor {
  #at = 0;
  #values: Scalar[] = [];
  #next = 0;
  #read = 0;
  readonly #u8: Uint8Array;

  constructor(
    private readonly heap: SharedHeap,
    private readonly levels: Levels,
    /** The values that are there, in order. */
    private readonly column: Column | undefined,
    readonly place: Place,
  ) {
    this.#u8 = heap.u8;
  }

  /** Passes over what is left of a row that began before, and over so many rows. */
  skipRows(rows: number): void {
    const { repetition, definition, count, maxDefinition } = this.levels;
    let begun = 0;
    for (; this.#at < count; this.#at++) {
      if (this.#u8[repetition + this.#at] === 0 && begun++ === rows) return;
      if (this.#u8[definition + this.#at] === maxDefinition) this.#read++;
    }
  }

  /** The repetition level of the next entry; -1 at the end. */
  repetition(): number {
    return this.#at < this.levels.count ? (this.#u8[this.levels.repetition + this.#at] as number) : -1;
  }

  definition(): number {
    if (this.#at >= this.levels.count) throw this.#short();
    return this.#u8[this.levels.definition + this.#at] as number;
  }

  /** Takes the next entry: its value, or null. */
  take(): Scalar {
    const present = this.definition() === this.levels.maxDefinition;
    this.#at++;
    return present ? this.#value() : null;
  }

  skip(): void {
    if (this.#at >= this.levels.count) throw this.#short();
    if (this.definition() === this.levels.maxDefinition)
      throw corrupt(this.place, 'a value stands in a list or struct that is null');
    this.#at++;
  }

  expectRow(): void {
    if (this.repetition() !== 0) throw this.#at < this.levels.count ? this.#unaligned() : this.#short();
  }

  expectEnd(): void {
    if (this.#at !== this.levels.count) throw this.#unaligned();
  }

  #value(): Scalar {
    const { column } = this;
    if (column === undefined) return null;
    if (this.#next === this.#values.length) {
      const length = Math.min(BLOCK_VALUES, column.length - this.#read);
      this.#values = readColumn(this.heap, sliceFrom(column, this.#read, length));
      this.#read += length;
      this.#next = 0;
    }
    return this.#values[this.#next++] as Scalar;
  }

  #short(): SparrowError {
    return corrupt(this.place, 'its repetition levels make fewer rows than the row group has');
  }

  #unaligned(): SparrowError {
    return corrupt(this.place, 'its repetition levels make other rows than those of the row group');
  }
}

/** Rows of a column without nulls, which has no bitmap. */
function sliceFrom(column: Column, from: number, length: number): Column {
  const bytes = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, i64: 8, i128: 16, f32: 4, f64: 8, utf8: 0, view: 8, none: 0 };
  const offsets = column.offsets === 0 ? 0 : column.offsets + from * 4;
  return { ...column, length, data: column.data + from * bytes[column.storage], offsets };
}

/** A function that reads the next value of a node, as Dremel's paper puts records together. */
function compileReader(node: ColumnNode, cursorOf: (leaf: Leaf) => LeafCursor): () => Scalar {
  const leaves = leavesOf(node).map(cursorOf);
  const first = leaves[0] as LeafCursor;
  const skip = (): void => {
    for (const leaf of leaves) leaf.skip();
  };
  switch (node.kind) {
    case 'unread':
      return () => null;
    case 'leaf':
      return () => first.take();
    case 'struct': {
      const fields = node.fields.map((child) => compileReader(child, cursorOf));
      const witness = node.witness && compileReader(node.witness, cursorOf);
      return () => {
        if (first.definition() >= node.definition) {
          witness?.();
          return fields.map((read) => read());
        }
        skip();
        return null;
      };
    }
    case 'list': {
      const element = compileReader(node.element, cursorOf);
      return repeated(node, first, skip, element, (items) => items);
    }
    case 'map': {
      const key = compileReader(node.key, cursorOf);
      const value = node.value === undefined ? () => null : compileReader(node.value, cursorOf);
      return repeated(
        node,
        first,
        skip,
        () => [key(), value()] as const,
        (entries) => ({ entries }),
      );
    }
    case 'variant': {
      const { typed } = node;
      const metadata = compileReader(node.metadata, cursorOf);
      const value = node.value === undefined ? () => null : compileReader(node.value, cursorOf);
      const readTyped = typed === undefined ? () => null : compileReader(typed.node, cursorOf);
      return () => {
        const isNull = first.definition() < node.definition;
        const [names, rest, shredded] = [metadata() as Uint8Array | null, value(), readTyped()];
        if (isNull || names === null) return null;
        if (typed !== undefined) return unshred(names, [rest, shredded], typed.type, first.place);
        return rest === null ? null : { metadata: names, value: rest as Uint8Array };
      };
    }
  }
}

function repeated<T>(
  node: { readonly definition: number; readonly elementDefinition: number; readonly repetition: number },
  first: LeafCursor,
  skip: () => void,
  element: () => T,
  make: (items: T[]) => Scalar,
): () => Scalar {
  return () => {
    const definition = first.definition();
    if (definition < node.elementDefinition) {
      skip();
      return definition < node.definition ? null : make([]);
    }
    const items: T[] = [];
    do items.push(element());
    while (first.repetition() === node.repetition);
    return make(items);
  };
}

/** Collects encoded rows into a `utf8` column. */
class NestedOutput {
  readonly #writer: { current: NestedWriter } = { current: new NestedWriter() };
  readonly #validity: number;
  readonly #offsets: number;
  #data = 0;
  #capacity = 0;
  #flushed = 0;
  #nulls = 0;

  constructor(
    private readonly group: GroupContext,
    private readonly column: SplitColumn,
    private readonly place: Place,
  ) {
    const rows = windowRows(group.split);
    this.#validity = group.task.arena.allocZeroed((rows >> 3) + 16);
    this.#offsets = group.alloc((rows + 1) * 4);
    group.task.heap.i32[this.#offsets >>> 2] = 0;
  }

  add(row: number, value: Scalar): void {
    const { u8, i32 } = this.group.task.heap;
    const { current } = this.#writer;
    if (value === null) this.#nulls++;
    else {
      const at = this.#validity + (row >>> 3);
      u8[at] = (u8[at] as number) | (1 << (row & 7));
      current.append(this.column.type, value);
    }
    const end = this.#flushed + current.length;
    if (end > MAX_BYTES) throw corrupt(this.place, 'the nested values of one row group take 2 GiB or more');
    i32[(this.#offsets >>> 2) + row + 1] = end;
    if (current.length > FLUSH_BYTES) this.#flush();
  }

  finish(rows: number): Column {
    this.#flush();
    const nullCount = this.#nulls;
    return {
      type: this.column.type,
      storage: 'utf8',
      length: rows,
      nullCount,
      validity: nullCount === 0 ? 0 : this.#validity,
      data: this.#data,
      offsets: this.#offsets,
    };
  }

  #flush(): void {
    const { arena, heap } = this.group.task;
    const bytes = this.#writer.current.bytes();
    const wanted = this.#flushed + bytes.length;
    if (wanted > this.#capacity || this.#data === 0) {
      const capacity = Math.min(MAX_BYTES + FLUSH_BYTES, Math.max(wanted, this.#capacity * 2));
      const data = arena.alloc(capacity);
      heap.copy(data, this.#data, this.#flushed);
      this.#data = data;
      this.#capacity = capacity;
    }
    heap.u8.set(bytes, this.#data + this.#flushed);
    this.#flushed = wanted;
    this.#writer.current = new NestedWriter();
  }
}
