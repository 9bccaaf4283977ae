import { constantValue } from '../bind.js';
import type { Expr } from '../expr.js';
import { exprType } from '../expr-type.js';
import { isConstant } from '../facts.js';
import { HAS_CONSTANT_CALL } from '../traits.js';
import { replaceExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/**
 * Calls of constants become literals, each as a whole: which error it raises, and whether a null comes before it, is as
 * if it had been evaluated. One that raises an error stays as it is: the error belongs to the row that meets it.
 */
export const foldConstants = onExprs(
  'fold-constants',
  'an expression of constants has one value for all rows',
  HAS_CONSTANT_CALL,
  (root, { settings }) =>
    replaceExpr(root, (expr): Expr | undefined => {
      if ((expr.kind !== 'cast' && expr.kind !== 'call') || !isConstant(expr)) return undefined;
      const value = constantValue(expr, settings);
      return value === undefined ? expr : Object.freeze({ kind: 'literal', type: exprType(expr), value });
    }),
);
