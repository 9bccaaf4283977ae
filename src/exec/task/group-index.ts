import type { Arena, SharedHeap } from '../../base/index.js';
import type { GroupAddressing } from '../compile/group-table.js';
import { PIPE } from '../compile/state-layout.js';
import { GROUP_HEADER } from '../row-layout.js';
import type { RowChunk } from './spec.js';

const FIRST_SLOTS = 256;
/** A task's own index stays in the cache; beyond it groups are handed on and the index starts anew. */
const LARGEST_LOCAL_SLOTS = 1 << 16;

/** The index over a task's group rows: hash slots or a dense array. */
export class GroupIndex {
  /** Times the index was started anew: with more than one, a group may have several rows. */
  generations = 1;
  #slots = FIRST_SLOTS;

  constructor(
    private readonly heap: SharedHeap,
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
    const total = rows.reduce((n, c) => n + c.rows, 0);
    this.#slots *= this.unbounded ? 4 : 2;
    while (this.#slots < total * 2) this.#slots *= 2;
    this.#allocateSlots();
    const { u32 } = this.heap;
    const index = this.#word(PIPE.INDEX) >>> 2;
    const mask = this.#slots - 1;
    for (const chunk of rows) {
      for (let row = chunk.address, i = 0; i < chunk.rows; i++, row += chunk.stride) {
        const hash = u32[(row + GROUP_HEADER.HASH) >>> 2] as number;
        let slot = hash & mask;
        while (u32[index + slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
        u32[index + slot * 2] = hash;
        u32[index + slot * 2 + 1] = row;
      }
    }
  }

  /** Forgets where groups are; their rows stay. */
  restart(): void {
    this.generations++;
    this.#start();
  }

  #start(): void {
    const { addressing } = this;
    if (addressing.kind === 'single') this.#set(PIPE.INDEX, 0);
    else if (addressing.kind === 'dense') this.#set(PIPE.INDEX, this.arena.allocZeroed(this.denseSlots * 4));
    else if (this.generations === 1) this.#allocateSlots();
    else {
      const index = this.#word(PIPE.INDEX);
      this.heap.u8.fill(0, index, index + this.#slots * 8);
    }
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
