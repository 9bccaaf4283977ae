import type {
  BinaryType,
  BooleanType,
  DecimalType,
  Float64Type,
  Int32Type,
  Int64Type,
  NullType,
  StringType,
  TimestampType,
} from '../base/index.js';
import type { FunctionRules } from './function-rules.js';
import type {
  ColumnType,
  IsNullable,
  ListOf,
  MapOf,
  NotNull,
  StructOf,
  TypeByKind,
  UnknownType,
  Unwrap,
  WithNull,
} from './row-types.js';

/*
 * What the compiler knows of an expression: the type of its value, or, as long as it names columns of a frame it
 * has not met yet (`col("x").add(1)`), how to find it. `Resolve` finds it, once the frame is known.
 */

/** A column by name, looked up where the expression is used. */
export interface Ref<N extends string = string> {
  readonly ref: N;
}
/** A function of expressions that are not all known yet. */
export interface Apply<F extends string = string, A extends readonly unknown[] = readonly unknown[]> {
  readonly apply: F;
  readonly args: A;
}
/** A chain of AND and OR over the union `X`: flat, so that long conditions stay shallow. */
export interface Logic<X = unknown> {
  readonly logic: X;
}
/** A mistake, as a sentence: it reaches the user as the type his argument is not assignable to. */
export interface Problem<M extends string = string> {
  readonly problem: M;
}
/** Names nothing the frame has. */
export interface NoColumn<N extends string = string> extends Problem<`There is no column "${N}" here. Choose one of:`> {
  readonly noColumn: N;
}

/** The name of a struct's field, as an argument. */
export interface FieldName<N extends string = string> {
  readonly field: N;
}

type Deferred = Ref | Apply | Logic;

/** A function applied to operand types: computed at once when they are all known. */
export type Op<F extends string, A extends readonly unknown[]> = unknown extends A[number]
  ? UnknownType
  : [Extract<A[number], Deferred>] extends [never]
    ? Compute<F, A>
    : Apply<F, A>;

/** AND and OR of two conditions. */
export type Both<A, B> = unknown extends A | B
  ? UnknownType
  : [Extract<A | B, Deferred>] extends [never]
    ? LogicType<A | B>
    : Logic<Flat<A> | Flat<B>>;
type Flat<X> = X extends Logic<infer I> ? I : X;

/** The type of an expression over a frame with columns `S`. */
export type Resolve<S, E> = unknown extends E
  ? UnknownType
  : E extends Ref<infer N>
    ? Lookup<S, N>
    : E extends Apply<infer F, infer A>
      ? Compute<F, ResolveAll<S, A>>
      : E extends Logic<infer X>
        ? LogicType<Resolve<S, X>>
        : E;
type ResolveAll<S, A extends readonly unknown[]> = { readonly [I in keyof A]: Resolve<S, A[I]> };

type Known<C> = unknown extends C ? UnknownType : C;

/** A name as Spark reads it: a column, a path into a struct, a qualified name, or any of these in backquotes. */
export type Lookup<S, N extends string> = N extends keyof S
  ? Known<S[N]>
  : string extends N
    ? UnknownType
    : N extends `\`${infer Quoted}\``
      ? Quoted extends keyof S
        ? Known<S[Quoted]>
        : NoColumn<N>
      : N extends `${infer First}.${infer Rest}`
        ? First extends keyof S
          ? FieldOf<S[First], Rest>
          : Rest extends '*'
            ? UnknownType
            : Lookup<S, Rest>
        : NoColumn<N>;

/** A field of a struct column, by dotted path. */
export type FieldOf<C, Path extends string> =
  Unwrap<C> extends StructOf<infer F>
    ? Path extends keyof F
      ? WithNull<IsNullable<C> extends true ? true : IsNullable<F[Path]>, Unwrap<F[Path]>>
      : Path extends `${infer First}.${infer Rest}`
        ? First extends keyof F
          ? FieldOf<F[First], Rest>
          : NoColumn<Path>
        : string extends keyof F
          ? UnknownType
          : NoColumn<Path>
    : UnknownType;

/** The type a JavaScript value has as a literal. */
export type LiteralType<V> = V extends null
  ? NullType
  : V extends number
    ? NotNull<
        number extends V ? Int32Type | Int64Type | Float64Type : `${V}` extends `${bigint}` ? Int32Type : Float64Type
      >
    : V extends bigint
      ? NotNull<Int64Type>
      : V extends string
        ? NotNull<StringType>
        : V extends boolean
          ? NotNull<BooleanType>
          : V extends Date
            ? NotNull<TimestampType>
            : V extends Uint8Array
              ? NotNull<BinaryType>
              : UnknownType;

