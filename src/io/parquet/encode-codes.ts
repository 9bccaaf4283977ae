import { hybridBound } from './encode-hybrid.js';
import { type EncodeKernels, encodeKernels } from './encode-kernels.js';
import type { EncodeScratch } from './encode-scratch.js';
import { GrowingBytes } from './growing-bytes.js';

/** The numbers that entries of another dictionary got in the writer's own. */
export interface KnownCodes {
  readonly of: object;
  readonly id: number;
  readonly codes: Int32Array;
}

/** Numbers of dictionary entries of a page under way, in the heap. */
export class CodeList {
  readonly #bytes: GrowingBytes;
  readonly #kernels: EncodeKernels;

  constructor(private readonly scratch: EncodeScratch) {
    this.#bytes = new GrowingBytes(scratch);
    this.#kernels = encodeKernels(scratch.heap);
  }

  get count(): number {
    return this.#bytes.length >>> 2;
  }

  /** The numbers so far. */
  values(): Uint32Array {
    const from = this.#bytes.address >>> 2;
    return this.scratch.heap.u32.subarray(from, from + this.count);
  }

  /** Room for so many more; gives the address of it. */
  take(count: number): number {
    const at = this.#bytes.take(count * 4);
    return this.#bytes.address + at;
  }

  add(code: number): void {
    const address = this.take(1);
    this.scratch.heap.u32[address >>> 2] = code;
  }

  clear(): void {
    this.#bytes.length = 0;
  }

  /** The body of a page: the width of the numbers, then their runs and packed groups. */
  body(width: number): Uint8Array {
    const room = this.scratch.body;
    room.length = 0;
    room.take(hybridBound(this.count, width) + 1);
    room.buffer[0] = width;
    const end = this.#kernels.hybrid(this.#bytes.address, this.count, width, room.address + 1) >>> 0;
    return room.buffer.subarray(0, end - room.address);
  }

  release(): void {
    this.#bytes.release();
  }
}
