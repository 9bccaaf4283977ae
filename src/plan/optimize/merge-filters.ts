import { filter } from '../build.js';
import type { Expr } from '../expr.js';
import { exprNullable } from '../expr-type.js';
import { canFail } from '../facts.js';
import { isLiteralOf, joinAnd, splitAnd } from '../logic.js';
import { HAS_NEEDLESS_FILTER } from '../traits.js';
import { topDown } from './rule.js';

/** One Filter with all conditions, the innermost first: what it kept away from the others stays away. */
export const mergeFilters = topDown('merge-filters', 'rows are looked at once', HAS_NEEDLESS_FILTER, (plan) => {
  if (plan.kind !== 'filter') return plan;
  if (isLiteralOf(plan.condition, true)) return plan.input;
  // Innermost last, until they are joined.
  const conditions: Expr[] = [plan.condition];
  let fails = canFail(plan.condition);
  let { input } = plan;
  // AND evaluates its right side when the left is null, where a filter has dropped the row.
  const mayFollow = (inner: Expr): boolean => !exprNullable(inner) || !fails;
  while (input.kind === 'filter' && mayFollow(input.condition)) {
    conditions.push(input.condition);
    fails ||= canFail(input.condition);
    input = input.input;
  }
  return conditions.length === 1 ? plan : filter(input, joinAnd(conditions.reverse().flatMap(splitAnd)));
});
