import type { Attribute, Expr } from './expr.js';
import { nextId } from './ids.js';
import type {
  AsOfJoinPlan,
  ExpandPlan,
  GeneratePlan,
  HintPlan,
  LateralJoinPlan,
  PivotPlan,
  Plan,
  RecursionPlan,
  TableFunctionPlan,
  UnpivotPlan,
  UsingJoinPlan,
  ValuesPlan,
  WithPlan,
} from './node.js';
import type { ColumnChange, EachColumnNode, SummaryNode } from './node-summary.js';

/*
 * Builders of relational operators beyond the common ones of build.ts.
 */

const freeze = Object.freeze as <T>(value: T) => T;
type Fields<P> = Omit<P, 'kind' | 'planId' | 'input' | 'left' | 'right'>;

/** WITH name AS (plan), … input. */
export const withQueries = (input: Plan, queries: WithPlan['queries']): WithPlan =>
  freeze({ kind: 'with', queries, input });
export const recursion = (fields: Omit<RecursionPlan, 'kind' | 'planId'>): RecursionPlan =>
  freeze({ kind: 'recursion', ...fields });
/** VALUES (…), (…). */
export const values = (rows: readonly (readonly Expr[])[]): ValuesPlan => freeze({ kind: 'values', rows });
export const tableFunction = (name: string, args: readonly Expr[]): TableFunctionPlan =>
  freeze({ kind: 'table_function', name, args });
export const generate = (
  input: Plan,
  generator: Expr,
  options: { readonly outer?: boolean; readonly alias?: string; readonly names?: readonly string[] } = {},
): GeneratePlan => freeze({ kind: 'generate', input, generator, outer: false, names: [], ...options });
export const lateralJoin = (
  left: Plan,
  right: Plan,
  how: LateralJoinPlan['how'] = 'inner',
  condition?: Expr,
): LateralJoinPlan =>
  freeze({ kind: 'lateral_join', left, right, how, ...(condition === undefined ? {} : { condition }) });
export const naturalJoin = (left: Plan, right: Plan, how: UsingJoinPlan['how'] = 'inner'): UsingJoinPlan =>
  freeze({ kind: 'using_join', left, right, how, columns: [], natural: true });
export type AsOfFields = Fields<AsOfJoinPlan>;
export const asOfJoin = (left: Plan, right: Plan, fields: AsOfFields): AsOfJoinPlan =>
  freeze({ kind: 'asof_join', left, right, ...fields });
export const pivot = (input: Plan, fields: Fields<PivotPlan>): PivotPlan => freeze({ kind: 'pivot', input, ...fields });
export const unpivot = (input: Plan, fields: Fields<UnpivotPlan>): UnpivotPlan =>
  freeze({ kind: 'unpivot', input, ...fields });
/** Statistics of columns, a row each. */
export const summary = (input: Plan, statistics: readonly string[]): SummaryNode<Plan> =>
  freeze({ kind: 'summary', input, statistics });
/** Columns changed by their types, once they are known. */
export const eachColumn = (input: Plan, change: ColumnChange): EachColumnNode<Plan> =>
  freeze({ kind: 'each_column', input, change });
export const hint = (input: Plan, name: string, parameters: readonly Expr[] = []): HintPlan =>
  freeze({ kind: 'hint', input, name, parameters });
/** Each row once for each projection; the columns get new ids. */
export const expandRows = (
  input: Plan,
  projections: readonly (readonly Expr[])[],
  output: readonly Attribute[],
): ExpandPlan => freeze({ kind: 'expand', input, projections, output });

/** The same column under a new id. */
export const renewed = (attribute: Attribute, nullable = attribute.nullable): Attribute =>
  freeze({ ...attribute, id: nextId(), nullable });
