import { Arena, type Platform, type SharedHeap } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { type SpillKernels, spillKernels } from '../compile/spill-kernels.js';
import { JOIN_HEADER } from '../row-layout.js';
import { BIN_BITS, eachBin } from './bins.js';
import { keepTexts } from './keep-texts.js';
import { linkRows } from './link-rows.js';
import type { Programs } from './programs.js';
import { Room } from './room.js';
import { RowUnspiller } from './row-spill.js';
import { totalRows } from './row-store.js';
import type {
  InnerPipeline,
  JoinedInput,
  JoinPartition,
  JoinPipeline,
  JoinSideRows,
  JoinTable,
  RowChunk,
  RowList,
} from './spec.js';
import { bytesOf, eachSegment, type SpilledRows } from './spilled.js';

/**
 * Bytes of rows that are read at one go to be looked up: of what is held this share, but no less and no more. They are gone
 * through bin by bin, which wants many, and lie in the processor's cache meanwhile, which wants few.
 */
const READ_SHARE = 1 / 3;
const LEAST_READ = 1 << 20;
const MOST_READ = 8 << 20;
/** Fewer rows are not looked up bin by bin: they and a table over them are in the cache as a whole. */
const BINNED_ROWS = 1 << 13;
/** Rows in memory that are copied at one go. */
const PIECE_ROWS = 8192;
/** Numbers of rows beyond this are all the same. */
const MOST_NUMBER = 0x7fffffff;

/** What joining a partition asks of its task. */
export interface PartitionTask {
  readonly programs: Programs;
  readonly platform: Platform;
  /** For the rows held, for those that stream past them, and for what the pipelines need meanwhile. */
  readonly arenas: readonly [held: number, streamed: number, passing: number];
  /** Runs a pipeline over rows into the task's own; its memory is the arena's. */
  readonly run: (inner: InnerPipeline, arena: number) => Promise<void>;
}

/** Joins partitions of two sides: what comes out goes to the task's own pipeline. */
export async function joinPartitions(task: PartitionTask, input: JoinedInput): Promise<void> {
  for (const partition of input.partitions) await joinPartition(task, input, partition);
}

async function joinPartition(task: PartitionTask, input: JoinedInput, partition: JoinPartition): Promise<void> {
  const { heap } = task.programs;
  const held = partition.sides[input.whole.held];
  const isWhole = expectedBytes(held) <= input.tableBytes;
  const readBytes = Math.max(LEAST_READ, Math.min(MOST_READ, input.tableBytes * READ_SHARE));
  for (const pass of isWhole ? [input.whole] : input.pieces) {
    const most = isWhole ? Number.POSITIVE_INFINITY : input.tableBytes;
    const [heldArena, streamedArena] = task.arenas;
    const rows = new SideReader(task, partition.sides[pass.held], heldArena);
    const other = partition.sides[pass.held === 0 ? 1 : 0];
    // Without rows to hold the others still are looked up: they may come out for want of a partner.
    for (let isFirst = true; isFirst || !rows.done; isFirst = false) {
      const chunks = rows.next(most);
      if (chunks.length === 0 && !isWhole) continue;
      const isBinned = totalRows(chunks) >= BINNED_ROWS;
      const bins = isBinned ? inBins(heap, chunks) : [chunks];
      const tables: JoinTable[] = [];
      const streamed = new SideReader(task, other, streamedArena);
      while (!streamed.done) {
        const some = streamed.next(readBytes);
        const others = isBinned ? inBins(heap, some) : [some];
        const room = isBinned ? new Room(new Arena(heap, streamedArena, 'join')) : undefined;
        for (const [b, bin] of others.entries()) {
          // Linked just before they are looked up: then they are still in the cache.
          tables[b] ??= tableOver(task, pass.stream, bins[b] ?? [], heldArena);
          await runRows(task, pass.stream, room === undefined ? bin : asOneChunk(heap, bin, room), [tables[b]]);
        }
        streamed.forget();
      }
      for (const rest of pass.rest) await runRows(task, rest, bins.flat(), []);
      rows.forget();
    }
  }
}

/**
 * Rows bin by bin: those of one bin of either side meet in a table that the processor's cache holds. Each chunk has its
 * rows in the order of their bins; those with the same key keep theirs.
 */
function inBins(heap: SharedHeap, chunks: readonly RowChunk[]): RowChunk[][] {
  const bins: RowChunk[][] = Array.from({ length: 1 << BIN_BITS }, () => []);
  for (const chunk of chunks)
    eachBin(heap, chunk, JOIN_HEADER.PLACE, (bin, rows) => bins[bin % bins.length]?.push(rows));
  return bins;
}

/** Rows of a bin are few in each of many chunks: one call of compiled code for all costs less than one for each. */
function asOneChunk(heap: SharedHeap, chunks: readonly RowChunk[], room: Room): readonly RowChunk[] {
  const [first] = chunks;
  if (first === undefined || chunks.length === 1) return chunks;
  const { stride } = first;
  const rows = totalRows(chunks);
  const address = room.of(rows * stride);
  let to = address;
  for (const chunk of chunks) {
    heap.copy(to, chunk.address, chunk.rows * stride);
    to += chunk.rows * stride;
  }
  return [{ address, rows, stride }];
}

