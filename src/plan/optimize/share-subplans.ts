import { project } from '../build.js';
import { exprKey, isDeterministic } from '../facts.js';
import type { CachedPlan, Plan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { outputOf } from '../output.js';
import { estimate } from '../statistics.js';
import { HAS_CACHED, HAS_JOIN } from '../traits.js';
import { allNodes, children, foldPlan, replace, withChildren } from '../walk.js';
import { overall } from './rule.js';

/** A subplan is held when it gives so many times fewer rows than its largest source has. */
const LEAST_REDUCTION = 8;

/** Held subplans are told apart by numbers below 0, where those of cached frames are above. */
let lastShared = 0;

/** Joins that a plan asks for at several places, of few rows: they are found once and held. */
export const shareSubplans = overall(
  'share-subplans',
  'a part that is asked for twice is computed once',
  HAS_JOIN,
  (plan) => {
    if (!mayRepeat(plan)) return plan;
    const keys = subplanKeys(plan);
    const uses = countUses(plan, keys);
    const shared = new Map<number, Plan>();
    return foldPlan<Plan>(plan, (node, inputs) => {
      const key = keys.get(node) as number;
      const known = shared.get(key);
      if (known !== undefined) return known;
      const input = withChildren(node, inputs);
      if ((uses.get(key) ?? 0) < 2 || !isWorthHolding(node)) return input;
      const cacheId = --lastShared;
      const held: CachedPlan = Object.freeze({ kind: 'cached', cacheId, shared: true, input, output: outputOf(input) });
      shared.set(key, held);
      return held;
    });
  },
);

/** A part at two places is the same object there, or reads columns of the same ids. */
function mayRepeat(root: Plan): boolean {
  const met = new Set<Plan>();
  const ids = new Set<number>();
  const stack: Plan[] = [root];
  for (let plan = stack.pop(); plan !== undefined; plan = stack.pop()) {
    if (met.has(plan)) return true;
    met.add(plan);
    const inputs = plan.kind === 'cached' ? [] : children(plan);
    stack.push(...inputs);
    if (inputs.length > 0) continue;
    for (const { id } of outputOf(plan)) {
      if (ids.has(id)) return true;
      ids.add(id);
    }
  }
  return false;
}

/** Numbers of subplans: equal ones give the same rows in the same columns, as far as that can be told. */
function subplanKeys(root: Plan): Map<Plan, number> {
  const texts = new Map<string, number>();
  const identities = new Map<object, number>();
  const numbered = (object: object): number => {
    const number = identities.get(object) ?? identities.size;
    identities.set(object, number);
    return number;
  };
  const keys = new Map<Plan, number>();
  const text = (plan: Plan): string => {
    const exprs = planExprs(plan).map(exprKey).join();
    switch (plan.kind) {
      case 'cached':
        return `${plan.cacheId}:${plan.columns?.join()}:${plan.output.map(exprKey).join()}`;
      case 'scan':
        return `${numbered(plan.source)}:${plan.output.map(exprKey).join()}:${exprs}:${plan.limit}:${JSON.stringify(plan.fields)}`;
      case 'aggregate':
        return `${plan.groupBy.length}:${exprs}`;
      case 'join':
        return `${plan.how}:${plan.mark?.id}:${plan.build}:${exprs}`;
      case 'filter':
      case 'project':
        return exprs;
      default:
        return `#${numbered(plan)}`;
    }
  };
  foldPlan<number>(
    root,
    (plan, inputs) => {
      const own = `${plan.kind} ${text(plan)} (${inputs.join()})`;
      const key = texts.get(own) ?? texts.size + 1;
      texts.set(own, key);
      return key;
    },
    keys,
  );
  return keys;
}

/** From how many places each subplan is read; what stands below an equal one counts once. */
function countUses(root: Plan, keys: ReadonlyMap<Plan, number>): Map<number, number> {
  const uses = new Map<number, number>();
  const stack: Plan[] = [root];
  for (let plan = stack.pop(); plan !== undefined; plan = stack.pop()) {
    const key = keys.get(plan) as number;
    const before = uses.get(key) ?? 0;
    uses.set(key, before + 1);
    // What cached frames are made of is not computed again.
    if (before === 0 && plan.kind !== 'cached') stack.push(...children(plan));
  }
  return uses;
}

/**
 * Only what follows from the sources alone may be held, and only few rows that cost much are worth it. Equal aggregations
 * share their groups when they run, which needs no rows of them.
 */
function isWorthHolding(root: Plan): boolean {
  if (root.kind === 'aggregate') return false;
  let most = 0;
  let isWork = false;
  const stack: Plan[] = [root];
  for (let plan = stack.pop(); plan !== undefined; plan = stack.pop()) {
    if (!HOLDABLE.has(plan.kind) || !planExprs(plan).every(isDeterministic)) return false;
    isWork ||= plan.kind === 'join' || plan.kind === 'aggregate';
    const inputs = plan.kind === 'cached' ? [] : children(plan);
    if (inputs.length === 0) most = Math.max(most, estimate(plan).rows);
    stack.push(...inputs);
  }
  const { rows, counted } = estimate(root);
  return isWork && counted && rows * LEAST_REDUCTION <= most;
}

const HOLDABLE = new Set<Plan['kind']>(['cached', 'scan', 'local', 'range', 'filter', 'project', 'join', 'aggregate']);

/** Of subplans that are held only those columns are made that somebody reads. */
export const narrowShared = overall('narrow-shared', 'columns nobody reads are not held', HAS_CACHED, (plan) => {
  const wanted = new Map<number, Set<number>>();
  for (const node of allNodes(plan)) {
    if (node.kind !== 'cached' || node.shared !== true) continue;
    const columns = wanted.get(node.cacheId) ?? new Set();
    for (const column of node.columns ?? node.output.keys()) columns.add(column);
    wanted.set(node.cacheId, columns);
  }
  if (wanted.size === 0) return plan;
  return foldPlan<Plan>(plan, (old, inputs) => {
    const node = withChildren(old, inputs);
    if (node.kind !== 'cached' || node.shared !== true) return node;
    const all = outputOf(node.input);
    const kept = [...(wanted.get(node.cacheId) as Set<number>)].sort((a, b) => a - b);
    if (kept.length === all.length) return node;
    return replace<typeof node>(node, {
      input: project(
        node.input,
        kept.map((i) => all[i] as (typeof all)[number]),
      ),
      columns: (node.columns ?? [...node.output.keys()]).map((i) => kept.indexOf(i)),
    });
  });
});
