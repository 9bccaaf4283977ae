import { BATCH_ROWS, field, int64Type, type ScanSplit, structType, type TableSource } from '../../base/index.js';
import { RANGE_FORMAT, type RangePayload } from '../../io/range.js';

/** Rows of one split: enough to pay for a task, and so many that there are not too many tasks. */
const SPLIT_ROWS = BigInt(BATCH_ROWS * 16);
const MOST_SPLITS = 1024n;

/** `session.range` as a source: numbers are made by the tasks, batch by batch. */
export function rangeSource(start: bigint, end: bigint, step: bigint): TableSource {
  const span = step > 0n ? end - start : start - end;
  const stride = step > 0n ? step : -step;
  const rows = span > 0n ? (span + stride - 1n) / stride : 0n;
  const last = start + (rows - 1n) * step;
  const bounds = rows === 0n ? {} : { min: step > 0n ? start : last, max: step > 0n ? last : start };
  return {
    label: `range(${start}, ${end}, ${step})`,
    format: RANGE_FORMAT,
    schema: structType([field('id', int64Type, false)]),
    statistics: {
      rows: Number(rows),
      bytes: Number(rows) * 8,
      columns: { id: { ...bounds, nullCount: 0, distinct: Number(rows) } },
    },
    plan: async () => {
      const splits: ScanSplit[] = [];
      const batches = rows / (MOST_SPLITS * BigInt(BATCH_ROWS)) + 1n;
      const each = batches * BigInt(BATCH_ROWS) > SPLIT_ROWS ? batches * BigInt(BATCH_ROWS) : SPLIT_ROWS;
      for (let from = 0n; from < rows; from += each) {
        const count = rows - from < each ? rows - from : each;
        const payload: RangePayload = { start: start + from * step, step, rows: Number(count) };
        splits.push({
          format: RANGE_FORMAT,
          label: `range from ${payload.start}`,
          rows: payload.rows,
          bytes: payload.rows,
          stats: { id: { ...bounds, nullCount: 0 } },
          payload,
        });
      }
      return { splits, skipped: 0 };
    },
  };
}
