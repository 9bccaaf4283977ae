import { type Arena, type Batch, type Column, engineBug, type JsFunction, type SharedHeap } from '../../base/index.js';
import { type BatchCall, BatchCaller, type UdfColumn } from './batch-call.js';
import type { Callable } from './load.js';

/** What a slice of calls on the caller's thread should take, and how many rows the first has. */
const SLICE_MS = 8;
const FIRST_ROWS = 64;

/** What functions on the caller's thread run with. */
export interface Surroundings {
  readonly heap: SharedHeap;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** A function, ready to be called. */
  load(fn: JsFunction): Callable | Promise<Callable>;
  /** Throws when the query was cancelled. */
  check(): void;
}

/**
 * Calls functions on the caller's thread, in slices of a few milliseconds between which the event loop turns;
 * promises are awaited, so many at once as the function allows.
 */
export class CallersThread {
  readonly #callers: Promise<readonly BatchCaller[]>;
  #rows = FIRST_ROWS;

  constructor(
    private readonly around: Surroundings,
    private readonly calls: readonly UdfColumn[],
  ) {
    this.#callers = Promise.all(
      calls.map(async (call) => new BatchCaller(around.heap, call, await around.load(call.fn), true)),
    );
    this.#callers.catch(() => undefined);
  }

  /** The results for a batch, a column a call, in the arena. */
  async columns(batch: Batch, arena: Arena, firstRow: number): Promise<Column[]> {
    const callers = await this.#callers;
    const columns: Column[] = [];
    for (const [c, caller] of callers.entries()) {
      const call = caller.over(batch, arena, 0, firstRow);
      await this.#run(call, (this.calls[c] as UdfColumn).fn.concurrency);
      columns.push(call.finish());
      await this.#breathe();
    }
    return columns;
  }

  async #run(call: BatchCall, concurrency: number): Promise<void> {
    const awaiting = new Awaiting(call, concurrency);
    let started = this.around.now();
    for (let from = 0; from < call.rows; ) {
      const before = this.around.now();
      const to = call.run(from, Math.min(call.rows, from + this.#rows), awaiting.room);
      awaiting.take(from, to);
      const now = this.around.now();
      this.#adapt(to - from, now - before);
      from = to;
      await awaiting.untilRoom(() => this.around.check());
      if (now - started < SLICE_MS) continue;
      await this.#breathe();
      started = this.around.now();
    }
    await awaiting.all(() => this.around.check());
  }

  #adapt(rows: number, milliseconds: number): void {
    if (milliseconds > SLICE_MS) this.#rows = Math.max(1, rows >>> 1);
    else if (milliseconds < SLICE_MS / 4 && rows === this.#rows) this.#rows *= 2;
  }

  async #breathe(): Promise<void> {
    await new Promise(setImmediate);
    this.around.check();
  }
}

/** The promises of one call that are under way. */
class Awaiting {
  readonly #under = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly call: BatchCall,
    private readonly most: number,
  ) {}

  get room(): number {
    return this.most - this.#under.size;
  }

  /** Takes on the promises among the results of rows from…to. */
  take(from: number, to: number): void {
    for (const { row, promise } of this.call.promises(from, to)) this.#add(row, promise);
  }

  #add(row: number, promise: PromiseLike<unknown>): void {
    const settled = Promise.resolve(promise).then(
      (value) => this.call.settle(row, value),
      (error: unknown) => {
        throw this.call.failure(row, error);
      },
    );
    const under = settled
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#under.delete(under));
    this.#under.add(under);
  }

  async untilRoom(check: () => void): Promise<void> {
    while (this.#under.size >= this.most) await this.#one(check);
    this.#throwFailure();
  }

  async all(check: () => void): Promise<void> {
    while (this.#under.size > 0) await this.#one(check);
    this.#throwFailure();
  }

  /** Waits for one promise, but looks at times whether the query was cancelled. */
  async #one(check: () => void): Promise<void> {
    const LOOK_MS = 50;
    let timer: NodeJS.Timeout | undefined;
    const look = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK_MS);
    });
    await Promise.race([...this.#under, look]);
    clearTimeout(timer);
    check();
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** A batch with the columns of its calls. */
export function withColumns(batch: Batch, columns: readonly Column[]): Batch {
  if (columns.some((column) => column.length !== batch.rows)) throw engineBug('a result for every row was expected');
  return { rows: batch.rows, columns: [...batch.columns, ...columns] };
}
