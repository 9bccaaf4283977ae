import type { Field, Scalar, ScanSplit } from '../../base/index.js';
import type { FileField } from './project.js';
import type { IceField } from './schema.js';

/** The payload of a split: one of the Parquet reader's, and what the table says about its rows. Plain data. */
export interface IcebergSplit {
  readonly inner: ScanSplit;
  readonly path: string;
  readonly innerColumns: readonly FileField[];
  readonly columns: readonly (Field &
    ({ readonly at: number; readonly as?: IceField } | { readonly constant: Scalar }))[];
  /** The number of the split's first row in its file. */
  readonly firstRow: number;
  readonly positions: readonly PositionDeletes[];
  readonly vector?: { readonly path: string; readonly offset: number; readonly bytes: number; readonly rows: number };
  readonly equality: readonly EqualityDeletes[];
  /** The data file as delete files call it. */
  readonly dataFile: string;
}

/** A file of positions that are deleted, by the paths of data files. */
export interface PositionDeletes {
  readonly path: string;
  readonly splits: readonly ScanSplit[];
}

/** A file of values: rows that have the same in these columns are deleted. */
export interface EqualityDeletes {
  readonly path: string;
  readonly splits: readonly ScanSplit[];
  readonly fields: readonly IceField[];
  /** Of the file of values, and where the same fields are among the split's inner columns; -1 where it has none. */
  readonly from: readonly FileField[];
  readonly at: readonly number[];
}
