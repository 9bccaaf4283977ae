import { int32Type, SparrowError } from '../../base/index.js';
import { column, filter, literal, sort } from '../build.js';
import type { Expr, SortOrder } from '../expr.js';
import { hasWindow } from '../facts.js';
import type { FilterPlan, Plan, SortPlan } from '../node.js';
import { outputOf } from '../output.js';
import { replace } from '../walk.js';
import { someExpr } from '../walk-expr.js';
import { type Analyzed, backTo, resolveOver, scopeOver } from './analyzed.js';
import { foldLiteralCasts, requireBoolean } from './calls.js';
import type { Context } from './context.js';
import { isGroupingCall } from './exprs.js';
import { forbidAggregates } from './forbid.js';
import { nameParts } from './names.js';
import { aggregateBelow, checkClosedGroups, isClosed, readAggregates, resolveOverAggregate } from './over-aggregate.js';
import { itemAt } from './positions.js';
import { rebalance } from './rebalance.js';
import { isNotHere } from './scope.js';
import { starColumns } from './stars.js';
import { checkSortSubqueries } from './subquery-checks.js';
import { extractWindows } from './windows.js';

/** WHERE, HAVING and QUALIFY: rows for which the condition is true. */
export function resolveFilter(plan: FilterPlan, input: Analyzed, context: Context): Plan {
  const over = resolveAbove([plan.condition], input, context);
  const condition = over.exprs[0] as Expr;
  if (plan.qualify !== true && hasWindow(condition)) {
    throw new SparrowError('_LEGACY_ERROR_TEMP_1034', 'It is not allowed to use window functions inside WHERE clause', {
      hint: 'compute the window in a select list below, or use QUALIFY',
    });
  }
  forbidAggregates(condition, 'a filter');
  const checked = requireBoolean(condition, 'a filter condition', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
  const finished = rebalance(foldLiteralCasts(checked, context.settings));
  const windows = extractWindows(over.input, [finished]);
  return backTo(filter(windows.input, windows.exprs[0] as Expr), input.plan);
}

export function resolveSort(plan: SortPlan, input: Analyzed, context: Context): Plan {
  const over =
    byColumnAll(plan.orders, input, context) ??
    resolveAbove(
      plan.orders.flatMap((order, _, all) => positions(order, input, context, all)),
      input,
      context,
      true,
    );
  checkSortSubqueries(over.exprs, aggregateBelow(input.plan)?.groupBy ?? []);
  const orders = over.exprs.map((expr) => {
    forbidAggregates(expr, 'orderBy');
    return foldLiteralCasts(expr, context.settings);
  });
  const windows = extractWindows(over.input, orders);
  const sorted = sort(windows.input, windows.exprs as readonly SortOrder[], plan.local === true);
  return backTo(sorted, input.plan);
}

/** `ORDER BY all` where there is a column of that name. */
function byColumnAll([order]: readonly SortOrder[], input: Analyzed, { outer: _, ...own }: Context) {
  if (order?.input.kind !== 'ordinal' || order.input.position !== 'all') return undefined;
  try {
    return resolveAbove([replace(order, { input: column('all') })], input, own, true);
  } catch (error) {
    if (isNotHere(error)) return undefined;
    throw error;
  }
}

/** A field that the output column of the name does not have may be one of the group's. */
const isNoField = (error: unknown): boolean =>
  error instanceof SparrowError &&
  (error.code === 'FIELD_NOT_FOUND' || error.code === 'INVALID_EXTRACT_BASE_FIELD_TYPE');

/** `ORDER BY 2`, `ORDER BY ALL`, `ORDER BY *`: the columns meant. */
function positions(
  order: SortOrder,
  input: Analyzed,
  context: Context,
  all: readonly SortOrder[],
): readonly SortOrder[] {
  const { input: by } = order;
  const output = outputOf(input.plan);
  if (by.kind === 'unresolved_star') {
    return starColumns(by, scopeOver(input, context)).map((column) => replace(order, { input: column }));
  }
  if (by.kind !== 'ordinal') return [order];
  if (by.position !== 'all' && context.settings.config?.['spark.sql.orderByOrdinal'] === 'false') {
    return [replace(order, { input: literal(int32Type, by.position) })];
  }
  if (by.position === 'all') return output.map((column) => replace(order, { input: column }));
  // Where positions come last, as in Spark: columns of the input that are sorted by stand behind the output's.
  const isLast = context.settings.config?.['spark.sql.prioritizeOrdinalResolutionInSort.enabled'] === 'false';
  const below = all.filter(
    ({ input: e }) =>
      isLast && e.kind === 'unresolved_column' && !output.some(({ name }) => name === nameParts(e.name).at(-1)),
  );
  const items = [...output, ...below.map((other) => other.input)];
  return [replace(order, { input: itemAt<Expr>(by, items, 'ORDER_BY') })];
}

/** Over an aggregation expressions may read its groups and further aggregates. */
function resolveAbove(exprs: readonly Expr[], input: Analyzed, context: Context, isSort = false) {
  const below = aggregateBelow(input.plan);
  if (below === undefined) return resolveOver(exprs, input, context, true, isSort);
  let unresolved: unknown;
  // Groups can be sorted by before columns of the query around are.
  const { outer: _, ...own } = context;
  try {
    const over = exprs.some((expr) => someExpr(expr, isGroupingCall))
      ? undefined
      : resolveOver(exprs, input, isSort ? own : context, true, isSort);
    if (over !== undefined && !readAggregates(over.exprs)) return over;
  } catch (error) {
    if (!isNotHere(error) && !(isSort && isNoField(error))) throw error;
    unresolved = error;
  }
  if (isSort && isClosed(input.plan)) checkClosedGroups(exprs, input, below, context);
  try {
    // Where an output column has no such part, the column below is meant.
    const rowsFirst = unresolved !== undefined && isNoField(unresolved);
    return resolveOverAggregate(exprs, input, below, context, isSort, rowsFirst);
  } catch (error) {
    // A column that is no group is not there, as in Spark.
    if (unresolved !== undefined && error instanceof SparrowError && error.code.startsWith('MISSING_')) {
      throw unresolved;
    }
    throw error;
  }
}
