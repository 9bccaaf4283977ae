import { int64Type, integerBounds, isInteger } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import { isDeterministic } from '../../functions/deterministic.js';
import { carrierRange, inside } from '../../functions/emit.js';
import { type EvalSettings, isNullable, type PhysicalExpr } from '../../functions/expression.js';
import type { AggregateSpec, PhysicalAggregate } from '../physical.js';
import { columnOf, type Flow, mergedColumns } from './flow.js';
import { mostSummed } from './place-rows.js';

/** What is computed of groups, and what the plan's aggregates are made of it: over the keys, then `aggregates`. */
export interface SplitAggregates {
  readonly aggregates: readonly AggregateSpec[];
  readonly results: readonly PhysicalExpr[];
}

/** A sum of values that all have the same number added. */
interface Shifted {
  readonly of: PhysicalExpr;
  readonly by: bigint;
}

/**
 * Sums of one thing with different numbers added are that thing's sum and its count: `sum(x + 2)` is
 * `sum(x) + 2 * count(x)`. Only where the bounds of `x` rule out that any addition overflows, which is an error in the one
 * form and none in the other; and only for integers, whose sums are exact.
 */
export function splitSums(plan: PhysicalAggregate, flow: Flow, settings: EvalSettings): SplitAggregates {
  const columns = mergedColumns(flow, plan.input.columns);
  const most = mostSummed(flow);
  const shifted = plan.aggregates.map((spec) => {
    const found = shiftOf(spec);
    const range = found && columnOf(found.of, columns, settings).range;
    return found !== undefined && range !== undefined && isSafe(found, range, spec, most) ? found : undefined;
  });
  const specs = new Map<string, { readonly at: number; readonly spec: AggregateSpec }>();
  const column = (spec: AggregateSpec): PhysicalExpr => {
    const key = JSON.stringify(spec, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
    const known = specs.get(key) ?? { at: plan.keys.length + specs.size, spec };
    specs.set(key, known);
    return { kind: 'column', index: known.at, type: spec.type, nullable: spec.nullable };
  };
  const results = plan.aggregates.map((spec, i) => {
    const found = shifted[i];
    return found === undefined ? column(spec) : sumOf(spec, found, column);
  });
  const aggregates = [...specs.values()].map(({ spec }) => spec);
  return aggregates.length < plan.aggregates.length ? { aggregates, results } : asTheyAre(plan);
}

const asTheyAre = ({ keys, aggregates }: PhysicalAggregate): SplitAggregates => ({
  aggregates,
  results: aggregates.map(({ type, nullable }, i) => ({ kind: 'column', index: keys.length + i, type, nullable })),
});

function shiftOf({ fn, args, type }: AggregateSpec): Shifted | undefined {
  const [arg] = args;
  if (fn !== 'sum' || type.kind !== 'int64' || arg?.kind !== 'call' || !isInteger(arg.type)) return undefined;
  if (arg.fn !== 'add' && arg.fn !== 'sub') return undefined;
  const [left, right] = arg.args as readonly [PhysicalExpr, PhysicalExpr];
  const [of, by] = left.kind === 'literal' && arg.fn === 'add' ? [right, left] : [left, right];
  if (by.kind !== 'literal' || (typeof by.value !== 'number' && typeof by.value !== 'bigint')) return undefined;
  if (of.kind === 'literal' || !isInteger(of.type) || !isInteger(by.type) || !isDeterministic(of)) return undefined;
  return { of, by: BigInt(by.value) * (arg.fn === 'sub' ? -1n : 1n) };
}

/** Whether neither a value with the number added nor any sum of them can leave its type. */
function isSafe({ by }: Shifted, [low, high]: Range, { args }: AggregateSpec, most: bigint): boolean {
  const bounds = integerBounds((args[0] as PhysicalExpr).type);
  if (bounds === undefined || !inside([low + by, high + by], bounds)) return false;
  const all = [low, high, by, low + by, high + by].map((n) => n * most);
  return all.every((n) => inside([n, n], carrierRange('i64')));
}

function sumOf(spec: AggregateSpec, { of, by }: Shifted, column: (spec: AggregateSpec) => PhysicalExpr): PhysicalExpr {
  const { filter } = spec;
  const only = filter === undefined ? {} : { filter };
  const sum = column({ fn: 'sum', args: [of], type: spec.type, nullable: spec.nullable, ...only });
  const counted = isNullable(of) ? [of] : [];
  const count = column({ fn: 'count', args: counted, type: int64Type, nullable: false, ...only });
  const call = (fn: string, args: readonly PhysicalExpr[], nullable: boolean): PhysicalExpr => {
    return { kind: 'call', fn, args, type: int64Type, nullable };
  };
  const added = call('mul', [count, { kind: 'literal', type: int64Type, value: by }], false);
  return call('add', [sum, added], spec.nullable);
}
