import type { FileBlock } from '../../io/block-file.js';

/** Rows on disk that are read at one go. */
export interface SpillSegment {
  readonly rows: number;
  readonly rowBlock: FileBlock;
  /** The strings of the rows, which hold positions in it instead of addresses. */
  readonly byteBlock?: FileBlock;
  /** Of a sorted run: the key prefix of each row. */
  readonly prefixes?: FileBlock;
  /** Of a sorted run: the key prefix of its first row. */
  readonly first?: bigint;
}

/** Rows that a task put on disk, in order. */
export interface SpilledRows {
  readonly path: string;
  readonly rows: number;
  readonly stride: number;
  readonly segments: readonly SpillSegment[];
  /** Of a sorted run: the first row of each segment. */
  readonly heads?: SpilledRows;
}
