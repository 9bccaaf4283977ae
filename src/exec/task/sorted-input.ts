import { type Arena, engineBug, type Platform } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { spillReader } from './parts.js';
import type { Programs } from './programs.js';
import type { RowUnspiller } from './row-spill.js';
import { scratchBytes, sorter } from './sort-buffer.js';
import type { RunPosition, SinkSpec, SortedRun } from './spec.js';
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
  const unspiller = spillReader(scratch, platform);
  const runs = input.runs.map((run) =>
    run.spilled === undefined ? run : inMemory(run.spilled, input.order, scratch, unspiller),
  );
  const entryAt = (position: RunPosition | undefined): Entry | undefined =>
    position && entry(scratch, (runs[position.run] as SortedRun).entries + position.row * ENTRY_BYTES);
  const [from, to] = [entryAt(input.from), entryAt(input.to)];
  const sorted = mergeRuns(programs, runs, input.order, spec.settings, scratch);
  const { between } = input;
  const prefixAt = (prefix: bigint | undefined): number | undefined =>
    prefix === undefined ? undefined : lowerBound(scratch, sorted, prefix);
  const start = prefixAt(between?.from) ?? (from === undefined ? 0 : positionOf(scratch, sorted, from));
  const end = prefixAt(between?.to) ?? (to === undefined ? sorted.count : positionOf(scratch, sorted, to));
  const rows = Math.max(0, Math.min(end - start - input.offset, input.limit ?? end - start));
  return { address: sorted.entries + (start + input.offset) * ENTRY_BYTES, rows };
}

/** Sorted runs become one; of equal rows those of earlier runs come first. */
export function mergeRuns(
  programs: Programs,
  given: readonly SortedRun[],
  order: Extract<SinkSpec, { kind: 'sort' }>,
  settings: TaskRequest['spec']['settings'],
  scratch: Arena,
): SortedRun {
  const runs = given.filter((r) => r.count > 0);
  const count = runs.reduce((n, r) => n + r.count, 0);
  const [only] = runs;
  if (only === undefined) return { entries: 0, count: 0 };
  if (runs.length === 1) return { entries: only.entries, count };
  const all = scratch.alloc(count * ENTRY_BYTES);
  let at = all;
  for (const run of runs) {
    programs.heap.u8.copyWithin(at, run.entries, run.entries + run.count * ENTRY_BYTES);
    at += run.count * ENTRY_BYTES;
  }
  const sort = sorter(programs, order, settings);
  return { entries: sort(all, count, scratch.alloc(scratchBytes(count))), count };
}

/** A run that is on disk read back and given entries. */
export function inMemory(
  rows: SpilledRows,
  order: Extract<SinkSpec, { kind: 'sort' }>,
  scratch: Arena,
  unspiller: Pick<RowUnspiller, 'read'>,
): SortedRun {
  const chunks = unspiller.read(rows, keptLayout(order.layout));
  const count = chunks.reduce((n, c) => n + c.rows, 0);
  const entries = scratch.alloc(count * ENTRY_BYTES);
  let at = entries;
  for (const { address, prefixes, stride, rows: held } of chunks) {
    spillKernels(scratch.heap).make_entries(address, held, stride, prefixes, at);
    at += held * ENTRY_BYTES;
  }
  return { entries, count };
}

/** The first entry whose prefix is not below `prefix`. */
function lowerBound({ heap }: Arena, { entries, count }: SortedRun, prefix: bigint): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((heap.u64[(entries + middle * ENTRY_BYTES) >>> 3] as bigint) < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Entry {
  readonly prefix: bigint;
  readonly row: number;
}

const entry = ({ heap }: Arena, at: number): Entry => ({
  prefix: heap.u64[at >>> 3] as bigint,
  row: heap.u32[(at >>> 2) + 2] as number,
});

function positionOf(arena: Arena, run: SortedRun, { prefix, row }: Entry): number {
  const { entries, count } = run;
  for (let i = lowerBound(arena, run, prefix); i < count; i++)
    if (entry(arena, entries + i * ENTRY_BYTES).row === row) return i;
  throw engineBug('a sorted range without its border');
}
