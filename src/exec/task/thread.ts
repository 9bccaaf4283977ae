import {
  fromPlainError,
  type HeapHandle,
  type PlainError,
  type Platform,
  type SharedHeap,
  toPlainError,
} from '../../base/index.js';
import type { FamilyName } from '../../functions/names-by-family.js';
import { loadFamilies } from '../../functions/registry.js';
import { type CancelToken, cancelled, isFlagged } from './cancel.js';
import { type LinkRequest, linkRows } from './link-rows.js';
import { loadTaskParts } from './parts.js';
import { PausedTasks } from './paused-tasks.js';
import { Programs } from './programs.js';
import { runTask } from './run-task.js';
import { runShare, type ShareRequest, type ShareResult } from './share.js';
import { type CutsRequest, orderPieces } from './sort-cuts.js';
import { type SplitRequest, splitRows } from './split-rows.js';
import { CALLERS_THREAD, type TaskRequest, type TaskResult } from './task.js';
import type { TaskEnvironment, TaskFormats } from './task-environment.js';

/** A unit of work for one thread. */
export type Job =
  | { readonly kind: 'task'; readonly request: TaskRequest }
  /** A task that waits in this thread goes on; `arena` is for what it gives after its next pause. */
  | { readonly kind: 'resume'; readonly paused: number; readonly arena: number }
  | { readonly kind: 'share'; readonly request: ShareRequest }
  | { readonly kind: 'link'; readonly request: LinkRequest }
  | { readonly kind: 'split'; readonly request: SplitRequest }
  | { readonly kind: 'cuts'; readonly request: CutsRequest };

export type JobResult = TaskResult | ShareResult | Uint32Array | boolean | undefined;

/** What a thread answers: errors as plain data, so that nothing of them is lost on the way. */
export type Answer =
  | { readonly ok: true; readonly result: JobResult }
  | { readonly ok: false; readonly error: PlainError };

/** A task on the caller's thread was more work than it seemed: it belongs to a worker. */
export class TookTooLong extends Error {}

/** One thread that runs jobs: a worker, or the caller's own thread for small work. */
export class TaskThread {
  readonly #programs: Programs;
  readonly #flags: Int32Array;
  readonly #paused = new PausedTasks();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    heap: SharedHeap,
    flags: SharedArrayBuffer,
    private readonly platform: Platform,
    private readonly formats: TaskFormats,
    private readonly thread: number = CALLERS_THREAD,
  ) {
    this.#programs = new Programs(heap);
    this.#flags = new Int32Array(flags);
  }

  /** With `mostMs`, a task that takes longer is given up with `TookTooLong`. */
  async run(job: Job, cancel: CancelToken, mostMs?: number): Promise<JobResult> {
    if (job.kind === 'link') {
      linkRows(this.#programs, job.request);
      return undefined;
    }
    if (job.kind === 'split') return splitRows(this.#programs.heap, job.request);
    if (job.kind === 'cuts') return orderPieces(this.#programs, job.request, this.platform);
    if (job.kind === 'resume') return this.#paused.resume(job.paused, job.arena);
    const environment: TaskEnvironment = {
      programs: this.#programs,
      platform: this.platform,
      formats: this.formats,
      thread: this.thread,
      checkCancelled: () => {
        if (isFlagged(this.#flags, cancel.query) || isFlagged(this.#flags, cancel.stage)) throw cancelled();
        if (mostMs === undefined) return;
        const now = this.platform.clock.monotonic();
        end ??= now + mostMs;
        if (now > end) throw new TookTooLong();
      },
    };
    // The clock runs from the first look at it: compiling does not count.
    let end: number | undefined;
    if (job.kind === 'share') return runShare(environment, job.request);
    if (job.request.pauses === undefined) return runTask(environment, job.request);
    return this.#paused.begin((pause) => runTask({ ...environment, pause }, job.request));
  }

  /**
   * Jobs given ahead wait for their turn: two at once would hold twice the memory and gain nothing. The families of
   * functions are those that the driver's thread knows the job's expressions from.
   */
  answer(job: Job, cancel: CancelToken, families: readonly FamilyName[]): Promise<Answer> {
    const answer = this.#last.then(async (): Promise<Answer> => {
      try {
        await Promise.all([loadFamilies(families), loadTaskParts()]);
        return { ok: true, result: await this.run(job, cancel) };
      } catch (error) {
        return { ok: false, error: toPlainError(error) };
      }
    });
    this.#last = answer;
    return answer;
  }
}

export function resultOf(answer: Answer): JobResult {
  if (answer.ok) return answer.result;
  throw fromPlainError(answer.error);
}

export type { HeapHandle };
