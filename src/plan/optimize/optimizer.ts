import { onePass } from '../memory.js';
import type { Plan, ResolvedPlan } from '../node.js';
import type { PlanSettings } from '../resolve/context.js';
import { checkSchema, type Rule, type RuleContext } from './rule.js';
import { type RuleBatch, ruleBatches } from './rules.js';

/** A rule that changed the plan, and what the plan was then. */
export interface RuleFiring {
  readonly rule: string;
  readonly why: string;
  readonly batch: string;
  readonly plan: Plan;
}

export interface OptimizeOptions {
  /** Told of every rule that changes the plan. */
  readonly onFire?: (firing: RuleFiring) => void;
  /** Other rules than the usual ones, for tests. */
  readonly batches?: readonly RuleBatch[];
}

/** Batches that still change the plan after this many rounds are left. */
const MOST_ROUNDS = 50;

/** The same rows in the same columns, found with less work. */
export function optimize(plan: ResolvedPlan, settings: PlanSettings, options: OptimizeOptions = {}): ResolvedPlan {
  return onePass(() => rewritten(plan, settings, options)) as ResolvedPlan;
}

function rewritten(plan: Plan, settings: PlanSettings, options: OptimizeOptions): Plan {
  let current = plan;
  const context: RuleContext = { settings, settled: new Map(), inferred: new Set() };
  for (const batch of options.batches ?? ruleBatches) {
    const rounds = batch.once === true ? 1 : MOST_ROUNDS;
    for (let round = 0; round < rounds; round++) {
      const before: Plan = current;
      for (const rule of batch.rules) current = applyRule(rule, batch, current, context, options);
      if (current === before) break;
    }
  }
  return current;
}

function applyRule(rule: Rule, batch: RuleBatch, plan: Plan, context: RuleContext, { onFire }: OptimizeOptions): Plan {
  const after = rule.apply(plan, context);
  if (after === plan) return plan;
  checkSchema(rule, plan, after);
  onFire?.({ rule: rule.name, why: rule.why, batch: batch.name, plan: after });
  return after;
}
