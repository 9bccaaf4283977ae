import type { Arena, Platform } from '../../base/index.js';
import { chainsOf, groupLayout, type PreparedAggregate } from '../compile/aggregates.js';
import { GROUP_PARTITIONS, MOST_MERGE_BITS } from '../compile/merge.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { GROUP_HEADER, type RowField } from '../row-layout.js';
import { BIN_BITS, eachBin } from './bins.js';
import { keepTexts } from './keep-texts.js';
import { listsByHash } from './lists-by-hash.js';
import { spillReader } from './parts.js';
import { Room } from './room.js';
import type { RowUnspiller } from './row-spill.js';
import { totalRows } from './row-store.js';
import type { MergeInput, MergePart, RowChunk, SourceColumn } from './spec.js';
import { eachSegment } from './spilled.js';

/** Gives the rows of parts that are to be merged. */
export class PartReader {
  /** For a segment, and for those of its rows that are of the partition; their texts stay. */
  readonly #room: Room;
  readonly #some: Room;
  readonly #inRoom: Pick<RowUnspiller, 'read'>;
  readonly #toStay: Pick<RowUnspiller, 'read'>;

  constructor(
    private readonly merge: MergeInput,
    private readonly keys: readonly SourceColumn[],
    private readonly aggregates: readonly PreparedAggregate[],
    private readonly scratch: Arena,
    platform: Platform,
  ) {
    [this.#room, this.#some] = [new Room(scratch), new Room(scratch)];
    this.#inRoom = spillReader(scratch, platform, (bytes) => this.#room.of(bytes));
    this.#toStay = spillReader(scratch, platform);
  }

  /** In the order in which their task made them: a chunk is valid until the next one is asked for. */
  *chunks(part: MergePart): Generator<RowChunk> {
    const { spilled, chunks, mixed, numbered } = part;
    const { layout, texts, chains } = this.#formOf(part);
    if (mixed && numbered !== true && chains.length === 0) {
      for (const rows of spilled)
        for (const one of eachSegment(rows))
          for (const chunk of this.#inRoom.read(one, layout)) yield this.#ownRows(chunk, texts);
      return yield* chunks;
    }
    const read = spilled.flatMap((rows) => this.#toStay.read(rows, layout, chains));
    if (numbered === true) return yield byNumber(this.scratch, [...read, ...chunks]);
    // On disk they are in the order of their bins.
    if (read.length > 0) yield byNumber(this.scratch, read);
    yield* chunks;
  }

  /** Bin by bin, each in the order in which its rows were made: all of them stay. */
  bins(parts: readonly MergePart[], take: (bin: number, part: MergePart, rows: RowChunk) => void): void {
    const bins = 1 << (MOST_MERGE_BITS - this.merge.bits);
    const first = this.merge.partition * bins;
    const give = (part: MergePart, rows: RowChunk): void =>
      eachBin(this.scratch.heap, rows, GROUP_HEADER.HASH, (bin, some) => {
        if (bin >= first && bin < first + bins) take(bin - first, part, some);
      });
    let waiting: RowChunk[] = [];
    for (const [p, part] of parts.entries()) {
      const { spilled, chunks, mixed, apart, numbered } = part;
      const { layout, texts, chains } = this.#formOf(part);
      const staying = apart === true || numbered === true || chains.length > 0;
      const read: RowChunk[] = [];
      for (const rows of spilled) {
        for (const one of eachSegment(rows)) {
          for (const chunk of (staying ? this.#toStay : this.#inRoom).read(one, layout, chains))
            read.push(staying ? chunk : this.#ownRows(chunk, texts, this.scratch));
        }
      }
      if (numbered === true)
        waiting.push(...([...read, ...chunks].length === 0 ? [] : [byNumber(this.scratch, [...read, ...chunks])]));
      else for (const chunk of read) give(part, chunk);
      if (numbered !== true)
        for (const chunk of chunks) waiting.push(mixed ? this.#ownRows(chunk, [], this.scratch) : chunk);
      // Rows of several tasks that stayed in memory are put into bins together.
      const next = parts[p + 1];
      if (next !== undefined && `${next.carriers}` === `${part.carriers}` && next.spilled.length === 0) continue;
      if (waiting.length > 0) give(part, this.#inBins(waiting));
      waiting = [];
    }
  }

  /** Rows of any bins, as those of the partition in the order of their bins. */
  #inBins(chunks: readonly RowChunk[]): RowChunk {
    const { heap } = this.scratch;
    const { partition, bits } = this.merge;
    const [count, stride] = [totalRows(chunks), chunks[0]?.stride ?? 8];
    const list = this.#some.of(count * 4 + (GROUP_PARTITIONS << BIN_BITS) * 4);
    const ends = list + count * 4;
    listsByHash(heap, chunks, GROUP_HEADER.HASH, list, ends, BIN_BITS);
    const bins = 1 << (MOST_MERGE_BITS - bits);
    const endOf = (bin: number): number => (bin < 0 ? list : (heap.u32[(ends >>> 2) + bin] as number));
    const from = endOf(partition * bins - 1);
    const rows = (endOf((partition + 1) * bins - 1) - from) / 4;
    const address = this.scratch.alloc(rows * stride);
    spillKernels(heap).gather(from, rows, stride, address);
    return { address, rows, stride };
  }

  /** Those of the partition, with texts that stay, and in an arena do so themselves. */
  #ownRows({ address, rows, stride }: RowChunk, texts: readonly RowField[], arena?: Arena): RowChunk {
    const { heap } = this.scratch;
    const { partition, bits } = this.merge;
    const list = this.#some.of(rows * (stride + 8));
    const kernels = spillKernels(heap);
    const count = kernels.list_equal(address, rows, stride, GROUP_HEADER.HASH, 32 - bits, partition, list);
    const to = arena?.alloc(count * stride) ?? list + rows * 8;
    kernels.gather(list, count, stride, to);
    keepTexts(this.scratch, { address: to, rows: count, stride }, texts, list + rows * 4);
    return { address: to, rows: count, stride };
  }

  #formOf({ carriers }: MergePart) {
    const layout = groupLayout(this.keys, carriers);
    const texts = layout.fields.filter(({ carrier }) => carrier === 'bytes');
    return { layout, texts, chains: chainsOf(layout, carriers, this.aggregates) };
  }
}

/** Rows in the order of their numbers. */
function byNumber(scratch: Arena, chunks: readonly RowChunk[]): RowChunk {
  const { heap } = scratch;
  const [count, stride] = [totalRows(chunks), chunks[0]?.stride ?? 8];
  const rows = new Float64Array(count);
  let at = 0;
  for (const { address, rows: some } of chunks) {
    for (let row = address; row < address + some * stride; row += stride)
      rows[at++] = (heap.u32[(row + GROUP_HEADER.NUMBER) >>> 2] as number) * 2 ** 32 + row;
  }
  rows.sort();
  const list = scratch.alloc(count * 4);
  for (let i = 0; i < count; i++) heap.u32[(list >>> 2) + i] = (rows[i] as number) % 2 ** 32;
  const address = scratch.alloc(count * stride);
  spillKernels(heap).gather(list, count, stride, address);
  return { address, rows: count, stride };
}
