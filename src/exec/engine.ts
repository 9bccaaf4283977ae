import { availableParallelism, totalmem } from 'node:os';
import { type Batch, type Platform, part, type Schema, SharedHeap, SparrowError, withParts } from '../base/index.js';
import { type EvalSettings, taskSettings } from '../functions/expression.js';
import { nodePlatform } from '../io/node-platform.js';
import { formatNamed, openSource, splitReader } from '../io/registry.js';
import type { Catalog, ValueOf } from '../plan/catalog.js';
import {
  type CacheLevel,
  configKey,
  type EngineOptions,
  type ExplainMode,
  type InputFiles,
  type QueryEngine,
  type RunningQuery,
  type RunOptions,
  type SessionNames,
  type SessionSettings,
} from '../plan/engine.js';
import type { Expr } from '../plan/expr.js';
import type { CachedPlan, Plan, ResolvedPlan, WritePlan } from '../plan/node.js';
import { optimize } from '../plan/optimize/optimizer.js';
import { requiredBatches } from '../plan/optimize/rules.js';
import { schemaOf } from '../plan/output.js';
import { expand } from '../plan/resolve/expand.js';
import { type PlanSettings, resolve } from '../plan/resolve/resolver.js';
import { CacheManager } from './driver/cache.js';
import { evalSettings } from './driver/eval-settings.js';
import type { Executor } from './driver/executor.js';
import { extractUdfs } from './driver/extract-udf.js';
import { heldBatches } from './driver/held-batches.js';
import { LocalStore } from './driver/local-store.js';
import { type LowerContext, lower } from './driver/lower.js';
import { withPivotValues } from './driver/pivot-values.js';
import { type FoundPlan, PlanCache, type PlanPlace } from './driver/plan-cache.js';
import { threadStarter, WorkerPool } from './driver/pool.js';
import { reportProgress } from './driver/progress.js';
import { Query } from './driver/query.js';
import type { Scheduler } from './driver/scheduler.js';
import { SpillDirectory } from './driver/spill-directory.js';
import { onlyValue, withSubqueryValues } from './driver/subquery-values.js';
import { Turns } from './driver/turns.js';
import type { StartWorker } from './driver/worker-start.js';
import { Interpreter } from './interpreter/interpreter.js';
import { engineMode, isModeGiven } from './modes.js';
import type { PhysicalPlan } from './physical.js';
import { isSmall, isSmallQuery } from './small-plan.js';

const DEFAULT_MEMORY = 4 * 2 ** 30;

/** Parses SQL text; given by a layer above and loaded when the first text comes. */
export interface SqlParsers {
  parseExpr(text: string, settings: SessionSettings): Expr;
  parseQuery(text: string, settings: SessionSettings, constantOf?: ValueOf): Plan;
}

/** Files, clock and randomness, and how workers are started and spoken with: tests put others in their place. */
export interface Surroundings {
  readonly platform: Platform;
  readonly starter: () => Promise<StartWorker>;
}

const ofThisMachine: Surroundings = { platform: nodePlatform, starter: threadStarter };

/** The engine of this machine: Wasm on worker threads over shared memory. */
export function createEngine(
  options: EngineOptions,
  loadParsers: () => Promise<SqlParsers>,
  surroundings = ofThisMachine,
): QueryEngine {
  return new LocalEngine(options, loadParsers, surroundings);
}

/** No query ran in this process yet, and what compiles is not loaded: a small one is answered without. */
let isFirst = !isModeGiven();

/** A query that runs. What compiles it is loaded when it is asked for. */
interface Run {
  readonly query: Query;
  readonly settings: EvalSettings;
  executor(): Promise<Executor>;
}

class LocalEngine implements QueryEngine {
  readonly heap: SharedHeap;
  /** The session's workers; tests kill some of them. */
  readonly pool: WorkerPool;
  #scheduler: Scheduler | undefined;
  readonly #catalogs = new WeakMap<SessionNames, Map<string, Catalog>>();
  readonly #parsers: () => SqlParsers;
  readonly #local: LocalStore;
  readonly #cache: CacheManager;
  readonly #plans: PlanCache;
  readonly #queries = new Set<Query>();
  readonly #turns = new Turns();
  readonly #spills: SpillDirectory;
  readonly #platform: Platform;
  #hadVariables = false;
  #stopped = false;

