import { SparrowError } from '../../base/index.js';
import type { AggregateCall, Attribute, Expr, WindowCall } from '../expr.js';
import { hasWindow } from '../facts.js';
import { columnName, sqlText } from '../sql-text.js';
import { someExpr, visitExpr, withExprChildren } from '../walk-expr.js';

/** Applies `change` to what a window call reads: its function's arguments, partitioning and ordering. */
export function overWindow(expr: WindowCall, change: (expr: Expr) => Expr): Expr {
  const { input } = expr;
  const args = input.kind === 'aggregate_call' || input.kind === 'call' ? input.args.map(change) : [];
  const filter = input.kind === 'aggregate_call' && input.filter !== undefined ? [change(input.filter)] : [];
  const { partitionBy, orderBy } = expr.spec;
  return withExprChildren(expr, [
    withExprChildren(input, [...args, ...filter]),
    ...partitionBy.map(change),
    ...orderBy.map((order) => withExprChildren(order, [change(order.input)])),
  ]);
}

const isOverRows = (e: Expr): boolean => e.kind === 'aggregate_call' || e.kind === 'window_call';

/** FILTER sees single rows. */
export function checkFilter(call: AggregateCall): void {
  const { filter } = call;
  if (filter === undefined || !someExpr(filter, isOverRows)) return;
  const detail = someExpr(filter, (e) => e.kind === 'aggregate_call') ? 'AGGREGATE' : 'WINDOW_FUNCTION';
  throw new SparrowError(
    `INVALID_AGGREGATE_FILTER.CONTAINS_${detail}`,
    `FILTER is a condition on single rows: ${sqlText(call)}`,
    { sqlState: '42903' },
  );
}

export function checkNesting(expr: Expr): void {
  visitExpr(expr, (e) => {
    if (e.kind === 'window_call') {
      overWindow(e, (inner) => {
        checkNesting(inner);
        return inner;
      });
      return false;
    }
    if (e.kind !== 'aggregate_call') return true;
    checkFilter(e);
    if (e.args.some((arg) => hasWindow(arg))) {
      throw new SparrowError('_LEGACY_ERROR_TEMP_1031', `a window function inside an aggregate: ${sqlText(e)}`, {
        hint: 'compute the window in a sub-query, and aggregate that',
      });
    }
    if (e.args.some((arg) => someExpr(arg, isOverRows))) {
      throw new SparrowError('NESTED_AGGREGATE_FUNCTION', `an aggregate cannot stand inside another: ${sqlText(e)}`, {
        sqlState: '42607',
        hint: 'aggregate twice, one after the other',
      });
    }
    return false;
  });
}

export function missingAggregation(column: Attribute, groups: readonly string[]): SparrowError {
  const name = columnName(column);
  return new SparrowError(
    groups.length === 0 ? 'MISSING_GROUP_BY' : 'MISSING_AGGREGATION',
    `the column ${name} is neither grouped by nor inside an aggregate function`,
    {
      sqlState: '42803',
      parameters: { expression: `"${name}"`, expressionAnyValue: `"any_value(${name})"` },
      candidates: groups,
      hint: `add it to groupBy(), or take first(${name}) or another aggregate of it`,
    },
  );
}
