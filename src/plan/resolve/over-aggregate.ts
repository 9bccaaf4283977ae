import { booleanType, type DataType, SparrowError } from '../../base/index.js';
import { canCast } from '../../functions/cast-types.js';
import { aggregate, filter } from '../build.js';
import type { Alias, Attribute, Expr } from '../expr.js';
import { exprType, toAttribute } from '../expr-type.js';
import { exprKey, hasAggregate, hasWindow } from '../facts.js';
import { nextId } from '../ids.js';
import type { AggregatePlan, Plan } from '../node.js';
import { outputOf } from '../output.js';
import { columnName } from '../sql-text.js';
import { children, withChildren } from '../walk.js';
import { replaceExpr, someExpr } from '../walk-expr.js';
import { checkNesting, missingAggregation, overWindow } from './aggregate-checks.js';
import { type AggregateScope, remembered, scopeOfGroups } from './aggregate-scope.js';
import { type Analyzed, backTo, expose, scopeOver } from './analyzed.js';
import { castTo, foldLiteralCasts, requireBoolean } from './calls.js';
import type { Context } from './context.js';
import { type Named, resolveExpr } from './exprs.js';
import { groupingCalls, refuseGrouping } from './grouping-sets.js';
import { withKeys } from './join-keys.js';
import { unresolvedColumn } from './names.js';
import { isNotHere, type Scope, scopeOf } from './scope.js';

/** The aggregation whose groups an expression above these nodes can still name, as in ORDER BY after GROUP BY. */
export function aggregateBelow(plan: Plan): AggregatePlan | undefined {
  let at: Plan | undefined = plan;
  while (at !== undefined) {
    if (at.kind === 'aggregate') return at;
    at = at.kind === 'project' || at.kind === 'filter' || at.kind === 'window' ? at.input : undefined;
  }
  return undefined;
}

interface Above {
  readonly exprs: readonly Expr[];
  readonly input: Plan;
}

/** Expressions over an aggregation's rows that may also read its grouping columns and aggregates of its input. */
export function resolveOverAggregate(
  exprs: readonly Expr[],
  input: Analyzed,
  below: AggregatePlan,
  context: Context,
  isSort = false,
  rowsFirst = false,
): Above {
  try {
    return resolveOverGroups(exprs, input, below, context, isSort, rowsFirst);
  } catch (error) {
    // A key that a USING join below left out can still be named.
    const open = isNotHere(error) ? withKeys(below.input) : undefined;
    const known = scopeOfGroups(below);
    if (open === undefined || known === undefined || known.sets !== undefined) throw error;
    const scope = scopeOver({ plan: open, frames: input.frames }, context);
    const wider = remembered(aggregate(open, below.groupBy, below.output), { scope });
    return resolveOverGroups(
      exprs,
      { ...input, plan: rebuild(input.plan, below, wider) },
      wider,
      context,
      isSort,
      rowsFirst,
    );
  }
}

