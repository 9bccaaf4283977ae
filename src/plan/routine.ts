import type { DataType } from '../base/index.js';

/** A parameter of an SQL function; `default` is SQL text. */
export interface RoutineParameter {
  readonly name: string;
  readonly type: DataType;
  readonly default?: string;
  readonly comment?: string;
}

/** A function written in SQL: `CREATE FUNCTION`. Its texts are read where it is called. */
export interface SqlRoutine {
  /** As columns show it: `f`, or `spark_catalog.default.f`. */
  readonly name: string;
  readonly params: readonly RoutineParameter[];
  /** The type of a value; without it the body's. */
  readonly returns?: DataType;
  /** Of a function that gives a table; none where they are the query's. */
  readonly columns?: readonly { readonly name: string; readonly type: DataType }[];
  readonly isTable: boolean;
  /** An expression, or the query of a function that gives a table. */
  readonly body: string;
  readonly comment?: string;
}
