/** The first of ascending rows that is not before a row; their number where there is none. */
export function firstAtLeast(rows: Float64Array, row: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
