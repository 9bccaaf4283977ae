import { aggregate, filter, project } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { references, toAttribute } from '../expr-type.js';
import { isDeterministic } from '../facts.js';
import { nextId } from '../ids.js';
import { joinAnd, joinAndOrNone, splitAnd } from '../logic.js';
import type { AggregatePlan, JoinPlan, Plan, ProjectPlan } from '../node.js';
import { planExprs } from '../node-exprs.js';
import { outputIds, outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { replace, withChildren } from '../walk.js';
import { someExpr } from '../walk-expr.js';
import { isCorrelated, type OuterColumns, readsOuter } from './outer.js';

/** A plan without correlated conditions, and those conditions over its columns and outer references. */
export interface Pulled {
  readonly plan: Plan;
  readonly predicates: readonly Expr[];
}

/**
 * Brings the conditions that read outer columns to the top, where they become the condition of a join. Equalities may
 * pass an aggregation by being grouped by; undefined where a condition cannot pass.
 */
export function pull(plan: Plan, outer: OuterColumns, global: boolean): Pulled | undefined {
  if (!isCorrelated(plan, outer)) return { plan, predicates: [] };
  switch (plan.kind) {
    case 'subquery_alias':
      return pull(plan.input, outer, global);
    case 'filter': {
      const below = pull(plan.input, outer, false);
      if (below === undefined) return undefined;
      const terms = splitAnd(plan.condition);
      const own = terms.filter((term) => !readsOuter(term, outer));
      const pulled = terms.filter((term) => readsOuter(term, outer));
      const rest = joinAndOrNone(own);
      return {
        plan: rest === undefined ? below.plan : filter(below.plan, rest),
        predicates: [...below.predicates, ...pulled],
      };
    }
    case 'project':
      return throughProject(plan, outer, global);
    case 'aggregate':
      return throughAggregate(plan, outer, global);
    case 'join':
      return throughJoin(plan, outer);
    case 'distinct': {
      const below = pull(plan.input, outer, false);
      if (below === undefined || !below.predicates.every((p) => equality(p, outer) !== undefined)) return undefined;
      return { ...below, plan: withChildren(plan, [below.plan]) };
    }
    case 'sort':
    case 'generate': {
      if (planExprs(plan).some((expr) => readsOuter(expr, outer))) return undefined;
      const below = pull(plan.input, outer, false);
      return below && { ...below, plan: withChildren(plan, [below.plan]) };
    }
    default:
      return undefined;
  }
}

function throughProject(plan: ProjectPlan, outer: OuterColumns, global: boolean): Pulled | undefined {
  if (plan.exprs.some((expr) => readsOuter(expr, outer))) return undefined;
  const below = pull(plan.input, outer, global);
  if (below === undefined) return undefined;
  const shown = outputIds(plan);
  const read = new Set(below.predicates.flatMap((predicate) => [...references(predicate)]));
  const more = outputOf(below.plan).filter((column) => read.has(column.id) && !shown.has(column.id));
  return { plan: project(below.plan, [...plan.exprs, ...more]), predicates: below.predicates };
}

/** What an equality of something inside with something outside says; undefined for other conditions. */
export function equality(
  term: Expr,
  outer: OuterColumns,
): { readonly inner: Expr; readonly outside: Expr; readonly fn: 'eq' | 'eqNullSafe' } | undefined {
  if (term.kind !== 'call' || (term.fn !== 'eq' && term.fn !== 'eqNullSafe')) return undefined;
  const [a, b] = term.args as readonly [Expr, Expr];
  const inside = (expr: Expr): boolean => !someExpr(expr, (e) => e.kind === 'outer_reference') && isDeterministic(expr);
  const outside = (expr: Expr): boolean => readsOuter(expr, outer) && references(expr).size === 0;
  if (inside(a) && outside(b)) return { inner: a, outside: b, fn: term.fn };
  if (inside(b) && outside(a)) return { inner: b, outside: a, fn: term.fn };
  return undefined;
}

/** Each outer row sees the group of its own keys. Without grouping keys that is allowed only where `global` says so. */
function throughAggregate(plan: AggregatePlan, outer: OuterColumns, global: boolean): Pulled | undefined {
  if (planExprs(plan).some((expr) => readsOuter(expr, outer))) return undefined;
  if (plan.groupBy.length === 0 && !global) return undefined;
  const below = pull(plan.input, outer, false);
  if (below === undefined) return undefined;
  const groupBy = [...plan.groupBy];
  const added: Attribute[] = [];
  const predicates: Expr[] = [];
  for (const predicate of below.predicates) {
    const equal = equality(predicate, outer);
    if (equal === undefined) return undefined;
    const key = groupKey(equal.inner, groupBy);
    if (!groupBy.includes(key)) groupBy.push(key);
    const column = toAttribute(key);
    added.push(column);
    predicates.push(replace(predicate as Expr & { kind: 'call' }, { args: [column, equal.outside] }));
  }
  const shown = outputIds(plan);
  const more = [...new Map(added.map((column) => [column.id, column])).values()].filter(({ id }) => !shown.has(id));
  return { plan: aggregate(below.plan, groupBy, [...plan.output, ...more]), predicates };
}

function groupKey(inner: Expr, groupBy: readonly Expr[]): Expr {
  if (inner.kind !== 'attribute') {
    return Object.freeze({ kind: 'alias', name: columnName(inner), input: inner, id: nextId() } satisfies Alias);
  }
  return groupBy.find((key) => key.kind === 'attribute' && key.id === inner.id) ?? inner;
}

function throughJoin(plan: JoinPlan, outer: OuterColumns): Pulled | undefined {
  const terms = plan.condition === undefined ? [] : splitAnd(plan.condition);
  const correlated = terms.filter((term) => readsOuter(term, outer));
  if (plan.how === 'inner' || plan.how === 'cross') {
    const left = pull(plan.left, outer, false);
    const right = pull(plan.right, outer, false);
    if (left === undefined || right === undefined) return undefined;
    const own = terms.filter((term) => !readsOuter(term, outer));
    const { condition: _, ...rest } = plan;
    const joined: JoinPlan = Object.freeze({
      ...rest,
      how: own.length === 0 ? 'cross' : 'inner',
      left: left.plan,
      right: right.plan,
      ...(own.length === 0 ? {} : { condition: joinAnd(own) }),
    });
    return { plan: joined, predicates: [...left.predicates, ...right.predicates, ...correlated] };
  }
  // Rows of the left side are kept or dropped before or after these joins alike.
  if (plan.how !== 'left' && plan.how !== 'semi' && plan.how !== 'anti' && plan.how !== 'exists') return undefined;
  if (correlated.length > 0 || isCorrelated(plan.right, outer)) return undefined;
  const left = pull(plan.left, outer, false);
  return left && { plan: replace(plan, { left: left.plan }), predicates: left.predicates };
}
