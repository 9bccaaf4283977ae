import { booleanType, int32Type, int64Type } from '../../base/index.js';
import { isOn } from '../../functions/define.js';
import type { EvalSettings } from '../../functions/expression.js';
import { aggregate, join, limit, project } from '../build.js';
import type { AggregateCall, Alias, Attribute, Expr, Subquery } from '../expr.js';
import { exprNullable, exprType, toAttribute } from '../expr-type.js';
import { nextId } from '../ids.js';
import {
  and,
  equal,
  equalNullSafe,
  falseLiteral,
  ifElse,
  isNotNull,
  isNull,
  joinAndOrNone,
  nullOf,
  or,
  trueLiteral,
} from '../logic.js';
import { type JoinType, type Plan, planOf } from '../node.js';
import { outputOf } from '../output.js';
import { replaceExpr } from '../walk-expr.js';
import { Domain } from './domain.js';
import { valueOfNothing } from './empty.js';
import { isCorrelated, type OuterColumns, outerColumns, withOuter } from './outer.js';
import { equality, pull } from './pull.js';

/** A subquery's plan beside the query it stands in, and what rows of both must meet to belong together. */
interface Partner {
  readonly plan: Plan;
  readonly conditions: readonly Expr[];
  /** At most one row of the plan belongs to each row of the query around. */
  readonly single: boolean;
}

/** Settings for what Spark did before: groups of no rows have no row for EXISTS and IN, and a count of 0 for values. */
const LEGACY_EXISTS = 'spark.sql.optimizer.decorrelateExistsSubqueryLegacyIncorrectCountHandling.enabled';
const LEGACY_VALUE = 'spark.sql.optimizer.decorrelateSubqueryLegacyIncorrectCountHandling.enabled';

const named = (name: string, input: Expr): Alias => Object.freeze({ kind: 'alias', name, input, id: nextId() });

/** The rows of `plan` for each row of `around`, found by joining. */
export function partnerOf(around: Plan, plan: Plan, outer: OuterColumns, settings: EvalSettings): Partner {
  if (!isCorrelated(plan, outer)) return { plan, conditions: [], single: false };
  const pulled = pull(plan, outer, isOn(settings, LEGACY_EXISTS));
  if (pulled !== undefined) {
    const conditions = pulled.predicates.map((predicate) => withOuter(predicate, outer));
    return { plan: pulled.plan, conditions, single: false };
  }
  return byDomain(around, plan, outer, settings);
}

function byDomain(around: Plan, plan: Plan, outer: OuterColumns, settings: EvalSettings): Partner {
  const used = new Map([...outer].filter(([id]) => isCorrelated(plan, new Set([id]))));
  const keyed = new Domain(around, used, settings).unnest(plan);
  const conditions = [...used].map(([id, expr]) => {
    const key = keyed.keys.get(id) as Attribute;
    return exprNullable(expr) ? equalNullSafe(expr, key) : equal(expr, key);
  });
  return { plan: keyed.plan, conditions, single: false };
}

/** A join with a subquery's rows. */
export function joinPartner(around: Plan, how: JoinType, partner: Partner, more: readonly Expr[] = []): Plan {
  const condition = joinAndOrNone([...partner.conditions, ...more]);
  if (condition === undefined && (how === 'inner' || how === 'cross')) return join(around, partner.plan, 'cross');
  return join(around, partner.plan, how, condition);
}

/** What only says how rows are shown does not matter to whether there are any. */
function rowsOnly(plan: Plan): Plan {
  switch (plan.kind) {
    case 'project':
    case 'sort':
    case 'distinct':
    case 'subquery_alias':
      return rowsOnly(plan.input);
    case 'limit':
      return plan.offset === 0 && plan.limit !== undefined && plan.limit > 0 ? rowsOnly(plan.input) : plan;
    default:
      return plan;
  }
}

/** WHERE [NOT] EXISTS. */
export function filterExists(around: Plan, subquery: Subquery, negated: boolean, settings: EvalSettings): Plan {
  const partner = partnerOf(around, rowsOnly(planOf(subquery.plan)), outerColumns(subquery), settings);
  return joinPartner(around, negated ? 'anti' : 'semi', partner);
}

/** EXISTS as a value. */
export function existsValue(around: Plan, subquery: Subquery, settings: EvalSettings): Placed {
  const partner = partnerOf(around, rowsOnly(planOf(subquery.plan)), outerColumns(subquery), settings);
  return marked(around, partner, []);
}

/** A plan that has what an expression reads, and the expression. */
export interface Placed {
  readonly plan: Plan;
  readonly expr: Expr;
}

function marked(around: Plan, partner: Partner, more: readonly Expr[]): Placed {
  const mark: Attribute = Object.freeze({
    kind: 'attribute',
    id: nextId(),
    name: 'exists',
    type: booleanType,
    nullable: false,
  });
  const joined = joinPartner(around, 'exists', partner, more);
  return { plan: Object.freeze({ ...joined, mark } as Plan), expr: mark };
}

