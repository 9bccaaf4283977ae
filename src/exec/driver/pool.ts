import type { Worker } from 'node:worker_threads';
import type { SharedHeap } from '../../base/index.js';
import { engineMode } from '../modes.js';
import { type Answer, CANCEL_SLOTS, type CancelToken, type Job } from '../task/thread.js';
import type { StartedWorker, StartWorker } from './worker-start.js';

/** The worker that ran a job ended before it answered. */
export class WorkerLost extends Error {
  constructor(
    readonly exitCode: number | undefined,
    cause?: unknown,
  ) {
    super(`the worker ended${exitCode === undefined ? '' : ` with exit code ${exitCode}`} before its task was done`, {
      cause,
    });
  }
}

interface Seat extends StartedWorker {
  busy: number;
  /** Jobs among them that are further attempts. */
  retries: number;
  readonly lost: Promise<never>;
}

/** Jobs a worker is given ahead, so that it never waits for the next one. */
const AHEAD = 2;

/** In mode `faults` a worker is killed whenever this many jobs were given out. */
const JOBS_BETWEEN_FAULTS = 5;

/** The worker threads of a session: started when the first job comes, replaced when they die. */
export class WorkerPool {
  readonly flags = new SharedArrayBuffer(CANCEL_SLOTS * 4);
  readonly #seats: Seat[] = [];
  readonly #waiting: (() => void)[] = [];
  #starter: Promise<StartWorker> | undefined;
  #stopped = false;
  #jobs = 0;

  constructor(
    private readonly heap: SharedHeap,
    readonly size: number,
  ) {}

  /** Threads that run now, for tests that kill them. */
  get workers(): readonly Worker[] {
    return this.#seats.map((seat) => seat.worker);
  }

  /** How many jobs can be under way at once. */
  get capacity(): number {
    return this.size * AHEAD;
  }

  async run(job: Job, cancel: CancelToken): Promise<Answer> {
    const seat = await this.#seat();
    const again = job.kind === 'task' && job.request.attempt > 1 ? 1 : 0;
    seat.retries += again;
    if (this.#isFaulty(seat)) void seat.worker.terminate();
    try {
      return await Promise.race([seat.api.run(job, cancel), seat.lost]);
    } finally {
      seat.busy--;
      seat.retries -= again;
      this.#waiting.shift()?.();
    }
  }

  /** In mode `faults`: whether to kill this worker now. A job is killed once only, so that every query ends. */
  #isFaulty(seat: Seat): boolean {
    return engineMode() === 'faults' && seat.retries === 0 && ++this.#jobs % JOBS_BETWEEN_FAULTS === 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const seats = this.#seats.splice(0);
    for (const resume of this.#waiting.splice(0)) resume();
    await Promise.all(seats.map((seat) => seat.worker.terminate()));
  }

  /** A worker for one job, counted as taken at once: others ask before this answer is read. */
  async #seat(): Promise<Seat> {
    // What starts workers is loaded with the first job: small queries run without.
    this.#starter ??= import('./worker-start.js').then(({ workerStarter }) => workerStarter());
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

  #start(start: StartWorker): void {
    const started = start({ heap: this.heap.handle, flags: this.flags });
    const { worker } = started;
    // An idle worker does not keep the process alive; a running query does (see Query).
    worker.unref();
    const lost = new Promise<never>((_, reject) => {
      worker.once('error', (error) => reject(new WorkerLost(undefined, error)));
      worker.once('exit', (code) => reject(new WorkerLost(code)));
    });
    const seat: Seat = { ...started, busy: 0, retries: 0, lost };
    lost.catch(() => {
      const at = this.#seats.indexOf(seat);
      if (at >= 0) this.#seats.splice(at, 1);
      started.release();
      for (const resume of this.#waiting.splice(0)) resume();
    });
    this.#seats.push(seat);
  }
}
