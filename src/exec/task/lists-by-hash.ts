import type { SharedHeap } from '../../base/index.js';
import { GROUP_PARTITIONS } from '../compile/merge.js';
import { spillKernels } from '../compile/spill-kernels.js';
import type { RowChunk, RowList } from './spec.js';

/**
 * For each partition, or part of one by `split` more bits, the addresses of its rows, in order, or in that of bins by `finer`
 * more bits; `list` has room for all of them, `counts` for a word for each bin, and in the end says where its list ends.
 */
export function listsByHash(
  heap: SharedHeap,
  chunks: readonly RowChunk[],
  hash: number,
  list: number,
  counts: number,
  finer: number,
  split = 0,
): RowList[] {
  const kernels = spillKernels(heap);
  const bins = GROUP_PARTITIONS << finer;
  heap.fill(0, counts, bins * 4);
  for (const { address, rows, stride } of chunks) kernels.count_hashes(address, rows, stride, hash, finer, counts);
  const lists: RowList[] = [];
  let address = list;
  const together = 1 << (finer - split);
  for (let first = 0; first < bins; first += together) {
    const own = address;
    for (let word = (counts >>> 2) + first, end = word + together; word < end; word++) {
      const count = heap.u32[word] as number;
      heap.u32[word] = address;
      address += count * 4;
    }
    lists.push({ address: own, count: (address - own) / 4 });
  }
  for (const { address: rows, rows: count, stride } of chunks)
    kernels.list_by_hash(rows, count, stride, hash, finer, counts);
  return lists;
}
