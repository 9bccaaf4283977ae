import type { Arena } from '../../base/index.js';
import { STATE } from '../../functions/runtime.js';

const CHUNK_BYTES = 1 << 18;

interface Chunk {
  readonly address: number;
  readonly bytes: number;
}

/** Room for what expressions make (texts, mostly) while they run over one morsel. */
export class ExpressionHeap {
  readonly #chunks: Chunk[] = [];
  #at = -1;

  constructor(
    private readonly scratch: Arena,
    private readonly state: number,
  ) {}

  more(bytes: number): void {
    // Chunks are kept for the next morsel; one that is too short for this request is passed over.
    let chunk = this.#chunks[++this.#at];
    if (chunk === undefined || chunk.bytes < bytes) {
      const size = Math.max(CHUNK_BYTES, bytes);
      chunk = { address: this.scratch.alloc(size), bytes: size };
      this.#chunks.splice(this.#at, 0, chunk);
    }
    this.#use(chunk);
  }

  /** What was given out since the last `reset`. */
  get bytes(): number {
    return this.#chunks.slice(0, this.#at + 1).reduce((n, chunk) => n + chunk.bytes, 0);
  }

  /** Nothing an expression allocated outlives its morsel. */
  reset(): void {
    const [first] = this.#chunks;
    this.#at = first === undefined ? -1 : 0;
    if (first !== undefined) this.#use(first);
  }

  #use({ address, bytes }: Chunk): void {
    const { u32 } = this.scratch.heap;
    u32[(this.state + STATE.HEAP_NEXT) >>> 2] = address;
    u32[(this.state + STATE.HEAP_END) >>> 2] = address + bytes;
  }
}
