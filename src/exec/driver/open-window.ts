import { BATCH_ROWS, type Batch, buildColumn, engineBug, readColumn, type Scalar } from '../../base/index.js';
import { prepare } from '../../functions/evaluate.js';
import type { PhysicalColumn, PhysicalWindow, SortKey } from '../physical.js';
import { windowColumns } from '../task/window-columns.js';
import { type Flow, outputSink } from './flow.js';
import { sortFlow } from './open-sort.js';
import type { Runner } from './runner.js';

/** Rows are sorted by partition and order; the window columns are then computed partition by partition. */
export async function openWindow(executor: Runner, plan: PhysicalWindow): Promise<Flow> {
  const flow = await executor.open(plan.input);
  const keys: SortKey[] = [
    ...plan.partitionBy.map((expr) => ({ expr, descending: false, nullsFirst: true })),
    ...plan.orderBy,
  ];
  const sorted = await sortFlow(executor, flow, plan.input.columns, keys);
  const { runs, order } = sorted.inputs;
  const inOrder = sorted.part([{ kind: 'sorted', runs, order, offset: 0 }]);
  const batches: Batch[] = [];
  for await (const done of executor.results([inOrder], (part) => outputSink(part.columns))) {
    if (done.output.kind !== 'batches') throw engineBug('batches expected');
    batches.push(...done.output.batches);
  }
  return [executor.batchPart(plan.columns, await appendWindows(executor, plan, batches))];
}

async function appendWindows(executor: Runner, plan: PhysicalWindow, batches: readonly Batch[]): Promise<Batch[]> {
  const { heap, arena } = executor.query;
  const { settings } = executor;
  const rows: Scalar[][] = [];
  for (const batch of batches) {
    const columns = batch.columns.map((column) => readColumn(heap, column));
    for (let row = 0; row < batch.rows; row++) rows.push(columns.map((c) => c[row] as Scalar));
    await new Promise(setImmediate);
    executor.query.check();
  }
  const ready = (expr: Parameters<typeof prepare>[0]) => prepare(expr, settings);
  const values = await windowColumns(plan, rows, ready, settings, async () => {
    await new Promise(setImmediate);
    executor.query.check();
  });
  const made: readonly PhysicalColumn[] = plan.columns.slice(plan.input.columns.length);
  let from = 0;
  return batches.map((batch) => {
    if (batch.rows > BATCH_ROWS) throw engineBug('a batch of too many rows');
    const extra = made.map((column, i) =>
      buildColumn(arena, column.type, (values[i] as Scalar[]).slice(from, from + batch.rows)),
    );
    from += batch.rows;
    return { rows: batch.rows, columns: [...batch.columns, ...extra] };
  });
}
