import type { AggregateCall, Alias, Attribute, Expr } from '../expr.js';
import { exprType, toAttribute } from '../expr-type.js';
import { nextId } from '../ids.js';
import { coalesce } from '../logic.js';
import { buildCall } from '../resolve/calls.js';
import type { PlanSettings } from '../resolve/context.js';
import { columnName } from '../sql-text.js';

/* Aggregates in two steps: of parts of the rows first, then of what came of the parts. */

/** Aggregates of partial results that are exact: whole numbers, extremes. */
export function mergesExactly(call: AggregateCall): boolean {
  switch (call.fn) {
    case 'count':
    case 'min':
    case 'max':
      return true;
    case 'sum':
      return exprType(call).kind === 'int64';
    default:
      return false;
  }
}

/** A column that an expression makes. */
export interface NamedValue {
  readonly alias: Alias;
  readonly attribute: Attribute;
}

export function named(expr: Expr, name = columnName(expr)): NamedValue {
  const alias: Alias = Object.freeze({ kind: 'alias', name, input: expr, id: nextId() });
  return { alias, attribute: toAttribute(alias) };
}

/** Counts of parts add up; everything else here merges with itself. */
export function mergeCall(call: AggregateCall, part: Attribute, settings: PlanSettings): Expr {
  if (call.fn !== 'count') return buildCall(call.fn, [part], settings);
  const total = buildCall('sum', [part], settings);
  // The sum of no counts is null, the count of no rows is 0.
  return coalesce(total, Object.freeze({ kind: 'literal', type: exprType(total), value: 0n }));
}
