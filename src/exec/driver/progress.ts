import type { Clock } from '../../base/index.js';
import type { RunOptions } from '../../plan/engine.js';
import type { Query } from './query.js';

const PROGRESS_MS = 100;

/** Tells how far a query is, from time to time; gives what ends that. */
export function reportProgress(query: Query, { onProgress }: RunOptions, clock: Clock): () => void {
  if (onProgress === undefined) return () => undefined;
  const report = (): void =>
    onProgress({
      tasksDone: query.tasksDone,
      tasksTotal: query.tasksTotal,
      rowsRead: query.rowsRead,
      bytesRead: query.bytesRead,
      elapsedMs: clock.monotonic() - query.started,
    });
  const timer = setInterval(() => {
    try {
      report();
    } catch (error) {
      // Thrown from a timer it would end the process.
      clearInterval(timer);
      query.abort(error);
    }
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    report();
  };
}
