import type { Arena } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { PREFIX_BYTES } from '../compile/group-firsts.js';
import { RADIX_BYTES } from '../compile/radix-sort.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { compileSort } from '../compile/sort-module.js';
import { spillKernels } from '../compile/spill-kernels.js';
import { PIPE } from '../compile/state-layout.js';
import { limitGroups } from './limit-groups.js';
import { type Programs, planKey } from './programs.js';
import { Room } from './room.js';
import type { SortedRun, SortSinkSpec } from './spec.js';

/** Sorts `count` entries; gives the address where they lie sorted (`entries` or `scratch`). */
export type SortEntries = (entries: number, count: number, scratch: number) => number;

/** What sorting so many entries needs beside them. */
export const scratchBytes = (entries: number): number => entries * ENTRY_BYTES + RADIX_BYTES;

const FIRST_ENTRIES = 1024;
/** A top-k keeps at least this many candidates before it sorts them out: the sooner, the fewer it keeps at all. */
const TOP_K_BUFFER = 2048;
const SAMPLES = 64;

interface SortProgram {
  readonly sort: SortEntries;
  readonly leave_firsts?: (entries: number, count: number, firsts: number) => number;
}

function sortProgram(programs: Programs, spec: SortSinkSpec, settings: EvalSettings): SortProgram {
  const { layout, keys, keyColumns, keyFields, groupLimit } = spec;
  const key = planKey([layout, keys, keyColumns, keyFields, groupLimit]);
  return programs.generated<SortProgram>(`sort ${key}`, (): Uint8Array => compileSort(spec, settings));
}

export function sorter(programs: Programs, spec: SortSinkSpec, settings: EvalSettings): SortEntries {
  const { sort } = sortProgram(programs, spec, settings);
  return (entries, count, scratch) => sort(entries, count, scratch) >>> 0;
}

/** Entries that compiled code makes come in pieces of at most so many: what was filled is not copied to grow. */
const MOST_IN_PIECE = 1 << 16;

interface Piece {
  readonly entries: number;
  readonly capacity: number;
}

/** The entries of one task's sort: one run in the end. */
export class SortBuffer {
  readonly #sort: SortEntries;
  readonly #leaveFirsts: SortProgram['leave_firsts'];
  readonly #room: Room;
  /** Where entries are made, the last one at hand; those behind it wait to be used again. */
  readonly #pieces: Piece[] = [];
  #used = 0;

  constructor(
    private readonly programs: Programs,
    readonly spec: SortSinkSpec,
    settings: EvalSettings,
    private readonly state: number,
    private readonly scratch: Arena,
    private readonly output: Arena,
  ) {
    this.#sort = sorter(programs, spec, settings);
    this.#leaveFirsts = sortProgram(programs, spec, settings).leave_firsts;
    this.#room = new Room(scratch);
    const { groupLimit } = spec;
    if (groupLimit?.tabled === undefined) return;
    const bytes = (groupLimit.rows * PREFIX_BYTES) << groupLimit.tabled;
    const firsts = scratch.alloc(bytes);
    programs.heap.fill(0xff, firsts, bytes);
    this.#setWord(PIPE.FIRSTS, firsts);
  }

  /** Entries are full: keep the best (top-k), or make room for more. */
  more(): void {
    const count = this.count;
    const { limit } = this.spec;
    if (limit === undefined) return this.#use(this.#nextPiece(), 0);
    if (count >= Math.max(TOP_K_BUFFER, limit * 4)) return this.#keepBest(limit);
    const piece = this.#at;
    const larger = this.#fresh(Math.max(FIRST_ENTRIES, (piece?.capacity ?? 0) * 2));
    if (piece !== undefined) this.#copy(piece.entries, larger.entries, count);
    this.#pieces[0] = larger;
    this.#used = 1;
    this.#use(larger, count);
  }

