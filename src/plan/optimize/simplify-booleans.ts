import type { Call, Expr } from '../expr.js';
import { exprNullable, readsOnly, references } from '../expr-type.js';
import { exprKey, isDeterministic } from '../facts.js';
import {
  and,
  compare,
  falseLiteral,
  isCall,
  isLiteralOf,
  isNullLiteral,
  joinAnd,
  joinOr,
  not,
  or,
  splitAnd,
  splitOr,
  trueLiteral,
} from '../logic.js';
import type { Plan } from '../node.js';
import { exprTraits, HAS_DECIDED, HAS_LOGIC } from '../traits.js';
import { mapSame } from '../walk.js';
import { replaceExpr, transformExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/** What NOT makes of a comparison; values have a total order, so the opposite is exact, and null stays null. */
const opposite: Readonly<Record<string, string>> = { eq: 'ne', ne: 'eq', lt: 'ge', ge: 'lt', gt: 'le', le: 'gt' };
/** What NOT makes of other calls. */
const turned: Readonly<Record<string, string>> = { and: 'or', or: 'and', isnull: 'isnotnull', isnotnull: 'isnull' };

/** AND, OR and NOT with constants, twins and double negation, in three-valued logic. */
export const simplifyBooleans = onExprs(
  'simplify-booleans',
  'logic with a known operand needs no evaluation',
  HAS_LOGIC | HAS_DECIDED,
  (root, _, plan) => {
    if ((exprTraits(root) & HAS_DECIDED) === 0) return withoutTwins(root);
    const simple = withoutTwins(transformExpr(root, (expr) => (expr.kind === 'call' ? simplify(expr) : expr)));
    return decides(plan) ? asCondition(simple) : simple;
  },
);

function simplify(expr: Call): Expr {
  if (expr.fn === 'not') return simplifyNot(expr, expr.args[0] as Expr);
  if (expr.fn !== 'and' && expr.fn !== 'or') return expr;
  const [a, b] = [expr.args[0] as Expr, expr.args[1] as Expr];
  // `decisive` decides alone; `neutral` leaves the other.
  const decisive = expr.fn === 'or';
  if (isLiteralOf(a, decisive)) return decisive ? trueLiteral : falseLiteral;
  if (isLiteralOf(b, decisive) && !failsAlways(a)) return decisive ? trueLiteral : falseLiteral;
  if (isLiteralOf(a, !decisive)) return b;
  if (isLiteralOf(b, !decisive)) return a;
  if (isNullLiteral(a) && isNullLiteral(b)) return a;
  return opposites(a, b) ? (decisive ? trueLiteral : falseLiteral) : expr;
}

/** A call or cast of constants that was not folded fails, as it does where nothing is left out; on the left it is evaluated first. */
const failsAlways = (expr: Expr): boolean =>
  (expr.kind === 'call' || expr.kind === 'cast') && references(expr).size === 0;

/** The same term twice in a chain counts once. */
function withoutTwins(root: Expr): Expr {
  return replaceExpr(root, (expr) => {
    const isOr = isCall(expr, 'or');
    if (!isOr && !isCall(expr, 'and')) return undefined;
    const terms = isOr ? splitOr(expr) : splitAnd(expr);
    const inner = mapSame(terms, withoutTwins);
    const kept = mayRepeat(inner) ? unique(inner) : inner;
    if (kept !== inner) return isOr ? joinOr(kept) : joinAnd(kept);
    if (inner === terms) return expr;
    const changed = new Map(terms.map((term, i) => [term, inner[i]]));
    return replaceExpr(expr, (e) => (isCall(e, expr.fn) ? undefined : changed.get(e)));
  });
}

/** Terms that are the same read the same columns, which is sooner told. */
function mayRepeat(terms: readonly Expr[]): boolean {
  const sums = new Set<number>();
  for (const term of terms) {
    let sum = 0;
    for (const id of references(term)) sum += id;
    sums.add(sum);
  }
  return sums.size < terms.length;
}

function unique(terms: readonly Expr[]): readonly Expr[] {
  const seen = new Set<number>();
  const kept = terms.filter((term) => {
    const key = exprKey(term);
    if (seen.has(key) && isDeterministic(term)) return false;
    seen.add(key);
    return true;
  });
  return kept.length === terms.length ? terms : kept;
}

/** `x` and `not x`: only where x is never null does one of them hold. */
function opposites(a: Expr, b: Expr): boolean {
  if (exprNullable(a) || exprNullable(b) || !(mayNegate(a, b) || mayNegate(b, a)) || !isDeterministic(a)) return false;
  const read = references(a);
  if (read.size !== references(b).size || !readsOnly(b, read)) return false;
  return exprKey(negated(a)) === exprKey(b) || exprKey(negated(b)) === exprKey(a);
}

/** Whether NOT makes of `a` a call of the same function as `b`: whole trees need not be turned to see that. */
function mayNegate(a: Expr, b: Expr): boolean {
  if (a.kind !== 'call') return isCall(b, 'not');
  return a.fn === 'not' || isCall(b, opposite[a.fn] ?? turned[a.fn] ?? 'not');
}

const negated = (expr: Expr): Expr => {
  const plain = not(expr) as Call;
  return simplifyNot(plain, expr);
};

function simplifyNot(expr: Call, input: Expr): Expr {
  if (isLiteralOf(input, true)) return falseLiteral;
  if (isLiteralOf(input, false)) return trueLiteral;
  if (isNullLiteral(input) || input.kind !== 'call') return isNullLiteral(input) ? input : expr;
  const other = opposite[input.fn];
  if (other !== undefined) return compare(other, input.args[0] as Expr, input.args[1] as Expr);
  switch (input.fn) {
    case 'not':
      return input.args[0] as Expr;
    case 'isnull':
    case 'isnotnull':
      return Object.freeze({ ...input, fn: turned[input.fn] as string });
    case 'and':
      return or(negated(input.args[0] as Expr), negated(input.args[1] as Expr));
    case 'or':
      return and(negated(input.args[0] as Expr), negated(input.args[1] as Expr));
    default:
      return expr;
  }
}

/** Whether the node keeps rows for which its expression is true, so that null is as good as false. */
const decides = (plan: Plan): boolean => plan.kind === 'filter' || plan.kind === 'join';

/** In a condition a null term of an AND (or OR) may be false. */
function asCondition(expr: Expr): Expr {
  if (isNullLiteral(expr)) return falseLiteral;
  if (isCall(expr, 'and')) {
    const terms = splitAnd(expr);
    return terms.some((term) => isNullLiteral(term)) ? falseLiteral : expr;
  }
  if (isCall(expr, 'or')) {
    const terms = splitOr(expr);
    const kept = terms.filter((term) => !isNullLiteral(term));
    return kept.length === terms.length ? expr : joinOr(kept);
  }
  return expr;
}
