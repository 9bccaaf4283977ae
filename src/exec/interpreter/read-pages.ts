import {
  type Batch,
  newTaskMetrics,
  type Platform,
  readColumn,
  type Scalar,
  type SharedHeap,
  type SplitReader,
  sliceColumn,
} from '../../base/index.js';
import type { PhysicalScan } from '../physical.js';
import type { Pace } from './pace.js';
import { PAGE_ROWS, type Page, type Pages } from './page.js';

/** Batches as pages, in order. Their rows are numbered one after the other from `first`. */
export async function* batchPages(heap: SharedHeap, batches: Iterable<Batch>, pace: Pace, first = 0): Pages {
  let number = first;
  for (const batch of batches) {
    for (let from = 0; from < batch.rows; from += PAGE_ROWS) {
      yield readPage(heap, batch, from, number + from);
      await pace.between();
    }
    number += batch.rows;
  }
}

function readPage(heap: SharedHeap, batch: Batch, from: number, first: number): Page {
  const count = Math.min(PAGE_ROWS, batch.rows - from);
  const columns = batch.columns.map((column) => readColumn(heap, sliceColumn(column, from, count)));
  const rows = Array.from({ length: count }, (_, row) => columns.map((column) => column[row] as Scalar));
  return { first, rows };
}

/** A source's rows, split by split. */
export async function* scanPages(
  plan: PhysicalScan,
  heap: SharedHeap,
  platform: Platform,
  readerOf: (format: string) => Promise<SplitReader>,
  pace: Pace,
): Pages {
  const { splits } = await plan.source.plan(plan.request);
  let first = 0;
  for (const split of splits) {
    const reader = await readerOf(split.format);
    const arena = heap.newArena('interpreter');
    const checkCancelled = (): void => pace.check();
    const context = { heap, arena, batchArena: arena, platform, checkCancelled, metrics: newTaskMetrics() };
    try {
      let number = first;
      for await (const batch of reader.read(split, plan.request, context)) {
        yield* batchPages(heap, [batch], pace, number);
        number += batch.rows;
      }
    } finally {
      arena.release();
    }
    first += split.rows ?? 0;
  }
}
