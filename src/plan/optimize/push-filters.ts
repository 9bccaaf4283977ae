import { filter, project, union } from '../build.js';
import type { Expr } from '../expr.js';
import { readsOnly, toAttribute } from '../expr-type.js';
import { canFail, isDeterministic, isTrivial } from '../facts.js';
import { joinAnd, joinAndOrNone, splitAnd, substitute } from '../logic.js';
import type { AggregatePlan, FilterPlan, JoinPlan, Plan, ProjectPlan, UnionPlan, WindowPlan } from '../node.js';
import { outputIds, outputOf } from '../output.js';
import { HAS_FILTER, HAS_JOIN } from '../traits.js';
import { replace, withChildren } from '../walk.js';
import { topDown } from './rule.js';

/** Brings conditions as near to the sources as they can go: rows that are dropped early cost nothing later. */
export const pushFilters = topDown(
  'push-filters',
  'rows that are dropped early cost nothing later',
  HAS_FILTER | HAS_JOIN,
  (plan) => (plan.kind === 'filter' ? pushFilter(plan) : plan.kind === 'join' ? pushJoinCondition(plan) : plan),
);

function pushFilter(plan: FilterPlan): Plan {
  const { input } = plan;
  switch (input.kind) {
    case 'project':
      return throughProject(plan, input);
    case 'aggregate':
      return throughAggregate(plan, input);
    case 'join':
      return throughJoin(plan, input);
    case 'union':
      return throughUnion(plan, input);
    case 'window':
      return throughWindow(plan, input);
    case 'sort':
    case 'repartition':
    case 'distinct':
    case 'subquery_alias':
      return through(plan, isDeterministic, (terms) => withChildren(input, [filter(input.input, joinAnd(terms))]));
    // A limit or a sample takes rows by their number: what is filtered before changes which.
    default:
      return plan;
  }
}

/**
 * Splits a condition into terms that may go on and terms that stay. A term that can fail goes only when all before it
 * went, too: they may be what guards it.
 */
function partition(terms: readonly Expr[], mayGo: (term: Expr) => boolean): { go: Expr[]; stay: Expr[] } {
  const go: Expr[] = [];
  const stay: Expr[] = [];
  for (const term of terms) {
    if (mayGo(term) && (stay.length === 0 || !canFail(term))) go.push(term);
    else stay.push(term);
  }
  return { go, stay };
}

function through(plan: FilterPlan, mayGo: (term: Expr) => boolean, build: (terms: readonly Expr[]) => Plan): Plan {
  const { go, stay } = partition(splitAnd(plan.condition), mayGo);
  if (go.length === 0) return plan;
  const below = build(go);
  return stay.length === 0 ? below : filter(below, joinAnd(stay));
}

/** Below these there is nothing a condition could go on to. */
const ends: ReadonlySet<Plan['kind']> = new Set(['scan', 'local', 'range', 'cached', 'limit', 'sample', 'filter']);

function throughProject(plan: FilterPlan, input: ProjectPlan): Plan {
  const made = new Map<number, Expr>();
  for (const expr of input.exprs) if (expr.kind === 'alias' && expr.id !== undefined) made.set(expr.id, expr.input);
  const isEnd = ends.has(input.input.kind);
  const mayGo = (term: Expr): boolean => {
    if (!isDeterministic(term)) return false;
    // A computed column is computed twice below: worth it only when the condition gets somewhere by it.
    for (const [id, expr] of made) {
      if (readsOne(term, id) && (!isDeterministic(expr) || (isEnd && !isTrivial(expr)))) return false;
    }
    return true;
  };
  return through(plan, mayGo, (terms) =>
    project(filter(input.input, joinAnd(terms.map((term) => substitute(term, made)))), input.exprs),
  );
}

const readsOne = (term: Expr, id: number): boolean => !readsOnly(term, { has: (other) => other !== id });

/** A condition on grouping columns keeps or drops whole groups, so it may come before grouping. */
function throughAggregate(plan: FilterPlan, input: AggregatePlan): Plan {
  if (input.groupBy.length === 0) return plan;
  const groups = new Map<number, Expr>();
  for (const expr of input.groupBy) groups.set(toAttribute(expr).id, expr.kind === 'alias' ? expr.input : expr);
  // An output may be a grouping column under another id.
  for (const expr of input.output) {
    if (expr.kind === 'alias' && expr.id !== undefined && expr.input.kind === 'attribute') {
      const group = groups.get(expr.input.id);
      if (group !== undefined) groups.set(expr.id, group);
    }
  }
  const mayGo = (term: Expr): boolean =>
    isDeterministic(term) && readsOnly(term, groups) && [...groups.values()].every(isDeterministic);
  return through(plan, mayGo, (terms) =>
    replace(input, { input: filter(input.input, joinAnd(terms.map((term) => substitute(term, groups)))) }),
  );
}

