import {
  type Batch,
  engineBug,
  type KeptColumns,
  sliceColumn,
  type TableSource,
  unreachable,
} from '../../base/index.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalColumn, PhysicalPlan } from '../physical.js';
import { rowsOfSplits, type SinkSpec, type TaskInput } from '../task/spec.js';
import type { DoneTask } from '../task/task.js';
import { decoded, withCodes } from './code-columns.js';
import { columnsRead } from './columns-read.js';
import { filtered } from './filtered-flow.js';
import {
  addStep,
  batchColumns,
  columnOf,
  type Flow,
  type FlowPart,
  givingSink,
  outputSink,
  splitColumns,
  splitsPerTask,
  tasksOf,
} from './flow.js';
import { keptColumns, requestOf } from './kept-columns.js';
import { openAggregate } from './open-aggregate.js';
import type { SharedRows } from './open-shared.js';
import { openSort } from './open-sort.js';
import { orderFreeJoins } from './order-free.js';
import type { Query } from './query.js';
import type { Runner } from './runner.js';
import type { RuntimeFilter } from './runtime-filter.js';
import type { Scheduler } from './scheduler.js';
import { eachPlan, sharedGroups } from './shared-groups.js';

/**
 * Batches of one task: enough to pay for the way to another thread, few enough to share the work out evenly. It
 * depends on the data only, never on the number of workers, so that results do not either.
 */
const LEAST_BATCHES = 2;
/** So few are shared out one by one. */
const FEW_BATCHES = 4;
const MOST_BATCHES = 16;
const TASKS_WANTED = 16;
const batchesPerTask = (batches: number): number =>
  batches <= FEW_BATCHES ? 1 : Math.min(MOST_BATCHES, Math.max(LEAST_BATCHES, Math.ceil(batches / TASKS_WANTED)));
/** Below these, work stays on the caller's thread. */
const SMALL_ROWS = 20_000;
const SMALL_BYTES = 1 << 20;

/** Runs a physical plan: pipelines breaker by breaker, each shared out over the threads. */
export class Executor implements Runner {
  readonly #filters = new Map<PhysicalPlan, readonly RuntimeFilter[]>();
  /** Aggregations that share their groups, and the groups by what they share. */
  readonly #sharing = new Map<PhysicalPlan, string>();
  readonly #groups = new Map<string, Promise<unknown>>();
  readonly #partitionKeys = new Map<PhysicalPlan, number>();
  readonly #shared: SharedRows = new Map();
  readonly #begun = new Map<PhysicalPlan, Promise<unknown>>();
  #orderFree: ReadonlySet<PhysicalPlan> = new Set();
  #columnsRead: ReadonlyMap<PhysicalPlan, ReadonlySet<number>> = new Map();
  #kept: ReadonlyMap<TableSource, KeptColumns> = new Map();

  constructor(
    readonly scheduler: Scheduler,
    readonly query: Query,
    readonly settings: EvalSettings,
  ) {}

  /** The plan's rows, in order. Each batch lives until the next one is asked for. */
  async *batches(given: PhysicalPlan): AsyncGenerator<Batch> {
    for (const [aggregate, key] of sharedGroups(given)) this.#sharing.set(aggregate, key);
    // Aggregations that share their groups do so by the texts of their plans.
    const isShared = this.#sharing.size > 0;
    const { plan, dictionaries } = isShared ? { plan: given, dictionaries: new Map() } : await withCodes(given);
    this.#orderFree = orderFreeJoins(plan);
    this.#kept = keptColumns(plan, this.query);
    // Shared groups are those of another aggregation, whose calls may read more.
    if (!isShared) this.#columnsRead = columnsRead(plan);
    const flow = await this.open(plan);
    for await (const done of this.#parts(flow)) {
      if (done.output.kind !== 'batches') throw engineBug('batches expected');
      for (const batch of done.output.batches) yield decoded(this.query.heap, batch, dictionaries);
      this.query.release(done.arena);
    }
  }

  /** The plan's rows, all held; their memory belongs to the query unless it is kept. */
  async collect(plan: PhysicalPlan): Promise<{ batches: Batch[]; arenas: number[] }> {
    return this.materialize(await this.open(plan));
  }

  async materialize(flow: Flow): Promise<{ batches: Batch[]; arenas: number[] }> {
    const batches: Batch[] = [];
    const arenas: number[] = [];
    try {
      for await (const done of this.results(flow, (part) => outputSink(part.columns))) {
        if (done.output.kind !== 'batches') throw engineBug('batches expected');
        batches.push(...done.output.batches);
        arenas.push(done.arena);
      }
    } catch (error) {
      // The query may go on another way, and needs the room.
      for (const arena of arenas) this.query.release(arena);
      throw error;
    }
    return { batches, arenas };
  }

