import {
  arrayType,
  type DataType,
  field,
  float64Type,
  int32Type,
  integerBounds,
  isNumeric,
  type Scalar,
  structType,
} from '../base/index.js';
import { collecting } from './aggregate-collect.js';
import { decimalText } from './decimal.js';
import type { Call } from './define.js';
import { anyInt, constant, type Param, takes } from './implicit.js';
import { isIntervalType } from './signature.js';

/** java.util.Random's numbers: the generator that ties are broken with. */
class JavaRandom {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = (seed ^ 0x5deece66dn) & ((1n << 48n) - 1n);
  }

  double(): number {
    return (this.#next(26) * 2 ** 27 + this.#next(27)) * 2 ** -53;
  }

  #next(bits: number): number {
    this.#state = (this.#state * 0x5deece66dn + 0xbn) & ((1n << 48n) - 1n);
    return Number(this.#state >> BigInt(48 - bits));
  }
}

const SEED = 31183n;

interface Bin {
  x: number;
  y: number;
}

/**
 * A histogram of at most so many bins that follows the values: where there are too many, the two nearest become one
 * (Ben-Haim and Tom-Tov, "A streaming parallel decision tree algorithm", as Hive and Spark have it).
 */
class Histogram {
  readonly bins: Bin[] = [];
  readonly #random = new JavaRandom(SEED);

  constructor(readonly most: number) {}

  add(x: number): void {
    let [low, high] = [0, this.bins.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.bins[middle] as Bin).x < x) low = middle + 1;
      else high = middle;
    }
    const found = this.bins[low];
    if (found?.x === x) found.y++;
    else this.bins.splice(low, 0, { x, y: 1 });
    if (this.bins.length > this.most) this.#mergeNearest();
  }

  #mergeNearest(): void {
    const distance = (at: number): number => (this.bins[at + 1] as Bin).x - (this.bins[at] as Bin).x;
    let [nearest, least, ties] = [0, distance(0), 1];
    for (let at = 1; at < this.bins.length - 1; at++) {
      if (distance(at) < least) [nearest, least, ties] = [at, distance(at), 1];
      else if (distance(at) === least && this.#random.double() <= 1 / ++ties) nearest = at;
    }
    const [left, right] = [this.bins[nearest] as Bin, this.bins[nearest + 1] as Bin];
    const y = left.y + right.y;
    left.x = left.x * (left.y / y) + (right.x / y) * right.y;
    left.y = y;
    this.bins.splice(nearest + 1, 1);
  }
}

const placed: Param = {
  wants: 'numeric, date, timestamp or interval',
  accept: (type) => {
    if (type.kind === 'null') return float64Type;
    const isMoment = type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamp_ntz';
    return isNumeric(type) || isMoment || isIntervalType(type) ? type : undefined;
  },
};

function toNumber(value: Scalar, type: DataType): number {
  return type.kind === 'decimal' ? Number(decimalText(value as bigint, type.scale)) : Number(value);
}

/** A double next to the end of a range may lie beyond it. */
function within(value: bigint, type: DataType): bigint {
  const [least, most] = integerBounds(type) as readonly [bigint, bigint];
  return value < least ? least : value > most ? most : value;
}

function ofNumber(x: number, type: DataType): Scalar {
  switch (type.kind) {
    case 'float32':
      return Math.fround(x);
    case 'float64':
      return x;
    case 'decimal':
      return within(BigInt(Math.round(x * 10 ** type.scale)), type);
    case 'int64':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
      return within(BigInt(Math.trunc(x)), type);
    default:
      // Without the sign of zero.
      return Math.trunc(x) + 0;
  }
}

function finish(rows: readonly (readonly Scalar[])[], call: Call): Scalar {
  if (rows.length === 0) return null;
  const [type = float64Type] = call.argTypes;
  const histogram = new Histogram(Number(call.literals[1]));
  for (const [value] of rows) histogram.add(toNumber(value as Scalar, type));
  return histogram.bins.map(({ x, y }) => [ofNumber(x, type), y]);
}

/** Histograms. */
export const histogramAggregates = {
  histogramNumeric: collecting({
    name: 'histogramNumeric',
    sql: ['histogram_numeric'],
    summary: 'A histogram of at most so many bins: where each has its middle, and how many values it holds.',
    examples: [
      [
        'histogram_numeric(col, 5) from values (0), (1), (2), (10) as tab(col)',
        '[{0, 1.0}, {1, 1.0}, {2, 1.0}, {10, 1.0}]',
      ],
      ['histogram_numeric(col, 2) from values (0), (1), (10) as tab(col)', '[{0, 2.0}, {10, 1.0}]'],
    ],
    resolve: (args, settings) => {
      const bins = args[1]?.literal;
      if (typeof bins === 'number' && bins < 2)
        return { mismatch: 'the number of bins must be 2 or more', code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE' };
      return takes(
        [placed, constant(anyInt)],
        ([type = int32Type]) => arrayType(structType([field('x', type, true), field('y', float64Type, true)]), true),
        { nullable: true },
      )(args, settings);
    },
    required: [0],
    finish,
  }),
};
