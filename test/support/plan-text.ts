import { treeString } from '../../src/plan/explain.js';
import type { Plan, ResolvedPlan } from '../../src/plan/node.js';
import { optimize } from '../../src/plan/optimize/optimizer.js';
import type { Rule } from '../../src/plan/optimize/rule.js';
import { type PlanSettings, resolve } from '../../src/plan/resolve/resolver.js';
import type { FakeCatalog } from './fake-source.js';

export const settings: PlanSettings = { ansi: true, timeZone: 'UTC', nowMicros: 1_000_000_000_000_000n };

/** A plan as text with ids counted from 1 in the order they appear, so that texts can be compared. */
export function planText(plan: Plan): string {
  const ids = new Map<string, number>();
  return treeString(plan).replaceAll(/#(\d+)/g, (_, id: string) => {
    const number = ids.get(id) ?? ids.size + 1;
    ids.set(id, number);
    return `#${number}`;
  });
}

/** Without ids: for plans in which names say it all. */
export const plainText = (plan: Plan): string => treeString(plan).replaceAll(/#\d+/g, '');

/** A resolved plan after these rules only, to a fixed point. */
export async function applyRules(plan: Plan, catalog: FakeCatalog, rules: readonly Rule[]): Promise<ResolvedPlan> {
  const resolved = await resolve(plan, catalog, settings);
  return optimize(resolved, settings, { batches: [{ name: 'test', rules }] });
}

export async function optimized(plan: Plan, catalog: FakeCatalog): Promise<ResolvedPlan> {
  return optimize(await resolve(plan, catalog, settings), settings);
}
