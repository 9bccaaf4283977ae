import { piecesOf } from '../task/sort-cuts.js';
import type { SortedRun, SortSinkSpec } from '../task/spec.js';
import { type FlowPart, tasksOf } from './flow.js';
import type { Runner } from './runner.js';
import { bytesOf, RANGES_IN_MEMORY } from './sort-ranges.js';

/** Runs that are always put into ranges at once. */
const LEAST_RUNS = 4;
/** Of the memory, what a task that merges runs reads at a time. */
const READ_SHARE = 1 / 64;

/**
 * Every range reads a piece of each run on disk at its border. Where these are more than the range itself, neighbours are
 * merged first: where all is on disk as many as have to be, else all, and what was in memory goes to disk with them, and
 * `arenas` are free.
 */
export async function fewRuns(
  executor: Runner,
  runs: readonly SortedRun[],
  order: SortSinkSpec,
  arenas: readonly number[],
): Promise<readonly SortedRun[]> {
  const { query, scheduler } = executor;
  const { limitBytes } = query.heap;
  let few = runs;
  for (;;) {
    const onDisk = few.filter(({ spilled }) => spilled !== undefined);
    if (onDisk.length <= LEAST_RUNS) return few;
    const pieces = onDisk.reduce((n, run) => n + piecesOf(run), 0);
    const pieceBytes = onDisk.reduce((n, run) => n + bytesOf(run), 0) / pieces;
    const most = Math.max(LEAST_RUNS, Math.floor(limitBytes / RANGES_IN_MEMORY / pieceBytes));
    if (onDisk.length <= most) return few;
    const held = few.filter(({ count }) => count > 0);
    const isOnDisk = held.length === onDisk.length;
    const groups = isOnDisk ? groupsOnDisk(held, most, scheduler.pool.size) : groupsOfAll(few, most);
    const merged = await merge(executor, groups, order, Math.ceil((limitBytes * READ_SHARE) / pieceBytes));
    few = [...merged, ...held.slice(groups.reduce((n, some) => n + some.length, 0))];
    if (!isOnDisk) for (const arena of arenas) query.release(arena);
    const kept = new Set(few.map(({ spilled }) => spilled?.path));
    for (const path of new Set(onDisk.map(({ spilled }) => spilled?.path))) {
      if (path !== undefined && !kept.has(path)) scheduler.platform.files.remove(path);
      await new Promise(setImmediate);
    }
  }
}

/** So many neighbours that no more than `most` runs are left, for all threads where that is enough; else all of them. */
function groupsOnDisk(runs: readonly SortedRun[], most: number, threads: number): SortedRun[][] {
  const over = runs.length - most;
  const groups = Math.max(Math.min(threads, over), Math.ceil(over / (most - 1)));
  const each = Math.ceil(over / groups) + 1;
  if (groups * each > runs.length) return groupsOfAll(runs, most);
  return Array.from({ length: groups }, (_, g) => runs.slice(g * each, (g + 1) * each));
}

/** Half as many are left as may be, if one level is enough for that: merged runs have fuller pieces. */
function groupsOfAll(runs: readonly SortedRun[], most: number): SortedRun[][] {
  const groups = Math.ceil(runs.length / Math.min(most, Math.ceil((2 * runs.length) / most)));
  const cut = (g: number): number => Math.floor((runs.length * g) / groups);
  return Array.from({ length: groups }, (_, g) => runs.slice(cut(g), cut(g + 1)));
}

async function merge(
  { query, scheduler, settings }: Runner,
  groups: readonly SortedRun[][],
  order: SortSinkSpec,
  piecesAtOnce: number,
): Promise<SortedRun[]> {
  const part: FlowPart = {
    source: { kind: 'rows', rows: { kind: 'kept', layout: order.layout } },
    inputs: groups.map((runs) => {
      return { kind: 'sorted', runs, order, offset: 0, atOnce: Math.max(runs.length, piecesAtOnce) } as const;
    }),
    steps: [],
    tables: [],
    columns: order.layout.fields,
    small: false,
  };
  const merged: SortedRun[] = [];
  for await (const { output, arena } of scheduler.run(query, tasksOf(part, order, settings), false)) {
    if (output.kind === 'rows') merged.push(...(output.runs ?? []));
    query.release(arena);
  }
  return merged;
}
