import { booleanType, type DataType, int8Type, int64Type, type Scalar } from '../base/index.js';
import { addTo, arg, ifPresent, increment, presentIf, pushFlag, storeFlag, storeZero } from './aggregate-emit.js';
import { extremeAggregates } from './aggregate-extreme.js';
import { endAggregates } from './aggregate-first.js';
import { avg, sum } from './aggregate-sum.js';
import { pushTrue } from './branch-emit.js';
import {
  type AggregateFunction,
  type ArgType,
  aggregate,
  type Call,
  type Mismatch,
  type Resolution,
} from './define.js';
import { anyNull, part, value } from './emit.js';
import { anyBoolean, anyDouble, type Param, takes } from './implicit.js';
import type { Emitter, StateAccess, Value } from './value.js';

type Resolved = (Resolution & { readonly state: readonly DataType[] }) | Mismatch;
type Settings = { readonly ansi: boolean };

const INT32_ROWS = 2n ** 31n - 1n;

const resolveCount = (args: readonly ArgType[]): Resolved => ({
  args: args.map((arg) => arg.type),
  returns: int64Type,
  nullable: false,
  state: [int64Type],
});

/** Only under ANSI texts are taken for what they say. */
const condition = ({ ansi }: Settings): Param => ({
  ...anyBoolean,
  accept: (type) => (!ansi && type.kind === 'string' ? undefined : anyBoolean.accept(type)),
});

function resolveCountIf(args: readonly ArgType[], settings: Settings): Resolved {
  const resolution = takes([condition(settings)], int64Type)(args, settings);
  return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false, state: [int64Type] };
}

const counting = {
  narrowState: (_ranges: readonly unknown[], rows: bigint) => (rows <= INT32_ROWS ? (['i32'] as const) : undefined),
} as const;

const countEval = (counts: (args: readonly Scalar[]) => boolean): AggregateFunction['eval'] => ({
  init: () => [0n],
  update: (state, args) => {
    if (counts(args)) state[0] = (state[0] as bigint) + 1n;
  },
  merge: (state, other) => {
    state[0] = (state[0] as bigint) + (other[0] as bigint);
  },
  finish: ([count]) => count as Scalar,
});

const countEmit = (
  update: NonNullable<AggregateFunction['emit']>['update'],
): NonNullable<AggregateFunction['emit']> => ({
  init: (e, state) => storeZero(e, state, 0),
  update,
  merge: (e, state, other) => void addTo(e, state, 0, arg(other)),
  finish: (_, [count]) => value(int64Type, (count as Value).carrier, (count as Value).parts),
});

function emitCount(e: Emitter, state: StateAccess, args: readonly Value[]): void {
  const isNull = anyNull(e, args);
  if (isNull === undefined) {
    increment(e, state, 0);
    return;
  }
  // A null counts 0: no branch.
  const one = e.code.local('i32');
  e.code.get(isNull).op('i32.eqz').set(one);
  addTo(e, state, 0, value({ kind: 'int32' }, 'i32', [one]));
}

function emitCountIf(e: Emitter, state: StateAccess, args: readonly Value[]): void {
  const one = e.code.local('i32');
  pushTrue(e, arg(args));
  e.code.set(one);
  addTo(e, state, 0, value({ kind: 'int32' }, 'i32', [one]));
}

function resolveBoolean(args: readonly ArgType[], settings: Settings): Resolved {
  const resolution = takes([condition(settings)], booleanType, { nullable: true })(args, settings);
  return 'mismatch' in resolution ? resolution : { ...resolution, state: [booleanType, int8Type] };
}

/** bool_and keeps false, bool_or keeps true. */
const booleanEval = (keeps: boolean): AggregateFunction['eval'] => {
  const offer = (state: Scalar[], v: Scalar): void => {
    if (state[1] === 0 || v === keeps) state[0] = v;
    state[1] = 1;
  };
  return {
    init: () => [!keeps, 0],
    update: (state, [v]) => {
      if (v !== null && v !== undefined) offer(state, v);
    },
    merge: (state, other) => {
      if (other[1] === 1) offer(state, other[0] as Scalar);
    },
    finish: ([v, flag]) => (flag === 1 ? (v as Scalar) : null),
  };
};

