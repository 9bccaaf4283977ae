import type { RecordBatch } from 'apache-arrow';

/** Of the memory of a session, what batches that were given may take beside it before it is looked which are still held. */
const GIVEN_SHARE = 1 / 16;
/** Where the buffers of young objects take so much, V8 looks before it makes another one. */
const LOOKED_AT_BYTES = 33 << 20;

/**
 * Batches that were given lie outside of V8's heap, and V8 leaves up to 64 MB of those standing that nobody holds any more:
 * half of what a session of 128 MB may take. A buffer as large as V8 looks for, which is never touched and so takes no
 * memory, has it look sooner, a matter of half a millisecond. Options of V8 would do so too, but are the process's, not ours.
 */
export class GivenBatches {
  readonly #most: number;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#most = limitBytes * GIVEN_SHARE;
  }

  note(batch: RecordBatch): void {
    this.#bytes += batch.data.byteLength;
    if (this.#most >= LOOKED_AT_BYTES || this.#bytes < this.#most) return;
    this.#bytes = 0;
    for (const bytes of [LOOKED_AT_BYTES, 1]) new ArrayBuffer(bytes);
  }
}
