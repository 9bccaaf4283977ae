import type { DataType, Scalar } from '../../base/index.js';
import type { JsonReadOptions } from './options.js';

/** Where a column's values come from. */
export type JsonColumnSource =
  | { readonly kind: 'field' }
  /** The text of records that are malformed. */
  | { readonly kind: 'corrupt' }
  /** The whole record. */
  | { readonly kind: 'record' }
  | { readonly kind: 'constant'; readonly value: Scalar };

export interface JsonColumn {
  readonly name: string;
  readonly type: DataType;
  readonly source: JsonColumnSource;
}

/** The payload of a split: the lines that begin in a range of bytes, or a whole file. Plain data. */
export interface JsonSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly start: number;
  readonly end: number;
  readonly columns: readonly JsonColumn[];
  /** The names of all fields the table has, wanted or not. */
  readonly fields: readonly string[];
  readonly options: JsonReadOptions;
  /** Types were inferred from a part of the files, without the user asking for that. */
  readonly sampled: boolean;
}
