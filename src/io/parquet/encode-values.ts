import type { Arena } from '../../base/index.js';
import type { CodeList } from './encode-codes.js';
import { DELTA_BLOCK, DELTA_SCRATCH } from './encode-delta.js';
import { type BytesDictionary, WordDictionary } from './encode-dictionary.js';
import { bitWidth } from './encode-hybrid.js';
import { encodeKernels } from './encode-kernels.js';
import type { EncodeScratch } from './encode-scratch.js';
import { GrowingBytes } from './growing-bytes.js';
import type { WriteLeaf } from './write-schema.js';

export const PLAIN = 0;
const [DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, BYTE_STREAM_SPLIT] = [5, 6, 7, 9];
/** Another encoding than PLAIN has to make the first page so much smaller, compressed. */
const CLEARLY = 0.85;
/** Dictionaries of so few different values, as parts of all, stay. */
const DISTINCT = 1 / 16;
/** So few values tell nothing. */
const FEW = 32;
/** Beginnings of texts are shared when they are so large a part of them. */
const SHARED = 0.3;

export interface EncodedValues {
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

/** Which of these a file may have: some readers know no others than PLAIN. */
export interface Encodings {
  readonly delta: boolean;
  readonly byteStreamSplit: boolean;
}

/** Encodes the values of pages that have no dictionary, in the way that made the chunk's first page smallest. */
export class ValueEncoder {
  #chosen: number | undefined;
  /** Of the page in its PLAIN form. */
  readonly #bytes: 0 | 4 | 8;
  readonly #areas: { out?: GrowingBytes; numbers?: GrowingBytes } = {};

