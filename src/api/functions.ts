import { nearestNames, SparrowError } from '../base/index.js';
import { functionPlace, functionPlaces } from '../functions/names.js';
import { aggregateCall, alias, call, column, lambda, literal, sortOrder, sqlExpr, star } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';
import {
  Column,
  type ColumnBase,
  columnExpr,
  type Operand,
  operand,
  type TypeOf,
  type Unnamed,
  withFields,
} from './column.js';
import { literalArguments } from './function-rules.js';
import type {
  ApiFunctions,
  CaseElseType,
  CaseType,
  ExtraFunctions,
  FitsCondition,
  SqlFunctions,
} from './function-types.js';
import { type LiteralValue, literalOf } from './literal.js';
import type { UnknownType, WithNull } from './row-types.js';
import type { LiteralType, Ref } from './type-algebra.js';
import { t } from './types.js';

type LastPart<N extends string> = N extends `\`${infer Q}\``
  ? Q
  : N extends `${string}.${infer Rest}`
    ? LastPart<Rest>
    : N;

/**
 * A column by name: `col('delay')`, a struct's field `col('ship.city')`, one side of a join `col('a.id')`; a name
 * that holds a dot goes in backquotes. The name is checked where the column is used.
 */
export function col<const N extends string>(name: N): Column<Ref<N>, LastPart<N>> {
  return new Column(columnByName(name));
}

/** `*`, `a.*` or a column. */
export function columnByName(name: unknown): Expr {
  if (typeof name !== 'string') {
    throw new SparrowError('NOT_STR', `a column's name is a string, not ${typeof name}`, {
      hint: "write col('name')",
    });
  }
  if (name === '*') return star();
  return name.endsWith('.*') ? star(name.slice(0, -2)) : column(name);
}

/**
 * A value as a column. Integers are int (bigint past 32 bits), other numbers double, a bigint is bigint, a Date is a
 * timestamp; a second argument asks for another type: `lit('0.05', t.decimal(12, 2))`. A column passes through.
 */
export function lit<const V extends LiteralValue>(value: V): Unnamed<LiteralType<V>>;
export function lit<const V extends LiteralValue, T extends Parameters<typeof literalOf>[1] & object>(
  value: V,
  type: T,
): Unnamed<V extends null ? T : WithNull<false, T>>;
export function lit<C extends ColumnBase>(value: C): C;
export function lit(value: readonly LiteralValue[]): Unnamed<UnknownType>;
export function lit(value: unknown, type?: Parameters<typeof literalOf>[1]): unknown {
  return value instanceof Column ? value : new Column(literalOf(value, type));
}

/** An expression as SQL text: `expr('delay > 15 AND origin = "SFO"')`. Parsed when the query is planned. */
export function expr(text: string): Unnamed<UnknownType> {
  if (typeof text === 'string' && text.trim() !== '') return new Column(sqlExpr(text));
  throw new SparrowError('PARSE_EMPTY_STATEMENT', 'expr() needs SQL text');
}

/** `CASE WHEN condition THEN value …`: null where no condition holds. Add cases with `when`, the rest with `otherwise`. */
export class CaseColumn<in out C, in out V extends readonly unknown[]> extends Column<CaseType<C, V>, string> {
  readonly #branches: readonly Expr[];

  constructor(branches: readonly Expr[]) {
    super(call('when', ...branches));
    this.#branches = branches;
  }

