import { type Arena, BATCH_ROWS, engineBug, type Platform, SparrowError } from '../../base/index.js';
import { STATE } from '../../functions/runtime.js';
import {
  chainsOf,
  fullCarriers,
  groupLayout,
  type PreparedAggregate,
  prepareAggregate,
} from '../compile/aggregates.js';
import { compileMerge, GROUP_PARTITION_BITS } from '../compile/merge.js';
import { MORE } from '../compile/pipe.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { PIPE, type StateLayout } from '../compile/state-layout.js';
import { GROUP_HEADER, type RowField } from '../row-layout.js';
import { GroupIndex } from './group-index.js';
import { keepTexts } from './keep-texts.js';
import { spillReader } from './parts.js';
import { type Programs, planKey, type Run } from './programs.js';
import { Room } from './room.js';
import type { RowUnspiller } from './row-spill.js';
import { RowStore, totalRows } from './row-store.js';
import type { MergeInput, MergePart, RowChunk, SourceColumn, StateCarriers } from './spec.js';
import { eachSegment } from './spilled.js';
import type { TaskRequest } from './task.js';

/** The groups of one partition with all their partial rows merged, in the order of the tasks that made them. */
export function mergeGroups(
  programs: Programs,
  request: TaskRequest,
  layout: StateLayout,
  scratch: Arena,
  platform: Platform,
): { chunks: readonly RowChunk[]; carriers: StateCarriers } {
  const { input, spec } = request;
  if (input.kind !== 'groups' || spec.source.kind !== 'rows' || spec.source.rows.kind !== 'groups')
    throw engineBug('groups expected');
  const source = spec.source.rows;
  const aggregates = source.aggregates.map((a) => prepareAggregate(a, spec.settings));
  const reader = new PartReader(input.merge, source.keys, aggregates, scratch, platform);
  const parts = input.merge.parts.filter((part) => rowsOf(part) > 0);
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && only.unique && !only.mixed)
    return { chunks: only.chunks, carriers: only.carriers };
  const full = fullCarriers(aggregates);
  const { heap } = programs;
  // The merge has a state block of its own: its row and byte cursors are not the pipeline's.
  const state = scratch.allocZeroed(layout.bytes);
  const rows = new RowStore(heap, scratch, state, groupLayout(source.keys, full).stride);
  const addressing = { kind: source.keys.length === 0 ? 'single' : 'hash' } as const;
  const index = new GroupIndex(heap, () => programs.kernels, scratch, state, addressing, 0, true);
  programs.attach(state, {
    moreHeap: (bytes) => {
      const address = scratch.alloc(Math.max(bytes, 1 << 16));
      heap.u32[(state + STATE.HEAP_NEXT) >>> 2] = address;
      heap.u32[(state + STATE.HEAP_END) >>> 2] = address + Math.max(bytes, 1 << 16);
    },
    more: (what, detail) => {
      if (what === MORE.ROWS) rows.moreRows();
      else if (what === MORE.BYTES) rows.moreBytes(detail);
      else if (what === MORE.GROUPS) index.grow(() => rows.chunks());
    },
  });
  try {
    heap.u32[(state + PIPE.PARTITION) >>> 2] = input.merge.partition;
    const nothing = [{ address: 0, rows: 0, stride: 0 }];
    const none: MergePart = { carriers: full, chunks: nothing, spilled: [], mixed: false, unique: true };
    for (const [p, part] of (parts.length === 0 ? [none] : parts).entries()) {
      // Where the first parts had hardly a group in common, the others will not either.
      if (p === PARTS_TO_LEARN_FROM) reserveForRest(parts, p, index, rows, input.merge.bits);
      const bits = part.mixed ? input.merge.bits : 0;
      const key = `merge ${bits} ${planKey([source, part.carriers, spec.settings])}`;
      const { exports, literals } = programs.linked<{ merge: Run }>(key, () =>
        compileMerge(source, part.carriers, bits, spec.settings, layout),
      );
      if (literals.length > 0) {
        heap.u32[(state + STATE.LITERALS) >>> 2] = scratch.alloc(literals.length);
        heap.u8.set(literals, heap.u32[(state + STATE.LITERALS) >>> 2]);
      }
      for (const chunk of reader.chunks(part)) {
        heap.u32[(state + PIPE.SOURCE) >>> 2] = chunk.address;
        for (let from = 0; from <= chunk.rows; from += BATCH_ROWS)
          exports.merge(state, from, Math.min(chunk.rows, from + BATCH_ROWS));
      }
      if (heap.i32[(state + STATE.ERROR) >>> 2] !== 0) throw sumOverflow(source.aggregates.map((a) => a.fn));
    }
  } finally {
    programs.detach(state);
  }
  return { chunks: rows.chunks(), carriers: full };
}

