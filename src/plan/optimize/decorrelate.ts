import { part } from '../../base/index.js';
import { HAS_SUBQUERY } from '../traits.js';
import { overall } from './rule.js';

const rewriting = part(() => import('../decorrelate/rewrite.js'));

/** Subqueries that read rows around them, and those of IN and EXISTS, become joins. */
export const decorrelate = overall(
  'decorrelate',
  'a join asks once for all rows what a subquery asks for each',
  HAS_SUBQUERY,
  (plan, context) => rewriting().decorrelate(plan, context.settings),
);
