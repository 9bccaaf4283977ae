/**
 * Decisions read off a list of numbers: whatever is generated from it shrinks as the list does, because a number
 * that is missing counts as 0 and 0 is always the simplest decision.
 */
export class Choices {
  #at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  get isExhausted(): boolean {
    return this.#at >= this.numbers.length;
  }

  next(): number {
    return this.numbers[this.#at++] ?? 0;
  }

  /** 0…n - 1. */
  below(n: number): number {
    return n <= 1 ? 0 : this.next() % n;
  }

  /** True about `percent` times of 100. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

/** A well mixed 32-bit number from some others. */
export function mix(...numbers: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const n of numbers) {
    h = Math.imul(h ^ n, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** Numbers from a seed, for data that need not shrink value by value. */
export function randomNumbers(seed: number): () => number {
  let count = 0;
  return () => mix(seed, count++);
}
