import { type DataType, float64Type, type Scalar } from '../base/index.js';
import { whenPresent } from './aggregate-emit.js';
import { avg } from './aggregate-sum.js';
import type { AggregateFunction, ArgType, Call, FunctionDocs } from './define.js';
import { anyDouble, takes } from './implicit.js';
import type { Value } from './value.js';

/** As `avg`, over one of two numbers, where neither is null. */
export function meanOf(at: 0 | 1, docs: FunctionDocs): AggregateFunction {
  const own = (call: Call): Call => ({ ...call, argTypes: [call.argTypes[at] as DataType] });
  const { emit } = avg as Required<AggregateFunction>;
  return {
    ...docs,
    kind: 'aggregate',
    resolve: (args, settings) => {
      const both = takes([anyDouble, anyDouble], float64Type)(args, settings);
      if ('mismatch' in both) return both;
      const mean = avg.resolve([args[at] as ArgType], settings);
      return 'mismatch' in mean ? mean : { ...mean, args: both.args.with(at, mean.args[0] as DataType) };
    },
    eval: {
      init: (call) => avg.eval.init(own(call)),
      update: (state, args, call) => {
        if (!args.includes(null)) avg.eval.update(state, [args[at] as Scalar], own(call));
      },
      merge: (state, other, call) => avg.eval.merge(state, other, own(call)),
      finish: (state, call) => avg.eval.finish(state, own(call)),
    },
    emit: {
      init: (e, state, call) => emit.init(e, state, own(call)),
      update: (e, state, args, call) =>
        whenPresent(e, args, () => emit.update(e, state, [args[at] as Value], own(call))),
      merge: (e, state, other, call) => emit.merge(e, state, other, own(call)),
      finish: (e, state, call) => emit.finish(e, state, own(call)),
    },
  };
}
