import type { EvalSettings } from '../../functions/expression.js';
import { filter, project } from '../build.js';
import type { Expr } from '../expr.js';
import type { LateralJoinPlan, Plan } from '../node.js';
import { outputIds, outputOf } from '../output.js';
import { withChildren } from '../walk.js';
import { nodeWithOuter, type OuterColumns } from './outer.js';
import { joinPartner, partnerOf } from './subquery-joins.js';

/** A lateral join as a plain one, or as operators over the left side where the right one only takes its rows apart. */
export function joinLateral(plan: LateralJoinPlan, settings: EvalSettings): Plan {
  const outer: OuterColumns = new Map(outputOf(plan.left).map((column) => [column.id, column]));
  const over = plan.how === 'left' ? undefined : applied(plan.right, plan.left, outer);
  if (over !== undefined) {
    const kept = plan.condition === undefined ? over : filter(over, plan.condition);
    return project(kept, outputOf(plan));
  }
  const partner = partnerOf(plan.left, plan.right, outer, settings);
  const how = plan.how === 'left' ? 'left' : 'inner';
  const joined = joinPartner(plan.left, how, partner, plan.condition === undefined ? [] : [plan.condition]);
  const now = new Map(outputOf(joined).map((column) => [column.id, column]));
  return project(
    joined,
    outputOf(plan).map((column) => now.get(column.id) ?? column),
  );
}

/** The right side's operators over the left side's rows, when they stand on a single row. */
function applied(plan: Plan, left: Plan, outer: OuterColumns): Plan | undefined {
  switch (plan.kind) {
    case 'local':
      return plan.data.content.rows === 1 && plan.output.length === 0 ? left : undefined;
    case 'subquery_alias':
      return applied(plan.input, left, outer);
    case 'filter':
    case 'generate': {
      const below = applied(plan.input, left, outer);
      return below && withChildren(nodeWithOuter(plan, outer), [below]);
    }
    case 'project': {
      const below = applied(plan.input, left, outer);
      if (below === undefined) return undefined;
      const { exprs } = nodeWithOuter(plan, outer);
      const own = outputIds(left);
      const passed = outputOf(below).filter((column) => own.has(column.id));
      const made = exprs.filter((expr: Expr) => expr.kind !== 'attribute' || !own.has(expr.id));
      return project(below, [...passed, ...made]);
    }
    default:
      return undefined;
  }
}
