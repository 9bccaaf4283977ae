import { aggregate, join, project } from '../build.js';
import type { AggregateCall, Attribute, Expr } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { exprKey, isConstant, isDeterministic } from '../facts.js';
import { equalNullSafe, ifElseNull, joinAndOrNone } from '../logic.js';
import type { AggregatePlan, Plan } from '../node.js';
import { mapExprs, planExprs } from '../node-exprs.js';
import { outputIds, outputOf } from '../output.js';
import type { PlanSettings } from '../resolve/context.js';
import { HAS_DISTINCT_CALL } from '../traits.js';
import { allNodes, replace } from '../walk.js';
import { replaceExpr, visitExpr } from '../walk-expr.js';
import { mergeCall, mergesExactly, type NamedValue, named } from './merge-aggregates.js';
import { bottomUp } from './rule.js';

/**
 * Aggregates over different values (`count(distinct x)`) as two groupings: the first finds the different values of
 * each group, the second aggregates them. With several sets of arguments, one such pair for each set, joined on the
 * grouping columns.
 */
export const rewriteDistinctAggregates = bottomUp(
  'rewrite-distinct-aggregates',
  'finding different values first needs one table of groups, not one per group',
  HAS_DISTINCT_CALL,
  (plan, { settings }) => (plan.kind === 'aggregate' ? rewrite(plan, settings) : plan),
);

export interface Calls {
  /** Calls over different values, by what the values are. */
  readonly sets: ReadonlyMap<string, readonly AggregateCall[]>;
  readonly plain: readonly AggregateCall[];
}

function rewrite(original: AggregatePlan, settings: PlanSettings): Plan {
  const plan = withoutNeedlessDistinct(original);
  const { sets, plain } = callsOf(plan);
  if (sets.size === 0) return plan;
  const [only] = [...sets.values()];
  if (sets.size === 1 && plain.every(mergesExactly)) return twoLevels(plan, only ?? [], plain, settings);
  // The input is read once for each set: it must give the same each time.
  if (!allNodes(plan.input).every((node) => planExprs(node).every(isDeterministic))) return plan;
  return joined(plan, [...sets.values()], plain, settings);
}

const noDistinctNeeded: ReadonlySet<string> = new Set(['min', 'max', 'boolAnd', 'boolOr', 'anyValue', 'first', 'last']);

/** The least of the different values is the least of all. */
function withoutNeedlessDistinct(plan: AggregatePlan): AggregatePlan {
  return mapExprs(plan, (expr) =>
    replaceExpr(expr, (e) =>
      e.kind === 'aggregate_call' && e.distinct && noDistinctNeeded.has(e.fn)
        ? replace(e, { distinct: false })
        : undefined,
    ),
  ) as AggregatePlan;
}

/** The aggregates of a plan, each once. */
export function callsOf(plan: AggregatePlan): Calls {
  const sets = new Map<string, AggregateCall[]>();
  const plain = new Map<number, AggregateCall>();
  const seen = new Set<number>();
  for (const expr of plan.output) {
    visitExpr(expr, (e) => {
      if (e.kind !== 'aggregate_call') return true;
      const key = exprKey(e);
      if (!e.distinct) plain.set(key, e);
      else if (!seen.has(key)) {
        const values = valuesOf(e).map(exprKey).sort().join();
        sets.set(values, [...(sets.get(values) ?? []), e]);
      }
      seen.add(key);
      return false;
    });
  }
  return { sets, plain: [...plain.values()] };
}

/** The values a call is over; where its filter does not hold they are null, which aggregates pass over. */
const valuesOf = (call: AggregateCall): readonly Expr[] =>
  call.filter === undefined
    ? call.args
    : call.args.map((arg, i) => (i === 0 ? ifElseNull(call.filter as Expr, arg) : arg));

/** A constant behind the first argument says how to aggregate; aggregates know it as a constant. */
const isSetting = (arg: Expr, position: number): boolean => position > 0 && isConstant(arg);

/** Below: the groups by grouping columns and values, with partial plain aggregates; above: the groups wanted. */
function twoLevels(
  plan: AggregatePlan,
  calls: readonly AggregateCall[],
  plain: readonly AggregateCall[],
  settings: PlanSettings,
): AggregatePlan {
  const groups = plan.groupBy.map(toAttribute);
  const values = new Map<number, Attribute>();
  const more: Expr[] = [];
  for (const value of calls.flatMap((call) => valuesOf(call).filter((arg, i) => !isSetting(arg, i)))) {
    const key = exprKey(value);
    if (values.has(key)) continue;
    const isColumn = value.kind === 'attribute';
    const column = isColumn ? value : named(value).alias;
    values.set(key, toAttribute(column));
    if (!isColumn || !groups.some((group) => group.id === value.id)) more.push(column);
  }
  const partial = plain.map((call) => ({ call, ...named(call) }));
  const below = aggregate(
    plan.input,
    [...plan.groupBy, ...more],
    [...groups, ...more.map(toAttribute), ...partial.map(({ alias }) => alias)],
  );
  const merged = new Map(partial.map(({ call, attribute }) => [exprKey(call), mergeCall(call, attribute, settings)]));
  const output = plan.output.map((expr) =>
    replaceExpr(expr, (e) => {
      if (e.kind !== 'aggregate_call') return undefined;
      if (!e.distinct) return merged.get(exprKey(e));
      const args = valuesOf(e).map((value, i) =>
        isSetting(value, i) ? value : (values.get(exprKey(value)) as Attribute),
      );
      const { filter: _, ...rest } = e;
      return Object.freeze({ ...rest, args, distinct: false });
    }),
  );
  return aggregate(below, groups, output);
}

/** One aggregation for the plain calls and one for each set, joined on the grouping columns, nulls equal. */
function joined(
  plan: AggregatePlan,
  sets: readonly (readonly AggregateCall[])[],
  plain: readonly AggregateCall[],
  settings: PlanSettings,
): Plan {
  const results = new Map<number, Attribute>();
  const groups = plan.groupBy.map(toAttribute);
  let whole: Plan | undefined;
  for (const calls of plain.length === 0 ? sets : [plain, ...sets]) {
    const outputs = calls.map((call) => ({ call, ...named(call) }));
    for (const { call, attribute } of outputs) results.set(exprKey(call), attribute);
    const own = aggregate(plan.input, plan.groupBy, [...groups, ...outputs.map(({ alias }) => alias)]);
    const side = calls[0]?.distinct === true ? twoLevels(own, calls, [], settings) : own;
    whole = whole === undefined ? side : joinOnGroups(whole, side, groups);
  }
  const output = plan.output.map((expr) =>
    replaceExpr(expr, (e) => (e.kind === 'aggregate_call' ? results.get(exprKey(e)) : undefined)),
  );
  return project(whole as Plan, output);
}

function joinOnGroups(left: Plan, right: Plan, groups: readonly Attribute[]): Plan {
  const shown = outputIds(left);
  const renewed = new Map(groups.map((group) => [group.id, named(group, group.name)]));
  const renamed = outputOf(right).map((column) =>
    shown.has(column.id) ? (renewed.get(column.id)?.alias ?? column) : column,
  );
  const condition = joinAndOrNone(
    groups.map((group) => equalNullSafe(group, (renewed.get(group.id) as NamedValue).attribute)),
  );
  return join(left, project(right, renamed), condition === undefined ? 'cross' : 'inner', condition);
}
