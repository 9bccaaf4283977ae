import type {
  Batch,
  DataType,
  JsFunction,
  Scalar,
  ScanRequest,
  ScanSplit,
  StructType,
  TableSource,
} from '../base/index.js';
import type { Range } from '../functions/define.js';
import type { PhysicalExpr } from '../functions/expression.js';
import type { SpilledRows } from './task/spilled.js';

/** One column of an operator's output. */
export interface PhysicalColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/**
 * How a query is done on this machine: operators over column positions. Plain data but for the scan's source, which
 * stays on the planning side (tasks get its splits).
 */
export type PhysicalPlan =
  | PhysicalScan
  | PhysicalBatches
  | PhysicalShared
  | PhysicalFilter
  | PhysicalProject
  | PhysicalAggregate
  | PhysicalJoin
  | PhysicalSort
  | PhysicalLimit
  | PhysicalUnion
  | PhysicalWindow
  | PhysicalUdf
  | PhysicalSample
  | PhysicalRepartition
  | PhysicalGenerate
  | PhysicalRecursion
  | PhysicalRound;

interface PhysicalNode {
  readonly columns: readonly PhysicalColumn[];
  /** Estimated rows, where known. */
  readonly estimatedRows?: number;
}

export interface PhysicalScan extends PhysicalNode {
  readonly kind: 'scan';
  readonly source: TableSource;
  readonly request: ScanRequest;
}

/** Rows that were put on disk, task by task, with what is known of their fields. */
export interface StoredRows {
  readonly fields: readonly { readonly type: DataType; readonly nullable: boolean; readonly range?: Range }[];
  readonly parts: readonly (readonly SpilledRows[])[];
}

/** Batches that are there already: local data, a cached frame. `stable` ones outlive the query's tasks. */
export interface PhysicalBatches extends PhysicalNode {
  readonly kind: 'batches';
  readonly label: string;
  /** How many rows, where that is known before they are laid out. */
  readonly rows?: number | undefined;
  /** Equal identities mean the same rows in the same columns. */
  readonly identity?: string;
  /** Made when the query starts: the cache is filled, local rows are laid out. */
  readonly load: () => Promise<readonly Batch[]>;
  /** Asked before: what there is in place of batches, rows on disk or a plan that makes them. */
  readonly instead?: () => Promise<StoredRows | PhysicalPlan | undefined>;
  /** Which columns of what is there in place of batches are wanted; all without it. */
  readonly positions?: readonly number[];
}

/** Some columns of rows that several places of the plan read: computed once where they can be held. */
export interface PhysicalShared extends PhysicalNode {
  readonly kind: 'shared';
  /** Equal numbers mean equal inputs. */
  readonly id: number;
  readonly input: PhysicalPlan;
  /** The input's column that each column is. */
  readonly positions: readonly number[];
}

export interface PhysicalFilter extends PhysicalNode {
  readonly kind: 'filter';
  readonly input: PhysicalPlan;
  readonly condition: PhysicalExpr;
}

export interface PhysicalProject extends PhysicalNode {
  readonly kind: 'project';
  readonly input: PhysicalPlan;
  readonly exprs: readonly PhysicalExpr[];
}

