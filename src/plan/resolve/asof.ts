import {
  type DataType,
  dayTimeIntervalType,
  decimalType,
  int8Type,
  isInteger,
  isNumeric,
  SparrowError,
  simpleString,
  stringType,
} from '../../base/index.js';
import { alias, call, cast, filter, literal, over, project, sortOrder, union } from '../build.js';
import type { Alias, Attribute, Expr, Literal } from '../expr.js';
import { exprType } from '../expr-type.js';
import { nextId } from '../ids.js';
import { joinAnd, nullOf, trueLiteral } from '../logic.js';
import type { AsOfJoinPlan, Plan } from '../node.js';
import { outputOf } from '../output.js';
import { type Analyzed, scopeOver } from './analyzed.js';
import { requireOrderable } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { type FrameEdge, noFrames } from './frames.js';
import { keyColumn, type Sides, separate } from './joins.js';
import { resolveProject } from './project.js';
import { scopeOf } from './scope.js';
import { resolveUnion } from './sets.js';
import { durationOf } from './time-windows.js';

type Key = readonly [left: Attribute, right: Attribute];

interface Compared {
  readonly leftOn: Expr;
  readonly rightOn: Expr;
  readonly keys: readonly Key[];
}

/**
 * Each row of the left with the row of the right that is nearest in order. Both sides become one sequence for each key,
 * in which the last row of the right before a row of the left (or the next one after it) is a window function: one sort
 * for each direction, however many rows compare.
 */
export function resolveAsOfJoin(plan: AsOfJoinPlan, first: Analyzed, second: Analyzed, context: Context): Analyzed {
  const sides = separate(first, second);
  const { left, right } = sides;
  const compared: Compared = {
    leftOn: sideExpr(plan.leftOn, left, sides.edges[0], context),
    rightOn: sideExpr(plan.rightOn, right, sides.edges[1], context),
    keys: plan.columns.map((name) => [
      keyColumn(name, outputOf(left), 'left', context),
      keyColumn(name, outputOf(right), 'right', context),
    ]),
  };
  requireDistance(plan, compared);
  const shared = new Set(compared.keys.map(([, key]) => key.id));
  if (plan.sharedOn !== undefined) shared.add(keyColumn(plan.sharedOn, outputOf(right), 'right', context).id);
  const matched = withMatch(plan, together(sides, compared, context), compared, context);
  return resultOf(plan, matched, sides, shared, context);
}

function sideExpr(expr: Expr, side: Plan, edge: FrameEdge, context: Context): Expr {
  const scope = scopeOf(outputOf(side), { inputs: [edge] }, context.settings.caseSensitive === true, context);
  return resolveExpr(expr, scope, context.settings);
}

const at = (plan: Plan): Analyzed => ({ plan, frames: noFrames });
const columnOf = (plan: Plan, name: string): Attribute =>
  outputOf(plan).find((attribute) => attribute.name === name) as Attribute;
const text = (value: string): Literal => literal(stringType, value);
const part = (struct: Expr, name: string): Expr => call('getfield', struct, text(name));
const select = (plan: Plan, exprs: readonly Expr[], context: Context): Plan =>
  resolveProject(project(plan, exprs), at(plan), context);
const where = (plan: Plan, condition: Expr, context: Context): Plan =>
  filter(plan, resolveExpr(condition, scopeOver(at(plan), context), context.settings));

/** The rows of both under one another: the left's columns, the keys, what is compared, and the right's as one struct. */
function together({ left, right }: Sides, { leftOn, rightOn, keys }: Compared, context: Context): Plan {
  const own = outputOf(left);
  const row = call(
    'named_struct',
    text('on'),
    rightOn,
    ...outputOf(right).flatMap((column, i) => [text(`r${i}`), column]),
  );
  // A null meets nothing.
  const present = [rightOn, ...keys.map(([, key]) => key)].map((expr) => call('isnotnull', expr));
  const rights = select(
    where(
      right,
      joinAnd(present.map((test) => resolveExpr(test, scopeOver(at(right), context), context.settings))),
      context,
    ),
    [
      ...own.map(({ type }, i) => alias(nullOf(type), `l${i}`)),
      ...keys.map(([, key], i) => alias(key, `k${i}`)),
      alias(rightOn, 'on'),
      alias(literal(int8Type, 0), 'side'),
      alias(row, 'match'),
    ],
    context,
  );
  const lefts = select(
    left,
    [
      ...own.map((column, i) => alias(column, `l${i}`)),
      ...keys.map(([key], i) => alias(key, `k${i}`)),
      alias(leftOn, 'on'),
      alias(literal(int8Type, 1), 'side'),
      alias(nullOf(columnOf(rights, 'match').type), 'match'),
    ],
    context,
  );
  return resolveUnion(union([lefts, rights]), [at(lefts), at(rights)], context);
}