  constructor(
    private readonly leaf: WriteLeaf,
    private readonly allowed: Encodings,
    private readonly arena: Arena,
    private readonly scratch: EncodeScratch,
  ) {
    const { physical } = leaf;
    this.#bytes =
      physical === 'int32' || physical === 'float' ? 4 : physical === 'int64' || physical === 'double' ? 8 : 0;
    if (this.#candidates().length === 0) this.#chosen = PLAIN;
  }

  /** The next chunk chooses for itself. */
  reset(): void {
    if (this.#candidates().length > 0) this.#chosen = undefined;
  }

  release(): void {
    for (const area of Object.values(this.#areas)) area.release();
  }

  /** `compressed`: how many bytes something takes in the file. */
  encode(plain: Uint8Array, compressed: (bytes: Uint8Array) => number): EncodedValues {
    if (this.#chosen === undefined) {
      const count = this.#bytes === 0 ? FEW : plain.length / this.#bytes;
      if (count < FEW || plain.length < 8 * FEW) return { encoding: PLAIN, bytes: plain };
      let least = compressed(plain) * CLEARLY;
      this.#chosen = PLAIN;
      for (const encoding of this.#candidates()) {
        const bytes = this.#encoded(plain, encoding);
        const size = bytes === undefined ? Number.POSITIVE_INFINITY : compressed(bytes);
        if (size >= least) continue;
        least = size;
        this.#chosen = encoding;
      }
    }
    const bytes = this.#encoded(plain, this.#chosen);
    return bytes === undefined ? { encoding: PLAIN, bytes: plain } : { encoding: this.#chosen, bytes };
  }

  /** Whether the integers of a first page are clearly smaller by their differences than their codes are. */
  isSmaller(
    dictionary: WordDictionary | BytesDictionary,
    codes: CodeList,
    compressed: (bytes: Uint8Array) => number,
  ): boolean {
    const [candidate] = this.#candidates();
    if (candidate !== DELTA_BINARY_PACKED || !(dictionary instanceof WordDictionary)) return false;
    if (dictionary.count < codes.count * DISTINCT) return false;
    const size = compressed(codes.body(Math.max(1, bitWidth(dictionary.count - 1))));
    const plain = new GrowingBytes(this.scratch);
    dictionary.gather(codes.values(), plain);
    const bytes = this.#encoded(view(plain), candidate);
    plain.release();
    return bytes !== undefined && compressed(bytes) < size * CLEARLY;
  }

  #candidates(): readonly number[] {
    const { physical } = this.leaf;
    const { delta, byteStreamSplit } = this.allowed;
    if (physical === 'float' || physical === 'double') return byteStreamSplit ? [BYTE_STREAM_SPLIT] : [];
    if (!delta) return [];
    if (physical === 'byte_array') return [DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY];
    return this.#bytes === 0 ? [] : [DELTA_BINARY_PACKED];
  }

  #encoded(plain: Uint8Array, encoding: number): Uint8Array | undefined {
    if (encoding === BYTE_STREAM_SPLIT) return this.#split(plain);
    if (encoding === PLAIN) return plain;
    const out = this.#empty('out');
    if (encoding === DELTA_BINARY_PACKED)
      return this.#delta(plain.byteOffset, plain.length / this.#bytes, this.#bytes as 4 | 8, out)
        ? view(out)
        : undefined;
    return encoding === DELTA_LENGTH_BYTE_ARRAY ? this.#withLengths(plain, out) : this.#withPrefixes(plain, out);
  }

  #empty(name: 'out' | 'numbers'): GrowingBytes {
    this.#areas[name] ??= new GrowingBytes(this.scratch);
    const area = this.#areas[name];
    area.length = 0;
    return area;
  }

  /** Numbers in the heap as DELTA_BINARY_PACKED behind what is there. */
  #delta(address: number, count: number, bytes: 4 | 8, out: GrowingBytes): boolean {
    const { heap } = this.arena;
    const blocks = Math.ceil(Math.max(0, count - 1) / DELTA_BLOCK);
    const start = out.length;
    const at = out.take(40 + blocks * (14 + DELTA_BLOCK * 4) + 16);
    let end = out.address + at;
    const varint = (value: bigint): void => {
      let rest = value;
      for (; rest > 127n; rest >>= 7n) heap.u8[end++] = Number(rest & 127n) | 128;
      heap.u8[end++] = Number(rest);
    };
    const first =
      count === 0 ? 0n : bytes === 4 ? BigInt(heap.i32[address >>> 2] as number) : (heap.i64[address / 8] as bigint);
    for (const value of [DELTA_BLOCK, 4, count]) varint(BigInt(value));
    varint(BigInt.asUintN(64, (first << 1n) ^ (first >> 63n)));
    if (count > 1) {
      const area = this.scratch.take(DELTA_SCRATCH);
      end = encodeKernels(heap)[`delta${bytes}`](address, count, end, area) >>> 0;
      this.scratch.give(area, DELTA_SCRATCH);
      if (end === 0) return false;
    }
    out.length = end - out.address;
    return out.length > start;
  }

  #withLengths(plain: Uint8Array, out: GrowingBytes): Uint8Array | undefined {
    const texts = textsOf(plain);
    const lengths = this.#numbers(texts.length / 2);
    for (let i = 0; i < texts.length; i += 2) lengths[i / 2] = (texts[i + 1] as number) - (texts[i] as number);
    if (!this.#delta(lengths.byteOffset, lengths.length, 4, out)) return undefined;
    append(out, plain, texts, lengths);
    return view(out);
  }

  #withPrefixes(plain: Uint8Array, out: GrowingBytes): Uint8Array | undefined {
    const texts = textsOf(plain);
    const count = texts.length / 2;
    const prefixes = this.#numbers(2 * count);
    let shared = 0;
    for (let i = 1; i < count; i++) {
      const [from, to, before] = [texts[2 * i] as number, texts[2 * i + 1] as number, texts[2 * i - 2] as number];
      const most = Math.min(to - from, (texts[2 * i - 1] as number) - before);
      let same = 0;
      while (same < most && plain[from + same] === plain[before + same]) same++;
      prefixes[i] = same;
      shared += same;
    }
    if (shared < SHARED * (plain.length - 4 * count)) return undefined;
    prefixes[0] = 0;
    for (let i = 0; i < count; i++)
      prefixes[count + i] = (texts[2 * i + 1] as number) - (texts[2 * i] as number) - (prefixes[i] as number);
    if (!this.#delta(prefixes.byteOffset, count, 4, out)) return undefined;
    if (!this.#delta(prefixes.byteOffset + 4 * count, count, 4, out)) return undefined;
    append(out, plain, texts, prefixes.subarray(count));
    return view(out);
  }

  #numbers(count: number): Int32Array {
    const numbers = this.#empty('numbers');
    numbers.take(count * 4);
    const from = numbers.address >>> 2;
    return this.arena.heap.i32.subarray(from, from + count);
  }

  #split(plain: Uint8Array): Uint8Array {
    const bytes = this.#bytes;
    const count = plain.length / bytes;
    const out = Buffer.allocUnsafe(plain.length);
    for (let k = 0, to = 0; k < bytes; k++)
      for (let from = k; to < (k + 1) * count; from += bytes) out[to++] = plain[from] as number;
    return out;
  }
}

const view = ({ buffer, length }: GrowingBytes): Uint8Array => buffer.subarray(0, length);

/** Where each text begins and ends. */
function textsOf(plain: Uint8Array): number[] {
  const texts: number[] = [];
  const lengths = Buffer.from(plain.buffer, plain.byteOffset, plain.length);
  for (let at = 0; at < plain.length; at = texts.at(-1) as number) texts.push(at + 4, at + 4 + lengths.readInt32LE(at));
  return texts;
}

/** The last bytes of each text, so many. */
function append(out: GrowingBytes, plain: Uint8Array, texts: readonly number[], lengths: Int32Array): void {
  let sum = 0;
  for (const length of lengths) sum += length;
  let at = out.take(sum);
  const { buffer } = out;
  for (let i = 0; i < lengths.length; i++) {
    const end = texts[2 * i + 1] as number;
    for (let from = end - (lengths[i] as number); from < end; from++) buffer[at++] = plain[from] as number;
  }
}
