import {
  type DataType,
  type MapScalar,
  ownContext,
  type Platform,
  readColumn,
  type Scalar,
  SharedHeap,
} from '../../base/index.js';
import { parquetFormat } from '../parquet/index.js';
import { type Action, readActions } from './actions.js';

const HEAP_BYTES = 1 << 30;
const PARTS = ['protocol', 'metaData', 'add', 'remove', 'sidecar', 'txn'] as const;

/** Checkpoints are read where there is no task and no heap of a session. */
let heap: SharedHeap | undefined;

export function checkpointHeap(): SharedHeap {
  heap ??= SharedHeap.create(HEAP_BYTES);
  return heap;
}

/** The actions of a checkpoint's file, or of one of its sidecars. */
export async function readCheckpoint(path: string, platform: Platform): Promise<Action[]> {
  if (path.endsWith('.json')) return readActions({ path, size: platform.files.stat(path)?.size ?? 0 }, platform);
  const table = await parquetFormat.open({ format: 'parquet', paths: [path], options: {} }, platform);
  const fields = table.schema.fields.filter(({ name }) => (PARTS as readonly string[]).includes(name));
  const request = { columns: fields.map((f) => f.name) };
  const { splits } = await table.plan(request);
  const heap = checkpointHeap();
  const actions: Action[] = [];
  for (const split of splits) {
    const arena = heap.newArena('Delta checkpoint');
    try {
      const context = ownContext(arena, platform);
      for await (const batch of parquetFormat.reader.read(split, request, context)) {
        const columns = batch.columns.map((column) => readColumn(context.heap, column));
        for (let row = 0; row < batch.rows; row++) {
          const parts = fields.flatMap(({ name, type }, i) => {
            const value = columns[i]?.[row] ?? null;
            return value === null ? [] : [[name, plain(type, value)] as const];
          });
          if (parts.length > 0) actions.push(Object.fromEntries(parts) as Action);
        }
        await new Promise<void>((resume) => setImmediate(resume));
      }
    } finally {
      arena.release();
    }
  }
  return actions;
}

/** A value as the log's JSON would have it. */
function plain(type: DataType, value: Scalar): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'struct':
      return Object.fromEntries(
        type.fields.map((f, i) => [f.name, plain(f.type, (value as readonly Scalar[])[i] ?? null)]),
      );
    case 'array':
      return (value as readonly Scalar[]).map((item) => plain(type.element, item));
    case 'map':
      return Object.fromEntries(
        (value as MapScalar).entries.map(([key, item]) => [String(key), plain(type.value, item)]),
      );
    case 'int64':
      return Number(value);
    default:
      return value;
  }
}
