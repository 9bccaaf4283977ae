import { part } from '../../base/index.js';
import { hasSubquery } from '../nested.js';
import type { Plan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { transformUp } from '../walk.js';
import { overall } from './rule.js';

const rewriting = part(() => import('../decorrelate/rewrite.js'));

/** Subqueries that read rows around them, and those of IN and EXISTS, become joins. */
export const decorrelate = overall(
  'decorrelate',
  'a join asks once for all rows what a subquery asks for each',
  (plan, context) => (hasNested(plan) ? rewriting().decorrelate(plan, context.settings) : plan),
);

function hasNested(root: Plan): boolean {
  let found = false;
  transformUp(root, (plan) => {
    found ||= plan.kind === 'lateral_join' || planExprs(plan).some(hasSubquery);
    return plan;
  });
  return found;
}
