import { SparrowError } from '../base/index.js';
import { sortOrder } from '../plan/build.js';
import type { Expr, FrameBound, WindowSpec as PlanSpec, SortOrder } from '../plan/expr.js';
import { type ColumnBase, columnExpr } from './column.js';
import { columnByName } from './functions.js';

type Columns = readonly (string | ColumnBase | readonly (string | ColumnBase)[])[];

/** Where a frame starts or ends: rows (or a distance) from the current row, negative before it. */
export type Bound = number | bigint;

const flat = (columns: Columns): Expr[] => columns.flat().map((c) => columnExpr(c, columnByName));

/** An expression as an ordering: ascending unless it says otherwise. */
export const asOrder = (value: Expr): SortOrder => (value.kind === 'sort_order' ? value : sortOrder(value));

/** Which rows a window function sees, and in which order. Immutable; made by `Window`. */
export class WindowSpec {
  readonly spec: PlanSpec;

  constructor(spec: PlanSpec) {
    this.spec = Object.freeze(spec);
    Object.freeze(this);
  }

  /** One window for each combination of these columns' values. */
  partitionBy(...columns: Columns): WindowSpec {
    return new WindowSpec({ ...this.spec, partitionBy: flat(columns) });
  }

  /** The order of rows inside a window: names, or columns with `asc()` or `desc()`. */
  orderBy(...columns: Columns): WindowSpec {
    return new WindowSpec({ ...this.spec, orderBy: flat(columns).map(asOrder) });
  }

  /** Only the rows from `start` to `end`, counted in rows from the current one (0), both included. */
  rowsBetween(start: Bound, end: Bound): WindowSpec {
    return this.#framed('rows', start, end);
  }

  /** Only the rows whose ordering value lies from `start` to `end` away from the current row's, both included. */
  rangeBetween(start: Bound, end: Bound): WindowSpec {
    return this.#framed('range', start, end);
  }

  /**
   * Only the rows of the groups from `start` to `end`, counted in groups of rows with equal ordering values from the
   * current row's (0), both included. Not in PySpark: the SQL standard's `GROUPS BETWEEN … AND …`.
   *
   * @example fn.sum('n').over(Window.orderBy('date').groupsBetween(-1, 0)) // the day and the day before it in the data
   */
  groupsBetween(start: Bound, end: Bound): WindowSpec {
    return this.#framed('groups', start, end);
  }

  #framed(unit: 'rows' | 'range' | 'groups', start: Bound, end: Bound): WindowSpec {
    if (Number(start) > Number(end)) {
      throw new SparrowError(
        'DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND',
        `a window frame from ${start} to ${end} ends before it starts`,
        { hint: 'rows before the current one are negative: rowsBetween(-6, 0)' },
      );
    }
    return new WindowSpec({ ...this.spec, frame: { unit, start: boundOf(start), end: boundOf(end) } });
  }
}

/** Past this, PySpark's own constants mean "unbounded" (they are the limits of a 64-bit integer). */
const FAR = 2 ** 53;

function boundOf(value: Bound): FrameBound {
  const offset = Number(value);
  if (Number.isNaN(offset)) throw new SparrowError('NOT_INT', 'a window frame bound is a number, not NaN');
  if (offset === 0) return { kind: 'current_row' };
  if (offset <= -FAR) return { kind: 'unbounded_preceding' };
  if (offset >= FAR) return { kind: 'unbounded_following' };
  return { kind: 'offset', offset };
}

const empty = new WindowSpec({ partitionBy: [], orderBy: [] });

/**
 * Starts a window: `Window.partitionBy('state').orderBy(col('n').desc())`.
 *
 * @example fn.rowNumber().over(Window.partitionBy('origin').orderBy('date'))
 */
export const Window = Object.freeze({
  /** The first row of the window. */
  unboundedPreceding: Number.NEGATIVE_INFINITY,
  /** The last row of the window. */
  unboundedFollowing: Number.POSITIVE_INFINITY,
  /** The row the function is computed for. */
  currentRow: 0,
  partitionBy: (...columns: Columns): WindowSpec => empty.partitionBy(...columns),
  orderBy: (...columns: Columns): WindowSpec => empty.orderBy(...columns),
  rowsBetween: (start: Bound, end: Bound): WindowSpec => empty.rowsBetween(start, end),
  rangeBetween: (start: Bound, end: Bound): WindowSpec => empty.rangeBetween(start, end),
  groupsBetween: (start: Bound, end: Bound): WindowSpec => empty.groupsBetween(start, end),
});
