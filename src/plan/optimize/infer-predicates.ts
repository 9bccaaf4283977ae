import { isFloating, sameType } from '../../base/index.js';
import { filter } from '../build.js';
import { constraintsOf } from '../constraints.js';
import type { Attribute, Expr } from '../expr.js';
import { readsOnly, references } from '../expr-type.js';
import { canFail, exprKey, isDeterministic, isTrivial } from '../facts.js';
import { isCall, joinAnd, joinOr, splitAnd, splitOr, substitute } from '../logic.js';
import type { JoinType, Plan } from '../node.js';
import { outputIds } from '../output.js';
import { HAS_JOIN } from '../traits.js';
import { bottomUp } from './rule.js';

/** What a join condition demands of one side, stated for the other: `a.k = b.k` and `a.k > 5` give `b.k > 5`. */
export const inferPredicates = bottomUp(
  'infer-predicates',
  'a condition on one side of a join often holds for the other',
  HAS_JOIN,
  (plan, { inferred: before }) => {
    if (plan.kind !== 'join' || plan.condition === undefined) return plan;
    const terms = splitAnd(plan.condition);
    const left = toLeft.has(plan.how) ? inferred(terms, plan.right, plan.left, before) : [];
    const right = toRight.has(plan.how) ? inferred(terms, plan.left, plan.right, before) : [];
    if (left.length + right.length === 0) return plan;
    return Object.freeze({
      ...plan,
      left: left.length === 0 ? plan.left : filter(plan.left, joinAnd(left)),
      right: right.length === 0 ? plan.right : filter(plan.right, joinAnd(right)),
    });
  },
);

/** Joins that drop rows of a side which match nothing: those need not come. */
const toLeft: ReadonlySet<JoinType> = new Set<JoinType>(['inner', 'right', 'semi']);
const toRight: ReadonlySet<JoinType> = new Set<JoinType>(['inner', 'left', 'semi', 'anti']);

/** New conditions for `to`, from what is known of `from` and from what OR terms of the join condition imply. */
function inferred(terms: readonly Expr[], from: Plan, to: Plan, before: Set<number>): Expr[] {
  let known: ReadonlySet<number> | undefined;
  const ids = outputIds(to);
  const found: Expr[] = [];
  const add = (term: Expr): void => {
    const key = exprKey(term);
    known ??= new Set(constraintsOf(to).map(exprKey));
    if (known.has(key) || before.has(key)) return;
    before.add(key);
    found.push(term);
  };
  for (const [a, b] of equalColumns(terms, outputIds(from), ids)) {
    for (const term of constraintsOf(from)) {
      if (carriesOver(term, a)) add(substitute(term, new Map([[a.id, b]])));
    }
  }
  for (const term of terms) {
    const implied = impliedBy(term, ids);
    if (implied !== undefined) add(implied);
  }
  return found;
}

function equalColumns(
  terms: readonly Expr[],
  from: ReadonlySet<number>,
  to: ReadonlySet<number>,
): (readonly [Attribute, Attribute])[] {
  const pairs: (readonly [Attribute, Attribute])[] = [];
  for (const term of terms) {
    if (!isCall(term, 'eq')) continue;
    const [a, b] = [term.args[0] as Expr, term.args[1] as Expr];
    if (a.kind !== 'attribute' || b.kind !== 'attribute' || !sameType(a.type, b.type) || isFloating(a.type)) continue;
    if (from.has(a.id) && to.has(b.id)) pairs.push([a, b]);
    else if (from.has(b.id) && to.has(a.id)) pairs.push([b, a]);
  }
  return pairs;
}

/** A condition on this column alone that equal values meet alike. Tests for null are left out: equality implies them. */
function carriesOver(term: Expr, column: Attribute): boolean {
  const ids = references(term);
  return (
    ids.size === 1 &&
    ids.has(column.id) &&
    !isCall(term, 'isnotnull') &&
    !isTrivial(term) &&
    isDeterministic(term) &&
    !canFail(term)
  );
}

/** `(l1 AND r1) OR (l2 AND r2)` implies `l1 OR l2` for the left side. */
function impliedBy(term: Expr, ids: ReadonlySet<number>): Expr | undefined {
  if (!isCall(term, 'or') || readsOnly(term, ids) || !isDeterministic(term) || canFail(term)) return undefined;
  const branches: Expr[] = [];
  for (const branch of splitOr(term)) {
    const own = splitAnd(branch).filter((part) => references(part).size > 0 && readsOnly(part, ids));
    if (own.length === 0) return undefined;
    branches.push(joinAnd(own));
  }
  return joinOr(branches);
}
