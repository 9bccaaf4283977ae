import type { DataType, JsFunction, Scalar } from '../base/index.js';
import type { SqlRoutine } from './routine.js';

/**
 * Expressions of the logical plan: frozen plain data. Those named `unresolved_*` come from the API or SQL; the
 * resolver replaces them, and the optimizer and planner never meet them.
 */
export type Expr =
  | UnresolvedColumn
  | UnresolvedStar
  | UnresolvedCall
  | UnresolvedLambda
  | SqlText
  | Alias
  | Attribute
  | Literal
  | Cast
  | Call
  | Lambda
  | LambdaVariable
  | AggregateCall
  | WindowCall
  | SortOrder
  | Ordinal
  | OuterReference
  | Subquery;

/** A column by name; dots separate qualifier, column and struct fields, backquotes protect them. */
export interface UnresolvedColumn {
  readonly kind: 'unresolved_column';
  readonly name: string;
  /** The plan id of the DataFrame the column was taken from (`df.col("x")`), which tells the sides of a self-join apart. */
  readonly planId?: number;
}

/** `*` or `qualifier.*`. */
export interface UnresolvedStar {
  readonly kind: 'unresolved_star';
  readonly qualifier?: string;
  /** `* EXCEPT (…)`: these columns are left out. */
  readonly except?: readonly string[];
  /** Only columns whose whole names match (`colRegex`): the source of a regular expression of this language. */
  readonly pattern?: string;
  /** Only columns of numbers that are not grouped by, each in a call of this aggregate (`groupBy('a').sum()`). */
  readonly totals?: string;
}

/** A call by name before lookup: scalar, aggregate or window function. */
export interface UnresolvedCall {
  readonly kind: 'unresolved_call';
  readonly name: string;
  /** Not from SQL text, but to mean what it would there: also a function that the user registered. */
  readonly byName?: boolean;
  readonly args: readonly Expr[];
  readonly distinct?: boolean;
  readonly filter?: Expr;
  /** A word for how the call was written: `extract`, `between`. */
  readonly shown?: string;
  /** The user's own function that is called; `name` is its key then. */
  readonly js?: JsFunction;
  /** The SQL function that is called; its body is the lambda function behind the arguments. */
  readonly routine?: SqlRoutine;
}

/** `(x, y) -> body` before the types of its parameters are known: an argument of a higher-order function. */
export interface UnresolvedLambda {
  readonly kind: 'unresolved_lambda';
  readonly params: readonly string[];
  readonly body: Expr;
}

/** SQL text that is parsed when the plan is resolved: `filter("a > 1")`, `expr("a + 1")`. */
export interface SqlText {
  readonly kind: 'sql_text';
  readonly text: string;
}

/** Names an expression; once resolved it makes a new attribute with this id. */
export interface Alias {
  readonly kind: 'alias';
  readonly name: string;
  /** Nobody wrote the name, which is a generator's text. */
  readonly auto?: true;
  /** Names of several columns, for a generator (`AS (key, value)`). */
  readonly names?: readonly string[];
  /** The columns of a resolved generator that others of the list read. */
  readonly outputs?: readonly Attribute[];
  readonly input: Expr;
  /** Present once resolved. */
  readonly id?: number;
  /** The subquery alias the new attribute can still be named through. */
  readonly qualifier?: string;
  readonly path?: string;
}

/** A resolved column: identified by `id`, whatever it is called. */
export interface Attribute {
  readonly kind: 'attribute';
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** The subquery alias or table it can be named through. */
  readonly qualifier?: string;
  /** Catalog and database of that table: `spark_catalog.default`. */
  readonly path?: string;
  /** A key of a USING join: named with its qualifier only. */
  readonly key?: true;
}

export interface Literal {
  readonly kind: 'literal';
  readonly type: DataType;
  readonly value: Scalar;
  /** The constant expression that it was, for the names of columns. */
  readonly written?: string;
}

export interface Cast {
  readonly kind: 'cast';
  readonly input: Expr;
  readonly type: DataType;
  /** `try_cast`: null instead of an error. */
  readonly safe?: boolean;
  /** Inserted by the resolver, not written by the user: not shown in column names. */
  readonly implicit?: boolean;
  /** Present once resolved. */
  readonly nullable?: boolean;
}

