import type { Scalar } from '../base/index.js';

/** A record of one double that is not null: its length, a flag, the value. */
const RECORD = 13;
const VALUE = 5;

/** Values of one group, in no order: reused, as groups come one after the other. */
let scratch = new Float64Array(1024);

/** Doubles whose order statistics are asked for, NaN greater than all; found by selection, not by sorting. */
export class OrderedDoubles {
  private constructor(
    private readonly values: Float64Array,
    /** How many are numbers; NaN come behind them. */
    private readonly numbers: number,
    readonly count: number,
    private readonly descending: boolean,
  ) {}

  /** Of the records of a collecting aggregate; undefined where zeros of both signs make the order of equals matter. */
  static of(records: Uint8Array, descending: boolean): OrderedDoubles | undefined {
    const count = records.length / RECORD;
    if (scratch.length < count) scratch = new Float64Array(count * 2);
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    let numbers = 0;
    for (let i = 0; i < count; i++) {
      const x = view.getFloat64(i * RECORD + VALUE, true);
      if (Number.isNaN(x)) continue;
      if (Object.is(x, -0)) return undefined;
      scratch[numbers++] = x;
    }
    return new OrderedDoubles(scratch, numbers, count, descending);
  }

  /** The value at a row number from 0. */
  at(row: number): number {
    const place = this.descending ? this.count - 1 - row : row;
    return place < this.numbers ? select(this.values, this.numbers, place) : Number.NaN;
  }
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
