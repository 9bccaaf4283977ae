import type { Scalar } from '../base/index.js';
import { type DataType, int32Type } from '../base/index.js';
import type { ArgType, Call, LambdaFunction, LambdaParams } from './define.js';
import { elementOf, isArray } from './nested-values.js';

/** What the higher-order functions share. */

/** A position in an array, as a lambda function's parameter. */
export const positionArg: ArgType = { type: int32Type, nullable: false };

/** An element of an array of this type, as a lambda function's parameter. */
export const elementArg = (type: DataType): ArgType => ({
  type: elementOf(type),
  nullable: isArray(type) && type.containsNull,
});

export const given = (...params: readonly ArgType[]): LambdaParams => ({ params, least: params.length });

/** A lambda function over up to three parameters. */
export type Applied = (a: Scalar, b?: Scalar, c?: Scalar) => Scalar;

/** The call's lambda function of that number: its row of parameters and captured values is written over each time. */
export function lambdaOf(call: Call, which: number, args: readonly Scalar[]): Applied {
  const { bodies, captured } = call.lambdas as NonNullable<Call['lambdas']>;
  const apply = (call.apply as readonly LambdaFunction[])[which] as LambdaFunction;
  const count = bodies[which]?.params.length ?? 0;
  const row: Scalar[] = [...new Array<Scalar>(count).fill(null), ...args.slice(args.length - captured)];
  if (count === 1) {
    return (a) => {
      row[0] = a;
      return apply(row);
    };
  }
  if (count === 2) {
    return (a, b = null) => {
      row[0] = a;
      row[1] = b;
      return apply(row);
    };
  }
  return (a, b = null, c = null) => {
    row[0] = a;
    row[1] = b;
    row[2] = c;
    return apply(row);
  };
}
