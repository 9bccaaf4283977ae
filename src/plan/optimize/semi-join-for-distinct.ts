import { join, project } from '../build.js';
import type { Expr } from '../expr.js';
import { readsAny, readsOnly, toAttribute } from '../expr-type.js';
import { equiTerm, splitAnd } from '../logic.js';
import type { AggregatePlan, JoinPlan, Plan, ProjectPlan } from '../node.js';
import { outputIds } from '../output.js';
import { HAS_JOIN } from '../traits.js';
import { bottomUp } from './rule.js';

/**
 * An inner join with a side that holds each key once, of which nothing but the keys is used, only asks whether there
 * is a match: a semi join, which needs no different keys either.
 */
export const semiJoinForDistinct = bottomUp(
  'semi-join-for-distinct',
  'asking whether there is a match is less than finding it',
  HAS_JOIN,
  (plan) => {
    if (plan.kind === 'join') return withoutDistinct(plan);
    if (plan.kind !== 'project' || plan.input.kind !== 'join' || plan.input.how !== 'inner') return plan;
    const { input } = plan;
    return asSemi(plan, input, input.left, input.right) ?? asSemi(plan, input, input.right, input.left) ?? plan;
  },
);

function asSemi(plan: ProjectPlan, input: JoinPlan, kept: Plan, tested: Plan): Plan | undefined {
  const ids = outputIds(tested);
  if (plan.exprs.some((expr) => readsAny(expr, ids)) || !joinsOnAllKeys(input, kept, tested)) return undefined;
  // Projections above read by id, so the order of the kept side's columns does not matter.
  return project(join(kept, tested, 'semi', input.condition), plan.exprs);
}

/** Whether the tested side has each combination of its columns once, and the join compares every one of them. */
function joinsOnAllKeys(input: JoinPlan, kept: Plan, tested: Plan): boolean {
  const keys = distinctKeys(tested);
  if (keys === undefined || input.condition === undefined) return false;
  const compared = new Set<number>();
  for (const term of splitAnd(input.condition)) {
    const equi = equiTerm(
      term,
      (expr) => readsOnly(expr, outputIds(kept)),
      (expr) => expr.kind === 'attribute' && outputIds(tested).has(expr.id),
    );
    if (equi?.right.kind === 'attribute') compared.add(equi.right.id);
  }
  return keys.every((id) => compared.has(id));
}

/** The columns by which a plan's rows all differ, where that is known. */
function distinctKeys(plan: Plan): readonly number[] | undefined {
  let at = plan;
  while (at.kind === 'filter' || (at.kind === 'project' && at.exprs.every((expr) => expr.kind === 'attribute')))
    at = at.input;
  if (at.kind !== 'aggregate' || at.groupBy.length === 0) return undefined;
  const groups = at.groupBy.map((expr) => toAttribute(expr).id);
  const shown = outputIds(plan);
  return groups.every((id) => shown.has(id)) ? groups : undefined;
}

/** Which match a semi or anti join finds does not matter, so twins in its right side do no harm. */
function withoutDistinct(plan: JoinPlan): Plan {
  if ((plan.how !== 'semi' && plan.how !== 'anti') || !isDistinct(plan.right)) return plan;
  const { right } = plan;
  const exprs: readonly Expr[] = right.output.map((expr) => groupExpr(expr, right));
  return Object.freeze({ ...plan, right: project(right.input, exprs) });
}

const isDistinct = (plan: Plan): plan is AggregatePlan =>
  plan.kind === 'aggregate' &&
  plan.groupBy.length > 0 &&
  plan.output.every(
    (expr) => expr.kind === 'attribute' && plan.groupBy.some((group) => toAttribute(group).id === expr.id),
  );

function groupExpr(expr: Expr, plan: AggregatePlan): Expr {
  const { id } = toAttribute(expr);
  return plan.groupBy.find((group) => toAttribute(group).id === id) ?? expr;
}
