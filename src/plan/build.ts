import type { DataType, JsFunction, Scalar, SourceDescription, TableSource } from '../base/index.js';
import { field, int64Type, structType } from '../base/index.js';
import type {
  Alias,
  Attribute,
  Cast,
  Expr,
  Literal,
  NestedPlan,
  Ordinal,
  OuterReference,
  SortOrder,
  SqlText,
  Subquery,
  UnresolvedCall,
  UnresolvedColumn,
  UnresolvedLambda,
  UnresolvedStar,
  WindowCall,
  WindowSpec,
} from './expr.js';
import { nextId } from './ids.js';
import type { LocalData } from './local-data.js';
import type {
  AggregatePlan,
  CachedPlan,
  DistinctPlan,
  DropDuplicatesPlan,
  DropPlan,
  FilterPlan,
  JoinPlan,
  JoinType,
  LimitByPlan,
  LimitPlan,
  LocalPlan,
  Plan,
  ProjectPlan,
  RangePlan,
  ReadPlan,
  RenamePlan,
  RepartitionPlan,
  SamplePlan,
  ScanPlan,
  SetOperationPlan,
  SortPlan,
  SqlQueryPlan,
  SubqueryAliasPlan,
  ToNamesPlan,
  UnionPlan,
  UsingJoinPlan,
  ViewPlan,
  WindowPlan,
  WithColumnsPlan,
  WritePlan,
} from './node.js';

/*
 * What the API and SQL write plans in. Every function freezes what it makes; arrays are taken as they are.
 */

const freeze = Object.freeze as <T>(value: T) => T;

// ---- expressions ----

export const column = (name: string, planId?: number): UnresolvedColumn =>
  freeze({ kind: 'unresolved_column', name, ...(planId === undefined ? {} : { planId }) });
export const star = (qualifier?: string, except?: readonly string[]): UnresolvedStar =>
  freeze({
    kind: 'unresolved_star',
    ...(qualifier === undefined ? {} : { qualifier }),
    ...(except === undefined ? {} : { except }),
  });
export const call = (name: string, ...args: readonly Expr[]): UnresolvedCall =>
  freeze({ kind: 'unresolved_call', name, args });
/** A call of a function the user wrote in JavaScript. */
export const jsCall = (js: JsFunction, args: readonly Expr[]): UnresolvedCall =>
  freeze({ kind: 'unresolved_call', name: js.key, args, js });
export const aggregateCall = (
  name: string,
  args: readonly Expr[],
  options: { readonly distinct?: boolean; readonly filter?: Expr } = {},
): UnresolvedCall => freeze({ kind: 'unresolved_call', name, args, ...options });
export const lambda = (params: readonly string[], body: Expr): UnresolvedLambda =>
  freeze({ kind: 'unresolved_lambda', params, body });
/** A call that names of columns show by another word. */
export const shownAs = (shown: string, expr: UnresolvedCall): UnresolvedCall => freeze({ ...expr, shown });
export const sqlExpr = (text: string): SqlText => freeze({ kind: 'sql_text', text });
/** A column under a name; `names` when it is a generator of several columns. */
export const alias = (input: Expr, name: string, names?: readonly string[]): Alias =>
  freeze({ kind: 'alias', name, input, ...(names === undefined ? {} : { names }) });
export const literal = (type: DataType, value: Scalar): Literal => freeze({ kind: 'literal', type, value });
export const cast = (input: Expr, type: DataType): Cast => freeze({ kind: 'cast', input, type });
export const tryCast = (input: Expr, type: DataType): Cast => freeze({ kind: 'cast', input, type, safe: true });
/** Nulls come first when ascending and last when descending, unless said otherwise. */
export const sortOrder = (input: Expr, descending = false, nullsFirst = !descending): SortOrder =>
  freeze({ kind: 'sort_order', input, descending, nullsFirst });
export const over = (input: Expr, spec: WindowSpec): WindowCall => freeze({ kind: 'window_call', input, spec });
/** A position in the list of output columns (from 1), or all of them: for GROUP BY and ORDER BY. */
export const ordinal = (position: number | 'all'): Ordinal => freeze({ kind: 'ordinal', position });
export const outerReference = (of: Attribute): OuterReference => freeze({ kind: 'outer_reference', attribute: of });
/** `(SELECT …)` as a value. */
export const scalarSubquery = (plan: NestedPlan): Subquery =>
  freeze({ kind: 'subquery', form: 'scalar', plan, values: [] });
export const exists = (plan: NestedPlan): Subquery => freeze({ kind: 'subquery', form: 'exists', plan, values: [] });
/** `values IN (SELECT …)`; NOT IN is `not` around it. */
export const inSubquery = (values: readonly Expr[], plan: NestedPlan): Subquery =>
  freeze({ kind: 'subquery', form: 'in', plan, values });
/** A new column of a plan that brings its own (range, local data). */
export const attribute = (name: string, type: DataType, nullable = true): Attribute =>
  freeze({ kind: 'attribute', id: nextId(), name, type, nullable });

// ---- leaves ----

export const read = (description: SourceDescription): ReadPlan => freeze({ kind: 'read', description });
export const view = (name: string, asOf?: ViewPlan['asOf']): ViewPlan =>
  freeze({ kind: 'view', name, ...(asOf && { asOf }) });
export const scan = (source: TableSource): ScanPlan =>
  freeze({
    kind: 'scan',
    source,
    output: freeze(source.schema.fields.map((f) => attribute(f.name, f.type, f.nullable))),
  });
export const local = (data: LocalData): LocalPlan =>
  freeze({
    kind: 'local',
    data,
    output: freeze(data.schema.fields.map((f) => attribute(f.name, f.type, f.nullable))),
  });
