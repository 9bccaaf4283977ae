import { inspect } from 'node:util';
import { type DataType, SparrowError } from '../base/index.js';
import { alias, call, cast, over, sortOrder, tryCast } from '../plan/build.js';
import type { Expr, WindowSpec } from '../plan/expr.js';
import { nameParts } from '../plan/resolve/names.js';
import { columnName } from '../plan/sql-text.js';
import { dropFieldExpr, fieldExpr, withFieldExpr } from './field-exprs.js';
import { describe, type LiteralValue, literalOf } from './literal.js';
import type { Anything, NotNull, UnknownType, WithNull } from './row-types.js';
import type { Both, FieldName, LiteralType, Op, OperandLiteral, Problem } from './type-algebra.js';
import { parseType, type TypeByName } from './type-text.js';

/** What every column is, whatever its type: an expression of the plan. */
export abstract class ColumnBase {
  /** The expression this column stands for. */
  readonly expr: Expr;

  constructor(expr: Expr) {
    this.expr = expr;
    Object.freeze(this);
  }

  /** The column as SQL text; nothing is run. */
  toString(): string {
    return columnName(this.expr);
  }

  [inspect.custom](): string {
    return `Column<'${this}'>`;
  }

  /** Columns are expressions, not values: comparing them with `>` or adding them with `+` is a mistake. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new SparrowError('CANNOT_CONVERT_COLUMN_INTO_BOOL', `the column '${this}' is not a JavaScript value`, {
      hint: 'use its methods: .add() for +, .gt() for >, .eq() for ==, .and() for &&, .or() for ||',
    });
  }
}

/** A column that Spark names by its expression. */
export type Unnamed<E> = Column<E, string>;

/** What can stand beside a column: another column, or a value. */
export type Operand = ColumnBase | LiteralValue;

/** What the compiler knows of an operand or value. */
export type TypeOf<O> =
  O extends Column<infer E, infer _>
    ? unknown extends E
      ? UnknownType
      : E
    : O extends ColumnBase
      ? UnknownType
      : LiteralType<O>;
type OperandType<O> = O extends ColumnBase ? TypeOf<O> : OperandLiteral<O>;
/** `O` itself, or the sentence that says why it does not fit. */
type Fits<F extends string, E, O> = Op<F, [E, OperandType<O>]> extends Problem<infer M> ? M : O;
type FitsValue<F extends string, E, O> = Op<F, [E, TypeOf<O>]> extends Problem<infer M> ? M : O;
type FitsLogic<E, O> = Both<E, TypeOf<O>> extends Problem<infer M> ? M : O;
type Compared<F extends string, E, O> = Unnamed<Op<F, [E, OperandType<O>]>>;
type Computed<F extends string, E, O> = Unnamed<Op<F, [E, TypeOf<O>]>>;

/** A frame of one column, whose values `isin` looks among. */
interface OneColumn {
  contains(...columns: readonly ColumnBase[]): ColumnBase;
  readonly plan: object;
}
const isFrame = (value: unknown): value is OneColumn =>
  typeof value === 'object' && value !== null && 'plan' in value && 'contains' in value;

/** A type to cast to: `t.int64`, or Spark's name of it. */
type CastTarget = string | DataType;
type TargetType<T> = T extends string ? TypeByName<T> : T;
type NotNullTarget<T> = WithNull<false, TargetType<T>>;
type FitsTarget<T> = T extends string
  ? [TypeByName<T>] extends [never]
    ? `There is no type "${T}". Types are written like "int", "bigint", "double", "decimal(12,2)", "string", "date", "timestamp".`
    : T
  : T;

/**
 * An expression over the columns of a frame. `E` is what the compiler knows of its type, `N` its name.
 * Immutable; every method gives a new column. Null operands give null unless a method says otherwise.
 */
export class Column<in out E = Anything, in out N extends string = Anything> extends ColumnBase {
  declare readonly '~type'?: E;
  declare readonly '~name'?: N;

  // ---- arithmetic (errors on overflow and division by zero while ANSI mode is on) ----

