import { Arena, type SharedHeap, SparrowError } from '../../base/index.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { JOIN_HEADER, type RowLayout } from '../row-layout.js';
import { BIN_BITS } from './bins.js';
import { keepTexts } from './keep-texts.js';
import { listsByHash } from './lists-by-hash.js';
import { PartitionBuffers } from './partition-buffers.js';
import { totalRows } from './row-store.js';
import type { RowChunk } from './spec.js';
import { numberRows } from './task-spill.js';

/** Numbers rows of a join that stayed in memory, and lists them partition by partition, bin by bin. */
export interface SplitRequest {
  readonly chunks: readonly RowChunk[];
  /** The number of the first row. */
  readonly first: number;
  /** Room for the addresses of the rows. */
  readonly list: number;
  /** A word for each bin of each partition: in the end, the end of its list. */
  readonly ends: number;
  readonly layout: RowLayout;
  /** Where rows are moved to, and for what that takes meanwhile. */
  readonly arena: number;
  readonly scratch: number;
}

/** Of all rows, what the buffers of a partition's rows take while they are moved. */
const BUFFER_SHARE = 1 / 256;
const LEAST_BUFFER = 1 << 12;

/** Whether the rows are no longer where they were. */
export function splitRows(heap: SharedHeap, request: SplitRequest): boolean {
  const { chunks, first, list, ends } = request;
  numberRows(heap, chunks, first);
  const moved = movedRows(heap, request);
  listsByHash(heap, moved ?? chunks, JOIN_HEADER.PLACE, list, ends, BIN_BITS);
  return moved !== undefined;
}

/**
 * The rows with their texts, those of a partition near each other: to fetch each from far away when its partition is joined
 * takes longer. Undefined where the memory has no room to move them.
 */
function movedRows(heap: SharedHeap, { chunks, layout, arena, scratch }: SplitRequest): RowChunk[] | undefined {
  const [to, passing] = [new Arena(heap, arena, 'join'), new Arena(heap, scratch, 'join')];
  const { stride, fields } = layout;
  const texts = fields.filter(({ carrier }) => carrier === 'bytes');
  const moved: RowChunk[] = [];
  const write = (_: number, list: number, rows: number): void => {
    const chunk = { address: to.alloc(rows * stride), rows, stride };
    spillKernels(heap).gather(list, rows, stride, chunk.address);
    keepTexts(to, chunk, texts, passing.alloc(rows * 4));
    moved.push(chunk);
  };
  const bytes = Math.max(LEAST_BUFFER, Math.floor(totalRows(chunks) * stride * BUFFER_SHARE));
  try {
    const buffers = new PartitionBuffers(passing, {
      layout,
      place: JOIN_HEADER.PLACE,
      finer: BIN_BITS,
      bytes,
      write,
    });
    buffers.add(chunks);
    buffers.flush();
    return moved;
  } catch (error) {
    if (!(error instanceof SparrowError) || error.code !== 'MEMORY_LIMIT_EXCEEDED') throw error;
    heap.releaseArena(arena);
    return undefined;
  } finally {
    heap.releaseArena(scratch);
  }
}