/** Local data without rows. */
export const emptyLocal = (output: readonly Attribute[]): LocalPlan =>
  freeze({
    kind: 'local',
    data: {
      schema: structType(output.map((a) => field(a.name, a.type, a.nullable))),
      content: { kind: 'scalars', rows: 0, columns: output.map(() => []) },
    },
    output,
  });
export const range = (start: bigint, end: bigint, step = 1n): RangePlan =>
  freeze({ kind: 'range', start, end, step, output: freeze([attribute('id', int64Type, false)]) });
export const sqlQuery = (
  text: string,
  parameters: Readonly<Record<string, Expr>> = {},
  inputs: Readonly<Record<string, Plan>> = {},
  parsed?: Plan,
): SqlQueryPlan => freeze({ kind: 'sql_query', text, parameters, inputs, ...(parsed === undefined ? {} : { parsed }) });

// ---- nodes over others ----

export const project = (input: Plan, exprs: readonly Expr[]): ProjectPlan => freeze({ kind: 'project', input, exprs });
export const filter = (input: Plan, condition: Expr): FilterPlan => freeze({ kind: 'filter', input, condition });
/** `output` is the whole list of columns, grouping columns included where they are wanted. */
export const aggregate = (
  input: Plan,
  groupBy: readonly Expr[],
  output: readonly Expr[],
  having?: Expr,
): AggregatePlan => freeze({ kind: 'aggregate', input, groupBy, output, ...(having === undefined ? {} : { having }) });
/** GROUPING SETS: each set is a list of positions in `groupBy`. */
export const groupingSets = (
  input: Plan,
  groupBy: readonly Expr[],
  sets: readonly (readonly number[])[],
  output: readonly Expr[],
): AggregatePlan => freeze({ kind: 'aggregate', input, groupBy, sets, output });
export const join = (left: Plan, right: Plan, how: JoinType = 'inner', condition?: Expr): JoinPlan =>
  freeze({ kind: 'join', left, right, how, ...(condition === undefined ? {} : { condition }) });
export const usingJoin = (
  left: Plan,
  right: Plan,
  columns: readonly string[],
  how: JoinType = 'inner',
): UsingJoinPlan => freeze({ kind: 'using_join', left, right, how, columns });
export const sort = (input: Plan, orders: readonly SortOrder[], isLocal = false): SortPlan =>
  freeze({ kind: 'sort', input, orders, ...(isLocal ? { local: true } : {}) });
export const limit = (input: Plan, rows: number | undefined, offset = 0): LimitPlan =>
  freeze({ kind: 'limit', input, offset, ...(rows === undefined ? {} : { limit: rows }) });
export const limitBy = (input: Plan, what: LimitByPlan['what'], rows: Expr): LimitByPlan =>
  freeze({ kind: 'limit_by', input, what, rows });
export const union = (inputs: readonly Plan[], byName = false, allowMissing = false): UnionPlan =>
  freeze({ kind: 'union', inputs, byName, allowMissing });
export const setOperation = (left: Plan, right: Plan, op: 'intersect' | 'except', all = false): SetOperationPlan =>
  freeze({ kind: 'set_operation', left, right, op, all });
export const distinct = (input: Plan): DistinctPlan => freeze({ kind: 'distinct', input });
export const dropDuplicates = (input: Plan, columns: readonly string[]): DropDuplicatesPlan =>
  freeze({ kind: 'drop_duplicates', input, columns });
export const withColumns = (
  input: Plan,
  columns: readonly { readonly name: string; readonly expr: Expr }[],
): WithColumnsPlan => freeze({ kind: 'with_columns', input, columns });
export const withColumn = (input: Plan, name: string, expr: Expr): WithColumnsPlan =>
  withColumns(input, [{ name, expr }]);
export const drop = (input: Plan, columns: readonly Expr[]): DropPlan => freeze({ kind: 'drop', input, columns });
export const rename = (input: Plan, names: Readonly<Record<string, string>>): RenamePlan =>
  freeze({ kind: 'rename', input, names });
export const toNames = (input: Plan, names: readonly string[]): ToNamesPlan =>
  freeze({ kind: 'to_names', input, names });
export const subqueryAlias = (input: Plan, name: string, path?: string): SubqueryAliasPlan =>
  freeze({ kind: 'subquery_alias', input, name, ...(path === undefined ? {} : { path }) });
export const cached = (input: Plan, cacheId: number): CachedPlan =>
  freeze({ kind: 'cached', cacheId, input, output: [] });
export const windowNode = (
  input: Plan,
  calls: readonly Alias[],
  partitionBy: readonly Expr[],
  orderBy: readonly SortOrder[],
): WindowPlan => freeze({ kind: 'window', input, calls, partitionBy, orderBy });
export const sample = (
  input: Plan,
  fraction: number,
  options: { readonly withReplacement?: boolean; readonly seed: number; readonly lowerBound?: number },
): SamplePlan => freeze({ kind: 'sample', input, fraction, withReplacement: false, ...options });
export const repartition = (
  input: Plan,
  partitions: number | undefined,
  by: readonly Expr[] = [],
  shuffle = true,
): RepartitionPlan =>
  freeze({ kind: 'repartition', input, by, shuffle, ...(partitions === undefined ? {} : { partitions }) });
export const write = (input: Plan, target: Omit<WritePlan, 'kind' | 'input' | 'planId'>): WritePlan =>
  freeze({ kind: 'write', input, ...target });

/** The same plan, nameable by `df.col("x")`. */
export const withPlanId = <P extends Plan>(plan: P, planId: number): P => freeze({ ...plan, planId });