/** Gives the rows of parts, those on disk segment by segment: a chunk is valid until the next one is asked for. */
class PartReader {
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

  *chunks(part: MergePart): Generator<RowChunk> {
    const { spilled, chunks, mixed } = part;
    const layout = groupLayout(this.keys, part.carriers);
    const chains = chainsOf(layout, part.carriers, this.aggregates);
    if (part.numbered === true) {
      const read = spilled.flatMap((rows) => this.#toStay.read(rows, layout, chains));
      return yield byNumber(this.scratch, [...read, ...chunks]);
    }
    const texts = layout.fields.filter(({ carrier }) => carrier === 'bytes');
    const passes = chains.length === 0 && (mixed || texts.length === 0);
    for (const rows of spilled) {
      for (const one of eachSegment(rows)) {
        const read = (passes ? this.#inRoom : this.#toStay).read(one, layout, chains);
        if (passes && mixed) for (const chunk of read) yield this.#ownRows(chunk, texts);
        else yield* read;
      }
    }
    yield* chunks;
  }

  /** Those of the partition, with texts that stay. */
  #ownRows({ address, rows, stride }: RowChunk, texts: readonly RowField[]): RowChunk {
    const { heap } = this.scratch;
    const { partition, bits } = this.merge;
    const list = this.#some.of(rows * (stride + 8));
    const kernels = spillKernels(heap);
    const count = kernels.list_equal(address, rows, stride, GROUP_HEADER.HASH, 32 - bits, partition, list);
    const to = list + rows * 8;
    kernels.gather(list, count, stride, to);
    keepTexts(this.scratch, { address: to, rows: count, stride }, texts, list + rows * 4);
    return { address: to, rows: count, stride };
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

const PARTS_TO_LEARN_FROM = 2;
const MOSTLY_NEW = 0.9;

/** How many rows a part has for a partition of so many bits, as far as it is known. */
const rowsOf = ({ spilled, chunks, mixed }: MergePart, bits = 0): number =>
  spilled.reduce((n, { rows }) => n + rows, totalRows(chunks)) /
  (mixed ? 2 ** Math.max(0, bits - GROUP_PARTITION_BITS) : 1);

function reserveForRest(
  parts: readonly MergePart[],
  done: number,
  index: GroupIndex,
  rows: RowStore,
  bits: number,
): void {
  const all = (some: readonly MergePart[]): number => some.reduce((n, part) => n + rowsOf(part, bits), 0);
  const groups = totalRows(rows.chunks());
  if (groups > all(parts.slice(0, done)) * MOSTLY_NEW) index.reserve(all(parts), () => rows.chunks());
}

/** A total that does not fit the aggregate's type. */
export function sumOverflow(calls: readonly string[]): SparrowError {
  return new SparrowError(
    'ARITHMETIC_OVERFLOW',
    `the result of an aggregate (${calls.join(', ')}) does not fit its type`,
    {
      sqlState: '22003',
      hint: 'cast the argument to a wider type, such as decimal(38, 0) or double',
    },
  );
}
