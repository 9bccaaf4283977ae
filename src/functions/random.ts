import {
  type DataType,
  float64Type,
  isInteger,
  isNumeric,
  type Scalar,
  SparrowError,
  stringType,
} from '../base/index.js';
import { type ArgType, type Mismatch, scalar } from './define.js';
import { anyDouble, constant, only, type Param, takes } from './implicit.js';

const perRow = 'a call per row: the generator is that of JavaScript';

/** A constant whole number, or null. */
const seed: Param = constant(only('integral', (type) => isInteger(type) || type.kind === 'null'));

/**
 * The type wanted, unless there is a seed: rows are worked on in any order, by several threads, so the numbers that
 * Spark draws one after the other for a seed are not to be had. Saying so is better than other numbers.
 */
const unseeded = (position: number, args: readonly ArgType[], returns: DataType): DataType | Mismatch =>
  args.length <= position
    ? returns
    : { mismatch: 'a seed is not supported yet; leave it out', code: 'UNSUPPORTED_FEATURE.RANDOM_SEED' };

/** A number of the standard normal distribution (the polar method of Marsaglia). */
function gaussian(): number {
  for (;;) {
    const [x, y] = [2 * Math.random() - 1, 2 * Math.random() - 1];
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/** Of two bounds' types the one that is said to be wider: floating before decimal before whole numbers. */
function boundType(a: DataType, b: DataType): DataType {
  if (a.kind === 'null' || b.kind === 'null') return float64Type;
  return widthOf(a) >= widthOf(b) ? a : b;
}

function widthOf(type: DataType): number {
  if (type.kind === 'decimal') return 100 + type.precision;
  return ['int8', 'int16', 'int32', 'int64'].indexOf(type.kind) + 1 || (type.kind === 'float32' ? 200 : 300);
}

/** A double as a value of the type, cut to a whole number or rounded to a decimal as a cast does. */
function asType(x: number, type: DataType): Scalar {
  if (type.kind === 'decimal') return BigInt(Math.round(x * 10 ** type.scale));
  if (type.kind === 'int64') return BigInt(Math.trunc(x));
  if (isInteger(type)) return Math.trunc(x);
  return type.kind === 'float32' ? Math.fround(x) : x;
}

const number: Param = constant({
  wants: 'numeric',
  accept: (type) => (isNumeric(type) || type.kind === 'null' ? float64Type : undefined),
});
const length: Param = constant({
  wants: 'integral',
  accept: (type) => (type.kind === 'string' ? undefined : anyDouble.accept(type)),
});

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function randomText(size: number): string {
  if (size < 0)
    throw new SparrowError(
      'INVALID_PARAMETER_VALUE.LENGTH',
      `the length of randstr must not be negative, not ${size}`,
      {
        sqlState: '22023',
      },
    );
  return Array.from({ length: Math.trunc(size) }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('');
}

/** Random numbers and strings, others in every run. */
export const randomFunctions = {
  rand: scalar({
    name: 'rand',
    sql: ['rand', 'random'],
    summary: 'A random number from 0 to below 1, evenly distributed. A seed is not supported yet.',
    examples: [['rand() >= 0 and random() < 1', 'true']],
    resolve: takes([seed], (_, args) => unseeded(0, args, float64Type), { optional: 1 }),
    nulls: 'propagate',
    deterministic: false,
    eval: () => Math.random(),
    compiled: perRow,
  }),
  randn: scalar({
    name: 'randn',
    sql: ['randn'],
    summary: 'A random number of the standard normal distribution. A seed is not supported yet.',
    examples: [['randn() is not null', 'true']],
    resolve: takes([seed], (_, args) => unseeded(0, args, float64Type), { optional: 1 }),
    nulls: 'propagate',
    deterministic: false,
    eval: gaussian,
    compiled: perRow,
  }),
  uniform: scalar({
    name: 'uniform',
    sql: ['uniform'],
    summary: 'A random number between two constants, of the wider type of both. A seed is not supported yet.',
    examples: [
      ['uniform(10, 20) between 10 and 19', 'true'],
      ['typeof(uniform(10, 20.0F))', 'float'],
      ['uniform(null, 20)', null],
    ],
    resolve: takes(
      [number, number, seed],
      (_, args) => unseeded(2, args, boundType(args[0]?.type ?? float64Type, args[1]?.type ?? float64Type)),
      { optional: 1 },
    ),
    nulls: 'propagate',
    deterministic: false,
    eval: ([low, high], call) =>
      asType((low as number) + ((high as number) - (low as number)) * Math.random(), call.returns),
    compiled: perRow,
  }),
  randstr: scalar({
    name: 'randstr',
    sql: ['randstr'],
    summary: 'A random string of that many digits and letters. A seed is not supported yet.',
    examples: [['length(randstr(5))', '5']],
    resolve: takes([length, seed], (_, args) => unseeded(1, args, stringType), { optional: 1 }),
    nulls: 'propagate',
    fails: true,
    deterministic: false,
    eval: ([size]) => randomText(size as number),
    compiled: perRow,
  }),
};
