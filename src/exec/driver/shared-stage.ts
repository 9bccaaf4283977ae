import { fromPlainError, PartNeeded } from '../../base/index.js';
import { type CancelToken, cancelled } from '../task/cancel.js';
import { type PackedInputs, packInputs } from '../task/pack-inputs.js';
import { countPassing } from '../task/passing-arenas.js';
import { ARENAS, OUTPUT, type ShareRequest, type ShareResult, taskOfShare } from '../task/share.js';
import { readsDisk } from '../task/spec.js';
import type { DoneTask, TaskRequest, TaskResult, TaskTemplate } from '../task/task.js';
import { resultOf, TookTooLong } from '../task/thread.js';
import type { StageReport } from './physical-text.js';
import { WorkerLost, type WorkerPool } from './pool.js';
import type { Query } from './query.js';

/** What running a stage in shares asks of the scheduler. */
interface SharedStage {
  readonly pool: WorkerPool;
  readonly query: Query;
  readonly token: CancelToken;
  readonly report: StageReport;
  /** How many workers are told of it. */
  readonly workers: number;
  /** Runs one task in this thread, which then takes its share of them too. */
  readonly here?: (request: TaskRequest) => Promise<TaskResult>;
  /** Runs one task as a job of its own: what a lost worker held. */
  readonly alone: (template: TaskTemplate, task: number, attempt: number) => Promise<DoneTask>;
}

/** Tasks short enough that telling a worker of each would cost more than some of them, and whose results are all wanted. */
export function isShareable(tasks: readonly TaskTemplate[]): boolean {
  const [first] = tasks;
  if (first === undefined || tasks.length < 2 || first.spec.sink.kind === 'write') return false;
  // A share is told of all inputs again each time, and where something is on disk is long: that goes task by task.
  let splits = 0;
  for (const { input } of tasks) {
    if (!SHAREABLE.has(input.kind) || readsDisk(input)) return false;
    if (input.kind === 'splits') splits += input.splits.length;
  }
  return splits <= MOST_SPLITS;
}

const SHAREABLE = new Set(['batches', 'groups', 'totals', 'kept', 'splits']);
const MOST_SPLITS = 128;

let nextShare = 1;

/**
 * Runs all tasks of a stage with one message to each worker, which then claims task after task by an atomic word; so does
 * this thread, if it is to help.
 */
export function runShared(tasks: readonly TaskTemplate[], stage: SharedStage): Promise<DoneTask[]> {
  return new SharedRun(tasks, stage).run();
}

class SharedRun {
  readonly #claims: number;
  readonly #arenas: Float64Array;
  /** Arenas of each task. */
  readonly #stride: number;
  readonly #firstTask: number;
  readonly #done: (DoneTask | undefined)[];
  readonly #request: Omit<ShareRequest, 'id'>;
  #failed: { readonly index: number; readonly error: unknown } | undefined;
  #left: number;
  #tellAllDone: () => void = () => undefined;

