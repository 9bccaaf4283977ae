import type { Column, ColumnBase, TypeOf } from './column.js';
import type { AsNullable, ColumnType, StructOf, Unknown, UnknownType, Unwrap } from './row-types.js';
import type {
  CanCompare,
  CommonOf,
  FieldOf,
  KindOf,
  LogicType,
  Lookup,
  NoColumn,
  Op,
  Problem,
  Ref,
  Resolve,
  TypeName,
} from './type-algebra.js';

/** The columns of a frame, as `$` in `frame.filter(($) => $.delay.gt(15))`. */
export type Columns<S> = { readonly [K in keyof S & string]: Column<Lookup<S, K>, K> & Fields<Lookup<S, K>> };

/** The fields of a struct column as its properties; those called like a method of columns are reached by `getField`. */
export type Fields<C> =
  Unwrap<C> extends StructOf<infer F>
    ? string extends keyof F
      ? unknown
      : {
          readonly [K in keyof F & string as Exclude<K, keyof Column>]: Column<FieldOf<C, K>, K> &
            Fields<FieldOf<C, K>>;
        }
    : unknown;

/** What names or makes columns: a name, a column, `{ newName: column }`, a list of these, or a function of the frame's columns. */
export type Item<S> =
  | PlainItem
  | readonly PlainItem[]
  | NamedItems
  | (($: Columns<S>) => PlainItem | readonly PlainItem[] | NamedItems);
export type PlainItem = string | ColumnBase;
export type NamedItems = { readonly [name: string]: ColumnBase };

type AnyFunction = (...args: never) => unknown;

// ---- what an argument must be: itself, or the sentence that says what is wrong with it ----

/** `C`, unless the type `R` it has in the frame is a mistake. */
type Check<S, R, C> = 0 extends 1 & R
  ? C
  : [Extract<R, Problem>] extends [never]
    ? C
    : Extract<R, Problem> extends NoColumn<infer N>
      ? `There is no column "${N}" here. Choose one of:` | (keyof S & string)
      : Extract<R, Problem> extends Problem<infer M>
        ? M
        : never;

/** A column expression that fits a frame with columns `S`. */
export type FitsColumn<S, C> = C extends Column<infer E, infer _> ? Check<S, Resolve<S, E>, C> : C;
/** A column's name. Names that are only known when the program runs are checked when the query is planned. */
export type FitsName<S, N> = N extends string
  ? string extends N
    ? (keyof S & string) | (string & {})
    : N extends '*'
      ? N
      : Check<S, Lookup<S, N>, N>
  : N;
type FitsPlain<S, C> = C extends string ? FitsName<S, C> : FitsColumn<S, C>;
type FitsGroup<S, C> = C extends PlainItem
  ? FitsPlain<S, C>
  : C extends readonly unknown[]
    ? { readonly [I in keyof C]: FitsPlain<S, C[I]> }
    : { readonly [K in keyof C]: FitsColumn<S, C[K]> };
/** An item of a list of columns. */
export type FitsItem<S, C> = C extends AnyFunction
  ? C extends (...args: never) => infer R
    ? ($: Columns<S>) => FitsGroup<S, R>
    : never
  : FitsGroup<S, C>;
export type FitsItems<S, A extends readonly unknown[]> = { [I in keyof A]: FitsItem<S, A[I]> };

/** A condition: SQL text, a boolean column, or a function giving one. */
export type Condition<S> = string | ColumnBase | (($: Columns<S>) => ColumnBase);
type FitsBoolean<S, C> = C extends Column<infer E, infer _> ? Check<S, BooleanOf<Resolve<S, E>>, C> : C;
type BooleanOf<R> = 0 extends 1 & R ? R : LogicType<R>;
export type FitsCondition<S, C> = C extends (...args: never) => infer R
  ? ($: Columns<S>) => FitsBoolean<S, R>
  : FitsBoolean<S, C>;

/** One new column: an expression, or a function giving one. */
export type Made<S> = ColumnBase | (($: Columns<S>) => ColumnBase);
export type FitsMade<S, C> = C extends (...args: never) => infer R
  ? ($: Columns<S>) => FitsColumn<S, R>
  : FitsColumn<S, C>;
