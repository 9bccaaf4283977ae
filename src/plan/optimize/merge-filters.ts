import { filter } from '../build.js';
import { isLiteralOf, joinAnd, splitAnd } from '../logic.js';
import { bottomUp } from './rule.js';

/** One Filter with both conditions, the inner one first: what it kept away from the outer one stays away. */
export const mergeFilters = bottomUp('merge-filters', 'rows are looked at once', (plan) => {
  if (plan.kind !== 'filter') return plan;
  if (isLiteralOf(plan.condition, true)) return plan.input;
  const { input } = plan;
  if (input.kind !== 'filter') return plan;
  return filter(input.input, joinAnd([...splitAnd(input.condition), ...splitAnd(plan.condition)]));
});
