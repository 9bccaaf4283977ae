import { SparrowError } from '../../base/index.js';
import { isDeterministic } from '../facts.js';
import { everyNode } from '../nested.js';
import type { LateralJoinPlan, Plan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { foldLiteralCasts, requireBoolean } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { forbidAggregates } from './forbid.js';
import { scopeOf } from './scope.js';
import { checkHosts } from './subquery-checks.js';

/** The right side may name columns of the left one: it is analysed as a subquery of it. */
export function resolveLateralJoin(plan: LateralJoinPlan, left: Analyzed, context: Context): Analyzed {
  const { settings } = context;
  const right = context.subquery(plan.right, scopeOver(left, context));
  requireDeterministic(right.plan);
  checkHosts(right.plan);
  const frames = { inputs: [{ frames: left.frames }, { frames: right.frames }] };
  const joined = { ...plan, left: left.plan, right: right.plan };
  if (plan.condition === undefined) return { plan: Object.freeze(joined), frames };
  const both = [...outputOf(left.plan), ...outputOf(right.plan)];
  const resolved = resolveExpr(
    plan.condition,
    scopeOf(both, frames, settings.caseSensitive === true, context),
    settings,
  );
  forbidAggregates(resolved, 'a join condition');
  if (!isDeterministic(resolved)) {
    throw new SparrowError(
      `${REFUSED}.LATERAL_JOIN_CONDITION_NON_DETERMINISTIC`,
      `the condition of LATERAL must give the same each time: ${columnName(resolved)}`,
      { sqlState: '0A000' },
    );
  }
  const checked = requireBoolean(resolved, 'the join condition', 'JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE');
  return { plan: Object.freeze({ ...joined, condition: foldLiteralCasts(checked, settings) }), frames };
}

const REFUSED = 'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY';

/** A query for each row of the left side would give other values than one query for all of them. */
function requireDeterministic(right: Plan): void {
  const isSure = (node: Plan): boolean => node.kind !== 'sample' && planExprs(node).every(isDeterministic);
  if (everyNode(right).every(isSure)) return;
  throw new SparrowError(
    `${REFUSED}.NON_DETERMINISTIC_LATERAL_SUBQUERIES`,
    'the query of LATERAL must not hold random numbers or the like',
    { sqlState: '0A000' },
  );
}