/** Several new columns by name. */
export type MadeMany<S> = NamedItems | (($: Columns<S>) => NamedItems);
export type FitsMadeMany<S, M> = M extends (...args: never) => infer R
  ? ($: Columns<S>) => { readonly [K in keyof R]: FitsColumn<S, R[K]> }
  : M extends NamedItems
    ? { readonly [K in keyof M]: FitsColumn<S, M[K]> }
    : M;

// ---- what a verb gives ----

// Every schema below is the branch of a condition that always holds: so the compiler shows it as plain columns,
// `{ id: Int64Type }`, and not under the name of the type that made it.

type Result<C> = C extends (...args: never) => infer R ? R : C;
/** Every single column among items. */
type Flat<C> = C extends AnyFunction
  ? Flat<Result<C>>
  : C extends PlainItem
    ? C
    : C extends readonly (infer X)[]
      ? Flat<X>
      : { [K in keyof C & string]: Column<TypeOf<C[K]>, K> }[keyof C & string];

type LastPart<N extends string> = N extends `\`${infer Q}\``
  ? Q
  : N extends `${string}.${infer Rest}`
    ? LastPart<Rest>
    : N;
type NameOf<C> = C extends string
  ? LastPart<C>
  : C extends Column<infer _, infer N>
    ? 0 extends 1 & N
      ? string
      : N
    : string;
type TypeIn<S, C> = C extends string ? Lookup<S, C> : C extends Column<infer E, infer _> ? Resolve<S, E> : UnknownType;
/** A column Spark names itself leaves the names open. */
type Named<S, X> = [S] extends [never]
  ? never
  : { [C in X as NameOf<C>]: string extends NameOf<C> ? UnknownType : TypeIn<S, C> };
type Star = '*' | Column<Ref<'*'>, '*'>;

/** The columns of `select(...items)`. */
export type SelectShape<S, A extends readonly unknown[]> = Picked<S, Flat<A[number]>>;
type Picked<S, X> = [Extract<X, Star>] extends [never] ? Named<S, X> : PutAll<S, Named<S, Exclude<X, Star>>>;

/** `S` with columns `T` added or replaced. */
export type PutAll<S, T> = [S] extends [never]
  ? never
  : { [K in keyof S | keyof T]: K extends keyof T ? T[K] : K extends keyof S ? S[K] : never };
/** `S` with one column added or replaced. */
export type Put<S, N extends string, C> = [S] extends [never]
  ? never
  : {
      [K in keyof S | N]: K extends N ? TypeIn<S, Result<C>> : K extends keyof S ? S[K] : never;
    };
/** `S` with columns given as an object, or by a function giving one. */
export type PutMany<S, M> = PutAll<S, { [K in keyof Result<M>]: TypeIn<S, Result<M>[K]> }>;

export type Renamed<S, Old extends string, New extends string> = [S] extends [never]
  ? never
  : { [K in keyof S as K extends Old ? New : K]: S[K] };
export type RenamedAll<S, M> = [S] extends [never]
  ? never
  : { [K in keyof S as K extends keyof M ? M[K] & string : K]: S[K] };
/** `S` without the columns that `X` names. */
export type Dropped<S, X> = [S] extends [never] ? never : { [K in Exclude<keyof S, NameOf<X>>]: S[K] };
/** `toDF(...names)`: which name meets which type is known when the plan runs. */
export type NamesOnly<N extends readonly string[]> = [N] extends [never] ? never : { [K in N[number]]: UnknownType };

// ---- aggregates ----

/** Aggregates as PySpark's dictionary: `{ delay: 'avg' }`. */
export type AggregateNames = { readonly [column: string]: string };
export type AggregateItem<S> =
  | ColumnBase
  | NamedItems
  | AggregateNames
  | readonly ColumnBase[]
  | (($: Columns<S>) => ColumnBase | NamedItems | readonly ColumnBase[]);
