import { createHash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong, and where: at the so-manieth time something of its kind happens. */
export interface Fault {
  readonly kind: FaultKind;
  readonly at: number;
}

/**
 * `kill`: a worker ends at one of its calls of the platform. `full`: the disk, from a write on. `short`: a file ends too
 * early. `flip`: a bit of what was spilled comes back changed. `cancel`: the caller gives up. `refused`: one call of the
 * file system fails, whichever it is.
 */
export type FaultKind = 'kill' | 'full' | 'short' | 'flip' | 'cancel' | 'refused';

/** The end of a simulated worker: thrown where it was. */
export class Killed extends Error {}

/** Turns of the event loop after which nothing more comes of an event: all there is to wait for is in the queue. */
const TURNS = 12;
/** Looks at an empty queue, a few milliseconds apart, after which nothing will happen any more: code may still be loaded. */
const PATIENCE = 6000;
const PAUSE_MS = 5;
const USUAL_MS = 5;
/** One message of so many is late. */
const LATE_EVERY = 20;
const LATE_MS = 400;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly name: string;
  readonly run: () => unknown;
}

/** Time, chance and messages of one simulation: everything in it follows from its seed. */
export class World {
  now = 1_700_000_000_000;
  readonly #queue: Event[] = [];
  readonly #trace = createHash('sha256');
  readonly #seen = new Map<FaultKind, number>();
  readonly #happened: FaultKind[] = [];
  #state: number;
  #events = 0;
  /** Faults happen only while this is on. */
  isHarsh = false;
  onCancel: () => void = () => undefined;

  constructor(
    seed: number,
    readonly faults: readonly Fault[],
  ) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below `most`. */
  below(most: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * most);
  }

  /** The clock goes on a little whenever it is looked at. */
  tick(): number {
    this.now += this.below(4) / 4;
    return this.now;
  }

  /** Whether a fault of this kind is due now. */
  strikes(kind: FaultKind): boolean {
    if (!this.isHarsh) return false;
    const seen = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, seen);
    const isDue = this.faults.some((fault) => fault.kind === kind && fault.at === seen);
    if (isDue) {
      this.#happened.push(kind);
      this.note(`fault ${kind}`);
    }
    return isDue;
  }

  /** The disk stays full as long as faults happen. */
  isFull(): boolean {
    return this.strikes('full') || (this.isHarsh && this.#happened.includes('full'));
  }

  /** What went wrong so far. */
  get happened(): readonly FaultKind[] {
    return this.#happened;
  }

  note(what: string): void {
    this.#trace.update(`${this.now} ${what}\n`);
  }

  /** Of everything that happened, in order. */
  get trace(): string {
    return this.#trace.copy().digest('hex');
  }

  /** When a message that is sent now arrives. */
  arrival(): number {
    return this.now + this.below(USUAL_MS) + (this.below(LATE_EVERY) === 0 ? this.below(LATE_MS) : 0);
  }

  post(at: number, name: string, run: () => unknown): void {
    this.#queue.push({ at, order: this.#events++, name, run });
  }

  /** Lets things happen, one at a time, until the work is done. Fails when nothing is left to happen. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    for (let idle = 0; ; ) {
      for (let turn = 0; turn < TURNS && !isDone; turn++) await nextTurn();
      if (isDone) return work;
      const event = this.#next();
      if (event === undefined) {
        if (++idle > PATIENCE) throw new Error('the engine waits for something that never comes');
        if (idle > TURNS) await sleep(PAUSE_MS);
        continue;
      }
      idle = 0;
      this.now = Math.max(this.now, event.at);
      this.note(event.name);
      await event.run();
      if (this.strikes('cancel')) this.onCancel();
    }
  }

  #next(): Event | undefined {
    let best = -1;
    for (const [i, event] of this.#queue.entries()) {
      const than = this.#queue[best];
      if (than === undefined || event.at < than.at || (event.at === than.at && event.order < than.order)) best = i;
    }
    return best < 0 ? undefined : this.#queue.splice(best, 1)[0];
  }
}
