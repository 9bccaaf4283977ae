import { SparrowError } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { aggregate, filter, join, project } from '../build.js';
import type { Alias, Attribute, Expr, Subquery } from '../expr.js';
import { readsOnly, toAttribute } from '../expr-type.js';
import { exprKey } from '../facts.js';
import { nextId } from '../ids.js';
import { isCall, joinAnd, splitAnd } from '../logic.js';
import { hasSubquery, mapNested, subqueriesOf } from '../nested.js';
import type { AggregatePlan, FilterPlan, JoinPlan, Plan } from '../node.js';
import { mapExprs, planExprs } from '../node-exprs.js';
import { outputIds, outputOf } from '../output.js';
import { columnName, sqlText } from '../sql-text.js';
import { HAS_SUBQUERY, planTraits } from '../traits.js';
import { children, replace, transformUp, withChildren } from '../walk.js';
import { replaceExpr } from '../walk-expr.js';
import { joinLateral } from './lateral.js';
import {
  existsValue,
  filterExists,
  filterIn,
  filterNotInPlain,
  inValue,
  type Placed,
  plainExists,
  scalarValue,
} from './subquery-joins.js';

/** A plan without correlated subqueries, IN and EXISTS: joins in their place. Uncorrelated scalar ones stay. */
export function decorrelate(root: Plan, settings: EvalSettings): Plan {
  return transformUp(root, (plan) => {
    const hasNested =
      (planTraits(plan) & HAS_SUBQUERY) !== 0 && (plan.kind === 'lateral_join' || planExprs(plan).some(hasSubquery));
    if (!hasNested) return plan;
    // Subqueries inside subqueries first; what those read further out stays a reference.
    const inner = mapNested(plan, (nested) => decorrelate(nested, settings));
    return rewriteNode(inner, settings);
  });
}

function rewriteNode(plan: Plan, settings: EvalSettings): Plan {
  switch (plan.kind) {
    case 'lateral_join':
      return joinLateral(plan, settings);
    case 'filter':
      return rewriteFilter(plan, settings);
    case 'join':
      return rewriteJoin(plan, settings);
    case 'aggregate':
      return rewriteAggregate(plan, settings);
    default:
      return rewriteOver(plan, settings);
  }
}

/** What it reads may also belong to queries further out. */
const isCorrelatedSubquery = (subquery: Subquery): boolean => (subquery.outer ?? []).length > 0;
/** Left as it is: its value is known before the rows are read. */
const stays = (subquery: Subquery): boolean => subquery.form === 'scalar' && !isCorrelatedSubquery(subquery);
const mustGo = (expr: Expr): boolean => subqueriesOf(expr).some((subquery) => !stays(subquery));

function rewriteFilter(plan: FilterPlan, settings: EvalSettings): Plan {
  let input = plan.input;
  const rest: Expr[] = [];
  for (const term of splitAnd(plan.condition)) {
    if (!mustGo(term)) {
      rest.push(term);
      continue;
    }
    const negated = isCall(term, 'not');
    const subquery = negated ? (term.args[0] as Expr) : term;
    if (subquery.kind !== 'subquery' || subquery.form === 'scalar' || subquery.values.some(mustGo)) {
      const placed = placeValues(input, term, settings);
      input = placed.plan;
      rest.push(placed.expr);
    } else if (subquery.form === 'exists' && !isCorrelatedSubquery(subquery)) {
      const known = plainExists(subquery);
      rest.push(negated ? replace(term as Expr & { kind: 'call' }, { args: [known] }) : known);
    } else if (subquery.form === 'exists') {
      input = filterExists(input, subquery, negated, settings);
    } else if (negated && subquery.values.length === 1 && !isCorrelatedSubquery(subquery)) {
      const { plan: joined, condition } = filterNotInPlain(input, subquery);
      input = joined;
      if (condition !== undefined) rest.push(condition);
    } else {
      input = filterIn(input, subquery, negated, settings);
    }
  }
  const filtered = rest.length === 0 ? input : filter(input, joinAnd(rest));
  return cutBack(filtered, plan);
}

const cutBack = (plan: Plan, original: Plan): Plan => {
  const output = outputOf(original);
  return outputOf(plan).length === output.length ? plan : project(plan, output);
};

/** Puts a column where each subquery of the expression stands, over a plan that has it. */
function placeValues(around: Plan, expr: Expr, settings: EvalSettings): Placed {
  let plan = around;
  const known = new Map<number, Expr>();
  const placed = replaceExpr(expr, (e) => {
    if (e.kind !== 'subquery' || stays(e)) return undefined;
    const key = exprKey(e);
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = placeOne(plan, e, settings);
    plan = result.plan;
    known.set(key, result.expr);
    return result.expr;
  });
  return { plan, expr: placed };
}

