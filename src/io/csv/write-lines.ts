import type { Arena, Batch, Column, Storage } from '../../base/index.js';
import type { CsvWriteOptions } from './options.js';
import type { TextOut } from './text-out.js';
import { type CellWriter, digitsNeedNoQuotes, specialBytes } from './write-cells.js';
import { type CsvKernels, csvKernels, SPECIALS } from './write-kernels.js';
import { CELL_BYTES, SLOT_BYTES } from './write-numbers.js';

/** Cells that are filled before lines are made of them, and rows at most. */
const PIECE_CELLS = 1 << 15;
const MOST_ROWS = 2048;
/** Bytes of texts that are written at a time, unless one row has more. */
const PIECE_BYTES = 1 << 22;
/** Kernels write and copy up to so many bytes too many. */
const SLACK = 64;
const MOST_SEPARATOR_BYTES = 8;
/** Integers of a batch whose texts are made once each, and how many rows there must be for each at least. */
const MOST_TEXTS = 4096;
const ROWS_OF_TEXT = 4;
/** Rows that tell whether integers may be few. */
const FIRST_ROWS = 256;

/** What fills the cells of rows from…to of a column; gives whether some were left unwritten. */
type Filler = (from: number, count: number) => boolean;
/** Writes cells for the integers at `source`; gives how many it left. */
type Format = (source: number, width: number, count: number, cells: number, slots: number) => number;

/** Cells that rows share: of a dictionary, or of integers. */
interface Texts {
  /** What they are of. */
  key: string;
  readonly cells: number;
  readonly capacity: number;
  readonly slots: number;
  isWhole: boolean;
}

/**
 * Makes lines of a batch by columns: first every column notes where the texts of its cells are, which kernels write for
 * numbers and dates and which lie ready for strings without quotes; then one kernel puts them together.
 */
export class LineWriter {
  readonly #kernels: CsvKernels;
  readonly #rows: number;
  readonly #stride: number;
  readonly #cells: number;
  /** Room for the numbers of each column that has some. */
  readonly #slots: number[] = [];
  readonly #texts: Texts[] = [];
  readonly #special: number;
  /** Rows whose cells are unwritten; bounds. */
  readonly #found: number;
  readonly #null: readonly [address: number, length: number];
  readonly #between: readonly [bytes: bigint, length: number];
  readonly #behind: readonly [bytes: bigint, length: number];
  /** Lines, and texts that JavaScript wrote. */
  #target = 0;
  #targetBytes = 0;
  #side = 0;
  #sideBytes = 0;

  /** Undefined where separators are too long for the kernel. */
  static of(arena: Arena, columns: number, options: CsvWriteOptions, out: TextOut): LineWriter | undefined {
    const separators = [options.delimiter, options.lineSep].map((text) => Buffer.from(text, 'utf8'));
    if (columns === 0 || separators.some(({ length }) => length > MOST_SEPARATOR_BYTES)) return undefined;
    return new LineWriter(arena, columns, options, out, separators as [Buffer, Buffer]);
  }

