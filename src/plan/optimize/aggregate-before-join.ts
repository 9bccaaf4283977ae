import { aggregate, join } from '../build.js';
import type { AggregateCall, Attribute, Expr } from '../expr.js';
import { exprType, readsOnly, toAttribute } from '../expr-type.js';
import { exprKey } from '../facts.js';
import { equiTerm, splitAnd } from '../logic.js';
import type { AggregatePlan, JoinPlan, Plan } from '../node.js';
import { outputIds } from '../output.js';
import type { PlanSettings } from '../resolve/context.js';
import { type ColumnEstimate, estimate, groups } from '../statistics.js';
import { HAS_AGGREGATE } from '../traits.js';
import { replaceExpr } from '../walk-expr.js';
import { mergeCall, mergesExactly, named } from './merge-aggregates.js';
import { callsOf } from './rewrite-distinct-aggregates.js';
import { bottomUp } from './rule.js';

/** Fewer rows are joined before they could have been grouped. */
const LEAST_ROWS = 100_000;
/** So many rows must make one group before the join, … */
const LEAST_REDUCTION = 4;
/** … and so large a share of them must find a match, or they are grouped for nothing. */
const LEAST_MATCHING = 0.5;

/**
 * Counts and extremes of one side of a join are found by the join's keys first, and merged above it: eager group-by of
 * W. Yan and P. Larson, "Eager aggregation and lazy aggregation" (VLDB 1995). The side has many rows for each key then.
 */
export const aggregateBeforeJoin = bottomUp(
  'aggregate-before-join',
  'rows that are grouped by the key of a join need not be joined one by one',
  HAS_AGGREGATE,
  (plan, { settings }) => (plan.kind === 'aggregate' ? early(plan, settings) : plan),
);

function early(plan: AggregatePlan, settings: PlanSettings): Plan {
  let { input } = plan;
  while (input.kind === 'project' && input.exprs.every((expr) => expr.kind === 'attribute')) ({ input } = input);
  if (input.kind !== 'join') return plan;
  const { how } = input;
  const right = how === 'left' || how === 'inner' ? grouped(plan, input, 'right', settings) : undefined;
  return right ?? (how === 'right' || how === 'inner' ? grouped(plan, input, 'left', settings) : undefined) ?? plan;
}

/** The aggregation with the rows of one side of the join grouped before. */
function grouped(
  plan: AggregatePlan,
  joined: JoinPlan,
  side: 'left' | 'right',
  settings: PlanSettings,
): Plan | undefined {
  const many = joined[side];
  const isOuter = joined.how !== 'inner';
  const { sets, plain: calls } = callsOf(plan);
  if (sets.size > 0 || calls.length === 0 || !calls.every((call) => isEarly(call, many, isOuter))) return undefined;
  const keys = keysOf(plan, joined, side);
  if (keys === undefined || !pays(joined, many, keys)) return undefined;
  const parts = calls.map((call) => ({ call, ...named(call) }));
  const below = aggregate(many, keys, [...keys, ...parts.map(({ alias }) => alias)]);
  const above =
    side === 'right'
      ? join(joined.left, below, joined.how, joined.condition)
      : join(below, joined.right, joined.how, joined.condition);
  const merged = new Map(
    parts.map(({ call, attribute }) => {
      const part = isOuter ? Object.freeze({ ...attribute, nullable: true }) : attribute;
      return [exprKey(call), mergeCall(call, part, settings)];
    }),
  );
  const output = plan.output.map((expr) =>
    replaceExpr(expr, (e) => (e.kind === 'aggregate_call' ? merged.get(exprKey(e)) : undefined)),
  );
  return aggregate(above, plan.groupBy, output);
}

/**
 * Whether a call can be made of the rows of one side alone. What an outer join adds is null in it; what an inner join
 * leaves out is seen, so nothing may fail there.
 */
function isEarly(call: AggregateCall, many: Plan, isOuter: boolean): boolean {
  const [arg, ...others] = call.args;
  if (arg === undefined || others.length > 0 || call.filter !== undefined || !mergesExactly(call)) return false;
  if (call.fn === 'sum' && exprType(arg).kind === 'int64') return false;
  return arg.kind === 'attribute' ? outputIds(many).has(arg.id) : arg.kind === 'literal' && !isOuter;
}

/** The columns of the side by which the join and the groups above tell its rows apart; undefined where others do. */
function keysOf(plan: AggregatePlan, joined: JoinPlan, side: 'left' | 'right'): Attribute[] | undefined {
  const manyIds = outputIds(joined[side]);
  const fewIds = outputIds(joined[side === 'right' ? 'left' : 'right']);
  const keys = new Map<number, Attribute>();
  for (const term of joined.condition === undefined ? [] : splitAnd(joined.condition)) {
    const equi = equiTerm(
      term,
      (expr) => readsOnly(expr, fewIds),
      (expr) => expr.kind === 'attribute' && manyIds.has(expr.id),
    );
    if (equi?.right.kind !== 'attribute') return undefined;
    keys.set(equi.right.id, equi.right);
  }
  if (keys.size === 0) return undefined;
  for (const expr of plan.groupBy) {
    const source: Expr = expr.kind === 'alias' ? expr.input : expr;
    if (source.kind === 'attribute' && manyIds.has(source.id)) keys.set(source.id, source);
    else if (!readsOnly(source, fewIds)) return undefined;
  }
  return [...keys.values()].map(toAttribute);
}

function pays(joined: JoinPlan, many: Plan, keys: readonly Attribute[]): boolean {
  const { rows, counted, columns } = estimate(many);
  if (!counted || rows < LEAST_ROWS || !keys.every(({ id }) => isKnown(columns.get(id)))) return false;
  return groups(keys, estimate(many)) * LEAST_REDUCTION <= rows && estimate(joined).rows >= rows * LEAST_MATCHING;
}

const isKnown = (column: ColumnEstimate | undefined): boolean => column !== undefined && column.guessed !== true;
