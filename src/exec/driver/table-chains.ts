import type { SharedHeap } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { fieldAt, JOIN_HEADER } from '../row-layout.js';
import type { KeyBits } from '../task/key-bits.js';
import type { JoinTable, KeptLayoutSpec, RowChunk } from '../task/spec.js';

const SAMPLED = 512;
/** Rows of a chain that are looked at on average, at most. */
const SHORT = 12;
const LONGEST_WALK = 256;

/** Whether looking a row of a direct or ranked table up meets few others with the same first key, by a sample of its rows. */
export function chainsAreShort(
  heap: SharedHeap,
  table: JoinTable,
  chunks: readonly RowChunk[],
  layout: KeptLayoutSpec,
): boolean {
  const key = fieldAt(keptLayout(layout), 0);
  const step = Math.max(1, Math.floor(table.rows / SAMPLED));
  let [sampled, met] = [0, 0];
  for (const { address, rows, stride } of chunks) {
    for (let row = 0; row < rows; row += step) {
      const at = address + row * stride;
      if (key.nullOffset !== undefined && heap.u8[at + key.nullOffset] !== 0) continue;
      const value = key.carrier === 'i64' ? heap.i64[(at + key.offset) >>> 3] : heap.i32[(at + key.offset) >>> 2];
      const place = Number(BigInt(value as bigint | number) - table.base);
      const slot = table.bits?.ranks === undefined ? place : rankOf(heap, table.bits, place);
      let next = heap.u32[(table.heads >>> 2) + slot] as number;
      sampled++;
      for (let walked = 0; next !== 0 && walked < LONGEST_WALK; walked++) {
        met++;
        next = heap.u32[(next + JOIN_HEADER.NEXT) >>> 2] as number;
      }
    }
  }
  return met <= sampled * SHORT;
}

/** How many bits are set before the one at `place`. */
function rankOf({ u32 }: SharedHeap, { address, ranks = 0 }: KeyBits, place: number): number {
  let rank = u32[(ranks >>> 2) + Math.floor(place / 64)] as number;
  for (let at = place & ~63; at < place; at++) {
    const word = u32[(address >>> 2) + (at >>> 5)] as number;
    rank += (word >>> (at & 31)) & 1;
  }
  return rank;
}
