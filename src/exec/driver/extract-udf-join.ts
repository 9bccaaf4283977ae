import { SparrowError } from '../../base/index.js';
import type { CallExpr, PhysicalExpr } from '../../functions/expression.js';
import type { PhysicalColumn, PhysicalJoin, PhysicalPlan } from '../physical.js';
import { hasUdf, pick, withCalls } from './udf-calls.js';

/**
 * A join whose condition calls functions: a call over one side becomes a column of that side; one over both sides is
 * made for the pairs of an inner join, by a filter above it.
 */
export function pullFromJoin(plan: PhysicalJoin): PhysicalPlan {
  const conditions = [...plan.keys.flatMap((key) => [key.left, key.right]), ...(plan.residual ? [plan.residual] : [])];
  if (!conditions.some(hasUdf)) return plan;
  const width = plan.left.columns.length;
  const own = { left: new Map<CallExpr, number>(), right: new Map<CallExpr, number>() };
  if (plan.residual !== undefined) collectOneSided(plan.residual, width, own);
  const keys = plan.keys.length;
  const left = withCalls(plan.left, [...plan.keys.map((key) => key.left), ...own.left.keys()]);
  const right = withCalls(plan.right, [
    ...plan.keys.map((key) => key.right),
    ...[...own.right.keys()].map((call) => moved(call, (i) => i - width)),
  ]);
  const wide = left.input.columns.length;
  const inPairs = (i: number): number => (i < width ? i : i - width + wide);
  const rewrite = (expr: PhysicalExpr): PhysicalExpr => {
    if (expr.kind === 'column') return { ...expr, index: inPairs(expr.index) };
    if (expr.kind === 'literal') return expr;
    const onLeft = own.left.get(expr);
    if (onLeft !== undefined) return left.exprs[keys + onLeft] as PhysicalExpr;
    const onRight = own.right.get(expr);
    if (onRight !== undefined) return moved(right.exprs[keys + onRight] as PhysicalExpr, (i) => i + wide);
    return { ...expr, args: expr.args.map(rewrite) };
  };
  const residual = plan.residual === undefined ? undefined : rewrite(plan.residual);
  const { residual: _, ...rest } = plan;
  const join: PhysicalJoin = {
    ...rest,
    left: left.input,
    right: right.input,
    columns: pairColumns(plan, left.input.columns, right.input.columns),
    keys: plan.keys.map((key, k) => ({
      ...key,
      left: left.exprs[k] as PhysicalExpr,
      right: right.exprs[k] as PhysicalExpr,
    })),
  };
  const positions = plan.columns.map((__, i) => inPairs(i));
  if (residual === undefined || !hasUdf(residual)) {
    return pick(residual === undefined ? join : { ...join, residual }, positions, plan.columns);
  }
  if (plan.how !== 'inner') {
    throw new SparrowError(
      'UNSUPPORTED_FEATURE.PYTHON_UDF_IN_ON_CLAUSE',
      `a JavaScript function over both sides of a ${plan.how} join cannot be part of its condition`,
      { sqlState: '0A000', hint: 'use an inner join, or compare columns that were computed on one side' },
    );
  }
  const over = withCalls(join, [residual]);
  const condition = over.exprs[0] as PhysicalExpr;
  return pick({ kind: 'filter', columns: over.input.columns, input: over.input, condition }, positions, plan.columns);
}

/** The outermost calls of functions that read columns of one side only, numbered in the order they are met. */
function collectOneSided(
  expr: PhysicalExpr,
  width: number,
  into: { readonly left: Map<CallExpr, number>; readonly right: Map<CallExpr, number> },
): void {
  if (expr.kind !== 'call' || !hasUdf(expr)) return;
  if (expr.js !== undefined) {
    const side = everyColumn(expr, (i) => i < width)
      ? into.left
      : everyColumn(expr, (i) => i >= width)
        ? into.right
        : undefined;
    if (side !== undefined) {
      side.set(expr, side.size);
      return;
    }
  }
  for (const arg of expr.args) collectOneSided(arg, width, into);
}

function everyColumn(expr: PhysicalExpr, test: (index: number) => boolean): boolean {
  if (expr.kind === 'column') return test(expr.index);
  return expr.kind === 'literal' || expr.args.every((arg) => everyColumn(arg, test));
}

function moved(expr: PhysicalExpr, to: (index: number) => number): PhysicalExpr {
  if (expr.kind === 'column') return { ...expr, index: to(expr.index) };
  return expr.kind === 'literal' ? expr : { ...expr, args: expr.args.map((arg) => moved(arg, to)) };
}

/** What the join of wider sides gives: what calls added may be null anywhere. */
function pairColumns(
  plan: PhysicalJoin,
  left: readonly PhysicalColumn[],
  right: readonly PhysicalColumn[],
): readonly PhysicalColumn[] {
  const width = plan.left.columns.length;
  const first = left.map((column, i) => plan.columns[i < width ? i : -1] ?? column);
  if (plan.how === 'semi' || plan.how === 'anti') return first;
  return [
    ...first,
    ...right.map((column, i) => plan.columns[i < plan.right.columns.length ? width + i : -1] ?? column),
  ];
}
