import { BATCH_ROWS, type Batch, type ScanSplit, type SplitReader } from '../base/index.js';

/** The name under which tasks find the reader of `session.range`. */
export const RANGE_FORMAT = 'range';

/** `rows` numbers from `start` on, `step` apart. */
export interface RangePayload {
  readonly start: bigint;
  readonly step: bigint;
  readonly rows: number;
}

export const rangeReader: SplitReader = {
  *read(split: ScanSplit, request, { arena, checkCancelled, metrics }): Iterable<Batch> {
    const { start, step, rows } = split.payload as RangePayload;
    const data = arena.alloc(BATCH_ROWS * 8);
    const values = arena.heap.i64;
    for (let from = 0; from < rows; from += BATCH_ROWS) {
      checkCancelled();
      const count = Math.min(BATCH_ROWS, rows - from);
      let next = start + BigInt(from) * step;
      for (let i = 0; i < count; i++, next += step) values[(data >>> 3) + i] = next;
      metrics.rowsRead += count;
      const column = {
        type: { kind: 'int64' },
        storage: 'i64',
        length: count,
        nullCount: 0,
        validity: 0,
        data,
        offsets: 0,
      } as const;
      yield { rows: count, columns: request.columns.map(() => column) };
    }
  },
};