  /** The results of a flow's tasks, large ones part by part. */
  async *#parts(flow: Flow): AsyncGenerator<DoneTask> {
    for (const part of flow) {
      const tasks = tasksOf(part, givingSink(part), this.settings).map((task) => ({ ...task, inParts: true }));
      yield* this.scheduler.run(this.query, tasks, part.small);
    }
  }

  /** Runs every part of a flow into a sink. */
  async *results(flow: Flow, sink: (part: FlowPart) => SinkSpec, limit?: number): AsyncGenerator<DoneTask> {
    for (const part of flow) {
      yield* this.scheduler.run(this.query, tasksOf(part, sink(part), this.settings, limit), part.small);
    }
  }

  async allResults(flow: Flow, sink: (part: FlowPart) => SinkSpec): Promise<DoneTask[]> {
    const all: DoneTask[] = [];
    for (const part of flow) {
      const tasks = tasksOf(part, sink(part), this.settings);
      all.push(...(await this.scheduler.runAll(this.query, tasks, part.small)));
    }
    return all;
  }

  /** What feeds the operator above: everything up to the last pipeline breaker has run when this resolves. */
  async open(plan: PhysicalPlan): Promise<Flow> {
    this.query.check();
    const flow = await this.#open(plan);
    const filters = this.#filters.get(plan);
    // The next round of a recursion has tables of its own.
    this.#filters.delete(plan);
    return filters === undefined ? flow : filtered(this, flow, plan, filters);
  }

  /** Rows of `plan` that a join above it will drop anyway are left out where it is opened. */
  filterEarly(plan: PhysicalPlan, filter: RuntimeFilter): void {
    this.#filters.set(plan, [...(this.#filters.get(plan) ?? []), filter]);
  }

  partitionBy(plan: PhysicalPlan, keys: number): void {
    this.#partitionKeys.set(plan, keys);
  }

  partitionKeys(plan: PhysicalPlan): number | undefined {
    return this.#partitionKeys.get(plan);
  }

  isOrderFree(plan: PhysicalPlan): boolean {
    return this.#orderFree.has(plan);
  }

  isRead(plan: PhysicalPlan, column: number): boolean {
    return this.#columnsRead.get(plan)?.has(column) !== false;
  }

  begin<T>(plan: PhysicalPlan, make: () => Promise<T>): Promise<T> {
    const begun = (this.#begun.get(plan) as Promise<T> | undefined) ?? make();
    this.#begun.set(plan, begun);
    return begun;
  }

  begun<T>(plan: PhysicalPlan): Promise<T> | undefined {
    const begun = this.#begun.get(plan);
    this.#begun.delete(plan);
    return begun as Promise<T> | undefined;
  }

  /** Groups that several aggregations of the query share are made once, unless less is asked of this one. */
  groups<T>(plan: PhysicalPlan, make: () => Promise<T>): Promise<T> {
    const key = this.#sharing.get(plan);
    let filtered = false;
    if (key !== undefined && this.#filters.size > 0) {
      eachPlan(plan, (below) => {
        filtered ||= this.#filters.has(below);
      });
    }
    if (key === undefined || filtered) return make();
    const made = (this.#groups.get(key) as Promise<T> | undefined) ?? make();
    this.#groups.set(key, made);
    return made;
  }

  async #open(plan: PhysicalPlan): Promise<Flow> {
    switch (plan.kind) {
      case 'scan':
        return this.#openScan(plan);
      case 'batches':
        if (plan.instead === undefined) return [this.batchPart(plan.columns, await plan.load())];
        return (await import('./stored-rows.js')).openBatches(this, plan);
      case 'shared': {
        const { openShared } = await import('./open-shared.js');
        return openShared(this, plan, this.#shared);
      }
      case 'filter': {
        const { condition } = plan;
        return addStep(await this.open(plan.input), { kind: 'filter', condition }, (part) => part.columns);
      }
      case 'project':
        return this.project(await this.open(plan.input), plan.exprs);
      case 'sample':
        return this.#openSample(plan);
      case 'union':
        return this.#openUnion(plan.inputs);
      case 'limit':
        return this.#openLimit(plan);
      case 'repartition':
        return this.#openRepartition(plan);
      case 'aggregate':
        return openAggregate(this, plan);
      case 'join':
        return (await import('./open-join.js')).openJoin(this, plan);
      case 'sort':
        return openSort(this, plan);
      case 'window':
        return (await import('./open-window.js')).openWindow(this, plan);
      case 'generate':
        return (await import('./open-generate.js')).openGenerate(this, plan);
      case 'recursion':
        return (await import('./open-recursion.js')).openRecursion(this, plan);
      case 'round':
        return [this.batchPart(plan.columns, plan.from.batches)];
      case 'udf':
        return (await import('./open-udf.js')).openUdf(this, plan);
      default:
        return unreachable(plan);
    }
  }

  project(flow: Flow, exprs: readonly PhysicalExpr[]): Flow {
    return addStep(flow, { kind: 'project', exprs }, (part) =>
      exprs.map((e) => columnOf(e, part.columns, this.settings)),
    );
  }

  /** Batches that are there already, as the start of a flow. */
  batchPart(
    columns: readonly PhysicalColumn[],
    batches: readonly Batch[],
    perTask = batchesPerTask(batches.length),
    skip = 0,
  ): FlowPart {
    const inputs: TaskInput[] = [];
    // Rows that are passed over are not counted.
    let row = -skip;
    for (let i = 0; i < batches.length; i += perTask) {
      const some = batches.slice(i, i + perTask);
      inputs.push({ kind: 'batches', batches: some, firstRow: row, skip: i === 0 ? skip : 0 });
      row += some.reduce((n, b) => n + b.rows, 0);
    }
    const known = batchColumns(columns, batches);
    return {
      source: { kind: 'batches', columns: known, stable: true },
      inputs,
      steps: [],
      tables: [],
      columns: known,
      names: columns.map((c) => c.name),
      small: row <= SMALL_ROWS,
    };
  }

  async #openScan(plan: Extract<PhysicalPlan, { kind: 'scan' }>): Promise<Flow> {
    const { splits, skipped } = await plan.source.plan(plan.request);
    const request = requestOf(plan, this.#kept);
    let row = 0;
    const inputs = splitsPerTask(splits).map((some): TaskInput => {
      const firstRow = row;
      row += rowsOfSplits(some) ?? 0;
      return { kind: 'splits', splits: some, request, firstRow };
    });
    const columns = splitColumns(plan.columns, splits);
    const bytes = splits.reduce((n, s) => n + (s.bytes ?? SMALL_BYTES), 0);
    const small = bytes < SMALL_BYTES && row <= SMALL_ROWS;
    return [
      {
        source: { kind: 'batches', columns, stable: false },
        inputs,
        steps: [],
        tables: [],
        columns,
        names: plan.columns.map((c) => c.name),
        small,
        skipped,
      },
    ];
  }

  /** All inputs side by side. When one fails, this one fails only after the others have stopped. */
  async #openUnion(inputs: readonly PhysicalPlan[]): Promise<Flow> {
    let failure: { readonly error: unknown } | undefined;
    const open = async (input: PhysicalPlan): Promise<Flow> => {
      try {
        return await this.open(input);
      } catch (error) {
        failure ??= { error };
        this.query.abort();
        return [];
      }
    };
    const flows = await Promise.all(inputs.map(open));
    if (failure !== undefined) throw failure.error;
    return flows.flat();
  }

  /** Runs just enough tasks for the rows wanted. */
  async #openLimit(plan: Extract<PhysicalPlan, { kind: 'limit' }>): Promise<Flow> {
    const wanted = plan.limit === undefined ? Number.POSITIVE_INFINITY : plan.offset + plan.limit;
    const flow = addStep(await this.open(plan.input), { kind: 'limit', rows: 0 }, (part) => part.columns);
    const batches: Batch[] = [];
    let rows = 0;
    if (wanted > 0) {
      const most = Number.isFinite(wanted) ? Math.min(wanted, 0xfffffffe) : undefined;
      for await (const done of this.results(flow, (part) => outputSink(part.columns), most)) {
        if (done.output.kind !== 'batches') throw engineBug('batches expected');
        batches.push(...done.output.batches);
        rows += done.output.rows;
        if (rows >= wanted) break;
      }
    }
    const rest = cut(batches, plan.offset, wanted);
    return [this.batchPart(plan.columns, rest.batches, undefined, rest.skip)];
  }

  /** A sample draws by the number of a row, which must not depend on how work is shared out. */
  async #openSample(plan: Extract<PhysicalPlan, { kind: 'sample' }>): Promise<Flow> {
    const { lowerBound: lower, upperBound: upper, seed } = plan;
    const flow = await this.open(await this.#numbered(plan.input));
    return addStep(flow, { kind: 'sample', lower, upper, seed }, (part) => part.columns);
  }

  /** The same rows over something whose rows are numbered as they come: what filters and projections stand on. */
  async #numbered(plan: PhysicalPlan): Promise<PhysicalPlan> {
    switch (plan.kind) {
      case 'filter':
      case 'project':
        return { ...plan, input: await this.#numbered(plan.input) };
      case 'join':
      case 'union':
      case 'aggregate':
      case 'sort':
      case 'generate': {
        const { batches } = await this.materialize(await this.open(plan));
        return { kind: 'batches', columns: plan.columns, label: plan.kind, load: async () => batches };
      }
      default:
        return plan;
    }
  }

  async #openRepartition(plan: Extract<PhysicalPlan, { kind: 'repartition' }>): Promise<Flow> {
    const { batches } = await this.materialize(await this.open(plan.input));
    const perTask = Math.max(1, Math.ceil(batches.length / Math.max(1, plan.partitions)));
    return [this.batchPart(plan.columns, batches, perTask)];
  }
}

/** The first `end` rows of a list of batches; whole batches before `offset` are left out, the rest is `skip`. */
function cut(batches: readonly Batch[], offset: number, end: number): { batches: Batch[]; skip: number } {
  const kept: Batch[] = [];
  let skip = offset;
  let row = 0;
  for (const batch of batches) {
    const to = Math.min(batch.rows, end - row);
    row += batch.rows;
    if (to <= 0) break;
    if (kept.length === 0 && skip >= to) {
      skip -= batch.rows;
      continue;
    }
    kept.push(to === batch.rows ? batch : { rows: to, columns: batch.columns.map((c) => sliceColumn(c, 0, to)) });
  }
  return { batches: kept, skip: kept.length === 0 ? 0 : skip };
}
