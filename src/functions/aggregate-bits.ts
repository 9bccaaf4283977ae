import { carrierOf, type DataType, int8Type, isInteger, type Scalar } from '../base/index.js';
import type { OpName } from '../wasm/index.js';
import { arg, ifPresent, presentIf, pushFlag, storeFlag, storeZero } from './aggregate-emit.js';
import type { AggregateFunction } from './define.js';
import { part, widen } from './emit.js';
import { only, takes } from './implicit.js';
import type { Emitter, StateAccess, Value } from './value.js';

type Operator = 'and' | 'or' | 'xor';

function combine(what: Operator, x: Scalar, y: Scalar): Scalar {
  if (typeof x === 'bigint' && typeof y === 'bigint') return what === 'and' ? x & y : what === 'or' ? x | y : x ^ y;
  const [a, b] = [x as number, y as number];
  return what === 'and' ? a & b : what === 'or' ? a | b : a ^ b;
}

/** State: the value so far, and whether there is one. */
function bits(what: Operator, sqlName: string, example: readonly [string, string]): AggregateFunction {
  const offer = (state: Scalar[], value: Scalar): void => {
    state[0] = state[1] === 1 ? combine(what, state[0] as Scalar, value) : value;
    state[1] = 1;
  };
  const emitOffer = (e: Emitter, state: StateAccess, given: Value): void => {
    const v = widen(e, given);
    const result = e.code.local(carrierOf(v.type) === 'i64' ? 'i64' : 'i32');
    const known = part(state.load(0));
    e.code
      .get(known)
      .get(part(v))
      .op(`${result.type}.${what}` as OpName);
    e.code.get(part(v));
    pushFlag(e, state.load(1));
    e.code.select().set(result);
    state.store(0, [result]);
    storeFlag(e, state, 1, 1);
  };
  return {
    kind: 'aggregate',
    name: `bit${what === 'and' ? 'And' : what === 'or' ? 'Or' : 'Xor'}`,
    sql: [sqlName],
    summary: `Bitwise ${what} of all values that are not null; null when there are none.`,
    examples: [example],
    resolve: (args, settings) => {
      const type = args[0]?.type as DataType;
      const resolution = takes([only('an integer', isInteger)], type, { nullable: true })(args, settings);
      return 'mismatch' in resolution ? resolution : { ...resolution, state: [type, int8Type] };
    },
    eval: {
      init: (call) => [call.returns.kind === 'int64' ? 0n : 0, 0],
      update: (state, [value]) => {
        if (value !== null && value !== undefined) offer(state, value);
      },
      merge: (state, other) => {
        if (other[1] === 1) offer(state, other[0] as Scalar);
      },
      finish: ([value, flag]) => (flag === 1 ? (value as Scalar) : null),
    },
    emit: {
      init: (e, state) => {
        storeZero(e, state, 0);
        storeFlag(e, state, 1, 0);
      },
      update: (e, state, args) => ifPresent(e, arg(args), () => emitOffer(e, state, arg(args))),
      merge: (e, state, other) => {
        pushFlag(e, arg(other, 1));
        e.code.if(() => emitOffer(e, state, arg(other)));
      },
      finish: (e, [value, flag], call) => presentIf(e, value as Value, flag as Value, call.returns),
    },
  };
}

/** Bitwise aggregates. */
export const bitAggregates = {
  bitAnd: bits('and', 'bit_and', ['bit_and(col) from values (3), (5) as tab(col)', '1']),
  bitOr: bits('or', 'bit_or', ['bit_or(col) from values (3), (5) as tab(col)', '7']),
  bitXor: bits('xor', 'bit_xor', ['bit_xor(col) from values (3), (5) as tab(col)', '6']),
};
