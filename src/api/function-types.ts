import type { StringType } from '../base/index.js';
import type { functions } from '../functions/families/all.js';
import type { Column, ColumnBase, Operand, TypeOf } from './column.js';
import type { literalArguments } from './function-rules.js';
import type { LambdaCalls } from './lambda-types.js';
import type { NotNull, UnknownType } from './row-types.js';
import type { Both, Op, Problem, Ref } from './type-algebra.js';

type Literals = typeof literalArguments;
type LiteralAt<F> = F extends keyof Literals ? `${Literals[F][number]}` : never;

/** What the arguments of `F` are: a string names a column, except where PySpark takes it as itself. */
export type ArgTypes<F extends string, A extends readonly unknown[]> = {
  readonly [I in keyof A]: A[I] extends string
    ? I extends LiteralAt<F>
      ? NotNull<StringType>
      : Ref<A[I]>
    : TypeOf<A[I]>;
};

/** Spark's name of a call of one plain column: `sum(price)`. Other calls are named by Spark when they run. */
type CallName<F extends string, A extends readonly unknown[]> = A extends readonly [infer X]
  ? Lowercase<F> extends F
    ? X extends string
      ? `${F}(${X})`
      : X extends Column<Ref<infer N>, infer _>
        ? `${F}(${N})`
        : string
    : string
  : string;

/**
 * A function of the registry: strings name columns, other values are literals. `Summary` is what it does: an editor
 * shows it with the function.
 */
export type FunctionCall<F extends string, _Summary extends string = string> = <const A extends readonly Operand[]>(
  ...args: A
) => Column<Op<F, ArgTypes<F, A>>, CallName<F, A>>;

/** `count()`, `count('*')` count rows; `count('x')` counts the rows where x is not null. */
type CountCall = <const A extends readonly [] | readonly [Operand]>(
  ...args: A
) => Column<
  Op<'count', A extends readonly ['*'] ? [] : ArgTypes<'count', A>>,
  A extends readonly [] | readonly ['*'] ? 'count(1)' : CallName<'count', A>
>;

type DistinctCall<F extends string> = <const A extends readonly Operand[]>(
  ...args: A
) => Column<Op<F, ArgTypes<F, A>>, string>;

interface SpecialCalls extends LambdaCalls {
  readonly count: CountCall;
}