  /** How many there are. */
  get count(): number {
    const full = this.#pieces.slice(0, Math.max(0, this.#used - 1)).reduce((n, { capacity }) => n + capacity, 0);
    const last = this.#at;
    return last === undefined ? 0 : full + (this.#word(PIPE.ENTRY_NEXT) - last.entries) / ENTRY_BYTES;
  }

  /** The entries are all there is of the rows. */
  get isPacked(): boolean {
    return this.spec.layout.packed !== undefined;
  }

  /** Room in which what was sorted is written to disk: for as many entries. */
  get spare(): Room {
    return this.#room;
  }

  /** Of a top-k what is among the best so far, in order. */
  best(): SortedRun {
    const { limit = Number.POSITIVE_INFINITY } = this.spec;
    if (this.count > limit) this.#keepBest(limit);
    return { entries: this.#at?.entries ?? 0, count: this.count };
  }

  /** Begins anew with the entries of rows one after the other, whose prefixes are told. */
  restart(rows: number, count: number, stride: number, prefixes: number): void {
    const piece = this.#fresh(Math.max(FIRST_ENTRIES, count));
    spillKernels(this.programs.heap).make_entries(rows, count, stride, prefixes, piece.entries, 0);
    this.#pieces[0] = piece;
    this.#used = 1;
    this.#use(piece, count);
  }

  finish(): SortedRun & { splitters: readonly bigint[] } {
    const { limit, groupLimit } = this.spec;
    const { heap } = this.programs;
    const [entries, all] = this.#allSorted();
    const most = groupLimit === undefined ? all : limitGroups(heap, entries, all, groupLimit);
    const count = Math.min(most, limit ?? Number.POSITIVE_INFINITY);
    const { u64 } = heap;
    const splitters: bigint[] = [];
    for (let s = 1; s < SAMPLES && count >= SAMPLES; s++) {
      splitters.push(u64[(entries + Math.floor((count * s) / SAMPLES) * ENTRY_BYTES) >>> 3] as bigint);
    }
    return { entries, count, splitters };
  }

  #allSorted(): readonly [entries: number, count: number] {
    const { count } = this;
    return count === 0 ? [0, 0] : this.#sorted(count);
  }

  /** Forgets the entries: what `finish` gave is the caller's to release. */
  clear(): void {
    this.#used = 0;
    this.#use({ entries: 0, capacity: 0 }, 0);
  }

  get #at(): Piece | undefined {
    return this.#used === 0 ? undefined : this.#pieces[this.#used - 1];
  }

  #nextPiece(): Piece {
    const { capacity } = this.#at ?? { capacity: FIRST_ENTRIES / 2 };
    this.#pieces[this.#used] ??= this.#fresh(Math.min(MOST_IN_PIECE, capacity * 2));
    return this.#pieces[this.#used++] as Piece;
  }

  #fresh(capacity: number): Piece {
    // The best few stay where they are.
    const arena = this.spec.limit === undefined ? this.scratch : this.output;
    return { entries: arena.alloc(capacity * ENTRY_BYTES), capacity };
  }

  #keepBest(limit: number): void {
    const { entries, capacity } = this.#at as Piece;
    const [sorted] = this.#sorted(this.count);
    const { u64 } = this.programs.heap;
    u64[(this.state + PIPE.THRESHOLD) >>> 3] = u64[(sorted + (limit - 1) * ENTRY_BYTES) >>> 3] as bigint;
    this.#use({ entries, capacity }, limit);
  }

  /** All of them in order, side by side where the task's results are; the best so far where they were made. */
  #sorted(all: number): readonly [entries: number, count: number] {
    const isTopK = this.spec.limit !== undefined;
    const entries = isTopK ? (this.#at as Piece).entries : this.output.alloc(all * ENTRY_BYTES);
    if (!isTopK) this.#collect(entries, all);
    const count = this.#leaveFirsts?.(entries, all, this.#word(PIPE.FIRSTS)) ?? all;
    const sorted = this.#sort(entries, count, this.#room.of(scratchBytes(count)));
    if (sorted !== entries) this.#copy(sorted, entries, count);
    return [entries, count];
  }

  #collect(to: number, count: number): void {
    let [at, left] = [to, count];
    for (const { entries, capacity } of this.#pieces.slice(0, this.#used)) {
      const some = Math.min(capacity, left);
      this.#copy(entries, at, some);
      at += some * ENTRY_BYTES;
      left -= some;
    }
  }

  #copy(from: number, to: number, count: number): void {
    this.programs.heap.copy(to, from, count * ENTRY_BYTES);
  }

  #use({ entries, capacity }: Piece, count: number): void {
    this.#setWord(PIPE.ENTRY_NEXT, entries + count * ENTRY_BYTES);
    this.#setWord(PIPE.ENTRY_END, entries + capacity * ENTRY_BYTES);
  }

  #word(offset: number): number {
    return this.programs.heap.u32[(this.state + offset) >>> 2] as number;
  }

  #setWord(offset: number, value: number): void {
    this.programs.heap.u32[(this.state + offset) >>> 2] = value;
  }
}
