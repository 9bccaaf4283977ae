import { type DataType, float32Type, type Scalar, SparrowError } from '../base/index.js';
import { arrayType } from '../base/types.js';
import { collecting } from './aggregate-collect.js';
import { type AggregateFunction, type Call, type ScalarFunction, scalar } from './define.js';
import { only, takes } from './implicit.js';

/*
 * Vectors are arrays of floats and nothing else. Sums are kept as doubles and cut to a float at the end, as Spark's; a
 * vector with a null in it gives null, and counts for nothing in an aggregate.
 */

const isFloat = (type: DataType): boolean => type.kind === 'float32';
const vector = only('array<float>', (type) => type.kind === 'array' && isFloat(type.element));
const degree = only('float', isFloat);
const vectorType = arrayType(float32Type);
const rare = 'a call per row: vectors are read as JavaScript arrays';

function dimensions(fn: string, a: number, b: number): void {
  if (a === b) return;
  throw new SparrowError('VECTOR_DIMENSION_MISMATCH', `${fn} takes vectors of one dimension, not of ${a} and ${b}`, {
    sqlState: '22000',
    parameters: { functionName: fn, leftDim: `${a}`, rightDim: `${b}` },
  });
}

const whole = (values: Scalar | undefined): readonly number[] | undefined =>
  (values as readonly Scalar[]).includes(null) ? undefined : (values as readonly number[]);
const total = (a: readonly number[], of: (x: number, i: number) => number): number =>
  a.reduce((sum, x, i) => sum + of(x, i), 0);
const dot = (a: readonly number[], b: readonly number[]): number => total(a, (x, i) => x * (b[i] as number));

type Pair = (a: readonly number[], b: readonly number[]) => number | null;

const ofTwo = (name: string, sql: string, summary: string, example: string, result: string, of: Pair): ScalarFunction =>
  scalar({
    name,
    sql: [sql],
    summary,
    examples: [[`${sql}(${example})`, result]],
    resolve: takes([vector, vector], float32Type, { nullable: true }),
    nulls: 'propagate',
    fails: true,
    compiled: rare,
    eval: ([left, right]) => {
      dimensions(sql, (left as Scalar[]).length, (right as Scalar[]).length);
      const [a, b] = [whole(left), whole(right)];
      const made = a && b && of(a, b);
      return typeof made === 'number' ? Math.fround(made) : null;
    },
  });

function norm(fn: string, a: readonly number[], p: Scalar): number {
  if (p === 2) return Math.sqrt(dot(a, a));
  if (p === 1) return total(a, Math.abs);
  if (p === Number.POSITIVE_INFINITY) return a.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  throw new SparrowError('INVALID_VECTOR_NORM_DEGREE', `the degree of ${fn} is 1, 2 or infinity, not ${p}`, {
    sqlState: '22023',
    parameters: { functionName: fn, degree: `${p}` },
  });
}

type OfOne = (a: readonly number[], length: number) => Scalar;

const ofOne = (name: string, sql: string, summary: string, result: string, returns: DataType, of: OfOne) =>
  scalar({
    name,
    sql: [sql],
    summary,
    examples: [[`${sql}(array(3.0F, 4.0F), 1.0F)`, result]],
    resolve: takes([vector, degree], returns, { optional: 1, nullable: true }),
    nulls: 'propagate',
    fails: true,
    compiled: rare,
    eval: ([values, p = 2]) => {
      const a = whole(values);
      return a === undefined ? null : of(a, norm(sql, a, p));
    },
  });

/** An aggregate number by number: what is kept so far, the next number, and how many there were with it. */
const overRows = (sql: string, next: (sum: number, x: number, count: number) => number) =>
  function finish(rows: Scalar[][], _call: Call): Scalar {
    let kept: number[] | undefined;
    let count = 0;
    for (const [values] of rows) {
      const a = whole(values);
      if (a === undefined) continue;
      count++;
      if (kept === undefined) kept = [...a];
      else {
        dimensions(sql, kept.length, a.length);
        kept = kept.map((sum, i) => Math.fround(next(sum, a[i] as number, count)));
      }
    }
    return kept ?? null;
  };

function ofMany(name: string, sql: string, summary: string, result: string, finish: ReturnType<typeof overRows>) {
  return collecting({
    name,
    sql: [sql],
    summary,
    examples: [[`${sql}(col) from values (array(1.0F, 2.0F)), (array(3.0F, 4.0F)) as tab(col)`, result]],
    resolve: takes([vector], vectorType, { nullable: true }),
    required: [0],
    finish,
  });
}

export const vectorFunctions = {
  vectorInnerProduct: ofTwo(
    'vectorInnerProduct',
    'vector_inner_product',
    'The inner product of two vectors of one dimension.',
    'array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F)',
    '32.0',
    dot,
  ),
  vectorCosineSimilarity: ofTwo(
    'vectorCosineSimilarity',
    'vector_cosine_similarity',
    'The cosine of the angle between two vectors of one dimension; null when one has no length.',
    'array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F)',
    '0.97463185',
    (a, b) => {
      const lengths = Math.sqrt(dot(a, a) * dot(b, b));
      return lengths === 0 ? null : dot(a, b) / lengths;
    },
  ),
  vectorL2Distance: ofTwo(
    'vectorL2Distance',
    'vector_l2_distance',
    'The Euclidean distance of two vectors of one dimension.',
    'array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F)',
    '5.196152',
    (a, b) => Math.sqrt(total(a, (x, i) => (x - (b[i] as number)) ** 2)),
  ),
  vectorNorm: ofOne(
    'vectorNorm',
    'vector_norm',
    'The length of a vector by the degree 1, 2 (the default) or infinity.',
    '7.0',
    float32Type,
    (_, length) => Math.fround(length),
  ),
  vectorNormalize: ofOne(
    'vectorNormalize',
    'vector_normalize',
    'The vector divided by its length; null when it has none.',
    '[0.42857143, 0.5714286]',
    vectorType,
    (a, length) => (length === 0 && a.length > 0 ? null : a.map((x) => Math.fround(x / length))),
  ),
};

export const vectorAggregates: Readonly<Record<'vectorSum' | 'vectorAvg', AggregateFunction>> = {
  vectorSum: ofMany(
    'vectorSum',
    'vector_sum',
    'The sum of vectors, number by number.',
    '[4.0, 6.0]',
    overRows('vector_sum', (sum, x) => sum + x),
  ),
  vectorAvg: ofMany(
    'vectorAvg',
    'vector_avg',
    'The mean of vectors, number by number.',
    '[2.0, 3.0]',
    overRows('vector_avg', (mean, x, count) => mean + Math.fround(Math.fround(x - mean) / count)),
  ),
};
