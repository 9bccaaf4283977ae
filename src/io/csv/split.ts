import type { DataType, Scalar } from '../../base/index.js';
import type { CsvReadOptions } from './options.js';

/** Where a column's values come from. */
export type CsvColumnSource =
  | { readonly kind: 'field'; readonly position: number }
  /** The text of records that are malformed. */
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'constant'; readonly value: Scalar };

export interface CsvColumn {
  readonly name: string;
  readonly type: DataType;
  readonly source: CsvColumnSource;
}

/** The payload of a split: a range of bytes of a file that begins and ends between records. Plain data. */
export interface CsvSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly start: number;
  readonly end: number;
  /** The first record is the header. */
  readonly header: boolean;
  readonly columns: readonly CsvColumn[];
  /** Fields a record should have. */
  readonly fields: number;
  readonly options: CsvReadOptions;
  /** Types were inferred from a part of the files, without the user asking for that. */
  readonly sampled: boolean;
}
