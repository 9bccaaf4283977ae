import { Worker } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { SharedHeap } from '../../base/index.js';
import { type Answer, CANCEL_SLOTS, type CancelToken, type Job } from '../task/thread.js';
import { engineMode } from '../modes.js';
import type { WorkerApi, WorkerData } from '../worker.js';
import { workerSource } from '../worker-source.js';

/** The worker that ran a job ended before it answered. */
export class WorkerLost extends Error {
  constructor(readonly exitCode: number | undefined, cause?: unknown) {
    super(`the worker ended${exitCode === undefined ? '' : ` with exit code ${exitCode}`} before its task was done`, { cause });
  }
}

interface Seat {
  readonly worker: Worker;
  readonly api: Remote<WorkerApi>;
  busy: number;
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

  /** Starts every worker now, so that the first query does not wait for them. */
  warm(): void {
    while (!this.#stopped && this.#seats.length < this.size) this.#start();
  }

  async run(job: Job, cancel: CancelToken): Promise<Answer> {
    const seat = await this.#seat();
    seat.busy++;
    if (engineMode() === 'faults' && ++this.#jobs % JOBS_BETWEEN_FAULTS === 0) void seat.worker.terminate();
    try {
      return await Promise.race([seat.api.run(job, cancel), seat.lost]);
    } finally {
      seat.busy--;
      this.#waiting.shift()?.();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const seats = this.#seats.splice(0);
    for (const resume of this.#waiting.splice(0)) resume();
    await Promise.all(seats.map((seat) => seat.worker.terminate()));
  }

  async #seat(): Promise<Seat> {
    for (;;) {
      if (this.#stopped) throw new WorkerLost(undefined);
      this.warm();
      const free = this.#seats.reduce((best, seat) => (seat.busy < best.busy ? seat : best));
      if (free.busy < AHEAD) return free;
      await new Promise<void>((resume) => this.#waiting.push(resume));
    }
  }

  #start(): void {
    const data: WorkerData = { heap: this.heap.handle, flags: this.flags };
    const worker =
      workerSource === undefined
        ? new Worker(new URL('../worker.js', import.meta.url), { workerData: data })
        : new Worker(workerSource, { eval: true, workerData: data });
    // An idle worker does not keep the process alive; a running query does (see the scheduler's keep-alive).
    worker.unref();
    const api = wrap<WorkerApi>(nodeEndpoint(worker));
    const lost = new Promise<never>((_, reject) => {
      worker.once('error', (error) => reject(new WorkerLost(undefined, error)));
      worker.once('exit', (code) => reject(new WorkerLost(code)));
    });
    const seat: Seat = { worker, api, busy: 0, lost };
    lost.catch(() => {
      const at = this.#seats.indexOf(seat);
      if (at >= 0) this.#seats.splice(at, 1);
      void api[releaseProxy];
      for (const resume of this.#waiting.splice(0)) resume();
    });
    this.#seats.push(seat);
  }
}
