import {
  ALL_VALID_ADDRESS,
  type Arena,
  BATCH_ROWS,
  type Column,
  type Dictionary,
  type SharedHeap,
} from '../../base/index.js';
import { instantiate } from '../../wasm/index.js';
import { compileIntern, INTERN, type InternKernel } from '../compile/intern-module.js';
import { ranksOf, sortedTexts } from './sorted-dictionary.js';

/** Dictionaries beyond this many texts are not worth their codes. */
const MOST_TEXTS = 1 << 20;
/** How soon texts that hardly repeat are given up: after so many rows, with more than this share of them different. */
const FIRST_LOOK = { rows: 1 << 17, share: 0.85 } as const;
const SECOND_LOOK = { rows: 1 << 20, share: 0.3 } as const;
const FIRST_CAPACITY = 1 << 12;
const FIRST_ROOM = 1 << 17;

/** One dictionary for all columns, and the numbers of each column's rows as u32 from an address. */
export interface Interned {
  readonly dictionary: Dictionary;
  /** The code of each number, where they are not the same: the dictionary is sorted. */
  readonly ranks?: Uint32Array | undefined;
  readonly codes: readonly number[];
  /** Frees the codes: the dictionary stays. */
  release(): void;
}

/** Numbers the texts of several columns; undefined when too few of them repeat. */
export async function internStrings(
  columns: readonly Column[],
  arena: Arena,
  breathe: () => Promise<void>,
): Promise<Interned | undefined> {
  const table = new InternTable(arena.heap);
  let interned: Interned | undefined;
  try {
    const codes: number[] = [];
    let rows = 0;
    for (const column of columns) {
      codes.push(table.add(column));
      rows += column.length;
      if (!table.isWorthIt(rows)) return undefined;
      await breathe();
    }
    // Texts that hardly repeat gain nothing, but those of small frames are mostly joined to many rows each.
    if (table.count * 2 <= rows || rows <= BATCH_ROWS)
      interned = { ...table.finish(arena), codes, release: () => table.release() };
    return interned;
  } finally {
    if (interned === undefined) table.release();
  }
}

class InternTable {
  readonly #scratch: Arena;
  readonly #block: number;
  readonly #kernel: InternKernel;
  #capacity = FIRST_CAPACITY;