const pairs = (subquery: Subquery, partner: Partner): readonly (readonly [Expr, Attribute])[] => {
  const columns = outputOf(partner.plan);
  return subquery.values.map((value, i) => [value, columns[i] as Attribute]);
};

/** WHERE … [NOT] IN. Negated, a comparison that is unknown keeps the row out as one that is true does. */
export function filterIn(around: Plan, subquery: Subquery, negated: boolean, settings: EvalSettings): Plan {
  const partner = partnerOf(around, planOf(subquery.plan), outerColumns(subquery), settings);
  const equalities = pairs(subquery, partner).map(([value, column]) => equal(value, column));
  if (!negated) return joinPartner(around, 'semi', partner, equalities);
  return joinPartner(around, 'anti', partner, equalities.map(orUnknown));
}

/** True where the comparison is true or unknown. */
const orUnknown = (comparison: Expr): Expr =>
  exprNullable(comparison) ? or(comparison, isNull(comparison)) : comparison;

/** IN as a value: true, false, or unknown when only an unknown comparison could make it true. */
export function inValue(around: Plan, subquery: Subquery, settings: EvalSettings): Placed {
  const outer = outerColumns(subquery);
  const partner = partnerOf(around, planOf(subquery.plan), outer, settings);
  const equalities = pairs(subquery, partner).map(([value, column]) => equal(value, column));
  const found = marked(around, partner, equalities);
  if (!equalities.some(exprNullable)) return found;
  const other = renewedPartner(partner);
  const unknown = marked(
    found.plan,
    other,
    pairs(subquery, other).map(([value, column]) => orUnknown(equal(value, column))),
  );
  const undecided = ifElse(unknown.expr, nullOf(booleanType), falseLiteral);
  return { plan: unknown.plan, expr: ifElse(found.expr, trueLiteral, undecided) };
}

/** The same rows under other ids, to be joined a second time. */
function renewedPartner(partner: Partner): Partner {
  const columns = outputOf(partner.plan);
  const aliases = columns.map((column) => named(column.name, column));
  const now = new Map(columns.map((column, i) => [column.id, toAttribute(aliases[i] as Alias)]));
  const conditions = partner.conditions.map((condition) => substituted(condition, now));
  return { ...partner, plan: project(partner.plan, aliases), conditions };
}

function substituted(expr: Expr, now: ReadonlyMap<number, Attribute>): Expr {
  return withAttributes(expr, (attribute) => now.get(attribute.id));
}

function withAttributes(expr: Expr, change: (attribute: Attribute) => Expr | undefined): Expr {
  return replaceExpr(expr, (e) => (e.kind === 'attribute' ? change(e) : undefined));
}

/** The only value of a correlated subquery for each row; more rows than one are an error where they meet a row. */
export function scalarValue(around: Plan, subquery: Subquery, settings: EvalSettings): Placed {
  const outer = outerColumns(subquery);
  const plan = planOf(subquery.plan);
  const [column] = outputOf(plan);
  const value = column as Attribute;
  const global = globalAggregate(plan, isOn(settings, LEGACY_VALUE));
  if (global !== undefined) {
    const pulled = pull(plan, outer, true);
    if (pulled !== undefined) {
      const conditions = pulled.predicates.map((predicate) => withOuter(predicate, outer));
      const nothing = global(value.id, settings);
      return leftValue(around, { plan: pulled.plan, conditions, single: true }, value, nothing);
    }
  }
  const pulled = pull(plan, outer, false);
  const equalities = pulled?.predicates.map((predicate) => equality(predicate, outer));
  if (pulled !== undefined && equalities?.every((e) => e !== undefined)) {
    const conditions = pulled.predicates.map((predicate) => withOuter(predicate, outer));
    return onlyValue(
      around,
      { plan: pulled.plan, conditions, single: false },
      value,
      equalities.map((e) => e?.inner as Expr),
    );
  }
  const partner = byDomain(around, plan, outer, settings);
  if (isSingle(plan)) return leftValue(around, partner, value, undefined);
  const keys = outputOf(partner.plan).slice(outputOf(plan).length);
  return onlyValue(around, partner, value, keys);
}

/** Whether a plan gives one row at most. */
function isSingle(plan: Plan): boolean {
  switch (plan.kind) {
    case 'aggregate':
      return plan.groupBy.length === 0;
    case 'limit':
      return plan.limit !== undefined && plan.limit <= 1;
    case 'project':
    case 'filter':
    case 'sort':
    case 'distinct':
    case 'subquery_alias':
      return isSingle(plan.input);
    default:
      return false;
  }
}

