import { SparrowError } from '../../base/index.js';
import type { Expr } from '../expr.js';
import { hasAggregate, hasWindow } from '../facts.js';
import { sqlText } from '../sql-text.js';

const refusals: Readonly<Record<string, string | undefined>> = {
  ...{ 'a filter': 'INVALID_WHERE_CONDITION', withColumn: 'MISSING_GROUP_BY' },
};

/** Aggregates and window calls have no place in conditions and the like. */
export function forbidAggregates(expr: Expr, where: string): void {
  if (!hasAggregate(expr)) return;
  throw new SparrowError(
    refusals[where] ?? 'UNSUPPORTED_FEATURE.AGGREGATE_FUNCTION',
    `an aggregate function cannot stand in ${where}: ${sqlText(expr)}`,
    {
      sqlState: '42903',
      hint: 'aggregate first (groupBy().agg()), then use its result column',
    },
  );
}

/** Rows are joined before windows are computed over them. */
export function forbidWindows(condition: Expr): void {
  if (!hasWindow(condition)) return;
  throw new SparrowError(
    'UNSUPPORTED_EXPR_FOR_OPERATOR',
    `a window function cannot stand in a join condition: ${sqlText(condition)}`,
    { sqlState: '42K0E', hint: 'compute it as a column of one side first, then join on that column' },
  );
}
