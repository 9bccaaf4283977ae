import type { Arena, Platform, SharedHeap, TaskMetrics } from '../../base/index.js';
import { BlockReader, BlockWriter, DECODE_SLACK_BYTES, type FileBlock } from '../../io/block-file.js';
import type { ChainFields } from '../compile/aggregates.js';
import { type SpillKernels, spillKernels } from '../compile/spill-kernels.js';
import { fieldAt, type RowField, type RowLayout } from '../row-layout.js';
import { Room } from './room.js';
import type { RowChunk } from './spec.js';
import { inNumbers, type SpilledRows, type SpillSegment, segmentCount, segmentsOf } from './spilled.js';

/** What a task needs to spill. */
export interface SpillPlace {
  readonly platform: Platform;
  /** The query's own folder: removed with the query. */
  readonly directory: string;
  readonly metrics: TaskMetrics;
  /** Distinguishes files of tasks and attempts. */
  readonly name: string;
}

const PREFIX_BYTES = 8;
/** What a segment holds at most, before compression, unless a single row has more. */
const SEGMENT_BYTES = 1 << 20;
/** Of a sorted run, of which a range takes whole segments: many runs are read at once. */
const RUN_SEGMENT_BYTES = 1 << 14;

/** Puts rows into one file of the task's own. */
export class RowSpiller {
  readonly #writer: BlockWriter;
  readonly #heap: SharedHeap;
  readonly #kernels: SpillKernels;
  readonly #texts: readonly RowField[];
  readonly #room: Room;
  readonly #lengths: Room;
  readonly #firstRows: Room;
  #textBytes = 0;
  /** Where the rows are that were measured. */
  #copied = 0;

  constructor(
    private readonly place: SpillPlace,
    private readonly layout: RowLayout,
    arena: Arena,
    private readonly chains: readonly ChainFields[] = [],
  ) {
    const { files } = place.platform;
    files.makeDirectory(place.directory);
    this.#writer = new BlockWriter(place.platform, `${place.directory}/${place.name}`, arena);
    this.#heap = arena.heap;
    this.#kernels = spillKernels(arena.heap);
    this.#texts = layout.fields.filter(({ carrier }) => carrier === 'bytes');
    [this.#room, this.#lengths, this.#firstRows] = [new Room(arena), new Room(arena), new Room(arena)];
  }

  /** Writes the rows whose addresses are in a list, in its order. */
  write(list: number, count: number): SpilledRows {
    return this.#write(list, count, SEGMENT_BYTES, this.#texts);
  }

  /** Writes a sorted run, the key prefix of each row besides; of the first row of each segment once more what it is sorted by. */
  writeRun(list: number, count: number, prefixes: number, keyFields: readonly number[]): SpilledRows {
    const run = this.#write(list, count, RUN_SEGMENT_BYTES, this.#texts, prefixes);
    const keys = this.#texts.filter((text) => keyFields.some((field) => fieldAt(this.layout, field) === text));
    return { ...run, heads: this.#heads(list, prefixes, run, keys) };
  }

  #write(list: number, count: number, bytes: number, texts: readonly RowField[], prefixes?: number): SpilledRows {
    const { stride } = this.layout;
    const most = Math.max(1, Math.floor(bytes / stride));
    const segments: SpillSegment[] = [];
    const firsts: bigint[] = [];
    for (let from = 0; from < count; ) {
      const rows = this.#fitting(list + from * 4, Math.min(count - from, most), bytes, texts);
      const at = prefixes === undefined ? 0 : prefixes + from * 8;
      const block = this.#segment(list + from * 4, rows, at, texts);
      segments.push({ rows, block });
      if (at !== 0) firsts.push(this.#heap.u64[at >>> 3] as bigint);
      from += rows;
    }
    const written = { path: this.#writer.path, rows: count, stride, segments: inNumbers(segments) };
    return prefixes === undefined ? written : { ...written, firsts: BigUint64Array.from(firsts) };
  }

  close(): void {
    this.#writer.close();
  }

  /** Closes the file; what is in it is lost. */
  discard(): void {
    this.#writer.discard();
  }

  /** The first rows of the segments, of whose texts there are no more than some: others are as long as the rows themselves. */
  #heads(list: number, prefixes: number, run: SpilledRows, texts: readonly RowField[]): SpilledRows {
    const count = segmentCount(run);
    const to = this.#firstRows.of(count * 12);
    const rows = to + count * 8;
    const { u32, u64 } = this.#heap;
    let head = 0;
    segmentsOf(run).forEach((segment, i) => {
      u64[(to >>> 3) + i] = u64[(prefixes >>> 3) + head] as bigint;
      u32[(rows >>> 2) + i] = u32[(list >>> 2) + head] as number;
      head += segment.rows;
    });
    return this.#write(rows, count, RUN_SEGMENT_BYTES, texts, to);
  }

  /** Room for so many rows, the prefix of each, and texts of so many bytes. */
  #roomFor(count: number, textBytes: number): number {
    return this.#room.of(count * (this.layout.stride + PREFIX_BYTES) + textBytes);
  }

  /**
   * How many of the rows have no more than so many bytes in their texts, or one more. They are copied for that, and stay
   * where they are: rows of a list lie far apart, and are visited once.
   */
  #fitting(list: number, count: number, mostBytes: number, texts: readonly RowField[]): number {
    // Texts of the segment before tell how much room these will take, with rows, in all likelihood.
    this.#copied = this.#roomFor(count, this.#textBytes);
    this.#textBytes = 0;
    const { stride } = this.layout;
    this.#kernels.gather(list, count, stride, this.#copied);
    if (texts.length + this.chains.length === 0) return count;
    const lengths = this.#lengths.of(count * 4);
    this.#heap.fill(0, lengths, count * 4);
    let sum = 0;
    for (const { offset, nullOffset = 0 } of texts)
      sum = this.#kernels.measure(this.#copied, count, stride, offset, nullOffset, lengths);
    for (const { bytes } of this.chains)
      sum = this.#kernels.measure_chains(this.#copied, count, stride, bytes, lengths);
    let rows = count;
    if (sum >= mostBytes) {
      sum = 0;
      for (rows = 0; rows < count && sum < mostBytes; rows++) sum += this.#heap.u32[(lengths >>> 2) + rows] as number;
    }
    this.#textBytes = sum;
    return rows;
  }

