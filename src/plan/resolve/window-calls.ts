import { type DataType, MICROS_PER_DAY, SparrowError, simpleString } from '../../base/index.js';
import type { AggregateCall, Expr, FrameBound, WindowCall, WindowFrame } from '../expr.js';
import { exprNullable, exprType } from '../expr-type.js';
import { sqlText } from '../sql-text.js';
import { checkFilter } from './aggregate-checks.js';
import { isWindowFunction, requireOrderable } from './calls.js';

const WHOLE: WindowFrame = {
  unit: 'rows',
  start: { kind: 'unbounded_preceding' },
  end: { kind: 'unbounded_following' },
};
const RUNNING: WindowFrame = { unit: 'range', start: { kind: 'unbounded_preceding' }, end: { kind: 'current_row' } };
const ROWS_SO_FAR: WindowFrame = { unit: 'rows', start: { kind: 'unbounded_preceding' }, end: { kind: 'current_row' } };

/** Aggregates with an ordering of their own. */
const ofWholePartitions: ReadonlySet<string> = new Set(['percentileCont', 'percentileDisc', 'median']);

/** Checks a window call and gives it the frame SQL prescribes when it has none. */
export function resolveWindow(expr: WindowCall): Expr {
  const { input, spec } = expr;
  const isWindow = input.kind === 'call' && isWindowFunction(input.fn);
  if (!isWindow && input.kind !== 'aggregate_call') {
    throw new SparrowError('UNSUPPORTED_EXPR_FOR_WINDOW', `${sqlText(input)} cannot be computed over a window`, {
      sqlState: '42P20',
      hint: 'OVER goes with aggregate and window functions',
    });
  }
  if (input.kind === 'aggregate_call') checkFilter(input);
  if (input.kind === 'aggregate_call' && input.distinct) {
    throw new SparrowError('DISTINCT_WINDOW_FUNCTION_UNSUPPORTED', `${sqlText(input)} has no form over a window`, {
      sqlState: '0A000',
      parameters: { windowExpr: `"${sqlText(input)}"` },
      hint: 'size(collect_set(…) OVER …) counts distinct values',
    });
  }
  if (isWindow && spec.orderBy.length === 0) {
    throw new SparrowError('_LEGACY_ERROR_TEMP_1037', `${sqlText(input)} needs a window with ORDER BY`, {
      sqlState: '42601',
      hint: 'add .orderBy(…) to the window',
    });
  }
  if (ofWholePartitions.has(input.fn) && (spec.orderBy.length > 0 || spec.frame !== undefined)) {
    throw new SparrowError(
      'INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC',
      `${sqlText(input)} takes whole partitions: no ORDER BY and no frame in its window`,
      { sqlState: '42601', parameters: { aggFunc: `"${input.fn}"` } },
    );
  }
  for (const key of spec.partitionBy) requireOrderable(key, 'partition by');
  const asked =
    spec.frame ?? (isWindow && input.fn !== 'nthValue' ? ROWS_SO_FAR : spec.orderBy.length > 0 ? RUNNING : WHOLE);
  checkFrame(expr, asked);
  const frame = inKeyUnits(expr, asked);
  return Object.freeze({
    ...expr,
    spec: Object.freeze({ ...spec, frame }),
    type: exprType(input),
    nullable: exprNullable(input) || (input.kind === 'aggregate_call' && mayBeEmpty(input, frame)),
  });
}

/** Frames that need not hold the current row may be empty, and then most aggregates are null. */
function mayBeEmpty(input: AggregateCall, frame: WindowFrame): boolean {
  if (input.fn === 'count') return false;
  const startsLate = frame.start.kind === 'offset' && frame.start.offset > 0;
  const endsEarly = frame.end.kind === 'offset' && frame.end.offset < 0;
  return startsLate || endsEarly;
}

const badFrame = (expr: WindowCall, why: string, code = 'SPECIFIED_WINDOW_FRAME_INVALID_BOUND'): SparrowError =>
  new SparrowError(`DATATYPE_MISMATCH.${code}`, `${why}: ${sqlText(expr)}`, { sqlState: '42K09' });

/** What a distance is counted in. */
function unitOf(bound: FrameBound): string | undefined {
  if (bound.kind !== 'offset') return undefined;
  return bound.months === true ? 'months' : bound.interval === true ? 'days and times' : 'numbers';
}

/** ROWS counts in 32 bits. */
const MOST_ROWS = 2 ** 31 - 1;

function positionOf(bound: FrameBound): number {
  switch (bound.kind) {
    case 'unbounded_preceding':
      return Number.NEGATIVE_INFINITY;
    case 'unbounded_following':
      return Number.POSITIVE_INFINITY;
    case 'offset':
      return bound.offset;
    default:
      return 0;
  }
}

