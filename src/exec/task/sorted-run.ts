import type { SharedHeap } from '../../base/index.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import type { SortedRun } from './spec.js';

/** The first entry of a run in memory whose prefix is not below `prefix`. */
export function lowerBound({ u64 }: SharedHeap, { entries, count }: SortedRun, prefix: bigint): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((u64[(entries + middle * ENTRY_BYTES) >>> 3] as bigint) < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}
