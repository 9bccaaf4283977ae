import { type SourceDescription, SparrowError, type TableSource } from '../../base/index.js';
import { call, sqlQuery, subqueryAlias, withPlanId } from '../build.js';
import { type Catalog, tableNotFound, valuesOf } from '../catalog.js';
import type { Expr, UnresolvedCall } from '../expr.js';
import { everyNode, mapNested } from '../nested.js';
import type { Plan, ReadPlan, SqlQueryPlan, TableFunctionPlan, ViewPlan } from '../node.js';
import { mapExprs } from '../node-exprs.js';
import type { SqlRoutine } from '../routine.js';
import { foldPlan, transformUp, withChildren } from '../walk.js';
import { someExpr, transformExpr } from '../walk-expr.js';
import { bindWith } from './bind-with.js';
import { locate, placeOf } from './context.js';
import { withFileNames } from './file-names.js';
import { routineArguments, routineCall, routineRows } from './routines.js';
import { asOf } from './time-travel.js';

/** Views that lead through more others than this are taken to lead to themselves. */
const DEEPEST_VIEW = 100;

const expanded = new WeakMap<Catalog, WeakMap<Plan, Plan>>();

/** A plan with its views, SQL queries and SQL expressions put in; reads are still reads. */
export function expand(plan: Plan, catalog: Catalog, depth = 0): Plan {
  let known = expanded.get(catalog);
  if (known === undefined) {
    known = new WeakMap();
    expanded.set(catalog, known);
  }
  const before = known.get(plan);
  if (before !== undefined) return before;
  const unused = new Set<Plan>();
  const bound = bindWith(plan, unused);
  // As Spark does, a query that nobody names is checked: what it reads must be there.
  for (const query of unused) expand(query, catalog, depth);
  const whole = foldPlan<Plan>(bound, (node, inputs) => expandNode(withChildren(node, inputs), catalog, depth), known);
  // Nothing is left in it to be put in.
  known.set(whole, whole);
  return whole;
}

function expandNode(plan: Plan, catalog: Catalog, depth: number): Plan {
  try {
    const parsed = mapExprs(plan, (expr) => parseTexts(expr, catalog, depth));
    const own = mapNested(parsed, (nested) => expand(nested, catalog, depth));
    const { planId } = own;
    const named = (other: Plan): Plan => (planId === undefined ? other : withPlanId(other, planId));
    if (own.kind === 'view') return named(expandView(own, catalog, depth));
    if (own.kind === 'sql_query') return named(expand(bindQuery(own, catalog, depth), catalog, depth + 1));
    if (own.kind === 'table_function') return named(expandRoutine(own, catalog, depth));
    return withFileNames(own);
  } catch (error) {
    throw locate(error, () => placeOf(plan));
  }
}

function expandView(view: ViewPlan, catalog: Catalog, depth: number): Plan {
  const { name, near = [] } = view;
  const plan = catalog.view(name);
  if (plan === undefined) {
    throw tableNotFound(name.split('.'), [...catalog.viewNames(), ...near]);
  }
  if (depth > DEEPEST_VIEW) throw recursive('view', name);
  // A table brings its catalog and database along.
  if (plan.kind === 'subquery_alias' && plan.path !== undefined)
    return subqueryAlias(expand(asOf(plan, view, catalog), catalog, depth + 1), plan.name, plan.path);
  const parts = name.split('.');
  return subqueryAlias(expand(asOf(plan, view, catalog), catalog, depth + 1), parts.at(-1) ?? name);
}

function parseTexts(expr: Expr, catalog: Catalog, depth: number): Expr {
  if (!someExpr(expr, (e) => e.kind === 'sql_text' || isByName(e))) return expr;
  return transformExpr(expr, (e) => {
    if (isByName(e)) return userFunction(e, catalog, depth);
    if (e.kind !== 'sql_text') return e;
    return withUserFunctions(parseTexts(catalog.parseExpr(e.text), catalog, depth), catalog, depth);
  });
}

const isByName = (expr: Expr): expr is UnresolvedCall => expr.kind === 'unresolved_call' && expr.byName === true;

/** Calls by name in SQL text may be of functions the user registered or wrote in SQL. */
const withUserFunctions = (expr: Expr, catalog: Catalog, depth: number): Expr =>
  transformExpr(expr, (e) => (e.kind === 'unresolved_call' ? userFunction(e, catalog, depth) : e));

function userFunction(call: UnresolvedCall, catalog: Catalog, depth: number): Expr {
  if (call.js !== undefined || call.routine !== undefined) return call;
  const js = catalog.userFunction?.(call.name);
  if (js !== undefined) return Object.freeze({ ...call, js });
  const routine = catalog.routine?.(call.name);
  return routine === undefined ? call : withBody(call, routine, catalog, depth);
}

