import type { DataType, Storage } from '../../base/index.js';
import type { CodecName, ColumnOrder, FileSpan } from './metadata.js';
import type { ColumnNode } from './schema.js';

/** More rows than this in one row group cannot be addressed. */
export const MAX_GROUP_ROWS = 2 ** 30;

/** One column chunk, checked to lie within the file. */
export interface SplitChunk {
  /** Its number in the row group, which the leaves of nodes refer to. */
  readonly chunk: number;
  readonly offset: number;
  readonly bytes: number;
  readonly uncompressedBytes: number;
  readonly values: number;
  readonly codec: CodecName;
  /** What the file knows of its values beyond the row group's statistics, where the query asks about them. */
  readonly index?: ChunkIndex;
}

export interface ChunkIndex {
  readonly columnIndex?: FileSpan;
  readonly offsetIndex?: FileSpan;
  readonly bloomFilter?: Pick<FileSpan, 'offset'>;
  readonly order?: ColumnOrder;
}

/** Integers of fewer bits than the column's type has. */
export type NarrowStorage = Extract<Storage, 'i8' | 'i16' | 'i32'>;

/** A column wanted of a split. */
export interface SplitColumn {
  readonly name: string;
  readonly type: DataType;
  /** Absent when the file has no such column: all its values are null, or `constant`. */
  readonly node?: ColumnNode;
  readonly chunks: readonly SplitChunk[];
  /** A storage that holds all its values, by the statistics of all files: checked while they are read. */
  readonly narrow?: NarrowStorage;
  /** The value of a partition column. */
  readonly constant?: string | number | bigint;
}

/** The payload of a split: one row group. Plain data. */
export interface ParquetSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly rowGroup: number;
  readonly rows: number;
  readonly columns: readonly SplitColumn[];
  /** Verify the checksums of pages that have one. */
  readonly verify: boolean;
}
