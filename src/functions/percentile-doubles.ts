import type { Scalar } from '../base/index.js';

/** Groups of at least so many values are looked through by buckets: selection alone mispredicts half of its branches. */
const LEAST_BUCKETED = 64;
const BUCKETS = 256;

/** Values of one group, in no order, and the bucket of each: reused, as groups come one after the other. */
let scratch = new Float64Array(1024);
let buckets = new Uint8Array(1024);
const counts = new Uint32Array(BUCKETS);
/** The values of one bucket. */
let some = new Float64Array(1024);

/** Doubles whose order statistics are asked for, NaN greater than all; found by selection, not by sorting. */
export class OrderedDoubles {
  #isBucketed: boolean | undefined;

  private constructor(
    private readonly values: Float64Array,
    /** How many are numbers; NaN come behind them. */
    private readonly numbers: number,
    readonly count: number,
    private readonly descending: boolean,
  ) {}

  /** Of the records of a collecting aggregate, which are doubles side by side; undefined where zeros of both signs make the order of equals matter. */
  static of(records: Uint8Array, descending: boolean): OrderedDoubles | undefined {
    const count = records.length / 8;
    if (scratch.length < count) {
      scratch = new Float64Array(count * 2);
      buckets = new Uint8Array(count * 2);
      some = new Float64Array(count * 2);
    }
    const { buffer, byteOffset } = records.byteOffset % 8 === 0 ? records : new Uint8Array(records);
    const given = new Float64Array(buffer, byteOffset, count);
    let numbers = 0;
    for (let i = 0; i < count; i++) {
      const x = given[i] as number;
      if (Number.isNaN(x)) continue;
      if (Object.is(x, -0)) return undefined;
      scratch[numbers++] = x;
    }
    return new OrderedDoubles(scratch, numbers, count, descending);
  }

  /** The value at a row number from 0. */
  at(row: number): number {
    const place = this.descending ? this.count - 1 - row : row;
    if (place >= this.numbers) return Number.NaN;
    this.#isBucketed ??= this.numbers >= LEAST_BUCKETED && putIntoBuckets(this.values, this.numbers);
    return this.#isBucketed
      ? selectInBucket(this.values, this.numbers, place)
      : select(this.values, this.numbers, place);
  }
}

/** Notes for each value which part of the way from the least to the greatest it lies in; false where that is no distance. */
function putIntoBuckets(values: Float64Array, count: number): boolean {
  let [low, high] = [values[0] as number, values[0] as number];
  for (let i = 1; i < count; i++) {
    low = Math.min(low, values[i] as number);
    high = Math.max(high, values[i] as number);
  }
  const scale = BUCKETS / (high - low);
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) return false;
  counts.fill(0);
  for (let i = 0; i < count; i++) {
    // Subtraction and product keep the order of values, as far as they tell them apart.
    const bucket = Math.min(BUCKETS - 1, Math.trunc(((values[i] as number) - low) * scale));
    buckets[i] = bucket;
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  return true;
}

function selectInBucket(values: Float64Array, count: number, place: number): number {
  let [bucket, before] = [0, 0];
  while (before + (counts[bucket] as number) <= place) before += counts[bucket++] as number;
  let found = 0;
  for (let i = 0; i < count; i++) if (buckets[i] === bucket) some[found++] = values[i] as number;
  return select(some, found, place - before);
}

/** The value that would stand at a place were the first `count` in order, which they are around it afterwards (Hoare 1961). */
function select(values: Float64Array, count: number, place: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const pivot = middleOf(values[low] as number, values[(low + high) >> 1] as number, values[high] as number);
    let [i, j] = [low, high];
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const swapped = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = swapped;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return values[place] as number;
}

const middleOf = (a: number, b: number, c: number): number =>
  a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);

/** A result for each share, or undefined where the values have to be put in order after all. */
export function finishDoubles(
  records: Uint8Array,
  shares: readonly number[],
  descending: boolean,
  at: (values: OrderedDoubles, share: number) => number,
): readonly Scalar[] | undefined {
  const values = OrderedDoubles.of(records, descending);
  return values === undefined ? undefined : shares.map((share) => at(values, share));
}