/** The rows of the left, each with the row of the right it meets as the last column. */
function withMatch(plan: AsOfJoinPlan, both: Plan, { keys }: Compared, context: Context): Plan {
  const [on, side, match] = ['on', 'side', 'match'].map((name) => columnOf(both, name)) as [Expr, Expr, Expr];
  const partitionBy = keys.map((_, i) => columnOf(both, `k${i}`));
  const last = (descending: boolean): Expr =>
    over(call('last', match, trueLiteral), {
      partitionBy,
      // Of rows in the same place the right's come first where they may meet.
      orderBy: [sortOrder(on, descending, true), sortOrder(side, !plan.allowExactMatches)],
      frame: { unit: 'rows', start: { kind: 'unbounded_preceding' }, end: { kind: 'current_row' } },
    });
  const near = { backward: [last(false)], forward: [last(true)], nearest: [last(false), last(true)] }[plan.direction];
  const found = select(both, [...outputOf(both), ...near.map((expr, i) => alias(expr, `near${i}`))], context);
  const lefts = where(found, call('=', columnOf(found, 'side'), literal(int8Type, 1)), context);
  const own = columnOf(lefts, 'on');
  const [first, second] = near.map((_, i) => columnOf(lefts, `near${i}`)) as [Attribute, Attribute | undefined];
  const within = (row: Attribute, isBefore: boolean): Expr => inReach(plan, own, row, isBefore);
  const before = within(first, plan.direction !== 'forward');
  const chosen =
    second === undefined ? before : call('if', isNearer(first, own, second), before, within(second, false));
  return select(
    lefts,
    [...outputOf(lefts).filter((column) => column.name[0] === 'l'), alias(chosen, 'match')],
    context,
  );
}

/** A row of the right, or null when it is further away than the tolerance. */
function inReach({ tolerance }: AsOfJoinPlan, own: Attribute, row: Attribute, isBefore: boolean): Expr {
  if (tolerance === undefined) return row;
  const other = part(row, 'on');
  const [low, high] = isBefore ? [other, own] : [own, other];
  const reach =
    typeof tolerance === 'string'
      ? literal(dayTimeIntervalType, durationOf(text(tolerance), 'the tolerance', true))
      : tolerance;
  return call('if', call('<=', wide(high, own.type), call('+', wide(low, own.type), reach)), row, nullOf(row.type));
}

/** Whether the row before is no further away than the one after; a missing one is. */
const isNearer = (before: Attribute, own: Attribute, after: Attribute): Expr => {
  const [low, at, high] = [part(before, 'on'), own, part(after, 'on')].map((expr) => wide(expr, own.type)) as [
    Expr,
    Expr,
    Expr,
  ];
  return call('coalesce', call('<=', call('-', at, low), call('-', high, at)), call('isnotnull', before));
};

/** A number with room for sums and differences. */
const wide = (expr: Expr, type: DataType): Expr => (isInteger(type) ? cast(expr, decimalType(20, 0)) : expr);

/** The left's columns and the right's, under their own names and with ids of their own. */
function resultOf(
  plan: AsOfJoinPlan,
  matched: Plan,
  { left, right, edges }: Sides,
  shared: ReadonlySet<number>,
  context: Context,
): Analyzed {
  const match = columnOf(matched, 'match');
  const rows = plan.how === 'inner' ? where(matched, call('isnotnull', match), context) : matched;
  const renewed: readonly Map<number, number>[] = [new Map(), new Map()];
  const named = (side: 0 | 1, { id, name, qualifier, path }: Attribute, input: Expr): Alias => {
    const fresh = nextId();
    renewed[side]?.set(id, fresh);
    const origin = { ...(qualifier === undefined ? {} : { qualifier }), ...(path === undefined ? {} : { path }) };
    return Object.freeze({ kind: 'alias', name, input, id: fresh, ...origin });
  };
  const columns = [
    ...outputOf(left).map((column, i) => named(0, column, columnOf(rows, `l${i}`))),
    ...outputOf(right).flatMap((column, i) => (shared.has(column.id) ? [] : [named(1, column, part(match, `r${i}`))])),
  ];
  const result = select(rows, columns, context);
  return { plan: result, frames: { inputs: edges.map((edge, i) => above(edge, renewed[i] as Map<number, number>)) } };
}

/** The way to a side's columns from above, where they have the ids in `now`. */
function above({ frames, renewed }: FrameEdge, now: ReadonlyMap<number, number>): FrameEdge {
  const ids = new Map(now);
  for (const [id, middle] of renewed ?? []) {
    const last = now.get(middle);
    if (last !== undefined) ids.set(id, last);
  }
  return { frames, renewed: ids };
}

/** What is compared needs an order; a tolerance and the nearest in both directions need a distance, too. */
function requireDistance(plan: AsOfJoinPlan, { leftOn, rightOn }: Compared): void {
  requireOrderable(leftOn, 'join as of');
  requireOrderable(rightOn, 'join as of');
  const { tolerance } = plan;
  if (tolerance === undefined && plan.direction !== 'nearest') return;
  const isTime = (type: DataType): boolean => ['date', 'timestamp', 'timestamp_ntz', 'interval_dt'].includes(type.kind);
  const types = [exprType(leftOn), exprType(rightOn)];
  const fits = types.every(isTime)
    ? typeof tolerance !== 'object'
    : types.every(isNumeric) && typeof tolerance !== 'string';
  if (fits) return;
  const given = tolerance === undefined ? 'the nearest row' : 'this tolerance';
  throw new SparrowError(
    'DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE',
    `${given} does not go with an as-of join on ${types.map(simpleString).join(' and ')}`,
    { sqlState: '42K09', hint: "a tolerance is a number for numbers and a duration such as '5 minutes' for times" },
  );
}
