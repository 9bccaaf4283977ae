import { Arena, engineBug, newTaskMetrics, type SharedHeap } from '../../base/index.js';
import { keptLayout } from '../compile/rows.js';
import { ENTRY_BYTES, MARK_AT } from '../compile/sort-entry.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { rowSpill, spillReader } from './parts.js';
import { Room } from './room.js';
import { scratchBytes, sorter } from './sort-buffer.js';
import { orderPieces, PIECE_ROWS, piecesOf } from './sort-cuts.js';
import { lowerBound } from './sorted-run.js';
import type { SortedRun } from './spec.js';
import { type SpilledRows, segmentsBetween, together } from './spilled.js';
import type { TaskRequest, TaskResult } from './task.js';
import type { TaskEnvironment } from './task-environment.js';

/** Room for pieces is a multiple of this, so that one piece can take the place of another. */
const SLOT_BYTES = 1 << 13;
/** Where an entry says which run it is of, while they are merged, and whether it is what is looked for. */
const BORDER = 2 ** 31;

/** What is in memory of a piece of a run, and not written yet. */
interface Held {
  entries: number;
  count: number;
  /** Room to give back. */
  readonly slots: readonly number[];
}

/**
 * Merges sorted runs into one on disk. Pieces are read once, in the order of their first rows, some at a time: what comes
 * before the first row of the last one is written, the rest waits, of each run a piece and no more.
 */
export function mergeRuns(environment: TaskEnvironment, request: TaskRequest): TaskResult {
  const { programs, platform, thread } = environment;
  const { input, spec } = request;
  if (input.kind !== 'sorted' || input.atOnce === undefined) throw engineBug('runs to merge expected');
  const started = platform.clock.monotonic();
  const { runs, order, atOnce } = input;
  const { heap } = programs;
  const cuts = { runs, order, settings: spec.settings, arena: request.outputArena };
  const pieces = orderPieces(programs, cuts, platform);
  new Arena(heap, request.outputArena, 'task output').release();
  const runOf = runs.flatMap((run, r) => Array.from({ length: piecesOf(run) }, () => r));
  const scratch = new Arena(heap, request.scratchArena, 'task');
  const metrics = newTaskMetrics();
  const name = `task-${request.task}-${request.attempt}.rows`;
  const place = { platform, directory: request.spill.directory, metrics, name };
  const layout = keptLayout(order.layout);
  const packed = Number(order.layout.packed !== undefined);
  const spiller = new (rowSpill().RowSpiller)(place, layout, scratch);
  const held = new HeldPieces(environment, request, scratch);
  const sort = sorter(programs, order, spec.settings);
  const [entries, spare] = [new Room(scratch), new Room(scratch)];
  const written: SpilledRows[] = [];
  try {
    for (let from = 0; from < pieces.length; from += atOnce) {
      environment.checkCancelled();
      const numbers = [...pieces.subarray(from, from + atOnce)].map((piece) => runOf[piece] as number);
      const last = held.read(numbers);
      const { count } = held;
      const at = entries.of(count * ENTRY_BYTES);
      const border = held.copy(at, last);
      const sorted = sort(at, count, spare.of(scratchBytes(count)));
      const isLast = from + atOnce >= pieces.length;
      const ready = isLast ? count : placeOf(heap, { entries: sorted, count }, border);
      if (ready > 0) {
        const prefixes = (sorted === at ? spare : entries).of(0);
        // A list takes less than what the entries were sorted to or from.
        const list = prefixes + ready * 8;
        spillKernels(heap).list_entries(sorted, ready, list, prefixes, packed);
        written.push(spiller.writeRun(list, ready, prefixes, order.keyFields));
      }
      held.keep(sorted + ready * ENTRY_BYTES, count - ready);
    }
    spiller.close();
  } catch (error) {
    spiller.discard();
    throw error;
  }
  const rows = runs.reduce((n, run) => n + run.count, 0);
  const [spilled] = together(written);
  const merged = spilled === undefined ? [] : [{ entries: 0, count: rows, spilled }];
  const milliseconds = platform.clock.monotonic() - started;
  const output = { kind: 'rows', chunks: [], rows, keyMin: 0n, keyMax: 0n, runs: merged } as const;
  return { output, inputRows: rows, milliseconds, thread, metrics };
}

/** Where the entry that is marked, with such a prefix, came to lie. */
function placeOf(heap: SharedHeap, sorted: SortedRun, prefix: bigint): number {
  const { u32 } = heap;
  let place = lowerBound(heap, sorted, prefix);
  for (; place < sorted.count; place++)
    if ((u32[(sorted.entries + place * ENTRY_BYTES + MARK_AT) >>> 2] as number) >= BORDER) return place;
  throw engineBug('merged runs without their border');
}

