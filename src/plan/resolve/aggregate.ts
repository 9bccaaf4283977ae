import { isNumeric, SparrowError } from '../../base/index.js';
import { aggregate, call, column, project } from '../build.js';
import type { Alias, Attribute, Expr, UnresolvedStar } from '../expr.js';
import { exprNullable, toAttribute } from '../expr-type.js';
import { exprKey, hasAggregate, hasWindow, isConstant } from '../facts.js';
import { nextId } from '../ids.js';
import type { AggregatePlan, Plan } from '../node.js';
import { columnName, sqlText } from '../sql-text.js';
import { foldExpr, replaceExpr, someExpr, visitExpr, withExprChildren } from '../walk-expr.js';
import { checkNesting, missingAggregation, overWindow } from './aggregate-checks.js';
import { type AggregateScope, remembered } from './aggregate-scope.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { foldLiteralCasts, requireGroupable } from './calls.js';
import type { Context, PlanSettings } from './context.js';
import { isGroupingCall, type Named, named, resolveExpr } from './exprs.js';
import { argumentsOf, generatorOutside, generatorsAbove, hasGenerator } from './generators.js';
import { type GroupingSets, groupingCalls, groupingSets, refuseGrouping } from './grouping-sets.js';
import { nameParts } from './names.js';
import { havingOver } from './over-aggregate.js';
import { itemAt } from './positions.js';
import type { Scope } from './scope.js';
import { resolveList } from './select-list.js';
import { starColumns } from './stars.js';
import { extractWindows } from './windows.js';

/** `groupBy(…).agg(…)`: every output is made of grouping expressions and aggregates. */
export function resolveAggregate(plan: AggregatePlan, input: Analyzed, context: Context): Plan {
  const scope = scopeOver(input, context);
  const expanded = plan.output.flatMap((expr): readonly Expr[] =>
    expr.kind === 'unresolved_star' ? totals(expr, starColumns(expr, scope), plan.groupBy) : [expr],
  );
  if (plan.pipedGroups !== undefined) checkPiped(expanded.slice(plan.pipedGroups), scope, context);
  const hasStar = plan.output.some((expr) => expr.kind === 'unresolved_star');
  if (hasStar && plan.groupBy.some((expr) => expr.kind === 'ordinal' && expr.position !== 'all')) {
    throw new SparrowError('STAR_GROUP_BY_POS', 'a list with a star has no positions to group by', {
      sqlState: '0A000',
    });
  }
  const keys = groupKeys(plan.groupBy, expanded, scope, context);
  const { having } = plan;
  const keep =
    (output: readonly Named[]) =>
    (below: AggregatePlan): Plan =>
      having === undefined ? below : havingOver(having, below, output, scope, context);
  if (plan.sets !== undefined) {
    const sets = groupingSets(input.plan, keys, plan.sets);
    const grouping = groupingCalls(sets, scope, context);
    const output = resolveList(expanded, scope, context, grouping.replace);
    return aggregateOver(sets.plan, sets.keys, output, { scope, sets }, keep(output));
  }
  const output = resolveList(expanded, scope, context, refuseGrouping);
  const groups = (list: readonly Named[]): Plan => aggregateOver(input.plan, keys, list, { scope }, keep(output));
  return output.some(hasGenerator) ? generatorsAbove(output, groups, context) : groups(output);
}

/** What `|> AGGREGATE` lists before GROUP BY are aggregates. */
function checkPiped(list: readonly Expr[], scope: Scope, context: Context): void {
  const other = resolveList(list, scope, context, refuseGrouping).find((expr) => !hasAggregate(expr));
  if (other === undefined) return;
  throw new SparrowError(
    'PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION',
    `\`|> AGGREGATE\` takes aggregates: ${columnName(other)} is none`,
    { sqlState: '0A000', parameters: { expr: columnName(other) } },
  );
}

/** `groupBy('a').sum()`: the columns of numbers but the keys, each in a call of the aggregate. */
function totals({ totals: fn }: UnresolvedStar, columns: readonly Expr[], keys: readonly Expr[]): readonly Expr[] {
  if (fn === undefined) return columns;
  const names = keys.map((key) => (key.kind === 'unresolved_column' ? nameParts(key.name).at(-1) : undefined));
  const summed = columns.filter((c) => c.kind === 'attribute' && isNumeric(c.type) && !names.includes(c.name));
  return summed.map((summand) => call(fn, summand));
}

