import {
  type Batch,
  type DataType,
  newTaskMetrics,
  type Platform,
  readColumn,
  type Scalar,
  type Schema,
  SharedHeap,
  type TaskContext,
} from '../../../src/base/index.js';
import { csvFormat } from '../../../src/io/csv/index.js';
import { nodeFiles } from '../../../src/io/node-files.js';

export const platform: Platform = {
  files: nodeFiles,
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  seed: () => 1,
};

export function taskContext(heap = SharedHeap.create(1 << 30), files: Platform = platform): TaskContext {
  const arena = heap.newArena('test');
  return {
    heap,
    arena,
    batchArena: arena,
    platform: files,
    checkCancelled: () => undefined,
    metrics: newTaskMetrics(),
  };
}

export interface Table {
  readonly schema: Schema;
  readonly types: readonly DataType[];
  readonly rows: Scalar[][];
  readonly splits: number;
  readonly context: TaskContext;
}

/** Rows of batches, column by column decoded. */
export function rowsOf(heap: SharedHeap, batch: Batch): Scalar[][] {
  const columns = batch.columns.map((column) => readColumn(heap, column));
  return Array.from({ length: batch.rows }, (_, i) => columns.map((values) => values[i] as Scalar));
}

/** Everything of a CSV table. */
export async function readCsv(
  path: string | readonly string[],
  options: Record<string, string> = {},
  more: { schema?: Schema; columns?: string[]; heap?: SharedHeap } = {},
): Promise<Table> {
  const paths = typeof path === 'string' ? [path] : path;
  const { schema } = more;
  const table = await csvFormat.open({ format: 'csv', paths, options, ...(schema ? { schema } : {}) }, platform);
  const columns = more.columns ?? table.schema.fields.map((f) => f.name);
  const { splits } = await table.plan({ columns });
  const context = taskContext(more.heap);
  const rows: Scalar[][] = [];
  try {
    for (const split of splits) {
      for await (const batch of csvFormat.reader.read(split, { columns }, context)) {
        for (const row of rowsOf(context.heap, batch)) rows.push(row);
      }
    }
  } finally {
    if (more.heap !== undefined) context.arena.release();
  }
  return { schema: table.schema, types: table.schema.fields.map((f) => f.type), rows, splits: splits.length, context };
}