/** The pieces of runs that are in memory, run by run. */
class HeldPieces {
  readonly #runs: readonly SortedRun[];
  readonly #held: Held[][];
  readonly #read: number[];
  readonly #free = new Map<number, number[]>();
  readonly #sizes = new Map<number, number>();
  readonly #layout;
  readonly #packed: number;
  readonly #unspiller;
  readonly #heap: SharedHeap;

  constructor(
    { platform }: TaskEnvironment,
    { input }: TaskRequest,
    private readonly arena: Arena,
  ) {
    if (input.kind !== 'sorted') throw engineBug('runs to merge expected');
    this.#runs = input.runs;
    this.#heap = arena.heap;
    this.#held = input.runs.map(() => []);
    this.#read = input.runs.map(() => 0);
    this.#layout = keptLayout(input.order.layout);
    this.#packed = Number(input.order.layout.packed !== undefined);
    this.#unspiller = spillReader(arena, platform, (bytes) => this.#take(bytes));
  }

  get count(): number {
    return this.#held.reduce((n, held) => held.reduce((m, { count }) => m + count, n), 0);
  }

  /** Reads the next piece of each of these runs; gives the address of the first entry of the last one. */
  read(numbers: readonly number[]): number {
    const more = this.#runs.map(() => 0);
    for (const r of numbers) more[r] = (more[r] as number) + 1;
    more.forEach((some, r) => {
      if (some === 0) return;
      const from = this.#read[r] as number;
      this.#held[r]?.push(...this.#pieces(this.#runs[r] as SortedRun, from, from + some));
      this.#read[r] = from + some;
    });
    return this.#held[numbers.at(-1) as number]?.at(-1)?.entries as number;
  }

  /** All entries, those of a run one after the other, each with the number of its run; gives the prefix of `last`, marked. */
  copy(to: number, last: number): bigint {
    const { u32, u64 } = this.#heap;
    let at = to;
    let border = to;
    this.#held.forEach((held, r) => {
      for (const { entries, count } of held) {
        if (entries === last) border = at;
        this.#heap.copy(at, entries, count * ENTRY_BYTES);
        const end = at + count * ENTRY_BYTES;
        for (; at < end; at += ENTRY_BYTES) u32[(at + MARK_AT) >>> 2] = r;
      }
    });
    u32[(border + MARK_AT) >>> 2] = (u32[(border + MARK_AT) >>> 2] as number) + BORDER;
    return u64[border >>> 3] as bigint;
  }

  /** Only these entries are still held: the last ones of each run. */
  keep(entries: number, count: number): void {
    const { u32 } = this.#heap;
    const left = this.#runs.map(() => 0);
    for (let at = entries, end = entries + count * ENTRY_BYTES; at < end; at += ENTRY_BYTES) {
      const r = (u32[(at + MARK_AT) >>> 2] as number) % BORDER;
      left[r] = (left[r] as number) + 1;
    }
    this.#held.forEach((held, r) => {
      let gone = held.reduce((n, piece) => n + piece.count, 0) - (left[r] as number);
      while (gone > 0) {
        const piece = held[0] as Held;
        const some = Math.min(gone, piece.count);
        piece.entries += some * ENTRY_BYTES;
        piece.count -= some;
        gone -= some;
        if (piece.count > 0) break;
        for (const slot of piece.slots) this.#give(slot);
        held.shift();
      }
    });
  }

  #pieces({ entries, count, spilled }: SortedRun, from: number, to: number): Held[] {
    if (spilled === undefined) {
      const [first, end] = [from * PIECE_ROWS, Math.min(count, to * PIECE_ROWS)];
      return [{ entries: entries + first * ENTRY_BYTES, count: end - first, slots: [] }];
    }
    return this.#unspiller
      .read(segmentsBetween(spilled, from, to), this.#layout)
      .map(({ address, prefixes, stride, rows }) => {
        const own = this.#take(rows * ENTRY_BYTES);
        spillKernels(this.#heap).make_entries(address, rows, stride, prefixes, own, this.#packed);
        return { entries: own, count: rows, slots: [address, own] };
      });
  }

  #take(bytes: number): number {
    const size = Math.ceil(bytes / SLOT_BYTES) * SLOT_BYTES;
    const slot = this.#free.get(size)?.pop() ?? this.arena.alloc(size);
    this.#sizes.set(slot, size);
    return slot;
  }

  #give(slot: number): void {
    const size = this.#sizes.get(slot) as number;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [slot]);
    else free.push(slot);
  }
}