/** What is grouped by: expressions, positions in the output list, or all of the list that does not aggregate. */
function groupKeys(
  groupBy: readonly Expr[],
  output: readonly Expr[],
  scope: Scope,
  context: Context,
): readonly Named[] {
  const [only] = groupBy;
  const isAll = groupBy.length === 1 && only?.kind === 'ordinal' && only.position === 'all';
  const isColumn = isAll && scope.match(['all']).attributes.length > 0;
  if (isAll && !isColumn) return groupedByAll(resolveList(output, scope, context));
  const keys = isColumn ? [column('all')] : groupBy;
  return keys.map((expr) => {
    const original = expr.kind === 'ordinal' && expr.ofInput !== true ? itemAt(expr, output, 'GROUP_BY') : expr;
    const resolved = resolveGroupExpr(original, output, scope, context);
    if (hasGenerator(resolved)) throw generatorOutside(resolved, 'Aggregate');
    requireGroupable(resolved);
    if (hasAggregate(resolved) || hasWindow(resolved)) {
      throw new SparrowError(
        expr.kind === 'ordinal' ? 'GROUP_BY_POS_AGGREGATE' : 'GROUP_BY_AGGREGATE',
        `one cannot group by an aggregate or window call: ${sqlText(resolved)}`,
        { sqlState: '42903' },
      );
    }
    return asColumn(foldLiteralCasts(named(original, resolved, context.settings.timeZone), context.settings) as Named);
  });
}

/** A column is grouped by as itself, however an output column with it is called. */
const asColumn = (key: Named): Named => (key.kind === 'alias' && key.input.kind === 'attribute' ? key.input : key);

/** GROUP BY ALL: every output without aggregates; no output may mix aggregates with columns that are in none of these. */
function groupedByAll(list: readonly Named[]): readonly Named[] {
  // Of a generator its arguments are grouped by.
  const items = list.flatMap((column): readonly Named[] => (hasGenerator(column) ? argumentsOf(column) : [column]));
  const keys = items.filter((column) => !hasAggregate(column) && !isConstantColumn(column));
  const known = new Set(keys.map((key) => exprKey(key.kind === 'alias' ? key.input : key)));
  for (const column of items) {
    if (!hasAggregate(column)) continue;
    visitExpr(column, (e) => {
      if (known.has(exprKey(e)) || e.kind === 'aggregate_call') return false;
      if (e.kind !== 'attribute') return true;
      throw new SparrowError(
        'UNRESOLVED_ALL_IN_GROUP_BY',
        `GROUP BY ALL cannot tell what to group by: ${e.name} stands beside an aggregate`,
        { sqlState: '42803', hint: 'write out what to group by' },
      );
    });
  }
  return keys.map(asColumn);
}

const isConstantColumn = (column: Named): boolean => column.kind === 'alias' && isConstant(column.input);

/** A grouping expression may name an output column when the input has no column of that name. */
function resolveGroupExpr(expr: Expr, output: readonly Expr[], scope: Scope, { settings }: Context): Expr {
  if (settings.config?.['spark.sql.groupByAliases'] === 'false') return resolveExpr(expr, scope, settings);
  const withOutput: Scope = {
    ...scope,
    fallback: (parts, column) => {
      if (parts.length !== 1 || column.planId !== undefined) return undefined;
      const name = parts[0]?.toLowerCase();
      const alias = output.find((e) => e.kind === 'alias' && e.name.toLowerCase() === name);
      if (alias?.kind === 'alias') {
        const meant = resolveExpr(alias.input, scope, settings);
        // Groups are made before rows are generated.
        return hasGenerator(meant) ? undefined : { expr: meant, fields: [] };
      }
      return ownNamed(output, name, scope, settings);
    },
  };
  return resolveExpr(expr, withOutput, settings);
}

/** The output without an alias that is called so. */
function ownNamed(output: readonly Expr[], name: string | undefined, scope: Scope, settings: PlanSettings) {
  for (const item of output) {
    if (item.kind === 'alias' || item.kind === 'unresolved_column' || item.kind === 'literal') continue;
    if (someExpr(item, (e) => isGroupingCall(e) || e.kind === 'window_call')) continue;
    const column = named(item, resolveExpr(item, scope, settings), settings.timeZone);
    if (column.kind === 'alias' && column.name.toLowerCase() === name) return { expr: column.input, fields: [] };
  }
  return undefined;
}

