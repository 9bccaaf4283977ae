import type { Batch, Scalar, Schema, SourceDescription, TableSource } from '../base/index.js';
import type { Alias, Attribute, Expr, SortOrder } from './expr.js';

/** What a query asks, as a tree of frozen plain data. The resolver turns the unresolved nodes into the others. */
export type Plan = UnresolvedPlan | ResolvedPlan;

/** As the API or SQL builds it. Also every ResolvedPlan shape may occur here with unresolved expressions inside. */
export type UnresolvedPlan =
  | ReadPlan
  | ViewPlan
  | WithColumnsPlan
  | DropPlan
  | RenamePlan
  | ToNamesPlan
  | UsingJoinPlan
  | DropDuplicatesPlan
  | SetOperationPlan
  | SqlQueryPlan;

/** What the optimizer and the planner work on. */
export type ResolvedPlan =
  | ScanPlan
  | LocalPlan
  | RangePlan
  | CachedPlan
  | ProjectPlan
  | FilterPlan
  | AggregatePlan
  | JoinPlan
  | SortPlan
  | LimitPlan
  | UnionPlan
  | DistinctPlan
  | WindowPlan
  | SamplePlan
  | RepartitionPlan
  | SubqueryAliasPlan
  | WritePlan;

export type PlanKind = Plan['kind'];

interface Node {
  /** Set by the API on each DataFrame's plan, so that `df.col("x")` can name it. */
  readonly planId?: number;
}

// ---- unresolved ----

/** Files (or another source) by description; resolving it reads metadata only. */
export interface ReadPlan extends Node {
  readonly kind: 'read';
  readonly description: SourceDescription;
}
/** A temporary view or table by name. */
export interface ViewPlan extends Node {
  readonly kind: 'view';
  readonly name: string;
}
/** Adds or replaces columns; later expressions do not see earlier ones (as Spark's withColumns). */
export interface WithColumnsPlan extends Node {
  readonly kind: 'with_columns';
  readonly input: Plan;
  readonly columns: readonly { readonly name: string; readonly expr: Expr }[];
}
export interface DropPlan extends Node {
  readonly kind: 'drop';
  readonly input: Plan;
  readonly columns: readonly Expr[];
}
export interface RenamePlan extends Node {
  readonly kind: 'rename';
  readonly input: Plan;
  /** Old name → new name; names that do not exist are ignored, as in Spark. */
  readonly names: Readonly<Record<string, string>>;
}
/** `toDF(...names)`. */
export interface ToNamesPlan extends Node {
  readonly kind: 'to_names';
  readonly input: Plan;
  readonly names: readonly string[];
}
/** Join on equal columns of the same names, which appear once in the result. */
export interface UsingJoinPlan extends Node {
  readonly kind: 'using_join';
  readonly left: Plan;
  readonly right: Plan;
  readonly how: JoinType;
  readonly columns: readonly string[];
}
export interface DropDuplicatesPlan extends Node {
  readonly kind: 'drop_duplicates';
  readonly input: Plan;
  readonly columns: readonly string[];
}
/** INTERSECT or EXCEPT, by position; `all` keeps duplicates. */
export interface SetOperationPlan extends Node {
  readonly kind: 'set_operation';
  readonly left: Plan;
  readonly right: Plan;
  readonly op: 'intersect' | 'except';
  readonly all: boolean;
}
/** A whole SQL query that is parsed when the plan is resolved; `inputs` are the frames it names by placeholder. */
export interface SqlQueryPlan extends Node {
  readonly kind: 'sql_query';
  readonly text: string;
  readonly parameters: Readonly<Record<string, Expr>>;
  readonly inputs: Readonly<Record<string, Plan>>;
}

// ---- resolved ----

