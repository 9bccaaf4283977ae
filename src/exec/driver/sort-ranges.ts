import type { SharedHeap } from '../../base/index.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { PIECE_ROWS, piecesOf } from '../task/sort-cuts.js';
import { lowerBound } from '../task/sorted-run.js';
import type { RunPosition, SortedRun, SortSinkSpec, TaskInput, WindowTaskSpec } from '../task/spec.js';
import { segmentsBetween, segmentsOf } from '../task/spilled.js';
import type { Runner } from './runner.js';

/** How many ranges of a sort that is on disk the memory could hold at once: some are read, others wait as batches. */
export const RANGES_IN_MEMORY = 16;

/** A place between pieces: before piece `piece` of run `run`. */
interface Cut {
  readonly run: number;
  readonly piece: number;
  /** For each run, how many of its pieces begin before the cut. */
  readonly begun: readonly number[];
}

/**
 * Cuts sorted runs, some of which are on disk, into ranges of rows that fit the memory. Borders are rows that begin a
 * piece; of every other run, the piece in which the border falls belongs to both ranges, which leave out what is not theirs.
 */
export async function rangesOnDisk(
  executor: Runner,
  runs: readonly SortedRun[],
  order: SortSinkSpec,
): Promise<TaskInput[]> {
  const { query, scheduler } = executor;
  const cuts: readonly (Cut | undefined)[] = cutsOf(
    runs,
    await scheduler.orderPieces(query, { runs, order, settings: executor.settings }),
    piecesPerRange(runs, query.heap.limitBytes),
  );
  return [undefined, ...cuts].map((from, i) => range(runs, from, cuts[i], order));
}

/**
 * Cuts sorted runs, some of which are on disk, at prefixes: rows whose masked prefixes are equal stay together. A range
 * whose rows all have one masked prefix is as large as it is.
 */
export function prefixRangesOnDisk(
  executor: Runner,
  runs: readonly SortedRun[],
  samples: readonly bigint[],
  order: SortSinkSpec,
  window: WindowTaskSpec,
): TaskInput[] {
  const { heap } = executor.query;
  const bytes = runs.reduce((n, run) => n + bytesOf(run), 0);
  const ranges = Math.ceil((bytes * RANGES_IN_MEMORY) / heap.limitBytes);
  const sorted = [...samples].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const cuts: bigint[] = [];
  for (let r = 1; r < ranges && sorted.length > 0; r++) {
    const cut = sorted[Math.floor((sorted.length * r) / ranges)] as bigint;
    if (cuts.at(-1) !== cut) cuts.push(cut);
  }
  return [undefined, ...cuts].map((from, i): TaskInput => {
    const to = cuts[i];
    const between = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return {
      kind: 'sorted',
      get runs() {
        return runs.map((run) => runBetween(heap, run, from, to));
      },
      order,
      offset: 0,
      between,
      window,
    };
  });
}

/** The rows of a run in memory that belong to a range; of a run on disk the pieces that may have some. */
function runBetween(heap: SharedHeap, run: SortedRun, from: bigint | undefined, to: bigint | undefined): SortedRun {
  const { entries, count, spilled } = run;
  if (spilled === undefined) {
    const begin = from === undefined ? 0 : lowerBound(heap, run, from);
    const end = to === undefined ? count : lowerBound(heap, run, to);
    return { entries: entries + begin * ENTRY_BYTES, count: end - begin };
  }
  const firsts = [...(spilled.firsts ?? [])];
  // The piece before the first that begins at or behind the border may reach over it.
  const at = from === undefined ? 0 : firsts.findIndex((first) => first >= from);
  const begin = Math.max(0, (at < 0 ? firsts.length : at) - 1);
  const behind = to === undefined ? -1 : firsts.findIndex((first) => first >= to);
  return piecesBetween(run, begin, behind < 0 ? firsts.length : behind);
}

function piecesPerRange(runs: readonly SortedRun[], limitBytes: number): number {
  const pieces = runs.reduce((n, run) => n + piecesOf(run), 0);
  const bytes = runs.reduce((n, run) => n + bytesOf(run), 0);
  const ranges = Math.ceil((bytes * RANGES_IN_MEMORY) / limitBytes);
  return Math.max(1, Math.ceil(pieces / Math.max(1, ranges)));
}

export function bytesOf({ count, spilled }: SortedRun): number {
  if (spilled === undefined) return count * ENTRY_BYTES;
  return segmentsOf(spilled).reduce((n, s) => n + s.block.bytes + s.rows * ENTRY_BYTES, 0);
}

function cutsOf(runs: readonly SortedRun[], order: Uint32Array, every: number): Cut[] {
  const runOf: number[] = [];
  runs.forEach((run, r) => {
    for (let i = 0; i < piecesOf(run); i++) runOf.push(r);
  });
  const begun = runs.map(() => 0);
  const cuts: Cut[] = [];
  order.forEach((piece, i) => {
    const run = runOf[piece] as number;
    if (i > 0 && i % every === 0) cuts.push({ run, piece: begun[run] as number, begun: [...begun] });
    begun[run] = (begun[run] as number) + 1;
  });
  return cuts;
}

function range(runs: readonly SortedRun[], from: Cut | undefined, to: Cut | undefined, order: SortSinkSpec): TaskInput {
  // The border row itself has to be among the rows, to be found after merging.
  const start = (r: number): number => {
    if (from === undefined) return 0;
    const begun = from.begun[r] as number;
    return from.run === r ? begun : Math.max(0, begun - 1);
  };
  const end = (r: number): number => {
    if (to === undefined) return piecesOf(runs[r] as SortedRun);
    return (to.begun[r] as number) + (to.run === r ? 1 : 0);
  };
  const border = (cut: Cut): RunPosition => ({
    run: cut.run,
    row: rowsBetween(runs[cut.run] as SortedRun, start(cut.run), cut.piece),
  });
  return {
    kind: 'sorted',
    // Made when a task begins: of hundreds of ranges, each with hundreds of runs, a few are under way.
    get runs() {
      return runs.map((run, r) => piecesBetween(run, start(r), end(r)));
    },
    order,
    offset: 0,
    ...(from === undefined ? {} : { from: border(from) }),
    ...(to === undefined ? {} : { to: border(to) }),
  };
}

function piecesBetween(run: SortedRun, from: number, to: number): SortedRun {
  const { spilled } = run;
  const count = rowsBetween(run, from, to);
  if (spilled === undefined) return { entries: run.entries + from * PIECE_ROWS * ENTRY_BYTES, count };
  return { entries: 0, count, spilled: segmentsBetween(spilled, from, to) };
}

function rowsBetween({ count, spilled }: SortedRun, from: number, to: number): number {
  if (spilled !== undefined) return segmentsBetween(spilled, from, to).rows;
  return Math.max(0, Math.min(count, to * PIECE_ROWS) - from * PIECE_ROWS);
}
