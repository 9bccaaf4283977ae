import type { Expr } from '../expr.js';
import { nullsPropagate } from '../facts.js';
import { splitAnd } from '../logic.js';
import type { JoinPlan, JoinType, Plan } from '../node.js';
import { outputIds } from '../output.js';
import { HAS_OUTER_JOIN } from '../traits.js';
import { replace, withChildren } from '../walk.js';
import { foldExpr } from '../walk-expr.js';
import { topDown } from './rule.js';

/** An outer join whose padded rows are dropped right after need not make them. */
export const eliminateOuterJoins = topDown(
  'eliminate-outer-joins',
  'rows padded with nulls that the next condition drops need not be made',
  HAS_OUTER_JOIN,
  (plan) => {
    if (plan.kind === 'filter' && plan.input.kind === 'join') {
      const join = narrowed(plan.input, splitAnd(plan.condition));
      return join === plan.input ? plan : replace(plan, { input: join });
    }
    if (plan.kind !== 'join' || plan.condition === undefined) return plan;
    // The condition of a join drops padded rows of its inputs on those sides whose unmatched rows it does not keep.
    const terms = splitAnd(plan.condition);
    const left = dropsLeft.has(plan.how) ? under(plan.left, terms) : plan.left;
    const right = dropsRight.has(plan.how) ? under(plan.right, terms) : plan.right;
    return withChildren(plan, [left, right]);
  },
);

const dropsLeft: ReadonlySet<JoinType> = new Set<JoinType>(['inner', 'right', 'semi']);
const dropsRight: ReadonlySet<JoinType> = new Set<JoinType>(['inner', 'left', 'semi', 'anti']);

const under = (plan: Plan, terms: readonly Expr[]): Plan => (plan.kind === 'join' ? narrowed(plan, terms) : plan);

function narrowed(join: JoinPlan, terms: readonly Expr[]): JoinPlan {
  if (join.how !== 'left' && join.how !== 'right' && join.how !== 'full') return join;
  const rejects = (ids: ReadonlySet<number>): boolean => terms.some((term) => isNullOrFalse(term, ids));
  const noLeftPadding = join.how !== 'left' && rejects(outputIds(join.left));
  const noRightPadding = join.how !== 'right' && rejects(outputIds(join.right));
  return replace(join, { how: joinWithout(join.how, noLeftPadding, noRightPadding) });
}

/** `noLeftPadding`: rows whose left columns are padded (unmatched right rows) are dropped above. */
function joinWithout(how: JoinType, noLeftPadding: boolean, noRightPadding: boolean): JoinType {
  if (how === 'left') return noRightPadding ? 'inner' : how;
  if (how === 'right') return noLeftPadding ? 'inner' : how;
  if (noLeftPadding && noRightPadding) return 'inner';
  if (noLeftPadding) return 'left';
  return noRightPadding ? 'right' : how;
}

/** What is known of a value: `never` means null or false, it is not known which. */
type Known = 'null' | 'false' | 'true' | 'never' | 'open';

const isNever = (known: Known): boolean => known === 'null' || known === 'false' || known === 'never';

/** Whether a condition cannot be true once all these columns are null. */
export function isNullOrFalse(condition: Expr, nulls: ReadonlySet<number>): boolean {
  return isNever(
    foldExpr<Known>(condition, (expr, inputs) => {
      switch (expr.kind) {
        case 'attribute':
          return nulls.has(expr.id) ? 'null' : 'open';
        case 'literal':
          return expr.value === null ? 'null' : expr.value === true ? 'true' : expr.value === false ? 'false' : 'open';
        case 'cast':
          return inputs[0] === 'null' ? 'null' : 'open';
        case 'call':
          return callOfNulls(expr.fn, inputs);
        default:
          return 'open';
      }
    }),
  );
}

function callOfNulls(fn: string, inputs: readonly Known[]): Known {
  const [a = 'open', b = 'open'] = inputs;
  const all = (known: Known): boolean => inputs.every((input) => input === known);
  switch (fn) {
    case 'and':
      if (inputs.includes('false')) return 'false';
      return all('null') ? 'null' : inputs.some(isNever) ? 'never' : 'open';
    case 'or':
      if (!inputs.every(isNever)) return 'open';
      return all('false') ? 'false' : inputs.includes('never') ? 'never' : 'null';
    case 'not':
      return a === 'null' ? 'null' : a === 'true' ? 'false' : a === 'false' ? 'true' : 'open';
    case 'isnull':
      return a === 'null' ? 'true' : a === 'true' || a === 'false' ? 'false' : 'open';
    case 'isnotnull':
      return a === 'null' ? 'false' : a === 'true' || a === 'false' ? 'true' : 'open';
    case 'isin':
    case 'between':
      return a === 'null' ? 'null' : 'open';
    case 'coalesce':
      return all('null') ? 'null' : 'open';
    case 'eqNullSafe':
      return a === 'null' && b === 'null' ? 'true' : 'open';
    default:
      return nullsPropagate(fn) && inputs.includes('null') ? 'null' : 'open';
  }
}
