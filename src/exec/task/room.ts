import type { Arena } from '../../base/index.js';

/** Room that grows by doubling, since an arena does not take the smaller one back. What was in it is lost. */
export class Room {
  #address = 0;
  #bytes = 0;

  constructor(private readonly arena: Arena) {}

  of(bytes: number): number {
    if (bytes > this.#bytes || this.#address === 0) {
      this.#bytes = Math.max(bytes, this.#bytes * 2, 1 << 12);
      this.#address = this.arena.alloc(this.#bytes);
    }
    return this.#address;
  }
}
