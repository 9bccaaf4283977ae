import type { FieldPath, SourceDescription, TableSource } from '../base/index.js';
import type { CachedStatistics } from './cached-statistics.js';
import type { Alias, Attribute, Expr, NestedPlan, SortOrder } from './expr.js';
import type { LocalData } from './local-data.js';
import type { JoinType, LimitedGroups, NamedTable, PivotValue, StreamMark } from './node-parts.js';
import type { EachColumnNode, SummaryNode } from './node-summary.js';
import type { WriteTarget } from './write-target.js';

export type { JoinType, PivotValue } from './node-parts.js';

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
  | LimitByPlan
  | SqlQueryPlan
  | WithPlan
  | RecursionPlan
  | ValuesPlan
  | TableFunctionPlan
  | PivotPlan
  | UnpivotPlan
  | HintPlan
  | SummaryNode<Plan>
  | EachColumnNode<Plan>
  | AsOfJoinPlan;

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
  | GeneratePlan
  | ExpandPlan
  | LateralJoinPlan
  | RecursivePlan
  | RecursiveRefPlan
  | WritePlan;

export type PlanKind = Plan['kind'];
interface Node {
  /** Set by the API on each DataFrame's plan, so that `df.col("x")` can name it. */
  readonly planId?: number;
}
/** Files (or another source) by description; resolving it reads metadata only. */
export interface ReadPlan extends Node {
  readonly kind: 'read';
  readonly description: SourceDescription;
}
export interface ViewPlan extends Node, NamedTable {
  readonly kind: 'view';
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
  /** NATURAL: all names that both sides have, `columns` is empty. */
  readonly natural?: boolean;
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
/** LIMIT and OFFSET by constant expressions; one of the two. */
export interface LimitByPlan extends Node {
  readonly kind: 'limit_by';
  readonly input: Plan;
  readonly what: 'limit' | 'offset';
  readonly rows: Expr;
}
/** A whole SQL query, `parsed` when the plan is resolved at the latest; `inputs` are the frames it names by placeholder. */
export interface SqlQueryPlan extends Node {
  readonly kind: 'sql_query';
  readonly text: string;
  readonly parameters: Readonly<Record<string, Expr>>;
  readonly inputs: Readonly<Record<string, Plan>>;
  readonly parsed?: Plan;
}
/** WITH: each query is seen by later ones and `input` as a `view`; its plan has `to_names`, a recursive one `recursion`. */
export interface WithPlan extends Node {
  readonly kind: 'with';
  readonly queries: readonly { readonly name: string; readonly plan: Plan }[];
  readonly input: Plan;
}
/** The body of a recursive query: `step` reads the round before as the view `name`, by `id` once WITH is bound. */
export interface RecursionPlan extends Node {
  readonly kind: 'recursion';
  readonly name: string;
  readonly columnNames?: readonly string[];
  readonly anchor: Plan;
  readonly step: Plan;
  /** UNION ALL rather than UNION. */
  readonly all: boolean;
  readonly maxLevel?: number;
  readonly id?: number;
}
/** VALUES: rows of constant expressions. Columns are `col1`, `col2`, … */
export interface ValuesPlan extends Node {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
}
/** A table-valued function: `range`, or a generator over one row. */
export interface TableFunctionPlan extends Node {
  readonly kind: 'table_function';
  readonly name: string;
  readonly args: readonly Expr[];
}
/** Rows to columns: one column (or one for each aggregate) for each value of `column`. */
export interface PivotPlan extends Node {
  readonly kind: 'pivot';
  readonly input: Plan;
  /** Absent: what neither `columns` nor `aggregates` read (SQL). */
  readonly groupBy?: readonly Expr[];
  /** What is turned: one expression, or several compared together (SQL). */
  readonly columns: readonly Expr[];
  /** One constant for each of `columns`. Absent: every value there is, found by a query of its own. */
  readonly values?: readonly PivotValue[];
  readonly aggregates: readonly Expr[];
}
/** Columns to rows: each row once for each entry of `values`. */
export interface UnpivotPlan extends Node {
  readonly kind: 'unpivot';
  readonly input: Plan;
  /** Absent: all columns that are not in `values`. */
  readonly ids?: readonly Expr[];
  /** Absent: all columns that are not in `ids`. */
  readonly values?: readonly { readonly exprs: readonly Expr[]; readonly name?: string }[];
  readonly variableName: string;
  readonly valueNames: readonly string[];
  readonly includeNulls: boolean;
}
/** `/*+ name(parameters) *\/`, or `df.hint(…)`. */
export interface HintPlan extends Node {
  readonly kind: 'hint';
  readonly input: Plan;
  readonly name: string;
  readonly parameters: readonly Expr[];
}
/** Each row of `left` with the one nearest row of `right` by an ordered column. */
export interface AsOfJoinPlan extends Node {
  readonly kind: 'asof_join';
  readonly left: Plan;
  readonly right: Plan;
  readonly how: 'inner' | 'left';
  readonly leftOn: Expr;
  readonly rightOn: Expr;
  /** Columns of both that must be equal. */
  readonly columns: readonly string[];
  readonly direction: 'backward' | 'forward' | 'nearest';
  readonly allowExactMatches: boolean;
  /** The name both sides call what is compared by: that column appears once, the left's. */
  readonly sharedOn?: string;
  /** How far the rows may be from one another: a number, or a duration as text. */
  readonly tolerance?: Expr | string;
}
/** A source with its columns; the optimizer narrows `output` and sets `predicate` and `limit`. */
export interface ScanPlan extends Node {
  readonly kind: 'scan';
  readonly source: TableSource;
  /** The columns read, in order; names are the source's. */
  readonly output: readonly Attribute[];
  /** Conjunction (over `output`) given to the source for pruning; a Filter above still decides exactly. */
  readonly predicate?: Expr;
  readonly limit?: number;
  /** Of struct columns: the fields that are read (see ScanRequest). */
  readonly fields?: Readonly<Record<string, readonly FieldPath[]>>;
}
/** Rows held by the session. */
export interface LocalPlan extends Node {
  readonly kind: 'local';
  readonly data: LocalData;
  readonly output: readonly Attribute[];
  /** The data's column that `output[i]` is; absent: column i. The optimizer narrows both together. */
  readonly columns?: readonly number[];
}
export interface RangePlan extends Node {
  readonly kind: 'range';
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
  readonly output: readonly Attribute[];
}
/** A frame marked by `cache()`, filled or not; or (`shared`, `cacheId` below 0) a part of a plan, held while it runs. */
export interface CachedPlan extends Node {
  readonly kind: 'cached';
  readonly cacheId: number;
  readonly shared?: true;
  readonly input: Plan;
  readonly output: readonly Attribute[];
  /** The input's column that `output[i]` is; absent: column i. The optimizer narrows both together. */
  readonly columns?: readonly number[];
  readonly statistics?: CachedStatistics;
}
export interface ProjectPlan extends Node {
  readonly kind: 'project';
  readonly input: Plan;
  /** Resolved: each is an Attribute or an Alias with an id. `extends` is of `|> EXTEND`, and gone then. */
  readonly exprs: readonly Expr[];
  readonly extends?: true;
}
export interface FilterPlan extends Node {
  readonly kind: 'filter';
  readonly input: Plan;
  readonly condition: Expr;
  readonly qualify?: boolean;
  readonly marks?: StreamMark;
}
export interface AggregatePlan extends Node {
  readonly kind: 'aggregate';
  readonly input: Plan;
  /** Resolved: Attributes or Aliases with ids; empty for one group over everything. */
  readonly groupBy: readonly Expr[];
  /** GROUPING SETS, ROLLUP, CUBE: positions in `groupBy`, for each set. Gone once resolved. */
  readonly sets?: readonly (readonly number[])[];
  /** The whole output list, in order. Resolved: Attributes of groupBy, or Aliases over expressions of AggregateCalls and groupBy attributes. */
  readonly output: readonly Expr[];
  /** HAVING, and of `|> AGGREGATE` how many outputs are groups. Gone once resolved. */
  readonly having?: Expr;
  readonly pipedGroups?: number;
}
export interface JoinPlan extends Node {
  readonly kind: 'join';
  readonly left: Plan;
  readonly right: Plan;
  readonly how: JoinType;
  readonly condition?: Expr;
  /** The column an `exists` join adds. */
  readonly mark?: Attribute;
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
  readonly output?: readonly Attribute[];
}
export interface DistinctPlan extends Node {
  readonly kind: 'distinct';
  readonly input: Plan;
}
/** Adds window columns to its input. All calls share partitioning and ordering once resolved (one node per spec). */
export interface WindowPlan extends Node, LimitedGroups {
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
  /** Empty where it only bars the way to columns that its input left out; `path` is that of a table, `catalog.database`. */
  readonly name: string;
  readonly path?: string;
}
/** Each row with every row that a generator (`explode` …) makes of it. */
export interface GeneratePlan extends Node {
  readonly kind: 'generate';
  readonly input: Plan;
  /** A call of a generator. */
  readonly generator: Expr;
  /** Rows of which the generator makes nothing stay, with nulls. */
  readonly outer: boolean;
  /** What the generated columns can be named through (LATERAL VIEW). */
  readonly alias?: string;
  /** Names of the generated columns; the generator's own when empty. */
  readonly names: readonly string[];
  /** Present once resolved: the generated columns, which stand after the input's. */
  readonly output?: readonly Attribute[];
}
/** Each row once for each projection, in order. */
export interface ExpandPlan extends Node {
  readonly kind: 'expand';
  readonly input: Plan;
  readonly projections: readonly (readonly Expr[])[];
  readonly output: readonly Attribute[];
}
/** A join whose right side may read columns of the left one (as outer references). `right` is no input of the node. */
export interface LateralJoinPlan extends Node {
  readonly kind: 'lateral_join';
  readonly left: Plan;
  readonly right: Plan;
  readonly how: 'inner' | 'left' | 'cross';
  readonly condition?: Expr;
}
/** A recursive query: the anchor's rows, then rounds of what `step` makes of the last; `rowsAsked` rows are enough. */
export interface RecursivePlan extends Node {
  readonly kind: 'recursive';
  readonly id: number;
  readonly left: Plan;
  readonly right: Plan;
  /** Rows that came before are left out (UNION). */
  readonly distinct: boolean;
  readonly maxLevel: number;
  readonly rowsAsked?: number;
  readonly output: readonly Attribute[];
}
/** The rows of the round before, inside the step of a recursive query. */
export interface RecursiveRefPlan extends Node {
  readonly kind: 'recursive_ref';
  readonly id: number;
  readonly output: readonly Attribute[];
}
export interface WritePlan extends Node, WriteTarget {
  readonly kind: 'write';
  readonly input: Plan;
}
/** The plan of a subquery. */
export const planOf = (nested: NestedPlan): Plan => nested as Plan;
