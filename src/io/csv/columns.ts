import { isUtf8 } from 'node:buffer';
import { type Arena, buildColumn, type Column, readColumn, stringType } from '../../base/index.js';
import { type Cell, cellOf } from './cells.js';
import { COUNTERS } from './emit-field.js';
import { decimalKernel, type TypedKernel } from './kernels.js';
import type { CsvReadOptions } from './options.js';
import type { CsvColumn } from './split.js';
import type { TextIndex } from './text-index.js';
import { TypedColumns } from './typed-columns.js';

/** Told of every field that is no value of its column's type. */
export type OnBadValue = (row: number, column: CsvColumn, text: string) => void;

/** Makes columns of the blocks of an index. */
export class ColumnReader {
  readonly #cells = new Map<CsvColumn, Cell>();
  /** For what is part of a batch. */
  readonly #arena: Arena;
  readonly #typed: TypedColumns;
  readonly #empty: number;

  constructor(
    readonly index: TextIndex,
    readonly columns: readonly CsvColumn[],
    readonly options: CsvReadOptions,
    path: string,
    batchArena: Arena,
  ) {
    const { arena } = index;
    this.#arena = batchArena;
    for (const column of columns) {
      if (column.source.kind === 'field')
        this.#cells.set(column, cellOf(column.type, options, `file ${path}, column ${column.name}`));
    }
    this.#typed = new TypedColumns(arena, batchArena, index.counters, options.timeZone);
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
      return this.#values(column, cell, onBad);
    });
  }

  corrupt(column: CsvColumn, bad: ReadonlySet<number>): Column {
    const values: (string | null)[] = [];
    for (let row = 0; row < this.index.rows; row++) values.push(bad.has(row) ? this.index.recordText(row) : null);
    return buildColumn(this.#arena, column.type, values);
  }

  #strings(column: CsvColumn, ascii: boolean, repaired: boolean): Column {
    const { index } = this;
    const { kernels, text, stride, rows, counters } = index;
    const position = (column.source as { position: number }).position;
    const bytes = kernels.textBytes(text, index.index, stride, position, rows) >>> 0;
    const offsets = this.#arena.alloc((rows + 1) * 4);
    const data = this.#arena.alloc(bytes);
    const bitmap = this.#typed.bitmap(rows);
    kernels.strings(text, index.index, stride, position, rows, offsets, data, bitmap, counters, this.#empty);
    const nulls = this.#arena.heap.u32[(counters + COUNTERS.nulls) >>> 2] as number;
    const stats = ascii ? { stats: { ascii } } : {};
    const validity = this.#typed.validity(bitmap, rows, nulls);
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

  #values(column: CsvColumn, cell: Cell, onBad: OnBadValue): Column {
    const { index } = this;
    const { text, stride, rows, counters } = index;
    const position = (column.source as { position: number }).position;
    const kernel = this.#kernel(column, cell);
    return this.#typed.read(
      { ...cell, type: column.type },
      rows,
      (data, bitmap, slowRows) => kernel(text, index.index, stride, position, rows, data, bitmap, slowRows, counters),
      (row) => {
        const field = index.fieldText(row, position);
        const value = field === null ? undefined : cell.parse(field);
        if (value !== undefined && value !== null) return value;
        if (field !== null) onBad(row, column, field);
        return undefined;
      },
    );
  }
}
