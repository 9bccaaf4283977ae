import { engineBug, SparrowError, withParts } from '../../base/index.js';
import * as build from '../build.js';
import { renewed } from '../build-relations.js';
import type { Catalog } from '../catalog.js';
import { configKey } from '../engine.js';
import type { Expr } from '../expr.js';
import type {
  CachedPlan,
  LocalPlan,
  Plan,
  PlanKind,
  RangePlan,
  ResolvedPlan,
  ScanPlan,
  WithColumnsPlan,
  WritePlan,
} from '../node.js';
import { outputOf } from '../output.js';
import { children, foldPlan, replace, withChildren } from '../walk.js';
import { resolveAggregate } from './aggregate.js';
import { type Analyzed, backTo, resolveOver } from './analyzed.js';
import { foldLiteralCasts, requireDistinguishable } from './calls.js';
import { resolveDrop, resolveDropDuplicates, resolveRename, resolveToNames } from './columns.js';
import { type Context, locate, type PlanSettings, placeOf } from './context.js';
import { expand, openedSource, openSources } from './expand.js';
import { resolveFilter, resolveSort } from './filter-sort.js';
import { type FrameEdge, framesOf, noFrames } from './frames.js';
import { joinWithoutKeys, withKeys, withoutKeys } from './join-keys.js';
import { resolveJoin, resolveUsingJoin } from './joins.js';
import { resolveLimitBy } from './limit-by.js';
import { indexOf, unresolvedColumn } from './names.js';
import { resolveProject } from './project.js';
import { rebalance } from './rebalance.js';
import { type Analysis, relationAnalyses } from './relations.js';
import { isNotHere } from './scope.js';
import { resolveSetOperation, resolveUnion } from './sets.js';
import { withOwnWindows, withTimeWindows } from './time-windows.js';
import { resolveWithColumns } from './with-columns.js';

export type { PlanSettings } from './context.js';

/**
 * A plan with every name, type and cast settled. Reads the metadata of sources first, then analyses without waiting;
 * what is known of a plan object is kept as long as the object.
 */
export async function resolve(plan: Plan, catalog: Catalog, settings: PlanSettings): Promise<ResolvedPlan> {
  return withParts(async () => {
    const whole = expand(plan, catalog);
    const { hasParts } = await openSources(whole, catalog);
    const resolved = analyze(whole, catalog, settings);
    if (hasParts) (await import('./stream-check.js')).checkParts(resolved);
    return resolved;
  });
}

/** The second half of `resolve`, for plans whose sources are open (or that read none). */
export function analyze(plan: Plan, catalog: Catalog, settings: PlanSettings): ResolvedPlan {
  const variable: Context['variable'] = (parts) => settings.variable?.(parts) ?? catalog.variable?.(parts);
  const context = contextOf({ catalog, settings, variable });
  return analyzeWhole(expand(plan, catalog), context, memory(context)).plan as ResolvedPlan;
}

/** Names of the queries around a subquery may mean something in it, so what is known of its plan elsewhere does not hold. */
function contextOf(given: Omit<Context, 'subquery'>): Context {
  const subquery: Context['subquery'] = (plan, outer, recursive) => {
    const inner = contextOf({
      ...given,
      ...(outer === undefined ? {} : { outer }),
      ...(recursive === undefined ? {} : { recursive: new Map([...(given.recursive ?? []), ...recursive]) }),
    });
    return analyzeWhole(plan, inner, new Map());
  };
  return { ...given, subquery };
}

type Known = {
  get(plan: Plan): Analyzed | undefined;
  has(plan: Plan): boolean;
  set(plan: Plan, value: Analyzed): unknown;
};

function analyzeWhole(plan: Plan, context: Context, known: Known): Analyzed {
  return foldPlan<Analyzed>(
    plan,
    (node, inputs) => analyzeNode(node, inputs, context, known),
    known,
    (node) => (node.kind === 'with_columns' ? [chainOf(node, known).base] : children(node)),
  );
}

const memories = new WeakMap<Catalog, Map<string, WeakMap<Plan, Analyzed>>>();

/** Results depend on the plan object and on these settings only; the instant a query runs at is not among them. */
function memory({ catalog, settings }: Context): WeakMap<Plan, Analyzed> {
  // The same statement of a loop means something else when its variables have changed.
  if (settings.variable !== undefined) return new WeakMap();
  let byKey = memories.get(catalog);
  if (byKey === undefined) {
    byKey = new Map();
    memories.set(catalog, byKey);
  }
  const { ansi, timeZone, caseSensitive } = settings;
  const key = `${ansi} ${timeZone} ${caseSensitive === true} ${configKey(settings)}`;
  let known = byKey.get(key);
  if (known === undefined) {
    known = new WeakMap();
    byKey.set(key, known);
  }
  return known;
}