function resolveOverGroups(
  exprs: readonly Expr[],
  input: Analyzed,
  below: AggregatePlan,
  context: Context,
  isSort: boolean,
  rowsFirst: boolean,
): Above {
  const known = scopeOfGroups(below);
  const rows = withGroupNames(known?.scope ?? scopeOver({ plan: below.input, frames: input.frames }, context), known);
  const shown = scopeOver(input, context);
  const scope = rowsFirst ? firstOf(rows, shown) : (isSort ? sortScope : firstOf)(shown, rows);
  const grouping = groupingIn(known, context);
  const resolved = exprs.map((expr) => resolveExpr(grouping(expr), scope, context.settings));
  const lift = new Lift(below, definitions(input.plan), outputOf(input.plan), windowColumns(input.plan));
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
  const known = new Map<number, Expr>();
  const groups = new Set(below.groupBy.map((group) => toAttribute(group).id));
  const computed = scopeOfGroups(below)?.sets?.computed;
  const names = havingScope(own, inputScope, (key) => groups.has(key.id) || computed?.has(exprKey(key)) === true);
  const taken = new Map<number, Attribute>();
  const scope: Scope = {
    ...names,
    byId: (id) => taken.get(id) ?? names.byId(id),
    // An aggregate in a subquery over columns of this query is one of this query's groups.
    outerAggregate: (call) => {
      const alias: Alias = Object.freeze({ kind: 'alias', name: columnName(call), input: call, id: nextId() });
      const column = toAttribute(alias);
      known.set(column.id, call);
      taken.set(column.id, column);
      return column;
    },
  };
  const resolved = resolveExpr(grouping(having), scope, context.settings);
  if (hasWindow(resolved)) {
    throw new SparrowError('_LEGACY_ERROR_TEMP_1034', 'It is not allowed to use window functions inside HAVING clause');
  }
  const given = canCast(exprType(resolved), booleanType)
    ? castTo(resolved, booleanType, context.settings.ansi)
    : resolved;
  const checked = requireBoolean(given, 'the HAVING condition', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
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
    if (!(error instanceof SparrowError) || !error.code.startsWith('MISSING_')) throw error;
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

/** Grouping sets make columns of what is grouped by, called as the expressions are written. */
function withGroupNames(rows: Scope, known: AggregateScope | undefined): Scope {
  const computed = [...(known?.sets?.computed.values() ?? [])];
  if (computed.length === 0) return rows;
  const names = scopeOf(computed, rows.frames, rows.caseSensitive, rows.around);
  return firstOf(rows, names);
}

/** To sort by, a name that output columns share, or that has no such field there, is one of the rows below. */
function sortScope(output: Scope, rows: Scope): Scope {
  return {
    ...firstOf(output, rows),
    match: (parts) => {
      const found = output.match(parts);
      const [first, ...more] = found.attributes;
      const isOne = first !== undefined && more.every(({ id }) => id === first.id);
      if (isOne && hasField(first.type, found.fields)) return found;
      const below = rows.match(parts);
      return below.attributes.length > 0 ? below : found;
    },
  };
}

function hasField(type: DataType, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || type.kind === 'map' || type.kind === 'variant') return true;
  if (type.kind === 'array') return hasField(type.element, [name, ...rest]);
  if (type.kind !== 'struct') return false;
  return type.fields.some((field) => field.name.toLowerCase() === name.toLowerCase() && hasField(field.type, rest));
}

/** As Spark: groups go before output columns of their name, other columns of the rows after them. */
function havingScope(output: Scope, rows: Scope, isKey: (column: Attribute) => boolean): Scope {
  const { match } = firstOf(output, rows);
  return {
    ...firstOf(output, rows),
    match: (parts) => {
      const found = rows.match(parts);
      const [only, ...more] = found.attributes;
      const isGroup = only !== undefined && more.length === 0 && isKey(only);
      if (isGroup && hasField(only.type, found.fields)) return found;
      const shown = match(parts);
      // Neither has the field: the group says so.
      return isGroup && !shown.attributes.some((a) => hasField(a.type, shown.fields)) ? found : shown;
    },
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

/** Columns that windows between the aggregation and here have computed. */
function windowColumns(plan: Plan): ReadonlySet<number> {
  const ids = new Set<number>();
  for (let at: Plan | undefined = plan; at !== undefined && at.kind !== 'aggregate'; at = children(at)[0]) {
    if (at.kind !== 'window') continue;
    const below = new Set(outputOf(at.input).map(({ id }) => id));
    for (const { id } of outputOf(at)) if (!below.has(id)) ids.add(id);
  }
  return ids;
}

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
  readonly #windows: ReadonlySet<number>;
  readonly #columns = new Map<number, Attribute>();
  readonly #groups = new Map<number, Attribute>();
  readonly #added: Expr[] = [];

  constructor(
    below: AggregatePlan,
    known: ReadonlyMap<number, Expr>,
    visible: readonly Attribute[],
    windows: ReadonlySet<number> = new Set(),
  ) {
    this.#windows = windows;
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
    if (hasWindow(plain) || someExpr(plain, (a) => a.kind === 'attribute' && this.#windows.has(a.id)))
      return e.kind === 'attribute' && this.#visible.has(e.id) ? e : undefined;
    const column = this.#columns.get(exprKey(plain));
    if (column !== undefined) return this.#use(column);
    const group = this.#groups.get(exprKey(plain));
    if (group !== undefined) {
      const shown = this.#columns.get(exprKey(group));
      return shown === undefined ? this.#add(group, exprKey(plain)) : this.#use(shown);
    }
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

/** Whether windows, or a HAVING that needed columns of its own, stand between the groups and here. */
export function isClosed(plan: Plan): boolean {
  for (let at: Plan | undefined = plan; at !== undefined && at.kind !== 'aggregate'; at = children(at)[0]) {
    const [below] = children(at);
    if (at.kind === 'window') return true;
    if (at.kind === 'project' && below?.kind === 'filter' && below.input.kind === 'aggregate') return true;
  }
  return false;
}

/** As in Spark: past windows and such a HAVING only the groups' own columns can be sorted by. */
export function checkClosedGroups(orders: readonly Expr[], input: Analyzed, below: AggregatePlan, context: Context) {
  const keys = below.groupBy.filter((group) => group.kind === 'attribute');
  const rows = scopeOf(keys, input.frames, context.settings.caseSensitive === true, context);
  const scope = firstOf(scopeOver(input, context), rows);
  for (const order of orders) {
    let resolved: Expr | undefined;
    try {
      resolved = resolveExpr(order, scope, context.settings);
    } catch (error) {
      if (isNotHere(error)) throw error;
    }
    if (resolved === undefined || !hasAggregate(resolved)) continue;
    throw new SparrowError(
      'UNSUPPORTED_EXPR_FOR_OPERATOR',
      `an aggregate cannot stand in ORDER BY here: ${columnName(order)}`,
      { sqlState: '42K0E', hint: 'select it under a name, and sort by the name' },
    );
  }
}

/** Whether expressions read aggregates, which only an aggregation below can give. */
export const readAggregates = (exprs: readonly Expr[]): boolean => exprs.some(hasAggregate);
