import type { DataType } from '../../base/index.js';
import type { Range } from '../../functions/define.js';
import type { CallExpr } from '../../functions/expression.js';

/** How four rows of a value lie in vectors: one of 32-bit lanes, or two of 64-bit lanes. */
export type LaneKind = 'i32' | 'i64' | 'f64';

/** What is counted of a text: characters, bytes or bits. */
export type TextUnit = 'chars' | 'bytes' | 'bits';

/** The length of a column's texts, or what a call of one column gives for each entry of its dictionary. */
export type TextLanes =
  | {
      readonly op: 'measure';
      readonly column: number;
      readonly unit: TextUnit;
      readonly kind: 'i32';
      readonly range: Range;
    }
  | {
      readonly op: 'entry';
      readonly column: number;
      readonly of: CallExpr;
      readonly kind: 'i32';
      readonly range: Range;
    };

/** A value that can be computed for four rows at a time and cannot fail: its bounds prove that nothing overflows. */
export type LaneExpr =
  | TextLanes
  | { readonly op: 'load'; readonly column: number; readonly kind: LaneKind; readonly range: Range | undefined }
  | {
      readonly op: 'const';
      readonly value: bigint | number;
      readonly kind: LaneKind;
      readonly range: Range | undefined;
    }
  | {
      readonly op: 'add' | 'sub' | 'mul';
      readonly a: LaneExpr;
      readonly b: LaneExpr;
      readonly kind: LaneKind;
      readonly range: Range | undefined;
    };

export type LaneComparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** A condition over 32-bit lanes. */
export type LaneMask =
  | { readonly op: LaneComparison; readonly a: LaneExpr; readonly b: LaneExpr }
  | { readonly op: 'and' | 'or'; readonly of: readonly LaneMask[] };

/**
 * A total of rows. Extremes are kept as the greatest of a positive number, so that 0 stands for no row: it is
 * `value - origin` for the greatest value and `origin - value` for the least.
 */
export type Total =
  | { readonly fold: 'sum'; readonly of: LaneExpr }
  | { readonly fold: 'greatest' | 'least'; readonly of: LaneExpr; readonly origin: bigint };

/** A grouping whose filters, keys and sums are computed for four rows at a time. */
export interface VectorPlan {
  readonly masks: readonly LaneMask[];
  /** Each key's value or dictionary code; empty when all rows are one group. */
  readonly keys: readonly LaneExpr[];
  /** What is kept of each group besides how many rows it has, each once. */
  readonly totals: readonly Total[];
  /** For each aggregate the total its state begins with; undefined for a count. */
  readonly totalOf: readonly (number | undefined)[];
  /** The type of each aggregate's argument, or result. */
  readonly types: readonly DataType[];
  /** Tables that rows take in turns, so that rows of one group need not wait for one another. */
  readonly copies: 1 | 4;
}
