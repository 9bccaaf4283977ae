import type { Arena, Batch, Column, JsFunction, SharedHeap } from '../../base/index.js';
import { type ArgumentReader, argumentReader, codesOf, maskOf } from './arguments.js';
import { udfFailure } from './failure.js';
import type { Callable } from './load.js';
import { type Promised, type Results, resultsFor, WrongResult } from './results.js';
import { type Loop, RowFailure, type Values } from './row-loop.js';

/** One call of a function over the columns of a batch. */
export interface UdfColumn {
  readonly fn: JsFunction;
  /** Positions of the columns that are its arguments. */
  readonly args: readonly number[];
  /** Position of the condition under which it is called. */
  readonly guard?: number;
}

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
    const loop = this.#byCode(columns) ?? { call: this.call, args: columns.map((c, a) => this.#read(c, a)) };
    const results = resultsFor(arena, fn.returns, batch.rows, mask, this.awaits);
    const values = (row: number): unknown[] => columns.map((c, a) => this.#read(c, a)[row]);
    return new BatchCall(fn, { ...loop, mask }, results, batch.rows, firstRow, values);
  }

  #read(column: Column, argument: number): Values {
    const { fn } = this.column;
    let reader = this.#readers[argument];
    reader ??= argumentReader(this.heap, `argument ${argument + 1} of ${fn.name}`, column.type, fn.nulls);
    this.#readers[argument] = reader;
    return reader(column);
  }

  /** A function of one string in a dictionary is called once for each value that occurs. */
  #byCode(columns: readonly Column[]): Omit<Loop, 'mask'> | undefined {
    const { fn } = this.column;
    const [only] = columns;
    if (columns.length !== 1 || only === undefined || !fn.deterministic) return undefined;
    if (fn.nulls === 'pass' && only.validity !== 0) return undefined;
    const coded = codesOf(this.heap, only);
    if (coded === undefined) return undefined;
    if (this.#memo?.id !== coded.dictionary.id) {
      this.#memo = { id: coded.dictionary.id, call: memoized(this.call, coded.values()) };
    }
    return { call: this.#memo.call, args: [coded.codes] };
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
  constructor(
    private readonly fn: JsFunction,
    private readonly loop: Loop,
    private readonly results: Results,
    readonly rows: number,
    private readonly firstRow: number,
    private readonly values: (row: number) => unknown[],
  ) {}

  /** Calls the function for rows from…to, or until `room` promises came; gives the next row. */
  run(from: number, to: number, room = Number.POSITIVE_INFINITY): number {
    try {
      return this.results.run(this.loop, from, to, room);
    } catch (error) {
      if (error instanceof RowFailure) throw this.failure(error.row, error.error);
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
