/** Rows of a row group: pieces from…to, in order, without overlap. */
export type RowRanges = readonly (readonly [from: number, to: number])[];

/** Rows that are in both. */
export function intersect(a: RowRanges, b: RowRanges): RowRanges {
  const both: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i] as RowRanges[0], b[j] as RowRanges[0]];
    const [from, to] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
    if (from < to) both.push([from, to]);
    if (x[1] < y[1]) i++;
    else j++;
  }
  return both;
}

/** Rows that are in any of the pieces, which may come in any order. */
export function union(pieces: readonly (readonly [from: number, to: number])[]): RowRanges {
  const joined: [number, number][] = [];
  for (const [from, to] of [...pieces].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Rows of 0…rows that are not in the ranges. */
export function without(rows: number, ranges: RowRanges): RowRanges {
  const rest: [number, number][] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) rest.push([at, from]);
    at = Math.max(at, to);
  }
  if (at < rows) rest.push([at, rows]);
  return rest;
}
