import { STATE_FREE } from '../../functions/runtime.js';
import type { PipelineSpec, StepSpec } from '../task/spec.js';

/** Words every pipeline has in its state block, after those of the expression runtime. Offsets in bytes. */
export const PIPE = {
  /** Bump pointer and end of the bytes that outlive the morsel (keys, kept rows). */
  BYTES_NEXT: STATE_FREE,
  BYTES_END: STATE_FREE + 4,
  /** Next free row and end of the chunk of rows being filled. */
  ROW_NEXT: STATE_FREE + 8,
  ROW_END: STATE_FREE + 12,
  GROUPS: STATE_FREE + 16,
  GROUP_LIMIT: STATE_FREE + 20,
  /** Hash index: 8-byte slots (hash, row address) and slots - 1; or the dense array of row addresses. */
  INDEX: STATE_FREE + 24,
  INDEX_MASK: STATE_FREE + 28,
  OUT_ROWS: STATE_FREE + 32,
  ENTRY_NEXT: STATE_FREE + 36,
  ENTRY_END: STATE_FREE + 40,
  /** Rows a limit step still lets through. */
  LIMIT: STATE_FREE + 44,
  /** i64: number of the input's first row within the stage. */
  FIRST_ROW: STATE_FREE + 48,
  /** i64: bounds of a single integer join key. */
  KEY_MIN: STATE_FREE + 56,
  KEY_MAX: STATE_FREE + 64,
  /** u64: entries with a greater prefix cannot be among the first k. */
  THRESHOLD: STATE_FREE + 72,
  /** i32: address of rows or of sorted entries, when the source is rows. */
  SOURCE: STATE_FREE + 80,
  /** i32: rows an output batch has room for. */
  OUT_CAPACITY: STATE_FREE + 84,
  /** i32: the partition of groups that a merge takes. */
  PARTITION: STATE_FREE + 88,
  /** i32: records of counts and sums, one a slot of the dense index, and the bytes of one table of them. */
  TOTALS: STATE_FREE + 92,
  TOTALS_BYTES: STATE_FREE + 96,
  /** i32: the first prefixes of each group of a sort. */
  FIRSTS: STATE_FREE + 100,
} as const;

const PIPE_BYTES = 128;

/** One source column: addresses of data, offsets, validity, dictionary offsets, dictionary data; entries of the dictionary. */
export const COLUMN = { DATA: 0, OFFSETS: 4, VALIDITY: 8, DICT_OFFSETS: 12, DICT_DATA: 16, DICT_COUNT: 20 } as const;
export const COLUMN_BYTES = 32;
/** One output column: addresses, bytes written and capacity of its data, nulls seen. */
export const OUT = { DATA: 0, VALIDITY: 4, OFFSETS: 8, BYTES: 12, CAPACITY: 16, NULLS: 20 } as const;
export const OUT_BYTES = 32;
/**
 * A join table, and the bits of its keys: their address, what it would be for key 0, the first key, how many, and how
 * many are set before each 64 of them; the bytes for the bits, and where they would be for key 0.
 */
export const TABLE = {
  HEADS: 0,
  SIZE: 4,
  BASE: 8,
  BITS: 16,
  BITS_ORIGIN: 20,
  BITS_BASE: 24,
  BITS_SIZE: 28,
  RANKS: 32,
  FLAGS: 36,
  FLAGS_ORIGIN: 40,
} as const;
export const TABLE_BYTES = 48;
/** Bytes that one word of bits becomes. */
export const FLAGS_A_WORD = 32;
/** One key of a dense index: smallest value (i64) and stride (i32), or none for a dictionary code. */
export const DENSE = { BASE: 0, STRIDE: 8 } as const;
export const DENSE_BYTES = 16;
/** One memo of a predicate over a dictionary: address of a byte an entry. */
export const MEMO_BYTES = 4;
export const MAX_MEMOS = 64;

/** Rows whose positions are written down at once, before anything else is done with them. */
export const POSITIONS = 4096;
export const POSITION_BYTES = 4;
export const POSITION_SHIFT = 2;
/** Positions are written a few at a time, also past the last. */
const POSITION_SLACK = 16;

/** Where the variable parts of a pipeline's state block begin. */
export interface StateLayout {
  readonly columns: number;
  readonly outputs: number;
  readonly tables: number;
  readonly dense: number;
  readonly memos: number;
  /** The last part, which nobody expects to be zero. */
  readonly positions: number;
  readonly bytes: number;
}

/** Columns that lie in columns: of batches, or what a window added to rows. */
function columnsInMemory({ source }: PipelineSpec): number {
  if (source.kind === 'batches') return source.columns.length;
  return source.rows.kind === 'windowed' ? source.rows.added.length : 0;
}

/** Whether a step may be decided for many rows before the others. */
const writesPositions = (step: StepSpec): boolean =>
  step.kind === 'filter' || (step.kind === 'probe' && step.bits !== undefined);

export function stateLayout(spec: PipelineSpec): StateLayout {
  const sourceColumns = columnsInMemory(spec);
  const outputs = spec.sink.kind === 'output' || spec.sink.kind === 'write' ? spec.sink.columns.length : 0;
  const tables = spec.steps.reduce((n, s) => (s.kind === 'probe' ? Math.max(n, s.table + 1) : n), 0);
  const denseKeys = spec.sink.kind === 'aggregate' ? spec.sink.keys.length : 0;
  const columnsAt = STATE_FREE + PIPE_BYTES;
  const outputsAt = columnsAt + sourceColumns * COLUMN_BYTES;
  const tablesAt = outputsAt + outputs * OUT_BYTES;
  const denseAt = tablesAt + tables * TABLE_BYTES;
  const memosAt = denseAt + denseKeys * DENSE_BYTES;
  const positionsAt = memosAt + MAX_MEMOS * MEMO_BYTES;
  const isTopK = spec.sink.kind === 'sort' && spec.sink.limit !== undefined;
  const filters = spec.source.kind === 'batches' && (isTopK || spec.steps.some((step) => writesPositions(step)));
  return {
    columns: columnsAt,
    outputs: outputsAt,
    tables: tablesAt,
    dense: denseAt,
    memos: memosAt,
    positions: positionsAt,
    bytes: positionsAt + (filters ? POSITIONS * POSITION_BYTES + POSITION_SLACK : 0),
  };
}
