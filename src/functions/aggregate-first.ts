import { booleanType, type DataType, int8Type, type Scalar } from '../base/index.js';
import { arg, presentIf, pushFlag, storeAs, storeFlag, storeZero } from './aggregate-emit.js';
import {
  type AggregateFunction,
  type ArgType,
  aggregate,
  type Call,
  type Mismatch,
  type Resolution,
} from './define.js';
import { wrongCount } from './signature.js';
import type { Emitter, StateAccess, Value } from './value.js';

type Resolved = (Resolution & { readonly state: readonly DataType[] }) | Mismatch;

/** The flag of the state: no row yet, a value, a null. */
const NONE = 0;
const VALUE = 1;
const NULL = 2;

/** first(x) or first(x, ignoreNulls). */
function resolveEnd(args: readonly ArgType[]): Resolved {
  const [first, ignoreNulls] = args;
  if (first === undefined || args.length > 2) return wrongCount(args.length, 1, 2);
  if (ignoreNulls !== undefined && typeof ignoreNulls.literal !== 'boolean') {
    return { mismatch: 'argument 2 must be a constant BOOLEAN', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
  }
  const types = ignoreNulls === undefined ? [first.type] : [first.type, booleanType];
  return { args: types, returns: first.type, nullable: true, state: [first.type, int8Type] };
}

const ignoresNulls = (call: Call): boolean => call.literals[1] === true;

function endEval(end: 'first' | 'last'): AggregateFunction['eval'] {
  const isOpen = (state: readonly Scalar[]): boolean => end === 'last' || state[1] === NONE;
  return {
    init: () => [null, NONE],
    update: (state, [value], call) => {
      if (!isOpen(state) || (value === null && ignoresNulls(call))) return;
      state[0] = value ?? null;
      state[1] = value === null ? NULL : VALUE;
    },
    merge: (state, other) => {
      if (other[1] === NONE || !isOpen(state)) return;
      state[0] = other[0] as Scalar;
      state[1] = other[1] as Scalar;
    },
    finish: ([value, flag]) => (flag === VALUE ? (value as Scalar) : null),
  };
}

function emitEndUpdate(e: Emitter, state: StateAccess, v: Value, call: Call): void {
  const { code } = e;
  const { isNull } = v;
  const keep = (): void => {
    storeAs(e, state, 0, v);
    storeFlag(e, state, 1, VALUE);
  };
  if (isNull === undefined) {
    keep();
    return;
  }
  code.get(isNull).if(
    () => {
      if (!ignoresNulls(call)) storeFlag(e, state, 1, NULL);
    },
    () => e.scoped(keep),
  );
}

function endEmit(end: 'first' | 'last'): NonNullable<AggregateFunction['emit']> {
  const whenOpen = (e: Emitter, state: StateAccess, body: () => void): void => {
    if (end === 'last') {
      body();
      return;
    }
    pushFlag(e, state.load(1));
    e.code.op('i32.eqz').if(() => e.scoped(body));
  };
  return {
    init: (e, state) => {
      storeZero(e, state, 0);
      storeFlag(e, state, 1, NONE);
    },
    update: (e, state, args, call) => whenOpen(e, state, () => emitEndUpdate(e, state, arg(args), call)),
    merge: (e, state, other) => {
      const flag = arg(other, 1);
      pushFlag(e, flag);
      e.code.if(() =>
        whenOpen(e, state, () => {
          storeAs(e, state, 0, arg(other));
          storeAs(e, state, 1, flag);
        }),
      );
    },
    finish: (e, [value, flag], call) => presentIf(e, value as Value, flag as Value, call.returns),
  };
}

export const endAggregates = {
  /** The first value in the order of the rows. */
  first: aggregate({
    name: 'first',
    sql: ['first', 'first_value'],
    summary: 'The first value in the order of the rows; nulls count unless the second argument is true.',
    resolve: resolveEnd,
    ordered: true,
    eval: endEval('first'),
    emit: endEmit('first'),
    examples: [
      ['first(col) from values (10), (5), (20) as tab(col)', '10'],
      ['first(col, true) from values (null), (5), (20) as tab(col)', '5'],
    ],
  }),
  /** The last value in the order of the rows. */
  last: aggregate({
    name: 'last',
    sql: ['last', 'last_value'],
    summary: 'The last value in the order of the rows; nulls count unless the second argument is true.',
    resolve: resolveEnd,
    ordered: true,
    eval: endEval('last'),
    emit: endEmit('last'),
    examples: [['last(col) from values (10), (5), (20) as tab(col)', '20']],
  }),
  /** Some value of the group. */
  anyValue: aggregate({
    name: 'anyValue',
    sql: ['any_value'],
    summary: 'Some value of the group (here: the first); nulls count unless the second argument is true.',
    resolve: resolveEnd,
    ordered: true,
    eval: endEval('first'),
    emit: endEmit('first'),
    examples: [['any_value(col) from values (10), (10) as tab(col)', '10']],
  }),
};
