import type { Arena, Platform, SharedHeap, TaskMetrics } from '../../base/index.js';
import { BlockReader, BlockWriter, DECODE_SLACK_BYTES, type FileBlock } from '../../io/block-file.js';
import type { RowLayout } from '../row-layout.js';
import type { RowChunk } from './spec.js';
import type { SpilledRows, SpillSegment } from './spilled.js';

/** What a task needs to spill. */
export interface SpillPlace {
  readonly platform: Platform;
  /** The query's own folder: removed with the query. */
  readonly directory: string;
  readonly metrics: TaskMetrics;
  /** Distinguishes files of tasks and attempts. */
  readonly name: string;
}

/** What a segment holds at most, before compression, unless a single row has more. */
const SEGMENT_BYTES = 1 << 20;
/** Of a sorted run, of which a range takes whole segments: many runs are read at once. */
const RUN_SEGMENT_BYTES = 1 << 15;

/** Puts rows into one file of the task's own. */
export class RowSpiller {
  readonly #writer: BlockWriter;
  readonly #heap: SharedHeap;
  readonly #rows: number;
  #bytes: number;
  #bytesCapacity = SEGMENT_BYTES;

  constructor(
    private readonly place: SpillPlace,
    private readonly layout: RowLayout,
    private readonly arena: Arena,
  ) {
    const { files } = place.platform;
    files.makeDirectory(place.directory);
    this.#writer = new BlockWriter(files, `${place.directory}/${place.name}`, arena);
    this.#heap = arena.heap;
    this.#rows = arena.alloc(SEGMENT_BYTES + Math.max(8, layout.stride));
    this.#bytes = arena.alloc(SEGMENT_BYTES);
  }

  /** Writes the rows at these addresses, in this order; of a sorted run with the key prefix of each. */
  write(addresses: Uint32Array, prefixes?: BigUint64Array): SpilledRows {
    const { stride } = this.layout;
    const bytes = prefixes === undefined ? SEGMENT_BYTES : RUN_SEGMENT_BYTES;
    const most = Math.max(1, Math.floor(bytes / stride));
    const segments: SpillSegment[] = [];
    const heads: number[] = [];
    for (let from = 0; from < addresses.length; ) {
      const { segment, to } = this.#segment(addresses, from, Math.min(addresses.length, from + most), bytes);
      const keys =
        prefixes === undefined
          ? {}
          : { prefixes: this.#prefixes(prefixes.subarray(from, to)), first: prefixes[from] as bigint };
      segments.push({ ...segment, ...keys });
      heads.push(from);
      from = to;
    }
    const written = { path: this.#writer.path, rows: addresses.length, stride, segments };
    if (prefixes === undefined || heads.length <= 1) return written;
    return { ...written, heads: this.write(pick(addresses, heads), pick(prefixes, heads)) };
  }

  close(): void {
    this.#writer.close();
  }

  #prefixes(prefixes: BigUint64Array): FileBlock {
    // No more rows than bytes: the room for rows holds their prefixes too, once the rows are written.
    const at = this.#rows;
    this.#heap.u64.set(prefixes, at >>> 3);
    const before = this.#writer.size;
    const block = this.#writer.write(at, prefixes.byteLength);
    this.place.metrics.spilledBytes += this.#writer.size - before;
    return block;
  }

  #segment(
    addresses: Uint32Array,
    from: number,
    end: number,
    mostBytes: number,
  ): { segment: SpillSegment; to: number } {
    const { layout } = this;
    const { u32 } = this.#heap;
    const words = layout.stride >>> 2;
    const texts = layout.fields.filter((field) => field.carrier === 'bytes');
    let at = this.#rows >>> 2;
    let used = 0;
    let to = from;
    for (; to < end; to++, at += words) {
      const row = addresses[to] as number;
      const source = row >>> 2;
      for (let w = 0; w < words; w++) u32[at + w] = u32[source + w] as number;
      for (const { offset, nullOffset } of texts) {
        const isNull = nullOffset !== undefined && this.#heap.u8[row + nullOffset] !== 0;
        used = this.#moveBytes(at + (offset >>> 2), isNull, used);
      }
      if (used >= mostBytes) {
        to++;
        break;
      }
    }
    const before = this.#writer.size;
    const rowBlock = this.#writer.write(this.#rows, (to - from) * layout.stride);
    const byteBlock = used === 0 ? undefined : this.#writer.write(this.#bytes, used);
    this.place.metrics.spilledBytes += this.#writer.size - before;
    return { segment: { rows: to - from, rowBlock, ...(byteBlock === undefined ? {} : { byteBlock }) }, to };
  }

  /** Copies the string that the words at `field` name behind the others, and notes its position there. */
  #moveBytes(field: number, isNull: boolean, used: number): number {
    const { u32, u8 } = this.#heap;
    const length = isNull ? 0 : (u32[field + 1] as number);
    const source = u32[field] as number;
    u32[field] = used;
    u32[field + 1] = length;
    if (length === 0) return used;
    if (used + length > this.#bytesCapacity) this.#growBytes(used, used + length);
    u8.copyWithin(this.#bytes + used, source, source + length);
    return used + length;
  }

  #growBytes(used: number, wanted: number): void {
    this.#bytesCapacity = Math.max(wanted, this.#bytesCapacity * 2);
    const bytes = this.arena.alloc(this.#bytesCapacity);
    this.#heap.u8.copyWithin(bytes, this.#bytes, this.#bytes + used);
    this.#bytes = bytes;
  }
}

function pick<T extends Uint32Array | BigUint64Array>(values: T, positions: readonly number[]): T {
  const picked = values.slice(0, positions.length) as T;
  positions.forEach((position, i) => {
    picked[i] = values[position] as T[number];
  });
  return picked;
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
  ) {
    this.#reader = new BlockReader(platform.files, arena);
  }

  read({ path, stride, segments }: SpilledRows, layout: RowLayout): UnspilledRows[] {
    return this.#reader.within(path, (read) => {
      const load = (block: FileBlock): number => {
        const address = this.arena.alloc(block.bytes + DECODE_SLACK_BYTES);
        read(block, address);
        return address;
      };
      return segments.map(({ rowBlock, byteBlock, rows, prefixes }) => {
        const chunk = { address: load(rowBlock), rows, stride };
        if (byteBlock !== undefined) relocate(this.arena.heap, layout, chunk, load(byteBlock));
        return { ...chunk, prefixes: prefixes === undefined ? 0 : load(prefixes) };
      });
    });
  }
}

/** Positions among the strings become addresses again. */
function relocate({ u32 }: SharedHeap, layout: RowLayout, chunk: RowChunk, bytes: number): void {
  for (const { carrier, offset } of layout.fields) {
    if (carrier !== 'bytes') continue;
    let field = (chunk.address + offset) >>> 2;
    for (let i = 0; i < chunk.rows; i++, field += chunk.stride >>> 2) u32[field] = (u32[field] as number) + bytes;
  }
}
