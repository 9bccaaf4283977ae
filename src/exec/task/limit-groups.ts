import type { SharedHeap } from '../../base/index.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import type { SortedGroups } from './spec.js';

const WORDS = ENTRY_BYTES / 4;

/**
 * Leaves out sorted entries that come behind the first ones of their group; gives how many are left. A prefix may not tell
 * all of an order: what might be a peer of the last row wanted stays.
 */
export function limitGroups({ i32 }: SharedHeap, entries: number, count: number, groups: SortedGroups): number {
  const { by, rows, mask } = groups;
  const [low, high] = [Number(BigInt.asIntN(32, mask)), Number(BigInt.asIntN(32, mask >> 32n))];
  const end = (entries >>> 2) + count * WORDS;
  let to = entries >>> 2;
  // The prefix of the row before, and how many rows, or different prefixes, the group had up to there.
  let [lastLow, lastHigh, place] = [0, 0, 0];
  for (let at = to; at < end; at += WORDS) {
    const [nowLow, nowHigh] = [i32[at] as number, i32[at + 1] as number];
    const isFirst = at === entries >>> 2 || (((nowLow ^ lastLow) & low) | ((nowHigh ^ lastHigh) & high)) !== 0;
    const isPeer = !isFirst && nowLow === lastLow && nowHigh === lastHigh;
    if (isFirst) place = 0;
    if (by !== 'denseRank' || !isPeer) place++;
    // A row behind the last one wanted is compared with that one: the others are gone.
    if (place <= rows || (by === 'rank' && isPeer)) {
      lastLow = nowLow;
      lastHigh = nowHigh;
      for (let word = 0; word < WORDS; word++) i32[to++] = i32[at + word] as number;
    }
  }
  return (to - (entries >>> 2)) / WORDS;
}