  private constructor(
    private readonly arena: Arena,
    private readonly columns: number,
    private readonly options: CsvWriteOptions,
    /** Where cell writers write; empty between two pieces. */
    private readonly out: TextOut,
    [delimiter, lineSep]: readonly [Buffer, Buffer],
  ) {
    const { heap } = arena;
    this.#kernels = csvKernels(heap);
    this.#rows = Math.max(64, Math.min(MOST_ROWS, Math.floor(PIECE_CELLS / columns)));
    this.#stride = this.#rows * CELL_BYTES;
    this.#cells = arena.alloc(columns * this.#stride);
    this.#special = arena.alloc(SPECIALS * 16);
    const special = [...specialBytes(options).entries()].flatMap(([byte, is]) => (is === 1 ? [byte] : []));
    for (let i = 0; i < SPECIALS; i++)
      heap.u8.fill(special[i] ?? special[0] ?? 0, this.#special + i * 16, this.#special + i * 16 + 16);
    this.#found = arena.alloc(this.#rows * 4 + SLACK);
    const nullText = Buffer.from(options.nullValue, 'utf8');
    this.#null = [arena.alloc(nullText.length + SLACK), nullText.length];
    heap.u8.set(nullText, this.#null[0]);
    this.#between = packed(delimiter);
    this.#behind = packed(lineSep);
  }

  /** The lines of a batch, piece by piece; each is valid until the next. `cell` gives what writes a column's other cells. */
  *lines(batch: Batch, cell: (column: Column, i: number) => CellWriter): Generator<Uint8Array> {
    const pending: number[] = [];
    const fillers = batch.columns.map((column, i) => this.#filler(column, i));
    const writers: (CellWriter | undefined)[] = [];
    for (let from = 0, count = 0; from < batch.rows; from += count) {
      count = this.#fitting(batch, from);
      for (const [i, column] of batch.columns.entries()) {
        const write = (row: number): void => {
          writers[i] ??= cell(column, i);
          writers[i](row);
        };
        this.#fill(column, i, from, count, fillers[i], write, pending);
      }
      this.#placePending(pending);
      yield this.#join(count);
    }
  }

  /** How many rows are written at a time: few where they are long. */
  #fitting({ rows, columns }: Batch, from: number): number {
    const { u32 } = this.arena.heap;
    let count = Math.min(this.#rows, rows - from);
    for (const { storage, dictionary, offsets } of columns) {
      if (storage !== 'utf8' || dictionary !== undefined) continue;
      const at = (row: number): number => u32[(offsets >>> 2) + row] as number;
      while (count > 1 && at(from + count) - at(from) > PIECE_BYTES) count = Math.ceil(count / 2);
    }
    return count;
  }

  #filler(column: Column, i: number): Filler | undefined {
    const { type, storage } = column;
    const { options } = this;
    if (storage === 'none') return undefined;
    if (type.kind === 'string') return this.#strings(column, i);
    const width = WIDTHS[storage];
    if (width === undefined || !digitsNeedNoQuotes(options)) return undefined;
    switch (type.kind) {
      case 'int8':
      case 'int16':
      case 'int32':
      case 'int64':
      case 'decimal': {
        const scale = type.kind === 'decimal' ? type.scale : 0;
        if (scale > 18) return undefined;
        return this.#integers(column, i, width, (source, bytes, count, cells, slots) => {
          this.#kernels.numbers(source, bytes, count, scale, 10n ** BigInt(scale), cells, slots);
          return 0;
        });
      }
      case 'date':
        if (options.dateFormat !== undefined) return undefined;
        return this.#integers(column, i, width, (...where) => this.#kernels.days(...where));
      default:
        return undefined;
    }
  }

