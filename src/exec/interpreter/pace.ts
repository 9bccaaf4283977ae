import type { Clock } from '../../base/index.js';

/** How long work may go on before others get the thread. */
const SLICE_MS = 4;
/** Reading the clock costs more than many a step, so it is read now and then. */
const STEPS_A_LOOK = 16;

/** Keeps the event loop alive: long work asks after every step whether its slice of time is over. */
export class Pace {
  #steps = 0;
  #since: number;

  constructor(
    private readonly clock: Clock,
    /** Throws when the query was cancelled. */
    readonly check: () => void,
  ) {
    this.#since = clock.monotonic();
  }

  /** Counts one step and tells whether it is time to rest. */
  due(): boolean {
    if (++this.#steps < STEPS_A_LOOK) return false;
    this.#steps = 0;
    return this.clock.monotonic() - this.#since >= SLICE_MS;
  }

  async rest(): Promise<void> {
    this.check();
    await new Promise(setImmediate);
    this.#since = this.clock.monotonic();
    this.check();
  }

  /** Rests when the slice is over: for steps that are long themselves. */
  async between(): Promise<void> {
    this.check();
    if (this.clock.monotonic() - this.#since >= SLICE_MS) await this.rest();
  }
}