  /** `this + other`. */
  add<const O extends Operand>(other: FitsValue<'add', E, O>): Computed<'add', E, O> {
    return binary('+', this, other);
  }
  /** `this - other`. */
  sub<const O extends Operand>(other: FitsValue<'sub', E, O>): Computed<'sub', E, O> {
    return binary('-', this, other);
  }
  /** `this * other`. */
  mul<const O extends Operand>(other: FitsValue<'mul', E, O>): Computed<'mul', E, O> {
    return binary('*', this, other);
  }
  /** `this / other`: a double, or a decimal when a decimal is divided by a decimal or integer. */
  div<const O extends Operand>(other: FitsValue<'div', E, O>): Computed<'div', E, O> {
    return binary('/', this, other);
  }
  /** The remainder of `this / other`, with the sign of `this`. */
  mod<const O extends Operand>(other: FitsValue<'mod', E, O>): Computed<'mod', E, O> {
    return binary('%', this, other);
  }
  /** `-this`. */
  neg(): Unnamed<Op<'neg', [E]>> {
    return new Column(call('negative', this.expr));
  }
  /** PySpark's operator name for `add`. */
  plus<const O extends Operand>(other: FitsValue<'add', E, O>): Computed<'add', E, O> {
    return binary('+', this, other);
  }
  /** PySpark's operator name for `sub`. */
  minus<const O extends Operand>(other: FitsValue<'sub', E, O>): Computed<'sub', E, O> {
    return binary('-', this, other);
  }

  // ---- comparison ----

  /** `this = other`; null when either is null. NaN equals NaN. */
  eq<const O extends Operand>(other: Fits<'eq', E, O>): Compared<'eq', E, O> {
    return binary('=', this, other);
  }
  /** `this <> other`. */
  ne<const O extends Operand>(other: Fits<'ne', E, O>): Compared<'ne', E, O> {
    return new Column(call('not', call('=', this.expr, operand(other))));
  }
  /** `this < other`. NaN is greater than every other number. */
  lt<const O extends Operand>(other: Fits<'lt', E, O>): Compared<'lt', E, O> {
    return binary('<', this, other);
  }
  /** `this <= other`. */
  le<const O extends Operand>(other: Fits<'le', E, O>): Compared<'le', E, O> {
    return binary('<=', this, other);
  }
  /** `this > other`. */
  gt<const O extends Operand>(other: Fits<'gt', E, O>): Compared<'gt', E, O> {
    return binary('>', this, other);
  }
  /** `this >= other`. */
  ge<const O extends Operand>(other: Fits<'ge', E, O>): Compared<'ge', E, O> {
    return binary('>=', this, other);
  }
  /** Equality that treats null as a value: never null itself. */
  eqNullSafe<const O extends Operand>(other: Fits<'eqNullSafe', E, O>): Compared<'eqNullSafe', E, O> {
    return binary('<=>', this, other);
  }
  /** `lower <= this AND this <= upper`. */
  between<const A extends Operand, const B extends Operand>(
    lower: Fits<'between', E, A>,
    upper: Fits<'between', E, B>,
  ): Unnamed<Both<Op<'ge', [E, OperandType<A>]>, Op<'le', [E, OperandType<B>]>>> {
    return new Column(call('and', call('>=', this.expr, operand(lower)), call('<=', this.expr, operand(upper))));
  }
  /**
   * Equal to one of the values; null when it is not but one of them is null. Takes values, one array of them, or a frame
   * of one column.
   */
  isin<const O extends Operand>(
    ...values: readonly Fits<'isin', E, O>[] | readonly [readonly Fits<'isin', E, O>[]] | readonly [OneColumn]
  ): Unnamed<Op<'isin', [E, OperandType<O>]>> {
    const [frame] = values as readonly unknown[];
    if (isFrame(frame)) return frame.contains(this) as never;
    const flat = values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
    return new Column(call('in', this.expr, ...flat.map(operand)));
  }

  /** Bitwise AND of whole numbers. */
  bitwiseAND(other: Operand): Unnamed<UnknownType> {
    return binary('&', this, other);
  }
  /** Bitwise OR of whole numbers. */
  bitwiseOR(other: Operand): Unnamed<UnknownType> {
    return binary('|', this, other);
  }
  /** Bitwise XOR of whole numbers. */
  bitwiseXOR(other: Operand): Unnamed<UnknownType> {
    return binary('^', this, other);
  }

  // ---- conditions ----

  /** Both hold: false when one is false, else null when one is null. */
  and<const O extends ColumnBase | boolean>(other: FitsLogic<E, O>): Unnamed<Both<E, TypeOf<O>>> {
    return binary('and', this, other);
  }
  /** One holds: true when one is true, else null when one is null. */
  or<const O extends ColumnBase | boolean>(other: FitsLogic<E, O>): Unnamed<Both<E, TypeOf<O>>> {
    return binary('or', this, other);
  }
  /** The opposite condition; null stays null. */
  not(): Unnamed<Op<'not', [E]>> {
    return new Column(call('not', this.expr));
  }
  /** True for null, false otherwise. */
  isNull(): Unnamed<Op<'isNull', [E]>> {
    return new Column(call('isnull', this.expr));
  }
  /** False for null, true otherwise. */
  isNotNull(): Unnamed<Op<'isNotNull', [E]>> {
    return new Column(call('isnotnull', this.expr));
  }
  /** True for NaN; false for null. */
  isNaN(): Unnamed<Op<'isNaN', [E]>> {
    return new Column(call('isnan', this.expr));
  }

