import { GROUP_PARTITION_BITS, GROUP_PARTITIONS } from '../compile/merge.js';
import { GROUP_HEADER, JOIN_HEADER, type RowLayout } from '../row-layout.js';
import { rowSpill } from './parts.js';
import type { RowSpiller } from './row-spill.js';
import type { SinkEnvironment } from './sink-types.js';
import type { RowChunk } from './spec.js';
import type { SpilledRows } from './spilled.js';

/** Rows are split by the top bits of their hash. */
const PARTITION_SHIFT = 32 - GROUP_PARTITION_BITS;

/** What a task keeps to its end and would leave in memory. */
const LAST_BYTES = 1 << 18;

export const partitionOfHash = (hash: number): number => hash >>> PARTITION_SHIFT;

/** What one task puts on disk when memory is short. */
export class TaskSpill {
  #spiller: RowSpiller | undefined;
  #isClosed = false;
  #numbered = 0;
  /** Group or join rows by partition, in the order in which they came. */
  readonly partitions: SpilledRows[][] = Array.from({ length: GROUP_PARTITIONS }, () => []);
  /** Sorted runs, in the order of their rows. */
  readonly runs: SpilledRows[] = [];

  constructor(private readonly environment: SinkEnvironment) {}

  get isUsed(): boolean {
    return this.#spiller !== undefined;
  }

  /** Whether so many kept bytes should go to disk: fewer are worth it when no more will come. */
  isDue(bytes: number, isLast: boolean): boolean {
    const { programs, request } = this.environment;
    const least = isLast ? Math.min(LAST_BYTES, request.spill.leastBytes) : request.spill.leastBytes;
    return bytes >= least && programs.heap.usedBytes >= request.spill.fromBytes;
  }

  /** Writes group rows, partition by partition. */
  groups(chunks: readonly RowChunk[], layout: RowLayout): void {
    this.#partitions(chunks, layout, GROUP_HEADER.HASH);
  }

  /** Writes rows of a join's side, partition by partition, each with its number among all that the task wrote. */
  joinRows(chunks: readonly RowChunk[], layout: RowLayout): void {
    const { u32 } = this.environment.programs.heap;
    for (const { address, rows, stride } of chunks) {
      let at = (address + JOIN_HEADER.NUMBER) >>> 2;
      for (let i = 0; i < rows; i++, at += stride >>> 2) u32[at] = this.#numbered++;
    }
    this.#partitions(chunks, layout, JOIN_HEADER.HASH);
  }

  #partitions(chunks: readonly RowChunk[], layout: RowLayout, hash: number): void {
    const { ends, addresses } = byPartition(this.environment.programs.heap.u32, chunks, hash);
    const spiller = this.#open(layout);
    let from = 0;
    ends.forEach((end, p) => {
      if (end > from) this.partitions[p]?.push(spiller.write(addresses.subarray(from, end)));
      from = end;
    });
  }

  /** Writes the rows of sorted entries. */
  run(entries: number, count: number, layout: RowLayout): void {
    const { u32, u64 } = this.environment.programs.heap;
    const addresses = new Uint32Array(count);
    const prefixes = new BigUint64Array(count);
    for (let i = 0; i < count; i++) {
      addresses[i] = u32[(entries >>> 2) + i * 4 + 2] as number;
      prefixes[i] = u64[(entries >>> 3) + i * 2] as bigint;
    }
    this.runs.push(this.#open(layout).write(addresses, prefixes));
  }

  /** Harmless when it was called before. */
  close(): void {
    if (!this.#isClosed) this.#spiller?.close();
    this.#isClosed = this.isUsed;
  }

  #open(layout: RowLayout): RowSpiller {
    if (this.#spiller !== undefined) return this.#spiller;
    const { context, request, scratch } = this.environment;
    const place = {
      platform: context.platform,
      directory: request.spill.directory,
      metrics: context.metrics,
      name: `task-${request.task}-${request.attempt}.rows`,
    };
    const { RowSpiller: Spiller } = rowSpill();
    this.#spiller = new Spiller(place, layout, scratch);
    return this.#spiller;
  }
}

/** Addresses of all rows, those of one partition together and in order; `ends[p]` is where partition p's end. */
function byPartition(
  u32: Uint32Array,
  chunks: readonly RowChunk[],
  hash: number,
): { ends: readonly number[]; addresses: Uint32Array } {
  const counts = new Array<number>(GROUP_PARTITIONS).fill(0);
  const partitionOf = (row: number): number => partitionOfHash(u32[(row + hash) >>> 2] as number);
  const each = (visit: (row: number) => void): void => {
    for (const { address, rows, stride } of chunks) {
      for (let row = address, i = 0; i < rows; i++, row += stride) visit(row);
    }
  };
  let total = 0;
  each((row) => {
    const p = partitionOf(row);
    counts[p] = (counts[p] as number) + 1;
    total++;
  });
  let at = 0;
  const next = counts.map((count) => {
    at += count;
    return at - count;
  });
  const addresses = new Uint32Array(total);
  each((row) => {
    const p = partitionOf(row);
    addresses[next[p] as number] = row;
    next[p] = (next[p] as number) + 1;
  });
  return { ends: next, addresses };
}
