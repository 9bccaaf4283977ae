import { constantValue } from '../bind.js';
import type { Expr } from '../expr.js';
import { exprType } from '../expr-type.js';
import { isDeterministicCall } from '../facts.js';
import { HAS_CONSTANT_CALL } from '../traits.js';
import { transformExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/** Calls of literals become literals. One that raises an error stays: the error belongs to the row that meets it. */
export const foldConstants = onExprs(
  'fold-constants',
  'an expression of constants has one value for all rows',
  HAS_CONSTANT_CALL,
  (root, { settings }) =>
    transformExpr(root, (expr): Expr => {
      if (expr.kind === 'cast') {
        if (expr.input.kind !== 'literal') return expr;
      } else if (expr.kind !== 'call' || !expr.args.every(isLiteral) || !isDeterministicCall(expr.fn)) return expr;
      const value = constantValue(expr, settings);
      return value === undefined ? expr : Object.freeze({ kind: 'literal', type: exprType(expr), value });
    }),
);

const isLiteral = (expr: Expr): boolean => expr.kind === 'literal';
