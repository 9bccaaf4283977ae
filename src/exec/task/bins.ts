import type { SharedHeap } from '../../base/index.js';
import { PARTITION_SHIFT } from '../row-layout.js';
import type { RowChunk } from './spec.js';

/** Rows of a partition are in bins of so many more bits of their place: those of one fit the processor's cache. */
export const BIN_BITS = 4;
const BIN_SHIFT = PARTITION_SHIFT - BIN_BITS;

/** Gives the rows of a chunk that lie in the order of their bins bin by bin, each with its number among all partitions' bins. */
export function eachBin(
  { u32 }: SharedHeap,
  { address, rows, stride }: RowChunk,
  place: number,
  take: (bin: number, chunk: RowChunk) => void,
): void {
  const binAt = (row: number): number => (u32[(address + row * stride + place) >>> 2] as number) >>> BIN_SHIFT;
  for (let from = 0; from < rows; ) {
    const bin = binAt(from);
    let [to, end] = [from + 1, rows];
    while (to < end) {
      const middle = (to + end) >>> 1;
      if (binAt(middle) > bin) end = middle;
      else to = middle + 1;
    }
    take(bin, { address: address + from * stride, rows: to - from, stride });
    from = to;
  }
}
