import {
  type DataType,
  float64Type,
  int32Type,
  int64Type,
  isInteger,
  isNumeric,
  type Scalar,
  SparrowError,
  stringType,
} from '../base/index.js';
import { type Call, scalar } from './define.js';
import { anyDouble, constant, only, type Param, takes } from './implicit.js';
import { overRows } from './over-rows.js';
import { XorShift } from './xorshift.js';

const perRow = 'a call per row: each draws the next number of its task';

/** A constant whole number, or null. */
const seed: Param = constant(only('integral', (type) => isInteger(type) || type.kind === 'null'));

/** The numbers of one task: as Spark those of the seed and the task's place, or others in every run. */
function drawing(call: Call, position: number, place: number): XorShift {
  if (call.argTypes.length <= position) return new XorShift(BigInt(Math.floor(Math.random() * 2 ** 53)));
  return new XorShift(BigInt((call.literals[position] ?? 0) as number | bigint) + BigInt(place));
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

function randomText(numbers: XorShift, size: number): string {
  if (size < 0)
    throw new SparrowError(
      'INVALID_PARAMETER_VALUE.LENGTH',
      `the length of randstr must not be negative, not ${size}`,
      {
        sqlState: '22023',
      },
    );
  return Array.from({ length: Math.trunc(size) }, () => LETTERS[Math.abs(numbers.int() % LETTERS.length)]).join('');
}

/** Digits of a row's number within its task. */
const ROW_BITS = 33n;

/** Random numbers and strings: by a seed, or others in every run. */
export const randomFunctions = {
  monotonicallyIncreasingId: scalar({
    name: 'monotonicallyIncreasingId',
    sql: ['monotonically_increasing_id'],
    summary:
      'A number that grows from row to row: the place of the task in the upper 31 bits, of the row in the lower 33.',
    examples: [['monotonically_increasing_id()', '0']],
    resolve: takes([], int64Type),
    nulls: 'custom',
    deterministic: false,
    ...overRows((_, place) => {
      let next = BigInt(place) << ROW_BITS;
      return () => next++;
    }),
    compiled: perRow,
  }),
  sparkPartitionId: scalar({
    name: 'sparkPartitionId',
    sql: ['spark_partition_id'],
    summary: 'The place of the task that works on the row among those of its stage.',
    examples: [['spark_partition_id()', '0']],
    resolve: takes([], int32Type),
    nulls: 'custom',
    deterministic: false,
    ...overRows((_, place) => () => place),
    compiled: perRow,
  }),
  rand: scalar({
    name: 'rand',
    sql: ['rand', 'random'],
    summary: 'A random number from 0 to below 1, evenly distributed. The same for the same seed and rows.',
    examples: [['rand() >= 0 and random() < 1', 'true']],
    resolve: takes([seed], float64Type, { optional: 1 }),
    nulls: 'custom',
    deterministic: false,
    ...overRows((call, place) => {
      const numbers = drawing(call, 0, place);
      return () => numbers.double();
    }),
    compiled: perRow,
  }),
  randn: scalar({
    name: 'randn',
    sql: ['randn'],
    summary: 'A random number of the standard normal distribution. The same for the same seed and rows.',
    examples: [['randn() is not null', 'true']],
    resolve: takes([seed], float64Type, { optional: 1 }),
    nulls: 'custom',
    deterministic: false,
    ...overRows((call, place) => {
      const numbers = drawing(call, 0, place);
      return () => numbers.gaussian();
    }),
    compiled: perRow,
  }),
  uniform: scalar({
    name: 'uniform',
    sql: ['uniform'],
    summary: 'A random number between two constants, of the wider type of both. The same for the same seed and rows.',
    examples: [
      ['uniform(10, 20) between 10 and 19', 'true'],
      ['typeof(uniform(10, 20.0F))', 'float'],
      ['uniform(null, 20)', null],
    ],
    resolve: takes(
      [number, number, seed],
      (_, args) => boundType(args[0]?.type ?? float64Type, args[1]?.type ?? float64Type),
      { optional: 1 },
    ),
    nulls: 'custom',
    deterministic: false,
    ...overRows((call, place) => {
      const numbers = drawing(call, 2, place);
      return ([low, high]) =>
        low === null || high === null
          ? null
          : asType((low as number) + ((high as number) - (low as number)) * numbers.double(), call.returns);
    }),
    compiled: perRow,
  }),
  randstr: scalar({
    name: 'randstr',
    sql: ['randstr'],
    summary: 'A random string of that many digits and letters. The same for the same seed and rows.',
    examples: [['length(randstr(5))', '5']],
    resolve: takes([length, seed], stringType, { optional: 1 }),
    nulls: 'custom',
    fails: true,
    deterministic: false,
    ...overRows((call, place) => {
      const numbers = drawing(call, 1, place);
      return ([size]) => randomText(numbers, (size ?? 0) as number);
    }),
    compiled: perRow,
  }),
};
