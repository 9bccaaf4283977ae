import type { SharedHeap } from '../../base/index.js';
import type { ChainFields } from '../compile/aggregates.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { GROUP_HEADER, JOIN_HEADER, type RowLayout } from '../row-layout.js';
import { BIN_BITS } from './bins.js';
import { listsByHash } from './lists-by-hash.js';
import { PartitionBuffers } from './partition-buffers.js';
import { rowSpill } from './parts.js';
import { Room } from './room.js';
import type { RowSpiller } from './row-spill.js';
import { totalRows } from './row-store.js';
import type { SinkEnvironment } from './sink-types.js';
import type { RowChunk, SortedRun, SortSinkSpec } from './spec.js';
import { type SpilledRows, together } from './spilled.js';

/** From this share of the memory on less is worth writing: */
const URGENT_SHARE = 3 / 4;
/** as from where a batch of rows for each thread and what writing them takes would fill it: */
const HEADROOM_BYTES = 24 << 20;
/** so many times less. Many small pieces cost more to write, and to read again, than few large ones. */
const URGENT_PART = 4;
/** What a task keeps to its end and would leave in memory. */
const LAST_BYTES = 1 << 18;

/** The buffers of all partitions have half of what is written at one go. */
const BUFFER_PARTS = 2 * GROUP_PARTITIONS;
const SOON_BYTES = 2 << 20;
const LEAST_BUFFER = 1 << 14;
const MOST_BUFFER = 1 << 20;
/** Parts of partitions are as many as leave so much of a buffer, or of what is written, for each, and no more than so many bits make. */
const LEAST_PART = 1 << 15;
const MOST_SPLIT = 2;

const urgentFrom = (limitBytes: number): number => Math.min(limitBytes * URGENT_SHARE, limitBytes - HEADROOM_BYTES);

/** What one task puts on disk when memory is short. */
export class TaskSpill {
  #spiller: RowSpiller | undefined;
  #buffers: PartitionBuffers | undefined;
  #isClosed = false;
  #numbered = 0;
  readonly #list: Room;
  readonly #counts: Room;
  readonly #partitions: SpilledRows[][] = [];
  /** Bits by which partitions are in parts on disk, each read by itself. */
  #split = 0;
  /** Sorted runs, in the order of their rows. */
  readonly runs: SpilledRows[] = [];

  constructor(private readonly environment: SinkEnvironment) {
    this.#list = new Room(environment.scratch);
    this.#counts = new Room(environment.scratch);
  }

  get isUsed(): boolean {
    return this.#spiller !== undefined;
  }

