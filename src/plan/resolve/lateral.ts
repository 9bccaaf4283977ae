import type { LateralJoinPlan } from '../node.js';
import { outputOf } from '../output.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { foldLiteralCasts, requireBoolean } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { forbidAggregates } from './forbid.js';
import { scopeOf } from './scope.js';

/** The right side may name columns of the left one: it is analysed as a subquery of it. */
export function resolveLateralJoin(plan: LateralJoinPlan, left: Analyzed, context: Context): Analyzed {
  const { settings } = context;
  const right = context.subquery(plan.right, scopeOver(left, context));
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
  const checked = requireBoolean(resolved, 'the join condition', 'JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE');
  return { plan: Object.freeze({ ...joined, condition: foldLiteralCasts(checked, settings) }), frames };
}
