import {
  type DataType,
  type JsFunction,
  PartNeeded,
  type Scalar,
  SparrowError,
  sameType,
  simpleString,
  stringType,
  structType,
} from '../../base/index.js';
import { canCast, castNullable, castRefusal } from '../../functions/cast-types.js';
import type { ArgType, GeneratorFunction } from '../../functions/define.js';
import { findEntry, findFunction, generatorFunction, resolveCall, resolveGenerator } from '../../functions/registry.js';
import { canImplicitlyCast, isDistinguishable, isGroupable, isOrderable } from '../../functions/signature.js';
import { constantValue } from '../bind.js';
import { literal } from '../build.js';
import { shownName } from '../display-names.js';
import type { AggregateCall, Call, Cast, Expr } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { isConstant } from '../facts.js';
import { columnName, sqlText } from '../sql-text.js';
import { transformExpr } from '../walk-expr.js';
import type { PlanSettings } from './context.js';

export interface CallOptions {
  readonly distinct?: boolean;
  readonly filter?: Expr;
  /** What the arguments are called, for functions that name fields by it. */
  readonly names?: readonly (string | undefined)[];
  /** How the call was written, where that is not its name. */
  readonly shown?: string;
}

/** A resolved call of whatever the registry knows by this name; window functions become calls, too. */
export function buildCall(
  name: string,
  args: readonly Expr[],
  settings: PlanSettings,
  options: CallOptions = {},
): Call | AggregateCall {
  const { entry, resolution, given } = resolveWithConstants(name, args, settings, options.names ?? []);
  const cast = given.map((arg, i) => {
    const made = castTo(arg, resolution.args[i] ?? exprType(arg), settings.ansi);
    const isSafe = resolution.tolerant === true && made.kind === 'cast' && exprType(arg).kind === 'string';
    return isSafe ? Object.freeze({ ...made, safe: true, nullable: true }) : made;
  });
  const { returns: type } = resolution;
  // A cast may give null where there was a value: without ANSI many, with it those of NaN and infinity to decimals.
  const nullable = resolution.nullable || cast.some((arg, i) => exprNullable(arg) && !exprNullable(given[i] as Expr));
  const shown = options.shown ?? shownName(name, args.length);
  const display = shown === undefined ? {} : { shown };
  if (entry.kind === 'aggregate') {
    const { distinct = false, filter } = options;
    return Object.freeze({
      kind: 'aggregate_call',
      fn: entry.name,
      args: cast,
      distinct,
      ...(filter === undefined ? {} : { filter }),
      type,
      nullable,
      ...display,
    });
  }
  if (options.distinct === true || options.filter !== undefined) {
    throw notAnAggregate(name);
  }
  const called = entry.kept?.find((kept) => kept === name.toLowerCase());
  const own = called === undefined ? {} : { called };
  return Object.freeze({ kind: 'call', fn: entry.name, ...own, ...display, args: cast, type, nullable });
}

/** A resolved call of a generator: its type is a struct of the columns it makes. */
export const isGenerator = (expr: Expr): expr is Call =>
  expr.kind === 'call' && expr.js === undefined && findEntry(expr.fn)?.kind === 'generator';

export const nestedGenerator = (generator: Expr): SparrowError =>
  new SparrowError(
    'UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS',
    `a generator cannot stand inside an expression: ${columnName(generator)}`,
    { sqlState: '42K0E', parameters: { expression: columnName(generator) }, hint: 'select it alone, then compute' },
  );

/** A call of a generator: its type is a struct of the columns it makes. */
export function buildGenerator(entry: GeneratorFunction, args: readonly Expr[], settings: PlanSettings): Call {
  const resolution = resolveGenerator(entry, args.map(argType), settings);
  const cast = args.map((arg, i) => castTo(arg, resolution.args[i] ?? exprType(arg), settings.ansi));
  return Object.freeze({
    kind: 'call',
    fn: entry.name,
    args: cast,
    type: structType(resolution.columns),
    nullable: false,
  });
}

/** Whether a resolved generator makes a row of nulls where it would make none. */
export const keepsEmpty = (generator: Call, settings: PlanSettings): boolean =>
  resolveGenerator(generatorFunction(generator.fn), generator.args.map(argType), settings).outer === true;

