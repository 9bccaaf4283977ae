import { Arena, type Platform } from '../../base/index.js';
import { ENTRY_BYTES, MARK_AT } from '../compile/sort-entry.js';
import { spillReader } from './parts.js';
import type { Programs } from './programs.js';
import { besideEachOther, sortTogether } from './sorted-input.js';
import type { SortedRun, SortSinkSpec } from './spec.js';
import { type SpilledRows, segmentCount } from './spilled.js';
import type { TaskRequest } from './task.js';

/** Of a run in memory every so many rows are one piece; on disk the pieces are segments. */
export const PIECE_ROWS = 512;

export const piecesOf = ({ count, spilled }: SortedRun): number =>
  spilled === undefined ? Math.ceil(count / PIECE_ROWS) : segmentCount(spilled);

/** Puts the pieces of sorted runs in the order of their first rows. */
export interface CutsRequest {
  readonly runs: readonly SortedRun[];
  readonly order: SortSinkSpec;
  readonly settings: TaskRequest['spec']['settings'];
  readonly arena: number;
}

/** The numbers of all pieces, counted run by run, in order. */
export function orderPieces(programs: Programs, request: CutsRequest, platform: Platform): Uint32Array {
  const { heap } = programs;
  const arena = new Arena(heap, request.arena, 'sort');
  const unspiller = spillReader(arena, platform);
  const { order, settings } = request;
  const firsts = request.runs.map((run): SortedRun => {
    const { spilled } = run;
    if (spilled === undefined) return sampled(run, arena);
    return { entries: 0, count: segmentCount(spilled), spilled: spilled.heads as SpilledRows };
  });
  const heads = besideEachOther(firsts, order, arena, unspiller);
  const { u32 } = heap;
  const wordOf = (entries: number, i: number): number => (entries + i * ENTRY_BYTES + MARK_AT) >>> 2;
  let next = 0;
  for (const { entries, count } of heads) for (let i = 0; i < count; i++) u32[wordOf(entries, i)] = next++;
  const sorted = sortTogether(programs, heads, order, settings, arena);
  return Uint32Array.from({ length: sorted.count }, (_, i) => u32[wordOf(sorted.entries, i)] as number);
}

function sampled({ entries, count }: SortedRun, arena: Arena): SortedRun {
  const pieces = Math.ceil(count / PIECE_ROWS);
  const firsts = arena.alloc(pieces * ENTRY_BYTES);
  for (let i = 0; i < pieces; i++) {
    const from = entries + i * PIECE_ROWS * ENTRY_BYTES;
    arena.heap.u8.copyWithin(firsts + i * ENTRY_BYTES, from, from + ENTRY_BYTES);
  }
  return { entries: firsts, count: pieces };
}
