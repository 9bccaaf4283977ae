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
    // Chunks are kept for the next morsel; those that are too short for this request come later.
    const at = ++this.#at;
    const found = this.#chunks.findIndex((chunk, i) => i >= at && chunk.bytes >= bytes);
    let [chunk] = found < 0 ? [] : this.#chunks.splice(found, 1);
    if (chunk === undefined) {
      // Of few sizes, so that a request that is a little longer than those before finds one, too.
      let size = CHUNK_BYTES;
      while (size < bytes) size *= size * 1.5 >= bytes ? 1.5 : 2;
      chunk = { address: this.scratch.alloc(size), bytes: size };
    }
    this.#chunks.splice(at, 0, chunk);
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
