import type { Arena, SharedHeap } from '../../base/index.js';
import { PIPE } from '../compile/state-layout.js';
import type { PackedRows } from './pack-rows.js';
import type { RowChunk } from './spec.js';

const FIRST_CHUNK_BYTES = 4096;
const LARGEST_CHUNK_BYTES = 1 << 20;

/** Rows and bytes that compiled code appends through its state block, kept in the task's output arena. */
export class RowStore {
  readonly #words: Uint32Array;
  readonly #chunks: { address: number; bytes: number }[] = [];
  #nextChunk = FIRST_CHUNK_BYTES;
  #nextBytes = FIRST_CHUNK_BYTES;
  #keptBytes = 0;
  /** Bytes of the chunks as they were taken. */
  readonly #room: number[] = [];
  readonly #spare: { address: number; bytes: number }[] = [];

  /** `rowArena` is for rows that are copied from there in the end: their room is used again after `clear`. */
  constructor(
    heap: SharedHeap,
    private readonly arena: Arena,
    private readonly state: number,
    readonly stride: number,
    private readonly rowArena?: Arena,
  ) {
    this.#words = heap.u32;
  }

  /** A fresh chunk of rows, twice as large as the last. */
  moreRows(): void {
    this.#close();
    const { address, bytes } = this.#spare.pop() ?? this.#freshChunk();
    this.#chunks.push({ address, bytes });
    this.#room.push(bytes);
    this.#set(PIPE.ROW_NEXT, address);
    this.#set(PIPE.ROW_END, address + bytes);
  }

  #freshChunk(): { address: number; bytes: number } {
    const bytes = Math.max(this.#nextChunk - (this.#nextChunk % this.stride), this.stride);
    const address = (this.rowArena ?? this.arena).alloc(bytes);
    this.#nextChunk = Math.min(this.#nextChunk * 2, LARGEST_CHUNK_BYTES);
    return { address, bytes };
  }

  /** Room for `bytes` more bytes of kept strings. */
  moreBytes(bytes: number): void {
    const size = Math.max(this.#nextBytes, bytes);
    this.#nextBytes = Math.min(this.#nextBytes * 2, LARGEST_CHUNK_BYTES);
    const address = this.arena.alloc(size);
    this.#keptBytes += size;
    this.#set(PIPE.BYTES_NEXT, address);
    this.#set(PIPE.BYTES_END, address + size);
  }

  /** What is written so far, with the room that strings have; the chunk at hand is filled further. */
  get bytes(): number {
    const last = this.#chunks.at(-1);
    if (last === undefined) return 0;
    const next = this.#words[(this.state + PIPE.ROW_NEXT) >>> 2] as number;
    return this.#chunks.reduce((n, c) => n + c.bytes, this.#keptBytes) - last.bytes + (next - last.address);
  }

  /** Rows that lie somewhere else in the arena, with the bytes of their texts: the only ones. */
  adopt({ address, bytes, textBytes }: PackedRows): void {
    this.clear();
    this.#chunks.push({ address, bytes });
    this.#room.push(bytes);
    this.#keptBytes = textBytes;
    this.#set(PIPE.ROW_NEXT, address + bytes);
    this.#set(PIPE.ROW_END, address + bytes);
  }

  /** Forgets the rows; their memory is the caller's to release. */
  clear(): void {
    if (this.rowArena === undefined) this.#nextChunk = FIRST_CHUNK_BYTES;
    else
      this.#spare.push(
        ...this.#chunks.map(({ address }, i) => ({ address, bytes: this.#room[i] as number })).reverse(),
      );
    this.#chunks.length = 0;
    this.#room.length = 0;
    this.#nextBytes = FIRST_CHUNK_BYTES;
    this.#keptBytes = 0;
    for (const cursor of [PIPE.ROW_NEXT, PIPE.ROW_END, PIPE.BYTES_NEXT, PIPE.BYTES_END]) this.#set(cursor, 0);
  }

  chunks(): RowChunk[] {
    this.#close();
    return this.#chunks
      .filter((c) => c.bytes > 0)
      .map((c) => ({ address: c.address, rows: c.bytes / this.stride, stride: this.stride }));
  }

  /** Shortens the last chunk to the rows that were written. */
  #close(): void {
    const last = this.#chunks.at(-1);
    if (last === undefined) return;
    const next = this.#words[(this.state + PIPE.ROW_NEXT) >>> 2] as number;
    last.bytes = next - last.address;
    this.#set(PIPE.ROW_END, next);
  }

  #set(offset: number, value: number): void {
    this.#words[(this.state + offset) >>> 2] = value;
  }
}

export const totalRows = (chunks: readonly RowChunk[]): number => chunks.reduce((n, c) => n + c.rows, 0);