  constructor(
    private readonly options: EngineOptions,
    loadParsers: () => Promise<SqlParsers>,
    { platform, starter }: Surroundings,
  ) {
    this.#platform = platform;
    this.#parsers = part(loadParsers);
    this.heap = SharedHeap.create(options.memoryBytes ?? Math.min(DEFAULT_MEMORY, Math.floor(totalmem() * 0.75)));
    this.heap.hashSeed = (BigInt(platform.seed() | 1) << 32n) | (1n << 63n) | BigInt(platform.seed());
    this.pool = new WorkerPool(this.heap, workerCount(options), starter);
    this.#spills = new SpillDirectory(platform, options.spillDirectory);
    this.#local = new LocalStore(this.heap);
    this.#cache = new CacheManager(this.heap, this.#spills);
    this.#plans = new PlanCache((cacheId) => this.#cache.statistics(cacheId));
  }

  /** What names and texts mean under these settings. */
  #catalog(session: SessionSettings): Catalog {
    const key = `${session.timeZone} ${session.timestampType} ${configKey(session)}`;
    const names: SessionNames = session.names ?? this.options;
    const known = this.#catalogs.get(names) ?? new Map<string, Catalog>();
    this.#catalogs.set(names, known);
    let catalog = known.get(key);
    if (catalog === undefined) {
      catalog = {
        openSource: (description) => openSource({ zone: session.timeZone, ...description }, this.#platform),
        view: names.view,
        viewNames: names.viewNames,
        variable: (parts) => names.variable?.(parts),
        ...(names.userFunction === undefined ? {} : { userFunction: names.userFunction }),
        routine: (name) => names.routine?.(name),
        settings: () => evalSettings(session, this.#platform.clock),
        parseExpr: (text) => this.#parsers().parseExpr(text, session),
        parseQuery: (text, constantOf) => this.#parsers().parseQuery(text, session, constantOf),
      };
      known.set(key, catalog);
    }
    return catalog;
  }

  async #resolve(given: Plan, settings: PlanSettings, session: SessionSettings): Promise<ResolvedPlan> {
    return resolve(await this.#expand(given, session), this.#catalog(session), settings);
  }

  /** The plan with texts parsed, views put in and the values of pivots found. */
  async #expand(given: Plan, session: SessionSettings): Promise<Plan> {
    const rowsOf = async (query: Plan) => {
      const { schema, batches } = await this.run(query, { settings: session });
      return { types: schema.fields.map((f) => f.type), batches };
    };
    const plan = await withPivotValues(given, rowsOf, this.heap);
    return withParts(() => expand(plan, this.#catalog(session)));
  }

  /** Where a plan is kept when it is asked again, unless its names may mean something else then. */
  #place(plan: Plan, settings: PlanSettings, names: SessionNames = this.options): PlanPlace | undefined {
    this.#hadVariables ||= names.hasVariables?.() ?? false;
    return this.#hadVariables ? undefined : this.#plans.place(plan, settings);
  }

  async analyze(plan: Plan, settings: SessionSettings): Promise<Schema> {
    return schemaOf(await this.#resolve(plan, evalSettings(settings, this.#platform.clock), settings));
  }

  async inputFiles(plan: Plan, settings: SessionSettings): Promise<InputFiles> {
    const { inputFiles } = await import('./driver/input-files.js');
    return inputFiles(await this.#expand(plan, settings), this.#platform);
  }

  async run(plan: Plan, options: RunOptions): Promise<RunningQuery> {
    this.#checkOpen();
    options.signal?.throwIfAborted();
    await this.#turns.next();
    const settings = evalSettings(options.settings, this.#platform.clock);
    const whole = await this.#expand(plan, options.settings);
    const { rewrite } = options;
    const place =
      rewrite === undefined && settings.variable === undefined
        ? this.#place(whole, settings, options.settings.names)
        : undefined;
    const { prepared } = place ?? {};
    if (prepared !== undefined) {
      const known = (run: Run): AsyncIterable<Batch> =>
        this.#rows(async () => prepared.optimized, settings, run, options.settings);
      return { schema: prepared.schema, batches: this.#running(settings, options, known) };
    }
    const given = await resolve(whole, this.#catalog(options.settings), settings);
    const resolved = rewrite === undefined ? given : await withParts(async () => rewrite(given, settings));
    const schema = schemaOf(resolved);
    const optimized = async (): Promise<ResolvedPlan> => {
      const found = await this.#optimizedFor(resolved, settings);
      if (found.isTimeless) place?.keep({ schema, optimized: found.plan });
      return found.plan;
    };
    const batches = this.#running(settings, options, (run) =>
      resolved.kind === 'write'
        ? this.#write(resolved, settings, run, options)
        : this.#rows(optimized, settings, run, options.settings),
    );
    return { schema, batches };
  }

  async *#rows(
    optimized: () => Promise<ResolvedPlan>,
    settings: PlanSettings,
    run: Run,
    session: SessionSettings,
  ): AsyncGenerator<Batch> {
    const physical = await this.#physical(await optimized(), settings, run, session);
    const isInterpreted = engineMode() === 'interpreted' || (isFirst && isSmall(physical));
    isFirst = false;
    if (!isInterpreted) return yield* this.#compiled(physical, run);
    yield* new Interpreter(this.heap, this.#platform, run.settings, () => run.query.check()).batches(physical);
  }

  /** Where a cached frame turns out to be damaged on disk before the first rows are given, it is computed again. */
  async *#compiled(physical: PhysicalPlan, run: Run): AsyncGenerator<Batch> {
    const executor = await run.executor();
    let given = false;
    try {
      for await (const batch of executor.batches(physical)) {
        given = true;
        yield batch;
      }
    } catch (error) {
      if (!this.#cache.forgetDamaged(error) || given) throw error;
      yield* executor.batches(physical);
    }
  }

  async *#write(
    plan: WritePlan,
    settings: PlanSettings,
    run: Run,
    { settings: session, onWritten }: RunOptions,
  ): AsyncGenerator<Batch> {
    const optimized = await this.#optimized(plan.input as ResolvedPlan, settings);
    const input = await this.#physical(optimized, settings, run, session);
    const { runWrite } = await import('./driver/run-write.js');
    const result = await runWrite(await run.executor(), plan, input);
    onWritten?.(result);
    yield* [];
  }

  /** Gives a query its memory and takes everything back when it is over, however it ends. */
  async *#running(
    settings: PlanSettings,
    options: RunOptions,
    work: (run: Run) => AsyncIterable<Batch>,
  ): AsyncGenerator<Batch> {
    const query = new Query(this.heap, this.pool.flags, options.signal, this.#platform.clock.monotonic(), this.#spills);
    query.onShort = () => this.#cache.evict();
    this.#queries.add(query);
    // It was taken before the session was stopped.
    if (this.#stopped) query.abort(closed());
    const stopProgress = reportProgress(query, options, this.#platform.clock);
    const given = { ...taskSettings(settings), hashSeed: this.heap.hashSeed };
    let executor: Promise<Executor> | undefined;
    try {
      query.check();
      yield* work({ query, settings: given, executor: () => (executor ??= this.#executor(query, given)) });
    } finally {
      this.#queries.delete(query);
      await query.end();
      stopProgress();
    }
  }

  async #executor(query: Query, settings: EvalSettings): Promise<Executor> {
    const { Executor: Compiled, Scheduler: Threads } = await import('./driver/compiled.js');
    const formats = { reader: splitReader, format: formatNamed };
    this.#scheduler ??= new Threads(this.heap, this.pool, this.#platform, formats);
    return new Compiled(this.#scheduler, query, settings);
  }

  #optimized(plan: ResolvedPlan, settings: PlanSettings, isAsItIs = false): Promise<ResolvedPlan> {
    const batches = isAsItIs || engineMode() === 'no-optimizer' ? { batches: requiredBatches } : {};
    return withParts(() => optimize(this.#cache.informed(plan), settings, batches));
  }

  /** The plan, and whether it holds whenever it is asked: not if the time was asked for, or for a process's first query. */
  async #optimizedFor(resolved: ResolvedPlan, settings: PlanSettings): Promise<FoundPlan> {
    const isAsItIs = isFirst && isSmallQuery(resolved);
    let isTimeless = !isAsItIs;
    const watched = {
      ...settings,
      get nowMicros() {
        isTimeless = false;
        return settings.nowMicros;
      },
    };
    const plan = await this.#optimized(resolved, watched, isAsItIs);
    return { plan, isTimeless };
  }

  async #physical(
    optimized: ResolvedPlan,
    settings: PlanSettings,
    run: Run,
    session: SessionSettings,
  ): Promise<PhysicalPlan> {
    const known = await withSubqueryValues(optimized, (subquery) => {
      const plan = (): Promise<ResolvedPlan> =>
        this.#plans.again(subquery, settings, () => this.#optimizedFor(subquery, settings));
      return onlyValue(this.heap, this.#rows(plan, settings, run, session));
    });
    return withParts(() => this.#lower(known, settings, run, session));
  }

  #lower(plan: ResolvedPlan, settings: PlanSettings, run: Run | undefined, session: SessionSettings): PhysicalPlan {
    const input = async (cached: CachedPlan): Promise<PhysicalPlan> => {
      const optimized = await this.#optimized(cached.input as ResolvedPlan, settings);
      return this.#physical(optimized, settings, run as Run, session);
    };
    const context: LowerContext = {
      settings,
      shufflePartitions: session.shufflePartitions,
      local: (local) => this.#local.batches(local),
      cached: async (cached) => {
        if (run === undefined) return [];
        const batches = await this.#cache.batches(cached.cacheId, () => input(cached), await run.executor());
        return heldBatches(batches, cached.columns);
      },
      cachedElsewhere: async (cached) =>
        run === undefined
          ? undefined
          : this.#cache.elsewhere(cached.cacheId, () => input(cached), await run.executor()),
    };
    return extractUdfs(lower(plan, context));
  }

  async explain(plan: Plan, mode: ExplainMode, session: SessionSettings): Promise<string> {
    this.#checkOpen();
    const settings = evalSettings(session, this.#platform.clock);
    const resolved = await this.#resolve(plan, settings, session);
    const { explainLogical, optimizeExplained } = await import('../plan/explain.js');
    const { physicalText } = await import('./driver/physical-text.js');
    const explained = await withParts(() => optimizeExplained(plan, this.#cache.informed(resolved), settings));
    // What subqueries give is not known before the query runs.
    const shown = await withSubqueryValues(explained.optimized, async () => null);
    const physical = await withParts(() => this.#lower(shown, settings, undefined, session));
    const sections = [`== Physical Plan ==\n${physicalText(physical)}`];
    if (mode !== 'simple' && mode !== 'codegen')
      sections.unshift(explainLogical(explained, mode === 'analyze' ? 'cost' : mode));
    if (mode === 'analyze' || mode === 'codegen')
      sections.push(await this.#analyzed(resolved, settings, session, mode));
    return sections.join('\n\n');
  }

  /** Runs the query for its figures. */
  async #analyzed(
    resolved: ResolvedPlan,
    settings: PlanSettings,
    session: SessionSettings,
    mode: 'analyze' | 'codegen',
  ): Promise<string> {
    let report = '';
    const { stagesText } = await import('./driver/physical-text.js');
    const { clock } = this.#platform;
    const started = clock.monotonic();
    const work = async function* (this: LocalEngine, run: Run): AsyncGenerator<Batch> {
      const optimized = await this.#optimized(resolved, settings);
      const physical = await this.#physical(optimized, settings, run, session);
      for await (const batch of (await run.executor()).batches(physical)) void batch;
      const { stages, peakBytes } = run.query;
      if (mode === 'analyze') report = `== Stages ==\n${stagesText(stages, clock.monotonic() - started, peakBytes)}`;
      else report = `== Compiled Pipelines ==\n${stages.map((s, i) => `${i + 1}. ${s.label}`).join('\n')}`;
      yield* [];
    };
    for await (const batch of this.#running(settings, { settings: session }, (run) => work.call(this, run))) void batch;
    return report;
  }

  cache(level: CacheLevel): number {
    return this.#cache.open(level);
  }

  async uncache(cacheId: number): Promise<void> {
    this.#cache.drop(cacheId);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const query of this.#queries) query.abort(closed());
    await this.pool.stop();
    await this.#spills.removeAll();
  }

  #checkOpen(): void {
    if (this.#stopped) throw closed();
  }
}

const closed = (): SparrowError =>
  new SparrowError('SESSION_CLOSED', 'the session was stopped', { hint: 'create a new session with Session.create()' });

function workerCount(options: EngineOptions): number {
  const mode = engineMode();
  return mode === 'one-worker' ? 1 : Math.max(1, options.workers ?? availableParallelism());
}
