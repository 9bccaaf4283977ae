import { limit, project } from '../build.js';
import type { JoinPlan, LimitPlan, Plan, UnionPlan } from '../node.js';
import { HAS_LIMIT } from '../traits.js';
import { replace, withChildren } from '../walk.js';
import { topDown } from './rule.js';

/** Rows that a limit above would drop are not fetched. A limit stays right above its sort, where it becomes a top-k. */
export const pushLimits = topDown('push-limits', 'rows beyond a limit need not be made', HAS_LIMIT, (plan) => {
  if (plan.kind !== 'limit') return plan;
  const { input } = plan;
  if (plan.limit === undefined && plan.offset === 0) return input;
  switch (input.kind) {
    case 'limit':
      return mergeLimits(plan, input);
    case 'project':
      return project(limit(input.input, plan.limit, plan.offset), input.exprs);
    case 'union':
      return intoUnion(plan, input);
    case 'join':
      return intoJoin(plan, input);
    default:
      return plan;
  }
});

/** `limit` rows from `offset` of what a limit gave. */
function mergeLimits(outer: LimitPlan, inner: LimitPlan): Plan {
  const left = inner.limit === undefined ? undefined : Math.max(0, inner.limit - outer.offset);
  const rows = outer.limit === undefined ? left : left === undefined ? outer.limit : Math.min(outer.limit, left);
  return limit(inner.input, rows, inner.offset + outer.offset);
}

/** How many rows of an input can matter. */
const wanted = (plan: LimitPlan): number | undefined =>
  plan.limit === undefined ? undefined : plan.limit + plan.offset;

function limited(input: Plan, rows: number): Plan {
  return input.kind === 'limit' && input.limit !== undefined && input.offset === 0 && input.limit <= rows
    ? input
    : limit(input, rows);
}

function intoUnion(plan: LimitPlan, input: UnionPlan): Plan {
  const rows = wanted(plan);
  if (rows === undefined || input.inputs.every((branch) => atMost(branch, rows))) return plan;
  return replace(plan, {
    input: withChildren(
      input,
      input.inputs.map((branch) => (atMost(branch, rows) ? branch : limited(branch, rows))),
    ),
  });
}

/** An outer join gives at least a row for each row of the side it keeps. */
function intoJoin(plan: LimitPlan, input: JoinPlan): Plan {
  const rows = wanted(plan);
  if (rows === undefined) return plan;
  if (input.how === 'left' && !atMost(input.left, rows)) {
    return replace(plan, { input: replace(input, { left: limited(input.left, rows) }) });
  }
  if (input.how === 'right' && !atMost(input.right, rows)) {
    return replace(plan, { input: replace(input, { right: limited(input.right, rows) }) });
  }
  return plan;
}

/** Whether a plan gives no more than this many rows as it is. */
function atMost(plan: Plan, rows: number): boolean {
  let at = plan;
  while (at.kind === 'project' || at.kind === 'sort' || at.kind === 'filter') at = at.input;
  switch (at.kind) {
    case 'limit':
      return at.limit !== undefined && at.limit <= rows;
    case 'local':
      return (at.data.content.rows ?? Number.POSITIVE_INFINITY) <= rows;
    case 'aggregate':
      return at.groupBy.length === 0 && rows >= 1;
    case 'union':
      return at.inputs.length === 1 && atMost(at.inputs[0] as Plan, rows);
    default:
      return false;
  }
}
