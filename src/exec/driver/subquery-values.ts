import { type Batch, readScalar, type Scalar, type SharedHeap, SparrowError } from '../../base/index.js';
import type { Expr, Literal, Subquery } from '../../plan/expr.js';
import { exprType } from '../../plan/expr-type.js';
import { subqueriesOf } from '../../plan/nested.js';
import { type Plan, planOf, type ResolvedPlan } from '../../plan/node.js';
import { mapExprs, planExprs } from '../../plan/node-exprs.js';
import { children, foldPlan, withChildren } from '../../plan/walk.js';
import { replaceExpr } from '../../plan/walk-expr.js';

/** A plan without subqueries: each stands for one value, which is computed once, before the plan runs. */
export async function withSubqueryValues(
  plan: Plan,
  compute: (plan: ResolvedPlan, subquery: Subquery) => Promise<Scalar>,
): Promise<ResolvedPlan> {
  const values = new Map<object, Literal>();
  for (const subquery of subqueriesIn(plan)) {
    if (values.has(subquery.plan)) continue;
    const value = await compute(planOf(subquery.plan) as ResolvedPlan, subquery);
    values.set(subquery.plan, Object.freeze({ kind: 'literal', type: exprType(subquery), value }));
  }
  if (values.size === 0) return plan as ResolvedPlan;
  const change = (expr: Expr): Expr =>
    replaceExpr(expr, (e) => (e.kind === 'subquery' ? values.get(e.plan) : undefined));
  return foldPlan<Plan>(
    plan,
    (node, inputs) => mapExprs(inputsOf(node).length === 0 ? node : withChildren(node, inputs), change),
    new Map(),
    inputsOf,
  ) as ResolvedPlan;
}

/** What a cached frame is made from is planned by whoever fills it. */
const inputsOf = (plan: Plan): readonly Plan[] =>
  plan.kind === 'cached' && plan.shared !== true ? [] : children(plan);

function subqueriesIn(plan: Plan): readonly Subquery[] {
  const found: Subquery[] = [];
  foldPlan<true>(
    plan,
    (node) => {
      for (const expr of planExprs(node)) found.push(...subqueriesOf(expr));
      return true;
    },
    new Map(),
    inputsOf,
  );
  return found;
}

/** The only value of the rows; null when there are none. */
export async function onlyValue(heap: SharedHeap, batches: AsyncIterable<Batch>): Promise<Scalar> {
  let value: Scalar = null;
  let rows = 0;
  for await (const batch of batches) {
    const [column] = batch.columns;
    if (rows === 0 && batch.rows > 0 && column !== undefined) value = readScalar(heap, column, 0);
    rows += batch.rows;
    if (rows > 1) {
      throw new SparrowError(
        'SCALAR_SUBQUERY_TOO_MANY_ROWS',
        'a subquery that stands for a value gave more than one row',
        {
          sqlState: '21000',
          hint: 'take an aggregate of it, or LIMIT 1',
        },
      );
    }
  }
  return value;
}
