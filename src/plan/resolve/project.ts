import { SparrowError } from '../../base/index.js';
import { project } from '../build.js';
import type { Expr } from '../expr.js';
import { hasAggregate } from '../facts.js';
import type { Plan, ProjectPlan } from '../node.js';
import { sqlText } from '../sql-text.js';
import { aggregateOver } from './aggregate.js';
import { type Analyzed, resolveOver, scopeOver } from './analyzed.js';
import { foldLiteralCasts } from './calls.js';
import type { Context } from './context.js';
import { type Named, named, starColumns } from './exprs.js';
import { extractWindows } from './windows.js';

/** A select list: stars, names, window calls; with aggregates in it, one group over everything. */
export function resolveProject(plan: ProjectPlan, input: Analyzed, context: Context): Plan {
  const scope = scopeOver(input, context);
  const expanded = plan.exprs.flatMap((expr): readonly Expr[] =>
    expr.kind === 'unresolved_star' ? starColumns(expr, scope) : [expr],
  );
  const over = resolveOver(expanded, input, context, false);
  const list = over.exprs.map((expr, i) => named(expanded[i] as Expr, expr));
  const finished = list.map((expr) => foldLiteralCasts(expr, context.settings) as Named);
  if (finished.some(hasAggregate)) return aggregateOver(over.input, [], finished);
  return projectOver(over.input, finished);
}

/** A projection with its window calls taken out. */
export function projectOver(input: Plan, exprs: readonly Expr[]): Plan {
  const windows = extractWindows(input, exprs);
  return project(windows.input, windows.exprs);
}

/** Aggregates and window calls have no place in conditions and the like. */
export function forbidAggregates(expr: Expr, where: string): void {
  if (!hasAggregate(expr)) return;
  throw new SparrowError(
    'UNSUPPORTED_FEATURE.AGGREGATE_FUNCTION',
    `an aggregate function cannot stand in ${where}: ${sqlText(expr)}`,
    {
      sqlState: '42903',
      hint: 'aggregate first (groupBy().agg()), then use its result column',
    },
  );
}
