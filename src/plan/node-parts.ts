import type { Expr } from './expr.js';

export interface PivotValue {
  readonly exprs: readonly Expr[];
  readonly name?: string;
}

/** `exists`: every left row once, with a column that says whether it has a partner. */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross' | 'exists';

/** The first rows of each partition: all that have, by this way of counting, at most this place. */
export interface GroupLimit {
  readonly by: 'rowNumber' | 'rank' | 'denseRank';
  readonly rows: number;
}

export interface LimitedGroups {
  /** Rows that come behind the first few of their partition will be dropped, and may be left out. */
  readonly groupLimit?: GroupLimit;
}

/** Of a stream, on a filter that is true: the column of times that a watermark looks at, or of each row's own session. */
export interface StreamMark {
  readonly what: 'time' | 'session';
  readonly id: number;
}

export interface NamedTable {
  readonly name: string;
  /** Names that WITH gives here, for who asked for another. */
  readonly near?: readonly string[];
  /** The table as it was: `VERSION AS OF`, or `TIMESTAMP AS OF` a constant. */
  readonly asOf?: { readonly version: string } | { readonly timestamp: Expr };
}
