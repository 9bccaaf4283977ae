import type { Attribute, Expr, Subquery } from '../expr.js';
import { outerReferences } from '../nested.js';
import type { Plan } from '../node.js';
import { mapExprs } from '../node-exprs.js';
import { replaceExpr, someExpr } from '../walk-expr.js';

/** What a subquery reads of the query it stands in: expressions over that query's rows, by the id it names them by. */
export type OuterColumns = ReadonlyMap<number, Expr>;

/** What belongs to the query the subquery stands in; what belongs to queries further out stays a reference. */
export function outerColumns(subquery: Pick<Subquery, 'outer' | 'outerIds'>): OuterColumns {
  const columns = new Map<number, Expr>();
  for (const [i, id] of (subquery.outerIds ?? []).entries()) {
    const expr = subquery.outer?.[i];
    if (expr !== undefined && expr.kind !== 'outer_reference') columns.set(id, expr);
  }
  return columns;
}

/** Whether an expression reads any of these columns. */
export const readsOuter = (expr: Expr, columns: { has(id: number): boolean }): boolean =>
  someExpr(expr, (e) => e.kind === 'outer_reference' && columns.has(e.attribute.id));

/** Whether a plan reads any of these columns. */
export const isCorrelated = (plan: Plan, columns: { has(id: number): boolean }): boolean =>
  outerReferences(plan).some((attribute) => columns.has(attribute.id));

/** The expression with what it reads of the query around put in. */
export function withOuter(expr: Expr, columns: { get(id: number): Expr | undefined }): Expr {
  return replaceExpr(expr, (e) => (e.kind === 'outer_reference' ? columns.get(e.attribute.id) : undefined));
}

/** The node's own expressions with outer columns put in. */
export const nodeWithOuter = <P extends Plan>(plan: P, columns: { get(id: number): Expr | undefined }): P =>
  mapExprs(plan, (expr) => withOuter(expr, columns)) as P;

/** A subquery's plan as the join partner of the query around it. */
export interface Unnested {
  readonly plan: Plan;
  /** What its rows and those of the query around must meet, over the columns of both. */
  readonly conditions: readonly Expr[];
  /** Columns of the plan that stand for the outer ones, when every condition is an equality with one of them. */
  readonly keys?: readonly Attribute[];
}
