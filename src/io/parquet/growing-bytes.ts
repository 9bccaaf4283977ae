import type { SharedHeap } from '../../base/index.js';

/** Gives out areas of the heap, each a power of two of bytes and a few more, and takes them back. */
export interface Room {
  readonly heap: SharedHeap;
  take(bytes: number): number;
  give(address: number, bytes: number): void;
}

const FIRST_BYTES = 1 << 10;

/** Bytes that values are collected in, in the heap. */
export class GrowingBytes {
  address = 0;
  buffer: Buffer;
  length = 0;

  constructor(private readonly room: Room) {
    this.buffer = room.heap.buffer.subarray(0, 0);
  }

  /** Room for more; returns where. */
  take(bytes: number): number {
    const at = this.length;
    if (at + bytes > this.buffer.length) this.#grow(at + bytes);
    this.length = at + bytes;
    return at;
  }

  #grow(bytes: number): void {
    const { room } = this;
    const { heap } = room;
    const size = Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    const grown = room.take(size);
    heap.copy(grown, this.address, this.length);
    room.give(this.address, this.buffer.length);
    this.address = grown;
    this.buffer = heap.buffer.subarray(grown, grown + size);
  }

  /** Gives its room back. */
  release(): void {
    this.room.give(this.address, this.buffer.length);
    this.buffer = this.buffer.subarray(0, 0);
    this.length = 0;
  }
}
