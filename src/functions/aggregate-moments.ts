import { type DataType, float64Type, type Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { arg, ifPresent, storeZero } from './aggregate-emit.js';
import { type AggregateFunction, type ArgType, aggregate, type Mismatch, type Resolution } from './define.js';
import { part, take } from './emit.js';
import { anyDouble, takes } from './implicit.js';
import type { Emitter, StateAccess, Value } from './value.js';

type Resolved = (Resolution & { readonly state: readonly DataType[] }) | Mismatch;

/** State: count, mean and sum of squared distances from it, all doubles (Spark's CentralMomentAgg). */
function resolveMoments(args: readonly ArgType[], settings: { readonly ansi: boolean }): Resolved {
  const resolution = takes([anyDouble], float64Type, { nullable: true })(args, settings);
  if ('mismatch' in resolution) return resolution;
  return { ...resolution, state: [float64Type, float64Type, float64Type] };
}

interface Moment {
  /** Divided by count (population) or by count - 1 (sample). */
  readonly sample: boolean;
  readonly root: boolean;
}

const momentEval = ({ sample, root }: Moment): AggregateFunction['eval'] => ({
  init: () => [0, 0, 0],
  update: (state, [value]) => {
    if (value === null || value === undefined) return;
    const [n, mean, m2] = state as [number, number, number];
    const count = n + 1;
    const delta = (value as number) - mean;
    const step = delta / count;
    state[0] = count;
    state[1] = mean + step;
    state[2] = m2 + delta * (delta - step);
  },
  merge: (state, other) => {
    const [n1, mean1, m1] = state as [number, number, number];
    const [n2, mean2, m2] = other as readonly [number, number, number];
    const count = n1 + n2;
    const delta = mean2 - mean1;
    const step = count === 0 ? 0 : delta / count;
    state[0] = count;
    state[1] = mean1 + step * n2;
    state[2] = m1 + m2 + delta * step * n1 * n2;
  },
  finish: ([n, , m2]): Scalar => {
    const divisor = (n as number) - (sample ? 1 : 0);
    if (divisor <= 0) return null;
    const variance = (m2 as number) / divisor;
    return root ? Math.sqrt(variance) : variance;
  },
});

/** Stores the f64 on the stack in a field. */
function storeTop(e: Emitter, state: StateAccess, i: number): Local {
  const local = e.code.local('f64');
  e.code.set(local);
  state.store(i, [local]);
  return local;
}

function emitUpdate(e: Emitter, state: StateAccess, x: Local): void {
  const { code } = e;
  const [n, mean, m2] = [0, 1, 2].map((i) => part(state.load(i))) as [Local, Local, Local];
  const [delta, step] = [code.local('f64'), code.local('f64')];
  code.get(n).f64(1).op('f64.add');
  const count = storeTop(e, state, 0);
  code.get(x).get(mean).op('f64.sub').tee(delta).get(count).op('f64.div').set(step);
  code.get(mean).get(step).op('f64.add');
  storeTop(e, state, 1);
  code.get(m2).get(delta).get(delta).get(step).op('f64.sub').op('f64.mul').op('f64.add');
  storeTop(e, state, 2);
}

function emitMerge(e: Emitter, state: StateAccess, other: readonly Value[]): void {
  const { code } = e;
  const [n1, mean1, m1] = [0, 1, 2].map((i) => part(state.load(i))) as [Local, Local, Local];
  const [n2, mean2, m2] = [0, 1, 2].map((i) => part(arg(other, i))) as [Local, Local, Local];
  const [delta, step] = [code.local('f64'), code.local('f64')];
  code.get(n1).get(n2).op('f64.add');
  const count = storeTop(e, state, 0);
  code.f64(0).get(mean2).get(mean1).op('f64.sub').tee(delta).get(count).op('f64.div');
  code.get(count).f64(0).op('f64.eq').select().set(step);
  code.get(mean1).get(step).get(n2).op('f64.mul').op('f64.add');
  storeTop(e, state, 1);
  code.get(m1).get(m2).op('f64.add');
  code.get(delta).get(step).op('f64.mul').get(n1).op('f64.mul').get(n2).op('f64.mul').op('f64.add');
  storeTop(e, state, 2);
}

const momentEmit = ({ sample, root }: Moment): NonNullable<AggregateFunction['emit']> => ({
  init: (e, state) => {
    for (const i of [0, 1, 2]) storeZero(e, state, i);
  },
  update: (e, state, args) => ifPresent(e, arg(args), () => emitUpdate(e, state, part(arg(args)))),
  merge: emitMerge,
  finish: (e, [n, , m2]) => {
    const { code } = e;
    const divisor = code.local('f64');
    const isNull = code.local('i32');
    code
      .get(part(n as Value))
      .f64(sample ? 1 : 0)
      .op('f64.sub')
      .tee(divisor)
      .f64(0)
      .op('f64.le')
      .set(isNull);
    code
      .get(part(m2 as Value))
      .get(divisor)
      .op('f64.div');
    if (root) code.op('f64.sqrt');
    return take(e, float64Type, 'f64', isNull);
  },
});

const moment = (form: Moment) => ({ resolve: resolveMoments, eval: momentEval(form), emit: momentEmit(form) });

export const momentAggregates = {
  /** Sample standard deviation. */
  stddev: aggregate({
    name: 'stddev',
    sql: ['stddev', 'stddev_samp', 'std'],
    summary: 'Sample standard deviation; null for fewer than two values.',
    ...moment({ sample: true, root: true }),
    examples: [['stddev(col) from values (1), (2), (3) as tab(col)', '1.0']],
  }),
  /** Population standard deviation. */
  stddevPop: aggregate({
    name: 'stddevPop',
    sql: ['stddev_pop'],
    summary: 'Population standard deviation; null when there are no values.',
    ...moment({ sample: false, root: true }),
    examples: [['stddev_pop(col) from values (1), (3) as tab(col)', '1.0']],
  }),
  /** Sample variance. */
  variance: aggregate({
    name: 'variance',
    sql: ['variance', 'var_samp'],
    summary: 'Sample variance; null for fewer than two values.',
    ...moment({ sample: true, root: false }),
    examples: [['variance(col) from values (1), (2), (3) as tab(col)', '1.0']],
  }),
  /** Population variance. */
  varPop: aggregate({
    name: 'varPop',
    sql: ['var_pop'],
    summary: 'Population variance; null when there are no values.',
    ...moment({ sample: false, root: false }),
    examples: [['var_pop(col) from values (1), (2), (3) as tab(col)', '0.6666666666666666']],
  }),
};
