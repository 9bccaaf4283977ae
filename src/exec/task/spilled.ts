import type { FileBlock } from '../../io/block-file.js';

/** Rows on disk that are read at one go. */
export interface SpillSegment {
  readonly rows: number;
  /** The rows, of a sorted run the key prefix of each, then their strings: rows hold positions among these. */
  readonly block: FileBlock;
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

/** What one task wrote at several times, as if at once: that is less to tell. */
export function together(written: readonly SpilledRows[]): readonly SpilledRows[] {
  const [first] = written;
  if (first === undefined || written.length === 1) return written;
  const rows = written.reduce((n, some) => n + some.rows, 0);
  return [{ ...first, rows, segments: written.flatMap((some) => some.segments) }];
}

/** Rows that come out of a partition of a join at one go. */
export const JOINED_ROWS = 8192;
