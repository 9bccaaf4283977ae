import { PartNeeded, SparrowError } from '../../base/index.js';
import { type CancelToken, cancelled } from '../task/cancel.js';
import { countPassing } from '../task/passing-arenas.js';
import type { DoneTask, Pauses, TaskRequest, TaskResult, TaskTemplate } from '../task/task.js';
import { type Job, type JobResult, TookTooLong } from '../task/thread.js';
import { WorkerLost } from './pool.js';
import type { Query } from './query.js';

/** Attempts at one task before the query fails, as Spark's `spark.task.maxFailures`. */
const MAX_ATTEMPTS = 4;
/** Parts of a task that may lie there before one is taken. */
const MOST_PARTS = 4;
/** Where more than this share of the memory is in use, parts are small: this share of it, within bounds. */
const PAUSE_SHARE = 1 / 4;
const PART_SHARE = 1 / 64;
const LEAST_PART = 1 << 20;
const MOST_PART = 1 << 25;

/** What running a task asks of the scheduler. */
export interface TaskThreads {
  readonly query: Query;
  readonly token: CancelToken;
  /** Runs one job: on the caller's thread, or in a worker, in that with the number given. */
  readonly once: (job: Job, inline: boolean, thread?: number) => Promise<JobResult>;
}

/** The memory of an attempt. */
interface Arenas {
  readonly scratch: number;
  readonly passing: readonly number[];
  /** What is given next lies here … */
  output: number;
  /** … and what is given after it, here. */
  next: number | undefined;
}

/** Only the loss of a worker is worth another attempt: an error would come again. */
export function giveUp(error: unknown, attempt: number): void {
  if (!(error instanceof WorkerLost)) throw error;
  if (attempt >= MAX_ATTEMPTS) {
    throw new SparrowError('TASK_FAILED', `a task failed ${attempt} times because its worker ended`, {
      where: error.message,
      hint: 'a function that ends the thread (process.exit, a crash in native code) does this',
      cause: error,
    });
  }
}

/**
 * One task of a stage, from its first attempt on. What it gives is one result; or, of a task in parts, several, between which
 * it waits in its worker. An attempt after the loss of that worker leaves out what was given.
 */
export class RunningTask {
  readonly #task: number;
  #attempt: number;
  #isInline: boolean;
  /** Results that nobody has taken yet, in order; only the last may be on its way. */
  readonly #parts: Promise<DoneTask>[] = [];
  #isOnItsWay = false;
  #isOver = false;
  #isUnwanted = false;
  #arenas: Arenas | undefined;
  /** Where it waits. */
  #waits: { readonly thread: number; readonly paused: number } | undefined;
  #givenRows = 0;

  constructor(
    private readonly threads: TaskThreads,
    private readonly template: TaskTemplate,
    private readonly small: boolean,
    task?: number,
    firstAttempt = 1,
  ) {
    this.#task = task ?? threads.query.nextTask++;
    this.#attempt = firstAttempt;
    this.#isInline = small;
    this.#more();
  }

  /** All that it gives was taken. */
  get isOver(): boolean {
    return this.#isOver && this.#parts.length === 0;
  }

  /** It waits in its worker until somebody takes what it gave. */
  get isWaiting(): boolean {
    return this.#waits !== undefined;
  }

  /** Rows that it gave, those of attempts before included. */
  get givenRows(): number {
    return (this.template.given ?? 0) + this.#givenRows;
  }

