import {
  type Arena,
  BATCH_ROWS,
  type Batch,
  type Column,
  type DataType,
  type Scalar,
  type Storage,
  type TaskContext,
} from '../../base/index.js';
import { constantColumn } from '../constant-column.js';
import { isUtc, plainKernels } from '../csv/cells.js';
import { COUNTERS, type ValueKernelName } from '../csv/emit-field.js';
import type { TypedKernel } from '../csv/kernels.js';
import { TypedColumns } from '../csv/typed-columns.js';
import { asBytes } from './bytes.js';
import { writeFieldTable } from './field-table.js';
import { decimalKernel, type JsonKernels, jsonKernels, kernelTables } from './kernels/index.js';
import { ENTRY_BYTES, FOUND, KIND, KIND_SHIFT, POSITION } from './kernels/layout.js';
import type { JsonReadOptions } from './options.js';
import { JsonScanner } from './scanner.js';
import { sinkOf } from './sinks.js';
import type { JsonColumn, JsonSplit } from './split.js';
import { BAD, valueReader } from './values.js';

const INDEX_BYTES = 4 << 20;
/** Fewer records than this before one that only JavaScript can read are not worth a batch. */
const FEW_ROWS = 2048;

/** Makes the column of a slot of the index; undefined when a value is none of the type. */
type ColumnMaker = (rows: number) => Column | undefined;

/** Lines that were read at once. */
export interface Block {
  /** Their bytes. */
  readonly bytes: number;
  /** Undefined: some value is not of its column's type. */
  readonly batch: Batch | undefined;
}

/**
 * Reads many records at once: a kernel writes an index of their values, from which columns are made one after the other.
 * It knows plain records of the right types only; all others are for the reader of single records, which decides what
 * becomes of them.
 */
export class BlockReader {
  readonly #arena: Arena;
  /** For what is part of a batch. */
  readonly #batchArena: Arena;
  readonly #kernels: JsonKernels;
  readonly #counters: number;
  readonly #tables: number;
  readonly #fields: number;
  readonly #index: number;
  readonly #stride: number;
  readonly #indexRows: number;
  readonly #typed: TypedColumns;
  readonly #scanner: JsonScanner;
  readonly #makers: readonly ColumnMaker[];
  /** Address of the block at hand, and whether it is ASCII throughout. */
  #text = 0;
  #ascii = false;

  constructor(
    private readonly payload: JsonSplit,
    private readonly context: TaskContext,
  ) {
    const { columns, fields, options } = payload;
    const { arena, batchArena } = context;
    this.#arena = arena;
    this.#batchArena = batchArena;
    this.#kernels = jsonKernels(arena.heap);
    this.#counters = arena.allocZeroed(COUNTERS.bytes);
    for (let i = 0; i <= 22; i++) arena.heap.f64[(this.#counters + COUNTERS.powers) / 8 + i] = 10 ** i;
    this.#tables = kernelTables(arena);
    this.#typed = new TypedColumns(arena, batchArena, this.#counters, options.timeZone);
    this.#scanner = new JsonScanner(options.syntax);
    const slots = new Map<string, number>();
    this.#makers = columns.map((column) => {
      if (column.source.kind !== 'field') return this.#constant(column);
      const slot = slots.size;
      slots.set(column.name, slot);
      return this.#maker(column.type, slot);
    });
    const places = fields.map((name) => (slots.get(name) ?? -1 / ENTRY_BYTES) * ENTRY_BYTES);
    this.#fields = writeFieldTable(arena, fields, places, payload.sampled && !options.modeGiven);
    this.#stride = slots.size * ENTRY_BYTES;
    this.#indexRows = Math.min(BATCH_ROWS, Math.max(FEW_ROWS, Math.floor(INDEX_BYTES / Math.max(1, this.#stride))));
    this.#index = arena.alloc(this.#indexRows * this.#stride);
  }

  /** Whether records of a split can be read so. */
  static suits({ columns, options }: JsonSplit): boolean {
    return !options.multiLine && columns.every(({ source }) => source.kind !== 'record');
  }