/** As `LiteralType`, for a value beside a column: a string that reads as a number is also one ('9.99' is exact). */
export type OperandLiteral<V> = V extends `${number}` ? NotNull<StringType | DecimalType> : LiteralType<V>;

export type KindOf<C> = Unwrap<C> extends { readonly kind: infer K } ? K : never;

type Compute<F extends string, A extends readonly unknown[]> = [Extract<A[number], Problem>] extends [never]
  ? F extends keyof FunctionRules
    ? ApplyRule<FunctionRules[F], F, A>
    : UnknownType
  : Extract<A[number], Problem>;

type AnyNull<A extends readonly unknown[]> = IsNullable<A[number]>;

type ApplyRule<R, F extends string, A extends readonly unknown[]> = R extends keyof TypeByKind
  ? WithNull<AnyNull<A>, TypeByKind[R]>
  : R extends keyof SpecialRules<F, A>
    ? SpecialRules<F, A>[R]
    : R extends `${infer K extends keyof TypeByKind}!`
      ? NotNull<TypeByKind[K]>
      : R extends `${infer K extends keyof TypeByKind}?`
        ? TypeByKind[K]
        : UnknownType;

/** The rules that look at their arguments' types. Members are computed only when they are asked for. */
interface SpecialRules<F extends string, A extends readonly unknown[]> {
  /** The first argument's type. */
  readonly same: WithNull<AnyNull<A>, Unwrap<A[0]>>;
  readonly 'same?': Unwrap<A[0]>;
  /** The type that was asked for, as in a cast. */
  readonly second: WithNull<AnyNull<A>, Unwrap<A[1]>>;
  readonly 'second?': Unwrap<A[1]>;
  /** A number, as it was given. */
  readonly number: Numbers<F, A, WithNull<AnyNull<A>, Unwrap<A[0]>>>;
  readonly arithmetic: Arithmetic<F, A[0], A[1], AnyNull<A>>;
  readonly modulo: Arithmetic<F, A[0], A[1], true>;
  readonly divide: Numbers<F, A, Quotient<KindOf<A[number]>>>;
  readonly compare: Comparison<F, A[0], A[1], AnyNull<A>>;
  readonly 'compare!': Comparison<F, A[0], A[1], false>;
  readonly in: A extends readonly [infer X, ...infer Rest] ? Comparison<F, X, Rest[number], AnyNull<A>> : never;
  readonly text: Texts<F, A, WithNull<AnyNull<A>, StringType>>;
  readonly test: Texts<F, A, WithNull<AnyNull<A>, BooleanType>>;
  readonly not: LogicType<A[0]>;
  readonly sum: Numbers<F, A, Total<KindOf<A[0]>>>;
  readonly avg: Numbers<F, A, KindOf<A[0]> extends 'decimal' ? DecimalType : Float64Type>;
  readonly list: A[0] extends infer E extends ColumnType ? NotNull<ListOf<NotNull<Unwrap<E> & Named>>> : never;
  readonly array: Common<A> extends infer E extends ColumnType ? NotNull<ListOf<E>> : UnknownType;
  readonly element: Unwrap<A[0]> extends ListOf<infer E>
    ? ColumnType extends E
      ? UnknownType
      : Unwrap<E>
    : Unwrap<A[0]> extends MapOf<infer _, infer E>
      ? ColumnType extends E
        ? UnknownType
        : Unwrap<E>
      : UnknownType;
  /** An element as a lambda function gets it. */
  readonly item: Unwrap<A[0]> extends ListOf<infer E> ? (ColumnType extends E ? UnknownType : E) : UnknownType;
  /** The array of what a lambda function gives, as often null as the first argument. */
  readonly mapped: A[1] extends infer E extends ColumnType ? WithNull<IsNullable<A[0]>, ListOf<E>> : UnknownType;
  readonly field: A[1] extends FieldName<infer N> ? FieldOf<A[0], N> : UnknownType;
  readonly keys: Unwrap<A[0]> extends MapOf<infer K, infer _> ? WithNull<AnyNull<A>, ListOf<NotNull<K>>> : UnknownType;
  readonly values: Unwrap<A[0]> extends MapOf<infer _, infer E> ? WithNull<AnyNull<A>, ListOf<E>> : UnknownType;
  /** The first value that is not null: null only when every argument can be. */
  readonly coalesce: WithNull<NotNull extends Extract<A[number], NotNull> ? false : AllNull<A>, Unwrap<Common<A>>>;
  /** `[condition, value, …]`: null when no condition holds. */
  readonly case: A extends readonly [infer C, ...infer Values] ? Chosen<C, Unwrap<Common<Values>>> : never;
  readonly caseElse: A extends readonly [infer C, ...infer Values] ? Chosen<C, Common<Values>> : never;
}

