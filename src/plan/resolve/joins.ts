import { SparrowError } from '../../base/index.js';
import { join, project } from '../build.js';
import type { Attribute, Expr } from '../expr.js';
import { nextId } from '../ids.js';
import { joinAndOrNone } from '../logic.js';
import type { JoinPlan, Plan, UsingJoinPlan } from '../node.js';
import { outputIds, outputOf } from '../output.js';
import type { Analyzed } from './analyzed.js';
import { buildCall, foldLiteralCasts, requireBoolean } from './calls.js';
import type { Context } from './context.js';
import { resolveExpr } from './exprs.js';
import { forbidAggregates, forbidWindows } from './forbid.js';
import { type FrameEdge, type Frames, framesOf } from './frames.js';
import { rememberKeys, withKeys } from './join-keys.js';
import { ambiguousReference, indexOf, unresolvedColumn } from './names.js';
import { scopeOf } from './scope.js';
import { checkJoinSubqueries } from './subquery-checks.js';

/** The two inputs of a join, with ids that are never on both sides. */
export interface Sides {
  readonly left: Plan;
  readonly right: Plan;
  readonly edges: readonly [FrameEdge, FrameEdge];
}

/** A self-join reads the same columns on both sides: those of the right get new ids. */
export function separate(left: Analyzed, right: Analyzed): Sides {
  const taken = outputIds(left.plan);
  const output = outputOf(right.plan);
  if (!output.some((attribute) => taken.has(attribute.id))) {
    return { left: left.plan, right: right.plan, edges: [{ frames: left.frames }, { frames: right.frames }] };
  }
  const renewed = new Map<number, number>();
  for (const { id } of output) if (taken.has(id) && !renewed.has(id)) renewed.set(id, nextId());
  return {
    left: left.plan,
    right: project(right.plan, renew(output, renewed)),
    edges: [{ frames: left.frames }, { frames: right.frames, renewed }],
  };
}

const renew = (output: readonly Attribute[], ids: ReadonlyMap<number, number>): readonly Expr[] =>
  output.map((attribute) => {
    const id = ids.get(attribute.id);
    if (id === undefined) return attribute;
    const { name, qualifier, path } = attribute;
    return Object.freeze({
      kind: 'alias',
      name,
      input: attribute,
      id,
      ...(qualifier === undefined ? {} : { qualifier }),
      ...(path === undefined ? {} : { path }),
    });
  });

export function resolveJoin(plan: JoinPlan, leftInput: Analyzed, rightInput: Analyzed, context: Context): Analyzed {
  const { settings } = context;
  const sides = separate(leftInput, rightInput);
  const { left, right, edges } = sides;
  let { condition } = plan;
  if (condition !== undefined) {
    const both = [...outputOf(left), ...outputOf(right)];
    const scope = scopeOf(both, { inputs: edges }, settings.caseSensitive === true, context);
    const resolved = resolveExpr(condition, scope, settings);
    forbidAggregates(resolved, 'a join condition');
    forbidWindows(resolved);
    checkJoinSubqueries(resolved, left, right);
    const checked = requireBoolean(resolved, 'the join condition', 'JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE');
    condition = foldLiteralCasts(checked, settings);
  }
  const how = plan.how === 'cross' && condition !== undefined ? 'inner' : plan.how;
  return { plan: join(left, right, how, condition), frames: joinFrames(how, edges) };
}

/** Columns of the right side cannot be named above a semi or anti join. */
const joinFrames = (how: JoinPlan['how'], edges: Sides['edges']): Frames =>
  how === 'semi' || how === 'anti' ? { inputs: [edges[0]] } : { inputs: edges };