  /** Few integers have each its text made once. */
  #integers(column: Column, i: number, width: number, format: Format): Filler {
    const cells = this.#cells + i * this.#stride;
    const source = (from: number): number => column.data + from * Math.abs(width);
    const few = this.#fewIntegers(column, i, width, format);
    if (few !== undefined) {
      const { base, size, texts } = few;
      return (from, count) => {
        this.#kernels.coded(source(from), width, count, base, size, texts.cells, cells);
        return texts.isWhole;
      };
    }
    this.#slots[i] ??= this.arena.alloc(this.#rows * SLOT_BYTES + SLACK);
    const slots = this.#slots[i];
    return (from, count) => format(source(from), width, count, cells, slots) === 0;
  }

  #fewIntegers(
    { data, length, validity, type }: Column,
    i: number,
    width: number,
    format: Format,
  ): { base: bigint; size: number; texts: Texts } | undefined {
    const most = BigInt(Math.min(MOST_TEXTS, Math.floor(length / ROWS_OF_TEXT)));
    // Where a null is, anything may be.
    if (validity !== 0 || most === 0n) return undefined;
    const { heap } = this.arena;
    let [base, size] = [0n, 0n];
    for (const count of [Math.min(FIRST_ROWS, length), length]) {
      this.#kernels.bounds(data, width, count, this.#found);
      base = heap.i64[this.#found / 8] as bigint;
      size = (heap.i64[this.#found / 8 + 1] as bigint) - base + 1n;
      if (size > most) return undefined;
    }
    const texts = this.#textsOf(i, `${type.kind} ${base} ${size}`, Number(size), true, (cells, slots) => {
      const numbers = this.arena.alloc(Number(size) * 8);
      for (let n = 0; n < size; n++) heap.i64[numbers / 8 + n] = base + BigInt(n);
      return format(numbers, 8, Number(size), cells, slots) === 0;
    });
    return { base, size: Number(size), texts };
  }

  /** The table of a column's texts, filled anew where it is of something else. */
  #textsOf(
    i: number,
    key: string,
    size: number,
    hasSlots: boolean,
    fill: (cells: number, slots: number) => boolean,
  ): Texts {
    let texts = this.#texts[i];
    if (texts?.key === key) return texts;
    if (texts === undefined || texts.capacity < size) {
      const capacity = hasSlots ? MOST_TEXTS : Math.ceil(size * 1.5);
      const slots = hasSlots ? this.arena.alloc(capacity * SLOT_BYTES + SLACK) : 0;
      texts = { key, cells: this.arena.alloc(capacity * CELL_BYTES + SLACK), capacity, slots, isWhole: false };
      this.#texts[i] = texts;
    }
    texts.key = key;
    texts.isWhole = fill(texts.cells, texts.slots);
    return texts;
  }

  #strings(column: Column, i: number): Filler | undefined {
    const { quoteAll, escapeFormulas, trimLeading, trimTrailing, quote } = this.options;
    if (quoteAll || escapeFormulas) return undefined;
    const kernels = this.#kernels;
    const { u32 } = this.arena.heap;
    const { dictionary, data, offsets, validity, storage } = column;
    const cells = this.#cells + i * this.#stride;
    const trim = (trimLeading ? 1 : 0) + (trimTrailing ? 2 : 0);
    const quoteByte = quote === '' ? -1 : quote.charCodeAt(0);
    const checked = (at: number, count: number): boolean =>
      kernels.strings(at, count, this.#special, quoteByte, trim) === 0;
    if (dictionary !== undefined && dictionary.count > 0) {
      const { count: size, id } = dictionary;
      const texts = this.#textsOf(i, `dictionary ${id} ${dictionary.data}`, size, false, (at) => {
        kernels.places(dictionary.offsets, dictionary.data, size, at);
        return checked(at, size);
      });
      const width = WIDTHS[storage] as number;
      return (from, count) => {
        kernels.coded(data + from * Math.abs(width), width, count, 0n, size, texts.cells, cells);
        return texts.isWhole;
      };
    }
    return (from, count) => {
      if (storage === 'view') {
        const first = (data >>> 2) + 2 * from;
        u32.set(u32.subarray(first, first + 2 * count), cells >>> 2);
      } else kernels.places(offsets + from * 4, data, count, cells);
      // Where a null would lie may be anywhere.
      if (validity !== 0) kernels.nulls(validity, from, count, cells, 0, 0);
      return checked(cells, count);
    };
  }

  /** Cells of kernels, nulls, and what is left. */
  #fill(
    column: Column,
    i: number,
    from: number,
    count: number,
    filler: Filler | undefined,
    write: CellWriter,
    pending: number[],
  ): void {
    const { u32 } = this.arena.heap;
    const cells = this.#cells + i * this.#stride;
    const isWhole = filler?.(from, count) ?? false;
    if (filler === undefined) this.arena.heap.fill(0xff, cells, count * CELL_BYTES);
    if (column.storage === 'none') {
      for (let k = 0; k < count; k++) [u32[(cells >>> 2) + 2 * k], u32[(cells >>> 2) + 2 * k + 1]] = this.#null;
    } else if (column.validity !== 0) this.#kernels.nulls(column.validity, from, count, cells, ...this.#null);
    if (isWhole) return;
    const left = this.#kernels.unwritten(cells, count, this.#found);
    const { out } = this;
    for (let n = 0; n < left; n++) {
      const row = u32[(this.#found >>> 2) + n] as number;
      const slot = (cells >>> 2) + 2 * row;
      u32[slot] = out.length;
      write(from + row);
      u32[slot + 1] = out.length - (u32[slot] as number);
      pending.push(slot);
    }
  }

  /** Brings the texts that JavaScript wrote to where kernels read. */
  #placePending(pending: number[]): void {
    const { heap } = this.arena;
    const { out } = this;
    if (out.length > this.#sideBytes) {
      this.#sideBytes = out.length * 2;
      this.#side = this.arena.alloc(this.#sideBytes + SLACK);
    }
    heap.u8.set(out.bytes.subarray(0, out.length), this.#side);
    for (const slot of pending) heap.u32[slot] = (heap.u32[slot] as number) + this.#side;
    pending.length = 0;
    out.length = 0;
  }

  #join(count: number): Uint8Array {
    const { u8 } = this.arena.heap;
    const [columns, cells, stride] = [this.columns, this.#cells, this.#stride];
    const bytes =
      (this.#kernels.bytes(cells, columns, stride, count) >>> 0) +
      count * (columns * this.#between[1] + this.#behind[1]);
    if (bytes > this.#targetBytes) {
      this.#targetBytes = Math.ceil(bytes * 1.5);
      this.#target = this.arena.alloc(this.#targetBytes + SLACK);
    }
    const target = this.#target;
    const end = this.#kernels.lines(cells, columns, stride, count, ...this.#between, ...this.#behind, target) >>> 0;
    return u8.subarray(target, end);
  }
}

/** Bytes of an integer in a storage; below zero without a sign. */
const WIDTHS: Readonly<Partial<Record<Storage, number>>> = { i8: 1, i16: 2, i32: 4, i64: 8, u8: -1, u16: -2 };

/** Up to eight bytes as a number that is stored as they are. */
function packed(bytes: Buffer): readonly [bytes: bigint, length: number] {
  const eight = Buffer.alloc(8);
  bytes.copy(eight);
  return [eight.readBigInt64LE(), bytes.length];
}
