import type { Expr } from '../expr.js';
import { canFail, exprKey, isDeterministic } from '../facts.js';
import { isCall, joinAnd, joinOr, splitAnd, splitOr } from '../logic.js';
import { HAS_OR } from '../traits.js';
import { replaceExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/** `(a AND b) OR (a AND c)` → `a AND (b OR c)`: `a` may then be pushed down or be a join key. */
export const factorConditions = onExprs(
  'factor-conditions',
  'what all branches of an OR demand can be demanded first',
  HAS_OR,
  (root) => factor(root),
);

function factor(root: Expr): Expr {
  return replaceExpr(root, (expr) => {
    if (!isCall(expr, 'or')) return undefined;
    const branches = splitOr(expr).map((branch) => splitAnd(branch));
    if (branches.length > MOST_BRANCHES) return undefined;
    const [first = [], ...others] = branches;
    const keys = others.map((branch) => new Set(branch.map(exprKey)));
    const common = first.filter((term) => {
      const key = exprKey(term);
      return isDeterministic(term) && keys.every((branch) => branch.has(key));
    });
    // Terms that were guarded by earlier ones must not run unguarded now.
    if (common.length === 0 || branches.flat().some(canFail)) return undefined;
    const factored = new Set(common.map(exprKey));
    const rest = branches.map((branch) => branch.filter((term) => !factored.has(exprKey(term))));
    const shared = joinAnd(uniqueTerms(common));
    if (rest.some((branch) => branch.length === 0)) return shared;
    return joinAnd([...splitAnd(shared), joinOr(rest.map(joinAnd))]);
  });
}

/** More branches than this have hardly anything in common, and looking for it costs. */
const MOST_BRANCHES = 64;

function uniqueTerms(terms: readonly Expr[]): readonly Expr[] {
  return [...new Map(terms.map((term) => [exprKey(term), term])).values()];
}