/** For projections over one group of everything: what they give when there are no rows. */
function globalAggregate(plan: Plan, grouped: boolean): ((id: number, settings: EvalSettings) => Expr) | undefined {
  switch (plan.kind) {
    case 'subquery_alias':
      return globalAggregate(plan.input, grouped);
    case 'aggregate': {
      if (plan.groupBy.length > 0 && !grouped) return undefined;
      const made = new Map(
        plan.output.map((expr) => [toAttribute(expr).id, expr.kind === 'alias' ? expr.input : expr]),
      );
      return (id, settings) => valueOfNothing(made.get(id) as Expr, settings);
    }
    case 'project': {
      const below = globalAggregate(plan.input, grouped);
      if (below === undefined) return undefined;
      const made = new Map(plan.exprs.map((expr) => [toAttribute(expr).id, expr.kind === 'alias' ? expr.input : expr]));
      return (id, settings) => {
        const expr = made.get(id) as Expr;
        return valueOfNothing(
          withAttributes(expr, (attribute) => below(attribute.id, settings)),
          settings,
        );
      };
    }
    default:
      return undefined;
  }
}

/** The partner's value where there is one, else what the subquery gives for no rows. */
function leftValue(around: Plan, partner: Partner, value: Attribute, nothing: Expr | undefined): Placed {
  const nullable = { ...value, nullable: true };
  if (nothing === undefined || (nothing.kind === 'literal' && nothing.value === null)) {
    return { plan: joinPartner(around, 'left', partner), expr: nullable };
  }
  const found = named('found', trueLiteral);
  const plan = project(partner.plan, [...outputOf(partner.plan), found]);
  const seen = isNotNull({ ...toAttribute(found), nullable: true });
  return { plan: joinPartner(around, 'left', { ...partner, plan }), expr: ifElse(seen, nullable, nothing) };
}

/** The partner's rows by what they are matched by, with their number: a row of the query around that meets two is an error. */
function onlyValue(around: Plan, partner: Partner, value: Attribute, keys: readonly Expr[]): Placed {
  const groupBy = keys.map((key): Alias | Attribute => (key.kind === 'attribute' ? key : named('key', key)));
  const unique = [...new Map(groupBy.map((key) => [toAttribute(key).id, key])).values()];
  const first = named(value.name, call('first', [value], value.type, true));
  const one: Expr = { kind: 'literal', type: int32Type, value: 1 };
  const count = named('rows', call('count', [one], int64Type, false));
  const grouped = aggregate(partner.plan, unique, [...unique.map(toAttribute), first, count]);
  const conditions = partner.conditions.map((condition) => keysIn(condition, groupBy));
  const joined = joinPartner(around, 'left', { plan: grouped, conditions, single: true });
  const rows = { ...toAttribute(count), nullable: true };
  const expr: Expr = Object.freeze({
    kind: 'call',
    fn: 'onlyRow',
    args: [{ ...toAttribute(first), nullable: true }, rows],
    type: value.type,
    nullable: true,
  });
  return { plan: joined, expr };
}

const call = (fn: string, args: readonly Expr[], type: Attribute['type'], nullable: boolean): AggregateCall =>
  Object.freeze({ kind: 'aggregate_call', fn, args, distinct: false, type, nullable });

/** Computed keys stand in conditions as the columns they became. */
function keysIn(condition: Expr, keys: readonly (Alias | Attribute)[]): Expr {
  const made = new Map(keys.flatMap((key) => (key.kind === 'alias' ? [[key.input, toAttribute(key)] as const] : [])));
  return replaceExpr(condition, (e) => made.get(e));
}

/** EXISTS without correlation is known before the query runs: whether a first row is there. */
export function plainExists(subquery: Subquery): Expr {
  const one = named('one', trueLiteral);
  const plan = project(limit(rowsOnly(planOf(subquery.plan)), 1), [one]);
  const first: Subquery = Object.freeze({
    kind: 'subquery',
    form: 'scalar',
    plan,
    values: [],
    outer: [],
    outerIds: [],
    type: booleanType,
    nullable: true,
  });
  return isNotNull(first);
}

/** NOT IN without correlation: by the number of rows and of nulls instead of comparing with every row. */
export function filterNotInPlain(around: Plan, subquery: Subquery): { readonly plan: Plan; readonly condition?: Expr } {
  const plan = planOf(subquery.plan);
  const [value, column] = [subquery.values[0] as Expr, outputOf(plan)[0] as Attribute];
  const joined = join(around, plan, 'anti', equal(value, column));
  const one: Expr = { kind: 'literal', type: int32Type, value: 1 };
  const countOf = (arg: Expr): Expr =>
    scalar(aggregate(plan, [], [named('n', call('count', [arg], int64Type, false))]));
  const zero: Expr = { kind: 'literal', type: int64Type, value: 0n };
  const terms: Expr[] = [];
  if (column.nullable) terms.push(equal(countOf(one), countOf(column)));
  if (exprNullable(value)) terms.push(isNotNull(value));
  const decided = terms.length === 0 ? undefined : terms.reduce(and);
  return { plan: joined, ...(decided === undefined ? {} : { condition: or(equal(countOf(one), zero), decided) }) };
}

function scalar(plan: Plan): Subquery {
  const [column] = outputOf(plan);
  return Object.freeze({
    kind: 'subquery',
    form: 'scalar',
    plan,
    values: [],
    outer: [],
    outerIds: [],
    type: exprType(column as Attribute),
    nullable: true,
  });
}
