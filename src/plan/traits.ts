import type { Expr } from './expr.js';
import { exprNullable } from './expr-type.js';
import { isLiteralOf, isNullLiteral } from './logic.js';
import type { JoinPlan, Plan } from './node.js';
import { planExprs } from './node-exprs.js';
import { planProperty } from './walk.js';
import { exprMemory, visitExpr } from './walk-expr.js';

/*
 * What may occur in a plan or an expression, as bits: a rule passes over a part that has nothing for it.
 */

export const HAS_CAST = 0x1;
/** A cast or a call of constants. */
export const HAS_CONSTANT_CALL = 0x2;
/** AND, OR. */
export const HAS_LOGIC = 0x4;
export const HAS_OR = 0x8;
export const HAS_NULL_LITERAL = 0x10;
/** Tests for null and conditionals. */
export const HAS_NULL_TEST = 0x20;
export const HAS_RLIKE = 0x40;
export const HAS_FIELD = 0x80;
export const HAS_SUBQUERY = 0x100;
export const HAS_DISTINCT_CALL = 0x200;
export const HAS_FILTER = 0x400;
/** A filter over a filter, or one that keeps all rows. */
export const HAS_NEEDLESS_FILTER = 0x800;
export const HAS_JOIN = 0x1000;
export const HAS_OUTER_JOIN = 0x2000;
export const HAS_PROJECT = 0x4000;
/** A projection over what it could be part of. */
export const HAS_STACKED_PROJECT = 0x8000;
export const HAS_ALIAS = 0x10000;
export const HAS_AGGREGATE = 0x20000;
export const HAS_DISTINCT = 0x40000;
export const HAS_LIMIT = 0x80000;
/** No row comes from there. */
export const HAS_EMPTY = 0x100000;
export const HAS_CACHED = 0x200000;
/** Occurs everywhere. */
export const ALWAYS = 0x400000;
/** Logic that an operand may decide: NOT, a constant, or operands that are never null. */
export const HAS_DECIDED = 0x800000;

const known = exprMemory.property<number>();

/** The traits of an expression and all within. */
export function exprTraits(root: Expr): number {
  let traits = known.get(root);
  if (traits !== undefined) return traits;
  traits = 0;
  visitExpr(root, (expr) => {
    traits = (traits as number) | ownTraits(expr);
    return true;
  });
  known.set(root, traits);
  return traits;
}

const ofCalls: Readonly<Record<string, number>> = {
  and: HAS_LOGIC,
  or: HAS_LOGIC | HAS_OR,
  not: HAS_DECIDED,
  isnull: HAS_NULL_TEST,
  isnotnull: HAS_NULL_TEST,
  coalesce: HAS_NULL_TEST,
  if: HAS_NULL_TEST,
  when: HAS_NULL_TEST,
  eqNullSafe: HAS_NULL_TEST,
  rlike: HAS_RLIKE,
  getField: HAS_FIELD,
};

const isLiteral = (expr: Expr): boolean => expr.kind === 'literal';

function ownTraits(expr: Expr): number {
  switch (expr.kind) {
    case 'literal':
      if (expr.value === null) return HAS_NULL_LITERAL | HAS_DECIDED;
      return typeof expr.value === 'boolean' ? HAS_DECIDED : 0;
    case 'cast':
      return HAS_CAST | (isLiteral(expr.input) ? HAS_CONSTANT_CALL : 0);
    case 'call': {
      const own = (ofCalls[expr.fn] ?? 0) | (expr.args.every(isLiteral) ? HAS_CONSTANT_CALL : 0);
      return (own & HAS_LOGIC) === 0 || expr.args.some(exprNullable) ? own : own | HAS_DECIDED;
    }
    case 'aggregate_call':
      return expr.distinct ? HAS_DISTINCT_CALL : 0;
    case 'subquery':
      return HAS_SUBQUERY;
    default:
      return 0;
  }
}

/** The traits of a resolved plan, its inputs' and its expressions'; not those of plans within expressions. */
export const planTraits: (plan: Plan) => number = planProperty<number>((plan, inputs) => {
  let traits = nodeTraits(plan) | ALWAYS;
  for (const input of inputs) traits |= input;
  for (const expr of planExprs(plan)) if (expr.kind !== 'attribute') traits |= exprTraits(expr);
  return traits;
});

function nodeTraits(plan: Plan): number {
  switch (plan.kind) {
    case 'filter': {
      const { condition, input } = plan;
      const needless = input.kind === 'filter' || isLiteralOf(condition, true) ? HAS_NEEDLESS_FILTER : 0;
      const isEmpty = isLiteralOf(condition, false) || isNullLiteral(condition);
      return HAS_FILTER | needless | (isEmpty ? HAS_EMPTY : 0);
    }
    case 'project': {
      const isStacked = plan.input.kind === 'project' || plan.input.kind === 'aggregate';
      return HAS_PROJECT | (isStacked ? HAS_STACKED_PROJECT : 0);
    }
    case 'join':
      return HAS_JOIN | (isOuter(plan) ? HAS_OUTER_JOIN : 0);
    case 'lateral_join':
      return HAS_SUBQUERY;
    case 'subquery_alias':
      return HAS_ALIAS;
    case 'aggregate':
      return HAS_AGGREGATE;
    case 'distinct':
      return HAS_DISTINCT;
    case 'limit':
      return HAS_LIMIT | (plan.limit === 0 ? HAS_EMPTY : 0);
    case 'local':
      return plan.data.content.rows === 0 ? HAS_EMPTY : 0;
    case 'cached':
      return HAS_CACHED;
    default:
      return 0;
  }
}

const isOuter = ({ how }: JoinPlan): boolean => how === 'left' || how === 'right' || how === 'full';