function expectedBytes({ parts, layout }: JoinSideRows): number {
  const { stride } = keptLayout(layout);
  let bytes = 0;
  for (const { spilled, list } of parts) {
    bytes += bytesOf(spilled);
    bytes += list.count * stride;
  }
  return bytes;
}

async function runRows(
  task: PartitionTask,
  pipeline: JoinPipeline,
  chunks: readonly RowChunk[],
  tables: readonly JoinTable[],
): Promise<void> {
  if (chunks.length === 0) return;
  const arena = task.arenas[2];
  await task.run({ ...pipeline, input: { kind: 'kept', chunks }, tables }, arena);
  task.programs.heap.releaseArena(arena);
}

/** Links rows, in this thread. */
function tableOver(
  { programs }: PartitionTask,
  { spec }: JoinPipeline,
  chunks: readonly RowChunk[],
  arena: number,
): JoinTable {
  const probe = spec.steps.find((step) => step.kind === 'probe');
  const rows = totalRows(chunks);
  let slots = 1;
  if (probe?.addressing !== 'all') while (slots < rows * 2 || slots < 16) slots *= 2;
  const heads = new Arena(programs.heap, arena, 'join').alloc(slots * 4);
  const addressing = probe?.addressing === 'all' ? 'all' : 'hash';
  const table: JoinTable = { addressing, heads, size: addressing === 'hash' ? slots - 1 : slots, base: 0n, rows };
  if (probe !== undefined)
    linkRows(programs, { chunks, layout: probe.layout, table, from: 0, to: slots, share: 0, shares: 1 });
  return table;
}

/** Rows of one side's partition, in order, each with its number, piece by piece. */
class SideReader {
  readonly #heap: SharedHeap;
  readonly #kernels: SpillKernels;
  readonly #pieces: Iterator<() => RowChunk>;
  #arena: Arena;
  #unspiller: RowUnspiller;
  #upcoming: IteratorResult<() => RowChunk>;

  constructor(
    private readonly task: PartitionTask,
    private readonly side: JoinSideRows,
    private readonly arena: number,
  ) {
    this.#heap = task.programs.heap;
    this.#kernels = spillKernels(this.#heap);
    this.#arena = this.#fresh();
    this.#unspiller = new RowUnspiller(this.#arena, task.platform);
    this.#pieces = this.#all();
    this.#upcoming = this.#pieces.next();
  }

  get done(): boolean {
    return this.#upcoming.done === true;
  }

  /** The next rows: at least one piece, and no more pieces from `bytes` on. */
  next(bytes: number): RowChunk[] {
    const chunks: RowChunk[] = [];
    while (!this.done && this.#arena.allocatedBytes < bytes) {
      const chunk = (this.#upcoming.value as () => RowChunk)();
      if (chunk.rows > 0) chunks.push(chunk);
      this.#upcoming = this.#pieces.next();
    }
    return chunks;
  }

  /** The rows read so far are needed no more. */
  forget(): void {
    this.#heap.releaseArena(this.arena);
    this.#arena = this.#fresh();
    this.#unspiller = new RowUnspiller(this.#arena, this.task.platform);
  }

  #fresh(): Arena {
    return new Arena(this.#heap, this.arena, 'join');
  }

  *#all(): Generator<() => RowChunk> {
    for (const { first, spilled, list } of this.side.parts) {
      for (const rows of spilled) {
        for (const segment of eachSegment(rows)) yield () => this.#read(segment, first);
      }
      for (let from = 0; from < list.count; from += PIECE_ROWS) {
        const count = Math.min(PIECE_ROWS, list.count - from);
        yield () => this.#copy({ address: list.address + from * 4, count }, first);
      }
    }
  }

  #read(segment: SpilledRows, first: number): RowChunk {
    const chunk = this.#unspiller.read(segment, keptLayout(this.side.layout))[0] as RowChunk;
    return this.#numbered({ address: chunk.address, rows: chunk.rows, stride: chunk.stride }, first);
  }

  /**
   * Other tasks link and mark the rows themselves. Texts come along: those of a partition lie far apart in memory, and one
   * pass over them is quicker than looking for each when keys are compared.
   */
  #copy({ address, count }: RowList, first: number): RowChunk {
    const { stride, fields } = keptLayout(this.side.layout);
    const to = this.#arena.alloc(count * stride);
    this.#kernels.gather(address, count, stride, to);
    const chunk = { address: to, rows: count, stride };
    keepTexts(
      this.#arena,
      chunk,
      fields.filter(({ carrier }) => carrier === 'bytes'),
    );
    return this.#numbered(chunk, first);
  }

  #numbered(chunk: RowChunk, first: number): RowChunk {
    const { address, rows, stride } = chunk;
    this.#kernels.add(address, rows, stride, JOIN_HEADER.NUMBER, Math.min(first, MOST_NUMBER), MOST_NUMBER);
    return chunk;
  }
}