/** The `withColumn`s below and including this one, first to last, down to something else or something known. */
function chainOf(plan: WithColumnsPlan, known: Known): { chain: WithColumnsPlan[]; base: Plan } {
  const chain = [plan];
  let base = plan.input;
  while (base.kind === 'with_columns' && !known.has(base)) {
    chain.push(base);
    base = base.input;
  }
  return { chain: chain.reverse(), base };
}

/** A name that is nowhere else may be a key that a USING join below left out. */
function withJoinKeys(
  plan: Plan,
  inputs: readonly Analyzed[],
  analyze: (inputs: readonly Analyzed[]) => Plan | Analyzed,
): Plan | Analyzed {
  const [input] = inputs;
  if (plan.kind === 'join' && input !== undefined) return overLeftKeys(inputs, analyze);
  const keeps = plan.kind === 'filter' || plan.kind === 'sort';
  const open =
    input !== undefined && (keeps || plan.kind === 'project' || plan.kind === 'aggregate')
      ? withKeys(input.plan)
      : undefined;
  if (open === undefined || input === undefined) return analyze(inputs);
  const overKeys = (): Plan | Analyzed => withoutKeys(analyze([{ ...input, plan: open }]), input.plan);
  if (keeps || (plan.kind === 'project' && plan.exprs.some(isQualifiedStar))) return overKeys();
  try {
    return analyze(inputs);
  } catch (error) {
    if (!isNotHere(error)) throw error;
    return overKeys();
  }
}

const isQualifiedStar = (expr: Expr): boolean => expr.kind === 'unresolved_star' && expr.qualifier !== undefined;

/** The condition of a join, and what stands above it, may name keys that a USING join on the left left out. */
function overLeftKeys(
  inputs: readonly Analyzed[],
  analyze: (inputs: readonly Analyzed[]) => Plan | Analyzed,
): Plan | Analyzed {
  const [left, ...others] = inputs as readonly [Analyzed, ...Analyzed[]];
  const open = withKeys(left.plan);
  if (open === undefined) return analyze(inputs);
  const joined = analyze([{ ...left, plan: open }, ...others]);
  return 'frames' in joined ? joinWithoutKeys(joined) : joined;
}

function analyzeNode(plan: Plan, inputs: readonly Analyzed[], context: Context, known: Known): Analyzed {
  try {
    if (plan.kind === 'with_columns') {
      return resolveWithColumns(chainOf(plan, known).chain, inputs[0] as Analyzed, context);
    }
    const analyze = analyses[plan.kind] as (
      plan: Plan,
      inputs: readonly Analyzed[],
      context: Context,
    ) => Plan | Analyzed;
    const result = withJoinKeys(plan, inputs, (over) => analyze(plan, over, context));
    const { plan: resolved, edges } =
      'frames' in result
        ? { plan: result.plan, edges: [{ frames: result.frames }] as readonly FrameEdge[] }
        : { plan: result, edges: inputs.map((input) => ({ frames: input.frames })) };
    const { planId } = plan;
    const frames =
      edges.length === 0 && planId === undefined
        ? noFrames
        : framesOf(planId, outputOf(resolved), edges, context.settings.caseSensitive === true);
    return { plan: resolved, frames };
  } catch (error) {
    throw locate(error, () => placeOf(plan));
  }
}

const first = (inputs: readonly Analyzed[]): Analyzed => inputs[0] as Analyzed;
const second = (inputs: readonly Analyzed[]): Analyzed => inputs[1] as Analyzed;
/** Columns of a subquery's sources get ids of their own: the same source may be read around it. */
function ownIds(
  plan: ScanPlan | LocalPlan | RangePlan | CachedPlan,
  _inputs: readonly Analyzed[],
  context: Context,
): Plan {
  if (context.outer === undefined) return plan;
  return Object.freeze({ ...plan, output: plan.output.map((attribute) => renewed(attribute)) });
}

const asIs = (plan: Plan, inputs: readonly Analyzed[]): Plan =>
  withChildren(
    plan,
    inputs.map((input) => input.plan),
  );
const finish = (expr: Expr, context: Context): Expr => rebalance(foldLiteralCasts(expr, context.settings));

