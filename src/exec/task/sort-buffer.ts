import type { Arena } from '../../base/index.js';
import type { EvalSettings } from '../../functions/expression.js';
import { RADIX_BYTES } from '../compile/radix-sort.js';
import { ENTRY_BYTES } from '../compile/sort-entry.js';
import { compileSort } from '../compile/sort-module.js';
import { PIPE } from '../compile/state-layout.js';
import { type Programs, planKey } from './programs.js';
import type { SinkSpec, SortedRun } from './spec.js';

/** Sorts `count` entries; gives the address where they lie sorted (`entries` or `scratch`). */
export type SortEntries = (entries: number, count: number, scratch: number) => number;

/** What sorting so many entries needs beside them. */
export const scratchBytes = (entries: number): number => entries * ENTRY_BYTES + RADIX_BYTES;

const FIRST_ENTRIES = 1024;
/** A top-k keeps at least this many candidates before it sorts them out: the sooner, the fewer it keeps at all. */
const TOP_K_BUFFER = 2048;
const SAMPLES = 64;

export function sorter(
  programs: Programs,
  spec: Extract<SinkSpec, { kind: 'sort' }>,
  settings: EvalSettings,
): SortEntries {
  const { layout, keys, keyColumns, keyFields } = spec;
  const build = (): Uint8Array => compileSort(spec, settings);
  const { sort } = programs.generated<{ sort: SortEntries }>(
    `sort ${planKey([layout, keys, keyColumns, keyFields])}`,
    build,
  );
  return (entries, count, scratch) => sort(entries, count, scratch) >>> 0;
}

/** The entries of one task's sort: one run in the end. */
export class SortBuffer {
  #entries = 0;
  #capacity = 0;
  /** Room to sort in. */
  #other = 0;
  #otherCapacity = 0;
  readonly #sort: SortEntries;

  constructor(
    private readonly programs: Programs,
    private readonly spec: Extract<SinkSpec, { kind: 'sort' }>,
    settings: EvalSettings,
    private readonly state: number,
    private readonly scratch: Arena,
    private readonly output: Arena,
  ) {
    this.#sort = sorter(programs, spec, settings);
  }

  /** Entries are full: keep the best (top-k), or make room for twice as many. */
  more(): void {
    const count = this.#count();
    const { limit } = this.spec;
    if (limit !== undefined && count >= Math.max(TOP_K_BUFFER, limit * 4)) {
      this.#keepBest(limit);
      return;
    }
    const capacity = Math.max(FIRST_ENTRIES, this.#capacity * 2);
    const entries = this.output.alloc(capacity * ENTRY_BYTES);
    this.programs.heap.u8.copyWithin(entries, this.#entries, this.#entries + count * ENTRY_BYTES);
    this.#use(entries, count, capacity);
  }

  finish(): SortedRun & { splitters: readonly bigint[] } {
    const { limit } = this.spec;
    this.#sortAll();
    const count = Math.min(this.#count(), limit ?? Number.POSITIVE_INFINITY);
    const { u64 } = this.programs.heap;
    const splitters: bigint[] = [];
    for (let s = 1; s < SAMPLES && count >= SAMPLES; s++) {
      splitters.push(u64[(this.#entries + Math.floor((count * s) / SAMPLES) * ENTRY_BYTES) >>> 3] as bigint);
    }
    return { entries: this.#entries, count, splitters };
  }

  /** Forgets the entries; their memory is the caller's to release. */
  clear(): void {
    this.#use(0, 0, 0);
  }

  #keepBest(limit: number): void {
    this.#sortAll();
    const { u64 } = this.programs.heap;
    u64[(this.state + PIPE.THRESHOLD) >>> 3] = u64[(this.#entries + (limit - 1) * ENTRY_BYTES) >>> 3] as bigint;
    this.#use(this.#entries, limit, this.#capacity);
  }

  #sortAll(): void {
    const count = this.#count();
    if (count === 0) return;
    if (this.#capacity > this.#otherCapacity) {
      this.#other = this.scratch.alloc(scratchBytes(this.#capacity));
      this.#otherCapacity = this.#capacity;
    }
    const other = this.#other;
    const sorted = this.#sort(this.#entries, count, other);
    if (sorted !== this.#entries) this.programs.heap.u8.copyWithin(this.#entries, sorted, sorted + count * ENTRY_BYTES);
  }

  #count(): number {
    return this.#entries === 0 ? 0 : (this.#word(PIPE.ENTRY_NEXT) - this.#entries) / ENTRY_BYTES;
  }

  #use(entries: number, count: number, capacity: number): void {
    this.#entries = entries;
    this.#capacity = capacity;
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