export type FitsAggregate<S, C> = C extends AnyFunction
  ? C extends (...args: never) => infer R
    ? ($: Columns<S>) => FitsGroup<S, R>
    : never
  : C extends ColumnBase
    ? FitsColumn<S, C>
    : C extends readonly unknown[]
      ? FitsGroup<S, C>
      : {
          readonly [K in keyof C]: C[K] extends string
            ? K extends keyof S
              ? C[K]
              : '*' extends K
                ? C[K]
                : NoSuchKey<S, K>
            : FitsColumn<S, C[K]>;
        };
type NoSuchKey<S, K> = `There is no column "${K & string}" here. Choose one of:` | (keyof S & string);
export type FitsAggregates<S, A extends readonly unknown[]> = { [I in keyof A]: FitsAggregate<S, A[I]> };

type DictionaryName<F extends string, K extends string> = `${F extends 'mean' ? 'avg' : F}(${K extends '*' ? '1' : K})`;
type FlatAggregate<C> = C extends AnyFunction | ColumnBase | readonly unknown[]
  ? Flat<C>
  : {
      [K in keyof C & string]: C[K] extends string
        ? Column<Op<C[K], K extends '*' ? [] : [Ref<K>]>, DictionaryName<C[K], K>>
        : Column<TypeOf<C[K]>, K>;
    }[keyof C & string];

/** The columns of `groupBy(…).agg(...items)`: `G` are the grouping columns. */
export type AggregateShape<S, G, A extends readonly unknown[]> = PutAll<G, Named<S, FlatAggregate<A[number]>>>;
/** The columns of `groupBy(…).sum(...names)` and its like. */
export type SummaryShape<S, G, F extends string, N extends readonly string[]> = PutAll<
  G,
  N extends readonly [] ? Unknown : { [K in N[number] as `${F}(${K})`]: Resolve<S, Op<F, [Ref<K>]>> }
>;
/** A number column's name. */
export type FitsNumber<S, F extends string, N> = N extends string
  ? string extends N
    ? (keyof S & string) | (string & {})
    : Check<S, Resolve<S, Op<F, [Ref<N>]>>, N>
  : N;

// ---- joins and unions ----

/** Spark's names of join types. */
export type JoinHow = keyof JoinKinds;
export interface JoinKinds {
  readonly inner: 'inner';
  readonly cross: 'cross';
  readonly left: 'left';
  readonly leftouter: 'left';
  readonly left_outer: 'left';
  readonly right: 'right';
  readonly rightouter: 'right';
  readonly right_outer: 'right';
  readonly outer: 'full';
  readonly full: 'full';
  readonly fullouter: 'full';
  readonly full_outer: 'full';
  readonly semi: 'semi';
  readonly leftsemi: 'semi';
  readonly left_semi: 'semi';
  readonly anti: 'anti';
  readonly leftanti: 'anti';
  readonly left_anti: 'anti';
}

/** What two frames are joined on. */
export type JoinOn<S, S2> =
  | string
  | ColumnBase
  | readonly string[]
  | readonly ColumnBase[]
  | ((left: Columns<S>, right: Columns<S2>) => ColumnBase);

export type FitsOn<S, S2, On> = On extends string
  ? FitsKey<S, S2, On>
  : On extends (...args: never) => infer R
    ? (left: Columns<S>, right: Columns<S2>) => FitsBoolean<PutAll<S, S2>, R>
    : On extends readonly unknown[]
      ? { readonly [I in keyof On]: On[I] extends string ? FitsKey<S, S2, On[I]> : FitsBoolean<PutAll<S, S2>, On[I]> }
      : FitsBoolean<PutAll<S, S2>, On>;
type FitsKey<S, S2, K extends string> = K extends keyof S
  ? K extends keyof S2
    ? CanCompare<S[K], S2[K]> extends true
      ? K
      : `Column "${K}" is ${TypeName<KindOf<S[K]>>} on the left and ${TypeName<KindOf<S2[K]>>} on the right: cast one of them before the join.`
    : `The right side has no column "${K}" to join on. Both sides have:` | (keyof S & keyof S2 & string)
  : `The left side has no column "${K}" to join on. Both sides have:` | (keyof S & keyof S2 & string);