const analyses: { readonly [K in PlanKind]: Analysis<K> } = {
  ...relationAnalyses,
  read: (plan) => {
    const source = openedSource(plan);
    if (source === undefined) throw engineBug(`the source of ${placeOf(plan)} was not opened before analysis`);
    return build.scan(source);
  },
  view: (plan) => {
    throw engineBug(`the view ${plan.name} was not put in before analysis`);
  },
  sql_query: () => {
    throw engineBug('an SQL query was not parsed before analysis');
  },
  with_columns: () => {
    throw engineBug('withColumn is resolved by the chain');
  },
  drop: (plan, inputs, context) => resolveDrop(plan, first(inputs), context),
  rename: (plan, inputs, context) => resolveRename(plan, first(inputs), context),
  to_names: (plan, inputs) => resolveToNames(plan, first(inputs)),
  using_join: (plan, inputs, context) => resolveUsingJoin(plan, first(inputs), second(inputs), context),
  drop_duplicates: (plan, inputs, context) => resolveDropDuplicates(plan, first(inputs), context),
  set_operation: (plan, inputs, context) => resolveSetOperation(plan, first(inputs), second(inputs), context),
  scan: ownIds,
  local: ownIds,
  range: ownIds,
  cached: (plan, inputs, context) =>
    ownIds(
      Object.freeze({ ...plan, input: first(inputs).plan, output: outputOf(first(inputs).plan) }),
      inputs,
      context,
    ),
  project: (plan, inputs, context) => {
    const timed = withOwnWindows(plan.exprs, () => first(inputs), context);
    if (timed === undefined) return resolveProject(plan, first(inputs), context);
    return resolveProject(Object.freeze({ ...plan, exprs: timed.exprs }), timed.input, context);
  },
  filter: (plan, inputs, context) => {
    const timed = withOwnWindows([plan.condition], () => first(inputs), context);
    const condition = timed?.exprs[0] ?? plan.condition;
    return resolveFilter(Object.freeze({ ...plan, condition }), timed?.input ?? first(inputs), context);
  },
  aggregate: (plan, inputs, context) => {
    const timed = withTimeWindows(plan, first(inputs), context);
    return resolveAggregate(timed.plan, timed.input, context);
  },
  join: (plan, inputs, context) => resolveJoin(plan, first(inputs), second(inputs), context),
  sort: (plan, inputs, context) => resolveSort(plan, first(inputs), context),
  limit_by: (plan, inputs, context) => resolveLimitBy(plan, first(inputs), context),
  limit: (plan, inputs) => {
    for (const [what, value] of [
      ['limit', plan.limit ?? 0],
      ['offset', plan.offset],
    ] as const) {
      if (Number.isInteger(value) && value >= 0) continue;
      throw new SparrowError(
        'INVALID_LIMIT_LIKE_EXPRESSION',
        `the ${what} must be a whole number and not negative, not ${value}`,
        {
          sqlState: '42K0E',
        },
      );
    }
    return asIs(plan, inputs);
  },
  union: (plan, inputs, context) => resolveUnion(plan, inputs, context),
  distinct: (plan, inputs) => {
    for (const attribute of outputOf(first(inputs).plan)) requireDistinguishable(attribute);
    return asIs(plan, inputs);
  },
  window: asIs,
  sample: asIs,
  repartition: (plan, inputs, context) => {
    const over = resolveOver(plan.by, { ...first(inputs) }, context);
    const by = over.exprs.map((expr) => finish(expr, context));
    return backTo(replace({ ...plan, input: over.input }, { by }), first(inputs).plan);
  },
  subquery_alias: asIs,
  write: (plan, inputs, context) => resolveWrite(plan, first(inputs), context),
};

function resolveWrite(plan: WritePlan, input: Analyzed, context: Context): Plan {
  const output = outputOf(input.plan);
  const index = indexOf(output, context.settings.caseSensitive === true);
  for (const name of plan.partitionBy) if (index.named(name).length === 0) throw unresolvedColumn(name, output);
  const seen = new Set<string>();
  for (const { name } of output) {
    const key = context.settings.caseSensitive === true ? name : name.toLowerCase();
    if (seen.has(key)) {
      throw new SparrowError('COLUMN_ALREADY_EXISTS', `the column \`${name}\` would be written twice`, {
        sqlState: '42711',
        hint: 'rename or drop one of them',
      });
    }
    seen.add(key);
  }
  return asIs(plan, [input]);
}
