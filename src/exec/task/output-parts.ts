import { Arena, type Batch, type Platform, type SharedHeap } from '../../base/index.js';
import type { Pauses } from './task.js';

/** Batches that are given at once. */
export interface OutputPart {
  readonly batches: readonly Batch[];
  readonly rows: number;
}

/** Less is not given before the task is over. */
const LEAST_BYTES = 1 << 20;
/** So much time passes between two parts, unless memory is short. */
const PART_MS = 250;

/**
 * Cuts what a task gives into parts: each lies in an arena of its own. It is cut between batches that are full anyway, so
 * that the batches are the same however it is cut.
 */
export class OutputParts {
  #next: number | undefined;
  #ready: OutputPart | undefined;
  #since: number;

  constructor(
    private readonly heap: SharedHeap,
    private readonly pauses: Pauses,
    private readonly clock: Platform['clock'],
  ) {
    this.#next = pauses.arena;
    this.#since = clock.monotonic();
  }

  /** A part waits to be taken. */
  get isReady(): boolean {
    return this.#ready !== undefined;
  }

  /** Before a new batch begins: where what lies in `arena` is a part of its own, the arena for what comes after it. */
  cut(arena: Arena, part: OutputPart): Arena | undefined {
    const bytes = arena.allocatedBytes;
    if (this.#next === undefined || bytes < LEAST_BYTES) return undefined;
    const isShort = bytes >= this.pauses.bytes && this.heap.usedBytes >= this.pauses.fromBytes;
    if (!isShort && this.clock.monotonic() - this.#since < PART_MS) return undefined;
    this.#ready = part;
    const next = new Arena(this.heap, this.#next, arena.label);
    this.#next = undefined;
    return next;
  }

  take(): OutputPart {
    const part = this.#ready ?? { batches: [], rows: 0 };
    this.#ready = undefined;
    return part;
  }

  /** The part was taken; `arena` is for what comes after the next one. */
  goOn(arena: number): void {
    this.#next = arena;
    this.#since = this.clock.monotonic();
  }
}
