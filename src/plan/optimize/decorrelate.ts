import { decorrelate as rewrite } from '../decorrelate/rewrite.js';
import { overall } from './rule.js';

/** Subqueries that read rows around them, and those of IN and EXISTS, become joins. */
export const decorrelate = overall(
  'decorrelate',
  'a join asks once for all rows what a subquery asks for each',
  (plan, context) => rewrite(plan, context.settings),
);
