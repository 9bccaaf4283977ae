import type { Format, Platform, SplitReader } from '../../base/index.js';
import type { Pause } from './paused-tasks.js';
import type { Programs } from './programs.js';

/** What a thread brings to every task it runs. */
export interface TaskEnvironment {
  readonly programs: Programs;
  readonly platform: Platform;
  readonly formats: TaskFormats;
  /** The worker's number; `CALLERS_THREAD` on the caller's. */
  readonly thread: number;
  checkCancelled(): void;
  /** For a task that may wait until what it gave is taken. */
  readonly pause?: Pause;
}

/** How tasks find what reads and writes files. */
export interface TaskFormats {
  reader(format: string): Promise<SplitReader>;
  format(format: string): Promise<Format>;
}
