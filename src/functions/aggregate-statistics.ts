import { type DataType, float64Type, type Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { storeZero, whenPresent } from './aggregate-emit.js';
import { meanOf } from './aggregate-mean-of.js';
import type { AggregateFunction, FunctionDocs } from './define.js';
import { part, value } from './emit.js';
import { type Formula, inNumbers, inWasm } from './float-formula.js';
import { anyDouble, takes } from './implicit.js';
import type { StateAccess } from './value.js';

/** A statistic over one or two doubles; rows where one is null do not count. State fields are doubles, 0 at first. */
interface Statistic extends FunctionDocs {
  readonly arguments: 1 | 2;
  readonly fields: number;
  readonly update: <F, B>(f: Formula<F, B>, state: readonly F[], args: readonly F[]) => F[];
  readonly merge: <F, B>(f: Formula<F, B>, a: readonly F[], b: readonly F[]) => F[];
  readonly finish: <F, B>(f: Formula<F, B>, state: readonly F[]) => { readonly value: F; readonly isNull: B };
}

function statistic(entry: Statistic): AggregateFunction {
  const { fields, update, finish } = entry;
  // Merging with nothing changes nothing.
  const merge = <F, B>(f: Formula<F, B>, a: readonly F[], b: readonly F[]): F[] => {
    const [noA, noB] = [a, b].map(([n]) => f.equal(n as F, f.constant(0))) as [B, B];
    return entry.merge(f, a, b).map((merged, i) => f.choose(noA, b[i] as F, f.choose(noB, a[i] as F, merged)));
  };
  const state: DataType[] = Array.from({ length: fields }, () => float64Type);
  const params = Array.from({ length: entry.arguments }, () => anyDouble);
  return {
    kind: 'aggregate',
    name: entry.name,
    sql: entry.sql,
    summary: entry.summary,
    examples: entry.examples,
    resolve: (args, settings) => {
      const resolution = takes(params, float64Type, { nullable: true })(args, settings);
      return 'mismatch' in resolution ? resolution : { ...resolution, state };
    },
    eval: {
      init: () => state.map(() => 0),
      update: (s, args) => {
        if (args.includes(null)) return;
        s.splice(0, fields, ...update(inNumbers, s as number[], args as readonly number[]));
      },
      merge: (s, other) => void s.splice(0, fields, ...merge(inNumbers, s as number[], other as readonly number[])),
      finish: (s): Scalar => {
        const result = finish(inNumbers, s as readonly number[]);
        return result.isNull ? null : result.value;
      },
    },
    emit: {
      init: (e, access) => state.forEach((_, i) => void storeZero(e, access, i)),
      update: (e, access, args) =>
        whenPresent(e, args, () => {
          const next = update(
            inWasm(e),
            loadAll(access, fields),
            args.map((a) => part(a)),
          );
          storeAll(access, next);
        }),
      merge: (e, access, other) =>
        storeAll(
          access,
          merge(
            inWasm(e),
            loadAll(access, fields),
            other.map((a) => part(a)),
          ),
        ),
      finish: (e, s) => {
        const result = finish(
          inWasm(e),
          s.map((a) => part(a)),
        );
        return value(float64Type, 'f64', [result.value], result.isNull);
      },
    },
  };
}

const loadAll = (state: StateAccess, fields: number): Local[] =>
  Array.from({ length: fields }, (_, i) => part(state.load(i)));

function storeAll(state: StateAccess, values: readonly Local[]): void {
  for (const [i, local] of values.entries()) state.store(i, [local]);
}

/** State of two variables: count, both means, the co-moment, both sums of squared distances (Welford, as in Spark). */
function updatePair<F, B>(f: Formula<F, B>, state: readonly F[], [x, y]: readonly F[]): F[] {
  const [n, meanX, meanY, co, x2, y2] = state as [F, F, F, F, F, F];
  const [a, b] = [x as F, y as F];
  const count = f.add(n, f.constant(1));
  const dx = f.sub(a, meanX);
  const dy = f.sub(b, meanY);
  const stepX = f.div(dx, count);
  const stepY = f.div(dy, count);
  const newX = f.add(meanX, stepX);
  const newY = f.add(meanY, stepY);
  return [
    count,
    newX,
    newY,
    f.add(co, f.mul(dx, f.sub(b, newY))),
    f.add(x2, f.mul(dx, f.sub(a, newX))),
    f.add(y2, f.mul(dy, f.sub(b, newY))),
  ];
}

/** As `updatePair` with the second number first, as Spark's regressions; squares are rounded as those of a variance. */
function updateRegression<F, B>(f: Formula<F, B>, state: readonly F[], [x, y]: readonly F[]): F[] {
  const [n, meanX, meanY, , x2, y2] = state as [F, F, F, F, F, F];
  const next = updatePair(f, turned(state), [y as F, x as F]);
  const square = (sum: F, value: F, mean: F): F => {
    const delta = f.sub(value, mean);
    return f.add(sum, f.mul(delta, f.sub(delta, f.div(delta, f.add(n, f.constant(1))))));
  };
  return [...turned(next).slice(0, 4), square(x2, x as F, meanX), square(y2, y as F, meanY)];
}

const turned = <F>([n, x, y, co, xx, yy]: readonly F[]): F[] => [n, y, x, co, yy, xx] as F[];

function mergePair<F, B>(f: Formula<F, B>, left: readonly F[], right: readonly F[]): F[] {
  const [n1, x1, y1, co1, xx1, yy1] = left as [F, F, F, F, F, F];
  const [n2, x2, y2, co2, xx2, yy2] = right as [F, F, F, F, F, F];
  const n = f.add(n1, n2);
  const none = f.equal(n, f.constant(0));
  const over = (v: F): F => f.choose(none, f.constant(0), f.div(v, n));
  const dx = f.sub(x2, x1);
  const dy = f.sub(y2, y1);
  const [stepX, stepY] = [over(dx), over(dy)];
  const weight = f.mul(n1, n2);
  return [
    n,
    f.add(x1, f.mul(stepX, n2)),
    f.add(y1, f.mul(stepY, n2)),
    f.add(f.add(co1, co2), f.mul(f.mul(dx, stepY), weight)),
    f.add(f.add(xx1, xx2), f.mul(f.mul(dx, stepX), weight)),
    f.add(f.add(yy1, yy2), f.mul(f.mul(dy, stepY), weight)),
  ];
}

type PairFinish = <F, B>(
  f: Formula<F, B>,
  s: { n: F; x: F; y: F; co: F; xx: F; yy: F },
) => { readonly value: F; readonly isNull: B };

const regression = (docs: FunctionDocs, finish: PairFinish): AggregateFunction => pair(docs, finish, updateRegression);

const pair = (docs: FunctionDocs, finish: PairFinish, update: Statistic['update'] = updatePair): AggregateFunction =>
  statistic({
    ...docs,
    arguments: 2,
    fields: 6,
    update,
    merge: mergePair,
    finish: (f, state) => {
      const [n, x, y, co, xx, yy] = state as [(typeof state)[0], never, never, never, never, never];
      return finish(f, { n, x, y, co, xx, yy });
    },
  });

const squared = <F, B>(f: Formula<F, B>, x: F): F => f.mul(x, x);

const over = (y: string, x: string): string => `${y} from values (1, 2), (2, 2), (2, 3), (2, 4) as tab(${x})`;
const example = (call: string, result: string) => [[over(call, 'y, x'), result]] as const;

const pairAggregates = {
  corr: pair(
    {
      name: 'corr',
      sql: ['corr'],
      summary: 'Pearson’s correlation of two numbers over the rows where neither is null.',
      examples: [['corr(c1, c2) from values (3, 2), (3, 3), (6, 4) as tab(c1, c2)', '0.8660254037844387']],
    },
    (f, { n, co, xx, yy }) => ({
      value: f.choose(f.equal(n, f.constant(1)), f.constant(Number.NaN), f.div(co, f.sqrt(f.mul(xx, yy)))),
      // With one row or a variable that never changes there is no correlation.
      isNull: f.either(
        f.equal(n, f.constant(0)),
        f.either(f.equal(n, f.constant(1)), f.equal(f.mul(xx, yy), f.constant(0))),
      ),
    }),
  ),
  covarPop: pair(
    {
      name: 'covarPop',
      sql: ['covar_pop'],
      summary: 'Population covariance of two numbers.',
      examples: [['covar_pop(c1, c2) from values (1,1), (2,2), (3,3) as tab(c1, c2)', '0.6666666666666666']],
    },
    (f, { n, co }) => ({ value: f.div(co, n), isNull: f.equal(n, f.constant(0)) }),
  ),
  covarSamp: pair(
    {
      name: 'covarSamp',
      sql: ['covar_samp'],
      summary: 'Sample covariance of two numbers; null for fewer than two rows.',
      examples: [['covar_samp(c1, c2) from values (1,1), (2,2), (3,3) as tab(c1, c2)', '1.0']],
    },
    (f, { n, co }) => ({
      value: f.div(co, f.sub(n, f.constant(1))),
      isNull: f.either(f.equal(n, f.constant(0)), f.equal(n, f.constant(1))),
    }),
  ),
  regrAvgx: meanOf(1, {
    name: 'regrAvgx',
    sql: ['regr_avgx'],
    summary: 'Mean of the second number where neither is null.',
    examples: example('regr_avgx(y, x)', '2.75'),
  }),
  regrAvgy: meanOf(0, {
    name: 'regrAvgy',
    sql: ['regr_avgy'],
    summary: 'Mean of the first number where neither is null.',
    examples: example('regr_avgy(y, x)', '1.75'),
  }),
  regrSxx: regression(
    {
      name: 'regrSxx',
      sql: ['regr_sxx'],
      summary: 'Sum of squared distances of the second number from its mean.',
      examples: example('regr_sxx(y, x)', '2.75'),
    },
    (f, { n, yy }) => ({ value: yy, isNull: f.equal(n, f.constant(0)) }),
  ),
  regrSyy: regression(
    {
      name: 'regrSyy',
      sql: ['regr_syy'],
      summary: 'Sum of squared distances of the first number from its mean.',
      examples: example('regr_syy(y, x)', '0.75'),
    },
    (f, { n, xx }) => ({ value: xx, isNull: f.equal(n, f.constant(0)) }),
  ),
  regrSxy: pair(
    {
      name: 'regrSxy',
      sql: ['regr_sxy'],
      summary: 'Sum of the products of both numbers’ distances from their means.',
      examples: example('regr_sxy(y, x)', '0.75'),
    },
    (f, { n, co }) => ({ value: co, isNull: f.equal(n, f.constant(0)) }),
  ),
  regrSlope: regression(
    {
      name: 'regrSlope',
      sql: ['regr_slope'],
      summary: 'Slope of the least-squares line of the first number over the second.',
      examples: example('regr_slope(y, x)', '0.2727272727272727'),
    },
    (f, { n, co, yy }) => ({
      value: f.div(co, yy),
      isNull: f.either(f.equal(n, f.constant(0)), f.equal(yy, f.constant(0))),
    }),
  ),
  regrIntercept: pair(
    {
      name: 'regrIntercept',
      sql: ['regr_intercept'],
      summary: 'Where the least-squares line of the first number over the second meets zero.',
      examples: example('regr_intercept(y, x)', '1.0'),
    },
    (f, { n, x, y, co, yy }) => {
      // Spark merges each state into an empty one before it is finished, which rounds its means.
      const [meanX, meanY] = [x, y].map((mean) => f.mul(f.div(mean, n), n)) as [typeof x, typeof y];
      return {
        value: f.sub(meanX, f.mul(f.div(co, yy), meanY)),
        isNull: f.either(f.equal(n, f.constant(0)), f.equal(yy, f.constant(0))),
      };
    },
  ),
  regrR2: pair(
    {
      name: 'regrR2',
      sql: ['regr_r2'],
      summary: 'Coefficient of determination of the least-squares line.',
      examples: example('regr_r2(y, x)', '0.2727272727272727'),
    },
    (f, { n, co, xx, yy }) => ({
      value: f.choose(f.equal(xx, f.constant(0)), f.constant(1), squared(f, f.div(co, f.sqrt(f.mul(xx, yy))))),
      isNull: f.either(f.equal(n, f.constant(0)), f.equal(yy, f.constant(0))),
    }),
  ),
};

/** State: count, mean, and the second to fourth central moments, with Spark's roundings. */
function updateMoments<F, B>(f: Formula<F, B>, state: readonly F[], [x]: readonly F[]): F[] {
  const [n, mean, a2, a3, a4] = state as [F, F, F, F, F];
  const count = f.add(n, f.constant(1));
  const delta = f.sub(x as F, mean);
  const step = f.div(delta, count);
  const [delta2, step2] = [f.mul(delta, delta), f.mul(step, step)];
  const m2 = f.add(a2, f.mul(delta, f.sub(delta, step)));
  const times = (k: number, a: F, b: F): F => f.mul(f.mul(f.constant(k), a), b);
  const m3 = f.add(f.sub(a3, times(3, step, m2)), f.mul(delta, f.sub(delta2, step2)));
  const m4 = f.add(
    f.sub(f.sub(a4, times(4, step, m3)), times(6, step2, m2)),
    f.mul(delta, f.sub(f.mul(delta, delta2), f.mul(step, step2))),
  );
  return [count, f.add(mean, step), m2, m3, m4];
}

function mergeMoments<F, B>(f: Formula<F, B>, left: readonly F[], right: readonly F[]): F[] {
  const [n1, mean1, a2, a3, a4] = left as [F, F, F, F, F];
  const [n2, mean2, b2, b3, b4] = right as [F, F, F, F, F];
  const n = f.add(n1, n2);
  const none = f.equal(n, f.constant(0));
  const delta = f.sub(mean2, mean1);
  const step = f.choose(none, f.constant(0), f.div(delta, n));
  const weight = f.mul(n1, n2);
  const step2 = f.mul(step, step);
  const three = f.constant(3);
  const m3 = f.add(
    f.add(f.add(a3, b3), f.mul(f.mul(f.mul(step2, delta), weight), f.sub(n1, n2))),
    f.mul(f.mul(three, step), f.sub(f.mul(n1, b2), f.mul(n2, a2))),
  );
  const squares = f.add(f.sub(f.mul(n1, n1), weight), f.mul(n2, n2));
  const m4 = f.add(
    f.add(
      f.add(f.add(a4, b4), f.mul(f.mul(f.mul(f.mul(step2, step), delta), weight), squares)),
      f.mul(f.mul(f.constant(6), step2), f.add(f.mul(f.mul(n1, n1), b2), f.mul(f.mul(n2, n2), a2))),
    ),
    f.mul(f.mul(f.constant(4), step), f.sub(f.mul(n1, b3), f.mul(n2, a3))),
  );
  return [n, f.add(mean1, f.mul(step, n2)), f.add(f.add(a2, b2), f.mul(f.mul(delta, step), weight)), m3, m4];
}

const shape = (docs: FunctionDocs, of: <F, B>(f: Formula<F, B>, state: readonly F[]) => F): AggregateFunction =>
  statistic({
    ...docs,
    arguments: 1,
    fields: 5,
    update: updateMoments,
    merge: mergeMoments,
    finish: (f, state) => {
      const [n, , m2] = state as [(typeof state)[0], never, (typeof state)[0]];
      return { value: of(f, state), isNull: f.either(f.equal(n, f.constant(0)), f.equal(m2, f.constant(0))) };
    },
  });

/** Correlation, regression and the shape of a distribution. */
export const statisticAggregates = {
  ...pairAggregates,
  skewness: shape(
    {
      name: 'skewness',
      sql: ['skewness'],
      summary: 'Skewness; null when no value differs.',
      examples: [['skewness(col) from values (-10), (-20), (100), (1000) as tab(col)', '1.1135657469022011']],
    },
    (f, [n, , m2, m3]) =>
      f.div(f.mul(f.sqrt(n as never), m3 as never), f.sqrt(f.mul(f.mul(m2 as never, m2 as never), m2 as never))),
  ),
  kurtosis: shape(
    {
      name: 'kurtosis',
      sql: ['kurtosis'],
      summary: 'Excess kurtosis; null when no value differs.',
      examples: [['kurtosis(col) from values (-10), (-20), (100), (1000) as tab(col)', '-0.7014368047529627']],
    },
    (f, [n, , m2, , m4]) =>
      f.sub(f.div(f.mul(n as never, m4 as never), f.mul(m2 as never, m2 as never)), f.constant(3)),
  ),
};
