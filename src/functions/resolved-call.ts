import type { DataType, Scalar } from '../base/index.js';
import type { EvalSettings, Lambdas } from './expression.js';

/** A resolved call, as `emit` and `eval` see it. */
export interface Call {
  readonly fn: string;
  readonly argTypes: readonly DataType[];
  /** Literal arguments by position (undefined where the argument is not a literal). */
  readonly literals: readonly (Scalar | undefined)[];
  readonly returns: DataType;
  readonly settings: EvalSettings;
  readonly lambdas?: Lambdas;
  /** The lambda functions, ready to run; put in by who evaluates the call. */
  readonly apply?: readonly LambdaFunction[];
  /** Set where the call finishes an aggregate over its kept rows: the aggregate's own call. */
  readonly collected?: Call;
}

/** A lambda function over its parameters followed by the values captured by the call. */
export type LambdaFunction = (environment: readonly Scalar[]) => Scalar;

/** Inclusive bounds of an integer-like value (decimals unscaled). */
export type Range = readonly [bigint, bigint];