  /** Its result, or the next part of it. */
  async take(): Promise<DoneTask> {
    if (this.#parts.length === 0) this.#more();
    const done = await (this.#parts.shift() as Promise<DoneTask>);
    this.#readAhead();
    return done;
  }

  /** Resolves when it does nothing any more, until somebody takes what there is. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#parts);
  }

  /** Nobody wants what it gives: resolves when it writes to no memory any more. Its stage or query was cancelled before. */
  async end(): Promise<void> {
    this.#isUnwanted = true;
    for (;;) {
      if (this.#waits !== undefined) this.#more();
      const parts = this.#parts.splice(0);
      if (parts.length === 0) return;
      for (const part of await Promise.allSettled(parts))
        if (part.status === 'fulfilled') this.threads.query.release(part.value.arena);
    }
  }

  #more(): void {
    const part = this.#next();
    part.catch(() => undefined);
    this.#parts.push(part);
  }

  #readAhead(): void {
    if (this.#waits === undefined || this.#isOnItsWay || this.#isUnwanted) return;
    if (this.#parts.length < MOST_PARTS && !this.threads.query.isPressed) this.#more();
  }

  async #next(): Promise<DoneTask> {
    this.#isOnItsWay = true;
    try {
      for (;;) {
        try {
          return this.#given(await (this.#waits === undefined ? this.#begin() : this.#resume(this.#waits)));
        } catch (error) {
          await this.#failed(error);
        }
      }
    } catch (error) {
      this.#isOver = true;
      throw error;
    } finally {
      this.#isOnItsWay = false;
      this.#readAhead();
    }
  }

  async #begin(): Promise<TaskResult> {
    const { query, token, once } = this.threads;
    query.check();
    if (query.isStageAborted(token)) throw cancelled();
    const { inParts, ...template } = this.template;
    const arenas: Arenas = {
      scratch: query.newArena('task').id,
      output: query.newArena('task output').id,
      passing: Array.from({ length: countPassing(template.spec, template.input) }, () => query.newArena('passing').id),
      next: undefined,
    };
    this.#arenas = arenas;
    const pauses = inParts === true && !this.#isInline ? this.#pauses(arenas) : undefined;
    const request: TaskRequest = {
      ...template,
      task: this.#task,
      attempt: this.#attempt,
      spill: template.spill ?? query.spill,
      scratchArena: arenas.scratch,
      outputArena: arenas.output,
      passingArenas: arenas.passing,
      ...(this.givenRows === 0 ? {} : { given: this.givenRows }),
      ...(pauses === undefined ? {} : { pauses }),
    };
    return (await once({ kind: 'task', request }, this.#isInline)) as TaskResult;
  }

  #pauses(arenas: Arenas): Pauses {
    const { query } = this.threads;
    const { limitBytes } = query.heap;
    arenas.next = query.newArena('task output').id;
    return {
      bytes: Math.max(LEAST_PART, Math.min(MOST_PART, limitBytes * PART_SHARE)),
      fromBytes: limitBytes * PAUSE_SHARE,
      arena: arenas.next,
    };
  }

  /** A task that was cancelled while it waited finds that out itself, and closes what it has open. */
  async #resume({ thread, paused }: { readonly thread: number; readonly paused: number }): Promise<TaskResult> {
    const { query, once } = this.threads;
    this.#waits = undefined;
    query.resting.delete(this);
    const { id } = query.newArena('task output');
    (this.#arenas as Arenas).next = id;
    return (await once({ kind: 'resume', paused, arena: id }, false, thread)) as TaskResult;
  }

  #given(result: TaskResult): DoneTask {
    const { query } = this.threads;
    const arenas = this.#arenas as Arenas;
    const { output, next } = arenas;
    if (result.paused === undefined) {
      this.#arenas = { ...arenas, output: -1 };
      this.#release();
      this.#isOver = true;
    } else {
      this.#waits = { thread: result.thread, paused: result.paused };
      arenas.output = next as number;
      arenas.next = undefined;
      query.resting.add(this);
    }
    this.#givenRows += result.output.kind === 'none' ? 0 : result.output.rows;
    return { ...result, arena: output };
  }

  /** The attempt's memory is dropped whole, whatever state it was left in; throws where no other attempt is to be made. */
  async #failed(error: unknown): Promise<void> {
    this.#release();
    if (error instanceof TookTooLong) this.#isInline = false;
    else if (error instanceof PartNeeded) await error.load();
    else {
      const attempts = this.#isInline || !this.small ? this.#attempt : this.#attempt - 1;
      giveUp(this.threads.query.explained(error), attempts);
    }
    this.#attempt++;
  }

  #release(): void {
    const { query } = this.threads;
    if (this.#arenas === undefined) return;
    const { scratch, passing, output, next } = this.#arenas;
    for (const arena of [scratch, ...passing, output, next]) if (arena !== undefined) query.release(arena);
    this.#arenas = undefined;
  }
}