  /** Group or join rows by partition, those of groups maybe by part of one, in the order in which they came. */
  get partitions(): (readonly SpilledRows[])[] {
    return Array.from({ length: GROUP_PARTITIONS << this.#split }, (_, part) => together(this.#partitions[part] ?? []));
  }

  /** Everything goes to disk. */
  get isForced(): boolean {
    return this.environment.request.spill.fromBytes === 0;
  }

  /** Whether so many kept bytes have to go to disk for want of memory. */
  isUrgent(bytes: number): boolean {
    const { usedBytes, limitBytes } = this.environment.programs.heap;
    return usedBytes >= urgentFrom(limitBytes) && this.isDue(bytes, false);
  }

  /** Whether so many kept bytes should go to disk: fewer are worth it when no more will come. */
  isDue(bytes: number, isLast: boolean): boolean {
    const { programs, request } = this.environment;
    const { fromBytes, heldFromBytes } = request.spill;
    const { usedBytes, limitBytes } = programs.heap;
    const { kind } = request.spec.sink;
    const isBuild = kind === 'build';
    // Where all tasks' rows cannot be in memory, those of the first would leave less room to the others, whose runs are more then.
    if (kind === 'sort' && isLast && bytes * request.siblings > limitBytes) return bytes >= LAST_BYTES;
    if (usedBytes < (isBuild || kind === 'sort' ? heldFromBytes : fromBytes)) return false;
    // Rows of a join wait in buffers, and are best put there before others have pushed them out of the cache.
    const leastBytes = isBuild ? Math.min(request.spill.leastBytes, SOON_BYTES) : request.spill.leastBytes;
    if (isLast) return bytes >= Math.min(LAST_BYTES, leastBytes);
    return bytes >= (usedBytes < urgentFrom(limitBytes) ? leastBytes : leastBytes / URGENT_PART);
  }

  /** Writes group rows, partition by partition, bin by bin, each with its number among all that the task made. */
  groups(chunks: readonly RowChunk[], layout: RowLayout, chains: readonly ChainFields[]): void {
    this.numberGroups(chunks);
    this.#scatter(chunks, layout, GROUP_HEADER.HASH, chains);
  }

  numberGroups(chunks: readonly RowChunk[]): void {
    this.#numbered = numberRows(this.environment.programs.heap, chunks, this.#numbered, GROUP_HEADER.NUMBER);
  }

  /** Writes rows of a join's side, partition by partition, each with its number among all that the task wrote. */
  joinRows(chunks: readonly RowChunk[], layout: RowLayout): void {
    this.#numbered = numberRows(this.environment.programs.heap, chunks, this.#numbered);
    this.#scatter(chunks, layout, JOIN_HEADER.PLACE);
  }

  #scatter(chunks: readonly RowChunk[], layout: RowLayout, place: number, chains: readonly ChainFields[] = []): void {
    const isFirst = !this.isUsed;
    const spiller = this.#open(layout, chains);
    const write = (part: number, list: number, count: number): void => {
      this.#partitions[part] ??= [];
      this.#partitions[part].push(spiller.write(list, count));
    };
    const bytes = this.#bufferBytes(chains);
    if (isFirst && place === GROUP_HEADER.HASH) {
      const atOnce = bytes > 0 ? bytes : (totalRows(chunks) * layout.stride) / GROUP_PARTITIONS;
      while (this.#split < MOST_SPLIT && atOnce >>> (this.#split + 1) >= LEAST_PART) this.#split++;
    }
    const [finer, split] = [BIN_BITS, this.#split];
    if (bytes > 0)
      this.#buffers ??= new PartitionBuffers(this.environment.scratch, { layout, place, finer, split, bytes, write });
    if (this.#buffers !== undefined) return this.#buffers.add(chunks);
    const list = this.#list.of(totalRows(chunks) * 4);
    const counts = this.#counts.of((GROUP_PARTITIONS << finer) * 4);
    const { heap } = this.environment.programs;
    listsByHash(heap, chunks, place, list, counts, finer, split).forEach(({ address, count }, part) => {
      if (count > 0) write(part, address, count);
    });
  }

  /** What a partition's buffer may take; nothing where lists hang on rows, or the memory has no room for buffers. */
  #bufferBytes(chains: readonly ChainFields[]): number {
    const { programs, request } = this.environment;
    const { usedBytes, limitBytes } = programs.heap;
    const bytes = Math.min(MOST_BUFFER, Math.max(LEAST_BUFFER, request.spill.leastBytes / BUFFER_PARTS));
    const fits = usedBytes + bytes * GROUP_PARTITIONS < urgentFrom(limitBytes);
    return chains.length === 0 && fits ? bytes : 0;
  }

  /** Writes the rows of sorted entries, which are taken apart in the room. */
  run({ entries, count }: SortedRun, rows: RowLayout, { layout, keyFields }: SortSinkSpec, room: Room): void {
    const { heap } = this.environment.programs;
    const spiller = this.#open(rows);
    const prefixes = room.of(count * 12);
    const list = prefixes + count * 8;
    spillKernels(heap).list_entries(entries, count, list, prefixes, Number(layout.packed !== undefined));
    this.runs.push(spiller.writeRun(list, count, prefixes, keyFields));
  }

  /** Harmless when it was called before. */
  close(): void {
    if (!this.#isClosed) {
      this.#buffers?.flush();
      this.#spiller?.close();
    }
    this.#isClosed = this.isUsed;
  }

  /** What was written will not be read. */
  abandon(): void {
    if (!this.#isClosed) this.#spiller?.discard();
    this.#isClosed = this.isUsed;
  }

  #open(layout: RowLayout, chains: readonly ChainFields[] = []): RowSpiller {
    if (this.#spiller !== undefined) return this.#spiller;
    const { context, request, scratch } = this.environment;
    const place = {
      platform: context.platform,
      directory: request.spill.directory,
      metrics: context.metrics,
      name: `task-${request.task}-${request.attempt}.rows`,
    };
    const { RowSpiller: Spiller } = rowSpill();
    this.#spiller = new Spiller(place, layout, scratch, chains);
    return this.#spiller;
  }
}

/** Numbers rows from `first` on; gives the next number. */
export function numberRows(
  heap: SharedHeap,
  chunks: readonly RowChunk[],
  first: number,
  offset: number = JOIN_HEADER.NUMBER,
): number {
  let next = first;
  for (const { address, rows, stride } of chunks) {
    spillKernels(heap).number(address, rows, stride, offset, next);
    next += rows;
  }
  return next;
}
