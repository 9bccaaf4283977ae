import type { SharedHeap } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { fieldAt } from '../row-layout.js';
import type { Programs } from './programs.js';
import type { JoinTable, KeptLayoutSpec, KeyBits, RowChunk } from './spec.js';

/** Puts build rows into the chains of slots from…to of a join table. Several threads may each take a range of slots. */
export interface LinkRequest {
  readonly chunks: readonly RowChunk[];
  readonly layout: KeptLayoutSpec;
  readonly table: JoinTable;
  readonly from: number;
  readonly to: number;
  /** Which of how many shares of the bits of keys are set. */
  readonly share: number;
  readonly shares: number;
}

export function linkRows(programs: Programs, request: LinkRequest): void {
  const { kernels, heap } = programs;
  const { table, from, to } = request;
  clearHeads(heap, table.heads, from, to);
  const layout = keptLayout(request.layout);
  if (table.bits !== undefined) setBits(programs, request, table.bits);
  // Backwards, because each row goes to the front of its chain: chains then keep the order of rows.
  for (const chunk of [...request.chunks].reverse()) {
    if (table.addressing === 'direct') {
      const key = fieldAt(layout, 0);
      const bytes = key.carrier === 'i64' ? 8 : 4;
      const nulls = key.nullOffset ?? 0;
      kernels.link_direct(
        chunk.address,
        chunk.rows,
        chunk.stride,
        key.offset,
        bytes,
        nulls,
        table.base,
        table.heads,
        from,
        to,
      );
    } else
      kernels.link_hash(
        chunk.address,
        chunk.rows,
        chunk.stride,
        table.addressing === 'hash' ? table.size : 0,
        table.heads,
        from,
        to,
      );
  }
}

/** Sets the bits of the first key. Several threads each take whole words of their own. */
function setBits({ kernels, heap }: Programs, request: LinkRequest, { address, base, size }: KeyBits): void {
  const words = size / 32;
  const [from, to] = [0, 1].map((i) => Math.floor((words * (request.share + i)) / request.shares)) as [number, number];
  clearHeads(heap, address, from, to === words ? to + 1 : to);
  const key = fieldAt(keptLayout(request.layout), 0);
  const bytes = key.carrier === 'i64' ? 8 : 4;
  for (const { address: rows, rows: count, stride } of request.chunks) {
    const first = BigInt(base);
    kernels.fill_bits(rows, count, stride, key.offset, bytes, key.nullOffset ?? 0, first, address, from * 32, to * 32);
  }
}

function clearHeads(heap: SharedHeap, heads: number, from: number, to: number): void {
  heap.fill(0, heads + from * 4, (to - from) * 4);
}
