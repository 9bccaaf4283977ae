import { type DataType, decimalType, float64Type, type Scalar } from '../../base/index.js';
import { castScalar } from '../../functions/cast-eval.js';
import { compareScalars } from '../../functions/compare-scalars.js';
import type { PhysicalFrame, SortKey } from '../physical.js';

/** The ordered rows of one partition, as frames see them. */
export interface OrderedRows {
  readonly rows: number;
  /** Values of each ordering key, by key and row. */
  readonly keys: readonly (readonly Scalar[])[];
  /** Index of the first row with the same ordering key. */
  readonly peers: Int32Array;
}

/** The rows from…to (exclusive) a row's frame holds; from = to when it is empty. */
export type FrameOf = (row: number) => readonly [from: number, to: number];

/** Frames of all rows of a partition; without a frame, Spark's default. */
export function frames(frame: PhysicalFrame | undefined, orderBy: readonly SortKey[], ordered: OrderedRows): FrameOf {
  const { rows } = ordered;
  if (frame === undefined) return frames({ unit: 'range', end: 0 }, orderBy, ordered);
  const { start, end } = frame;
  if (frame.unit === 'rows') {
    const within = (row: number): number => Math.min(Math.max(row, 0), rows);
    return (row) =>
      span(start === undefined ? 0 : within(row + start), end === undefined ? rows : within(row + end + 1));
  }
  const ends = endsOfPeers(ordered);
  const first = lowerEdge(start, orderBy, ordered);
  const last = upperEdge(end, orderBy, ordered, ends);
  return (row) => span(first(row), last(row));
}

const span = (from: number, to: number): readonly [number, number] => [from, Math.max(from, to)];

/** For each row the index behind its last peer. */
function endsOfPeers({ rows, peers }: OrderedRows): Int32Array {
  const ends = new Int32Array(rows);
  let end = rows;
  for (let row = rows - 1; row >= 0; row--) {
    ends[row] = end;
    if (peers[row] === row) end = row;
  }
  return ends;
}

type Edge = (row: number) => number;

function lowerEdge(offset: number | undefined, orderBy: readonly SortKey[], ordered: OrderedRows): Edge {
  if (offset === undefined) return () => 0;
  if (offset === 0 || orderBy.length === 0) return (row) => ordered.peers[row] as number;
  const { bound, order, keys } = rangeOrder(offset, orderBy, ordered);
  return (row) => search(ordered.rows, (at) => order(keys[at] as Scalar, bound(keys[row] as Scalar)) >= 0);
}

function upperEdge(
  offset: number | undefined,
  orderBy: readonly SortKey[],
  ordered: OrderedRows,
  ends: Int32Array,
): Edge {
  if (offset === undefined) return () => ordered.rows;
  if (offset === 0 || orderBy.length === 0) return (row) => ends[row] as number;
  const { bound, order, keys } = rangeOrder(offset, orderBy, ordered);
  return (row) => search(ordered.rows, (at) => order(keys[at] as Scalar, bound(keys[row] as Scalar)) > 0);
}

/** The first index that passes a test which all later ones pass too. */
function search(rows: number, passes: (at: number) => boolean): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function rangeOrder(offset: number, orderBy: readonly SortKey[], { keys }: OrderedRows) {
  const key = orderBy[0] as SortKey;
  const { type } = key.expr;
  const shift = shifter(type, key.descending ? -offset : offset);
  return {
    keys: keys[0] as readonly Scalar[],
    // The frame of a null row is its peers, as in Spark.
    bound: (value: Scalar): Scalar => (value === null ? null : shift(value)),
    order: (a: Scalar, b: Scalar): number => compareInOrder(key, a, b),
  };
}

/** Adds an offset to a value of the type. The sum may lie beyond the type: it is only compared. */
function shifter(type: DataType, offset: number): (value: Scalar) => Scalar {
  if (type.kind === 'float32') return (value) => Math.fround((value as number) + Math.fround(offset));
  if (type.kind === 'decimal') {
    const context = { mode: 'ansi', timeZone: 'UTC' } as const;
    const unscaled = castScalar(offset, float64Type, decimalType(38, type.scale), context) as bigint;
    return (value) => (value as bigint) + unscaled;
  }
  return (value) => (typeof value === 'bigint' ? value + BigInt(Math.trunc(offset)) : (value as number) + offset);
}

/** The order a sort key asks for: direction and the place of nulls. */
export function compareInOrder(key: SortKey, a: Scalar, b: Scalar): number {
  if (a === null || b === null) {
    const nullFirst = (a === null ? 0 : 1) - (b === null ? 0 : 1);
    return key.nullsFirst ? nullFirst : -nullFirst;
  }
  const order = compareScalars(key.expr.type, a, b);
  return key.descending ? -order : order;
}