/** A call of an SQL function with all its arguments and its body, whose names are looked up here. */
function withBody(call: UnresolvedCall, routine: SqlRoutine, catalog: Catalog, depth: number): Expr {
  if (depth > DEEPEST_VIEW) throw recursive('function', routine.name);
  if (routine.isTable) {
    throw new SparrowError('UNRESOLVED_ROUTINE', `\`${routine.name}\` gives a table, not a value`, {
      sqlState: '42883',
      parameters: { routineName: `\`${call.name}\`` },
      hint: `SELECT … FROM ${routine.name}(…)`,
    });
  }
  const args = routineArguments(call, routine, catalog.parseExpr);
  const query = expand(sqlQuery(`SELECT ${routine.body}`), catalog, depth + 1);
  const body = query.kind === 'project' ? query.exprs[0] : undefined;
  return routineCall(call, routine, args, body ?? call);
}

function expandRoutine(plan: TableFunctionPlan, catalog: Catalog, depth: number): Plan {
  const routine = catalog.routine?.(plan.name);
  if (routine === undefined) return plan;
  if (depth > DEEPEST_VIEW) throw recursive('function', routine.name);
  if (!routine.isTable) {
    throw new SparrowError('UNRESOLVABLE_TABLE_VALUED_FUNCTION', `\`${routine.name}\` gives a value, not a table`, {
      sqlState: '42883',
      parameters: { name: `\`${plan.name}\`` },
    });
  }
  const args = routineArguments(call(plan.name, ...plan.args), routine, catalog.parseExpr);
  return expand(routineRows(routine, args), catalog, depth + 1);
}

const recursive = (what: string, name: string): SparrowError =>
  new SparrowError('RECURSIVE_VIEW', `the ${what} \`${name}\` leads to itself`, { sqlState: '42K0H' });

/** Puts frames and parameters where the text names them: frames as views, parameters as columns called `:name`. */
function bindQuery(query: SqlQueryPlan, catalog: Catalog, depth: number): Plan {
  return bindNames(
    query.parsed ?? catalog.parseQuery(query.text, valuesOf(query.parameters, catalog.variable)),
    query,
    catalog,
    depth,
  );
}

function bindNames(parsed: Plan, query: SqlQueryPlan, catalog: Catalog, depth: number): Plan {
  return transformUp(parsed, (node) => {
    if (node.kind === 'view' && Object.hasOwn(query.inputs, node.name)) return query.inputs[node.name] as Plan;
    const plan = mapNested(node, (nested) => bindNames(nested, query, catalog, depth));
    return mapExprs(plan, (expr) =>
      transformExpr(withUserFunctions(expr, catalog, depth), (e) => {
        if (e.kind !== 'unresolved_column' || !e.name.startsWith(':')) return e;
        const value = query.parameters[e.name.slice(1)];
        if (value !== undefined) return value;
        throw new SparrowError('UNBOUND_SQL_PARAMETER', `the parameter ${e.name} has no value`, {
          sqlState: '42P02',
          candidates: Object.keys(query.parameters).map((name) => `:${name}`),
        });
      }),
    );
  });
}

const opened = new WeakMap<Catalog, WeakMap<SourceDescription, Promise<TableSource>>>();
const sources = new WeakMap<SourceDescription, TableSource>();

/** Opens every source that is read and not yet known. */
export async function openSources(plan: Plan, catalog: Catalog): Promise<{ readonly hasParts: boolean }> {
  let known = opened.get(catalog);
  if (known === undefined) {
    known = new WeakMap();
    opened.set(catalog, known);
  }
  const opening: Promise<unknown>[] = [];
  let hasParts = false;
  for (const node of everyNode(plan)) {
    if (node.kind !== 'read') continue;
    const { description } = node;
    hasParts ||= description.stream === 'append';
    let source = known.get(description);
    if (source === undefined) {
      source = catalog.openSource(description);
      known.set(description, source);
    }
    opening.push(remember(source, node, known));
  }
  await Promise.all(opening);
  return { hasParts };
}

async function remember(
  opening: Promise<TableSource>,
  { description }: ReadPlan,
  known: WeakMap<SourceDescription, Promise<TableSource>>,
): Promise<void> {
  try {
    sources.set(description, await opening);
  } catch (error) {
    // A file that was not there may be there the next time.
    known.delete(description);
    throw error;
  }
}

export const openedSource = (read: ReadPlan): TableSource | undefined => sources.get(read.description);
