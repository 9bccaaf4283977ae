/** Where a write puts its rows, and how. */
export interface WriteTarget {
  readonly format: string;
  readonly path: string;
  readonly mode: 'append' | 'overwrite' | 'ignore' | 'error';
  /** With mode overwrite: only partitions that rows are written to are replaced. */
  readonly dynamic?: boolean;
  /** With mode overwrite: only this partition, and those in it, are replaced, also when no rows are written. */
  readonly within?: readonly (readonly [column: string, value: string | null])[];
  readonly partitionBy: readonly string[];
  /** The last of `partitionBy` is the number of the bucket, which names files; rows come in the order of all of them. */
  readonly bucketed?: boolean;
  readonly options: Readonly<Record<string, string>>;
  /** A name of this write: one of the same name that was done before makes it nothing. Files only. */
  readonly once?: string;
}
