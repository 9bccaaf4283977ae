import { int32Type, SparrowError } from '../../base/index.js';
import { isOn } from '../../functions/define.js';
import { findEntry, findFunction } from '../../functions/registry.js';
import type { Alias, Attribute, Expr, UnresolvedCall, UnresolvedColumn, WindowCall } from '../expr.js';
import { isFold } from '../fold-calls.js';
import { nextId } from '../ids.js';
import { columnName } from '../sql-text.js';
import {
  exprChildren,
  foldExpr,
  replaceExpr,
  someExpr,
  transformExpr,
  visitExpr,
  withExprChildren,
} from '../walk-expr.js';
import {
  buildCall,
  buildFold,
  buildGenerator,
  buildJsCall,
  isGenerator,
  isWindowFunction,
  nestedGenerator,
  requireBoolean,
  requireOrderable,
  resolveCast,
} from './calls.js';
import { castCall, isTypeName } from './cast-calls.js';
import type { PlanSettings } from './context.js';
import { argumentName, extract, fieldOf } from './fields.js';
import { resolveLambdas } from './lambdas.js';
import { arrangeArguments, NAMED_ARGUMENT } from './named-arguments.js';
import { nameParts } from './names.js';
import { itemAt } from './positions.js';
import { callRoutine, isRoutineCall } from './routines.js';
import { type FallbackColumn, findHere, findOuter, isFound, isNotHere, type Scope } from './scope.js';
import { starColumns } from './stars.js';
import { resolveSubquery } from './subqueries.js';
import { calledFunction, intervalCall } from './temporal-calls.js';
import { resolveWindow } from './window-calls.js';

/** Settles names, types and casts of one expression. Names of inner aliases are dropped, as in Spark. */
export function resolveExpr(root: Expr, scope: Scope, settings: PlanSettings): Expr {
  let withoutOver: Expr | undefined;
  const resolve = (expr: Expr, inputs: readonly Expr[]): Expr => {
    switch (expr.kind) {
      case 'unresolved_column':
        return resolveColumn(expr, scope, settings);
      case 'unresolved_star':
        // Stars are taken apart by the call or list they stand in.
        return expr;
      case 'unresolved_call': {
        const made = resolveUnresolvedCall(expr, inputs, scope, settings);
        if (made.kind === 'call' && made.js === undefined && isWindowFunction(made.fn)) withoutOver = made;
        return made;
      }
      case 'cast':
        return expr.nullable === undefined
          ? resolveCast(expr, inputs[0] as Expr, settings)
          : withExprChildren(expr, inputs);
      case 'alias':
        return expr === root ? withExprChildren(expr, inputs) : (inputs[0] as Expr);
      case 'window_call':
        if (inputs[0] === withoutOver) withoutOver = undefined;
        return overGroup(withExprChildren(expr, inputs) as WindowCall);
      case 'subquery':
        return expr.type === undefined
          ? resolveSubquery(expr, inputs, scope, settings)
          : withExprChildren(expr, inputs);
      case 'ordinal':
        if (expr.ofInput === true) return itemAt(expr, scope.output, 'GROUP_BY');
        throw new SparrowError(
          'UNSUPPORTED_FEATURE',
          'a position has no meaning here: it goes with GROUP BY and ORDER BY',
        );
      case 'sort_order':
        requireOrderable(inputs[0] as Expr, 'sort by');
        return withExprChildren(expr, inputs);
      default:
        return inputs.length === 0 ? expr : withExprChildren(expr, inputs);
    }
  };
  // The call that takes a lambda function says what its parameters are.
  const below = (expr: Expr): readonly Expr[] => (expr.kind === 'unresolved_lambda' ? [] : exprChildren(expr));
  let resolved: Expr;
  try {
    resolved = foldExpr<Expr>(root, resolve, below);
  } catch (error) {
    if (isNotHere(error)) requireFunctions(root);
    throw error;
  }
  if (withoutOver !== undefined) {
    throw new SparrowError('WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE', `${columnName(withoutOver)} needs OVER (…)`, {
      sqlState: '42601',
      parameters: { funcName: columnName(withoutOver) },
    });
  }
  return resolved;
}

/** As Spark, a function that does not exist is said before a column that does not. */
function requireFunctions(root: Expr): void {
  visitExpr(root, (e) => {
    if (e.kind === 'unresolved_call' && e.js === undefined && !isRoutineCall(e) && !isKnownCall(e.name)) {
      findFunction(e.name);
    }
    return true;
  });
}

const isKnownCall = (name: string): boolean =>
  name === NAMED_ARGUMENT || isGroupingName(name) || isTypeName(name) || findEntry(name) !== undefined;