/** One aggregate call; its result is column `keys.length + position` of what `output` sees. */
export interface AggregateSpec {
  readonly fn: string;
  readonly args: readonly PhysicalExpr[];
  readonly filter?: PhysicalExpr;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** Grouping; `output` computes the result columns over [keys…, aggregate results…]. */
export interface PhysicalAggregate extends PhysicalNode {
  readonly kind: 'aggregate';
  readonly input: PhysicalPlan;
  readonly keys: readonly PhysicalExpr[];
  readonly aggregates: readonly AggregateSpec[];
  readonly output: readonly PhysicalExpr[];
}

export type PhysicalJoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'exists';

/** Equality of one pair of key expressions, each over its own side. */
export interface JoinKey {
  readonly left: PhysicalExpr;
  readonly right: PhysicalExpr;
  /** `<=>`: null equals null. */
  readonly nullSafe: boolean;
}

export interface PhysicalJoin extends PhysicalNode {
  readonly kind: 'join';
  readonly left: PhysicalPlan;
  readonly right: PhysicalPlan;
  readonly how: PhysicalJoinType;
  readonly keys: readonly JoinKey[];
  /** What else must hold, over left columns followed by right columns. */
  readonly residual?: PhysicalExpr;
  /** The side held in memory. */
  readonly build: 'left' | 'right';
}

export interface SortKey {
  readonly expr: PhysicalExpr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Sorting; with `limit` only the first `offset + limit` rows are kept (top-k). */
export interface PhysicalSort extends PhysicalNode {
  readonly kind: 'sort';
  readonly input: PhysicalPlan;
  readonly keys: readonly SortKey[];
  readonly limit?: number;
  readonly offset: number;
}

export interface PhysicalLimit extends PhysicalNode {
  readonly kind: 'limit';
  readonly input: PhysicalPlan;
  readonly limit?: number;
  readonly offset: number;
}

export interface PhysicalUnion extends PhysicalNode {
  readonly kind: 'union';
  readonly inputs: readonly PhysicalPlan[];
}

/** One window column. */
export interface WindowSpecCall {
  readonly fn: string;
  readonly args: readonly PhysicalExpr[];
  readonly type: DataType;
  readonly nullable: boolean;
  readonly frame?: PhysicalFrame;
  readonly filter?: PhysicalExpr;
}

/** Frame bounds in rows or, for `range`, in units of the single ordering key; absent = unbounded. */
export interface PhysicalFrame {
  readonly unit: 'rows' | 'range';
  readonly start?: number;
  readonly end?: number;
  /** The bound is months from the key: how far that is depends on the key. */
  readonly startMonths?: boolean;
  readonly endMonths?: boolean;
}

/** The first rows of each partition: all that have, by this way of counting, at most this place. */
export interface GroupLimit {
  readonly by: 'rowNumber' | 'rank' | 'denseRank';
  readonly rows: number;
}

/** Output: the input's columns followed by one per call. */
export interface PhysicalWindow extends PhysicalNode {
  readonly kind: 'window';
  readonly input: PhysicalPlan;
  readonly partitionBy: readonly PhysicalExpr[];
  readonly orderBy: readonly SortKey[];
  readonly calls: readonly WindowSpecCall[];
  /** What comes behind the first rows of its partition may be left out: a filter above drops it. */
  readonly groupLimit?: GroupLimit;
}

/** One call of a function of the user. */
export interface UdfCall {
  readonly fn: JsFunction;
  /** Over the input's columns. */
  readonly args: readonly PhysicalExpr[];
  /** The function is called only for rows where this is true: the branch it stood in. */
  readonly guard?: PhysicalExpr;
}

/** Output: the input's columns followed by one per call. */
export interface PhysicalUdf extends PhysicalNode {
  readonly kind: 'udf';
  readonly input: PhysicalPlan;
  readonly calls: readonly UdfCall[];
}

export interface PhysicalSample extends PhysicalNode {
  readonly kind: 'sample';
  readonly input: PhysicalPlan;
  readonly lowerBound: number;
  readonly upperBound: number;
  readonly seed: number;
}

export interface PhysicalRepartition extends PhysicalNode {
  readonly kind: 'repartition';
  readonly input: PhysicalPlan;
  readonly partitions: number;
}

/** Each row of the input with every row a generator makes of it: the input's columns, then those that are made. */
export interface PhysicalGenerate extends PhysicalNode {
  readonly kind: 'generate';
  readonly input: PhysicalPlan;
  readonly fn: string;
  readonly args: readonly PhysicalExpr[];
  readonly type: StructType;
  /** A row of nulls where nothing is made. */
  readonly outer: boolean;
}

/** The anchor's rows, then round after round what the step makes of the round before. */
export interface PhysicalRecursion extends PhysicalNode {
  readonly kind: 'recursion';
  readonly anchor: PhysicalPlan;
  readonly step: PhysicalPlan;
  /** The rows of the round before, and of all rounds. */
  readonly last: RoundRows;
  readonly all: RoundRows;
  readonly maxLevel: number;
  /** No round begins when so many rows are there. */
  readonly rowsAsked: number;
}

/** Rows that one round leaves to the next, as whoever runs the plan keeps them. */
export interface RoundRows {
  batches: readonly Batch[];
  rows: readonly (readonly Scalar[])[];
}

export interface PhysicalRound extends PhysicalNode {
  readonly kind: 'round';
  readonly from: RoundRows;
}

/** What a task reads from a source. */
export interface SplitInput {
  readonly split: ScanSplit;
  readonly request: ScanRequest;
}
