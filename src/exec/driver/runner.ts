import type { Batch } from '../../base/index.js';
import type { EvalSettings, PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalColumn, PhysicalPlan } from '../physical.js';
import type { SinkSpec } from '../task/spec.js';
import type { DoneTask } from '../task/task.js';
import type { Flow, FlowPart } from './flow.js';
import type { Query } from './query.js';
import type { RuntimeFilter } from './runtime-filter.js';
import type { Scheduler } from './scheduler.js';

/** What the opening of one operator asks of the executor. */
export interface Runner {
  readonly scheduler: Scheduler;
  readonly query: Query;
  readonly settings: EvalSettings;
  open(plan: PhysicalPlan): Promise<Flow>;
  /** Leaves out rows of a plan that a join above it drops anyway, where the plan is opened. */
  filterEarly(plan: PhysicalPlan, filter: RuntimeFilter): void;
  /** The rows of the plan, a join, may come in any order. */
  isOrderFree(plan: PhysicalPlan): boolean;
  /** Whether anything above the plan, a join, reads one of its columns. */
  isRead(plan: PhysicalPlan, column: number): boolean;
  /** The groups of a plan, an aggregation, are to be partitioned by the first of its keys, so many of them. */
  partitionBy(plan: PhysicalPlan, keys: number): void;
  partitionKeys(plan: PhysicalPlan): number | undefined;
  /** The groups of an aggregation, made once where others share them. */
  groups<T>(plan: PhysicalPlan, make: () => Promise<T>): Promise<T>;
  /** Begins early what opening a plan begins with; `begun` gives it to whoever opens the plan, once. */
  begin<T>(plan: PhysicalPlan, make: () => Promise<T>): Promise<T>;
  begun<T>(plan: PhysicalPlan): Promise<T> | undefined;
  project(flow: Flow, exprs: readonly PhysicalExpr[]): Flow;
  batchPart(columns: readonly PhysicalColumn[], batches: readonly Batch[]): FlowPart;
  results(flow: Flow, sink: (part: FlowPart) => SinkSpec): AsyncGenerator<DoneTask>;
  allResults(flow: Flow, sink: (part: FlowPart) => SinkSpec): Promise<DoneTask[]>;
}