type Named = TypeByKind[keyof TypeByKind] | ListOf | StructOf;
type AllNull<A extends readonly unknown[]> = [Extract<A[number], NotNull>] extends [never] ? true : false;
type Chosen<C, T> = LogicType<C> extends infer P extends Problem ? P : T;

/** AND, OR or NOT over conditions `X` (a union). */
export type LogicType<X> = [Extract<X, Problem>] extends [never]
  ? [KindOf<X>] extends ['boolean' | 'unknown' | 'null']
    ? WithNull<IsNullable<X>, BooleanType>
    : Problem<`A condition must be a boolean; this one is ${TypeName<Exclude<KindOf<X>, 'boolean' | 'unknown' | 'null'>>}.`>
  : Extract<X, Problem>;

type NumericKind = keyof Wider;
type Loose = 'unknown' | 'null';

type Numbers<F extends string, A extends readonly unknown[], T> = [KindOf<A[0]>] extends [
  NumericKind | Loose | Interval,
]
  ? T
  : Problem<`${F}() needs numbers; this is ${TypeName<KindOf<A[0]>>}. Cast it first, for example .cast("double").`>;

type Texts<F extends string, A extends readonly unknown[], T> = [KindOf<A[0]>] extends ['string' | 'binary' | Loose]
  ? T
  : Problem<`${F}() needs text; this is ${TypeName<KindOf<A[0]>>}. Cast it first: .cast("string").`>;

type Arithmetic<F extends string, A, B, Nullable extends boolean> = [KindOf<A> | KindOf<B>] extends [NumericKind]
  ? WithNull<Nullable, TypeByKind[Wider[KindOf<A> & NumericKind][KindOf<B> & NumericKind]]>
  : Loose & (KindOf<A> | KindOf<B>) extends never
    ? Temporal<F, A, B, Nullable>
    : UnknownType;

type Interval = 'interval_dt' | 'interval_ym';
type Instant = 'date' | 'timestamp' | 'timestamp_ntz';

type Temporal<F extends string, A, B, Nullable extends boolean> = [KindOf<A>] extends [Instant | Interval]
  ? [KindOf<B>] extends [Instant | Interval | 'int8' | 'int16' | 'int32']
    ? [KindOf<A>, KindOf<B>] extends [Instant, Instant]
      ? WithNull<Nullable, TypeByKind['interval_dt']>
      : [KindOf<A>, KindOf<B>] extends ['date', 'interval_dt']
        ? UnknownType
        : WithNull<Nullable, KindOf<A> extends Interval ? Unwrap<KindOf<B> extends Instant ? B : A> : Unwrap<A>>
    : NoSuch<F, A, B>
  : NoSuch<F, A, B>;

type NoSuch<
  F extends string,
  A,
  B,
> = Problem<`${F}() does not take ${TypeName<KindOf<A>>} and ${TypeName<KindOf<B>>}: cast one of them first, for example .cast("double").`>;

type Quotient<K> = [K] extends ['decimal' | 'int8' | 'int16' | 'int32' | 'int64']
  ? 'decimal' extends K
    ? DecimalType
    : Float64Type
  : [Extract<K, Loose | Interval>] extends [never]
    ? Float64Type
    : UnknownType;

type Total<K> = [K] extends ['int8' | 'int16' | 'int32' | 'int64']
  ? Int64Type
  : [K] extends ['decimal']
    ? DecimalType
    : [K] extends ['float32' | 'float64']
      ? Float64Type
      : [K] extends [NumericKind]
        ? Int64Type | Float64Type
        : UnknownType;

/** What can be compared with a type of each family besides its own. */
interface Comparable {
  readonly number: 'number';
  readonly text: 'text' | 'time' | 'decimal' | 'interval' | 'binary';
  readonly decimal: 'number' | 'decimal' | 'text';
  readonly time: 'time' | 'text';
  readonly interval: 'interval' | 'text';
  readonly boolean: 'boolean';
  readonly binary: 'binary' | 'text';
}
interface Families {
  readonly int8: 'number';
  readonly int16: 'number';
  readonly int32: 'number';
  readonly int64: 'number';
  readonly float32: 'number';
  readonly float64: 'number';
  readonly decimal: 'number' | 'decimal';
  readonly string: 'text';
  readonly binary: 'binary';
  readonly boolean: 'boolean';
  readonly date: 'time';
  readonly timestamp: 'time';
  readonly timestamp_ntz: 'time';
  readonly time: 'time';
  readonly interval_ym: 'interval';
  readonly interval_dt: 'interval';
}
type Family<K> = K extends keyof Families ? Families[K] : never;
type Partners<F> = F extends keyof Comparable ? Comparable[F] : never;

