import type { Arena } from '../../base/index.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import { spillKernels } from '../compile/spill-kernels.js';
import type { RowLayout } from '../row-layout.js';
import { listsByHash } from './lists-by-hash.js';
import { Room } from './room.js';
import type { RowChunk } from './spec.js';

/** Rows that are put into buffers at one go: while they are in the cache. */
const WINDOW_BYTES = 1 << 19;
/** Texts of later rows may be somewhat longer. */
const SPARE = 1.1;

export interface BufferOptions {
  readonly layout: RowLayout;
  /** Where in a row its place is. */
  readonly place: number;
  /** Rows of a partition leave in the order of so many more bits of their place. */
  readonly finer: number;
  /** And are given by as many of those bits apart. */
  readonly split?: number;
  /** Of one buffer. */
  readonly bytes: number;
  /** Takes rows of a partition, or of a part of one, by a list of their addresses. */
  readonly write: (part: number, list: number, count: number) => void;
}

type Rooms = [Room, Room, Room, Room];

interface Buffer {
  readonly address: number;
  rows: number;
  textBytes: number;
}

/**
 * Rows on their way to disk, with their texts, in a buffer for each partition: they are read in the order in which they
 * lie, soon after they were made. Looked for partition by partition all over the memory, each row and each text cost as
 * much as many of them side by side.
 */
export class PartitionBuffers {
  readonly #buffers: (Buffer | undefined)[] = new Array(GROUP_PARTITIONS).fill(undefined);
  readonly #texts: readonly (readonly [offset: number, nulls: number])[];
  readonly #cursors: Room;
  readonly #ends: Room;
  readonly #list: Room;
  readonly #lengths: Room;
  readonly #stride: number;
  /** Rows and bytes of texts that a buffer has room for. */
  #most = 0;
  #mostText = 0;

  constructor(
    private readonly arena: Arena,
    private readonly options: BufferOptions,
  ) {
    const { fields, stride } = options.layout;
    this.#stride = stride;
    this.#texts = fields.flatMap(({ carrier, offset, nullOffset = 0 }) =>
      carrier === 'bytes' ? [[offset, nullOffset] as const] : [],
    );
    [this.#cursors, this.#ends, this.#list, this.#lengths] = [1, 2, 3, 4].map(() => new Room(arena)) as Rooms;
  }

  add(chunks: readonly RowChunk[]): void {
    for (const chunk of chunks) {
      if (this.#most === 0) this.#share(chunk);
      const most = Math.max(1, Math.floor(WINDOW_BYTES / this.#stride));
      for (let from = 0; from < chunk.rows; from += most)
        this.#window(chunk.address + from * this.#stride, Math.min(most, chunk.rows - from));
    }
  }

  /** Writes what waits. */
  flush(): void {
    for (const buffer of this.#buffers) if (buffer !== undefined) this.#write(buffer);
  }

  /** Shares a buffer out between rows and texts as the first rows have them. */
  #share({ address, rows }: RowChunk): void {
    const row = this.#stride + (this.#measured(address, rows) / Math.max(1, rows)) * SPARE;
    this.#most = Math.max(1, Math.floor(this.options.bytes / row));
    this.#mostText = Math.max(0, this.options.bytes - this.#most * this.#stride);
  }

  #window(address: number, count: number): void {
    const { heap } = this.arena;
    const kernels = spillKernels(heap);
    const { place } = this.options;
    const table = this.#cursors.of(GROUP_PARTITIONS * 4);
    heap.fill(0, table, GROUP_PARTITIONS * 4);
    kernels.count_hashes(address, count, this.#stride, place, 0, table);
    const counts = heap.u32.slice(table >>> 2, (table >>> 2) + GROUP_PARTITIONS);
    if (count > 1 && counts.some((rows) => rows > this.#most)) {
      const half = count >>> 1;
      this.#window(address, half);
      this.#window(address + half * this.#stride, count - half);
      return;
    }
    counts.forEach((rows, p) => {
      if (rows === 0) return;
      const buffer = this.#bufferOf(p);
      if (buffer.rows + rows > this.#most) this.#write(buffer);
      heap.u32[(table >>> 2) + p] = buffer.address + buffer.rows * this.#stride;
    });
    kernels.scatter_by_hash(address, count, this.#stride, place, 0, table);
    counts.forEach((rows, p) => {
      if (rows > 0) this.#take(this.#bufferOf(p), rows);
    });
  }

  #bufferOf(partition: number): Buffer {
    const known = this.#buffers[partition];
    if (known !== undefined) return known;
    const address = this.arena.alloc(this.#most * this.#stride + this.#mostText);
    const buffer: Buffer = { address, rows: 0, textBytes: 0 };
    this.#buffers[partition] = buffer;
    return buffer;
  }

  /** Fetches the texts of rows that have come to lie behind those of a buffer. */
  #take(buffer: Buffer, rows: number): void {
    const { heap } = this.arena;
    const stride = this.#stride;
    let first = buffer.address + buffer.rows * stride;
    const bytes = this.#measured(first, rows);
    if (buffer.textBytes + bytes > this.#mostText) {
      this.#write(buffer);
      heap.u8.copyWithin(buffer.address, first, first + rows * stride);
      first = buffer.address;
    }
    buffer.rows += rows;
    // Texts that no buffer has room for are written from where they are.
    if (bytes > this.#mostText) return this.#write(buffer);
    if (bytes === 0) return;
    const kernels = spillKernels(heap);
    const room = buffer.address + this.#most * stride;
    for (const [offset, nulls] of this.#texts)
      buffer.textBytes = kernels.move_bytes(first, rows, stride, offset, nulls, room, buffer.textBytes);
    for (const [offset] of this.#texts) kernels.add(first, rows, stride, offset, room, 0xffffffff);
  }

  #measured(address: number, rows: number): number {
    if (this.#texts.length === 0) return 0;
    const { heap } = this.arena;
    const lengths = this.#lengths.of(rows * 4);
    heap.fill(0, lengths, rows * 4);
    return this.#texts.reduce(
      (_, [offset, nulls]) => spillKernels(heap).measure(address, rows, this.#stride, offset, nulls, lengths),
      0,
    );
  }

  #write(buffer: Buffer): void {
    const { rows, address } = buffer;
    buffer.rows = 0;
    buffer.textBytes = 0;
    if (rows === 0) return;
    const { place, finer, split = 0, write } = this.options;
    const list = this.#list.of(rows * 4);
    const ends = this.#ends.of((GROUP_PARTITIONS << finer) * 4);
    const chunk = { address, rows, stride: this.#stride };
    listsByHash(this.arena.heap, [chunk], place, list, ends, finer, split).forEach((some, part) => {
      if (some.count > 0) write(part, some.address, some.count);
    });
  }
}
