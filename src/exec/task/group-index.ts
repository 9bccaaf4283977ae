import type { Arena, SharedHeap } from '../../base/index.js';
import type { GroupAddressing } from '../compile/group-table.js';
import type { RowKernels } from '../compile/kernels.js';
import { PIPE } from '../compile/state-layout.js';
import { totalRows } from './row-store.js';
import type { RowChunk } from './spec.js';

const FIRST_SLOTS = 256;
/** A task's own index stays in the cache; beyond it groups are handed on and the index starts anew. */
const LARGEST_LOCAL_SLOTS = 1 << 16;

/** One of so many places of an index taken. */
const MANY = 4;

/** The index over a task's group rows: hash slots or a dense array. */
export class GroupIndex {
  /** Times the index was started anew: with more than one, a group may have several rows. */
  generations = 1;
  #slots = FIRST_SLOTS;

  constructor(
    private readonly heap: SharedHeap,
    private readonly kernels: () => RowKernels,
    private readonly arena: Arena,
    private readonly state: number,
    private readonly addressing: GroupAddressing,
    private readonly denseSlots: number,
    /** A merge keeps every group in one index. */
    private readonly unbounded: boolean,
  ) {
    this.#start();
  }

  /** The index is full: make it larger, or start anew. */
  grow(chunks: () => readonly RowChunk[]): void {
    if (!this.unbounded && this.#slots >= LARGEST_LOCAL_SLOTS) {
      this.restart();
      return;
    }
    const rows = chunks();
    const total = totalRows(rows);
    this.#slots *= this.unbounded ? 4 : 2;
    this.#rebuild(rows, total);
  }

  /** Room for this many groups, known to be coming. */
  reserve(groups: number, chunks: () => readonly RowChunk[]): void {
    if (this.addressing.kind === 'hash' && this.#slots < groups * 2) this.#rebuild(chunks(), groups);
  }

  /**
   * At the end of a batch: once the index was too small, a generation that has many groups ends here. Gives whether a new
   * one begins. Batches are cut by the data, so that it does not depend on memory which rows meet in one group row.
   */
  settle(): boolean {
    const groups = this.#word(PIPE.GROUPS);
    if (this.generations > 1 && groups * MANY >= this.#word(PIPE.GROUP_LIMIT)) this.restart();
    else return groups === 0;
    return true;
  }

  #rebuild(rows: readonly RowChunk[], groups: number): void {
    while (this.#slots < groups * 2) this.#slots *= 2;
    this.#allocateSlots();
    const index = this.#word(PIPE.INDEX);
    for (const { address, rows: count, stride } of rows)
      this.kernels().index_rows(address, count, stride, index, this.#slots - 1);
  }

  /** Forgets where groups are; their rows stay. */
  restart(): void {
    this.generations++;
    this.#start();
  }

  #start(): void {
    const { addressing } = this;
    if (addressing.kind === 'single') this.#set(PIPE.INDEX, 0);
    else if (this.generations > 1) {
      const bytes = addressing.kind === 'dense' ? this.denseSlots * 4 : this.#slots * 8;
      this.heap.fill(0, this.#word(PIPE.INDEX), bytes);
    } else if (addressing.kind === 'dense') this.#set(PIPE.INDEX, this.arena.allocZeroed(this.denseSlots * 4));
    else this.#allocateSlots();
    this.#set(PIPE.GROUPS, 0);
  }

  #allocateSlots(): void {
    this.#set(PIPE.INDEX, this.arena.allocZeroed(this.#slots * 8));
    this.#set(PIPE.INDEX_MASK, this.#slots - 1);
    this.#set(PIPE.GROUP_LIMIT, this.#slots / 2);
  }

  #word(offset: number): number {
    return this.heap.u32[(this.state + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.heap.u32[(this.state + offset) >>> 2] = value;
  }
}
