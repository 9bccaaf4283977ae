import { piecesOf } from '../task/sort-cuts.js';
import type { SinkSpec, SortedRun } from '../task/spec.js';
import { type FlowPart, tasksOf } from './flow.js';
import type { Runner } from './runner.js';
import { bytesOf, RANGES_IN_MEMORY } from './sort-ranges.js';

/** Runs that are always put into ranges at once. */
const LEAST_RUNS = 4;
/** Of the memory, what a task that merges runs reads at a time. */
const READ_SHARE = 1 / 64;

/**
 * Every range reads a piece of each run on disk at either border. Where these are more than the range itself, neighbours
 * are merged first, level by level; what was in memory goes to disk with them, and `arenas` are free.
 */
export async function fewRuns(
  executor: Runner,
  runs: readonly SortedRun[],
  order: Extract<SinkSpec, { kind: 'sort' }>,
  arenas: readonly number[],
): Promise<readonly SortedRun[]> {
  const { query, scheduler, settings } = executor;
  const { limitBytes } = query.heap;
  let few = runs;
  for (;;) {
    const onDisk = few.filter(({ spilled }) => spilled !== undefined);
    const pieces = onDisk.reduce((n, run) => n + piecesOf(run), 0);
    const pieceBytes = onDisk.reduce((n, run) => n + bytesOf(run), 0) / pieces;
    const most = Math.max(LEAST_RUNS, Math.floor(limitBytes / RANGES_IN_MEMORY / 2 / pieceBytes));
    if (onDisk.length <= LEAST_RUNS || onDisk.length <= most) return few;
    // Half as many are left as may be: merged runs have fuller pieces.
    const groups = Math.ceil(few.length / Math.min(most, Math.ceil((2 * few.length) / most)));
    const cut = (g: number): number => Math.floor((few.length * g) / groups);
    const part: FlowPart = {
      source: { kind: 'rows', rows: { kind: 'kept', layout: order.layout } },
      inputs: Array.from({ length: groups }, (_, g) => {
        const some = few.slice(cut(g), cut(g + 1));
        const atOnce = Math.max(some.length, Math.ceil((limitBytes * READ_SHARE) / pieceBytes));
        return { kind: 'sorted', runs: some, order, offset: 0, atOnce } as const;
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
    for (const arena of arenas) query.release(arena);
    for (const path of new Set(onDisk.map(({ spilled }) => spilled?.path))) {
      if (path !== undefined) scheduler.platform.files.remove(path);
      await new Promise(setImmediate);
    }
    few = merged;
  }
}
