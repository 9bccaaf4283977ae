import type {
  ArrayType,
  BinaryType,
  BooleanType,
  DataType,
  DateType,
  DayTimeIntervalType,
  DecimalType,
  Float32Type,
  Float64Type,
  Int8Type,
  Int16Type,
  Int32Type,
  Int64Type,
  MapType,
  NullType,
  StringType,
  StructType,
  TimestampNtzType,
  TimestampType,
  TimeType,
  VariantType,
  YearMonthIntervalType,
} from '../base/index.js';

/**
 * The default of type parameters, so that `DataFrame` and `Column` without arguments take every frame and column: no
 * other type goes both ways. It never reaches a row or a column: there it becomes `SqlValue` and `UnknownType`.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Anything = any;

/** The type of a column nobody declared: its name and type are checked when the query is planned. */
export interface UnknownType {
  readonly kind: 'unknown';
}

/** A column or element that is never null. Without it a column is nullable, as in Spark. */
export interface NotNull<T extends DataType | UnknownType = DataType | UnknownType> {
  readonly notNull: T;
}

/** What a schema says of one column: its type, inside `NotNull` when it cannot be null. */
export type ColumnType = DataType | UnknownType | NotNull;

/** A frame's columns by name, at compile time. What is `unknown` is known when the query is planned. */
export type Shape = { readonly [name: string]: unknown };

/** The schema of a frame read without one: any name is accepted, and checked when the query is planned. */
export interface Unknown {
  readonly [name: string]: unknown;
}

/** An array whose element type the compiler knows. */
export interface ListOf<E extends ColumnType = ColumnType> extends ArrayType {
  readonly '~element'?: E;
}
/** A struct whose fields the compiler knows. */
export interface StructOf<F = Shape> extends StructType {
  readonly '~fields'?: F;
}
/** A map whose key and value types the compiler knows. */
export interface MapOf<K extends DataType = DataType, V extends ColumnType = ColumnType> extends MapType {
  readonly '~key'?: K;
  readonly '~value'?: V;
}

/** A value of a column whose type the compiler does not know. */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly SqlValue[]
  | Map<SqlValue, SqlValue>
  | { readonly [field: string]: SqlValue };

/** Which JavaScript types the values of a session have: fixed by its value options. */
export interface Values {
  readonly int64: number | bigint | string;
  readonly decimal: string | number;
  readonly date: Date | string;
  readonly timestamp: Date | string | bigint;
  readonly map: 'map' | 'object';
}

/** The values of a session created without value options. */
export interface DefaultValues extends Values {
  readonly int64: number;
  readonly decimal: string;
  readonly date: Date;
  readonly timestamp: Date;
  readonly map: 'map';
}

/** The type of each simple kind, by its name. */
export interface TypeByKind {
  readonly null: NullType;
  readonly boolean: BooleanType;
  readonly int8: Int8Type;
  readonly int16: Int16Type;
  readonly int32: Int32Type;
  readonly int64: Int64Type;
  readonly float32: Float32Type;
  readonly float64: Float64Type;
  readonly decimal: DecimalType;
  readonly string: StringType;
  readonly binary: BinaryType;
  readonly date: DateType;
  readonly time: TimeType;
  readonly timestamp: TimestampType;
  readonly timestamp_ntz: TimestampNtzType;
  readonly interval_ym: YearMonthIntervalType;
  readonly interval_dt: DayTimeIntervalType;
  readonly variant: VariantType;
  readonly unknown: UnknownType;
}

/** The type without its nullability. */
export type Unwrap<C> = C extends NotNull<infer T> ? T : C;
/** `true` when a value can be null. A union is nullable when one of its members is. */
export type IsNullable<C> = [C] extends [NotNull] ? false : true;
export type WithNull<Nullable extends boolean, T> = Nullable extends true
  ? T
  : [T] extends [DataType | UnknownType]
    ? NotNull<T>
    : T;
export type AsNullable<C> = Unwrap<C>;
interface JsByKind<T, V extends Values> {
  readonly null: null;
  readonly boolean: boolean;
  readonly int8: number;
  readonly int16: number;
  readonly int32: number;
  readonly int64: V['int64'];
  readonly float32: number;
  readonly float64: number;
  readonly decimal: V['decimal'];
  readonly string: string;
  readonly binary: Uint8Array;
  readonly date: V['date'];
  readonly time: string;
  readonly timestamp: V['timestamp'];
  readonly timestamp_ntz: V['timestamp'];
  readonly interval_ym: string;
  readonly interval_dt: string;
  readonly array: T extends ListOf<infer E> ? (ColumnType extends E ? SqlValue[] : JsOf<E, V>[]) : SqlValue[];
  readonly struct: T extends StructOf<infer F> ? Row<F, V> : Record<string, SqlValue>;
  readonly map: T extends MapOf<infer K, infer E> ? JsMap<K, E, V> : Map<SqlValue, SqlValue>;
  readonly variant: SqlValue;
  readonly unknown: SqlValue;
}

type JsMap<K extends DataType, E extends ColumnType, V extends Values> = V['map'] extends 'object'
  ? Record<string, JsOf<E, V>>
  : Map<JsOf<NotNull<K>, V>, JsOf<E, V>>;

type JsOfType<T, V extends Values> = T extends { readonly kind: infer K extends keyof JsByKind<T, V> }
  ? JsByKind<T, V>[K]
  : never;

/** The JavaScript type of a column's values in a session with values `V`. */
export type JsOf<C, V extends Values = DefaultValues> = unknown extends C
  ? SqlValue
  : C extends NotNull<infer T>
    ? JsOfType<T, V>
    : JsOfType<C, V> | null;

/** The object a row of a frame with columns `S` becomes. */
export type Row<S, V extends Values = DefaultValues> = { [K in keyof S & string]: JsOf<S[K], V> };

/**
 * The row type of a frame: `type Flight = RowOf<typeof flights>`.
 * Reads the phantom members every DataFrame carries.
 */
export type RowOf<F extends { readonly '~shape'?: unknown; readonly '~values'?: unknown }> = Row<
  Exclude<F['~shape'], undefined>,
  Exclude<F['~values'], undefined> extends infer V extends Values ? V : DefaultValues
>;

type TypeOfJs<T> = T extends boolean
  ? BooleanType
  : T extends number
    ? Int64Type | Float64Type
    : T extends bigint
      ? Int64Type
      : T extends string
        ? StringType
        : T extends Date
          ? TimestampType
          : T extends Uint8Array
            ? BinaryType
            : T extends readonly (infer E)[]
              ? ListOf<ColumnOfJs<E>>
              : T extends ReadonlyMap<infer K, infer E>
                ? MapOf<Extract<Unwrap<ColumnOfJs<K>>, DataType>, ColumnOfJs<E>>
                : T extends object
                  ? StructOf<ShapeOfRow<T>>
                  : UnknownType;

type ColumnOfJs<T> = unknown extends T
  ? UnknownType
  : [NonNullable<T>] extends [never]
    ? NullType
    : WithNull<
          null extends T ? true : undefined extends T ? true : false,
          TypeOfJs<NonNullable<T>>
        > extends infer C extends ColumnType
      ? C
      : UnknownType;

/**
 * The schema that rows of a TypeScript type have: `number` is a bigint or a double column, whichever fits the
 * values; `string`, `boolean`, `bigint`, `Date`, arrays, maps and objects are the obvious ones.
 */
export type ShapeOfRow<T> = string extends keyof T ? Unknown : { [K in keyof T & string]-?: ColumnOfJs<T[K]> };