function emitBooleanOffer(e: Emitter, state: StateAccess, v: Value, keeps: boolean): void {
  const { code } = e;
  const result = code.local('i32');
  code
    .get(part(state.load(0)))
    .get(part(v))
    .op(keeps ? 'i32.or' : 'i32.and')
    .set(result);
  state.store(0, [result]);
  storeFlag(e, state, 1, 1);
}

const booleanEmit = (keeps: boolean): NonNullable<AggregateFunction['emit']> => ({
  init: (e, state) => {
    const start = e.code.local('i32');
    e.code.i32(keeps ? 0 : 1).set(start);
    state.store(0, [start]);
    storeFlag(e, state, 1, 0);
  },
  update: (e, state, args) => ifPresent(e, arg(args), () => emitBooleanOffer(e, state, arg(args), keeps)),
  merge: (e, state, other) => {
    pushFlag(e, arg(other, 1));
    e.code.if(() => emitBooleanOffer(e, state, arg(other), keeps));
  },
  finish: (e, [v, flag], call: Call) => presentIf(e, v as Value, flag as Value, call.returns),
});

export const aggregateFunctions = {
  /** Number of rows, or of rows where no argument is null. */
  count: aggregate({
    name: 'count',
    sql: ['count'],
    summary: 'Number of rows; with arguments, of rows where none of them is null.',
    resolve: resolveCount,
    ...counting,
    eval: countEval((args) => args.every((a) => a !== null)),
    emit: countEmit(emitCount),
    examples: [
      ['count(*) from values (null), (5), (5) as tab(col)', '3'],
      ['count(col) from values (null), (5), (5) as tab(col)', '2'],
    ],
  }),
  /** Number of rows where the condition is true. */
  countIf: aggregate({
    name: 'countIf',
    sql: ['count_if'],
    summary: 'Number of rows where the condition is true.',
    resolve: resolveCountIf,
    ...counting,
    eval: countEval(([condition]) => condition === true),
    emit: countEmit(emitCountIf),
    examples: [['count_if(col % 2 = 0) from values (null), (0), (1), (2) as tab(col)', '2']],
  }),
  regrCount: aggregate({
    name: 'regrCount',
    sql: ['regr_count'],
    summary: 'Number of rows where neither number is null.',
    resolve: (args, settings) => {
      const resolution = takes([anyDouble, anyDouble], int64Type)(args, settings);
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false, state: [int64Type] };
    },
    ...counting,
    eval: countEval((args) => args.every((a) => a !== null)),
    emit: countEmit(emitCount),
    examples: [['regr_count(y, x) from values (1, 2), (2, null), (2, 3), (2, 4) as tab(y, x)', '3']],
  }),
  sum,
  avg,
  ...extremeAggregates,
  ...endAggregates,
  /** Whether every value is true. */
  boolAnd: aggregate({
    name: 'boolAnd',
    sql: ['bool_and', 'every'],
    summary: 'Whether every value that is not null is true; null when there are none.',
    resolve: resolveBoolean,
    eval: booleanEval(false),
    emit: booleanEmit(false),
    examples: [['bool_and(col) from values (true), (null), (false) as tab(col)', 'false']],
  }),
  /** Whether some value is true. */
  boolOr: aggregate({
    name: 'boolOr',
    sql: ['bool_or', 'some', 'any'],
    summary: 'Whether some value is true; null when there are none that are not null.',
    resolve: resolveBoolean,
    eval: booleanEval(true),
    emit: booleanEmit(true),
    examples: [['bool_or(col) from values (true), (null), (false) as tab(col)', 'true']],
  }),
};