/** A join on equal columns of the same names, each of which appears once: the left's, the right's, or whichever is there. */
export function resolveUsingJoin(
  plan: UsingJoinPlan,
  leftInput: Analyzed,
  rightInput: Analyzed,
  context: Context,
): Analyzed {
  const { settings } = context;
  const sides = separate(leftInput, rightInput);
  const { edges } = sides;
  // Keys that USING joins below left out can still be named above this one.
  const left = withKeys(sides.left) ?? sides.left;
  const right = withKeys(sides.right) ?? sides.right;
  const names = plan.natural === true ? commonNames(left, right, context) : plan.columns;
  // Where nobody names the columns, as in Spark the first of a name is meant.
  const key = plan.natural === true ? firstColumn : keyColumn;
  const keys = names.map((name) => ({
    name,
    left: key(name, shownBy(left), 'left', context),
    right: key(name, shownBy(right), 'right', context),
  }));
  const terms = keys.map((key) => buildCall('eq', [key.left, key.right], settings));
  const condition = joinAndOrNone(terms);
  const how = plan.how === 'cross' && condition !== undefined ? 'inner' : plan.how;
  const joined = join(left, right, how, condition);
  const frames = joinFrames(how, edges);
  if (how === 'semi' || how === 'anti') return { plan: joined, frames };
  // Above an outer join the columns of the other side may be null.
  const now = new Map(outputOf(joined).map((attribute) => [attribute.id, attribute]));
  const visible = (attribute: Attribute): Attribute => now.get(attribute.id) ?? attribute;
  const columns = keys.map((key): Expr => {
    if (how === 'right') return visible(key.right);
    if (how !== 'full') return visible(key.left);
    const either = buildCall('coalesce', [visible(key.left), visible(key.right)], settings);
    return toNamed(key.left.name, either);
  });
  const used = new Set(keys.flatMap((key) => [key.left.id, key.right.id]));
  const rest = outputOf(joined).filter((attribute) => !used.has(attribute.id));
  const plain = project(joined, [...columns, ...rest.filter((attribute) => attribute.key === undefined)]);
  const below = rest.filter((attribute) => attribute.key === true);
  rememberKeys(plain, joined, [...below, ...keys.flatMap((key) => [visible(key.left), visible(key.right)])]);
  return { plan: plain, frames: framesOf(undefined, outputOf(plain), frames.inputs, settings.caseSensitive === true) };
}

const shownBy = (plan: Plan): readonly Attribute[] => outputOf(plan).filter((attribute) => attribute.key === undefined);

/** The names that both sides have, in the order of the left one, and each as often as both have it. */
function commonNames(left: Plan, right: Plan, { settings }: Context): readonly string[] {
  const others = indexOf(shownBy(right), settings.caseSensitive === true);
  const taken = new Map<Attribute, number>();
  return shownBy(left)
    .map((attribute) => attribute.name)
    .filter((name) => {
      const found = others.named(name);
      const [first] = found;
      if (first === undefined) return false;
      const before = taken.get(first) ?? 0;
      taken.set(first, before + 1);
      return before < found.length;
    });
}

const firstColumn: typeof keyColumn = (name, output, side, context) => {
  const [first] = indexOf(output, context.settings.caseSensitive === true).named(name);
  return first ?? keyColumn(name, output, side, context);
};

const toNamed = (name: string, input: Expr): Expr => Object.freeze({ kind: 'alias', name, input, id: nextId() });

export function keyColumn(name: string, output: readonly Attribute[], side: string, { settings }: Context): Attribute {
  const found = indexOf(output, settings.caseSensitive === true).named(name);
  const [attribute] = found;
  if (attribute === undefined) {
    const error = unresolvedColumn(name, output);
    throw new SparrowError(
      'UNRESOLVED_USING_COLUMN_FOR_JOIN',
      `the ${side} side of the join has no column \`${name}\``,
      {
        candidates: error.candidates,
        sqlState: '42703',
        parameters: { colName: name, side },
      },
    );
  }
  if (found.length > 1) throw ambiguousReference(name, found);
  return attribute;
}

/** Equality by position of two plans' columns, nulls equal, as a join condition (INTERSECT, EXCEPT). */
export function sameRows(left: Plan, right: Plan, context: Context): Expr | undefined {
  const others = outputOf(right);
  return joinAndOrNone(
    outputOf(left).map((a, i) => buildCall('eqNullSafe', [a, others[i] as Attribute], context.settings)),
  );
}
