import { SparrowError } from '../../base/index.js';
import { aggregate, filter } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { toAttribute } from '../expr-type.js';
import { exprKey, hasAggregate, hasWindow } from '../facts.js';
import { nextId } from '../ids.js';
import type { AggregatePlan, Plan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { children, withChildren } from '../walk.js';
import { replaceExpr } from '../walk-expr.js';
import { checkNesting, missingAggregation, overWindow } from './aggregate-checks.js';
import { type AggregateScope, remembered, scopeOfGroups } from './aggregate-scope.js';
import { type Analyzed, backTo, expose, scopeOver } from './analyzed.js';
import { foldLiteralCasts, requireBoolean } from './calls.js';
import type { Context } from './context.js';
import { type Named, resolveExpr } from './exprs.js';
import { groupingCalls, refuseGrouping } from './grouping-sets.js';
import { unresolvedColumn } from './names.js';
import { type Scope, scopeOf } from './scope.js';

/** The aggregation whose groups an expression above these nodes can still name, as in ORDER BY after GROUP BY. */
export function aggregateBelow(plan: Plan): AggregatePlan | undefined {
  let at: Plan | undefined = plan;
  while (at !== undefined) {
    if (at.kind === 'aggregate') return at;
    at = at.kind === 'project' || at.kind === 'filter' || at.kind === 'window' ? at.input : undefined;
  }
  return undefined;
}

/** Expressions over an aggregation's rows that may also read its grouping columns and aggregates of its input. */
export function resolveOverAggregate(
  exprs: readonly Expr[],
  input: Analyzed,
  below: AggregatePlan,
  context: Context,
): { readonly exprs: readonly Expr[]; readonly input: Plan } {
  const known = scopeOfGroups(below);
  const rows = known?.scope ?? scopeOver({ plan: below.input, frames: input.frames }, context);
  const scope = firstOf(scopeOver(input, context), rows);
  const grouping = groupingIn(known, context);
  const resolved = exprs.map((expr) => resolveExpr(grouping(expr), scope, context.settings));
  const lift = new Lift(below, definitions(input.plan), outputOf(input.plan));
  const lifted = resolved.map((expr) => lift.expr(foldLiteralCasts(expr, context.settings)));
  const rebuilt = rebuild(input.plan, below, lift.plan());
  return { exprs: lifted, input: expose(rebuilt, lift.needed) ?? rebuilt };
}

/** HAVING: a condition on groups, which may name output columns, too. */
export function havingOver(
  having: Expr,
  below: AggregatePlan,
  output: readonly Named[],
  inputScope: Scope,
  context: Context,
): Plan {
  const attributes = output.map(toAttribute);
  const own = scopeOf(attributes, inputScope.frames, context.settings.caseSensitive === true, context);
  const grouping = groupingIn(scopeOfGroups(below), context);
  const resolved = resolveExpr(grouping(having), firstOf(own, inputScope), context.settings);
  if (hasWindow(resolved)) {
    throw new SparrowError('_LEGACY_ERROR_TEMP_1034', 'It is not allowed to use window functions inside HAVING clause');
  }
  const checked = requireBoolean(resolved, 'the HAVING condition', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
  const known = new Map<number, Expr>();
  for (const expr of output) if (expr.kind === 'alias') known.set(expr.id, expr.input);
  const lift = new Lift(below, known, []);
  const condition = lifted(lift, foldLiteralCasts(checked, context.settings), attributes);
  return backTo(filter(lift.plan(), condition), below);
}

/** In HAVING a column that is no group is not there, as in Spark. */
function lifted(lift: Lift, condition: Expr, output: readonly Attribute[]): Expr {
  try {
    return lift.expr(condition);
  } catch (error) {
    if (!(error instanceof SparrowError) || error.code !== 'MISSING_AGGREGATION') throw error;
    throw unresolvedColumn(error.parameters.expression?.replaceAll('"', '') ?? '', output);
  }
}

/** What puts `grouping(…)` into its meaning, where there are grouping sets. */
const groupingIn = (known: AggregateScope | undefined, context: Context): ((expr: Expr) => Expr) =>
  known?.sets === undefined ? refuseGrouping : groupingCalls(known.sets, known.scope, context).replace;

/** Names as the first scope knows them, else as the second does. */
function firstOf(first: Scope, second: Scope): Scope {
  return {
    ...first,
    match: (parts) => {
      const found = first.match(parts);
      return found.attributes.length > 0 ? found : second.match(parts);
    },
    byId: (id) => first.byId(id) ?? second.byId(id),
  };
}

/** What output columns above and of the aggregation stand for, in terms of its input. */
function definitions(plan: Plan): Map<number, Expr> {
  const known = new Map<number, Expr>();
  const enter = (at: Plan): void => {
    if (at.kind !== 'aggregate') for (const input of children(at)) enter(input);
    const list = at.kind === 'aggregate' ? at.output : at.kind === 'project' ? at.exprs : [];
    for (const expr of list) {
      if (expr.kind === 'alias' && expr.id !== undefined) known.set(expr.id, inlined(expr.input, known));
    }
  };
  enter(plan);
  return known;
}

const inlined = (expr: Expr, known: ReadonlyMap<number, Expr>): Expr =>
  replaceExpr(expr, (e) => (e.kind === 'attribute' ? known.get(e.id) : undefined));

function rebuild(plan: Plan, old: Plan, now: Plan): Plan {
  if (plan === old) return now;
  return withChildren(
    plan,
    children(plan).map((input) => rebuild(input, old, now)),
  );
}

/** Puts columns of an aggregation where an expression has its aggregates and grouping expressions, adding columns. */
class Lift {
  /** Columns that must be visible for the expressions lifted so far. */
  readonly needed = new Set<number>();
  readonly #below: AggregatePlan;
  readonly #known: ReadonlyMap<number, Expr>;
  readonly #visible: ReadonlySet<number>;
  readonly #columns = new Map<number, Attribute>();
  readonly #groups = new Map<number, Attribute>();
  readonly #added: Expr[] = [];

  constructor(below: AggregatePlan, known: ReadonlyMap<number, Expr>, visible: readonly Attribute[]) {
    this.#below = below;
    this.#known = known;
    this.#visible = new Set(visible.map((attribute) => attribute.id));
    for (const expr of below.output) {
      const named = toAttribute(expr);
      this.#columns.set(exprKey(expr.kind === 'alias' ? inlined(expr.input, known) : expr), named);
    }
    for (const expr of below.groupBy) {
      const group = toAttribute(expr);
      this.#groups.set(exprKey(expr.kind === 'alias' ? expr.input : expr), group);
      this.#groups.set(exprKey(group), group);
    }
    for (const [key, group] of scopeOfGroups(below)?.sets?.computed ?? []) this.#groups.set(key, group);
  }

  plan(): AggregatePlan {
    const { input, groupBy, output } = this.#below;
    if (this.#added.length === 0) return this.#below;
    const wider = aggregate(input, groupBy, [...output, ...this.#added]);
    const known = scopeOfGroups(this.#below);
    return known === undefined ? wider : remembered(wider, known);
  }

  expr(expr: Expr): Expr {
    return replaceExpr(expr, (e) => this.#lifted(e));
  }

  #lifted(e: Expr): Expr | undefined {
    if (e.kind === 'literal') return e;
    if (e.kind === 'window_call') return overWindow(e, (inner) => this.expr(inner));
    const plain = inlined(e, this.#known);
    if (hasWindow(plain)) return e.kind === 'attribute' && this.#visible.has(e.id) ? e : undefined;
    const column = this.#columns.get(exprKey(plain));
    if (column !== undefined) return this.#use(column);
    const group = this.#groups.get(exprKey(plain));
    if (group !== undefined) return this.#add(group, exprKey(plain));
    if (plain.kind === 'aggregate_call') {
      checkNesting(plain);
      const alias: Alias = Object.freeze({ kind: 'alias', name: columnName(plain), input: plain, id: nextId() });
      return this.#add(alias, exprKey(plain));
    }
    if (plain.kind === 'attribute')
      throw missingAggregation(
        plain,
        this.#below.groupBy.map((g) => toAttribute(g).name),
      );
    // An output column that was written out goes on in its parts.
    return plain === e ? undefined : this.expr(plain);
  }

  #add(expr: Attribute | Alias, key: number): Attribute {
    const attribute = toAttribute(expr);
    this.#columns.set(key, attribute);
    this.#added.push(expr);
    return this.#use(attribute);
  }

  #use(attribute: Attribute): Attribute {
    this.needed.add(attribute.id);
    return attribute;
  }
}

/** Whether expressions read aggregates, which only an aggregation below can give. */
export const readAggregates = (exprs: readonly Expr[]): boolean => exprs.some(hasAggregate);
