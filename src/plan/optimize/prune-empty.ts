import { emptyLocal, project } from '../build.js';
import type { Alias, Expr } from '../expr.js';
import { falseLiteral, isLiteralOf, isNullLiteral, nullOf } from '../logic.js';
import type { JoinPlan, Plan, UnionPlan } from '../node.js';
import { outputOf } from '../output.js';
import { HAS_EMPTY } from '../traits.js';
import { children } from '../walk.js';
import { bottomUp } from './rule.js';

/** Where no row can come from, nothing is done. */
export const pruneEmpty = bottomUp('prune-empty', 'nothing need be done for no rows', HAS_EMPTY, (plan) => {
  switch (plan.kind) {
    case 'filter':
      return isLiteralOf(plan.condition, false) || isNullLiteral(plan.condition) || isEmpty(plan.input)
        ? empty(plan)
        : plan;
    case 'limit':
      return plan.limit === 0 || isEmpty(plan.input) ? empty(plan) : plan;
    case 'aggregate':
      return plan.groupBy.length > 0 && isEmpty(plan.input) ? empty(plan) : plan;
    case 'project':
    case 'sort':
    case 'distinct':
    case 'window':
    case 'sample':
    case 'repartition':
      return children(plan).every(isEmpty) ? empty(plan) : plan;
    case 'join':
      return pruneJoin(plan);
    case 'union':
      return pruneUnion(plan);
    default:
      return plan;
  }
});

const isEmpty = (plan: Plan): boolean => plan.kind === 'local' && plan.data.content.rows === 0;
const empty = (plan: Plan): Plan => (isEmpty(plan) ? plan : emptyLocal(outputOf(plan)));

function pruneJoin(plan: JoinPlan): Plan {
  const [noLeft, noRight] = [isEmpty(plan.left), isEmpty(plan.right)];
  if (!noLeft && !noRight) return plan;
  switch (plan.how) {
    case 'inner':
    case 'cross':
    case 'semi':
      return empty(plan);
    case 'anti':
      return noLeft ? empty(plan) : plan.left;
    case 'left':
      return noLeft ? empty(plan) : padded(plan, plan.left);
    case 'exists':
      return noLeft ? empty(plan) : padded(plan, plan.left, falseLiteral);
    case 'right':
      return noRight ? empty(plan) : padded(plan, plan.right);
    case 'full':
      return noLeft && noRight ? empty(plan) : padded(plan, noLeft ? plan.right : plan.left);
  }
}

/** The rows of one side, with nulls (or a value) for the other's columns. */
function padded(plan: JoinPlan, side: Plan, value?: Expr): Plan {
  const kept = new Map(outputOf(side).map((attribute) => [attribute.id, attribute]));
  const exprs = outputOf(plan).map((attribute): Expr => {
    const own = kept.get(attribute.id);
    if (own !== undefined) return own;
    const { id, name, type } = attribute;
    const alias: Alias = { kind: 'alias', id, name, input: value ?? nullOf(type) };
    return Object.freeze(alias);
  });
  return project(side, exprs);
}

function pruneUnion(plan: UnionPlan): Plan {
  const inputs = plan.inputs.filter((input) => !isEmpty(input));
  if (inputs.length === plan.inputs.length) return plan;
  return inputs.length === 0 ? empty(plan) : Object.freeze({ ...plan, inputs });
}
