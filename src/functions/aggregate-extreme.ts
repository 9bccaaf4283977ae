import { type DataType, int8Type, type Scalar } from '../base/index.js';
import { arg, ifPresent, presentIf, pushFlag, pushOrder, storeAs, storeFlag, storeZero } from './aggregate-emit.js';
import { compareScalars } from './compare-scalars.js';
import {
  type AggregateFunction,
  type ArgType,
  aggregate,
  type Call,
  type Mismatch,
  type Resolution,
} from './define.js';
import { carrierFor, rangeOf } from './emit.js';
import { isOrderable, withoutOrder, wrongCount } from './signature.js';
import type { Emitter, StateAccess, Value } from './value.js';

type Resolved = (Resolution & { readonly state: readonly DataType[] }) | Mismatch;
type AggregateEval = AggregateFunction['eval'];
type AggregateEmit = NonNullable<AggregateFunction['emit']>;

/** `zero` of a state field no row has written yet. */
const NOTHING: Scalar = null;

function resolveExtreme(args: readonly ArgType[]): Resolved {
  const [first] = args;
  if (first === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  if (!isOrderable(first.type)) return withoutOrder(0, first.type);
  return { args: [first.type], returns: first.type, nullable: true, state: [first.type, int8Type] };
}

const extremeEval = (sign: 1 | -1): AggregateEval => {
  const offer = (state: Scalar[], value: Scalar, type: DataType): void => {
    if (state[1] === 1 && sign * compareScalars(type, value, state[0] as Scalar) <= 0) return;
    state[0] = value;
    state[1] = 1;
  };
  return {
    init: () => [NOTHING, 0],
    update: (state, [value], call) => {
      if (value !== null && value !== undefined) offer(state, value, call.returns);
    },
    merge: (state, other, call) => {
      if (other[1] === 1) offer(state, other[0] as Scalar, call.returns);
    },
    finish: ([value, flag]) => (flag === 1 ? (value as Scalar) : null),
  };
};

/** Keeps the value when it is the first, or better than the one kept. */
function emitOffer(e: Emitter, state: StateAccess, v: Value, sign: 1 | -1, call: Call): void {
  const { code } = e;
  const better = code.local('i32');
  pushFlag(e, state.load(1));
  code
    .op('i32.eqz')
    .tee(better)
    .op('i32.eqz')
    .if(() => {
      pushOrder(e, sign === 1 ? 'gt' : 'lt', v, state.load(0), call);
      code.set(better);
    });
  code.get(better).if(() => {
    storeAs(e, state, 0, v);
    storeFlag(e, state, 1, 1);
  });
}

const extremeEmit = (sign: 1 | -1): AggregateEmit => ({
  init: (e, state) => {
    storeZero(e, state, 0);
    storeFlag(e, state, 1, 0);
  },
  update: (e, state, args, call) => ifPresent(e, arg(args), () => emitOffer(e, state, arg(args), sign, call)),
  merge: (e, state, other, call) => {
    pushFlag(e, arg(other, 1));
    e.code.if(() => emitOffer(e, state, arg(other), sign, call));
  },
  finish: (e, [value, flag], call) => presentIf(e, value as Value, flag as Value, call.returns),
});

/** The state holds one of the values, so it is as narrow as they are. */
const narrowExtreme: AggregateFunction['narrowState'] = (ranges, _rows, call) => {
  const range = ranges[0] && rangeOf(call.returns, ranges[0]);
  const carrier = range && carrierFor(range);
  return carrier === undefined || carrier === 'i128' ? undefined : [carrier, 'i32'];
};

function resolveBy(args: readonly ArgType[]): Resolved {
  const [x, by] = args;
  if (x === undefined || by === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (!isOrderable(by.type)) return withoutOrder(1, by.type);
  return { args: [x.type, by.type], returns: x.type, nullable: true, state: [x.type, by.type, int8Type] };
}

const NULL_VALUE = 2;

/** Of equal orders the later row wins, as in Spark. */
const byEval = (sign: 1 | -1): AggregateEval => {
  const offer = (state: Scalar[], value: Scalar, by: Scalar, flag: number, call: Call): void => {
    if (state[2] !== 0 && sign * compareScalars(call.argTypes[1] as DataType, state[1] as Scalar, by) > 0) return;
    state[0] = value;
    state[1] = by;
    state[2] = flag;
  };
  return {
    init: () => [NOTHING, NOTHING, 0],
    update: (state, [value, by], call) => {
      if (by === null || by === undefined) return;
      offer(state, value ?? null, by, value === null ? NULL_VALUE : 1, call);
    },
    merge: (state, other, call) => {
      if (other[2] !== 0) offer(state, other[0] as Scalar, other[1] as Scalar, other[2] as number, call);
    },
    finish: ([value, , flag]) => (flag === 1 ? (value as Scalar) : null),
  };
};

function emitOfferBy(
  e: Emitter,
  state: StateAccess,
  [x, by]: readonly Value[],
  storeState: () => void,
  sign: 1 | -1,
  call: Call,
): void {
  const { code } = e;
  const better = code.local('i32');
  pushFlag(e, state.load(2));
  code
    .op('i32.eqz')
    .tee(better)
    .op('i32.eqz')
    .if(() => {
      pushOrder(e, sign === 1 ? 'gt' : 'lt', state.load(1), by as Value, call);
      code.op('i32.eqz').set(better);
    });
  code.get(better).if(() => {
    storeAs(e, state, 0, x as Value);
    storeAs(e, state, 1, by as Value);
    storeState();
  });
}

const byEmit = (sign: 1 | -1): AggregateEmit => ({
  init: (e, state) => {
    storeZero(e, state, 0);
    storeZero(e, state, 1);
    storeFlag(e, state, 2, 0);
  },
  update: (e, state, args, call) =>
    ifPresent(e, arg(args, 1), () => {
      const { isNull } = arg(args);
      const storeState = (): void => {
        storeFlag(e, state, 2, 1);
        if (isNull !== undefined) e.code.get(isNull).if(() => storeFlag(e, state, 2, NULL_VALUE));
      };
      emitOfferBy(e, state, args, storeState, sign, call);
    }),
  merge: (e, state, other, call) => {
    const flag = arg(other, 2);
    pushFlag(e, flag);
    e.code.if(() => emitOfferBy(e, state, other, () => storeAs(e, state, 2, flag), sign, call));
  },
  finish: (e, [value, , flag], call) => presentIf(e, value as Value, flag as Value, call.returns),
});

export const extremeAggregates = {
  /** The least value. */
  min: aggregate({
    name: 'min',
    sql: ['min'],
    summary: 'The least value that is not null; null when there are none. NaN is greater than every other number.',
    resolve: resolveExtreme,
    narrowState: narrowExtreme,
    eval: extremeEval(-1),
    emit: extremeEmit(-1),
    examples: [['min(col) from values (10), (-1), (20) as tab(col)', '-1']],
  }),
  /** The greatest value. */
  max: aggregate({
    name: 'max',
    sql: ['max'],
    summary: 'The greatest value that is not null; null when there are none. NaN is greater than every other number.',
    resolve: resolveExtreme,
    narrowState: narrowExtreme,
    eval: extremeEval(1),
    emit: extremeEmit(1),
    examples: [['max(col) from values (10), (50), (20) as tab(col)', '50']],
  }),
  /** The value of the row whose order is least. */
  minBy: aggregate({
    name: 'minBy',
    sql: ['min_by'],
    summary: 'The value of the row with the least second argument; rows where that is null do not count.',
    resolve: resolveBy,
    ordered: true,
    eval: byEval(-1),
    emit: byEmit(-1),
    examples: [["min_by(x, y) from values ('a', 10), ('b', 50), ('c', 20) as tab(x, y)", 'a']],
  }),
  /** The value of the row whose order is greatest. */
  maxBy: aggregate({
    name: 'maxBy',
    sql: ['max_by'],
    summary: 'The value of the row with the greatest second argument; rows where that is null do not count.',
    resolve: resolveBy,
    ordered: true,
    eval: byEval(1),
    emit: byEmit(1),
    examples: [["max_by(x, y) from values ('a', 10), ('b', 50), ('c', 20) as tab(x, y)", 'b']],
  }),
};
