import { project } from '../build.js';
import type { Alias, Expr } from '../expr.js';
import { exprSize, isDeterministic, isTrivial } from '../facts.js';
import { substitute } from '../logic.js';
import type { AggregatePlan, Plan, ProjectPlan } from '../node.js';
import { HAS_STACKED_PROJECT } from '../traits.js';
import { replace } from '../walk.js';
import { visitExpr } from '../walk-expr.js';
import { bottomUp } from './rule.js';

/** Two projections in a row become one, unless that would compute something twice or make an expression unwieldy. */
export const collapseProjects = bottomUp(
  'collapse-projects',
  'a column that is only passed on is not worth a step of its own',
  HAS_STACKED_PROJECT,
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
  const costly = new Set<number>();
  for (const [id, expr] of made) if (!isTrivial(expr)) costly.add(id);
  const grown = costly.size > 0 ? usedOnce(upper.exprs, made, costly) : new Set<number>();
  if (grown === undefined) return upper;
  if (grown.size > 0 && largestAfter(upper, made) > LARGEST) return upper;
  return build(upper.exprs.map((expr) => inlined(expr, made)));
}

/** Which costly columns the expressions use, each only once; undefined when that is not so. */
function usedOnce(
  exprs: readonly Expr[],
  made: ReadonlyMap<number, Expr>,
  costly: ReadonlySet<number>,
): ReadonlySet<number> | undefined {
  const used = new Set<number>();
  let twice = false;
  const use = (e: Expr): boolean => {
    if (e.kind !== 'attribute' || !costly.has(e.id)) return !twice;
    twice ||= used.has(e.id) || !isDeterministic(made.get(e.id) as Expr);
    used.add(e.id);
    return !twice;
  };
  // What was added last is likeliest to build on what was added before it.
  for (let i = exprs.length - 1; i >= 0 && !twice; i--) {
    const expr = exprs[i] as Expr;
    if (expr.kind === 'attribute') use(expr);
    else visitExpr(expr, use);
  }
  return twice ? undefined : used;
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
