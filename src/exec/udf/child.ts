import { type PlainError, toPlainError } from '../../base/index.js';
import { loadFunction } from './load.js';

/** Rows for a function of a module; without rows it is only loaded. */
export interface CallMessage {
  readonly id: number;
  readonly module: string;
  readonly export: string;
  readonly rows: readonly (readonly unknown[])[];
}

export interface CallAnswer {
  readonly id: number;
  readonly results?: readonly unknown[];
  /** What some of the rows threw. */
  readonly errors?: readonly (readonly [row: number, error: unknown])[];
  /** The function cannot be loaded. */
  readonly failed?: PlainError;
}

/** Calls functions for the process that started this one, and ends with it. */
export function serveCalls(): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (message: CallMessage) => {
    answer(message).then(
      (given) => process.send?.(given),
      (error: unknown) => process.send?.({ id: message.id, failed: toPlainError(error) }),
    );
  });
}

async function answer({ id, module, export: name, rows }: CallMessage): Promise<CallAnswer> {
  const call = await loadFunction({ source: { kind: 'module', module, export: name } });
  const results: unknown[] = [];
  const errors: (readonly [number, unknown])[] = [];
  for (const [i, row] of rows.entries()) {
    try {
      results.push(await call(...row));
    } catch (error) {
      errors.push([i, error instanceof Error ? error : new Error(String(error))]);
      results.push(null);
    }
  }
  return { id, results, errors };
}

/** In a thread of that process: a function that never returns must not outlive the program it runs for. */
export function watchParent(parent: number): void {
  const WATCH_MS = 1000;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, WATCH_MS);
}