  // ---- text ----

  /** SQL LIKE: `%` is any text, `_` one character, `\` escapes. */
  like<const O extends Operand>(pattern: FitsValue<'like', E, O>): Computed<'like', E, O> {
    return binary('like', this, pattern);
  }
  /** LIKE without regard to case. */
  ilike<const O extends Operand>(pattern: FitsValue<'ilike', E, O>): Computed<'ilike', E, O> {
    return binary('ilike', this, pattern);
  }
  /** A part of the text matches the regular expression. */
  rlike<const O extends Operand>(pattern: FitsValue<'rlike', E, O>): Computed<'rlike', E, O> {
    return binary('rlike', this, pattern);
  }
  /** The text contains `other`. */
  contains<const O extends Operand>(other: FitsValue<'contains', E, O>): Computed<'contains', E, O> {
    return binary('contains', this, other);
  }
  /** The text starts with `other`. */
  startsWith<const O extends Operand>(other: FitsValue<'startsWith', E, O>): Computed<'startsWith', E, O> {
    return binary('startswith', this, other);
  }
  /** The text ends with `other`. */
  endsWith<const O extends Operand>(other: FitsValue<'endsWith', E, O>): Computed<'endsWith', E, O> {
    return binary('endswith', this, other);
  }
  /** PySpark's spelling of `startsWith`. */
  startswith<const O extends Operand>(other: FitsValue<'startsWith', E, O>): Computed<'startsWith', E, O> {
    return binary('startswith', this, other);
  }
  /** PySpark's spelling of `endsWith`. */
  endswith<const O extends Operand>(other: FitsValue<'endsWith', E, O>): Computed<'endsWith', E, O> {
    return binary('endswith', this, other);
  }
  /** `length` characters from position `start`, which counts from 1, or from the end when negative. */
  substr(start: number | ColumnBase, length: number | ColumnBase): Unnamed<Op<'substr', [E, NotNull]>> {
    return new Column(call('substr', this.expr, operand(start), operand(length)));
  }

  // ---- types, names, order ----

  /** The value as another type; `CAST_INVALID_INPUT` when it does not fit (null with ANSI mode off). */
  cast<const T extends CastTarget>(type: FitsTarget<T>): Column<Op<'cast', [E, NotNullTarget<T>]>, N> {
    return new Column(cast(this.expr, target(type)));
  }
  /** PySpark's other name of `cast`. */
  astype<const T extends CastTarget>(type: FitsTarget<T>): Column<Op<'cast', [E, NotNullTarget<T>]>, N> {
    return new Column(cast(this.expr, target(type)));
  }
  /** As `cast`, with null where the value does not fit. */
  tryCast<const T extends CastTarget>(type: FitsTarget<T>): Column<Op<'tryCast', [E, TargetType<T>]>, N> {
    return new Column(tryCast(this.expr, target(type)));
  }
  /** PySpark's spelling of `tryCast`. */
  try_cast<const T extends CastTarget>(type: FitsTarget<T>): Column<Op<'tryCast', [E, TargetType<T>]>, N> {
    return new Column(tryCast(this.expr, target(type)));
  }
  /** The column under another name; what makes several columns (`posexplode`) takes a name for each. */
  as<const M extends string>(name: M, ...more: readonly string[]): Column<E, M> {
    return new Column(
      alias(this.expr, checkName(name), ...(more.length === 0 ? [] : [[name, ...more].map(checkName)])),
    );
  }
  /** The column under another name: PySpark's word for `as`. */
  alias<const M extends string>(name: M, ...more: readonly string[]): Column<E, M> {
    return this.as(name, ...more);
  }
  /** The column under another name. */
  name<const M extends string>(name: M, ...more: readonly string[]): Column<E, M> {
    return this.as(name, ...more);
  }
  /** What a function makes of the column: `col('a').transform((x) => x.add(1))`. */
  transform<R extends ColumnBase>(change: (column: this) => R): R {
    return change(this);
  }
  /** The column itself: subqueries find columns of the query around them by name. PySpark marks them so. */
  outer(): this {
    return this;
  }
  /** Ascending order, nulls first. */
  asc(): Column<E, N> {
    return new Column(sortOrder(this.expr));
  }
  /** Descending order, nulls last. */
  desc(): Column<E, N> {
    return new Column(sortOrder(this.expr, true));
  }
  /** Ascending order, nulls first. */
  ascNullsFirst(): Column<E, N> {
    return new Column(sortOrder(this.expr, false, true));
  }
  /** Ascending order, nulls last. */
  ascNullsLast(): Column<E, N> {
    return new Column(sortOrder(this.expr, false, false));
  }
  /** Descending order, nulls first. */
  descNullsFirst(): Column<E, N> {
    return new Column(sortOrder(this.expr, true, true));
  }
  /** Descending order, nulls last. */
  descNullsLast(): Column<E, N> {
    return new Column(sortOrder(this.expr, true, false));
  }

