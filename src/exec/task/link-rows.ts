import type { SharedHeap } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { fieldAt } from '../row-layout.js';
import type { Programs } from './programs.js';
import type { JoinTable, KeptLayoutSpec, RowChunk } from './spec.js';

/** Puts build rows into the chains of slots from…to of a join table. Several threads may each take a range of slots. */
export interface LinkRequest {
  readonly chunks: readonly RowChunk[];
  readonly layout: KeptLayoutSpec;
  readonly table: JoinTable;
  readonly from: number;
  readonly to: number;
}

export function linkRows(programs: Programs, request: LinkRequest): void {
  const { kernels, heap } = programs;
  const { table, from, to } = request;
  clearHeads(heap, table.heads, from, to);
  const layout = keptLayout(request.layout);
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

function clearHeads(heap: SharedHeap, heads: number, from: number, to: number): void {
  heap.u32.fill(0, (heads >>> 2) + from, (heads >>> 2) + to);
}
