import { type Arena, type SharedHeap, SparrowError } from '../../base/index.js';
import { type CancelToken, cancelled, flag, isFlagged } from '../task/cancel.js';
import type { DoneTask, SpillSettings } from '../task/task.js';
import type { StageReport } from './physical-text.js';
import type { SpillDirectory } from './spill-directory.js';

let nextId = 1;
/** The share of the memory in use from which on rows go to disk once memory has been short. */
const EARLY_SHARE = 1 / 4;

/** A task that waits until somebody wants more of it. */
interface RestingTask {
  end(): Promise<void>;
}

/** One running query: its memory and the way to cancel it. */
export class Query {
  readonly id = nextId++;
  readonly #arenas = new Set<number>();
  readonly #flags: Int32Array;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.abort(this.#signal?.reason);
  readonly started: number;
  /** Memory for what the driver itself lays out. */
  readonly arena: Arena;
  tasksDone = 0;
  tasksTotal = 0;
  rowsRead = 0;
  bytesRead = 0;
  /** What ran, in order: for `explain("analyze")`. */
  readonly stages: StageReport[] = [];
  peakBytes = 0;
  nextTask = 0;
  readonly #jobs = new Set<Promise<unknown>>();
  readonly resting = new Set<RestingTask>();
  readonly #endings: (() => void)[] = [];
  #aborted = false;
  #reason: unknown;
  #over = false;

  #spill: SpillSettings;
  #spilled = false;
  #isShort = false;
  /** Makes room elsewhere when something did not fit. */
  onShort?: () => unknown;

  constructor(
    readonly heap: SharedHeap,
    flags: SharedArrayBuffer,
    signal: AbortSignal | undefined,
    now: number,
    private readonly spills: SpillDirectory,
  ) {
    this.#spill = spills.settings(heap, this.id);
    this.#flags = new Int32Array(flags);
    this.#signal = signal;
    this.started = now;
    this.arena = heap.newArena('query');
    this.#arenas.add(this.arena.id);
    if (signal?.aborted) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** When and where its tasks put rows on disk. */
  get spill(): SpillSettings {
    return this.#spill;
  }

  /** Something did not fit: from now on rows go to disk earlier, since both sides of a join need room at once. */
  spillEarlier(): void {
    this.onShort?.();
    this.#isShort = true;
    const most = this.heap.limitBytes * EARLY_SHARE;
    const { fromBytes, heldFromBytes } = this.#spill;
    this.#spill = {
      ...this.#spill,
      fromBytes: Math.min(fromBytes, most),
      heldFromBytes: Math.min(heldFromBytes, most),
    };
  }

  /** Opens the report of a stage that is about to run. */
  stage(label: string, piecesSkipped = 0): StageReport {
    const report: StageReport = {
      label,
      tasks: 0,
      inputRows: 0,
      outputRows: 0,
      taskMs: 0,
      longestMs: 0,
      bytesRead: 0,
      rowGroupsSkipped: piecesSkipped,
      pagesSkipped: 0,
      spilledBytes: 0,
      peakBytes: this.heap.usedBytes,
      threads: new Map(),
    };
    this.stages.push(report);
    return report;
  }

  /** Memory is short: kept rows go to disk, and less is done ahead. */
  get isPressed(): boolean {
    return this.#isShort || this.#spilled || this.heap.usedBytes >= this.spill.fromBytes;
  }

  taskDone(report: StageReport, done: DoneTask): void {
    const isOver = done.paused === undefined ? 1 : 0;
    this.tasksDone += isOver;
    this.rowsRead += done.metrics.rowsRead;
    this.bytesRead += done.metrics.bytesRead;
    this.#spilled ||= done.metrics.spilledBytes > 0;
    this.peakBytes = Math.max(this.peakBytes, this.heap.usedBytes);
    report.peakBytes = Math.max(report.peakBytes, this.heap.usedBytes);
    report.threads.set(done.thread, (report.threads.get(done.thread) ?? 0) + done.milliseconds);
    report.tasks += isOver;
    report.inputRows += done.inputRows;
    report.outputRows += done.output.kind === 'none' ? 0 : done.output.rows;
    report.taskMs += done.milliseconds;
    report.longestMs = Math.max(report.longestMs, done.milliseconds);
    report.bytesRead += done.metrics.bytesRead;
    report.rowGroupsSkipped += done.metrics.rowGroupsSkipped;
    report.pagesSkipped += done.metrics.pagesSkipped;
    report.spilledBytes += done.metrics.spilledBytes;
  }

  check(): void {
    if (this.#aborted) throw cancelled(this.#reason);
  }

  /** Ends the query: the first reason given is the cause of its error. */
  abort(reason?: unknown): void {
    if (!this.#aborted) this.#reason = reason;
    this.#aborted = true;
    flag(this.#flags, this.id);
    // They close what they have open.
    for (const task of [...this.resting]) void task.end();
  }

  /** The error as the user shall see it: a task that was cancelled does not know the reason. */
  explained(error: unknown): unknown {
    const told = this.#aborted && error instanceof SparrowError && error.code === 'OPERATION_CANCELED';
    return told && error.cause === undefined ? cancelled(this.#reason) : error;
  }

  /** A token for the jobs of one stage. */
  token(): CancelToken {
    return { query: this.id, stage: nextId++ };
  }

  /** Stops the jobs of one stage; the query goes on. */
  abortStage(token: CancelToken): void {
    flag(this.#flags, token.stage);
  }

  isStageAborted(token: CancelToken): boolean {
    return isFlagged(this.#flags, token.stage);
  }

  /** Memory is not freed before the job is over. */
  async track<T>(job: Promise<T>): Promise<T> {
    this.#jobs.add(job);
    try {
      return await job;
    } finally {
      this.#jobs.delete(job);
    }
  }

  /** Something to give back when the query is over. */
  onEnd(ending: () => void): void {
    this.#endings.push(ending);
  }

  newArena(label: string): Arena {
    const arena = this.heap.newArena(label);
    this.#arenas.add(arena.id);
    return arena;
  }

  release(arena: number): void {
    if (this.#arenas.delete(arena)) this.heap.releaseArena(arena);
  }

  /** Takes an arena out of the query's hands: its memory stays (a cached frame). */
  keep(arena: number): void {
    this.#arenas.delete(arena);
  }

  /** Frees everything, once no task of the query runs any more. */
  async end(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    // Whatever still runs is not wanted any more.
    this.abort();
    while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    for (const arena of this.#arenas) this.heap.releaseArena(arena);
    this.#arenas.clear();
    for (const ending of this.#endings.splice(0)) ending();
    if (this.#spilled) await this.spills.remove(this.spill);
  }
}
