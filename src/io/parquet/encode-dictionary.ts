import type { SharedHeap } from '../../base/index.js';
import { bitWidth } from './encode-hybrid.js';
import { type EncodeKernels, encodeKernels } from './encode-kernels.js';
import type { GrowingBytes, Room } from './growing-bytes.js';

const FIRST_SLOTS = 1024;
/** Few: many files may be written at once. */
const FIRST_WORD_SLOTS = 256;
const EMPTY = -1;

/** The next slot table, twice as large, with every code in the place its hash asks for. */
function rehash(slots: Int32Array, count: number, hashOf: (code: number) => number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(slots.length * 2).fill(EMPTY);
  const mask = grown.length - 1;
  for (let code = 0; code < count; code++) {
    let slot = hashOf(code) & mask;
    while (grown[slot] !== EMPTY) slot = (slot + 1) & mask;
    grown[slot] = code;
  }
  return grown;
}

/** Distinct values of one or two 32-bit words, numbered in order of appearance. All of it lies in the heap. */
export class WordDictionary {
  readonly #heap: SharedHeap;
  readonly #width: 4 | 8;
  readonly #kernels: EncodeKernels;
  /** Address of how many values there are. */
  readonly #state: number;
  #words: number;
  #slots: number;
  #mask = FIRST_WORD_SLOTS - 1;

  /** `words`: 1 or 2 for each value. */
  constructor(
    readonly words: 1 | 2,
    private readonly room: Room,
  ) {
    this.#heap = room.heap;
    this.#width = words === 1 ? 4 : 8;
    this.#kernels = encodeKernels(room.heap);
    this.#state = room.take(16);
    this.#words = room.take((FIRST_WORD_SLOTS / 2) * this.#width);
    this.#slots = room.take(FIRST_WORD_SLOTS * 4);
    this.clear();
  }

  get count(): number {
    return this.#heap.u32[this.#state >>> 2] as number;
  }

  get bytes(): number {
    return this.count * this.#width;
  }

  /** Forgets all values; what they took is used again. */
  clear(): void {
    this.#heap.u32[this.#state >>> 2] = 0;
    this.#heap.fill(0xff, this.#slots, (this.#mask + 1) * 4);
  }

  /** Numbers of `count` values at an address, to another. */
  encode(source: number, count: number, codes: number): void {
    const kernel = this.#kernels[`encode${this.#width}`];
    for (let done = 0; done < count; ) {
      const [from, to] = [source + done * this.#width, codes + done * 4];
      done += kernel(from, count - done, to, this.#words, this.#slots, this.#mask, this.#state);
      if (done < count) this.#grow();
    }
  }

  #grow(): void {
    const [old, size] = [this.#mask + 1, (this.#mask + 1) * 4];
    const [bytes, used] = [(old / 2) * this.#width, this.bytes];
    const words = this.room.take(bytes * 4);
    this.#heap.copy(words, this.#words, used);
    this.#giveBack();
    this.#words = words;
    this.#slots = this.room.take(size * 4);
    this.#mask = size - 1;
    this.#heap.fill(0xff, this.#slots, size * 4);
    this.#kernels[`place${this.#width}`](words, this.count, this.#slots, this.#mask);
  }

  #giveBack(): void {
    const slots = this.#mask + 1;
    this.room.give(this.#words, (slots / 2) * this.#width);
    this.room.give(this.#slots, slots * 4);
  }

  /** Gives its room back; it is not used any more. */
  release(): void {
    this.#giveBack();
    this.room.give(this.#state, 16);
  }

  /** The values in order, as their bytes. */
  plain(): Uint8Array {
    return this.#heap.u8.subarray(this.#words, this.#words + this.bytes);
  }

  /** The values of codes, one behind the other. */
  gather(codes: Uint32Array, target: GrowingBytes): void {
    const { words } = this;
    const values = this.values();
    const at = target.take(codes.length * this.#width);
    // Taking room may have moved it.
    const from = (target.address + at) >>> 2;
    const { i32 } = this.#heap;
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] as number;
      i32[from + i * words] = values[code * words] as number;
      if (words === 2) i32[from + 2 * i + 1] = values[2 * code + 1] as number;
    }
  }

  values(): Int32Array {
    const from = this.#words >>> 2;
    return this.#heap.i32.subarray(from, from + this.count * this.words);
  }
}

/** Distinct byte strings, numbered in order of appearance and kept as Parquet's PLAIN encoding: length, bytes. */
export class BytesDictionary {
  count = 0;
  bytes = 0;
  #plain = Buffer.allocUnsafe(1 << 14);
  #starts = new Int32Array(FIRST_SLOTS);
  #hashes = new Int32Array(FIRST_SLOTS);
  #slots = new Int32Array(FIRST_SLOTS).fill(EMPTY);

  plain(): Uint8Array {
    return this.#plain.subarray(0, this.bytes);
  }

  /** Where an entry's bytes lie in `plain`. */
  entry(code: number): { readonly start: number; readonly end: number } {
    const start = (this.#starts[code] as number) + 4;
    return { start, end: start + this.#plain.readInt32LE(start - 4) };
  }

  code(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    let hash = length;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const code = this.#slots[slot] as number;
      if (code === EMPTY) break;
      if (this.#hashes[code] === hash && this.#equals(code, source, start, length)) return code;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, hash, source, start, length);
  }

  #equals(code: number, source: Uint8Array, start: number, length: number): boolean {
    const plain = this.#plain;
    const at = this.#starts[code] as number;
    if (plain.readInt32LE(at) !== length) return false;
    for (let i = 0; i < length; i++) if (plain[at + 4 + i] !== source[start + i]) return false;
    return true;
  }

  #add(slot: number, hash: number, source: Uint8Array, start: number, length: number): number {
    const code = this.count++;
    const needed = this.bytes + 4 + length;
    if (needed > this.#plain.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#plain.length * 2));
      grown.set(this.#plain.subarray(0, this.bytes));
      this.#plain = grown;
    }
    if (code === this.#starts.length) {
      this.#starts = grownTo(this.#starts, code * 2);
      this.#hashes = grownTo(this.#hashes, code * 2);
    }
    this.#starts[code] = this.bytes;
    this.#hashes[code] = hash;
    this.#plain.writeInt32LE(length, this.bytes);
    this.#plain.set(source.subarray(start, start + length), this.bytes + 4);
    this.bytes = needed;
    this.#slots[slot] = code;
    if (this.count * 2 > this.#slots.length)
      this.#slots = rehash(this.#slots, this.count, (c) => this.#hashes[c] as number);
    return code;
  }
}

function grownTo(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(array);
  return grown;
}

/** The first page must be at least this much smaller with a dictionary to keep it. */
const WORTHWHILE = 0.8;

/** Whether so many codes and the dictionary are smaller than the values as they are. */
export function isWorthwhile(dictionary: WordDictionary | BytesDictionary, codes: number): boolean {
  const width = Math.max(1, bitWidth(dictionary.count));
  const each =
    dictionary instanceof WordDictionary ? dictionary.words * 4 : dictionary.bytes / Math.max(1, dictionary.count);
  return dictionary.bytes + (codes * width) / 8 < each * codes * WORTHWHILE;
}