  #segment(list: number, count: number, prefixes: number, fields: readonly RowField[]): FileBlock {
    const { stride } = this.layout;
    const prefixBytes = prefixes === 0 ? 0 : count * PREFIX_BYTES;
    const rows = this.#roomFor(count, this.#textBytes);
    if (rows !== this.#copied) this.#kernels.gather(list, count, stride, rows);
    this.#heap.copy(rows + count * stride, prefixes, prefixBytes);
    const texts = rows + count * stride + prefixBytes;
    let used = 0;
    // A text is copied from where the copy of the row still points.
    for (const { offset, nullOffset = 0 } of fields)
      used = this.#kernels.move_bytes(rows, count, stride, offset, nullOffset, texts, used);
    for (const { first, records } of this.chains)
      used = this.#kernels.move_chains(rows, count, stride, first, records, texts, used);
    const block = this.#writer.write(rows, texts + used - rows);
    this.place.metrics.spilledBytes += block.storedBytes;
    return block;
  }
}

/** Rows that were read back; of a sorted run with the address of their key prefixes. */
export interface UnspilledRows extends RowChunk {
  readonly prefixes: number;
}

/** Reads spilled rows back, as they were. */
export class RowUnspiller {
  readonly #reader: BlockReader;

  constructor(
    private readonly arena: Arena,
    platform: Platform,
    /** Where rows come to, if not into room of their own. */
    private readonly room: (bytes: number) => number = (bytes) => arena.alloc(bytes),
  ) {
    this.#reader = new BlockReader(platform.files, arena);
  }

  read(spilled: SpilledRows, layout: RowLayout, chains: readonly ChainFields[] = []): UnspilledRows[] {
    const { path, stride, firsts } = spilled;
    return this.#reader.within(path, (read) => {
      const load = (block: FileBlock): number => {
        const address = this.room(block.bytes + DECODE_SLACK_BYTES);
        read(block, address);
        return address;
      };
      return segmentsOf(spilled).map(({ block, rows }) => {
        const address = load(block);
        const prefixes = address + rows * stride;
        const texts = prefixes + (firsts === undefined ? 0 : rows * PREFIX_BYTES);
        relocate(this.arena.heap, layout, chains, { address, rows, stride }, texts);
        return { address, rows, stride, prefixes };
      });
    });
  }
}

/** Positions among the strings become addresses again. */
function relocate(
  heap: SharedHeap,
  layout: RowLayout,
  chains: readonly ChainFields[],
  { address, rows, stride }: RowChunk,
  bytes: number,
): void {
  const kernels = spillKernels(heap);
  for (const { carrier, offset } of layout.fields)
    if (carrier === 'bytes') kernels.add(address, rows, stride, offset, bytes, 0xffffffff);
  for (const { first, last, records } of chains)
    kernels.relocate_chains(address, rows, stride, first, last, records, bytes);
}
