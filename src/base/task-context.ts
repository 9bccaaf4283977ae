import type { Arena, SharedHeap } from './heap.js';
import type { FileSystem, Platform } from './platform.js';

/** What a running task may use: handed to readers, operators and kernels. */
export interface TaskContext {
  readonly heap: SharedHeap;
  /** The attempt's own memory: dropped whole when the attempt ends. */
  readonly arena: Arena;
  /** For the columns of the batches that are read: used again when the batches that come after them are taken. */
  readonly batchArena: Arena;
  readonly platform: Platform;
  /** The session's time zone. */
  readonly zone?: string;
  /** Where readers open files, if that is not `platform.files`. */
  readonly files?: Pick<FileSystem, 'open'>;
  /** Throws `OPERATION_CANCELED` when the query was cancelled: call it between batches. */
  checkCancelled(): void;
  readonly metrics: TaskMetrics;
}

/** What reading or writing outside of a task uses: nobody cancels it, and nothing of it is used again before its end. */
export function ownContext(arena: Arena, platform: Platform): TaskContext {
  const { heap } = arena;
  return { heap, arena, batchArena: arena, platform, checkCancelled: () => undefined, metrics: newTaskMetrics() };
}

/** Counted while a task runs; summed per operator for `explain("analyze")`. */
export interface TaskMetrics {
  bytesRead: number;
  rowsRead: number;
  rowGroupsRead: number;
  rowGroupsSkipped: number;
  /** Pages of columns that were not decoded, as no row in them was wanted. */
  pagesSkipped: number;
  /** Bytes put on disk for want of memory. */
  spilledBytes: number;
}

export const newTaskMetrics = (): TaskMetrics => ({
  bytesRead: 0,
  rowsRead: 0,
  rowGroupsRead: 0,
  rowGroupsSkipped: 0,
  pagesSkipped: 0,
  spilledBytes: 0,
});