/** A condition on the partitioning keeps or drops whole partitions. */
function throughWindow(plan: FilterPlan, input: WindowPlan): Plan {
  const keys = new Set(input.partitionBy.flatMap((expr) => (expr.kind === 'attribute' ? [expr.id] : [])));
  const mayGo = (term: Expr): boolean => isDeterministic(term) && readsOnly(term, keys);
  return through(plan, mayGo, (terms) => replace(input, { input: filter(input.input, joinAnd(terms)) }));
}

function throughUnion(plan: FilterPlan, input: UnionPlan): Plan {
  const output = outputOf(input);
  return through(plan, isDeterministic, (terms) => {
    const inputs = input.inputs.map((branch) => {
      const columns = outputOf(branch);
      const own = new Map(output.map((attribute, i) => [attribute.id, columns[i] as Expr]));
      return filter(branch, joinAnd(terms.map((term) => substitute(term, own))));
    });
    return replace(union(inputs, input.byName, input.allowMissing), { output });
  });
}

/** Which sides of a join a condition above it may go to: those whose rows the join never pads with nulls. */
const receives: Readonly<Record<JoinPlan['how'], { readonly left: boolean; readonly right: boolean }>> = {
  inner: { left: true, right: true },
  cross: { left: true, right: true },
  left: { left: true, right: false },
  right: { left: false, right: true },
  full: { left: false, right: false },
  semi: { left: true, right: false },
  anti: { left: true, right: false },
  exists: { left: true, right: false },
};

/** Joins that give every row of the side at least once: a term that can fail meets no row there it would not meet above. */
const keepsAll = (how: JoinPlan['how'], side: 'left' | 'right'): boolean =>
  how === side || (how === 'exists' && side === 'left');

function throughJoin(plan: FilterPlan, input: JoinPlan): Plan {
  const toLeft: Expr[] = [];
  const toRight: Expr[] = [];
  const toCondition: Expr[] = [];
  const stay: Expr[] = [];
  const [leftIds, rightIds] = [outputIds(input.left), outputIds(input.right)];
  const inner = input.how === 'inner' || input.how === 'cross';
  for (const term of splitAnd(plan.condition)) {
    const fails = canFail(term);
    const free = isDeterministic(term);
    const goes = (side: 'left' | 'right', ids: ReadonlySet<number>, elsewhere: number): boolean =>
      free &&
      receives[input.how][side] &&
      readsOnly(term, ids) &&
      (!fails || (keepsAll(input.how, side) && elsewhere === 0));
    if (goes('left', leftIds, stay.length + toRight.length)) toLeft.push(term);
    else if (goes('right', rightIds, stay.length + toLeft.length)) toRight.push(term);
    else if (inner && free && !fails && !readsOnly(term, leftIds) && !readsOnly(term, rightIds)) toCondition.push(term);
    else stay.push(term);
  }
  if (toLeft.length + toRight.length + toCondition.length === 0) return plan;
  const joined = overSides(input, toLeft, toRight, [
    ...(input.condition === undefined ? [] : [input.condition]),
    ...toCondition,
  ]);
  return stay.length === 0 ? joined : filter(joined, joinAnd(stay));
}

function overSides(
  input: JoinPlan,
  toLeft: readonly Expr[],
  toRight: readonly Expr[],
  conditions: readonly Expr[],
): JoinPlan {
  const left = toLeft.length === 0 ? input.left : filter(input.left, joinAnd(toLeft));
  const right = toRight.length === 0 ? input.right : filter(input.right, joinAnd(toRight));
  const condition = joinAndOrNone(conditions.flatMap(splitAnd));
  const { condition: _, ...rest } = input;
  const how = condition === undefined ? rest.how : rest.how === 'cross' ? 'inner' : rest.how;
  return Object.freeze({ ...rest, left, right, how, ...(condition === undefined ? {} : { condition }) });
}

/** Which sides a term of the join condition itself may go to: those whose unmatched rows are not kept. */
const filtersSide: Readonly<Record<JoinPlan['how'], { readonly left: boolean; readonly right: boolean }>> = {
  inner: { left: true, right: true },
  cross: { left: true, right: true },
  left: { left: false, right: true },
  right: { left: true, right: false },
  full: { left: false, right: false },
  semi: { left: true, right: true },
  anti: { left: false, right: true },
  exists: { left: false, right: true },
};

function pushJoinCondition(plan: JoinPlan): Plan {
  if (plan.condition === undefined) return plan;
  const toLeft: Expr[] = [];
  const toRight: Expr[] = [];
  const stay: Expr[] = [];
  const [leftIds, rightIds] = [outputIds(plan.left), outputIds(plan.right)];
  const sides = filtersSide[plan.how];
  for (const term of splitAnd(plan.condition)) {
    const free = isDeterministic(term) && !canFail(term);
    if (free && sides.left && readsOnly(term, leftIds)) toLeft.push(term);
    else if (free && sides.right && readsOnly(term, rightIds)) toRight.push(term);
    else stay.push(term);
  }
  return toLeft.length + toRight.length === 0 ? plan : overSides(plan, toLeft, toRight, stay);
}
