import type { Type, Value } from './values.js';

/** What an argument is: an expression of a type, or one of some constants. */
export type Argument = Type | { readonly type: Type; readonly of: readonly Value[] };

/** An operation that both engines have, in the words of each; `$0` is its first argument. */
export interface Operation {
  readonly key: string;
  readonly args: readonly Argument[];
  readonly returns: Type;
  readonly spark: string;
  readonly duck: string;
  /** Numbers of the rules (`rules.ts`) that the dialects differ by. */
  readonly rules?: readonly number[];
  /** Right to some digits only: nothing is computed from it. */
  readonly inexact?: boolean;
  /** How often it is drawn, 1 by default. */
  readonly weight?: number;
}

type More = Omit<Operation, 'key' | 'args' | 'returns' | 'spark' | 'duck'>;

/** An operation; without words for DuckDB they are Spark's. */
export function op(
  args: readonly Argument[],
  returns: Type,
  spark: string,
  duck: string = spark,
  more: More = {},
): Operation {
  const types = args.map((arg) => (typeof arg === 'object' ? arg.type : arg));
  return { key: `${spark} of ${types.join(', ')}`, args, returns, spark, duck, ...more };
}

/** One of some constants. */
export const oneOf = (type: Type, ...of: readonly Value[]): Argument => ({ type, of });

/** One of some integers. */
export const int = (...of: readonly number[]): Argument => ({ type: 'int', of: of.map(String) });