/** What a user's aggregator is called with is the list over the window. */
function overGroup(window: WindowCall): Expr {
  const { input } = window;
  if (!isFold(input)) return resolveWindow(window);
  return Object.freeze({ ...input, args: [resolveWindow({ ...window, input: input.args[0] as Expr })] });
}

function resolveColumn(column: UnresolvedColumn, scope: Scope, settings: PlanSettings): Expr {
  const variable = findVariable(column, scope);
  if (variable !== undefined) return fieldsOf(variable.attribute, variable.fields, settings);
  const { expr, fields } = columnExpr(column, scope, settings);
  return fieldsOf(expr, fields, settings);
}

/** Functions that are called without parentheses, too, where no column of the query has their name. */
const BARE = new Set(
  'current_date current_timestamp current_time localtimestamp current_user user session_user'.split(' '),
);

function bareCall({ name, planId }: UnresolvedColumn, settings: PlanSettings): Expr | undefined {
  const [only = '', ...fields] = planId === undefined ? nameParts(name) : [];
  const called = only.toLowerCase();
  if (fields.length > 0 || !BARE.has(called)) return undefined;
  return buildCall(called.endsWith('user') ? 'current_user' : called, [], settings);
}

/** This query's column first, then what stands for the name here, then a column of a query around this one. */
function columnExpr(column: UnresolvedColumn, scope: Scope, settings: PlanSettings): FallbackColumn {
  const found = findHere(column, scope);
  if (isFound(found)) return { expr: found.attribute, fields: found.fields };
  const called = bareCall(column, settings);
  if (called !== undefined) return { expr: called, fields: [] };
  const other = scope.fallback?.(nameParts(column.name), column);
  if (other !== undefined) return other;
  const outer = findOuter(column, scope);
  if (outer !== undefined) {
    return { expr: Object.freeze({ kind: 'outer_reference', attribute: outer.attribute }), fields: outer.fields };
  }
  const variable = scope.around.variable?.(nameParts(column.name));
  if (variable !== undefined) return variable;
  throw found();
}

const fieldsOf = (root: Expr, fields: readonly string[], settings: PlanSettings): Expr =>
  fields.reduce((expr, name) => fieldOf(expr, name, settings), root);

function findVariable(column: UnresolvedColumn, { variables, caseSensitive }: Scope) {
  if (variables === undefined || column.planId !== undefined) return undefined;
  const [first = '', ...fields] = nameParts(column.name);
  const key = (name: string): string => (caseSensitive ? name : name.toLowerCase());
  const attribute = variables.find(({ name }) => key(name) === key(first));
  return attribute && { attribute, fields };
}

