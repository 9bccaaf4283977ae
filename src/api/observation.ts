import { SparrowError } from '../base/index.js';

/** Metrics of a frame's rows, named and read apart from it: `frame.observe(observation, …)`. */
export class Observation {
  readonly name: string;
  #ask: (() => Promise<Readonly<Record<string, unknown>>>) | undefined;
  #metrics: Promise<Readonly<Record<string, unknown>>> | undefined;

  constructor(name = 'observation') {
    this.name = name;
  }

  /**
   * The metrics over all rows that the frame has where it is observed. A query of its own computes them when they are
   * first asked for; what it gave is kept.
   */
  get get(): Promise<Readonly<Record<string, unknown>>> {
    if (this.#ask === undefined) {
      throw new SparrowError('NO_OBSERVE_BEFORE_GET', 'no frame is observed yet', {
        hint: "frame.observe(observation, fn.count().as('rows'))",
      });
    }
    this.#metrics ??= this.#ask();
    return this.#metrics;
  }

  /** Used by `observe`: an observation is of one frame. */
  of(ask: () => Promise<Readonly<Record<string, unknown>>>): void {
    if (this.#ask !== undefined) {
      throw new SparrowError('REUSE_OBSERVATION', `the observation ${this.name} is used with a frame already`);
    }
    this.#ask = ask;
  }
}
