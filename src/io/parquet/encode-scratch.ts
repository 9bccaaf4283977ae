import type { Arena, SharedHeap } from '../../base/index.js';
import { GrowingBytes, type Room } from './growing-bytes.js';

/** No more rows are taken at a time. */
export const PIECE_ROWS = 8192;

/** Areas of the heap for all files that a task writes, many of them at once: what one gives back another takes. */
export class EncodeScratch implements Room {
  readonly heap: SharedHeap;
  /** Numbers of as many rows as are taken at a time. */
  readonly words: Int32Array;
  /** Where kernels leave bounds. */
  readonly limits: number;
  /** Where codes become the body of a page. */
  readonly body: GrowingBytes;
  readonly #free = new Map<number, number[]>();

  constructor(private readonly arena: Arena) {
    this.heap = arena.heap;
    const from = arena.alloc(8 * PIECE_ROWS) >>> 2;
    this.words = arena.heap.i32.subarray(from, from + 2 * PIECE_ROWS);
    this.limits = arena.alloc(16);
    this.body = new GrowingBytes(this);
  }

  take(bytes: number): number {
    return this.#free.get(bytes)?.pop() ?? this.arena.alloc(bytes + 16);
  }

  give(address: number, bytes: number): void {
    if (bytes === 0) return;
    const free = this.#free.get(bytes);
    if (free === undefined) this.#free.set(bytes, [address]);
    else free.push(address);
  }
}

const known = new WeakMap<Arena, EncodeScratch>();

export function encodeScratch(arena: Arena): EncodeScratch {
  let scratch = known.get(arena);
  if (scratch === undefined) {
    scratch = new EncodeScratch(arena);
    known.set(arena, scratch);
  }
  return scratch;
}
