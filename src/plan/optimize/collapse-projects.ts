import { project } from '../build.js';
import type { Alias, Expr } from '../expr.js';
import { exprSize, isDeterministic, isTrivial } from '../facts.js';
import { substitute } from '../logic.js';
import type { AggregatePlan, Plan, ProjectPlan } from '../node.js';
import { replace } from '../walk.js';
import { visitExpr } from '../walk-expr.js';
import { bottomUp } from './rule.js';

/** Two projections in a row become one, unless that would compute something twice or make an expression unwieldy. */
export const collapseProjects = bottomUp(
  'collapse-projects',
  'a column that is only passed on is not worth a step of its own',
  (plan) => {
    if (plan.kind !== 'project') return plan;
    const { input } = plan;
    if (input.kind === 'project') return collapse(plan, input.exprs, (exprs) => project(input.input, exprs));
    if (input.kind === 'aggregate') return intoAggregate(plan, input);
    return plan;
  },
);

/** Expressions are not put together beyond this many nodes. */
const LARGEST = 200;

function collapse(upper: ProjectPlan, lower: readonly Expr[], build: (exprs: readonly Expr[]) => Plan): Plan {
  const made = new Map<number, Expr>();
  for (const expr of lower) if (expr.kind === 'alias' && expr.id !== undefined) made.set(expr.id, expr.input);
  const used = new Map<number, number>();
  const use = (e: Expr): true => {
    if (e.kind === 'attribute' && made.has(e.id)) used.set(e.id, (used.get(e.id) ?? 0) + 1);
    return true;
  };
  for (const expr of upper.exprs) {
    if (expr.kind === 'attribute') use(expr);
    else visitExpr(expr, use);
  }
  let grown = false;
  for (const [id, times] of used) {
    const expr = made.get(id) as Expr;
    if (isTrivial(expr)) continue;
    if (times > 1 || !isDeterministic(expr)) return upper;
    grown = true;
  }
  if (grown && largestAfter(upper, made) > LARGEST) return upper;
  return build(upper.exprs.map((expr) => inlined(expr, made)));
}

function largestAfter(upper: ProjectPlan, made: ReadonlyMap<number, Expr>): number {
  let largest = 0;
  for (const expr of upper.exprs) {
    if (expr.kind === 'attribute') continue;
    let size = 0;
    visitExpr(expr, (e) => {
      size += e.kind === 'attribute' && made.has(e.id) ? exprSize(made.get(e.id) as Expr) : 1;
      return true;
    });
    largest = Math.max(largest, size);
  }
  return largest;
}

/** An output keeps its id and name; what it is made of comes from below. */
function inlined(expr: Expr, made: ReadonlyMap<number, Expr>): Expr {
  if (expr.kind !== 'attribute') return substitute(expr, made);
  const input = made.get(expr.id);
  if (input === undefined) return expr;
  const alias: Alias = { kind: 'alias', name: expr.name, input, id: expr.id };
  return Object.freeze(expr.qualifier === undefined ? alias : { ...alias, qualifier: expr.qualifier });
}

function intoAggregate(upper: ProjectPlan, input: AggregatePlan): Plan {
  if (!upper.exprs.every(isDeterministic)) return upper;
  return collapse(upper, input.output, (output) => replace(input, { output }));
}