/** A source with its columns; the optimizer narrows `output` and sets `predicate` and `limit`. */
export interface ScanPlan extends Node {
  readonly kind: 'scan';
  readonly source: TableSource;
  /** The columns read, in order; names are the source's. */
  readonly output: readonly Attribute[];
  /** Conjunction (over `output`) given to the source for pruning; a Filter above still decides exactly. */
  readonly predicate?: Expr;
  readonly limit?: number;
}
/** Rows held by the session. */
export interface LocalPlan extends Node {
  readonly kind: 'local';
  readonly data: LocalData;
  readonly output: readonly Attribute[];
  /** The data's column that `output[i]` is; absent: column i. The optimizer narrows both together. */
  readonly columns?: readonly number[];
}
/** Rows given by the caller, as columns in the order of the schema. */
export interface LocalData {
  readonly schema: Schema;
  /** Column-wise scalars, or batches already in the session's heap. */
  readonly content:
    | { readonly kind: 'scalars'; readonly rows: number; readonly columns: readonly (readonly Scalar[])[] }
    | { readonly kind: 'batches'; readonly rows: number; readonly batches: readonly Batch[] };
}
/** `session.range`. */
export interface RangePlan extends Node {
  readonly kind: 'range';
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
  readonly output: readonly Attribute[];
}
/** A frame marked by `cache()`; the session's cache manager knows whether `cacheId` is filled. */
export interface CachedPlan extends Node {
  readonly kind: 'cached';
  readonly cacheId: number;
  readonly input: Plan;
  readonly output: readonly Attribute[];
  /** The input's column that `output[i]` is; absent: column i. The optimizer narrows both together. */
  readonly columns?: readonly number[];
}
export interface ProjectPlan extends Node {
  readonly kind: 'project';
  readonly input: Plan;
  /** Resolved: each is an Attribute or an Alias with an id. */
  readonly exprs: readonly Expr[];
}
export interface FilterPlan extends Node {
  readonly kind: 'filter';
  readonly input: Plan;
  readonly condition: Expr;
}
export interface AggregatePlan extends Node {
  readonly kind: 'aggregate';
  readonly input: Plan;
  /** Resolved: Attributes or Aliases with ids; empty for one group over everything. */
  readonly groupBy: readonly Expr[];
  /** The whole output list, in order. Resolved: Attributes of groupBy, or Aliases over expressions of AggregateCalls and groupBy attributes. */
  readonly output: readonly Expr[];
}
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross';
export interface JoinPlan extends Node {
  readonly kind: 'join';
  readonly left: Plan;
  readonly right: Plan;
  readonly how: JoinType;
  readonly condition?: Expr;
  /** Set by the optimizer: which side is held in memory. */
  readonly build?: 'left' | 'right';
}
export interface SortPlan extends Node {
  readonly kind: 'sort';
  readonly input: Plan;
  readonly orders: readonly SortOrder[];
  /** Within each partition only (`sortWithinPartitions`). */
  readonly local?: boolean;
}
export interface LimitPlan extends Node {
  readonly kind: 'limit';
  readonly input: Plan;
  /** Absent: only an offset. */
  readonly limit?: number;
  readonly offset: number;
}
export interface UnionPlan extends Node {
  readonly kind: 'union';
  readonly inputs: readonly Plan[];
  readonly byName: boolean;
  readonly allowMissing: boolean;
  /** Present once resolved. */
  readonly output?: readonly Attribute[];
}
export interface DistinctPlan extends Node {
  readonly kind: 'distinct';
  readonly input: Plan;
}
/** Adds window columns to its input. All calls share partitioning and ordering once resolved (one node per spec). */
export interface WindowPlan extends Node {
  readonly kind: 'window';
  readonly input: Plan;
  readonly calls: readonly Alias[];
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortOrder[];
}
export interface SamplePlan extends Node {
  readonly kind: 'sample';
  readonly input: Plan;
  readonly fraction: number;
  readonly lowerBound?: number;
  readonly withReplacement: boolean;
  readonly seed: number;
}
export interface RepartitionPlan extends Node {
  readonly kind: 'repartition';
  readonly input: Plan;
  readonly partitions?: number;
  readonly by: readonly Expr[];
  /** False for `coalesce`: partitions are only merged. */
  readonly shuffle: boolean;
}
export interface SubqueryAliasPlan extends Node {
  readonly kind: 'subquery_alias';
  readonly input: Plan;
  readonly name: string;
}
export interface WritePlan extends Node {
  readonly kind: 'write';
  readonly input: Plan;
  readonly format: string;
  readonly path: string;
  readonly mode: 'append' | 'overwrite' | 'ignore' | 'error';
  readonly partitionBy: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}
