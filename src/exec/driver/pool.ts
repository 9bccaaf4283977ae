import type { Worker } from 'node:worker_threads';
import type { SharedHeap } from '../../base/index.js';
import { loadedFamilies } from '../../functions/registry.js';
import { engineMode } from '../modes.js';
import { CANCEL_SLOTS, type CancelToken, isFlagged } from '../task/cancel.js';
import type { Answer, Job } from '../task/thread.js';
import type { StartedWorker, StartWorker } from './worker-start.js';

/** The worker that ran a job ended before it answered. */
export class WorkerLost extends Error {
  constructor(
    readonly exitCode: number | undefined,
    cause?: unknown,
  ) {
    const code = exitCode === undefined ? '' : ` with exit code ${exitCode}`;
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    super(`the worker ended${code} before its task was done${why}`, { cause });
  }
}

interface Seat extends StartedWorker {
  /** Jobs it was given or is about to be given. */
  busy: number;
  /** Jobs among them that are further attempts, or go on. */
  retries: number;
  /** How each job it has is told that the worker is gone. */
  readonly jobs: Set<(lost: WorkerLost) => void>;
  gone?: WorkerLost;
  /** It has read its program and done its jobs. */
  idle?: Promise<unknown>;
}

/** What starts threads is loaded with the first job: small queries run without. */
export const threadStarter = (): Promise<StartWorker> =>
  import('./worker-start.js').then(({ workerStarter }) => workerStarter());

/** Jobs a worker is given ahead, so that it never waits for the next one. */
const AHEAD = 4;

/** How often a job is looked after, and how long it may take to stop once it is cancelled. */
const WATCH_MS = 50;
const STUCK_MS = 250;
/** How long a session that ends waits for its workers to be done with what was cancelled. */
const IDLE_MS = 1_000;

/** In mode `faults` a worker is killed whenever this many jobs were given out. */
const JOBS_BETWEEN_FAULTS = 5;

/** The worker threads of a session: started when the first job comes, replaced when they die. */
export class WorkerPool {
  readonly flags = new SharedArrayBuffer(CANCEL_SLOTS * 4);
  /** For tests that kill workers: called with every job and the worker it is about to go to. */
  onJob: ((job: Job, worker: Worker) => void) | undefined;
  readonly #seats: Seat[] = [];
  readonly #waiting: (() => void)[] = [];
  #starter: Promise<StartWorker> | undefined;
  #alive: NodeJS.Timeout | undefined;
  #stopped = false;
  #lostOne = false;
  #running = 0;
  #jobs = 0;

  constructor(
    private readonly heap: SharedHeap,
    readonly size: number,
    private readonly starter: () => Promise<StartWorker> = threadStarter,
  ) {}

  /** Threads that run now, for tests that kill them. */
  get workers(): readonly Worker[] {
    return this.#seats.map((seat) => seat.worker);
  }

  /** Somebody kills workers, and wants them to have all the work. */
  get isAtRisk(): boolean {
    return this.onJob !== undefined || engineMode() === 'faults';
  }

  /** How many jobs can be under way at once. */
  get capacity(): number {
    return this.size * AHEAD;
  }

  /** In any worker, or in the one whose thread has the number given. */
  async run(job: Job, cancel: CancelToken, thread?: number): Promise<Answer> {
    this.#begin();
    try {
      return await this.#runOn(thread === undefined ? await this.#seat() : this.#seatOf(thread), job, cancel);
    } finally {
      this.#end();
    }
  }

  async #runOn(seat: Seat, job: Job, cancel: CancelToken): Promise<Answer> {
    const isAgain = job.kind === 'resume' || (job.kind === 'task' && job.request.attempt > 1);
    const again = isAgain ? 1 : 0;
    seat.retries += again;
    let tellLost: ((lost: WorkerLost) => void) | undefined;
    // Compiled code looks whether it was cancelled; a user's function or a pattern that does not come to an end cannot.
    const stopWatching = this.#watch(seat, cancel);
    try {
      const answer = new Promise<Answer>((resolve, reject) => {
        tellLost = reject;
        seat.jobs.add(reject);
        if (seat.gone !== undefined) throw seat.gone;
        if (this.#isFaulty(seat)) void seat.worker.terminate();
        this.onJob?.(job, seat.worker);
        seat.api.run(job, cancel, loadedFamilies()).then(resolve, reject);
      });
      seat.idle = Promise.allSettled([seat.idle, answer]).then(() => undefined);
      return await answer;
    } finally {
      stopWatching();
      if (tellLost !== undefined) seat.jobs.delete(tellLost);
      seat.busy--;
      seat.retries -= again;
      this.#waiting.shift()?.();
    }
  }

