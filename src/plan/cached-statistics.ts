import type { ColumnStats } from '../base/index.js';

export type KnownColumn = ColumnStats & { readonly nullCount?: number };

/** Of the rows a cached frame holds. */
export interface CachedStatistics {
  readonly rows: number;
  /** By the input's columns. */
  readonly columns: readonly KnownColumn[];
}
