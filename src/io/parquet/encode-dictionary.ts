const FIRST_SLOTS = 1024;
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

const mix = (low: number, high: number): number => {
  let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 13);
};

/** Distinct values of one or two 32-bit words, numbered in order of appearance. */
export class WordDictionary {
  count = 0;
  #words: Int32Array;
  #slots = new Int32Array(FIRST_SLOTS).fill(EMPTY);

  /** `words`: 1 or 2 for each value. */
  constructor(readonly words: 1 | 2) {
    this.#words = new Int32Array(FIRST_SLOTS * words);
  }

  get bytes(): number {
    return this.count * this.words * 4;
  }

  /** Codes of `count` values, into `codes` from `at`. */
  encode(values: Int32Array, count: number, codes: Uint32Array, at: number): void {
    if (this.words === 1) this.#encodeWords(values, count, codes, at);
    else this.#encodePairs(values, count, codes, at);
  }

  #encodeWords(values: Int32Array, count: number, codes: Uint32Array, at: number): void {
    let [words, slots, mask] = [this.#words, this.#slots, this.#slots.length - 1];
    for (let i = 0; i < count; i++) {
      const low = values[i] as number;
      let slot = mix(low, 0) & mask;
      let code = slots[slot] as number;
      while (code !== EMPTY && words[code] !== low) {
        slot = (slot + 1) & mask;
        code = slots[slot] as number;
      }
      if (code === EMPTY) {
        code = this.#add(slot, low, 0);
        [words, slots, mask] = [this.#words, this.#slots, this.#slots.length - 1];
      }
      codes[at + i] = code;
    }
  }

  #encodePairs(values: Int32Array, count: number, codes: Uint32Array, at: number): void {
    let [words, slots, mask] = [this.#words, this.#slots, this.#slots.length - 1];
    for (let i = 0; i < count; i++) {
      const [low, high] = [values[2 * i] as number, values[2 * i + 1] as number];
      let slot = mix(low, high) & mask;
      let code = slots[slot] as number;
      while (code !== EMPTY && (words[2 * code] !== low || words[2 * code + 1] !== high)) {
        slot = (slot + 1) & mask;
        code = slots[slot] as number;
      }
      if (code === EMPTY) {
        code = this.#add(slot, low, high);
        [words, slots, mask] = [this.#words, this.#slots, this.#slots.length - 1];
      }
      codes[at + i] = code;
    }
  }

  /** The values in order, as their bytes. */
  plain(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, this.bytes);
  }

  values(): Int32Array {
    return this.#words;
  }

  #add(slot: number, low: number, high: number): number {
    const code = this.count++;
    if ((code + 1) * this.words > this.#words.length) {
      const grown = new Int32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[code * this.words] = low;
    if (this.words === 2) this.#words[2 * code + 1] = high;
    this.#slots[slot] = code;
    if (this.count * 2 > this.#slots.length) {
      const words = this.#words;
      const two = this.words === 2;
      this.#slots = rehash(this.#slots, this.count, (c) =>
        two ? mix(words[2 * c] as number, words[2 * c + 1] as number) : mix(words[c] as number, 0),
      );
    }
    return code;
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
