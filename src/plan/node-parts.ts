import type { Expr } from './expr.js';

export interface PivotValue {
  readonly exprs: readonly Expr[];
  readonly name?: string;
}

/** `exists`: every left row once, with a column that says whether it has a partner. */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross' | 'exists';

/** Of a stream, on a filter that is true: the column of times that a watermark looks at, or of each row's own session. */
export interface StreamMark {
  readonly what: 'time' | 'session';
  readonly id: number;
}