/** A call of the user's own function: its arguments are cast to the types it was declared with. */
export function buildJsCall(js: JsFunction, args: readonly Expr[], settings: PlanSettings, asAggregate: boolean): Call {
  if (asAggregate) throw notAnAggregate(js.name);
  const cast = argumentsOf(js, args, settings);
  return Object.freeze({ kind: 'call', fn: js.key, args: cast, type: js.returns, nullable: true, js });
}

/** A call of the user's own aggregator: over the list of what a group has. */
export function buildFold(js: JsFunction, args: readonly Expr[], settings: PlanSettings, options: CallOptions): Call {
  const cast = argumentsOf(js, args, settings);
  const pairs = cast.flatMap((arg, i): Expr[] => [literal(stringType, `_${i + 1}`), arg]);
  const item = js.folds === 'values' ? (cast[0] as Expr) : buildCall('named_struct', pairs, settings);
  const list = buildCall('collect_list', [item], settings, options);
  return Object.freeze({ kind: 'call', fn: js.key, args: [list], type: js.returns, nullable: true, js });
}

function argumentsOf(js: JsFunction, args: readonly Expr[], settings: PlanSettings): readonly Expr[] {
  const wanted = js.args ?? args.map(exprType);
  if (wanted.length !== args.length) {
    throw new SparrowError(
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      `the function \`${js.name}\` takes ${wanted.length} argument${wanted.length === 1 ? '' : 's'}, not ${args.length}`,
      { sqlState: '42605', parameters: { functionName: js.name } },
    );
  }
  return args.map((arg, i) => {
    const type = wanted[i] as DataType;
    if (canImplicitlyCast(exprType(arg), type)) return castTo(arg, type, settings.ansi);
    throw new SparrowError(
      'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
      `argument ${i + 1} of \`${js.name}\` is ${simpleString(type).toUpperCase()}, but ${columnName(arg)} is ${simpleString(exprType(arg)).toUpperCase()}`,
      { sqlState: '42K09', hint: 'cast the argument, or declare the function with other types' },
    );
  });
}

function notAnAggregate(name: string): SparrowError {
  return new SparrowError(
    'INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX',
    `\`${name}\` is no aggregate function`,
    { sqlState: '42000', hint: 'DISTINCT and FILTER go with aggregate functions only' },
  );
}

/** Arguments that must be constants may be written as constant expressions (`round(x, -1)`, `lpad(s, 2 * 3)`). */
function resolveWithConstants(
  name: string,
  args: readonly Expr[],
  settings: PlanSettings,
  names: readonly (string | undefined)[],
) {
  const named = (arg: Expr, i: number): ArgType => {
    const name = names[i];
    return name === undefined ? argType(arg) : { ...argType(arg), name };
  };
  try {
    return { ...resolveCall(name, args.map(named), settings), given: args };
  } catch (error) {
    if (!(error instanceof SparrowError) || error.code === 'UNRESOLVED_ROUTINE') throw error;
    // From the last one on, so that no more are taken for constants than have to be: it shows in names.
    let given = args;
    let last: unknown = error;
    for (let i = args.length - 1; i >= 0; i--) {
      const folded = foldConstant(args[i] as Expr, settings);
      if (folded === args[i]) continue;
      given = given.map((arg, k) => (k === i ? folded : arg));
      try {
        return { ...resolveCall(name, given.map(named), settings), given };
      } catch (again) {
        if (again instanceof PartNeeded) throw again;
        last = again;
      }
    }
    throw last;
  }
}

function foldConstant(arg: Expr, settings: PlanSettings): Expr {
  if (arg.kind === 'literal' || !isConstant(arg)) return arg;
  const value = constantValue(arg, settings);
  if (value === undefined) return arg;
  return { kind: 'literal', type: exprType(arg), value, written: columnName(arg, settings.timeZone) };
}

/** What is known of an argument. */
export function argType(arg: Expr): ArgType {
  const type = exprType(arg);
  const nullable = exprNullable(arg);
  return arg.kind === 'literal' ? { type, nullable, literal: arg.value } : { type, nullable };
}