/** Functions the registry has no entry of their own for. */
export interface ExtraFunctions {
  /** Rows with different values in these columns, none of them null. */
  readonly countDistinct: DistinctCall<'countDistinct'>;
  readonly count_distinct: DistinctCall<'countDistinct'>;
  /** The sum of the different values of a column. */
  readonly sumDistinct: DistinctCall<'sumDistinct'>;
  readonly sum_distinct: DistinctCall<'sumDistinct'>;
  /** Ascending order by a column, nulls first. */
  readonly asc: SortCall;
  readonly asc_nulls_first: SortCall;
  readonly ascNullsFirst: SortCall;
  readonly asc_nulls_last: SortCall;
  readonly ascNullsLast: SortCall;
  /** Descending order by a column, nulls last. */
  readonly desc: SortCall;
  readonly desc_nulls_first: SortCall;
  readonly descNullsFirst: SortCall;
  readonly desc_nulls_last: SortCall;
  readonly descNullsLast: SortCall;
  /**
   * Windows of time, to group by: of one length, starting every `slide` (without it, one after the other) from
   * `startTime` on. The column is a struct of `start` and `end`, the end not included: `fn.window('at', '10 minutes')`.
   */
  readonly window: (
    time: string | ColumnBase,
    length: string,
    slide?: string,
    startTime?: string,
  ) => Column<UnknownType, 'window'>;
  /** Sessions, to group by: rows that follow each other within the gap, for each combination of the other columns. */
  readonly sessionWindow: SessionCall;
  readonly session_window: SessionCall;
  /** A function by its SQL name: `fn.callFunction('upper', 'name')`. */
  readonly callFunction: NamedCall;
  readonly call_function: NamedCall;
  /** A function registered by `session.udf.register`, by its name. */
  readonly callUdf: NamedCall;
  readonly call_udf: NamedCall;
  /** The frame itself: this engine sees by itself which side of a join is small. */
  readonly broadcast: <F>(frame: F) => F;
  /** Whether a grouping set leaves the column out: 1 or 0 (`rollup`, `cube`, `groupingSets`). */
  readonly grouping: OneCall;
  /** Which columns the grouping set leaves out, as bits. */
  readonly groupingId: AnyCall;
  readonly grouping_id: AnyCall;
  /** The file that a row was read of, as a URI; empty where it is of none. */
  readonly inputFileName: () => Column<NotNull<StringType>, 'input_file_name()'>;
  readonly input_file_name: () => Column<NotNull<StringType>, 'input_file_name()'>;
  /** PySpark's names of `neg` and `bitwiseNot`. */
  readonly negate: OneCall;
  readonly bitwise_not: OneCall;
  /** The different values of a column as one text, with a delimiter between them. */
  readonly listaggDistinct: JoinedCall;
  readonly listagg_distinct: JoinedCall;
  readonly stringAggDistinct: JoinedCall;
  readonly string_agg_distinct: JoinedCall;
  /** PySpark's name of `map`: keys and values in turn. */
  readonly createMap: AnyCall;
  readonly create_map: AnyCall;
}
type SessionCall = (time: string | ColumnBase, gap: string | ColumnBase) => Column<UnknownType, 'session_window'>;
type OneCall = (column: Operand) => Column<UnknownType, string>;
type JoinedCall = (column: Operand, delimiter?: Operand) => Column<UnknownType, string>;
type AnyCall = (...columns: readonly (Operand | readonly Operand[])[]) => Column<UnknownType, string>;
type SortCall = <const C extends string | ColumnBase>(
  column: C,
) => Column<C extends string ? Ref<C> : TypeOf<C>, C extends string ? C : string>;
type NamedCall = (name: string, ...columns: readonly Operand[]) => Column<UnknownType, string>;

type Registry = typeof functions;

/** Every entry of the registry by its API name. Mapped over its keys, so an editor shows the entry's comment. */
export type ApiFunctions = {
  readonly [F in keyof typeof functions as string extends F ? never : F]: F extends keyof SpecialCalls
    ? SpecialCalls[F]
    : FunctionCall<F & string, SummaryOf<Registry[F]>>;
};

/** The same entries by their SQL names: `fn.date_trunc` is `fn.dateTrunc`. Operators are methods of columns. */
export type SqlFunctions = {
  readonly [F in keyof Registry as string extends F ? never : Exclude<Aliases<SqlNames<Registry[F]>>, F>]: AliasCall<
    F & string
  >;
};
/** Spark names columns after the alias. */
type AliasCall<F extends string> = <const A extends readonly Operand[]>(
  ...args: A
) => Column<Op<F, ArgTypes<F, A>>, string>;
type Aliases<N extends string> = N | Camel<N>;
type Camel<N extends string> = N extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : N;
type SummaryOf<E> = E extends { readonly summary: infer Text extends string } ? Text : string;
type SqlNames<F> = F extends { readonly sql: readonly (infer N)[] } ? Word<N> : never;
type Word<N> = N extends string ? (string extends N ? never : Uppercase<N> extends Lowercase<N> ? never : N) : never;

/** `CASE WHEN … THEN …`: conditions `C` (a union), values `V` in order. */
export type CaseType<C, V extends readonly unknown[]> = Op<'case', [Condition<C>, ...V]>;
export type CaseElseType<C, V extends readonly unknown[]> = Op<'caseElse', [Condition<C>, ...V]>;
type Condition<C> = Both<C, C>;

export type FitsCondition<C> = Condition<TypeOf<C>> extends Problem<infer M> ? M : C;