function resolveUnresolvedCall(
  expr: UnresolvedCall,
  inputs: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
): Expr {
  if (isRoutineCall(expr)) return callRoutine(expr, inputs, scope, settings, resolveExpr);
  const generator = expr.name === NAMED_ARGUMENT ? undefined : inputs.find(isGenerator);
  if (generator !== undefined) throw nestedGenerator(expr.args[inputs.indexOf(generator)] ?? generator);
  // The call it stands in takes the name off.
  if (expr.name === NAMED_ARGUMENT) return inputs[1] as Expr;
  const { written, given } = arrangeArguments(expr, inputs.slice(0, expr.args.length));
  const filter = expr.filter === undefined ? undefined : inputs[expr.args.length];
  const pairs = starArgs({ ...expr, args: written }, given, scope, settings);
  if (expr.js !== undefined) {
    const plain = pairs.map(([, resolved]) => resolved);
    if (expr.js.folds !== undefined) {
      if (filter !== undefined) requireBoolean(filter, 'the FILTER condition', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
      const distinct = expr.distinct === true ? { distinct: true } : {};
      return buildFold(expr.js, plain, settings, { ...distinct, ...(filter === undefined ? {} : { filter }) });
    }
    return buildJsCall(expr.js, plain, settings, expr.distinct === true || filter !== undefined);
  }
  const args = resolveLambdas(
    expr.name,
    pairs.map(([, resolved]) => resolved),
    scope,
    settings,
    resolveExpr,
  );
  const called = findEntry(expr.name)?.name;
  if (called === 'getItem' || called === 'getField') {
    const field = extract(args, settings);
    if (field !== undefined) return field;
  }
  const cast = castCall(expr.name, args, settings);
  if (cast !== undefined) return cast;
  const entry = findEntry(expr.name);
  if (entry?.kind === 'generator') return buildGenerator(entry, args, settings);
  if (filter !== undefined) requireBoolean(filter, 'the FILTER condition', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN');
  const interval = intervalCall(expr.name, args, settings);
  if (interval !== undefined) return interval;
  const { name, shown = expr.shown } = calledFunction(expr.name, args, settings);
  const built = buildCall(name, args, settings, {
    names: pairs.map(([original], i) => argumentName(original, args[i] as Expr)),
    ...(expr.distinct === true ? { distinct: true } : {}),
    ...(filter === undefined ? {} : { filter }),
    ...(shown === undefined ? {} : { shown }),
  });
  return outerAggregate(built, scope) ?? built;
}

/** An aggregate that reads nothing but columns of the query around this one, which takes it over. */
function outerAggregate(expr: Expr, scope: Scope): Expr | undefined {
  const take = scope.around.outer?.outerAggregate;
  if (take === undefined || expr.kind !== 'aggregate_call') return undefined;
  if (someExpr(expr, (e) => e.kind === 'attribute') || !someExpr(expr, (e) => e.kind === 'outer_reference'))
    return undefined;
  const own = replaceExpr(expr, (e) => (e.kind === 'outer_reference' ? e.attribute : undefined));
  return Object.freeze({ kind: 'outer_reference', attribute: take(own as typeof expr) });
}

/** Arguments as they were written and as they are, stars taken apart. */
function starArgs(
  expr: UnresolvedCall,
  args: readonly Expr[],
  scope: Scope,
  settings: PlanSettings,
): readonly (readonly [original: Expr, resolved: Expr])[] {
  const same = (arg: Expr): readonly [Expr, Expr] => [arg, arg];
  if (!args.some((arg) => arg.kind === 'unresolved_star')) return args.map((arg, i) => [expr.args[i] as Expr, arg]);
  const [only] = args;
  if (args.length === 1 && only?.kind === 'unresolved_star' && findEntry(expr.name)?.name === 'count') {
    if (only.qualifier === undefined && only.except === undefined && expr.distinct !== true)
      return [same({ kind: 'literal', type: int32Type, value: 1 })];
    const isTable = only.qualifier !== undefined && starColumns(only, scope)[0]?.kind === 'attribute';
    if (isTable && !isOn(settings, 'spark.sql.legacy.allowStarWithSingleTableIdentifierInCount'))
      throw new SparrowError('_LEGACY_ERROR_TEMP_1021', `count(${only.qualifier}.*) is not allowed, count(*) is`);
  }
  return args.flatMap((arg, i): readonly (readonly [Expr, Expr])[] =>
    arg.kind === 'unresolved_star'
      ? starColumns(arg, scope).map((column) => [column, column.kind === 'alias' ? column.input : column])
      : [[expr.args[i] as Expr, arg]],
  );
}

/** `grouping(…)` or `grouping_id(…)`. */
export const isGroupingName = (name: string): boolean => /^grouping(_?id)?$/i.test(name);
export const isGroupingCall = (expr: Expr): expr is UnresolvedCall =>
  expr.kind === 'unresolved_call' && isGroupingName(expr.name);

/** An output column: an attribute or an alias with an id. */
export type Named = Attribute | (Alias & { readonly id: number });

/** Names a resolved expression as Spark does when the user did not. */
export function named(original: Expr, resolved: Expr, timeZone?: string): Named {
  if (resolved.kind === 'attribute' && !isGroupingCall(original)) return resolved;
  if (resolved.kind === 'unresolved_lambda') {
    throw new SparrowError('INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION', 'a lambda function is no value', {
      sqlState: '42K0D',
      hint: 'it is an argument of transform, filter, aggregate and the like',
    });
  }
  if (resolved.kind === 'alias') {
    return Object.freeze({ ...resolved, id: resolved.id ?? nextId() });
  }
  return Object.freeze({
    kind: 'alias',
    name: defaultName(original, resolved, timeZone),
    ...(isGenerator(resolved) ? { auto: true as const } : {}),
    input: resolved,
    id: nextId(),
  });
}

const lastPart = (column: UnresolvedColumn): UnresolvedColumn => ({
  kind: 'unresolved_column',
  name: nameParts(column.name).at(-1) ?? column.name,
});

function defaultName(original: Expr, resolved: Expr, timeZone: string | undefined): string {
  // What these calls resolve to is no longer what the user wrote.
  if (someExpr(original, (e) => isGroupingCall(e) || isRoutineCall(e))) {
    return columnName(transformExpr(original, (e) => (e.kind === 'unresolved_column' ? lastPart(e) : e)));
  }
  // The path into a variant that is cast has a name, too.
  if (original.kind === 'cast' && original.input.kind === 'alias') return original.input.name;
  if (resolved.kind === 'cast' && resolved.implicit !== true && resolved.input.kind === 'attribute') {
    return resolved.input.name;
  }
  if (original.kind === 'unresolved_column') {
    const name = nameParts(original.name).at(-1) ?? original.name;
    const isCall = resolved.kind === 'call' && resolved.args.length === 0 && BARE.has(name.toLowerCase());
    return isCall ? columnName(resolved, timeZone) : name;
  }
  return columnName(resolved, timeZone);
}
