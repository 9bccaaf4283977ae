import { type DataType, float64Type, int64Type, type Scalar } from '../base/index.js';
import type { OpName } from '../wasm/index.js';
import { scalar } from './define.js';
import { take } from './emit.js';
import { part } from './emit-parts.js';
import { anyDouble, anyInt, takes } from './implicit.js';
import { javaCbrt, javaCosh, javaExp, javaHypot, javaPow } from './java-math.js';
import { bitFunctions } from './math-bits.js';
import { roundingFunctions } from './math-round.js';
import { numeralFunctions } from './math-text.js';
import type { Emitter, Value } from './value.js';

const viaJs = 'a call per row: the function is that of JS (fdlibm, as in Java)';

type Emit = (e: Emitter, args: readonly Value[]) => Value;
type Example = readonly [sql: string, result: string | null];

const double = (e: Emitter): Value => take(e, float64Type, 'f64');

/** A function of one double. */
const unary = (
  names: readonly [string, ...string[]],
  summary: string,
  examples: readonly Example[],
  of: (x: number) => number,
  emit?: Emit,
) =>
  scalar({
    name: names[0],
    sql: names,
    summary,
    examples,
    resolve: takes([anyDouble], float64Type),
    nulls: 'propagate',
    eval: ([x]) => of(x as number),
    ...(emit === undefined ? { compiled: viaJs } : { emit }),
  });

const instruction =
  (op: OpName): Emit =>
  (e, args) => {
    e.code.get(part(args[0])).op(op);
    return double(e);
  };

const factor =
  (by: number): Emit =>
  (e, args) => {
    e.code.get(part(args[0])).f64(by).op('f64.mul');
    return double(e);
  };

/** A logarithm: null where there is none. */
const logarithm = (
  names: readonly [string, ...string[]],
  summary: string,
  examples: readonly Example[],
  least: number,
  of: (x: number) => number,
) =>
  scalar({
    name: names[0],
    sql: names,
    summary: `${summary}; null for arguments up to ${least}.`,
    examples,
    resolve: takes([anyDouble], float64Type, { nullable: true }),
    nulls: 'propagate',
    eval: ([x]) => ((x as number) <= least ? null : of(x as number)),
    compiled: viaJs,
  });

const binary = (
  names: readonly [string, ...string[]],
  summary: string,
  examples: readonly Example[],
  of: (x: number, y: number) => number,
) =>
  scalar({
    name: names[0],
    sql: names,
    summary,
    examples,
    resolve: takes([anyDouble, anyDouble], float64Type),
    nulls: 'propagate',
    eval: ([x, y]) => of(x as number, y as number),
    compiled: viaJs,
  });

const constantOf = (name: string, of: number, summary: string, example: Example) =>
  scalar({
    name,
    sql: [name],
    summary,
    examples: [example],
    resolve: takes([], float64Type),
    nulls: 'propagate',
    eval: () => of,
    emit: (e) => {
      e.code.f64(of);
      return double(e);
    },
  });

const exponential = {
  sqrt: unary(
    ['sqrt'],
    'The square root; NaN for negative numbers.',
    [
      ['sqrt(4)', '2.0'],
      ['sqrt(-1)', 'NaN'],
    ],
    Math.sqrt,
    instruction('f64.sqrt'),
  ),
  cbrt: unary(['cbrt'], 'The cube root.', [['cbrt(27.0)', '3.0']], javaCbrt),
  exp: unary(
    ['exp'],
    'e to the power of the number.',
    [
      ['exp(0)', '1.0'],
      ['exp(1)', '2.7182818284590455'],
    ],
    javaExp,
  ),
  expm1: unary(['expm1'], 'exp(x) - 1, exact near 0.', [['expm1(0)', '0.0']], Math.expm1),
  ln: logarithm(
    ['ln'],
    'The natural logarithm',
    [
      ['ln(1)', '0.0'],
      ['ln(0)', null],
    ],
    0,
    Math.log,
  ),
  log10: logarithm(['log10'], 'The logarithm to base 10', [['log10(10)', '1.0']], 0, Math.log10),
  log2: logarithm(['log2'], 'The logarithm to base 2', [['log2(2)', '1.0']], 0, (x) => Math.log(x) / Math.log(2)),
  log1p: logarithm(
    ['log1p'],
    'ln(1 + x), exact near 0',
    [
      ['log1p(0)', '0.0'],
      ['log1p(-1)', null],
    ],
    -1,
    Math.log1p,
  ),
  log: scalar({
    name: 'log',
    sql: ['log'],
    summary: 'The logarithm of the second argument to the base of the first, or the natural one of a single argument.',
    examples: [
      ['log(10, 100)', '2.0'],
      ['log(0, 100)', null],
      ['log(1)', '0.0'],
    ],
    resolve: takes([anyDouble, anyDouble], float64Type, { optional: 1, nullable: true }),
    nulls: 'propagate',
    eval: ([base, x]) => {
      const known = base as number;
      if (x === undefined) return known <= 0 ? null : Math.log(known);
      return known <= 0 || (x as number) <= 0 ? null : Math.log(x as number) / Math.log(known);
    },
    compiled: viaJs,
  }),
  pow: binary(['pow', 'power'], 'The first number to the power of the second.', [['pow(2, 3)', '8.0']], javaPow),
};

