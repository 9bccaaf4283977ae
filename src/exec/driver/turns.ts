/**
 * One piece of planning in each turn of the event loop: many queries that are asked for at once would otherwise be
 * planned one after the other without a timer or a message in between.
 */
export class Turns {
  #taken = false;

  /** Resolves in a turn in which nobody else has taken one. */
  async next(): Promise<void> {
    while (this.#taken) await new Promise(setImmediate);
    this.#taken = true;
    setImmediate(() => {
      this.#taken = false;
    });
  }
}