type Comparison<F extends string, A, B, Nullable extends boolean> =
  Comparable2<KindOf<A>, KindOf<B>> extends true
    ? WithNull<Nullable, BooleanType>
    : Problem<`${F}() cannot compare ${TypeName<KindOf<A>>} with ${TypeName<KindOf<B>>}: cast one of them first, for example .cast("string").`>;

/** Families in common, or nothing known of one side; nested types compare with their own kind. */
type Comparable2<KA, KB> = [Family<KA>] extends [never]
  ? [KA] extends [Loose]
    ? true
    : [KA & (KB | Loose)] extends [never]
      ? Loose & KB extends never
        ? false
        : true
      : true
  : [KB] extends [Loose]
    ? true
    : [Partners<Family<KA>> & Family<KB>] extends [never]
      ? 'unknown' extends KA | KB
        ? true
        : false
      : true;

/** Whether columns of these types can be the two sides of an equality. */
export type CanCompare<A, B> = Comparable2<KindOf<A>, KindOf<B>>;

/** The least common type of a tuple of types, as for the branches of a CASE. */
export type Common<A extends readonly unknown[]> = A extends readonly [infer X]
  ? X
  : A extends readonly [infer X, infer Y, ...infer Rest]
    ? Common<[CommonOf<X, Y>, ...Rest]>
    : UnknownType;

export type CommonOf<X, Y> = [KindOf<X> | KindOf<Y>] extends [NumericKind]
  ? WithNull<IsNullable<X | Y>, TypeByKind[Wider[KindOf<X> & NumericKind][KindOf<Y> & NumericKind]]>
  : [Unwrap<X>] extends [Unwrap<Y>]
    ? WithNull<IsNullable<X | Y>, Unwrap<Y>>
    : [KindOf<X>] extends ['null']
      ? Unwrap<Y>
      : [KindOf<Y>] extends ['null']
        ? Unwrap<X>
        : UnknownType;

/** Spark's names of types, for sentences. */
interface TypeNames {
  readonly null: 'null';
  readonly boolean: 'a boolean';
  readonly int8: 'a tinyint';
  readonly int16: 'a smallint';
  readonly int32: 'an int';
  readonly int64: 'a bigint';
  readonly float32: 'a float';
  readonly float64: 'a double';
  readonly decimal: 'a decimal';
  readonly string: 'a string';
  readonly binary: 'a binary';
  readonly date: 'a date';
  readonly time: 'a time';
  readonly timestamp: 'a timestamp';
  readonly timestamp_ntz: 'a timestamp_ntz';
  readonly interval_ym: 'a year-month interval';
  readonly interval_dt: 'a day-time interval';
  readonly array: 'an array';
  readonly struct: 'a struct';
  readonly map: 'a map';
  readonly variant: 'a variant';
}
export type TypeName<K> = [K] extends [keyof TypeNames] ? TypeNames[K] : 'a value';

/** The wider of two numeric types under ANSI rules. */
interface Wider {
  readonly int8: WiderThan<'int8', 'int16', 'int32', 'int64', 'decimal'>;
  readonly int16: WiderThan<'int16', 'int16', 'int32', 'int64', 'decimal'>;
  readonly int32: WiderThan<'int32', 'int32', 'int32', 'int64', 'decimal'>;
  readonly int64: WiderThan<'int64', 'int64', 'int64', 'int64', 'decimal'>;
  readonly float32: WiderThan<'float64', 'float64', 'float64', 'float64', 'float64', 'float32'>;
  readonly float64: WiderThan<'float64', 'float64', 'float64', 'float64', 'float64'>;
  readonly decimal: WiderThan<'decimal', 'decimal', 'decimal', 'decimal', 'decimal'>;
}
interface WiderThan<I8, I16, I32, I64, D, F32 = 'float64'> {
  readonly int8: I8;
  readonly int16: I16;
  readonly int32: I32;
  readonly int64: I64;
  readonly decimal: D;
  readonly float32: F32;
  readonly float64: 'float64';
}
