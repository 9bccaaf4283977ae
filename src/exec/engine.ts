import { availableParallelism, totalmem } from 'node:os';
import { type Batch, type Schema, SharedHeap, SparrowError } from '../base/index.js';
import type { EvalSettings } from '../functions/expression.js';
import { formatNamed, splitReader } from '../io/registry.js';
import { nodePlatform } from '../io/node-platform.js';
import type { Catalog } from '../plan/catalog.js';
import type { CacheLevel, EngineOptions, ExplainMode, QueryEngine, RunningQuery, RunOptions, SessionSettings } from '../plan/engine.js';
import type { Plan, ResolvedPlan } from '../plan/node.js';
import { optimize } from '../plan/optimize/optimizer.js';
import { schemaOf } from '../plan/output.js';
import { resolve } from '../plan/resolve/resolver.js';
import { CacheManager } from './driver/cache.js';
import { Executor } from './driver/executor.js';
import { LocalStore } from './driver/local-store.js';
import { lower, type LowerContext } from './driver/lower.js';
import { Query } from './driver/query.js';
import { Scheduler } from './driver/scheduler.js';
import type { PhysicalPlan } from './physical.js';

const DEFAULT_MEMORY = 4 * 2 ** 30;

/** What an engine needs of the session beside the options: SQL text is parsed by a layer above. */
export interface SqlParsers {
  readonly parseExpr: Catalog['parseExpr'];
  readonly parseQuery: Catalog['parseQuery'];
}

/** The engine of this machine: Wasm on worker threads over shared memory. */
export function createEngine(options: EngineOptions, parsers: SqlParsers): QueryEngine {
  return new LocalEngine(options, parsers);
}

class LocalEngine implements QueryEngine {
  readonly heap: SharedHeap;
  readonly #scheduler: Scheduler;
  readonly #catalog: Catalog;
  readonly #local: LocalStore;
  readonly #cache: CacheManager;
  readonly #running = new Set<Query>();
  #stopped = false;

  constructor(options: EngineOptions, parsers: SqlParsers) {
    this.heap = SharedHeap.create(options.memoryBytes ?? Math.min(DEFAULT_MEMORY, Math.floor(totalmem() * 0.75)));
    this.#scheduler = new Scheduler(this.heap, Math.max(1, options.workers ?? availableParallelism()), nodePlatform, splitReader);
    this.#local = new LocalStore(this.heap);
    this.#cache = new CacheManager(this.heap);
    this.#catalog = {
      openSource: async (description) => (await formatNamed(description.format)).open(description, nodePlatform),
      view: options.view,
      viewNames: options.viewNames,
      ...parsers,
    };
  }

  async analyze(plan: Plan, settings: SessionSettings): Promise<Schema> {
    return schemaOf(await resolve(plan, this.#catalog, evalSettings(settings)));
  }

  async run(plan: Plan, options: RunOptions): Promise<RunningQuery> {
    this.#checkRunning();
    options.signal?.throwIfAborted();
    const settings = evalSettings(options.settings);
    const resolved = await resolve(plan, this.#catalog, settings);
    return { schema: schemaOf(resolved), batches: this.#batches(resolved, settings, options) };
  }

  async *#batches(resolved: ResolvedPlan, settings: PlanEvalSettings, options: RunOptions): AsyncGenerator<Batch> {
    this.#checkRunning();
    const query = new Query(this.heap, this.#scheduler.pool.flags, options.signal, nodePlatform.clock.monotonic());
    this.#running.add(query);
    const stopProgress = reportProgress(query, options);
    try {
      const { ansi, timeZone } = settings;
      // The instant is in the plan already (see lower.ts).
      const executor = new Executor(this.#scheduler, query, { ansi, timeZone, nowMicros: 0n });
      const physical = this.#physical(resolved, settings, executor, options.settings);
      yield* executor.batches(physical);
    } finally {
      stopProgress();
      this.#running.delete(query);
      query.end();
    }
  }

  #physical(plan: ResolvedPlan, settings: PlanEvalSettings, executor: Executor, session: SessionSettings): PhysicalPlan {
    const context: LowerContext = {
      local: (local) => this.#local.batches(local),
      cached: async (cached) => {
        const input = (): PhysicalPlan => this.#physical(cached.input as ResolvedPlan, settings, executor, session);
        const batches = await this.#cache.batches(cached.cacheId, input, executor);
        const { columns } = cached;
        if (columns === undefined) return batches;
        return batches.map((b) => ({ rows: b.rows, columns: columns.map((c) => b.columns[c] as Batch['columns'][number]) }));
      },
      shufflePartitions: session.shufflePartitions,
      settings,
    };
    const optimized = process.env.SPARROW_MODE === 'no-optimizer' ? plan : optimize(plan, settings);
    return lower(optimized, context);
  }

  async explain(plan: Plan, mode: ExplainMode, settings: SessionSettings): Promise<string> {
    void plan;
    void mode;
    void settings;
    return '';
  }

  cache(_level: CacheLevel): number {
    return this.#cache.open();
  }

  async uncache(cacheId: number): Promise<void> {
    this.#cache.drop(cacheId);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const query of this.#running) query.abort();
    await this.#scheduler.stop();
  }

  #checkRunning(): void {
    if (this.#stopped) throw new SparrowError('SESSION_CLOSED', 'the session was stopped', { hint: 'create a new session with Session.create()' });
  }
}

type PlanEvalSettings = EvalSettings & { readonly caseSensitive: boolean };

function evalSettings(settings: SessionSettings): PlanEvalSettings {
  const nowMicros = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
  return { ansi: settings.ansi, timeZone: settings.timeZone, nowMicros, caseSensitive: settings.caseSensitive };
}

const PROGRESS_MS = 100;

function reportProgress(query: Query, { onProgress }: RunOptions): () => void {
  if (onProgress === undefined) return () => undefined;
  const report = (): void =>
    onProgress({
      tasksDone: query.tasksDone,
      tasksTotal: query.tasksTotal,
      rowsRead: query.rowsRead,
      bytesRead: query.bytesRead,
      elapsedMs: nodePlatform.clock.monotonic() - query.started,
    });
  const timer = setInterval(report, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    report();
  };
}

