import { SparrowError } from '../../base/index.js';
import type { Expr, Subquery } from '../expr.js';
import { references } from '../expr-type.js';
import { splitAnd } from '../logic.js';
import { outerIn } from '../nested.js';
import type { Plan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { outputIds } from '../output.js';
import { columnName } from '../sql-text.js';
import { allNodes } from '../walk.js';
import { someExpr } from '../walk-expr.js';
import type { PlanSettings } from './context.js';

/*
 * What Spark refuses of subqueries, though it has a meaning.
 */

export function refusedSubquery(detail: string, message: string): SparrowError {
  return new SparrowError(`UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.${detail}`, message, { sqlState: '0A000' });
}

/** Columns of the query around may be read by conditions and select lists, not to group, aggregate or sort by. */
export function checkHosts(plan: Plan): void {
  for (const node of allNodes(plan)) {
    if (node.kind !== 'aggregate' && node.kind !== 'sort') continue;
    for (const expr of planExprs(node)) {
      if (outerIn(expr).length === 0) continue;
      const isMixed = someExpr(
        expr,
        (e) => e.kind === 'aggregate_call' && outerIn(e).length > 0 && someExpr(e, (a) => a.kind === 'attribute'),
      );
      throw refusedSubquery(
        isMixed ? 'AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES' : 'CORRELATED_REFERENCE',
        `a subquery can read columns of the query around it in WHERE and SELECT, not in ${columnName(expr)}`,
      );
    }
  }
}

/** What is grouped by must be settled by the outer row, where several groups for it are not found when the query runs. */
export function checkOneGroup(plan: Plan, { config }: PlanSettings): void {
  if (config?.['spark.sql.optimizer.scalarSubqueryUseSingleJoin'] !== 'false') return;
  let at = plan;
  while (at.kind === 'project' || at.kind === 'filter' || at.kind === 'subquery_alias' || at.kind === 'sort')
    at = at.input;
  if (at.kind !== 'aggregate' || at.groupBy.length === 0) return;
  const settled = new Set<number>();
  let isCorrelated = false;
  for (const node of allNodes(at.input)) {
    if (node.kind !== 'filter') continue;
    for (const term of splitAnd(node.condition)) {
      if (outerIn(term).length === 0) continue;
      isCorrelated = true;
      if (term.kind !== 'call' || term.fn !== 'eq') continue;
      for (const side of term.args) if (isColumn(side)) for (const id of references(side)) settled.add(id);
    }
  }
  const open = at.groupBy.find((group) => ![...references(group)].every((id) => settled.has(id)));
  if (!isCorrelated || open === undefined) return;
  throw refusedSubquery(
    'NON_CORRELATED_COLUMNS_IN_GROUP_BY',
    `a subquery that stands for a value groups by ${columnName(open)}, which the outer row does not settle`,
  );
}

const isColumn = (expr: Expr): boolean =>
  expr.kind === 'attribute' || (expr.kind === 'cast' && expr.input.kind === 'attribute');

/** A subquery in a join condition may read one side. */
export function checkJoinSubqueries(condition: Expr, left: Plan, right: Plan): void {
  const sides = [left, right].map(outputIds);
  const readsBoth = (e: Expr): boolean =>
    e.kind === 'subquery' && sides.every((ids) => (e as Subquery).outerIds?.some((id) => ids.has(id)) === true);
  if (!someExpr(condition, readsBoth)) return;
  throw refusedSubquery(
    'UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION',
    'a subquery in a join condition can read columns of one side only',
  );
}

/** IN and EXISTS with a subquery are conditions: rows cannot be sorted by them, unless they are grouped by them. */
export function checkSortSubqueries(orders: readonly Expr[], groups: readonly Expr[]): void {
  const isCondition = (e: Expr): boolean => e.kind === 'subquery' && e.form !== 'scalar';
  const has = (exprs: readonly Expr[]): boolean => exprs.some((expr) => someExpr(expr, isCondition));
  if (!has(orders) || has(groups)) return;
  throw refusedSubquery('UNSUPPORTED_IN_EXISTS_SUBQUERY', 'ORDER BY cannot hold IN or EXISTS with a subquery');
}
