import { PartNeeded, type Platform, type SharedHeap } from '../../base/index.js';
import type { CancelToken } from '../task/cancel.js';
import type { LinkRequest } from '../task/link-rows.js';
import type { CutsRequest } from '../task/sort-cuts.js';
import type { SplitRequest } from '../task/split-rows.js';
import type { DoneTask, TaskRequest, TaskResult, TaskTemplate } from '../task/task.js';
import type { TaskFormats } from '../task/task-environment.js';
import { type Job, type JobResult, resultOf, TaskThread } from '../task/thread.js';
import { isOutOfMemory, ranOutOfMemory, stageLabel } from './out-of-memory.js';
import type { WorkerPool } from './pool.js';
import type { Query } from './query.js';
import { giveUp, RunningTask } from './running-task.js';
import { StageCosts, type WorkPlace } from './stage-costs.js';

/** What a task on the caller's thread may take before a worker gets it instead. */
const INLINE_MS = 20;

/** Of join tables with fewer rows the caller's thread links a share itself: it takes a few milliseconds. */
const MOST_LINKED_HERE = 500_000;

/** Gives tasks to threads: to the workers, or to this thread where that is quicker. Results come in order. */
export class Scheduler {
  protected readonly inlineMs: number = INLINE_MS;
  readonly #costs = new StageCosts();
  #jobsHere = 0;
  readonly #own: TaskThread;

  constructor(
    heap: SharedHeap,
    readonly pool: WorkerPool,
    readonly platform: Platform,
    formats: TaskFormats,
  ) {
    this.#own = new TaskThread(heap, pool.flags, platform, formats);
  }

