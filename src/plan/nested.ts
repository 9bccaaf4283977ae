import type { Attribute, Expr, Subquery } from './expr.js';
import { type Plan, planOf } from './node.js';
import { mapExprs, planExprs } from './node-exprs.js';
import { outputIds } from './output.js';
import { allNodes, children, foldPlan, replace } from './walk.js';
import { replaceExpr, someExpr, visitExpr } from './walk-expr.js';

/** The subqueries in an expression, those inside their plans not included. */
export function subqueriesOf(expr: Expr): Subquery[] {
  const found: Subquery[] = [];
  visitExpr(expr, (e) => {
    if (e.kind === 'subquery') found.push(e);
    return true;
  });
  return found;
}

export const hasSubquery = (expr: Expr): boolean => someExpr(expr, (e) => e.kind === 'subquery');

/** Plans that a node holds but does not read as inputs: those of subqueries, the right side of a lateral join, the step of a recursion. */
export function nestedPlans(plan: Plan): readonly Plan[] {
  const plans: Plan[] = planExprs(plan).flatMap((expr) => subqueriesOf(expr).map((subquery) => planOf(subquery.plan)));
  if (plan.kind === 'lateral_join') plans.push(plan.right);
  if (plan.kind === 'recursion') plans.push(plan.step);
  if (plan.kind === 'with') plans.push(...plan.queries.map((query) => query.plan));
  return plans;
}

/** Applies `change` to the plans `nestedPlans` names. */
export function mapNested(plan: Plan, change: (plan: Plan) => Plan): Plan {
  const inside = (expr: Expr): Expr => {
    if (!hasSubquery(expr)) return expr;
    return replaceExpr(expr, (e) => {
      if (e.kind !== 'subquery') return undefined;
      const values = e.values.map(inside);
      const same = values.every((value, i) => value === e.values[i]);
      return replace(e, { plan: change(planOf(e.plan)), ...(same ? {} : { values }) });
    });
  };
  const own = mapExprs(plan, inside);
  if (own.kind === 'lateral_join') return replace(own, { right: change(own.right) });
  if (own.kind === 'recursion') return replace(own, { step: change(own.step) });
  if (own.kind === 'with') {
    const queries = own.queries.map((query) => replace(query, { plan: change(query.plan) }));
    return queries.every((query, i) => query === own.queries[i]) ? own : replace(own, { queries });
  }
  return own;
}

/** Every distinct node, nested plans included; inputs before the nodes that read them. */
export function everyNode(root: Plan): Plan[] {
  const nodes: Plan[] = [];
  foldPlan<true>(
    root,
    (plan) => {
      nodes.push(plan);
      return true;
    },
    new Map(),
    (plan) => [...children(plan), ...nestedPlans(plan)],
  );
  return nodes;
}

/** The columns of queries around it that a resolved plan reads, each once. */
export function outerReferences(root: Plan): readonly Attribute[] {
  const found = new Map<number, Attribute>();
  for (const plan of allNodes(root)) {
    // What subqueries read of this plan's surroundings stands in their `outer`.
    for (const expr of planExprs(plan)) for (const attribute of outerIn(expr)) found.set(attribute.id, attribute);
    if (plan.kind !== 'lateral_join') continue;
    const own = outputIds(plan.left);
    for (const attribute of outerReferences(plan.right)) if (!own.has(attribute.id)) found.set(attribute.id, attribute);
  }
  return [...found.values()];
}

/** The outer columns a plan mentions, as often as it does, from the top down: Spark names the column of a subquery by them. */
export function outerMentions(root: Plan): readonly string[] {
  const names: string[] = [];
  const stack: Plan[] = [root];
  for (let plan = stack.pop(); plan !== undefined; plan = stack.pop()) {
    for (const expr of planExprs(plan)) names.push(...outerIn(expr).map((attribute) => attribute.name));
    const inputs = children(plan);
    for (let i = inputs.length - 1; i >= 0; i--) stack.push(inputs[i] as Plan);
  }
  return names;
}

/** The outer references in an expression. */
export function outerIn(root: Expr): readonly Attribute[] {
  const found: Attribute[] = [];
  visitExpr(root, (e) => {
    if (e.kind === 'outer_reference') found.push(e.attribute);
    return true;
  });
  return found;
}