  /** Reads records of the lines between two addresses, of which there are whole ones only; undefined when there are few. */
  read(from: number, to: number, maxRows: number): Block | undefined {
    const { heap } = this.#arena;
    const most = Math.min(maxRows, this.#indexRows);
    const { index } = this.#kernels;
    const end =
      index(from, from, to, this.#index, this.#stride, most, this.#fields, this.#tables, this.#counters) >>> 0;
    const rows = heap.u32[(this.#counters + FOUND.rows) >>> 2] as number;
    const left = heap.u32[(this.#counters + FOUND.left) >>> 2] === 1;
    if (left && rows < FEW_ROWS) return undefined;
    this.#text = from;
    this.#ascii = this.#kernels.hasHighBits(from, end) === 0;
    this.#scanner.bytes = asBytes(heap.buffer.subarray(from, end));
    const columns: Column[] = [];
    for (const make of this.#makers) {
      this.context.checkCancelled();
      const column = make(rows);
      if (column === undefined) return { bytes: end - from, batch: undefined };
      columns.push(column);
    }
    return { bytes: end - from, batch: { rows, columns } };
  }

  #constant({ source, type }: JsonColumn): ColumnMaker {
    const value = source.kind === 'constant' ? source.value : null;
    return (rows) => constantColumn(this.#batchArena, type, rows, value);
  }

  #maker(type: DataType, slot: number): ColumnMaker {
    if (type.kind === 'string') return (rows) => this.#strings(type, slot, rows);
    const cell = kernelOf(type, this.payload.options);
    if (cell === undefined) return this.#single(type, slot);
    const kernel =
      type.kind === 'decimal'
        ? decimalKernel(this.#arena.heap, type.precision, type.scale)
        : this.#kernels[cell.kernel as ValueKernelName];
    return this.#values(type, slot, cell, kernel);
  }

  #values(type: DataType, slot: number, cell: KernelCell, kernel: TypedKernel): ColumnMaker {
    const reader = valueReader(type, this.payload.options);
    return (rows) => {
      let bad = false;
      const slow = (row: number): Scalar | undefined => {
        this.#toValue(row, slot);
        const value = reader(this.#scanner);
        if (value === BAD) bad = true;
        return value === BAD || value === null ? undefined : value;
      };
      const run = (data: number, bitmap: number, slowRows: number): void => {
        kernel(this.#text, this.#index, this.#stride, slot, rows, data, bitmap, slowRows, this.#counters);
      };
      const column = this.#typed.read({ ...cell, type }, rows, run, slow);
      return bad ? undefined : column;
    };
  }

  /** Types without a kernel: value by value. */
  #single(type: DataType, slot: number): ColumnMaker {
    let sink: ReturnType<typeof sinkOf> | undefined;
    return (rows) => {
      sink ??= sinkOf(type, this.payload.options);
      let bad = false;
      for (let row = 0; row < rows; row++) {
        if (!this.#toValue(row, slot)) sink.clear(row);
        else if (!sink.read(this.#scanner, row)) bad = true;
      }
      const column = sink.take(this.#batchArena, rows);
      return bad ? undefined : column;
    };
  }

  /** Puts the scanner before a value of the index; false when there is none. */
  #toValue(row: number, slot: number): boolean {
    const { u32 } = this.#arena.heap;
    const at = (this.#index + row * this.#stride + slot * ENTRY_BYTES) >>> 2;
    const word = u32[at] as number;
    if (word === 0) return false;
    const kind = word >>> KIND_SHIFT;
    const quote = kind === KIND.string || kind === KIND.escaped ? 1 : 0;
    this.#scanner.at = (word & POSITION) - quote;
    this.#scanner.end = (u32[at + 1] as number) + quote;
    return true;
  }

  #strings(type: DataType, slot: number, rows: number): Column {
    const { heap } = this.#arena;
    const [index, stride, counters] = [this.#index, this.#stride, this.#counters];
    const bytes = this.#kernels.textBytes(index, stride, slot, rows) >>> 0;
    const offsets = this.#batchArena.alloc((rows + 1) * 4);
    const data = this.#batchArena.alloc(bytes);
    const bitmap = this.#typed.bitmap(rows);
    this.#kernels.strings(this.#text, index, stride, slot, rows, offsets, data, bitmap, counters, this.#tables);
    const nulls = heap.u32[(counters + COUNTERS.nulls) >>> 2] as number;
    const ascii = this.#ascii && heap.u32[(counters + COUNTERS.slow) >>> 2] === 0;
    const validity = this.#typed.validity(bitmap, rows, nulls);
    const column: Column = { type, storage: 'utf8', length: rows, ...validity, data, offsets };
    return ascii ? { ...column, stats: { ascii } } : column;
  }
}

interface KernelCell {
  readonly storage: Storage;
  readonly kernel: ValueKernelName | 'decimal';
  readonly local: boolean;
}

/** The kernel that reads a type; undefined where there is none, or a format was given. */
function kernelOf(type: DataType, options: JsonReadOptions): KernelCell | undefined {
  const cell = (storage: Storage, kernel: KernelCell['kernel'], local = false) => ({ storage, kernel, local });
  switch (type.kind) {
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
      return cell(...plainKernels[type.kind]);
    case 'decimal':
      return cell(type.precision <= 18 ? 'i64' : 'i128', 'decimal');
    case 'date':
      return options.dateFormat === undefined ? cell('i32', 'date') : undefined;
    case 'timestamp': {
      const utc = isUtc(options.timeZone);
      return options.timestampFormat === undefined ? cell('i64', utc ? 'instant' : 'timestamp', !utc) : undefined;
    }
    case 'timestamp_ntz':
      return options.timestampNtzFormat === undefined ? cell('i64', 'timestamp') : undefined;
    default:
      return undefined;
  }
}
