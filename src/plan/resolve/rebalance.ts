import type { Expr } from '../expr.js';
import { isCall, joinAnd, joinOr, splitAnd, splitOr } from '../logic.js';
import { replaceExpr, visitExpr } from '../walk-expr.js';

/** Chains of AND or OR shorter than this stay as they are written. */
const LONG_CHAIN = 32;

/**
 * Long chains of AND or OR as balanced trees: the same terms in the same order, so the same meaning and errors, but a
 * depth that neither the compiler nor the interpreter minds.
 */
export function rebalance(expr: Expr): Expr {
  let calls = 0;
  visitExpr(expr, (e) => {
    if (isCall(e, 'and') || isCall(e, 'or')) calls++;
    return calls < LONG_CHAIN;
  });
  if (calls < LONG_CHAIN) return expr;
  return replaceExpr(expr, (e) => {
    if (isCall(e, 'or')) return balanced(splitOr(e), joinOr);
    if (isCall(e, 'and')) return balanced(splitAnd(e), joinAnd);
    return undefined;
  });
}

const balanced = (terms: readonly Expr[], join: (terms: readonly Expr[]) => Expr): Expr => join(terms.map(rebalance));
