import { type BytesDictionary, WordDictionary } from './encode-dictionary.js';

/** Longer bounds are left out of the footer, which is no place for documents, and cut in the page index. */
const MAX_BOUND_BYTES = 256;
const MAX_INDEX_BYTES = 64;

/** The least and greatest of some values, as they lie in a page. */
export interface MinMax {
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

/** Bounds of a chunk as its statistics hold them. */
export function footerBounds({ min, max }: MinMax): MinMax {
  if (min === undefined || max === undefined || min.length > MAX_BOUND_BYTES || max.length > MAX_BOUND_BYTES) return {};
  return { min, max };
}

/** Bounds of a page of byte strings as its index holds them: what is cut from a greatest one is rounded up. */
export function indexBounds({ min, max }: MinMax): MinMax {
  if (min === undefined || max === undefined) return {};
  if (max.length <= MAX_INDEX_BYTES) return { min: cut(min), max };
  let end = MAX_INDEX_BYTES;
  // Readers may take it for text: it is cut where a character begins, and raised at a byte of ASCII.
  while (end > 0 && (max[end - 1] as number) >= 0x7f) end--;
  if (end === 0) return {};
  const raised = max.slice(0, end);
  raised[end - 1] = (raised[end - 1] as number) + 1;
  return { min: cut(min), max: raised };
}

/** The beginning of a text, without a part of a character. */
function cut(bytes: Uint8Array): Uint8Array {
  let end = Math.min(bytes.length, MAX_INDEX_BYTES);
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** The least and greatest value of what is added. */
export interface Bounds {
  addWords(words: Int32Array, count: number): void;
  addBytes(source: Uint8Array, start: number, end: number): void;
  /** The entries that `codes` name. */
  addEntries(dictionary: WordDictionary | BytesDictionary, codes: Uint32Array, count: number): void;
  /** One value in its PLAIN form, without a length. */
  addPlain(bytes: Uint8Array): void;
  /** The bounds of what was added, which is then forgotten. */
  take(): MinMax;
}

abstract class DictionaryBounds implements Bounds {
  addWords(_words: Int32Array, _count: number): void {}

  addBytes(_source: Uint8Array, _start: number, _end: number): void {}

  addEntries(dictionary: WordDictionary | BytesDictionary, codes: Uint32Array, count: number): void {
    const isLarge = dictionary.count > count;
    const seen = new Uint8Array(isLarge ? 0 : dictionary.count);
    if (!isLarge) for (let i = 0; i < count; i++) seen[codes[i] as number] = 1;
    if (dictionary instanceof WordDictionary) {
      const { words: width } = dictionary;
      const values = dictionary.values();
      const kept = new Int32Array(Math.min(count, dictionary.count) * width);
      const most = isLarge ? count : dictionary.count;
      let at = 0;
      for (let i = 0; i < most; i++) {
        if (!isLarge && seen[i] === 0) continue;
        // Of few different values each is looked at once.
        const code = isLarge ? (codes[i] as number) : i;
        kept[at++] = values[code * width] as number;
        if (width === 2) kept[at++] = values[2 * code + 1] as number;
      }
      this.addWords(kept, at / width);
      return;
    }
    const plain = dictionary.plain();
    const most = isLarge ? count : dictionary.count;
    for (let i = 0; i < most; i++) {
      if (!isLarge && seen[i] === 0) continue;
      const { start, end } = dictionary.entry(isLarge ? (codes[i] as number) : i);
      this.addBytes(plain, start, end);
    }
  }

  addPlain(bytes: Uint8Array): void {
    if (this.isWords) this.addWords(new Int32Array(Uint8Array.from(bytes).buffer), 1);
    else this.addBytes(bytes, 0, bytes.length);
  }

  protected readonly isWords: boolean = false;

  abstract take(): MinMax;
}

/** Signed integers of 32 or 64 bits. */
export class WordBounds extends DictionaryBounds {
  protected override readonly isWords = true;
  #any = false;
  #min: [low: number, high: number] = [0, 0];
  #max: [low: number, high: number] = [0, 0];

  constructor(private readonly words: 1 | 2) {
    super();
  }

  override addWords(words: Int32Array, count: number): void {
    if (count === 0) return;
    const two = this.words === 2;
    const at = (i: number): [number, number] =>
      two ? [words[2 * i] as number, words[2 * i + 1] as number] : [words[i] as number, 0];
    if (!this.#any) this.#min = this.#max = at(0);
    this.#any = true;
    let [minLow, minHigh] = this.#min;
    let [maxLow, maxHigh] = this.#max;
    if (two) {
      for (let i = 0; i < count; i++) {
        const low = words[2 * i] as number;
        const high = words[2 * i + 1] as number;
        if (high < minHigh || (high === minHigh && low >>> 0 < minLow >>> 0)) [minLow, minHigh] = [low, high];
        if (high > maxHigh || (high === maxHigh && low >>> 0 > maxLow >>> 0)) [maxLow, maxHigh] = [low, high];
      }
    } else {
      for (let i = 0; i < count; i++) {
        const low = words[i] as number;
        if (low < minLow) minLow = low;
        if (low > maxLow) maxLow = low;
      }
    }
    this.#min = [minLow, minHigh];
    this.#max = [maxLow, maxHigh];
  }

  take(): MinMax {
    if (!this.#any) return {};
    this.#any = false;
    const bytes = (pair: [number, number]) => new Uint8Array(new Int32Array(pair).buffer, 0, this.words * 4);
    return { min: bytes(this.#min), max: bytes(this.#max) };
  }
}

/** Floating numbers. A NaN has no place in their order, so with one among them nothing is said. */
export class NumberBounds extends DictionaryBounds {
  protected override readonly isWords = true;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #any = false;
  #notANumber = false;

  constructor(private readonly physical: 'float' | 'double') {
    super();
  }

  override addWords(words: Int32Array, count: number): void {
    const values =
      this.physical === 'float'
        ? new Float32Array(words.buffer, words.byteOffset, count)
        : new Float64Array(words.buffer, words.byteOffset, count);
    let { min, max } = { min: this.#min, max: this.#max };
    for (let i = 0; i < count; i++) {
      const value = values[i] as number;
      if (value < min) min = value;
      if (value > max) max = value;
      if (Number.isNaN(value)) this.#notANumber = true;
    }
    this.#min = min;
    this.#max = max;
    this.#any ||= count > 0;
  }

  take(): MinMax {
    const usable = this.#any && !this.#notANumber;
    // Both zeros are equal to those who ask: the bounds must hold for either.
    const [min, max] = [this.#min === 0 ? -0 : this.#min, this.#max === 0 ? 0 : this.#max];
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    this.#any = this.#notANumber = false;
    if (!usable) return {};
    const bytes = (value: number) =>
      new Uint8Array(this.physical === 'float' ? new Float32Array([value]).buffer : new Float64Array([value]).buffer);
    return { min: bytes(min), max: bytes(max) };
  }
}

/** Byte strings in the order of their bytes. */
export class BytesBounds extends DictionaryBounds {
  #min: Uint8Array | undefined;
  #max: Uint8Array | undefined;

  override addBytes(source: Uint8Array, start: number, end: number): void {
    if (this.#min === undefined || compare(source, start, end, this.#min) < 0) this.#min = source.slice(start, end);
    if (this.#max === undefined || compare(source, start, end, this.#max) > 0) this.#max = source.slice(start, end);
  }

  take(): MinMax {
    const [min, max] = [this.#min, this.#max];
    this.#min = this.#max = undefined;
    return min === undefined || max === undefined ? {} : { min, max };
  }
}

function compare(source: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const length = Math.min(end - start, other.length);
  for (let i = 0; i < length; i++) {
    const difference = (source[start + i] as number) - (other[i] as number);
    if (difference !== 0) return difference;
  }
  return end - start - other.length;
}

/** Booleans, each a byte, and big-endian signed numbers of one length. */
export class FixedBounds extends DictionaryBounds {
  #min: Uint8Array | undefined;
  #max: Uint8Array | undefined;

  constructor(private readonly boolean = false) {
    super();
  }

  override addBytes(source: Uint8Array, start: number, end: number): void {
    const step = this.boolean ? 1 : end - start;
    for (let at = start; at < end; at += step) {
      if (this.#min === undefined || compareSigned(source, at, this.#min) < 0) this.#min = source.slice(at, at + step);
      if (this.#max === undefined || compareSigned(source, at, this.#max) > 0) this.#max = source.slice(at, at + step);
    }
  }

  take(): MinMax {
    const [min, max] = [this.#min, this.#max];
    this.#min = this.#max = undefined;
    return min === undefined || max === undefined ? {} : { min, max };
  }
}

function compareSigned(source: Uint8Array, start: number, other: Uint8Array): number {
  // The sign is in the first byte; from the second on bytes count as they are.
  const first = (((source[start] as number) << 24) >> 24) - (((other[0] as number) << 24) >> 24);
  if (first !== 0) return first;
  return compare(source, start + 1, start + other.length, other.subarray(1));
}
