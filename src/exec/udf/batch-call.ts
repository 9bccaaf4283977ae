import {
  type Arena,
  type Batch,
  type Column,
  type JsFunction,
  type SharedHeap,
  sliceColumn,
} from '../../base/index.js';
import { type ArgumentReader, argumentReader, type Codes, codesOf, isPlainNumbers, maskOf } from './arguments.js';
import { udfFailure } from './failure.js';
import type { Callable } from './load.js';
import { type Promised, type Results, WrongResult } from './result.js';
import { resultsFor } from './results.js';
import { type Loop, RowFailure, type Values } from './row-loop.js';

/** One call of a function over the columns of a batch. */
export interface UdfColumn {
  readonly fn: JsFunction;
  /** Positions of the columns that are its arguments. */
  readonly args: readonly number[];
  /** Position of the condition under which it is called. */
  readonly guard?: number;
}

/** Rows whose arguments are read at once: few enough that what is made of them dies young. A multiple of 8. */
const PIECE_ROWS = 2048;

/** A call that is ready for batch after batch. */
export class BatchCaller {
  readonly #readers: (ArgumentReader | undefined)[] = [];
  #memo: { readonly id: number; readonly call: Callable } | undefined;

  constructor(
    private readonly heap: SharedHeap,
    readonly column: UdfColumn,
    private readonly call: Callable,
    /** Results may be promises, which the caller settles. */
    private readonly awaits = false,
  ) {}

  /** The call over a batch of which the rows before `from` do not count; `firstRow` is the number of row 0, for errors. */
  over(batch: Batch, arena: Arena, from: number, firstRow: number): BatchCall {
    const { fn } = this.column;
    const columns = this.column.args.map((c) => batch.columns[c] as Column);
    const guard = this.column.guard === undefined ? undefined : batch.columns[this.column.guard];
    const mask = maskOf(this.heap, batch.rows, from, guard, fn.nulls === 'skip' ? columns : []);
    const coded = this.#byCode(columns);
    const read = (at: number, count: number): readonly Values[] =>
      columns.map((column, a) => this.#read(sliceColumn(column, at, count), a));
    const piece = (at: number, count: number): Loop => {
      const rows = mask?.subarray(at, at + count);
      if (coded === undefined) return { call: this.call, args: read(at, count), mask: rows };
      return { call: coded.call, args: [coded.codes.subarray(at, at + count)], mask: rows };
    };
    const results = resultsFor(arena, fn.returns, batch.rows, mask, this.awaits);
    const values = (row: number): unknown[] => read(row & ~7, (row & 7) + 1).map((column) => column[row & 7]);
    // Numbers are not copied, so that nothing is gained by small pieces.
    const plain = columns.every((column) => isPlainNumbers(column, fn.nulls));
    const pieceRows = plain ? Math.max(1, batch.rows) : PIECE_ROWS;
    return new BatchCall(fn, piece, pieceRows, results, batch.rows, firstRow, values);
  }

  #read(column: Column, argument: number): Values {
    const { fn } = this.column;
    let reader = this.#readers[argument];
    reader ??= argumentReader(this.heap, `argument ${argument + 1} of ${fn.name}`, column.type, fn.nulls);
    this.#readers[argument] = reader;
    return reader(column);
  }

  /** A function of one string in a dictionary is called once for each value that occurs. */
  #byCode(columns: readonly Column[]): { readonly call: Callable; readonly codes: Codes } | undefined {
    const { fn } = this.column;
    const [only] = columns;
    if (columns.length !== 1 || only === undefined || !fn.deterministic) return undefined;
    if (fn.nulls === 'pass' && only.validity !== 0) return undefined;
    const coded = codesOf(this.heap, only);
    if (coded === undefined) return undefined;
    if (this.#memo?.id !== coded.dictionary.id) {
      this.#memo = { id: coded.dictionary.id, call: memoized(this.call, coded.values()) };
    }
    return { call: this.#memo.call, codes: coded.codes };
  }
}

function memoized(call: Callable, values: Values): Callable {
  const known: unknown[] = new Array<unknown>(values.length).fill(undefined);
  return (code) => {
    let result = known[code as number];
    if (result === undefined) {
      result = call(values[code as number]) ?? null;
      known[code as number] = result;
    }
    return result;
  };
}

/** The call under way: rows may be done in slices. */
export class BatchCall {
  #piece: Loop | undefined;
  #pieceAt = -1;

  constructor(
    private readonly fn: JsFunction,
    private readonly piece: (at: number, count: number) => Loop,
    private readonly pieceRows: number,
    private readonly results: Results,
    readonly rows: number,
    private readonly firstRow: number,
    private readonly values: (row: number) => unknown[],
  ) {}

  /** Calls the function for rows from…to, in their order, or until `room` promises came; gives the next row. */
  run(from: number, to: number, room = Number.POSITIVE_INFINITY): number {
    for (let row = from; row < to; ) {
      const base = row - (row % this.pieceRows);
      const end = Math.min(to, base + this.pieceRows);
      const next = this.#runPiece(base, row - base, end - base, room);
      row = base + next;
      if (row < end) return row;
      // Promises of this piece take room: the caller takes them before more are made.
      if (room !== Number.POSITIVE_INFINITY) return row;
    }
    return to;
  }

  #runPiece(base: number, from: number, to: number, room: number): number {
    if (this.#pieceAt !== base) {
      this.#piece = this.piece(base, Math.min(this.pieceRows, this.rows - base));
      this.#pieceAt = base;
    }
    try {
      return this.results.run(this.#piece as Loop, base, from, to, room);
    } catch (error) {
      if (error instanceof RowFailure) throw this.failure(base + error.row, error.error);
      if (error instanceof WrongResult) throw this.failure(error.row, error.error);
      throw error;
    }
  }

  promises(from: number, to: number): Promised[] {
    return this.results.promises(from, to);
  }

  /** Gives a row the value its promise came to. */
  settle(row: number, value: unknown): void {
    try {
      this.results.set(row, value);
    } catch (error) {
      throw this.failure(row, error);
    }
  }

  finish(): Column {
    try {
      return this.results.finish();
    } catch (error) {
      if (error instanceof WrongResult) throw this.failure(error.row, error.error);
      throw error;
    }
  }

  where(row: number): string {
    return `row ${this.firstRow + row}`;
  }

  failure(row: number, error: unknown): Error {
    return udfFailure(this.fn, this.values(row), this.where(row), error);
  }
}