/** The key columns, which appear once. */
type Keys<On> = On extends string ? On : On extends readonly (infer K)[] ? Extract<K, string> : never;

/** The columns of `S.join(S2, on, how)`. */
export type JoinShape<S, S2, On, How extends JoinHow> = Joined<S, S2, Keys<On>, JoinKinds[How]>;
type Joined<S, S2, K, How> = [How] extends ['semi' | 'anti']
  ? S
  : {
      [P in keyof S | keyof S2]: P extends K
        ? JoinKey<S, S2, P, How>
        : P extends keyof S
          ? P extends keyof S2
            ? Left<S[P], How> | Right<S2[P], How>
            : Left<S[P], How>
          : P extends keyof S2
            ? Right<S2[P], How>
            : never;
    };
type JoinKey<S, S2, P, How> = P extends keyof S & keyof S2
  ? How extends 'right'
    ? S2[P]
    : How extends 'full'
      ? AsNullable<CommonOf<S[P], S2[P]>>
      : S[P]
  : never;
type Left<C, How> = How extends 'right' | 'full' ? AsNullable<C> : C;
type Right<C, How> = How extends 'left' | 'full' ? AsNullable<C> : C;

/** How `joinAsOf` compares. */
export interface AsOfOptions<S, S2> {
  /** The column of both that is compared; it appears once, the left's. */
  readonly on?: keyof S & keyof S2 & string;
  /** What is compared, where the sides call it differently; both columns stay. */
  readonly leftOn?: (keyof S & string) | ColumnBase;
  readonly rightOn?: (keyof S2 & string) | ColumnBase;
  /** Columns of both that must be equal; they appear once. */
  readonly by?: (keyof S & keyof S2 & string) | readonly (keyof S & keyof S2 & string)[];
  /** `left` by default: rows that meet nothing stay. */
  readonly how?: 'inner' | 'left';
  /** `backward` by default. */
  readonly direction?: 'backward' | 'forward' | 'nearest';
  /** How far the rows may be from one another: a number, or for times a duration such as `'5 minutes'`. */
  readonly tolerance?: number | bigint | string;
  /** Whether rows that are equal meet; true by default. */
  readonly allowExactMatches?: boolean;
}
/** The columns of `S.joinAsOf(S2, options)`. */
export type AsOfShape<S, S2, O> = Joined<
  S,
  O extends { readonly on: infer N extends string } ? Without<S2, N> : S2,
  O extends { readonly by: infer B } ? Keys<B> : never,
  O extends { readonly how: 'inner' } ? 'inner' : 'left'
>;
type Without<S, N> = { [K in keyof S as Exclude<K, N>]: S[K] };

/** The columns of a union by position: exact when both sides have the same columns. */
export type UnionShape<S, S2> = [keyof S, keyof S2] extends [keyof S2, keyof S]
  ? { [K in keyof S]: K extends keyof S2 ? CommonOf<S[K], S2[K]> : S[K] }
  : { [K in keyof S]: UnknownType };
/** The columns of a union by name. */
export type UnionByNameShape<S, S2> = [S] extends [never]
  ? never
  : {
      [K in keyof S | keyof S2]: K extends keyof S
        ? K extends keyof S2
          ? CommonOf<S[K], S2[K]>
          : AsNullable<S[K]>
        : K extends keyof S2
          ? AsNullable<S2[K]>
          : never;
    };
export type FitsUnion<S, S2, F, AllowMissing> = AllowMissing extends true
  ? F
  : [Exclude<keyof S, keyof S2> | Exclude<keyof S2, keyof S>] extends [never]
    ? F
    : string extends keyof S | keyof S2
      ? F
      : `The two sides do not have the same columns: "${(Exclude<keyof S, keyof S2> | Exclude<keyof S2, keyof S>) & string}" is on one of them only. Pass { allowMissingColumns: true } to fill it with nulls.`;

/** Columns that grouping sets leave null in some rows. */
export type Padded<G> = { readonly [K in keyof G]: G[K] extends ColumnType ? AsNullable<G[K]> : G[K] };
