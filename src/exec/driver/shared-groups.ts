import type { TableSource } from '../../base/index.js';
import type { PhysicalAggregate, PhysicalPlan } from '../physical.js';

/** Operators whose rows follow from their form and their inputs alone. */
const PLAIN: ReadonlySet<PhysicalPlan['kind']> = new Set<PhysicalPlan['kind']>([
  'batches',
  'shared',
  'scan',
  'filter',
  'project',
  'aggregate',
  'join',
  'union',
]);

/**
 * Aggregations of one plan that group the same rows in the same way, by a text they share. What they make of the groups
 * may differ: a frame used twice is often asked for other columns each time.
 */
export function sharedGroups(root: PhysicalPlan): ReadonlyMap<PhysicalPlan, string> {
  const found: PhysicalAggregate[] = [];
  eachPlan(root, (plan) => {
    if (plan.kind === 'aggregate') found.push(plan);
  });
  const shared = new Map<PhysicalPlan, string>();
  if (found.length < 2) return shared;
  const byKey = new Map<string, PhysicalAggregate[]>();
  for (const plan of found) {
    if (!isPlain(plan)) continue;
    const key = keyOf(plan);
    byKey.set(key, [...(byKey.get(key) ?? []), plan]);
  }
  for (const [key, plans] of byKey) if (plans.length > 1) for (const plan of plans) shared.set(plan, key);
  return shared;
}

export function eachPlan(plan: PhysicalPlan, visit: (plan: PhysicalPlan) => void): void {
  visit(plan);
  for (const input of inputsOf(plan)) eachPlan(input, visit);
}

function inputsOf(plan: PhysicalPlan): readonly PhysicalPlan[] {
  if ('inputs' in plan) return plan.inputs;
  if ('left' in plan) return [plan.left, plan.right];
  return 'input' in plan ? [plan.input] : [];
}

function isPlain(root: PhysicalPlan): boolean {
  let plain = true;
  eachPlan(root, (plan) => {
    if (!PLAIN.has(plan.kind) || (plan.kind === 'batches' && plan.identity === undefined)) plain = false;
  });
  return plain;
}

/** Names and estimates do not count, nor what the aggregation makes of its groups. */
const keyOf = ({ input, keys, aggregates }: PhysicalAggregate): string =>
  JSON.stringify({ input, keys, aggregates }, (name, value: unknown) => {
    if (name === 'columns' || name === 'estimatedRows' || name === 'load') return undefined;
    if (isScan(value)) {
      const { columns, fields = {}, predicate, limit } = value.request;
      return ['scan', numberOf(value.source), columns, Object.entries(fields), predicate, limit];
    }
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value)))
      return `#${Object.is(value, -0) ? '-0' : value}`;
    return value instanceof Uint8Array ? `x${Buffer.from(value).toString('hex')}` : value;
  });

const isScan = (value: unknown): value is Extract<PhysicalPlan, { kind: 'scan' }> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'scan';

const numbers = new WeakMap<TableSource, number>();
let nextNumber = 1;

/** A number that stands for an opened source: its files are those of that moment. */
function numberOf(source: TableSource): number {
  const number = numbers.get(source) ?? nextNumber++;
  numbers.set(source, number);
  return number;
}
