import { Arena, type SharedHeap } from './heap.js';

/** So much is given out before the other arena has its turn. */
const TURN_BYTES = 1 << 23;

/**
 * Memory for the batches of a source that come one after the other: what they lie in is used again when a batch of the turn
 * after theirs was taken. It is that of two arenas, which have turns.
 */
export class BatchArena extends Arena {
  readonly #arenas: readonly [Arena, Arena];
  #turn: 0 | 1 = 0;

  constructor(heap: SharedHeap, ids: readonly [number, number], label: string) {
    super(heap, ids[0], label);
    this.#arenas = [new Arena(heap, ids[0], label), new Arena(heap, ids[1], label)];
  }

  override alloc(bytes: number): number {
    return this.#arenas[this.#turn].alloc(bytes);
  }

  /** Whoever took the last batch has read it: only its dictionaries are still looked at, until the next one. */
  taken(): void {
    const now = this.#arenas[this.#turn];
    const before = this.#arenas[this.#turn === 0 ? 1 : 0];
    // Batches of a turn may come out after its last bytes were given out.
    if (now.allocatedBytes === 0) return;
    if (before.allocatedBytes > 0) before.release();
    if (now.allocatedBytes < TURN_BYTES) return;
    this.#turn = this.#turn === 0 ? 1 : 0;
    this.turns++;
  }
}
