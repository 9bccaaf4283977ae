const FIRST_BYTES = 1 << 12;
const MOST_BYTES = 1 << 18;
/** What a thread keeps of its largest areas, so that writing does not touch fresh memory all the time. */
const MOST_KEPT = 128;
const kept: Buffer[] = [];

/** Compressed pages one behind the other, as they are written to the file. */
export class ChunkBytes {
  #full: Buffer[] = [];
  #last: Buffer | undefined;
  #used = 0;

  add(bytes: Uint8Array): void {
    if (this.#last === undefined || this.#last.length - this.#used < bytes.length) this.#next(bytes.length);
    this.#last?.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #next(bytes: number): void {
    const grown = this.#last === undefined ? FIRST_BYTES : Math.min(MOST_BYTES, this.#last.length * 4);
    if (this.#last !== undefined) this.#full.push(this.#last.subarray(0, this.#used));
    const size = Math.max(bytes, grown);
    this.#last = (size === MOST_BYTES ? kept.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
    this.#used = 0;
  }

  /** The bytes so far, which are then forgotten. */
  take(): Uint8Array[] {
    const pieces = this.#full;
    if (this.#last !== undefined) pieces.push(this.#last.subarray(0, this.#used));
    this.#full = [];
    this.#last = undefined;
    this.#used = 0;
    return pieces;
  }
}

/** What was taken is written: its areas are used again. */
export function giveBack(pieces: readonly Uint8Array[]): void {
  for (const { buffer } of pieces)
    if (buffer.byteLength === MOST_BYTES && kept.length < MOST_KEPT) kept.push(Buffer.from(buffer as ArrayBuffer));
}
