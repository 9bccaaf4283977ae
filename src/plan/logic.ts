import { booleanType, type Scalar } from '../base/index.js';
import type { Call, Expr, Literal } from './expr.js';
import { exprNullable, exprType } from './expr-type.js';
import { replaceExpr } from './walk-expr.js';

/*
 * Resolved boolean expressions for the resolver's and the optimizer's own use. The names are the registry's.
 */

const booleanCall = (fn: string, args: readonly Expr[], nullable: boolean): Call =>
  Object.freeze({ kind: 'call', fn, args, type: booleanType, nullable });

export const trueLiteral: Literal = Object.freeze({ kind: 'literal', type: booleanType, value: true });
export const falseLiteral: Literal = Object.freeze({ kind: 'literal', type: booleanType, value: false });
export const nullOf = (type: Literal['type']): Literal => Object.freeze({ kind: 'literal', type, value: null });

export const isCall = (expr: Expr, fn: string): expr is Call => expr.kind === 'call' && expr.fn === fn;
export const isLiteralOf = (expr: Expr, value: Scalar): expr is Literal =>
  expr.kind === 'literal' && expr.value === value;
export const isNullLiteral = (expr: Expr): expr is Literal => isLiteralOf(expr, null);

export const and = (a: Expr, b: Expr): Expr => booleanCall('and', [a, b], exprNullable(a) || exprNullable(b));
export const or = (a: Expr, b: Expr): Expr => booleanCall('or', [a, b], exprNullable(a) || exprNullable(b));
export const not = (a: Expr): Expr => booleanCall('not', [a], exprNullable(a));
export const isNull = (a: Expr): Expr => booleanCall('isnull', [a], false);
export const isNotNull = (a: Expr): Expr => booleanCall('isnotnull', [a], false);
export const compare = (fn: string, a: Expr, b: Expr): Expr =>
  booleanCall(fn, [a, b], exprNullable(a) || exprNullable(b));
export const equal = (a: Expr, b: Expr): Expr => compare('eq', a, b);
export const equalNullSafe = (a: Expr, b: Expr): Expr => booleanCall('eqNullSafe', [a, b], false);
/** `a` where the condition holds, else `b`, which is of the same type. */
export const ifElse = (condition: Expr, a: Expr, b: Expr): Expr =>
  Object.freeze({
    kind: 'call',
    fn: 'if',
    args: [condition, a, b],
    type: exprType(a),
    nullable: exprNullable(a) || exprNullable(b),
  });
/** `a` where the condition holds, else null. */
export const ifElseNull = (condition: Expr, a: Expr): Expr =>
  Object.freeze({
    kind: 'call',
    fn: 'if',
    args: [condition, a, nullOf(exprType(a))],
    type: exprType(a),
    nullable: true,
  });
export const coalesce = (a: Expr, b: Expr): Expr =>
  Object.freeze({
    kind: 'call',
    fn: 'coalesce',
    args: [a, b],
    type: exprType(a),
    nullable: exprNullable(a) && exprNullable(b),
  });

/** The terms of a chain of ANDs (or ORs), in order of evaluation. */
function split(expr: Expr, fn: 'and' | 'or'): Expr[] {
  const terms: Expr[] = [];
  const stack: Expr[] = [expr];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (!isCall(next, fn)) terms.push(next);
    else for (let i = next.args.length - 1; i >= 0; i--) stack.push(next.args[i] as Expr);
  }
  return terms;
}

export const splitAnd = (expr: Expr): Expr[] => split(expr, 'and');
export const splitOr = (expr: Expr): Expr[] => split(expr, 'or');

/** Terms joined as a balanced tree: the order of evaluation is the list's and the depth its logarithm. */
function joined(terms: readonly Expr[], combine: (a: Expr, b: Expr) => Expr): Expr | undefined {
  let level = terms;
  while (level.length > 1) {
    const next: Expr[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [a, b] = [level[i] as Expr, level[i + 1]];
      next.push(b === undefined ? a : combine(a, b));
    }
    level = next;
  }
  return level[0];
}

export const joinAnd = (terms: readonly Expr[]): Expr => joined(terms, and) ?? trueLiteral;
export const joinOr = (terms: readonly Expr[]): Expr => joined(terms, or) ?? falseLiteral;
/** No terms: no condition. */
export const joinAndOrNone = (terms: readonly Expr[]): Expr | undefined => joined(terms, and);

/** Replaces attributes by id. */
export function substitute(expr: Expr, by: { get(id: number): Expr | undefined }): Expr {
  return replaceExpr(expr, (e) => (e.kind === 'attribute' ? (by.get(e.id) ?? e) : undefined));
}

/** Terms of a conjunction that say two columns are equal, or null-safe equal. */
export interface EquiTerm {
  readonly left: Expr;
  readonly right: Expr;
  readonly nullSafe: boolean;
  readonly term: Expr;
}

/** `a = b` with one side over each input, turned so that `left` is the left input's. */
export function equiTerm(
  term: Expr,
  isLeft: (expr: Expr) => boolean,
  isRight: (expr: Expr) => boolean,
): EquiTerm | undefined {
  if (term.kind !== 'call' || (term.fn !== 'eq' && term.fn !== 'eqNullSafe')) return undefined;
  const [a, b] = [term.args[0] as Expr, term.args[1] as Expr];
  const nullSafe = term.fn === 'eqNullSafe';
  if (isLeft(a) && isRight(b)) return { left: a, right: b, nullSafe, term };
  if (isLeft(b) && isRight(a)) return { left: b, right: a, nullSafe, term };
  return undefined;
}