/** An Aggregate over resolved expressions; outputs with window calls are computed above it. */
export function aggregateOver(
  input: Plan,
  groupBy: readonly Named[],
  output: readonly Named[],
  known: AggregateScope,
  having: (below: AggregatePlan) => Plan = (below) => below,
): Plan {
  const groups = groupColumns(groupBy, known.sets);
  const grouped = output.map((expr) => useGroups(expr, groups) as Named);
  for (const expr of grouped) checkNesting(expr);
  const over = (exprs: readonly Expr[]): Plan => having(remembered(aggregate(input, groupBy, exprs), known));
  if (grouped.some(hasWindow)) return windowsAbove(groupBy, grouped, groups, over);
  for (const expr of grouped) checkGrouped(expr, groups);
  return over(grouped);
}

interface Groups {
  readonly ids: ReadonlySet<number>;
  /** Grouping columns by the key of the expression they hold, where that is not the column itself. */
  readonly computed: ReadonlyMap<number, Attribute>;
  readonly names: readonly string[];
}

function groupColumns(groupBy: readonly Named[], sets: GroupingSets | undefined): Groups {
  const ids = new Set(groupBy.map((expr) => expr.id));
  if (sets !== undefined) return { ids, computed: sets.computed, names: sets.names };
  const computed = new Map<number, Attribute>();
  for (const expr of groupBy) if (expr.kind === 'alias') computed.set(exprKey(expr.input), toAttribute(expr));
  return { ids, computed, names: groupBy.map((expr) => expr.name) };
}

/** Puts grouping columns where their expressions stand, outside aggregates (which see the input's rows). */
function useGroups(expr: Expr, groups: Groups): Expr {
  if (groups.computed.size === 0) return expr;
  let isLooser = false;
  const replaced = replaceExpr(expr, (e) => {
    if (e.kind === 'aggregate_call') return e;
    if (e.kind === 'window_call') return overWindow(e, (inner) => useGroups(inner, groups));
    const column = groups.computed.get(exprKey(e));
    if (column?.nullable === true && !exprNullable(e)) isLooser = true;
    return column;
  });
  return isLooser ? withNulls(replaced) : replaced;
}

/** Calls that are never null, whatever their arguments are. */
const neverNull: ReadonlySet<string> = new Set(['isnull', 'isnotnull', 'eqNullSafe', 'isnan']);

/** An expression of which some columns may now be null: so may what is made of them. */
function withNulls(expr: Expr): Expr {
  return foldExpr<Expr>(expr, (e, inputs) => {
    const again = inputs.length === 0 ? e : withExprChildren(e, inputs);
    const isTight = (again.kind === 'call' && !neverNull.has(again.fn)) || again.kind === 'cast';
    if (!isTight || again.nullable !== false || !inputs.some(exprNullable)) return again;
    return Object.freeze({ ...again, nullable: true });
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
  groupBy: readonly Named[],
  output: readonly Named[],
  groups: Groups,
  over: (exprs: readonly Expr[]) => Plan,
): Plan {
  const columns = new Map<number, Alias>();
  const lifted = (expr: Expr): Expr =>
    replaceExpr(expr, (e) => {
      if (e.kind === 'window_call') return overWindow(e, lifted);
      if (e.kind !== 'aggregate_call') return undefined;
      const key = exprKey(e);
      const alias =
        columns.get(key) ?? Object.freeze({ kind: 'alias', name: columnName(e), input: e, id: nextId() } as const);
      columns.set(key, alias);
      return toAttribute(alias);
    });
  const above = output.map(lifted) as readonly Named[];
  const grouping = groupBy.map(toAttribute);
  const visible: Groups = {
    ...groups,
    ids: new Set([...groups.ids, ...[...columns.values()].map((alias) => alias.id as number)]),
  };
  for (const expr of above) visitExpr(expr, (e) => (e.kind === 'aggregate_call' ? true : checkVisible(e, visible)));
  const windows = extractWindows(over([...grouping, ...columns.values()]), above);
  return project(windows.input, windows.exprs);
}

function checkVisible(expr: Expr, groups: Groups): boolean {
  if (expr.kind === 'attribute') checkGrouped(expr, groups);
  return true;
}