  /** Runs all tasks of one stage; their results in order. */
  async runAll(query: Query, tasks: readonly TaskTemplate[], small: boolean): Promise<DoneTask[]> {
    const place = small ? 'here' : this.#place(tasks);
    const inline = place === 'here';
    const sharing = inline ? undefined : await import('./shared-stage.js');
    if (sharing?.isShareable(tasks) === true) {
      const token = query.token();
      const shared = sharing.runShared(tasks, {
        pool: this.pool,
        query,
        token,
        report: query.stage(stageLabel(tasks[0] as TaskTemplate), tasks[0]?.skipped),
        workers: place === 'both' ? this.pool.size - 1 : this.pool.size,
        ...(place === 'both' ? { here: (request) => this.#helps(query, token, request) } : {}),
        alone: (template, task, attempt) => this.#begin(query, token, template, false, task, attempt).take(),
      });
      try {
        const done = await shared;
        query.tasksTotal += tasks.length;
        this.#costs.learn(
          tasks,
          done.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
        );
        return done;
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        query.spillEarlier();
      }
    }
    const results: DoneTask[] = [];
    for await (const result of this.run(query, tasks, inline)) results.push(result);
    return results;
  }

  /** Results in order as they come; no more tasks run ahead of the consumer than the workers need. */
  async *run(query: Query, tasks: readonly TaskTemplate[], small: boolean): AsyncGenerator<DoneTask> {
    const inline = small || this.#place(tasks) === 'here';
    query.tasksTotal += tasks.length;
    const [first] = tasks;
    const report = first === undefined ? undefined : query.stage(stageLabel(first), first.skipped);
    const under: RunningTask[] = [];
    let token = query.token();
    let next = 0;
    /** This one ran out of memory beside others, and comes again alone; of what it gives so many rows were taken before. */
    let alone = -1;
    let given = 0;
    /** After that not so many run at once as before. */
    let atOnce = Number.POSITIVE_INFINITY;
    let milliseconds = 0;
    const begin = (index: number): RunningTask => {
      const template = placed(tasks[index] as TaskTemplate, index);
      return this.#begin(query, token, index === alone && given > 0 ? { ...template, given } : template, inline);
    };
    try {
      while (next < tasks.length || under.length > 0) {
        const first = next - under.length;
        const most = first === alone ? 1 : Math.min(atOnce, this.#ahead(query, inline, tasks[next]));
        while (next < tasks.length && under.length < most) under.push(begin(next++));
        const front = under[0] as RunningTask;
        let done: DoneTask;
        try {
          done = await front.take();
        } catch (error) {
          under.shift();
          const template = tasks[first] as TaskTemplate;
          if (!isOutOfMemory(error)) throw error;
          const isWrite = template.spec.sink.kind === 'write';
          const wasAlone = first === alone || (atOnce === 1 && !isWrite);
          if (wasAlone) throw ranOutOfMemory(error, template);
          alone = first;
          given = front.givenRows;
          atOnce = fewer(atOnce, this.pool.size);
          if (isWrite) {
            // Files that others made stay; this one comes again when none is under way.
            await Promise.all(under.map((task) => task.settled()));
            under.unshift(begin(first));
            continue;
          }
          // What ran beside it and what waits behind it took memory too: they come again.
          if (under.some((task) => task.isWaiting)) {
            // They would go on to their ends.
            query.abortStage(token);
            token = query.token();
          }
          await dropAll(under.splice(0));
          query.spillEarlier();
          next = first;
          continue;
        }
        if (front.isOver) under.shift();
        if (report !== undefined) query.taskDone(report, done);
        milliseconds += done.milliseconds;
        yield done;
        query.check();
      }
      this.#costs.learn(tasks, milliseconds);
    } finally {
      // Whoever leaves early does not want the rest; memory may only be freed when no task writes to it any more.
      if (under.length > 0) {
        query.abortStage(token);
        await dropAll(under);
      }
    }
  }

  /** How many tasks may be under way or wait for the consumer: results wait in memory. */
  #ahead(query: Query, inline: boolean, next: TaskTemplate | undefined): number {
    if (inline) return 1;
    const isLarge = next?.input.kind === 'splits' && next.input.splits.some((split) => split.isLarge === true);
    if (isLarge) return this.pool.size;
    return query.isPressed ? this.pool.size + 1 : this.pool.capacity + 2;
  }

  /** Links join rows, shared out over the workers by ranges of slots. */
  async link(
    query: Query,
    request: Omit<LinkRequest, 'from' | 'to' | 'share' | 'shares' | 'phase'>,
    slots: number,
    inline: boolean,
  ): Promise<void> {
    const token = query.token();
    const { ranks } = request.table.bits ?? {};
    for (const phase of inline || ranks === undefined ? [undefined] : (['bits', 'ranks', 'rows'] as const)) {
      const here = inline || phase === 'ranks';
      const parts = here ? 1 : this.pool.size;
      const jobs = Array.from({ length: parts }, (_, p): Job => {
        const from = Math.floor((slots * p) / parts);
        const to = Math.floor((slots * (p + 1)) / parts);
        const share = { from, to, share: p, shares: parts, ...(phase === undefined ? {} : { phase }) };
        return { kind: 'link', request: { ...request, ...share } };
      });
      // The last share begins here while the workers still wake up.
      const helps = request.table.rows < MOST_LINKED_HERE;
      const isHere = (p: number): boolean => here || (helps && p === parts - 1);
      const done = await Promise.allSettled(jobs.map((job, p) => this.#retried(query, token, job, isHere(p))));
      for (const one of done) if (one.status === 'rejected') throw one.reason;
    }
  }

  /** Lists rows of a join that stayed in memory by the partitions of those on disk; tells of those that were moved. */
  async split(query: Query, requests: readonly SplitRequest[], moved: (request: number) => void): Promise<void> {
    const token = query.token();
    const jobs = requests.map(async (request, i) => {
      if ((await this.#retried(query, token, { kind: 'split', request }, false)) === true) moved(i);
    });
    for (const one of await Promise.allSettled(jobs)) if (one.status === 'rejected') throw one.reason;
  }

  /** Puts the pieces of sorted runs in order, in a worker. */
  async orderPieces(query: Query, request: Omit<CutsRequest, 'arena'>, inline = false): Promise<Uint32Array> {
    const { id } = query.newArena('sort');
    try {
      const job: Job = { kind: 'cuts', request: { ...request, arena: id } };
      return (await this.#retried(query, query.token(), job, inline)) as Uint32Array;
    } finally {
      query.release(id);
    }
  }

  #begin(
    query: Query,
    token: CancelToken,
    template: TaskTemplate,
    small: boolean,
    task?: number,
    firstAttempt?: number,
  ): RunningTask {
    const once = (job: Job, inline: boolean, thread?: number): Promise<JobResult> =>
      this.#once(query, token, job, inline, thread);
    return new RunningTask({ query, token, once }, template, small, task, firstAttempt);
  }

  async #retried(query: Query, token: CancelToken, job: Job, inline: boolean): Promise<JobResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        query.check();
        return await this.#once(query, token, job, inline);
      } catch (error) {
        giveUp(error, attempt);
      }
    }
  }

  #once(query: Query, token: CancelToken, job: Job, inline: boolean, thread?: number): Promise<JobResult> {
    return query.track(inline ? this.#here(query, token, job) : this.pool.run(job, token, thread).then(resultOf));
  }

  /** Queries that run at once do not queue for this thread while workers have nothing to do. */
  #place(tasks: readonly TaskTemplate[]): WorkPlace {
    return this.#jobsHere > 0 || this.pool.isAtRisk ? 'workers' : this.#costs.place(tasks);
  }

  /** A part of the program that it needs and this thread has not is loaded for the next time. */
  async #helps(query: Query, token: CancelToken, request: TaskRequest): Promise<TaskResult> {
    try {
      return (await query.track(this.#here(query, token, { kind: 'task', request }))) as TaskResult;
    } catch (error) {
      if (error instanceof PartNeeded) await error.load();
      throw error;
    }
  }

  async #here(query: Query, token: CancelToken, job: Job): Promise<JobResult> {
    this.#jobsHere++;
    try {
      await new Promise(setImmediate);
      query.check();
      return await this.#own.run(job, token, this.inlineMs);
    } finally {
      this.#jobsHere--;
    }
  }
}

/** No task waits at a worker any more; then half as many run at once, down to one. */
const fewer = (atOnce: number, workers: number): number =>
  atOnce > workers ? workers : Math.max(1, Math.floor(atOnce / 2));

/** Ends tasks whose results nobody wants. */
async function dropAll(tasks: readonly RunningTask[]): Promise<void> {
  await Promise.all(tasks.map((task) => task.end()));
}

/** The template with its place in the stage, which the first task need not be told. */
export const placed = (template: TaskTemplate, place: number): TaskTemplate =>
  place === 0 ? template : { ...template, place };