  /** Ends the worker when its job was cancelled and does not stop by itself. */
  #watch(seat: Seat, { query, stage }: CancelToken): () => void {
    const flags = new Int32Array(this.flags);
    let since: number | undefined;
    const timer = setInterval(() => {
      if (!isFlagged(flags, query) && !isFlagged(flags, stage)) return;
      since ??= performance.now();
      if (performance.now() - since < STUCK_MS) return;
      // Once: it may take long to die, and whoever ends it waits for it.
      clearInterval(timer);
      void seat.worker.terminate();
    }, WATCH_MS);
    return () => clearInterval(timer);
  }

  /** Idle workers do not keep the process alive; a job that runs does. */
  #begin(): void {
    this.#running++;
    this.#alive ??= setInterval(() => undefined, 1 << 30);
  }

  #end(): void {
    if (--this.#running > 0) return;
    clearInterval(this.#alive);
    this.#alive = undefined;
    // A worker that died while it claimed memory leaves the count of it wrong; nobody claims any now.
    if (this.#lostOne) this.heap.recount();
    this.#lostOne = false;
  }

  /** In mode `faults`: whether to kill this worker now. A job is killed once only, so that every query ends. */
  #isFaulty(seat: Seat): boolean {
    return engineMode() === 'faults' && seat.retries === 0 && ++this.#jobs % JOBS_BETWEEN_FAULTS === 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const resume of this.#waiting.splice(0)) resume();
    await Promise.all(this.#seats.map(endIdle));
  }

  /** A worker for one job, counted as taken at once: others ask before this answer is read. */
  async #seat(): Promise<Seat> {
    this.#starter ??= this.starter();
    const start = await this.#starter;
    for (;;) {
      if (this.#stopped) throw new WorkerLost(undefined);
      while (this.#seats.length < this.size) this.#start(start);
      const free = this.#seats.reduce((best, seat) => (seat.busy < best.busy ? seat : best));
      if (free.busy < AHEAD) {
        free.busy++;
        return free;
      }
      await new Promise<void>((resume) => this.#waiting.push(resume));
    }
  }

  #seatOf(thread: number): Seat {
    const seat = this.#seats.find(({ worker }) => worker.threadId === thread);
    if (seat === undefined) throw new WorkerLost(undefined);
    seat.busy++;
    return seat;
  }

  #start(start: StartWorker): void {
    const started = start({ heap: this.heap.handle, flags: this.flags });
    const { worker } = started;
    // After listening to it, which holds the process: an idle worker does not (see #begin).
    worker.unref();
    const seat: Seat = { ...started, busy: 0, retries: 0, jobs: new Set() };
    let cause: unknown;
    worker.once('error', (error) => {
      cause = error;
    });
    // Only now the thread is over: before, it might still write to memory that is given to others.
    worker.once('exit', (code) => this.#gone(seat, new WorkerLost(code, cause)));
    seat.idle = started.api.ready().catch(() => undefined);
    this.#seats.push(seat);
  }

  #gone(seat: Seat, lost: WorkerLost): void {
    this.#seats.splice(this.#seats.indexOf(seat), 1);
    this.#lostOne = true;
    seat.gone = lost;
    for (const tell of seat.jobs) tell(lost);
    seat.release();
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** Node leaves the files open that a thread was reading when it was ended, its program among them: it comes to rest first. */
async function endIdle({ idle, worker }: Seat): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  await Promise.race([idle, gone, new Promise((late) => (timer = setTimeout(late, IDLE_MS)))]);
  clearTimeout(timer);
  await worker.terminate();
}
