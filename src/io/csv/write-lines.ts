import { type Arena, type Batch, type Column, isNullAt, numberStorage, storageBytes } from '../../base/index.js';
import type { CsvWriteOptions } from './options.js';
import type { TextOut } from './text-out.js';
import { type CellWriter, digitsNeedNoQuotes, specialBytes } from './write-cells.js';
import { CELL_BYTES, type CsvKernels, csvKernels, SLOT_BYTES, UNWRITTEN } from './write-kernels.js';

/** Cells that are filled before lines are made of them, and rows at most. */
const PIECE_CELLS = 1 << 15;
const MOST_ROWS = 2048;
/** Kernels write and copy up to so many bytes too many. */
const SLACK = 64;
const MOST_SEPARATOR_BYTES = 8;

/** What fills the cells of rows from…to of a column; gives whether some were left unwritten. */
type Filler = (from: number, count: number) => boolean;

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
  readonly #special: number;
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
    this.#special = arena.alloc(256);
    heap.u8.set(specialBytes(options), this.#special);
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
    for (let from = 0; from < batch.rows; from += this.#rows) {
      const count = Math.min(this.#rows, batch.rows - from);
      for (const [i, column] of batch.columns.entries()) {
        const isWhole = fillers[i]?.(from, count) ?? false;
        if (isWhole && column.validity === 0 && column.storage !== 'none') continue;
        const write = (row: number): void => {
          writers[i] ??= cell(column, i);
          writers[i](row);
        };
        this.#complete(column, i, from, count, fillers[i] === undefined, write, pending);
      }
      this.#placePending(pending);
      yield this.#join(count);
    }
  }

  #filler(column: Column, i: number): Filler | undefined {
    const { type, storage } = column;
    const { options } = this;
    if (type.kind === 'string') return this.#strings(column, i);
    const isInteger = storage === 'i8' || storage === 'i16' || storage === 'i32' || storage === 'i64';
    if (!isInteger || !digitsNeedNoQuotes(options)) return undefined;
    const width = storageBytes(storage) as number;
    const cells = this.#cells + i * this.#stride;
    const source = (from: number): number => column.data + from * width;
    switch (type.kind) {
      case 'int8':
      case 'int16':
      case 'int32':
      case 'int64':
      case 'decimal': {
        const scale = type.kind === 'decimal' ? type.scale : 0;
        if (scale > 18) return undefined;
        const slots = this.#slotsOf(i);
        return (from, count) => {
          this.#kernels.numbers(source(from), width, count, scale, 10n ** BigInt(scale), cells, slots);
          return true;
        };
      }
      case 'date': {
        if (options.dateFormat !== undefined) return undefined;
        const slots = this.#slotsOf(i);
        return (from, count) => this.#kernels.days(source(from), width, count, cells, slots) === 0;
      }
      default:
        return undefined;
    }
  }

  #slotsOf(i: number): number {
    this.#slots[i] ??= this.arena.alloc(this.#rows * SLOT_BYTES + SLACK);
    return this.#slots[i];
  }

  #strings(column: Column, i: number): Filler | undefined {
    const { quoteAll, escapeFormulas, trimLeading, trimTrailing, quote } = this.options;
    if (quoteAll || escapeFormulas) return undefined;
    const { heap } = this.arena;
    const { u32 } = heap;
    const cells = this.#cells + i * this.#stride;
    const place = textPlaces(heap, column, u32, cells >>> 2);
    const trim = (trimLeading ? 1 : 0) + (trimTrailing ? 2 : 0);
    const quoteByte = quote === '' ? -1 : quote.charCodeAt(0);
    return (from, count) => {
      place(from, count);
      // Where a null would lie may be anywhere.
      if (column.validity !== 0)
        for (let k = 0; k < count; k++)
          if (isNullAt(heap, column, from + k)) u32.fill(0, (cells >>> 2) + 2 * k, (cells >>> 2) + 2 * k + 2);
      return this.#kernels.strings(cells, count, this.#special, quoteByte, trim) === 0;
    };
  }

  /** Nulls, and the cells that kernels left. */
  #complete(
    column: Column,
    i: number,
    from: number,
    count: number,
    isAll: boolean,
    write: CellWriter,
    pending: number[],
  ): void {
    const { heap } = this.arena;
    const { u32 } = heap;
    const { out } = this;
    const first = (this.#cells + i * this.#stride) >>> 2;
    for (let k = 0; k < count; k++) {
      const slot = first + 2 * k;
      if (isNullAt(heap, column, from + k)) [u32[slot], u32[slot + 1]] = this.#null;
      else if (isAll || u32[slot + 1] === UNWRITTEN) {
        u32[slot] = out.length;
        write(from + k);
        u32[slot + 1] = out.length - (u32[slot] as number);
        pending.push(slot);
      }
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
    const { u8, u32 } = this.arena.heap;
    let bytes = count * (this.columns * this.#between[1] + this.#behind[1]);
    for (let i = 0; i < this.columns; i++) {
      const first = (this.#cells + i * this.#stride) >>> 2;
      for (let slot = first + 1; slot < first + 2 * count; slot += 2) bytes += u32[slot] as number;
    }
    if (bytes > this.#targetBytes) {
      this.#targetBytes = Math.ceil(bytes * 1.5);
      this.#target = this.arena.alloc(this.#targetBytes + SLACK);
    }
    const [target, columns] = [this.#target, this.columns];
    const [cells, stride] = [this.#cells, this.#stride];
    const end = this.#kernels.lines(cells, columns, stride, count, ...this.#between, ...this.#behind, target) >>> 0;
    return u8.subarray(target, end);
  }
}

/** Fills cells with where the strings of rows are. */
function textPlaces(
  heap: Arena['heap'],
  column: Column,
  u32: Uint32Array,
  cells: number,
): (from: number, count: number) => void {
  const { dictionary, data } = column;
  if (dictionary === undefined && column.storage === 'view')
    return (from, count) => u32.set(u32.subarray((data >>> 2) + 2 * from, (data >>> 2) + 2 * (from + count)), cells);
  if (dictionary !== undefined) {
    const { array, base } = numberStorage(heap, column);
    const slot = dictionary.offsets >>> 2;
    return (from, count) => {
      for (let k = 0; k < count; k++) {
        const code = slot + (array[base + from + k] as number);
        const start = u32[code] as number;
        u32[cells + 2 * k] = dictionary.data + start;
        u32[cells + 2 * k + 1] = (u32[code + 1] as number) - start;
      }
    };
  }
  const slot = column.offsets >>> 2;
  return (from, count) => {
    for (let k = 0; k < count; k++) {
      const start = u32[slot + from + k] as number;
      u32[cells + 2 * k] = data + start;
      u32[cells + 2 * k + 1] = (u32[slot + from + k + 1] as number) - start;
    }
  };
}

/** Up to eight bytes as a number that is stored as they are. */
function packed(bytes: Buffer): readonly [bytes: bigint, length: number] {
  const eight = Buffer.alloc(8);
  bytes.copy(eight);
  return [eight.readBigInt64LE(), bytes.length];
}