/** A cast the user did not write, where one is needed. */
export function castTo(expr: Expr, type: DataType, ansi = true): Expr {
  if (expr.kind === 'lambda') {
    const body = castTo(expr.body, type, ansi);
    return body === expr.body ? expr : Object.freeze({ ...expr, body });
  }
  const from = exprType(expr);
  if (sameType(from, type) || sameButForNullability(from, type)) return expr;
  const nullable = exprNullable(expr) || castNullable(from, type, false, ansi);
  return Object.freeze({ kind: 'cast', input: expr, type, implicit: true, nullable });
}

/** A nested value whose elements are never null is also a value of the type where they may be. */
function sameButForNullability(from: DataType, to: DataType): boolean {
  if (from.kind !== to.kind) return false;
  switch (from.kind) {
    case 'array':
      return to.kind === 'array' && (to.containsNull || !from.containsNull) && same(from.element, to.element);
    case 'map':
      return (
        to.kind === 'map' &&
        (to.valueContainsNull || !from.valueContainsNull) &&
        same(from.key, to.key) &&
        same(from.value, to.value)
      );
    case 'struct':
      return (
        to.kind === 'struct' &&
        from.fields.length === to.fields.length &&
        from.fields.every((f, i) => {
          const g = to.fields[i];
          return g !== undefined && f.name === g.name && (g.nullable || !f.nullable) && same(f.type, g.type);
        })
      );
    default:
      return false;
  }
}

const same = (from: DataType, to: DataType): boolean => sameType(from, to) || sameButForNullability(from, to);

/** A cast as the user wrote it, checked. */
export function resolveCast(expr: Cast, input: Expr, settings: PlanSettings): Expr {
  const from = exprType(input);
  const safe = expr.safe === true;
  if (!canCast(from, expr.type, settings.ansi || safe)) {
    throw new SparrowError(
      `DATATYPE_MISMATCH.${castRefusal(from, expr.type, safe, settings.ansi)}`,
      `${simpleString(from).toUpperCase()} cannot be cast to ${simpleString(expr.type).toUpperCase()}: ${columnName(expr)}`,
      { sqlState: '42K09' },
    );
  }
  const nullable = exprNullable(input) || castNullable(from, expr.type, expr.safe === true, settings.ansi);
  return Object.freeze({ ...expr, input, nullable });
}

/** What is left to do when names are settled: the casts the resolver put around literals are done once, here. */
export function foldLiteralCasts(expr: Expr, settings: PlanSettings): Expr {
  return transformExpr(expr, (e) => {
    if (e.kind !== 'cast' || e.implicit !== true || e.input.kind !== 'literal') return e;
    const value: Scalar | undefined = constantValue(e, settings);
    // A value that becomes null is none that the query says itself: it does not go before errors of other arguments.
    return value === undefined || (value === null && e.input.value !== null)
      ? e
      : Object.freeze({ kind: 'literal', type: e.type, value });
  });
}

/** A condition must be boolean. */
export function requireBoolean(expr: Expr, what: string, code: string): Expr {
  const type = exprType(expr);
  if (type.kind === 'boolean') return expr;
  if (type.kind === 'null') return castTo(expr, { kind: 'boolean' });
  throw new SparrowError(code, `${what} must be boolean, but ${sqlText(expr)} is ${simpleString(type).toUpperCase()}`, {
    sqlState: '42K09',
  });
}

/** What can be grouped by: maps can, though they have no order. */
export function requireGroupable(expr: Expr): void {
  requireOrderable(expr, 'group by', isGroupable);
}

/** What rows can be told apart by in DISTINCT: not maps. */
export function requireDistinguishable(expr: Expr): void {
  requireOrderable(expr, 'group by', isDistinguishable);
}

export function requireOrderable(expr: Expr, what: string, isGood: (type: DataType) => boolean = isOrderable): void {
  const type = exprType(expr);
  if (isGood(type)) return;
  throw new SparrowError(
    what === 'group by' ? 'GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE' : 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
    `cannot ${what} ${columnName(expr)}: values of type ${simpleString(type).toUpperCase()} have no order`,
    { sqlState: '42K09' },
  );
}

export const isWindowFunction = (fn: string): boolean => findFunction(fn).kind === 'window';
