import { ALL_VALID_ADDRESS, type Arena, BATCH_ROWS, engineBug, type Platform, SparrowError } from '../../base/index.js';
import { STATE } from '../../functions/runtime.js';
import {
  chainsOf,
  fullCarriers,
  groupLayout,
  type PreparedAggregate,
  prepareAggregate,
} from '../compile/aggregates.js';
import { compileMerge } from '../compile/merge.js';
import { MORE } from '../compile/pipe.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { PIPE, type StateLayout } from '../compile/state-layout.js';
import { GROUP_HEADER } from '../row-layout.js';
import { GroupIndex } from './group-index.js';
import { spillReader } from './parts.js';
import { type Programs, planKey, type Run } from './programs.js';
import type { RowUnspiller } from './row-spill.js';
import { RowStore, totalRows } from './row-store.js';
import type { MergePart, RowChunk, SourceColumn, StateCarriers } from './spec.js';
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
  const unspiller = spillReader(scratch, platform);
  const aggregates = source.aggregates.map((a) => prepareAggregate(a, spec.settings));
  const parts = input.merge.parts
    .map((part) => inMemory(part, source.keys, aggregates, unspiller, scratch))
    .filter((p) => totalRows(p.chunks) > 0);
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && only.unique && !only.mixed)
    return { chunks: only.chunks, carriers: only.carriers };
  const full = fullCarriers(aggregates);
  const { heap } = programs;
  // The merge has a state block of its own: its row and byte cursors are not the pipeline's.
  const state = scratch.allocZeroed(layout.bytes);
  heap.u32[(state + STATE.HEAP_NEXT) >>> 2] = ALL_VALID_ADDRESS;
  heap.u32[(state + STATE.HEAP_END) >>> 2] = ALL_VALID_ADDRESS;
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
    const none = { carriers: full, chunks: [{ address: 0, rows: 0, stride: 0 }], mixed: false };
    for (const [p, part] of (parts.length === 0 ? [none] : parts).entries()) {
      // Where the first parts had hardly a group in common, the others will not either.
      if (p === PARTS_TO_LEARN_FROM) reserveForRest(parts, p, index, rows);
      const bits = part.mixed ? input.merge.bits : 0;
      const key = `merge ${bits} ${planKey([source, part.carriers, spec.settings])}`;
      const { exports, literals } = programs.linked<{ merge: Run }>(key, () =>
        compileMerge(source, part.carriers, bits, spec.settings, layout),
      );
      if (literals.length > 0) {
        heap.u32[(state + STATE.LITERALS) >>> 2] = scratch.alloc(literals.length);
        heap.u8.set(literals, heap.u32[(state + STATE.LITERALS) >>> 2]);
      }
      for (const chunk of part.chunks) {
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

/** The part with what it has on disk read back. */
function inMemory(
  part: MergePart,
  keys: readonly SourceColumn[],
  aggregates: readonly PreparedAggregate[],
  unspiller: Pick<RowUnspiller, 'read'>,
  scratch: Arena,
): MergePart {
  if (part.spilled.length === 0) return part;
  const layout = groupLayout(keys, part.carriers);
  const chains = chainsOf(layout, part.carriers, aggregates);
  const read = part.spilled.flatMap((rows) => unspiller.read(rows, layout, chains));
  const chunks = [...read, ...part.chunks];
  return { ...part, chunks: part.numbered === true ? [byNumber(scratch, chunks)] : chunks, spilled: [] };
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

function reserveForRest(parts: readonly MergePart[], done: number, index: GroupIndex, rows: RowStore): void {
  const rowsOf = (some: readonly MergePart[]): number => some.reduce((n, part) => n + totalRows(part.chunks), 0);
  const groups = totalRows(rows.chunks());
  if (groups > rowsOf(parts.slice(0, done)) * MOSTLY_NEW) index.reserve(rowsOf(parts), () => rows.chunks());
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