const RADIANS = 0.017453292519943295;
const DEGREES = 57.29577951308232;

/** Java rounds to the nearest even integer. */
function rint(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest < 0.5) return Object.is(x, -0) ? x : floor;
  const up = rest > 0.5 || floor % 2 !== 0 ? floor + 1 : floor;
  return up === 0 && x < 0 ? -0 : up;
}

const reciprocal = (of: (x: number) => number) => (x: number) => 1 / of(x);

const angles = {
  sin: unary(['sin'], 'The sine.', [['sin(0)', '0.0']], Math.sin),
  cos: unary(['cos'], 'The cosine.', [['cos(0)', '1.0']], Math.cos),
  tan: unary(['tan'], 'The tangent.', [['tan(0)', '0.0']], Math.tan),
  cot: unary(['cot'], 'The cotangent.', [['cot(1)', '0.6420926159343306']], reciprocal(Math.tan)),
  sec: unary(['sec'], 'The secant.', [['sec(0)', '1.0']], reciprocal(Math.cos)),
  csc: unary(['csc'], 'The cosecant.', [['csc(1)', '1.1883951057781212']], reciprocal(Math.sin)),
  asin: unary(
    ['asin'],
    'The arc sine; NaN outside of -1 to 1.',
    [
      ['asin(0)', '0.0'],
      ['asin(2)', 'NaN'],
    ],
    Math.asin,
  ),
  acos: unary(
    ['acos'],
    'The arc cosine; NaN outside of -1 to 1.',
    [
      ['acos(1)', '0.0'],
      ['acos(2)', 'NaN'],
    ],
    Math.acos,
  ),
  atan: unary(['atan'], 'The arc tangent.', [['atan(0)', '0.0']], Math.atan),
  atan2: binary(['atan2'], 'The angle of the point (second, first argument).', [['atan2(0, 0)', '0.0']], (y, x) =>
    Math.atan2(y + 0, x + 0),
  ),
  sinh: unary(['sinh'], 'The hyperbolic sine.', [['sinh(0)', '0.0']], Math.sinh),
  cosh: unary(['cosh'], 'The hyperbolic cosine.', [['cosh(0)', '1.0']], javaCosh),
  tanh: unary(['tanh'], 'The hyperbolic tangent.', [['tanh(0)', '0.0']], Math.tanh),
  asinh: unary(['asinh'], 'The inverse hyperbolic sine.', [['asinh(0)', '0.0']], javaAsinh),
  acosh: unary(
    ['acosh'],
    'The inverse hyperbolic cosine.',
    [
      ['acosh(1)', '0.0'],
      ['acosh(0)', 'NaN'],
    ],
    Math.acosh,
  ),
  atanh: unary(
    ['atanh'],
    'The inverse hyperbolic tangent.',
    [
      ['atanh(0)', '0.0'],
      ['atanh(2)', 'NaN'],
    ],
    (x) => 0.5 * (Math.log1p(x) - Math.log1p(-x)),
  ),
  degrees: unary(
    ['degrees'],
    'Radians as degrees.',
    [['degrees(3.141592653589793)', '180.0']],
    (x) => x * DEGREES,
    factor(DEGREES),
  ),
  radians: unary(
    ['radians'],
    'Degrees as radians.',
    [['radians(180)', '3.141592653589793']],
    (x) => x * RADIANS,
    factor(RADIANS),
  ),
  hypot: binary(['hypot'], 'The length of the hypotenuse.', [['hypot(3, 4)', '5.0']], javaHypot),
  pi: constantOf('pi', Math.PI, 'The number π.', ['pi()', '3.141592653589793']),
  e: constantOf('e', Math.E, "Euler's number.", ['e()', '2.718281828459045']),
};

/** Spark's formula up to 4.2, which is not the exact one for tiny numbers. */
function javaAsinh(x: number): number {
  return x === Number.NEGATIVE_INFINITY ? x : Math.log(x + Math.sqrt(x * x + 1));
}

const FACTORIALS: readonly bigint[] = Array.from({ length: 21 }, (_, n) => {
  let product = 1n;
  for (let i = 2; i <= n; i++) product *= BigInt(i);
  return product;
});

const whole = {
  rint: unary(
    ['rint'],
    'The nearest integer, ties to even, as a double.',
    [
      ['rint(12.3456)', '12.0'],
      ['rint(2.5)', '2.0'],
    ],
    rint,
    instruction('f64.nearest'),
  ),
  factorial: scalar({
    name: 'factorial',
    sql: ['factorial'],
    summary: 'The factorial of 0 to 20; null for other numbers.',
    examples: [
      ['factorial(5)', '120'],
      ['factorial(21)', null],
    ],
    resolve: takes([anyInt], int64Type as DataType, { nullable: true }),
    nulls: 'propagate',
    eval: ([n]): Scalar => FACTORIALS[n as number] ?? null,
    compiled: 'a call per row: rare',
  }),
};

/** Numbers. */
export const mathFunctions = {
  ...exponential,
  ...angles,
  ...whole,
  ...roundingFunctions,
  ...bitFunctions,
  ...numeralFunctions,
};
