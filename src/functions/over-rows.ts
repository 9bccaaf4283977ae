import type { Scalar } from '../base/index.js';
import type { Call, ScalarFunction } from './define.js';

/** The meaning of a function that remembers from row to row; to the interpreter all rows are those of one task. */
export function overRows(
  perTask: (call: Call, place: number) => (args: readonly Scalar[]) => Scalar,
): Pick<ScalarFunction, 'perTask' | 'eval'> & Required<Pick<ScalarFunction, 'perTask'>> {
  const known = new WeakMap<Call, (args: readonly Scalar[]) => Scalar>();
  return {
    perTask,
    eval: (args, call) => {
      const next = known.get(call) ?? perTask(call, 0);
      known.set(call, next);
      return next(args);
    },
  };
}
