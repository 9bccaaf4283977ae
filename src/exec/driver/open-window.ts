import {
  BATCH_ROWS,
  type Batch,
  buildColumn,
  type Column,
  engineBug,
  readColumn,
  type Scalar,
  sliceColumn,
} from '../../base/index.js';
import { prepare } from '../../functions/evaluate.js';
import type { PhysicalColumn, PhysicalWindow, SortKey } from '../physical.js';
import { windowColumns } from '../task/window-columns.js';
import { type Flow, outputSink } from './flow.js';
import { inOrder, sortFlow } from './open-sort.js';
import type { Runner } from './runner.js';

/** Rows turned into values at once. A multiple of 8, as slices of columns ask for. */
const ROWS_A_BREATH = 4096;

/** Rows are sorted by partition and order; the window columns are then computed partition by partition. */
export async function openWindow(executor: Runner, plan: PhysicalWindow): Promise<Flow> {
  const flow = await executor.open(plan.input);
  const keys: SortKey[] = [
    ...plan.partitionBy.map((expr) => ({ expr, descending: false, nullsFirst: true })),
    ...plan.orderBy,
  ];
  const sorted = await sortFlow(executor, flow, plan.input.columns, keys);
  const batches: Batch[] = [];
  for await (const done of executor.results([await inOrder(executor, sorted)], (part) => outputSink(part.columns))) {
    if (done.output.kind !== 'batches') throw engineBug('batches expected');
    batches.push(...done.output.batches);
  }
  return [executor.batchPart(plan.columns, await appendWindows(executor, plan, batches))];
}

async function appendWindows(executor: Runner, plan: PhysicalWindow, batches: readonly Batch[]): Promise<Batch[]> {
  const { heap, arena } = executor.query;
  const { settings } = executor;
  const rows: Scalar[][] = [];
  const breathe = async (): Promise<void> => {
    await new Promise(setImmediate);
    executor.query.check();
  };
  for (const batch of batches) {
    for (let from = 0; from < batch.rows; from += ROWS_A_BREATH) {
      const count = Math.min(ROWS_A_BREATH, batch.rows - from);
      const columns = batch.columns.map((column) => readColumn(heap, sliceColumn(column, from, count)));
      for (let row = 0; row < count; row++) rows.push(columns.map((c) => c[row] as Scalar));
      await breathe();
    }
  }
  const ready = (expr: Parameters<typeof prepare>[0]) => prepare(expr, settings);
  const values = await windowColumns(plan, rows, ready, settings, breathe);
  const made: readonly PhysicalColumn[] = plan.columns.slice(plan.input.columns.length);
  const all: Batch[] = [];
  let from = 0;
  for (const batch of batches) {
    if (batch.rows > BATCH_ROWS) throw engineBug('a batch of too many rows');
    const extra: Column[] = [];
    for (const [i, column] of made.entries()) {
      extra.push(buildColumn(arena, column.type, (values[i] as Scalar[]).slice(from, from + batch.rows)));
      await breathe();
    }
    from += batch.rows;
    all.push({ rows: batch.rows, columns: [...batch.columns, ...extra] });
  }
  return all;
}
