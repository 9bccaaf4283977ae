import { SparrowError } from '../../base/index.js';
import { aggregate, project } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { exprKey, hasAggregate, hasWindow } from '../facts.js';
import { nextId } from '../ids.js';
import type { AggregatePlan, Plan } from '../node.js';
import { columnName, sqlText } from '../sql-text.js';
import { replaceExpr, visitExpr } from '../walk-expr.js';
import { checkNesting, missingAggregation, overWindow } from './aggregate-checks.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { foldLiteralCasts, requireOrderable } from './calls.js';
import type { Context } from './context.js';
import { type Named, named, resolveExpr, starColumns } from './exprs.js';
import { havingOver } from './over-aggregate.js';
import type { Scope } from './scope.js';
import { extractWindows } from './windows.js';

/** `groupBy(…).agg(…)`: every output is made of grouping expressions and aggregates. */
export function resolveAggregate(plan: AggregatePlan, input: Analyzed, context: Context): Plan {
  const { settings } = context;
  const scope = scopeOver(input, context);
  const finish = (original: Expr, expr: Expr): Named => foldLiteralCasts(named(original, expr), settings) as Named;
  const groupBy = plan.groupBy.map((expr) => {
    const resolved = resolveGroupExpr(expr, plan.output, scope, context);
    requireOrderable(resolved, 'group by');
    if (hasAggregate(resolved) || hasWindow(resolved)) {
      throw new SparrowError(
        'GROUP_BY_AGGREGATE',
        `one cannot group by an aggregate or window call: ${sqlText(resolved)}`,
        {
          sqlState: '42903',
        },
      );
    }
    return finish(expr, resolved);
  });
  const expanded = plan.output.flatMap((expr): readonly Expr[] =>
    expr.kind === 'unresolved_star' ? starColumns(expr, scope) : [expr],
  );
  const output = expanded.map((expr) => finish(expr, resolveExpr(expr, scope, settings)));
  const { having } = plan;
  const keep =
    having === undefined
      ? undefined
      : (below: AggregatePlan): Plan => havingOver(having, below, output, scope, context);
  return aggregateOver(input.plan, groupBy, output, keep);
}

/** A grouping expression may name an output column when the input has no column of that name. */
function resolveGroupExpr(expr: Expr, output: readonly Expr[], scope: Scope, { settings }: Context): Expr {
  try {
    return resolveExpr(expr, scope, settings);
  } catch (error) {
    if (expr.kind !== 'unresolved_column' || !(error instanceof SparrowError)) throw error;
    const alias = output.find((e) => e.kind === 'alias' && e.name.toLowerCase() === expr.name.toLowerCase());
    if (alias?.kind !== 'alias') throw error;
    return resolveExpr(alias.input, scope, settings);
  }
}

/** An Aggregate over resolved expressions; outputs with window calls are computed above it. */
export function aggregateOver(
  input: Plan,
  groupBy: readonly Named[],
  output: readonly Named[],
  having: (below: AggregatePlan) => Plan = (below) => below,
): Plan {
  const groups = groupColumns(groupBy);
  const grouped = output.map((expr) => {
    const replaced = useGroups(expr, groups) as Named;
    // A grouping expression asked for as it is: the output is the grouping column itself, under its own name.
    return replaced;
  });
  for (const expr of grouped) checkNesting(expr);
  if (!grouped.some(hasWindow)) {
    for (const expr of grouped) checkGrouped(expr, groups);
    return having(aggregate(input, groupBy, grouped));
  }
  return windowsAbove(input, groupBy, grouped, groups, having);
}

interface Groups {
  readonly ids: ReadonlySet<number>;
  /** Grouping expressions that are no plain columns, by key. */
  readonly computed: ReadonlyMap<number, Attribute>;
  readonly names: readonly string[];
}

function groupColumns(groupBy: readonly Named[]): Groups {
  const ids = new Set<number>();
  const computed = new Map<number, Attribute>();
  for (const expr of groupBy) {
    ids.add(expr.id);
    if (expr.kind === 'alias') computed.set(exprKey(expr.input), toAttribute(expr));
  }
  return { ids, computed, names: groupBy.map((expr) => expr.name) };
}

/** Puts grouping columns where their expressions stand, outside aggregates (which see the input's rows). */
function useGroups(expr: Expr, groups: Groups): Expr {
  if (groups.computed.size === 0) return expr;
  return replaceExpr(expr, (e) => {
    if (e.kind === 'aggregate_call') return e;
    if (e.kind === 'window_call') return overWindow(e, (inner) => useGroups(inner, groups));
    return groups.computed.get(exprKey(e));
  });
}

function checkGrouped(expr: Expr, groups: Groups): void {
  visitExpr(expr, (e) => {
    if (e.kind === 'attribute' && !groups.ids.has(e.id)) {
      throw missingAggregation(e, groups.names);
    }
    return e.kind !== 'aggregate_call';
  });
}

/** Aggregates become columns of the Aggregate; window calls and what is around them stand above it. */
function windowsAbove(
  input: Plan,
  groupBy: readonly Named[],
  output: readonly Named[],
  groups: Groups,
  having: (below: AggregatePlan) => Plan,
): Plan {
  const columns = new Map<number, Alias>();
  const asColumn = (expr: Expr): Expr =>
    replaceExpr(expr, (e) => {
      if (e.kind === 'window_call') return overWindow(e, asColumn);
      if (e.kind !== 'aggregate_call') return undefined;
      const key = exprKey(e);
      const alias =
        columns.get(key) ?? Object.freeze({ kind: 'alias', name: columnName(e), input: e, id: nextId() } as const);
      columns.set(key, alias);
      return toAttribute(alias);
    });
  const above = output.map(asColumn) as readonly Named[];
  const grouping = groupBy.map(toAttribute);
  const below = aggregate(input, groupBy, [...grouping, ...columns.values()]);
  const visible: Groups = {
    ...groups,
    ids: new Set([...groups.ids, ...[...columns.values()].map((alias) => alias.id as number)]),
  };
  for (const expr of above) visitExpr(expr, (e) => (e.kind === 'aggregate_call' ? true : checkVisible(e, visible)));
  const windows = extractWindows(having(below), above);
  return project(windows.input, windows.exprs);
}

function checkVisible(expr: Expr, groups: Groups): boolean {
  if (expr.kind === 'attribute') checkGrouped(expr, groups);
  return true;
}