function placeOne(around: Plan, subquery: Subquery, settings: EvalSettings): Placed {
  let plan = around;
  const values = subquery.values.map((value): Expr => {
    const placed = placeValues(plan, value, settings);
    plan = placed.plan;
    return placed.expr;
  });
  const own = values.every((value, i) => value === subquery.values[i]) ? subquery : replace(subquery, { values });
  switch (own.form) {
    case 'scalar':
      return scalarValue(plan, own, settings);
    case 'exists':
      return isCorrelatedSubquery(own) ? existsValue(plan, own, settings) : { plan, expr: plainExists(own) };
    case 'in':
      return inValue(plan, own, settings);
  }
}

/** Any other node over one input: the columns come from below, and are gone again above. */
function rewriteOver(plan: Plan, settings: EvalSettings): Plan {
  const [input, ...others] = children(plan);
  if (input === undefined || others.length > 0) throw notHere(plan);
  let below = input;
  const own = mapExprs(plan, (expr) => {
    if (!mustGo(expr)) return expr;
    const placed = placeValues(below, expr, settings);
    below = placed.plan;
    return placed.expr;
  });
  const whole = withChildren(own, [below]);
  const ids = new Set(outputOf(plan).map((column) => column.id));
  const output = outputOf(whole);
  if (output.length === ids.size || output.every((column) => ids.has(column.id))) return whole;
  const now = new Map(output.map((column) => [column.id, column]));
  return project(
    whole,
    outputOf(plan).map((column) => now.get(column.id) ?? column),
  );
}

/** What stands outside aggregates is computed from the groups, above them. */
function rewriteAggregate(plan: AggregatePlan, settings: EvalSettings): Plan {
  const columns = new Map<number, Alias>();
  const outside = plan.output.some((expr) => mustGo(withoutAggregates(expr)));
  if (!outside) return rewriteOver(plan, settings);
  const above = plan.output.map((expr) =>
    replaceExpr(expr, (e) => {
      if (e.kind !== 'aggregate_call') return undefined;
      const key = exprKey(e);
      const made: Alias =
        columns.get(key) ?? Object.freeze({ kind: 'alias', name: columnName(e), input: e, id: nextId() });
      columns.set(key, made);
      return toAttribute(made);
    }),
  );
  const groups = plan.groupBy.map(toAttribute);
  const below = aggregate(plan.input, plan.groupBy, [...groups, ...columns.values()]);
  const inner = planExprs(below).some(mustGo) ? rewriteOver(below, settings) : below;
  return rewriteOver(project(inner, above), settings);
}

const withoutAggregates = (expr: Expr): Expr =>
  replaceExpr(expr, (e) => (e.kind === 'aggregate_call' ? ({ ...e, args: [] } as Expr) : undefined));

/** In the condition of an inner join subqueries are a filter above; else they are computed on the side they read. */
function rewriteJoin(plan: JoinPlan, settings: EvalSettings): Plan {
  const terms = plan.condition === undefined ? [] : splitAnd(plan.condition);
  if (plan.how === 'inner' || plan.how === 'cross') {
    const own = terms.filter((term) => !mustGo(term));
    const rest = terms.filter(mustGo);
    const joined =
      own.length === 0 ? join(plan.left, plan.right, 'cross') : join(plan.left, plan.right, 'inner', joinAnd(own));
    return rewriteFilter(filter(joined, joinAnd(rest)), settings);
  }
  let { left, right } = plan;
  const placed = terms.map((term) =>
    replaceExpr(term, (e) => {
      if (e.kind !== 'subquery' || stays(e)) return undefined;
      const isLeft = readsOnly(e, outputIds(left));
      if (!isLeft && !readsOnly(e, outputIds(right))) throw notHere(plan);
      const result = placeOne(isLeft ? left : right, e, settings);
      if (isLeft) left = result.plan;
      else right = result.plan;
      return result.expr;
    }),
  );
  const whole: JoinPlan = Object.freeze({ ...plan, left, right, condition: joinAnd(placed) });
  const now = new Map(outputOf(whole).map((column) => [column.id, column]));
  return project(
    whole,
    outputOf(plan).map((column): Attribute => now.get(column.id) ?? column),
  );
}

const notHere = (plan: Plan): SparrowError =>
  new SparrowError(
    'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_SCALAR_SUBQUERY',
    `a subquery cannot stand here: ${planExprs(plan)
      .filter(hasSubquery)
      .map((e) => sqlText(e))
      .join(', ')}`,
    { sqlState: '0A000' },
  );
