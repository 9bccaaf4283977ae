import type { AggregatePlan, Plan } from '../node.js';
import type { GroupingSets } from './grouping-sets.js';
import type { Scope } from './scope.js';

/** What HAVING and ORDER BY need to know of the Aggregate below them. */
export interface AggregateScope {
  /** Names of the rows that are grouped. */
  readonly scope: Scope;
  readonly sets?: GroupingSets;
}

const scopes = new WeakMap<Plan, AggregateScope>();

export function remembered(plan: AggregatePlan, scope: AggregateScope): AggregatePlan {
  scopes.set(plan, scope);
  return plan;
}

/** What is known of an Aggregate that the resolver made. */
export const scopeOfGroups = (plan: AggregatePlan): AggregateScope | undefined => scopes.get(plan);
