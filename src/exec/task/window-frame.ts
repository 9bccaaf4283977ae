import { type DataType, decimalType, float64Type, integerBounds, isInteger, type Scalar } from '../../base/index.js';
import { castScalar } from '../../functions/cast-eval.js';
import { compareScalars } from '../../functions/compare-scalars.js';
import type { Call } from '../../functions/define.js';
import { overflow } from '../../functions/eval-errors.js';
import type { EvalSettings } from '../../functions/expression.js';
import { evalMove } from '../../functions/temporal-arithmetic.js';
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
export function frames(
  frame: PhysicalFrame | undefined,
  orderBy: readonly SortKey[],
  ordered: OrderedRows,
  settings: EvalSettings,
): FrameOf {
  const { rows } = ordered;
  if (frame === undefined) return frames({ unit: 'range', end: 0 }, orderBy, ordered, settings);
  const { start, end } = frame;
  if (frame.unit === 'rows') {
    const within = (row: number): number => Math.min(Math.max(row, 0), rows);
    return (row) =>
      span(start === undefined ? 0 : within(row + start), end === undefined ? rows : within(row + end + 1));
  }
  const ends = endsOfPeers(ordered);
  const { startMonths = false, endMonths = false } = frame;
  const first = lowerEdge(start, (offset) => rangeOrder(offset, startMonths, orderBy, ordered, settings), ordered);
  const last = upperEdge(end, (offset) => rangeOrder(offset, endMonths, orderBy, ordered, settings), ordered, ends);
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

type Ranged = (offset: number) => ReturnType<typeof rangeOrder>;

function lowerEdge(offset: number | undefined, ranged: Ranged, ordered: OrderedRows): Edge {
  if (offset === undefined) return () => 0;
  if (offset === 0 || ordered.keys.length === 0) return (row) => ordered.peers[row] as number;
  const { bound, order, keys } = ranged(offset);
  return (row) => {
    const edge = bound(keys[row] as Scalar);
    return search(ordered.rows, (at) => order(keys[at] as Scalar, edge) >= 0);
  };
}

function upperEdge(offset: number | undefined, ranged: Ranged, ordered: OrderedRows, ends: Int32Array): Edge {
  if (offset === undefined) return () => ordered.rows;
  if (offset === 0 || ordered.keys.length === 0) return (row) => ends[row] as number;
  const { bound, order, keys } = ranged(offset);
  return (row) => {
    const edge = bound(keys[row] as Scalar);
    return search(ordered.rows, (at) => order(keys[at] as Scalar, edge) > 0);
  };
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

function rangeOrder(
  offset: number,
  isMonths: boolean,
  orderBy: readonly SortKey[],
  { keys }: OrderedRows,
  settings: EvalSettings,
) {
  const key = orderBy[0] as SortKey;
  const { type } = key.expr;
  const signed = key.descending ? -offset : offset;
  const shift = isMonths ? monthShifter(type, signed, settings) : shifter(type, signed, settings.ansi);
  return {
    keys: keys[0] as readonly Scalar[],
    // The frame of a null row is its peers, as in Spark.
    bound: (value: Scalar): Scalar => (value === null ? null : shift(value)),
    order: (a: Scalar, b: Scalar): number => compareInOrder(key, a, b),
  };
}

function monthShifter(type: DataType, months: number, settings: EvalSettings): (value: Scalar) => Scalar {
  const call: Call = { fn: 'add', argTypes: [type, { kind: 'interval_ym' }], literals: [], returns: type, settings };
  return (value) => evalMove(value, months, 1, call);
}

/** Adds an offset to a value of the type. Of decimals the sum may lie beyond the type: it is only compared. */
function shifter(type: DataType, offset: number, ansi: boolean): (value: Scalar) => Scalar {
  if (type.kind === 'float64') return (value) => (value as number) + offset;
  if (type.kind === 'float32') return (value) => Math.fround((value as number) + Math.fround(offset));
  if (type.kind === 'decimal') {
    const context = { mode: 'ansi', timeZone: 'UTC' } as const;
    const unscaled = castScalar(offset, float64Type, decimalType(38, type.scale), context) as bigint;
    return (value) => (value as bigint) + unscaled;
  }
  const whole = BigInt(Math.trunc(offset));
  const bounds = ansi && isInteger(type) ? integerBounds(type) : undefined;
  return (value) => {
    const sum = BigInt(value as number | bigint) + whole;
    if (bounds !== undefined && (sum < bounds[0] || sum > bounds[1])) throw overflow(type.kind);
    return typeof value === 'bigint' ? sum : Number(sum);
  };
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
