import {
  type Batch,
  type Platform,
  readColumn,
  type Scalar,
  SharedHeap,
  SparrowError,
  type SplitReader,
} from '../../src/base/index.js';
import { Executor } from '../../src/exec/driver/executor.js';
import { WorkerPool } from '../../src/exec/driver/pool.js';
import { Query } from '../../src/exec/driver/query.js';
import { Scheduler } from '../../src/exec/driver/scheduler.js';
import { SpillDirectory } from '../../src/exec/driver/spill-directory.js';
import { Interpreter } from '../../src/exec/interpreter/interpreter.js';
import type { PhysicalPlan } from '../../src/exec/physical.js';
import type { DoneTask, TaskTemplate } from '../../src/exec/task/task.js';
import type { EvalSettings } from '../../src/functions/index.js';
import { nodePlatform } from '../../src/io/node-platform.js';
import { formatNamed } from '../../src/io/registry.js';
import { randomReader } from './random-tables.js';

/** What a plan came to. */
export type Outcome =
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Scalar[])[] }
  | { readonly kind: 'error'; readonly code: string; readonly error: unknown };

/** Runs every task on the caller's thread: tests need no worker. */
class InlineScheduler extends Scheduler {
  /** However long it takes: no worker takes over. */
  protected override readonly inlineMs = Number.POSITIVE_INFINITY;

  override run(query: Query, tasks: readonly TaskTemplate[]): AsyncGenerator<DoneTask> {
    return super.run(query, tasks, true);
  }

  override runAll(query: Query, tasks: readonly TaskTemplate[]): Promise<DoneTask[]> {
    return super.runAll(query, tasks, true);
  }

  override orderPieces(query: Query, request: Parameters<Scheduler['orderPieces']>[1]): Promise<Uint32Array> {
    return super.orderPieces(query, request, true);
  }

  override link(query: Query, request: Parameters<Scheduler['link']>[1], slots: number): Promise<void> {
    return super.link(query, request, slots, true);
  }
}

/** Both ways to run a physical plan, over one heap. */
export class Engines {
  readonly heap: SharedHeap;
  readonly #reader = async (): Promise<SplitReader> => randomReader;
  readonly #platform: Platform = nodePlatform;
  readonly #spills = new SpillDirectory(nodePlatform, undefined);
  #scheduler: Scheduler;

  constructor(memoryBytes = 2 ** 29) {
    this.heap = SharedHeap.create(memoryBytes);
    this.#scheduler = this.#newScheduler();
  }

  /** Forgets every compiled program. */
  renew(): void {
    this.#scheduler = this.#newScheduler();
  }

  compiled(plan: PhysicalPlan, settings: EvalSettings): Promise<Outcome> {
    return outcomeOf(async () => {
      const query = new Query(this.heap, this.#scheduler.pool.flags, undefined, 0, this.#spills);
      try {
        const rows: Scalar[][] = [];
        for await (const batch of new Executor(this.#scheduler, query, settings).batches(plan))
          this.#read(plan, batch, rows);
        return rows;
      } finally {
        await query.end();
      }
    });
  }

  interpreted(plan: PhysicalPlan, settings: EvalSettings): Promise<Outcome> {
    return outcomeOf(async () => {
      const rows: (readonly Scalar[])[] = [];
      for await (const row of this.#interpreter(settings).rows(plan)) rows.push(row);
      return rows;
    });
  }

  /** The interpreter's rows by way of its batches. */
  interpretedBatches(plan: PhysicalPlan, settings: EvalSettings): Promise<Outcome> {
    return outcomeOf(async () => {
      const rows: Scalar[][] = [];
      for await (const batch of this.#interpreter(settings).batches(plan)) this.#read(plan, batch, rows);
      return rows;
    });
  }

  #interpreter(settings: EvalSettings): Interpreter {
    return new Interpreter(this.heap, this.#platform, settings, () => undefined, this.#reader);
  }

  #newScheduler(): Scheduler {
    return new InlineScheduler(this.heap, new WorkerPool(this.heap, 1), this.#platform, {
      reader: this.#reader,
      format: formatNamed,
    });
  }

  #read(plan: PhysicalPlan, batch: Batch, into: Scalar[][]): void {
    if (batch.columns.length !== plan.columns.length)
      throw new Error(`${batch.columns.length} columns, not ${plan.columns.length}`);
    const columns = batch.columns.map((column) => {
      const values = readColumn(this.heap, column);
      const nulls = values.reduce<number>((n, value) => n + (value === null ? 1 : 0), 0);
      if (column.nullCount >= 0 && column.nullCount !== nulls)
        throw new Error(`${nulls} nulls where ${column.nullCount} are told`);
      if (column.length !== batch.rows)
        throw new Error(`a column of ${column.length} rows in a batch of ${batch.rows}`);
      return values;
    });
    for (let row = 0; row < batch.rows; row++) into.push(columns.map((column) => column[row] as Scalar));
  }
}

async function outcomeOf(work: () => Promise<readonly (readonly Scalar[])[]>): Promise<Outcome> {
  try {
    return { kind: 'rows', rows: await work() };
  } catch (error) {
    return { kind: 'error', code: error instanceof SparrowError ? error.code : 'NO_SPARROW_ERROR', error };
  }
}