  constructor(private readonly heap: SharedHeap) {
    this.#scratch = heap.newArena('dictionary');
    this.#kernel = instantiate<InternKernel & object>(
      new WebAssembly.Module(compileIntern(heap.hashSeed)),
      heap.memory,
      {
        more_heap: () => undefined,
        call_js: () => undefined,
      },
    ).exports;
    this.#block = this.#scratch.allocZeroed(INTERN.bytes);
    this.#set(INTERN.DATA, this.#scratch.alloc(FIRST_ROOM));
    this.#set(INTERN.ROOM, FIRST_ROOM);
    this.#grow(FIRST_CAPACITY);
  }

  get count(): number {
    return this.#get(INTERN.COUNT);
  }

  isWorthIt(rows: number): boolean {
    const { count } = this;
    if (count > MOST_TEXTS) return false;
    if (rows >= SECOND_LOOK.rows) return count <= rows * SECOND_LOOK.share;
    return rows < FIRST_LOOK.rows || count <= rows * FIRST_LOOK.share;
  }

  /** Codes of a column's rows. A column that has a dictionary is read through the codes of its texts. */
  add(column: Column): number {
    const { u32 } = this.heap;
    const codes = this.#scratch.alloc(Math.max(BATCH_ROWS, column.length) * 4);
    if (column.storage === 'none') {
      u32.fill(0, codes >>> 2, (codes >>> 2) + column.length);
      return codes;
    }
    const { dictionary } = column;
    if (dictionary === undefined) {
      this.#intern(column.offsets, column.data, column.validity || ALL_VALID_ADDRESS, column.length, codes);
      return codes;
    }
    const entries = this.#scratch.alloc(dictionary.count * 4);
    for (let from = 0; from < dictionary.count; from += BATCH_ROWS) {
      const some = Math.min(BATCH_ROWS, dictionary.count - from);
      this.#intern(dictionary.offsets + from * 4, dictionary.data, ALL_VALID_ADDRESS, some, entries + from * 4);
    }
    const of = codesOf(this.heap, column);
    for (let i = 0; i < column.length; i++) {
      const code = of(i);
      u32[(codes >>> 2) + i] = code < dictionary.count ? (u32[(entries >>> 2) + code] as number) : 0;
    }
    return codes;
  }

  #intern(offsets: number, data: number, validity: number, rows: number, codes: number): void {
    let from = 0;
    for (;;) {
      from = this.#kernel.intern(this.#block, offsets, data, validity, from, rows, codes) >>> 0;
      if (from >= rows) return;
      const at = (offsets >>> 2) + from;
      const length = (this.heap.u32[at + 1] as number) - (this.heap.u32[at] as number);
      if (this.count >= this.#capacity) this.#grow(this.#capacity * 4);
      else this.#moreRoom(length);
    }
  }

  #moreRoom(length: number): void {
    const used = this.#get(INTERN.USED);
    const room = Math.max(this.#get(INTERN.ROOM) * 2, used + length + FIRST_ROOM);
    const data = this.#scratch.alloc(room);
    const old = this.#get(INTERN.DATA);
    this.heap.copy(data, old, used);
    this.#set(INTERN.DATA, data);
    this.#set(INTERN.ROOM, room);
  }

  #grow(capacity: number): void {
    const { u32 } = this.heap;
    const { count } = this;
    const ends = this.#scratch.allocZeroed((capacity + 1) * 4);
    const hashes = this.#scratch.alloc(capacity * 4);
    const [oldEnds, oldHashes] = [this.#get(INTERN.ENDS), this.#get(INTERN.HASHES)];
    if (oldEnds !== 0) {
      u32.copyWithin(ends >>> 2, oldEnds >>> 2, (oldEnds >>> 2) + count + 1);
      u32.copyWithin(hashes >>> 2, oldHashes >>> 2, (oldHashes >>> 2) + count);
    }
    const mask = capacity * 2 - 1;
    const slots = this.#scratch.allocZeroed(capacity * 2 * 8) >>> 2;
    for (let i = 0; i < count; i++) {
      const hash = u32[(hashes >>> 2) + i] as number;
      let slot = hash & mask;
      while (u32[slots + slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
      u32[slots + slot * 2] = hash;
      u32[slots + slot * 2 + 1] = i + 1;
    }
    this.#capacity = capacity;
    this.#set(INTERN.SLOTS, slots * 4);
    this.#set(INTERN.MASK, mask);
    this.#set(INTERN.CAPACITY, capacity);
    this.#set(INTERN.ENDS, ends);
    this.#set(INTERN.HASHES, hashes);
  }

  /** The dictionary in memory of its own. Entry 0 can be read even when there is none: null rows have its code. */
  finish(arena: Arena): Pick<Interned, 'dictionary' | 'ranks'> {
    const { u8, u32 } = this.heap;
    const { count } = this;
    const used = this.#get(INTERN.USED);
    const data = arena.alloc(used);
    const offsets = arena.alloc((count + 2) * 4);
    const [from, ends] = [this.#get(INTERN.DATA), this.#get(INTERN.ENDS) >>> 2];
    const start = (text: number): number => from + (u32[ends + text] as number);
    const order = sortedTexts(this.heap, count, (text) => [start(text), start(text + 1)]);
    if (order === undefined) {
      this.heap.copy(data, from, used);
      u32.copyWithin(offsets >>> 2, ends, ends + count + 1);
    } else {
      let at = 0;
      for (const [i, text] of order.entries()) {
        u32[(offsets >>> 2) + i] = at;
        u8.copyWithin(data + at, start(text), start(text + 1));
        at += start(text + 1) - start(text);
      }
      u32[(offsets >>> 2) + count] = used;
    }
    u32[(offsets >>> 2) + count + 1] = used;
    const id = arena.heap.newDictionaryId();
    const dictionary = { id, count, offsets, data, sorted: order !== undefined };
    return { dictionary, ranks: order === undefined || count === 0 ? undefined : ranksOf(order) };
  }

  release(): void {
    this.#scratch.release();
  }

  #get(offset: number): number {
    return this.heap.u32[(this.#block + offset) >>> 2] as number;
  }

  #set(offset: number, value: number): void {
    this.heap.u32[(this.#block + offset) >>> 2] = value;
  }
}

function codesOf(heap: SharedHeap, { storage, data }: Column): (row: number) => number {
  if (storage === 'u8') return (row) => heap.u8[data + row] as number;
  if (storage === 'u16') return (row) => heap.u16[(data >>> 1) + row] as number;
  return (row) => heap.u32[(data >>> 2) + row] as number;
}
