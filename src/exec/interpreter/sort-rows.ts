import type { Scalar } from '../../base/index.js';
import type { Prepared } from '../../functions/evaluate.js';
import type { SortKey } from '../physical.js';
import { compareInOrder } from '../task/window-frame.js';
import type { Pace } from './pace.js';
import type { Row } from './page.js';

/** Rows sorted at once by the runtime's own (stable) sort. */
const RUN_ROWS = 256;

interface Keyed {
  readonly keys: readonly Scalar[];
  readonly row: Row;
}

/** Rows in the order of the keys; rows that are alike stay in the order they came. */
export async function sortRows(
  rows: readonly Row[],
  keys: readonly SortKey[],
  values: readonly Prepared[],
  pace: Pace,
): Promise<Row[]> {
  const keyed: Keyed[] = [];
  for (const row of rows) {
    keyed.push({ keys: values.map((value) => value(row)), row });
    if (pace.due()) await pace.rest();
  }
  const compare = (a: Keyed, b: Keyed): number => {
    for (const [k, key] of keys.entries()) {
      const order = compareInOrder(key, a.keys[k] as Scalar, b.keys[k] as Scalar);
      if (order !== 0) return order;
    }
    return 0;
  };
  const sorted = await mergeSort(keyed, compare, pace);
  return sorted.map(({ row }) => row);
}

/** A merge sort that can rest on its way. */
async function mergeSort<T>(items: readonly T[], compare: (a: T, b: T) => number, pace: Pace): Promise<T[]> {
  let runs: T[][] = [];
  for (let from = 0; from < items.length; from += RUN_ROWS) {
    runs.push(items.slice(from, from + RUN_ROWS).sort(compare));
    await pace.between();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let r = 0; r < runs.length; r += 2) merged.push(await merge(runs[r] as T[], runs[r + 1] ?? [], compare, pace));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number, pace: Pace): Promise<T[]> {
  const out: T[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && compare(a[i] as T, b[j] as T) <= 0);
    out.push((fromA ? a[i++] : b[j++]) as T);
    if (pace.due()) await pace.rest();
  }
  return out;
}