  constructor(
    private readonly tasks: readonly TaskTemplate[],
    private readonly stage: SharedStage,
  ) {
    const { query } = stage;
    this.#claims = query.arena.allocZeroed(tasks.length * 4);
    const passing = Math.max(...tasks.map(({ spec, input }) => countPassing(spec, input)));
    this.#stride = ARENAS + passing;
    const labels = ['task', 'task output'];
    this.#arenas = Float64Array.from(
      { length: tasks.length * this.#stride },
      (_, i) => query.newArena(labels[i % this.#stride] ?? 'passing').id,
    );
    this.#firstTask = query.nextTask;
    query.nextTask += tasks.length;
    this.#done = new Array(tasks.length).fill(undefined);
    this.#left = tasks.length;
    const { input: _, ...common } = tasks[0] as TaskTemplate;
    this.#request = {
      claims: this.#claims,
      common,
      inputs: packInputs(tasks.map(({ input }) => input)),
      firstTask: this.#firstTask,
      spill: query.spill,
      arenas: this.#arenas,
      tasks: tasks.length,
    };
  }

  async run(): Promise<DoneTask[]> {
    const { query, token } = this.stage;
    const workers = Math.min(this.stage.workers, this.tasks.length);
    try {
      // A worker that comes when all is done is not waited for: only the query's end does that.
      const allDone = new Promise<void>((resolve) => {
        this.#tellAllDone = resolve;
      });
      const shares = Promise.all([...Array.from({ length: workers }, () => this.#share()), this.#ownShare()]);
      await Promise.race([allDone, shares]);
      // Tasks that no share was left to take: every worker was lost.
      if (this.#failed === undefined)
        await Promise.all(this.tasks.map((_, index) => (this.#done[index] === undefined ? this.#alone(index) : 0)));
      if (this.#failed !== undefined) throw query.explained(this.#failed.error);
      query.check();
      return this.#done as DoneTask[];
    } catch (error) {
      query.abortStage(token);
      throw error;
    } finally {
      const isOver = this.#failed === undefined && this.#done.every((done) => done !== undefined);
      this.#arenas.forEach((arena, i) => {
        if (!isOver || i % this.#stride !== OUTPUT) query.release(arena);
      });
      if (!isOver) for (const done of this.#done) if (done !== undefined) query.release(done.arena);
    }
  }

  /** One worker's turns, until it finds no task left. */
  async #share(): Promise<void> {
    const { query, pool, token } = this.stage;
    for (let more = true; more; ) {
      if (query.isStageAborted(token)) this.#fail(0, cancelled());
      if (this.#failed !== undefined) return;
      const id = nextShare++;
      try {
        query.check();
        const job = { kind: 'share', request: { ...this.#request, id, inputs: this.#unclaimed() } } as const;
        const share = (await query.track(pool.run(job, token).then(resultOf))) as ShareResult;
        for (const { index, result } of share.done) this.#finish(index, result);
        if (share.failed !== undefined) this.#fail(share.failed.index, fromPlainError(share.failed.error));
        ({ more } = share);
      } catch (error) {
        if (this.#left === 0) return;
        if (!(error instanceof WorkerLost)) this.#fail(this.tasks.length, error);
        else await Promise.all(this.#claimedBy(id).map((index) => this.#alone(index)));
        return;
      }
    }
  }

  /** What is left to be told of: descriptions of files are long. */
  #unclaimed(): PackedInputs {
    const { inputs: packed } = this.#request;
    if (packed.kind !== 'plain') return packed;
    const words = this.stage.query.heap.i32;
    const inputs = packed.inputs.map((input, i) => (words[(this.#claims >>> 2) + i] === 0 ? input : undefined));
    return { kind: 'plain', inputs };
  }

  /** This thread's turns: one task, then whoever else waits for the thread. */
  async #ownShare(): Promise<void> {
    const { here, query } = this.stage;
    if (here === undefined) return;
    const words = query.heap.i32;
    const id = nextShare++;
    for (const [index, { input }] of this.tasks.entries()) {
      if (this.#failed !== undefined) return;
      if (Atomics.compareExchange(words, (this.#claims >>> 2) + index, 0, id) !== 0) continue;
      try {
        this.#finish(index, await here(taskOfShare({ ...this.#request, id }, index, input)));
        query.release(this.#arenaOf(index, 0));
      } catch (error) {
        if (error instanceof PartNeeded || error instanceof TookTooLong) await this.#alone(index);
        else this.#fail(index, error);
      }
    }
  }

  #arenaOf(index: number, which: number): number {
    return this.#arenas[index * this.#stride + which] as number;
  }

  #claimedBy(id: number): number[] {
    const words = this.stage.query.heap.i32;
    return this.tasks.flatMap((_, index) => (words[(this.#claims >>> 2) + index] === id ? [index] : []));
  }

  /** Another attempt at a task, in memory of its own: what the lost worker wrote is dropped. */
  async #alone(index: number): Promise<void> {
    const { query, alone } = this.stage;
    for (let i = 0; i < this.#stride; i++) query.release(this.#arenaOf(index, i));
    Atomics.store(query.heap.i32, (this.#claims >>> 2) + index, -1);
    try {
      this.#take(
        index,
        await alone({ ...(this.tasks[index] as TaskTemplate), place: index }, this.#firstTask + index, 2),
      );
    } catch (error) {
      this.#fail(index, error);
    }
  }

  #finish(index: number, result: Omit<DoneTask, 'arena'>): void {
    this.#take(index, { ...result, arena: this.#arenaOf(index, OUTPUT) });
  }

  #take(index: number, done: DoneTask): void {
    this.#done[index] = done;
    this.stage.query.taskDone(this.stage.report, done);
    if (--this.#left === 0) this.#tellAllDone();
  }

  /** The first error in the order of tasks is the query's. */
  #fail(index: number, error: unknown): void {
    if (this.#failed === undefined || index < this.#failed.index) this.#failed = { index, error };
  }
}
