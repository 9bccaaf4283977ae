import type { DataType, Scalar, Storage } from '../../base/index.js';
import { corrupt, unsupported } from './error.js';
import type { CodecName, ColumnOrder, FileSpan, RowGroup } from './metadata.js';
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
  /** Of its data pages only `values` values from here on, an offset in the file. */
  readonly pages?: { readonly start: number; readonly hasDictionary: boolean };
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
  readonly constant?: Scalar;
}

/** The payload of a split: one row group, or some of its rows. Plain data. */
export interface ParquetSplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly rowGroup: number;
  /** Of the row group. */
  readonly rows: number;
  /** Only these rows, where the row group is large. */
  readonly window?: readonly [from: number, to: number];
  readonly columns: readonly SplitColumn[];
  /** Verify the checksums of pages that have one. */
  readonly verify: boolean;
}

/** The chunk of a leaf, checked against the file's size. */
export function splitChunk(
  { path: file, size }: { readonly path: string; readonly size: number },
  rowGroup: number,
  group: RowGroup,
  chunk: number,
  column: string,
): SplitChunk {
  const place = { file, rowGroup, column };
  const entry = group.chunk(chunk);
  const metadata = entry?.metadata;
  if (entry === undefined || metadata === undefined)
    throw corrupt(place, 'the metadata of the column chunk is missing');
  if (entry.filePath !== undefined) {
    throw unsupported(
      place,
      `the column chunk lies in another file (${entry.filePath})`,
      'read the data files themselves',
    );
  }
  const {
    dataPageOffset,
    dictionaryPageOffset = 0,
    compressedBytes: bytes,
    uncompressedBytes,
    values,
    codec,
  } = metadata;
  // Some writers say 0 for "no dictionary page", some give it although it comes first anyway.
  const offset = dictionaryPageOffset >= 4 ? Math.min(dictionaryPageOffset, dataPageOffset) : dataPageOffset;
  if (offset < 4 || offset + bytes > size) {
    throw corrupt(place, `a column chunk of ${bytes} bytes at byte ${offset} of a file of ${size} bytes`);
  }
  return { chunk, offset, bytes, uncompressedBytes, values, codec };
}