  /** A further case, tried when none before it holds. */
  when<const D extends ColumnBase | boolean, const W extends Operand>(
    condition: FitsCondition<D>,
    value: W,
  ): CaseColumn<C | TypeOf<D>, readonly [...V, TypeOf<W>]> {
    return new CaseColumn([...this.#branches, operand(condition), operand(value)]);
  }

  /** The value where no condition holds. */
  otherwise<const W extends Operand>(value: W): Unnamed<CaseElseType<C, readonly [...V, TypeOf<W>]>> {
    return new Column(call('when', ...this.#branches, operand(value)));
  }
}

/** `when(condition, value).when(…).otherwise(…)`. A condition that is null does not hold. */
export function when<const D extends ColumnBase | boolean, const W extends Operand>(
  condition: FitsCondition<D>,
  value: W,
): CaseColumn<TypeOf<D>, readonly [TypeOf<W>]> {
  return new CaseColumn([operand(condition), operand(value)]);
}

const literalPositions: Readonly<Record<string, readonly number[] | undefined>> = literalArguments;
const camelCase = (name: string): string => name.replaceAll(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase());

/** Functions that PySpark calls by another alias than its own. */
const otherwiseCalled: Readonly<Record<string, string | undefined>> = { mean: 'avg', pow: 'power' };

/** A call as PySpark reads it: strings name columns, except at the positions where the function takes text. */
function callOf(key: string, name: string): (...args: unknown[]) => Column {
  const literals = literalPositions[key] ?? literalPositions[camelCase(name)] ?? [];
  return (...args) => {
    const given = args.map((value, i) => argument(name, value, literals.includes(i)));
    // In SQL what is trimmed off comes first, in PySpark the text does.
    if (given.length === 2 && /^[lr]?trim$/.test(name)) given.reverse();
    return new Column(call(name === 'log' && given.length === 1 ? 'ln' : (otherwiseCalled[name] ?? name), ...given));
  };
}

function argument(name: string, value: unknown, isText: boolean): Expr {
  if (typeof value === 'function') return lambdaExpr(name, value as (...columns: readonly Column[]) => unknown);
  return isText ? operand(value) : columnExpr(value, columnByName);
}

let lambdas = 0;

/** A TypeScript function as a lambda function: called once, with its parameters as columns of names nobody else has. */
function lambdaExpr(name: string, f: (...columns: readonly Column[]) => unknown): Expr {
  const own = ++lambdas;
  const params = Array.from({ length: f.length }, (_, i) => `x${i + 1}#${own}`);
  const body = f(...params.map((param) => withFields(new Column(column(`\`${param}\``)))));
  if (body === undefined) {
    throw new SparrowError(
      'HIGHER_ORDER_FUNCTION_SHOULD_RETURN_COLUMN',
      `the function given to ${name}() gave nothing`,
      {
        hint: 'return a column: x => x.add(1)',
      },
    );
  }
  return params.length === 0 ? operand(body) : lambda(params, operand(body));
}

const one = literal(t.int32, 1);
const count = (value?: unknown): Column =>
  new Column(call('count', value === undefined || value === '*' ? one : argument('count', value, false)));

const distinct =
  (name: string) =>
  (...columns: readonly unknown[]): Column =>
    new Column(
      aggregateCall(
        name,
        columns.map((value) => argument(name, value, false)),
        { distinct: true },
      ),
    );

const order =
  (descending: boolean, nullsFirst: boolean) =>
  (value: unknown): Column =>
    new Column(sortOrder(columnExpr(value, columnByName), descending, nullsFirst));

/** As PySpark: one list of columns is as good as the columns. */
const listed =
  (name: string) =>
  (...columns: readonly unknown[]): Column =>
    named(name, ...(columns.length === 1 && Array.isArray(columns[0]) ? columns[0] : columns));

const named = (name: string, ...columns: readonly unknown[]): Column => callOf(name, name)(...columns);

/** A window of time to group by: a marker, which the resolver makes a column of. Texts after the first are durations. */
const timeWindow =
  (name: 'window' | 'session_window') =>
  (time: unknown, ...durations: readonly unknown[]): Column =>
    new Column(
      alias(call(name, argument(name, time, false), ...durations.filter((d) => d !== undefined).map(operand)), name),
    );

/** A call by name, for what the resolver knows without an entry of the registry, and for PySpark's names of operators. */
const resolved =
  (name: string) =>
  (...columns: readonly unknown[]): Column =>
    named(name, ...columns);

/** A call that may be of a function the user registered. */
const byName = (name: string, ...columns: readonly unknown[]): Column =>
  new Column(
    Object.freeze({
      kind: 'unresolved_call',
      name,
      args: columns.map((value) => argument(name, value, false)),
      byName: true,
    }),
  );

const joinedDistinct = (value: unknown, delimiter?: unknown): Column =>
  new Column(
    aggregateCall(
      'listagg',
      [argument('listagg', value, false), ...(delimiter === undefined ? [] : [operand(delimiter)])],
      { distinct: true },
    ),
  );

const special: Readonly<Record<string, unknown>> = {
  count,
  col,
  column: col,
  lit,
  expr,
  when,
  countDistinct: distinct('count'),
  count_distinct: distinct('count'),
  sumDistinct: distinct('sum'),
  sum_distinct: distinct('sum'),
  asc: order(false, true),
  asc_nulls_first: order(false, true),
  ascNullsFirst: order(false, true),
  asc_nulls_last: order(false, false),
  ascNullsLast: order(false, false),
  desc: order(true, false),
  desc_nulls_first: order(true, true),
  descNullsFirst: order(true, true),
  desc_nulls_last: order(true, false),
  descNullsLast: order(true, false),
  array: listed('array'),
  struct: listed('struct'),
  map: listed('map'),
  createMap: listed('map'),
  create_map: listed('map'),
  window: timeWindow('window'),
  sessionWindow: timeWindow('session_window'),
  session_window: timeWindow('session_window'),
  callFunction: byName,
  call_function: byName,
  callUdf: byName,
  call_udf: byName,
  broadcast: (frame: unknown) => frame,
  grouping: resolved('grouping'),
  groupingId: resolved('grouping_id'),
  grouping_id: resolved('grouping_id'),
  inputFileName: resolved('input_file_name'),
  input_file_name: resolved('input_file_name'),
  negate: resolved('negative'),
  bitwise_not: resolved('~'),
  listaggDistinct: joinedDistinct,
  listagg_distinct: joinedDistinct,
  stringAggDistinct: joinedDistinct,
  string_agg_distinct: joinedDistinct,
};

const made = new Map<string, unknown>();

/** The function of a name; each is made when it is first asked for, as a program uses few of them. */
function functionOf(name: string | symbol): unknown {
  if (typeof name === 'symbol') return undefined;
  if (Object.hasOwn(special, name)) return special[name];
  if (!made.has(name)) made.set(name, make(name));
  return made.get(name);
}

function make(name: string): unknown {
  if (!isWord(name)) return undefined;
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const place = functionPlace(name) ?? functionPlace(snake);
  if (place === undefined) return undefined;
  const { key, sql } = place;
  // An alias is called as itself: that is what the column is named after.
  const called = [name, snake].find((one) => sql.includes(one));
  return key === name || called !== undefined ? callOf(key, called ?? sql[0] ?? key) : undefined;
}

/** What programs ask of any object to see what it is. */
const ASKED_OF_ALL = ['then', 'toJSON', 'asymmetricMatch', 'inspect', 'nodeType', 'tagName'];

/** A name that means no function: calling it tells which names are near, as the compiler does. */
function unknownFunction(name: string | symbol): unknown {
  if (typeof name === 'symbol' || !isWord(name) || ASKED_OF_ALL.includes(name)) return undefined;
  return () => {
    throw new SparrowError('UNRESOLVED_ROUTINE', `there is no function fn.${name}`, {
      sqlState: '42883',
      candidates: nearestNames(name, allNames()),
      hint: "a function of your own is called by fn.callFunction('name', …)",
    });
  };
}

const isWord = (name: string): boolean => /^[a-z_]\w*$/i.test(name);

function allNames(): string[] {
  const names = [...functionPlaces()].flatMap(({ key, sql }) => [key, ...sql]);
  return [...new Set([...names.filter(isWord), ...Object.keys(special)])];
}

function build(): Fn {
  const all = () => Object.fromEntries(allNames().map((name) => [name, functionOf(name)]));
  const target = Object.defineProperty({}, Symbol.for('nodejs.util.inspect.custom'), {
    value: all,
    configurable: true,
  });
  const refuse = (): boolean => false;
  return new Proxy(target, {
    get: (object, name) => functionOf(name) ?? Reflect.get(object, name) ?? unknownFunction(name),
    has: (object, name) => functionOf(name) !== undefined || Reflect.has(object, name),
    ownKeys: allNames,
    getOwnPropertyDescriptor(_, name) {
      const value = functionOf(name);
      return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: false };
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  }) as Fn;
}

interface Shortcuts {
  readonly col: typeof col;
  readonly column: typeof col;
  readonly lit: typeof lit;
  readonly expr: typeof expr;
  readonly when: typeof when;
}

/** The type of `fn`. */
export type Fn = Omit<ApiFunctions, keyof Shortcuts> &
  Omit<SqlFunctions, keyof ExtraFunctions | keyof Shortcuts> &
  ExtraFunctions &
  Shortcuts;

/**
 * Spark's functions, in camelCase and under their SQL names: `fn.dateTrunc('hour', 'date')` is `fn.date_trunc(…)`.
 * A string argument names a column, as in PySpark; every other value is a literal.
 */
export const fn: Fn = build();