/** A resolved scalar call of the registry entry `fn`; arguments are already cast as its overload asks. */
export interface Call {
  readonly kind: 'call';
  readonly fn: string;
  /** The SQL name it was called by, where that is not the first one and shows in names of columns. */
  readonly called?: string;
  readonly args: readonly Expr[];
  readonly type: DataType;
  readonly nullable: boolean;
  /** The user's own function that is called. */
  readonly js?: JsFunction;
  /** What names of columns show instead of the function's own name. */
  readonly shown?: string;
}

/** A resolved lambda function; of the value of its body. */
export interface Lambda {
  readonly kind: 'lambda';
  readonly params: readonly LambdaVariable[];
  readonly body: Expr;
}

/** A parameter of a lambda function, inside its body. */
export interface LambdaVariable {
  readonly kind: 'lambda_variable';
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** A resolved aggregate call. */
export interface AggregateCall {
  readonly kind: 'aggregate_call';
  readonly fn: string;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  readonly filter?: Expr;
  readonly type: DataType;
  readonly nullable: boolean;
  /** What names of columns show instead of the function's own name. */
  readonly shown?: string;
}

/** A call over a window; `input` is unresolved at first, then an AggregateCall or a Call of a window function. */
export interface WindowCall {
  readonly kind: 'window_call';
  readonly input: Expr;
  readonly spec: WindowSpec;
  /** Present once resolved. */
  readonly type?: DataType;
  readonly nullable?: boolean;
}

export interface WindowSpec {
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortOrder[];
  /** Absent: Spark's default (whole partition without ORDER BY, else range from unbounded preceding to the current row). */
  readonly frame?: WindowFrame;
  /** The window of this name is meant (`OVER w`); the SQL parser puts it in, and nothing below meets it. */
  readonly ref?: string;
}

export interface WindowFrame {
  /** Groups are peers: rows of equal ordering keys. Plans have none: they are ranges of dense ranks there. */
  readonly unit: 'rows' | 'range' | 'groups';
  readonly start: FrameBound;
  readonly end: FrameBound;
}

/** `offset` rows (or range units) after the current row; negative: before it. */
export type FrameBound =
  | { readonly kind: 'unbounded_preceding' | 'current_row' | 'unbounded_following' }
  | {
      readonly kind: 'offset';
      readonly offset: number;
      /** `offset` is microseconds of an interval; once resolved it is in units of the ordering key (days of dates). */
      readonly interval?: boolean;
      /** `offset` is months. */
      readonly months?: boolean;
      /** The distance as it was written, where that is not a whole number. */
      readonly shown?: string;
    };

export interface SortOrder {
  readonly kind: 'sort_order';
  readonly input: Expr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A position of the output list (`GROUP BY 1`, `ORDER BY 2`; from 1), or `ALL` of it. */
export interface Ordinal {
  readonly kind: 'ordinal';
  readonly position: number | 'all';
  /** It counts the columns of the input, not those of the output list. */
  readonly ofInput?: boolean;
}

/** Inside a subquery: a column of a query around it, constant for one run of the subquery. */
export interface OuterReference {
  readonly kind: 'outer_reference';
  readonly attribute: Attribute;
}

/** A plan inside an expression. Opaque here, so that expressions do not depend on plans: `planOf` (node.ts) opens it. */
export interface NestedPlan {
  readonly kind: string;
}

/** A query inside an expression. */
export interface Subquery {
  readonly kind: 'subquery';
  /** `scalar`: its only value, null without rows; `exists`: whether it has rows; `in`: whether a row equals `values`. */
  readonly form: 'scalar' | 'exists' | 'in';
  readonly plan: NestedPlan;
  /** What an `in` looks for, one for each column of the plan. */
  readonly values: readonly Expr[];
  /** Present once resolved: what the plan reads of the queries around it, by the ids of its outer references. */
  readonly outer?: readonly Expr[];
  readonly outerIds?: readonly number[];
  /** What of it the plan mentions, as often as it does: for the name of the column. */
  readonly mentions?: readonly string[];
  /** Present once resolved: the plan as it was written. */
  readonly written?: NestedPlan;
  readonly type?: DataType;
  readonly nullable?: boolean;
}
