import { type DataType, integerBounds, isInteger, sameType } from '../../base/index.js';
import type { Call, Cast, Expr } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { canFail } from '../facts.js';
import { compare, falseLiteral, isNotNull, trueLiteral } from '../logic.js';
import type { Plan } from '../node.js';
import { HAS_CAST } from '../traits.js';
import { transformExpr } from '../walk-expr.js';
import { onExprs } from './rule.js';

/** Casts to the type a value has, widenings of widenings, and comparisons of a widened column with a constant. */
export const simplifyCasts = onExprs(
  'simplify-casts',
  'a column is compared in its own type, which sources and statistics understand',
  HAS_CAST,
  (root, _, plan) =>
    transformExpr(root, (expr) => {
      if (expr.kind === 'cast') return simplifyCast(expr);
      return expr.kind === 'call' && expr.fn in flipped ? compareNarrow(expr, plan) : expr;
    }),
);

function simplifyCast(expr: Cast): Expr {
  const { input } = expr;
  if (sameType(exprType(input), expr.type)) return input;
  const widensTwice =
    input.kind === 'cast' && widens(exprType(input.input), input.type) && widens(input.type, expr.type);
  return widensTwice ? Object.freeze({ ...expr, input: input.input }) : expr;
}

/** Every integer of one type is one of the other. */
const widens = (from: DataType, to: DataType): boolean => isInteger(from) && isInteger(to) && width(from) <= width(to);
const width = (type: DataType): bigint => integerBounds(type)?.[1] ?? 0n;

/** What a comparison is when its sides change places. */
const flipped: Readonly<Record<string, string>> = { eq: 'eq', ne: 'ne', lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' };

/** `cast(i as bigint) > 5` → `i > 5`; constants outside the narrow type decide alone. */
function compareNarrow(expr: Call, plan: Plan): Expr {
  const [a, b] = [expr.args[0] as Expr, expr.args[1] as Expr];
  if (a.kind === 'literal' && b.kind === 'cast')
    return compareNarrow(compare(flipped[expr.fn] as string, b, a) as Call, plan);
  if (a.kind !== 'cast' || a.safe === true || b.kind !== 'literal' || typeof b.value !== 'bigint') return expr;
  const narrow = exprType(a.input);
  if (!isInteger(a.type) || !widens(narrow, a.type)) return expr;
  const [least, most] = integerBounds(narrow) as readonly [bigint, bigint];
  if (b.value >= least && b.value <= most) {
    const value = narrow.kind === 'int64' ? b.value : Number(b.value);
    return compare(expr.fn, a.input, Object.freeze({ kind: 'literal', type: narrow, value }));
  }
  if (canFail(a.input)) return expr;
  const above = b.value > most;
  const holds =
    expr.fn === 'ne' || (above ? expr.fn === 'lt' || expr.fn === 'le' : expr.fn === 'gt' || expr.fn === 'ge');
  if (!exprNullable(a.input)) return holds ? trueLiteral : falseLiteral;
  // Null stays null, which a condition takes for false.
  if (plan.kind !== 'filter') return expr;
  return holds ? isNotNull(a.input) : expr;
}
