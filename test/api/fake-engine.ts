import type { CacheLevel, CreateEngine, EngineOptions, QueryEngine, RunOptions } from '../../src/api/engine.js';
import { type Batch, buildColumn, type Scalar, type Schema, SharedHeap, structType } from '../../src/base/index.js';
import type { Plan } from '../../src/plan/node.js';

/** What the engine was asked, and what it answers: batches of the rows it was given. */
export class FakeEngine implements QueryEngine {
  readonly heap = SharedHeap.create(64 * 2 ** 20);
  readonly ran: { readonly plan: Plan; readonly options: RunOptions }[] = [];
  readonly cached: CacheLevel[] = [];
  readonly uncached: number[] = [];
  stopped = 0;
  options: EngineOptions | undefined;
  /** `columns[c][row]`. */
  #schema: Schema = structType([]);
  #columns: readonly (readonly Scalar[])[] = [];

  readonly create: CreateEngine = (options) => {
    this.options = options;
    return this;
  };

  answer(schema: Schema, columns: readonly (readonly Scalar[])[]): void {
    this.#schema = schema;
    this.#columns = columns;
  }

  get lastPlan(): Plan | undefined {
    return this.ran.at(-1)?.plan;
  }

  async analyze(): Promise<Schema> {
    return this.#schema;
  }

  async inputFiles() {
    return { files: [], isStreaming: false };
  }

  async run(plan: Plan, options: RunOptions) {
    this.ran.push({ plan, options });
    return { schema: this.#schema, batches: this.#batches() };
  }

  async *#batches(): AsyncGenerator<Batch> {
    const rows = this.#columns[0]?.length ?? 0;
    for (let from = 0; from < rows; from += 4) {
      const arena = this.heap.newArena('fake');
      const columns = this.#columns.map((values, c) =>
        buildColumn(arena, (this.#schema.fields[c] as Schema['fields'][number]).type, values.slice(from, from + 4)),
      );
      yield { rows: Math.min(4, rows - from), columns };
      // A batch is valid until the next one is asked for: whoever keeps it reads garbage.
      for (const { data, length } of columns) if (data > 0) this.heap.u8.fill(0xee, data, data + length);
      arena.release();
    }
  }

  async explain(_plan: Plan, mode: string): Promise<string> {
    return `plan, ${mode}`;
  }

  cache(level: CacheLevel): number {
    return this.cached.push(level);
  }

  async uncache(cacheId: number): Promise<void> {
    this.uncached.push(cacheId);
  }

  async stop(): Promise<void> {
    this.stopped++;
  }
}
