import { mix } from '../choices.js';

/** Decisions from a seed: the same case is drawn again from the same numbers. */
export class Dice {
  #count = 0;
  readonly #seed: number;

  constructor(...seeds: readonly number[]) {
    this.#seed = mix(...seeds);
  }

  next(): number {
    return mix(this.#seed, this.#count++);
  }

  /** 0…n - 1. */
  below(n: number): number {
    return n <= 1 ? 0 : this.next() % n;
  }

  /** True about `percent` times of 100. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** `items` in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}
