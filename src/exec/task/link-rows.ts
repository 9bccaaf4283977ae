import type { SharedHeap } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { fieldAt } from '../row-layout.js';
import type { KeyBits } from './key-bits.js';
import type { Programs } from './programs.js';
import type { JoinTable, KeptLayoutSpec, RowChunk } from './spec.js';

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
  /** What of it is done; absent: all, one after the other. Ranks take all bits, and rows of a ranked table all ranks. */
  readonly phase?: 'bits' | 'ranks' | 'rows';
}

export function linkRows(programs: Programs, request: LinkRequest): void {
  const { kernels, heap } = programs;
  const { table, from, to, phase } = request;
  const { bits } = table;
  const ranks = bits?.ranks ?? 0;
  const does = (one: typeof phase): boolean => phase === undefined || phase === one;
  if (bits !== undefined && does('bits')) setBits(programs, request, bits);
  if (bits !== undefined && ranks !== 0 && does('ranks')) kernels.rank_bits(bits.address, rankCount(bits), ranks);
  if (!does('rows')) return;
  clearHeads(heap, table.heads, from, to);
  const layout = keptLayout(request.layout);
  // Backwards, because each row goes to the front of its chain: chains then keep the order of rows.
  for (const chunk of [...request.chunks].reverse()) {
    if (table.addressing === 'direct' || table.addressing === 'ranked') {
      const key = fieldAt(layout, 0);
      const bytes = key.carrier === 'i64' ? 8 : 4;
      const rows = [chunk.address, chunk.rows, chunk.stride, key.offset, bytes, key.nullOffset ?? 0] as const;
      const where = [...rows, table.base, table.heads, from, to] as const;
      if (table.addressing === 'direct') kernels.link_direct(...where);
      else kernels.link_ranked(...where, bits?.address ?? 0, ranks);
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
function setBits({ kernels, heap }: Programs, request: LinkRequest, bits: KeyBits): void {
  const { address, base, size, flags } = bits;
  const words = size / 32;
  const [from, to] = [0, 1].map((i) => Math.floor((words * (request.share + i)) / request.shares)) as [number, number];
  const end = to === words ? to + 1 : to;
  clearHeads(heap, address, from, end);
  const key = fieldAt(keptLayout(request.layout), 0);
  const bytes = key.carrier === 'i64' ? 8 : 4;
  for (const { address: rows, rows: count, stride } of request.chunks) {
    const first = BigInt(base);
    kernels.fill_bits(rows, count, stride, key.offset, bytes, key.nullOffset ?? 0, first, address, from * 32, to * 32);
  }
  if (flags !== undefined) kernels.flag_bits(address, from, end, flags);
}

/** Ranks of the bits of keys. */
export const rankCount = ({ size }: KeyBits): number => Math.ceil(size / 64);

function clearHeads(heap: SharedHeap, heads: number, from: number, to: number): void {
  heap.fill(0, heads + from * 4, (to - from) * 4);
}
