import type { Expr } from './expr.js';

export interface PivotValue {
  readonly exprs: readonly Expr[];
  readonly name?: string;
}

/** `exists`: every left row once, with a column that says whether it has a partner. */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross' | 'exists';
