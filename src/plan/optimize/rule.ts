import { engineBug, sameType, simpleString } from '../../base/index.js';
import type { Expr } from '../expr.js';
import type { Plan, ProjectPlan } from '../node.js';
import { mapExprs } from '../node-exprs.js';
import { outputOf } from '../output.js';
import type { PlanSettings } from '../resolve/context.js';
import { exprTraits, planTraits } from '../traits.js';
import { foldPlan, replace, transformDown, withChildren } from '../walk.js';

/** What a rule may know besides the plan. */
export interface RuleContext {
  readonly settings: PlanSettings;
  /** Plans a rule has nothing more to do in, by the rule's name: later rounds skip them. */
  readonly settled: Map<string, Set<Plan>>;
  /** Keys of conditions that were inferred once: they may have been pushed out of sight since. */
  readonly inferred: Set<number>;
}

/** One rewrite of plans: the same rows in the same columns, sooner. */
export interface Rule {
  readonly name: string;
  readonly why: string;
  /** The plan itself when there is nothing to do. */
  readonly apply: (plan: Plan, context: RuleContext) => Plan;
}

type Rewrite = (plan: Plan, context: RuleContext) => Plan;

/**
 * A rule that looks at one node at a time, inputs first. What it does may depend on the node and what is below only. It
 * has nothing to do where none of the traits it needs occurs.
 */
export function bottomUp(name: string, why: string, needs: number, rewrite: Rewrite): Rule {
  return { name, why, apply: (plan, context) => walk(plan, context, name, needs, rewrite, 'up') };
}

/** As `bottomUp`, but from the root down: a rewritten node's new inputs are looked at next. */
export function topDown(name: string, why: string, needs: number, rewrite: Rewrite): Rule {
  return { name, why, apply: (plan, context) => walk(plan, context, name, needs, rewrite, 'down') };
}

/** A rule over the expressions of each node. */
export function onExprs(
  name: string,
  why: string,
  needs: number,
  rewrite: (expr: Expr, context: RuleContext, plan: Plan) => Expr,
): Rule {
  return bottomUp(name, why, needs, (plan, context) => {
    const change = (expr: Expr): Expr =>
      expr.kind === 'attribute' || (exprTraits(expr) & needs) === 0 ? expr : rewrite(expr, context, plan);
    return plan.kind === 'project' ? mapComputed(plan, change) : mapExprs(plan, change);
  });
}

const computed = new WeakMap<readonly Expr[], readonly number[]>();

/** Columns that are only passed on are many in wide plans, and nothing is to be done with them. */
function mapComputed(plan: ProjectPlan, change: (expr: Expr) => Expr): Plan {
  let positions = computed.get(plan.exprs);
  if (positions === undefined) {
    const found: number[] = [];
    for (let i = 0; i < plan.exprs.length; i++) if (plan.exprs[i]?.kind !== 'attribute') found.push(i);
    positions = found;
    computed.set(plan.exprs, positions);
  }
  let exprs: Expr[] | undefined;
  for (const i of positions) {
    const expr = change(plan.exprs[i] as Expr);
    if (expr === plan.exprs[i]) continue;
    exprs ??= [...plan.exprs];
    exprs[i] = expr;
  }
  return exprs === undefined ? plan : replace(plan, { exprs });
}

/** A rule over the whole plan at once; it is not asked again about a plan it left as it was or made. */
export function overall(name: string, why: string, needs: number, rewrite: Rewrite): Rule {
  return {
    name,
    why,
    apply: (plan, context) => {
      if ((planTraits(plan) & needs) === 0) return plan;
      const settled = settledBy(context, name);
      if (settled.has(plan)) return plan;
      const result = rewrite(plan, context);
      // What it made is as it wants it.
      settled.add(result);
      return result;
    },
  };
}

function settledBy(context: RuleContext, name: string): Set<Plan> {
  let settled = context.settled.get(name);
  if (settled === undefined) {
    settled = new Set();
    context.settled.set(name, settled);
  }
  return settled;
}

function walk(
  root: Plan,
  context: RuleContext,
  name: string,
  needs: number,
  rewrite: Rewrite,
  order: 'up' | 'down',
): Plan {
  if ((planTraits(root) & needs) === 0) return root;
  const settled = settledBy(context, name);
  let changed: Map<Plan, Plan> | undefined;
  const known = {
    get: (plan: Plan): Plan | undefined =>
      (planTraits(plan) & needs) === 0 || settled.has(plan) ? plan : changed?.get(plan),
    set: (plan: Plan, result: Plan): void => {
      changed ??= result === plan ? undefined : new Map();
      if (result === plan) settled.add(plan);
      else changed?.set(plan, result);
    },
  };
  const change = (plan: Plan): Plan => rewrite(plan, context);
  if (order === 'down') return transformDown(root, change, known);
  return foldPlan<Plan>(root, (plan, inputs) => change(withChildren(plan, inputs)), known);
}

/** A rule must not change what a query gives: names and types stay, and nothing becomes nullable. */
export function checkSchema(rule: Rule, before: Plan, after: Plan): void {
  const old = outputOf(before);
  const now = outputOf(after);
  const columns = (output: typeof old): string =>
    output.map((a) => `${a.name}: ${simpleString(a.type)}${a.nullable ? '' : ' not null'}`).join(', ');
  const same =
    old.length === now.length &&
    old.every((a, i) => {
      const b = now[i];
      return b !== undefined && a.name === b.name && sameType(a.type, b.type) && (a.nullable || !b.nullable);
    });
  if (!same) {
    throw engineBug(`the rule ${rule.name} changed the schema from [${columns(old)}] to [${columns(now)}]`);
  }
}
