import { filter } from '../build.js';
import { exprNullable } from '../expr-type.js';
import { canFail } from '../facts.js';
import { isLiteralOf, joinAnd, splitAnd } from '../logic.js';
import { bottomUp } from './rule.js';

/** One Filter with both conditions, the inner one first: what it kept away from the outer one stays away. */
export const mergeFilters = bottomUp('merge-filters', 'rows are looked at once', (plan) => {
  if (plan.kind !== 'filter') return plan;
  if (isLiteralOf(plan.condition, true)) return plan.input;
  const { input } = plan;
  if (input.kind !== 'filter') return plan;
  // AND evaluates its right side when the left is null, where a filter has dropped the row.
  if (exprNullable(input.condition) && canFail(plan.condition)) return plan;
  return filter(input.input, joinAnd([...splitAnd(input.condition), ...splitAnd(plan.condition)]));
});
