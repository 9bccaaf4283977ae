import { isUtf8 } from 'node:buffer';
import {
  type Arena,
  buildColumn,
  type Column,
  type ColumnStats,
  findTimeZone,
  localToInstant,
  readColumn,
  type Scalar,
  storageBytes,
  stringType,
  type TimeZone,
} from '../../base/index.js';
import { type Cell, cellOf } from './cells.js';
import { COUNTERS } from './emit-field.js';
import { decimalKernel, type TypedKernel } from './kernels.js';
import type { CsvReadOptions } from './options.js';
import type { CsvColumn } from './split.js';
import type { TextIndex } from './text-index.js';

const SLOW_ROWS_BYTES = 65536 * 4;
const NO_MIN = 2n ** 63n - 1n;
const NO_MAX = -(2n ** 63n);

/** Told of every field that is no value of its column's type. */
export type OnBadValue = (row: number, column: CsvColumn, text: string) => void;

/** Makes columns of the blocks of an index. */
export class ColumnReader {
  readonly #cells = new Map<CsvColumn, Cell>();
  readonly #arena: Arena;
  readonly #slowRows: number;
  readonly #empty: number;
  /** A bitmap of zeros that is not in use. */
  #spareBitmap: { address: number; rows: number } | undefined;

  constructor(
    readonly index: TextIndex,
    readonly columns: readonly CsvColumn[],
    readonly options: CsvReadOptions,
    path: string,
  ) {
    const { arena } = index;
    this.#arena = arena;
    for (const column of columns) {
      if (column.source.kind === 'field')
        this.#cells.set(column, cellOf(column.type, options, `file ${path}, column ${column.name}`));
    }
    const typed = [...this.#cells.values()].some((cell) => cell.kernel !== 'text');
    this.#slowRows = typed ? arena.alloc(SLOW_ROWS_BYTES) : 0;
    const empty = Buffer.from(options.dialect.emptyValue, 'utf8');
    this.#empty = arena.alloc(empty.length);
    arena.heap.u8.set(empty, this.#empty);
  }

  /** The columns of the current block; those of malformed records are filled in by `corrupt`. */
  read(onBad: OnBadValue): (Column | undefined)[] {
    const ascii = this.index.isAscii();
    const repaired = !ascii && !isUtf8(Buffer.from(this.index.blockBytes()));
    return this.columns.map((column) => {
      const cell = this.#cells.get(column);
      if (cell === undefined) return undefined;
      if (cell.kernel === 'text') return this.#strings(column, ascii, repaired);
      return this.#typed(column, cell, onBad);
    });
  }

  corrupt(column: CsvColumn, bad: ReadonlySet<number>): Column {
    const values: (string | null)[] = [];
    for (let row = 0; row < this.index.rows; row++) values.push(bad.has(row) ? this.index.recordText(row) : null);
    return buildColumn(this.#arena, column.type, values);
  }

  #bitmap(rows: number): number {
    const spare = this.#spareBitmap;
    this.#spareBitmap = undefined;
    return spare !== undefined && spare.rows >= rows ? spare.address : this.#arena.allocZeroed((rows + 7) >>> 3);
  }

  /** Without nulls a bitmap is cleared and kept for the next column. */
  #validity(address: number, rows: number, nulls: number): { nullCount: number; validity: number } {
    if (nulls > 0) return { nullCount: nulls, validity: address };
    this.#arena.heap.u8.fill(0, address, address + ((rows + 7) >>> 3));
    this.#spareBitmap = { address, rows };
    return { nullCount: 0, validity: 0 };
  }

  #strings(column: CsvColumn, ascii: boolean, repaired: boolean): Column {
    const { index } = this;
    const { kernels, text, stride, rows, counters } = index;
    const position = (column.source as { position: number }).position;
    const bytes = kernels.textBytes(text, index.index, stride, position, rows) >>> 0;
    const offsets = this.#arena.alloc((rows + 1) * 4);
    const data = this.#arena.alloc(bytes);
    const bitmap = this.#bitmap(rows);
    kernels.strings(text, index.index, stride, position, rows, offsets, data, bitmap, counters, this.#empty);
    const nulls = this.#arena.heap.u32[(counters + COUNTERS.nulls) >>> 2] as number;
    const stats = ascii ? { stats: { ascii } } : {};
    const validity = this.#validity(bitmap, rows, nulls);
    const read: Column = { type: column.type, storage: 'utf8', length: rows, ...validity, data, offsets, ...stats };
    // Decoding and encoding again puts U+FFFD in place of what is no UTF-8.
    if (repaired && column.type.kind === 'string') {
      return buildColumn(this.#arena, stringType, readColumn(this.#arena.heap, read));
    }
    return read;
  }

  #kernel(column: CsvColumn, cell: Cell): TypedKernel {
    const { type } = column;
    if (type.kind === 'decimal') {
      return decimalKernel(this.#arena.heap, this.index.dialect, type.precision, type.scale);
    }
    return this.index.kernels[cell.kernel as 'int32'];
  }

  #typed(column: CsvColumn, cell: Cell, onBad: OnBadValue): Column {
    const { index } = this;
    const { text, stride, rows, counters } = index;
    const { heap } = this.#arena;
    const position = (column.source as { position: number }).position;
    const data = this.#arena.alloc(rows * (storageBytes(cell.storage) as number));
    const bitmap = this.#bitmap(rows);
    heap.i64[(counters + COUNTERS.min) / 8] = NO_MIN;
    heap.i64[(counters + COUNTERS.max) / 8] = NO_MAX;
    this.#kernel(column, cell)(text, index.index, stride, position, rows, data, bitmap, this.#slowRows, counters);
    let nulls = heap.u32[(counters + COUNTERS.nulls) >>> 2] as number;
    const slow = heap.u32[(counters + COUNTERS.slow) >>> 2] as number;
    if (cell.local) toInstants(this.#arena, data, bitmap, rows, this.options.timeZone);
    const bounds = new Bounds(
      heap.i64[(counters + COUNTERS.min) / 8] as bigint,
      heap.i64[(counters + COUNTERS.max) / 8] as bigint,
    );
    for (let i = 0; i < slow; i++) {
      const row = heap.u32[(this.#slowRows >>> 2) + i] as number;
      const field = index.fieldText(row, position);
      const value = field === null ? undefined : cell.parse(field);
      if (value === undefined || value === null) {
        nulls++;
        if (field !== null) onBad(row, column, field);
        continue;
      }
      store(this.#arena, cell, data, row, value);
      bounds.add(value);
      const at = bitmap + (row >>> 3);
      heap.u8[at] = (heap.u8[at] as number) | (1 << (row & 7));
    }
    const stats = cell.local ? undefined : bounds.stats(column);
    const validity = this.#validity(bitmap, rows, nulls);
    const read: Column = { type: column.type, storage: cell.storage, length: rows, ...validity, data, offsets: 0 };
    return stats === undefined ? read : { ...read, stats };
  }
}

/** The least and greatest value of a column whose values are integers. */
class Bounds {
  constructor(
    private min: bigint,
    private max: bigint,
  ) {}

  add(value: Scalar): void {
    if (typeof value === 'number' && !Number.isInteger(value)) return;
    if (typeof value !== 'bigint' && typeof value !== 'number') return;
    const integer = BigInt(value);
    if (integer < this.min) this.min = integer;
    if (integer > this.max) this.max = integer;
  }

  stats({ type }: CsvColumn): ColumnStats | undefined {
    if (this.min > this.max) return undefined;
    switch (type.kind) {
      case 'int8':
      case 'int16':
      case 'int32':
      case 'date':
        return { min: Number(this.min), max: Number(this.max) };
      case 'int64':
      case 'decimal':
        return { min: this.min, max: this.max };
      default:
        return undefined;
    }
  }
}

/** Clock readings of the rows that are there become instants. */
function toInstants(arena: Arena, data: number, bitmap: number, rows: number, zoneId: string): void {
  const zone = findTimeZone(zoneId) as TimeZone;
  const { i64, u8 } = arena.heap;
  for (let row = 0; row < rows; row++) {
    if ((((u8[bitmap + (row >>> 3)] as number) >>> (row & 7)) & 1) === 0) continue;
    i64[data / 8 + row] = localToInstant(zone, i64[data / 8 + row] as bigint);
  }
}

function store({ heap }: Arena, { storage }: Cell, data: number, row: number, value: Scalar): void {
  switch (storage) {
    case 'u8':
      heap.u8[data + row] = value === true ? 1 : 0;
      break;
    case 'i8':
      heap.i8[data + row] = value as number;
      break;
    case 'i16':
      heap.i16[data / 2 + row] = value as number;
      break;
    case 'i32':
      heap.i32[data / 4 + row] = value as number;
      break;
    case 'f32':
      heap.f32[data / 4 + row] = value as number;
      break;
    case 'f64':
      heap.f64[data / 8 + row] = value as number;
      break;
    case 'i64':
      heap.i64[data / 8 + row] = value as bigint;
      break;
    default:
      heap.i64[data / 8 + 2 * row] = value as bigint;
      heap.i64[data / 8 + 2 * row + 1] = (value as bigint) >> 64n;
  }
}