function checkFrame(expr: WindowCall, frame: WindowFrame): void {
  const [lower, upper] = [unitOf(frame.start), unitOf(frame.end)];
  if (lower !== undefined && upper !== undefined && lower !== upper) {
    throw badFrame(expr, `the window frame goes from ${lower} to ${upper}`, 'SPECIFIED_WINDOW_FRAME_DIFF_TYPES');
  }
  // As in Spark, a distance is not compared with the current row: such a frame is empty.
  const toCurrent =
    [frame.start, frame.end]
      .map(({ kind }) => kind)
      .sort()
      .join() === 'current_row,offset';
  if (!toCurrent && positionOf(frame.start) > positionOf(frame.end)) {
    const offsets = frame.start.kind === 'offset' && frame.end.kind === 'offset';
    const code = offsets ? 'SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON' : undefined;
    throw badFrame(expr, 'the window frame ends before it starts', code);
  }
  if (frame.start.kind === 'unbounded_following' || frame.end.kind === 'unbounded_preceding') {
    throw badFrame(expr, 'the window frame starts at the end or ends at the start of the partition');
  }
  const offsets = frame.start.kind === 'offset' || frame.end.kind === 'offset';
  if (frame.unit === 'groups' && expr.spec.orderBy.length === 0) {
    throw badFrame(expr, 'a GROUPS frame needs ORDER BY', 'RANGE_FRAME_WITHOUT_ORDER');
  }
  if (frame.unit === 'range' && offsets && expr.spec.orderBy.length === 0) {
    throw badFrame(expr, 'a RANGE frame with offsets needs ORDER BY', 'RANGE_FRAME_WITHOUT_ORDER');
  }
  if (frame.unit === 'range' && offsets && expr.spec.orderBy.length !== 1) {
    throw badFrame(expr, 'a RANGE frame with offsets needs exactly one ORDER BY expression', 'RANGE_FRAME_MULTI_ORDER');
  }
}

/** Offsets of a RANGE frame in the units of the ordering key: whole days for dates, microseconds for timestamps. */
function inKeyUnits(expr: WindowCall, frame: WindowFrame): WindowFrame {
  const [order] = expr.spec.orderBy;
  const type = order === undefined ? undefined : exprType(order.input);
  const converted = (bound: FrameBound): FrameBound => {
    if (bound.kind !== 'offset') return bound;
    if (frame.unit !== 'range') {
      if (bound.shown === undefined && Number.isInteger(bound.offset) && Math.abs(bound.offset) <= MOST_ROWS)
        return bound;
      throw badFrame(
        expr,
        `a ${frame.unit.toUpperCase()} frame counts whole ${frame.unit}`,
        'SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE',
      );
    }
    const { shown, months } = bound;
    const offset = months ? monthsFor(expr, type as DataType, bound.offset) : offsetFor(expr, type as DataType, bound);
    return { kind: 'offset', offset, ...(months ? { months } : {}), ...(shown === undefined ? {} : { shown }) };
  };
  const [start, end] = [converted(frame.start), converted(frame.end)];
  return start === frame.start && end === frame.end ? frame : { ...frame, start, end };
}

type Distance = Extract<FrameBound, { readonly kind: 'offset' }>;

/** Types to which Spark casts a number before it finds that they have no distances. */
const castable: ReadonlySet<string> = new Set(['string', 'boolean']);

function noDistance(expr: WindowCall, type: DataType, what: string): SparrowError {
  const code = castable.has(type.kind) ? 'SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE' : 'RANGE_FRAME_INVALID_TYPE';
  return badFrame(expr, `${what} is no distance of ${simpleString(type).toUpperCase()}`, code);
}

/** Months stay months: how far they are depends on the date. */
function monthsFor(expr: WindowCall, type: DataType, months: number): number {
  if (['date', 'timestamp', 'timestamp_ntz', 'interval_ym'].includes(type.kind)) return months;
  throw noDistance(expr, type, 'an interval of months');
}

function offsetFor(expr: WindowCall, type: DataType, { offset, interval = false }: Distance): number {
  const refused = (): SparrowError => noDistance(expr, type, interval ? 'an interval' : 'a number');
  switch (type.kind) {
    case 'date': {
      const days = interval ? offset / MICROS_PER_DAY : offset;
      if (!Number.isInteger(days)) throw refused();
      return days;
    }
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
      if (!interval) throw refused();
      return offset;
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'decimal':
      if (interval) throw refused();
      return offset;
    default:
      throw refused();
  }
}