  /** PySpark's spelling of `ascNullsFirst`. */
  asc_nulls_first(): Column<E, N> {
    return this.ascNullsFirst();
  }
  /** PySpark's spelling of `ascNullsLast`. */
  asc_nulls_last(): Column<E, N> {
    return this.ascNullsLast();
  }
  /** PySpark's spelling of `descNullsFirst`. */
  desc_nulls_first(): Column<E, N> {
    return this.descNullsFirst();
  }
  /** PySpark's spelling of `descNullsLast`. */
  desc_nulls_last(): Column<E, N> {
    return this.descNullsLast();
  }

  // ---- windows and nested values ----

  /** The aggregate or window function over a window of rows: `fn.rank().over(Window.partitionBy('state').orderBy('n'))`. */
  over(window: { readonly spec: WindowSpec }): Column<E, N> {
    return new Column(over(this.expr, window.spec));
  }
  /** Element of an array by position from 0, value of a map by key, or field of a struct by name. */
  getItem(key: Operand): Unnamed<Op<'getItem', [E]>> {
    return new Column(call('getItem', this.expr, operand(key)));
  }
  /** Field of a struct by name. */
  getField<const F extends string>(name: F): Column<Op<'getField', [E, FieldName<F>]>, F> {
    return new Column(fieldExpr(this.expr, checkName(name)));
  }
  /** The struct with a field replaced or added; a dotted name reaches into structs inside. */
  withField<const F extends string>(name: F, value: ColumnBase): Unnamed<UnknownType> {
    return new Column(withFieldExpr(this.expr, nameParts(checkName(name)), operand(value)));
  }
  /** The struct without these fields; dotted names reach into structs inside. Names that are not there are ignored. */
  dropFields(...names: readonly string[]): Unnamed<UnknownType> {
    return new Column(names.reduce((expr, name) => dropFieldExpr(expr, nameParts(checkName(name))), this.expr));
  }
}

/** A column whose properties that are no methods are its fields: `$.ship.city`. */
export function withFields(column: Column): Column {
  return new Proxy(column, {
    get: (target, name, receiver) =>
      typeof name !== 'string' || name in target
        ? Reflect.get(target, name, receiver)
        : withFields(new Column(fieldExpr(target.expr, name))),
  });
}

/** The column or value as an expression; refuses `undefined`, functions and objects by name. */
export function operand(value: unknown): Expr {
  if (value instanceof ColumnBase) return value.expr;
  if (value === undefined) {
    throw new SparrowError('NOT_COLUMN_OR_STR', 'undefined stands where a column or value is needed', {
      hint: 'for SQL NULL pass null',
    });
  }
  return literalOf(value);
}

/** A column given by name or as it is. */
export const columnExpr = (value: unknown, byName: (name: string) => Expr): Expr =>
  typeof value === 'string' ? byName(value) : operand(value);

function binary<E>(name: string, left: ColumnBase, right: unknown): Unnamed<E> {
  return new Column(call(name, left.expr, operand(right)));
}

function target(type: unknown): DataType {
  if (typeof type === 'string') return parseType(type);
  if (typeof type === 'object' && type !== null && 'kind' in type) return type as DataType;
  throw new SparrowError('NOT_DATATYPE_OR_STR', `${describe(type)} is not a type`, {
    hint: "name it like 'bigint', or use t, for example t.int64",
  });
}

function checkName(name: unknown): string {
  if (typeof name === 'string' && name.length > 0) return name;
  throw new SparrowError('NOT_STR', `a column's name is a string of at least one character, not ${describe(name)}`);
}
