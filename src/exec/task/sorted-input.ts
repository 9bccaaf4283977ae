import { type Arena, engineBug, type Platform } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { ENTRY_BYTES, MARK_AT } from '../compile/sort-entry.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { spillReader } from './parts.js';
import type { Programs } from './programs.js';
import type { RowUnspiller } from './row-spill.js';
import { scratchBytes, sorter } from './sort-buffer.js';
import { lowerBound } from './sorted-run.js';
import type { RunPosition, SortedRun, SortSinkSpec } from './spec.js';
import type { SpilledRows } from './spilled.js';
import type { TaskRequest } from './task.js';

/** The runs of a sorted input as one sorted list of entries, after its offset and up to its limit. */
export function prepareSorted(
  programs: Programs,
  request: TaskRequest,
  scratch: Arena,
  platform: Platform,
): { address: number; rows: number } {
  const { input, spec } = request;
  if (input.kind !== 'sorted') throw engineBug('sorted runs expected');
  const runs = besideEachOther(input.runs, input.order, scratch, spillReader(scratch, platform));
  const borders = [border(scratch, runs, input.from, 1), border(scratch, runs, input.to, 2)] as const;
  const sorted = sortTogether(programs, runs, input.order, spec.settings, scratch);
  const { between } = input;
  const prefixAt = (prefix: bigint | undefined): number | undefined =>
    prefix === undefined ? undefined : lowerBound(scratch.heap, sorted, prefix);
  const start = prefixAt(between?.from) ?? borders[0]?.(sorted) ?? 0;
  const end = prefixAt(between?.to) ?? borders[1]?.(sorted) ?? sorted.count;
  const rows = Math.max(0, Math.min(end - start - input.offset, input.limit ?? end - start));
  return { address: sorted.entries + (start + input.offset) * ENTRY_BYTES, rows };
}

/** Runs with what is on disk read back, in memory of this task one after the other; a single one in memory stays where it is. */
export function besideEachOther(
  runs: readonly SortedRun[],
  order: SortSinkSpec,
  scratch: Arena,
  unspiller: Pick<RowUnspiller, 'read'>,
): SortedRun[] {
  const some = runs.filter(({ count }) => count > 0);
  if (some.length === 1 && some[0]?.spilled === undefined) return [...runs];
  let at = scratch.alloc(runs.reduce((n, { count }) => n + count, 0) * ENTRY_BYTES);
  return runs.map(({ entries, count, spilled }): SortedRun => {
    const own = at;
    at += count * ENTRY_BYTES;
    if (spilled !== undefined) readBack(spilled, order, scratch, unspiller, own);
    else scratch.heap.copy(own, entries, count * ENTRY_BYTES);
    return { entries: own, count };
  });
}

/** Sorted runs that lie one after the other become one; of equal rows those of earlier runs come first. */
export function sortTogether(
  programs: Programs,
  given: readonly SortedRun[],
  order: SortSinkSpec,
  settings: TaskRequest['spec']['settings'],
  scratch: Arena,
): SortedRun {
  const runs = given.filter((run) => run.count > 0);
  const [first] = runs;
  if (first === undefined) return { entries: 0, count: 0 };
  if (runs.length === 1) return first;
  const count = runs.reduce((n, run) => n + run.count, 0);
  const sort = sorter(programs, order, settings);
  return { entries: sort(first.entries, count, scratch.alloc(scratchBytes(count))), count };
}

/** Reads a run that is on disk back, and makes its entries at an address. */
function readBack(
  rows: SpilledRows,
  order: SortSinkSpec,
  scratch: Arena,
  unspiller: Pick<RowUnspiller, 'read'>,
  to: number,
): void {
  let at = to;
  const packed = Number(order.layout.packed !== undefined);
  for (const { address, prefixes, stride, rows: held } of unspiller.read(rows, keptLayout(order.layout))) {
    spillKernels(scratch.heap).make_entries(address, held, stride, prefixes, at, packed);
    at += held * ENTRY_BYTES;
  }
}

/** Marks the entry at a position of a run; gives what finds it when all are sorted together. */
function border(
  { heap }: Arena,
  runs: readonly SortedRun[],
  position: RunPosition | undefined,
  mark: number,
): ((sorted: SortedRun) => number) | undefined {
  if (position === undefined) return undefined;
  const { u32, u64 } = heap;
  const { entries } = runs[position.run] as SortedRun;
  // A run alone stays where it is, and is not this task's to write to.
  if (runs.every(({ count }, r) => count === 0 || r === position.run)) return () => position.row;
  const at = entries + position.row * ENTRY_BYTES;
  const prefix = u64[at >>> 3] as bigint;
  const word = (at + MARK_AT) >>> 2;
  u32[word] = (u32[word] as number) | mark;
  return (sorted) => {
    for (let i = lowerBound(heap, sorted, prefix); i < sorted.count; i++)
      if (((u32[(sorted.entries + i * ENTRY_BYTES + MARK_AT) >>> 2] as number) & mark) !== 0) return i;
    throw engineBug('a sorted range without its border');
  };
}
