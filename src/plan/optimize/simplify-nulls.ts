import { sameType } from '../../base/index.js';
import type { Call, Expr } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { canFail, nullDecides, nullsPropagate } from '../facts.js';
import {
  falseLiteral,
  isLiteralOf,
  isNotNull,
  isNull,
  isNullLiteral,
  joinAnd,
  joinOr,
  nullOf,
  trueLiteral,
} from '../logic.js';
import { castTo } from '../resolve/calls.js';
import { HAS_NULL_LITERAL, HAS_NULL_TEST } from '../traits.js';
import { transformExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/** Tests for null of what is known, conditionals that are decided, and calls that a null argument makes null. */
export const simplifyNulls = onExprs(
  'simplify-nulls',
  'tests and branches that are decided by types and constants need no evaluation',
  HAS_NULL_TEST | HAS_NULL_LITERAL,
  (root) =>
    transformExpr(root, (expr) => {
      if (expr.kind === 'cast' && isNullLiteral(expr.input)) return nullOf(expr.type);
      return expr.kind === 'call' ? simplify(expr) : expr;
    }),
);

function simplify(expr: Call): Expr {
  const [a] = expr.args;
  switch (expr.fn) {
    case 'isnull':
      return a === undefined ? expr : nullTest(expr, a, true);
    case 'isnotnull':
      return a === undefined ? expr : nullTest(expr, a, false);
    case 'coalesce':
      return simplifyCoalesce(expr);
    case 'if':
    case 'when':
      return simplifyWhen(expr);
    case 'eqNullSafe':
      return simplifyNullSafe(expr);
    default:
      // As Spark's NullPropagation: beside a constant null nothing is evaluated, not even what would raise an error.
      return nullDecides(expr.fn) && expr.args.some(isNullLiteral) ? nullOf(expr.type) : expr;
  }
}

/** `isnull` (or `isnotnull`) of a value that is never null, or of a call that is null exactly when an argument is. */
function nullTest(expr: Call, input: Expr, wanted: boolean): Expr {
  if (canFail(input)) return expr;
  if (!exprNullable(input)) return wanted ? falseLiteral : trueLiteral;
  if (input.kind !== 'call' || !nullsPropagate(input.fn) || !strict.has(input.fn)) return expr;
  const tests = input.args.filter(exprNullable).map((arg) => (wanted ? isNull(arg) : isNotNull(arg)));
  return wanted ? joinOr(tests) : joinAnd(tests);
}

/** Calls that are null only when an argument is. */
const strict: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'not']);

function simplifyCoalesce(expr: Call): Expr {
  const args: Expr[] = [];
  for (const arg of expr.args) {
    if (isNullLiteral(arg)) continue;
    args.push(arg);
    if (!exprNullable(arg)) break;
  }
  const [first] = args;
  if (first === undefined) return nullOf(expr.type);
  if (args.length === 1) return castTo(first, expr.type);
  if (args.length === expr.args.length) return expr;
  return Object.freeze({ ...expr, args, nullable: args.every(exprNullable) });
}

/** Branches whose condition is false or null go; one that is true ends the list. */
function simplifyWhen(expr: Call): Expr {
  const args: Expr[] = [];
  let otherwise: Expr | undefined = expr.args.length % 2 === 1 ? expr.args.at(-1) : undefined;
  for (let i = 0; i + 1 < expr.args.length; i += 2) {
    const condition = expr.args[i] as Expr;
    const value = expr.args[i + 1] as Expr;
    if (isLiteralOf(condition, false) || isNullLiteral(condition)) continue;
    if (isLiteralOf(condition, true)) {
      otherwise = value;
      break;
    }
    args.push(condition, value);
  }
  if (args.length === 0) return otherwise === undefined ? nullOf(expr.type) : castTo(otherwise, expr.type);
  const all = otherwise === undefined ? args : [...args, otherwise];
  if (all.length === expr.args.length) return expr;
  const values = all.filter((_, i) => i % 2 === 1 || i === all.length - 1);
  const nullable = all.length % 2 === 0 || values.some(exprNullable);
  return Object.freeze({ ...expr, fn: all.length === 3 ? expr.fn : 'when', args: all, nullable });
}

/** Without nulls, null-safe equality is equality; with a null literal it is a test for null. */
function simplifyNullSafe(expr: Call): Expr {
  const [a, b] = [expr.args[0] as Expr, expr.args[1] as Expr];
  if (isNullLiteral(a)) return isNull(b);
  if (isNullLiteral(b)) return isNull(a);
  if (exprNullable(a) || exprNullable(b) || !sameType(exprType(a), exprType(b))) return expr;
  return Object.freeze({ ...expr, fn: 'eq', nullable: false });
}
