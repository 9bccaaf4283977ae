import type { Arena, Dictionary } from '../../base/index.js';
import { ChunkBytes } from './chunk-bytes.js';
import type { Bounds } from './encode-bounds.js';
import type { EncodedChunk, LeafOptions } from './encode-chunk.js';
import { CodeList, type KnownCodes } from './encode-codes.js';
import { BytesDictionary, isWorthwhile, WordDictionary } from './encode-dictionary.js';
import { bitWidth, encodeHybrid, encodeRun, packedBits } from './encode-hybrid.js';
import { type EncodeKernels, encodeKernels } from './encode-kernels.js';
import { boundsOf, PageList } from './encode-pages.js';
import { type EncodeScratch, encodeScratch } from './encode-scratch.js';
import { PLAIN, ValueEncoder } from './encode-values.js';
import { GrowingBytes } from './growing-bytes.js';
import { dataPageHeader, dictionaryPageHeader } from './write-footer.js';
import type { WriteLeaf } from './write-schema.js';

/** A page ends at so many values or bytes, whichever comes first. */
const PAGE_VALUES = 65536;
/** Dictionaries beyond this give way to plain pages, as in parquet-mr. */
const DICTIONARY_BYTES = 1 << 20;

/** Bounds of so few values are not worth a call of compiled code. */
const FEW = 16;

const RLE = 3;
const RLE_DICTIONARY = 8;

/**
 * Collects the values of one leaf and turns them into pages. Values that are there are added without the nulls
 * between them; levels tell where those are.
 */
export class LeafWriter {
  /** Of the page under way. */
  readonly #bounds: Bounds;
  readonly #pages: PageList;
  readonly #words: 0 | 1 | 2;
  #dictionary: WordDictionary | BytesDictionary | undefined;
  #wordDictionary: WordDictionary | undefined;
  readonly #arena: Arena;
  readonly #kernels: EncodeKernels;
  readonly #codes: CodeList;
  readonly #plain: GrowingBytes;
  readonly #scratch: EncodeScratch;
  #definitions = new Uint8Array(1024);
  #repetitions = new Uint8Array(1024);
  #levels = 0;
  #nulls = 0;
  readonly #pieces = new ChunkBytes();
  #compressed = 0;
  #uncompressed = 0;
  #values = 0;
  #chunkNulls = 0;
  #known: KnownCodes | undefined;
  readonly #isInteger: boolean;
  #dictionaryPages = false;
  /** Encodings of pages without a dictionary. */
  readonly #encodings = new Set<number>();
  readonly #encoder: ValueEncoder;

  constructor(
    readonly leaf: WriteLeaf,
    private readonly options: LeafOptions,
  ) {
    const { physical } = leaf;
    const { arena } = options;
    this.#arena = arena;
    this.#kernels = encodeKernels(arena.heap);
    this.#scratch = encodeScratch(arena);
    this.#codes = new CodeList(this.#scratch);
    this.#plain = new GrowingBytes(this.#scratch);
    this.#words =
      physical === 'int32' || physical === 'float' ? 1 : physical === 'int64' || physical === 'double' ? 2 : 0;
    this.#isInteger = physical === 'int32' || physical === 'int64';
    this.#encoder = new ValueEncoder(leaf, options.encodings, arena, this.#scratch);
    this.#bounds = boundsOf(leaf);
    this.#pages = new PageList(leaf);
    this.#startDictionary();
  }

  #startDictionary(): void {
    const { physical, type } = this.leaf;
    if (!this.options.dictionary || physical === 'boolean' || type.kind === 'null') return;
    this.#dictionary =
      this.#words === 0
        ? physical === 'byte_array'
          ? new BytesDictionary()
          : undefined
        : this.#wordsAnew(this.#words);
  }

  #wordsAnew(words: 1 | 2): WordDictionary {
    if (this.#wordDictionary === undefined) this.#wordDictionary = new WordDictionary(words, this.#scratch);
    else this.#wordDictionary.clear();
    return this.#wordDictionary;
  }

  /** Gives back what it has of the heap; it is not used any more. */
  release(): void {
    this.#codes.release();
    this.#plain.release();
    this.#encoder.release();
    this.#wordDictionary?.release();
  }

  /** Bytes held for the chunk so far, about. */
  get heldBytes(): number {
    return this.#compressed + this.#plain.length + this.#codes.count * 2;
  }

  /** Levels of `count` values that are all there, at the top level. */
  addPresent(count: number): void {
    this.#reserveLevels(count);
    if (this.leaf.maxDefinition > 0)
      this.#definitions.fill(this.leaf.maxDefinition, this.#levels, this.#levels + count);
    if (this.leaf.maxRepetition > 0) this.#repetitions.fill(0, this.#levels, this.#levels + count);
    this.#levels += count;
  }

  /** Levels of flat rows: 1 where a value is there. */
  addValidity(definitions: Uint8Array, count: number, nulls: number): void {
    this.#reserveLevels(count);
    this.#definitions.set(definitions.subarray(0, count), this.#levels);
    this.#levels += count;
    this.#nulls += nulls;
  }

  addLevel(definition: number, repetition: number): void {
    this.#reserveLevels(1);
    this.#definitions[this.#levels] = definition;
    this.#repetitions[this.#levels++] = repetition;
    if (definition < this.leaf.maxDefinition) this.#nulls++;
  }

  /** Numbers of one or two 32-bit words, in the heap. */
  addWords(words: Int32Array, count: number): void {
    if (count === 0) return;
    const dictionary = this.#dictionary as WordDictionary | undefined;
    if (dictionary === undefined || this.#isInteger) this.#addBounds(words, count);
    if (dictionary !== undefined) {
      dictionary.encode(words.byteOffset, count, this.#codes.take(count));
      if (dictionary.bytes > DICTIONARY_BYTES) this.#dropDictionary();
      return;
    }
    this.#addFixed(new Uint8Array(words.buffer, words.byteOffset, count * this.#words * 4));
  }

  #addBounds(words: Int32Array, count: number): void {
    if (!this.#isInteger || count < FEW) {
      this.#bounds.addWords(words, count);
      return;
    }
    const from = this.#scratch.limits >>> 2;
    this.#kernels[this.#words === 1 ? 'bounds4' : 'bounds8'](words.byteOffset, count, this.#scratch.limits);
    this.#bounds.addWords(this.#arena.heap.i32.subarray(from, from + 4), 2);
  }

  /** Byte strings one behind the other: `offsets` is the address of the first one's, `data` that of their bytes. */
  addStrings(offsets: number, data: number, rows: number): boolean {
    if (this.#dictionary !== undefined || rows === 0) return false;
    const { heap } = this.#arena;
    const bytes = (heap.u32[(offsets >>> 2) + rows] as number) - (heap.u32[offsets >>> 2] as number);
    const target = this.#plain.take(bytes + 4 * rows);
    this.#kernels.plainStrings(offsets, data, rows, this.#plain.address + target, this.#scratch.limits);
    for (const i of [0, 2]) {
      const at = (this.#scratch.limits >>> 2) + i;
      this.#bounds.addBytes(heap.u8, heap.u32[at] as number, heap.u32[at + 1] as number);
    }
    return true;
  }

  /** Values already in their PLAIN form. */
  #addFixed(bytes: Uint8Array): void {
    // Taking room may replace the buffer.
    const at = this.#plain.take(bytes.length);
    this.#plain.buffer.set(bytes, at);
  }

  /** A big-endian value of the type's length. */
  addFixedValue(bytes: Uint8Array): void {
    this.#bounds.addBytes(bytes, 0, bytes.length);
    this.#addFixed(bytes);
  }

  /** Booleans as bytes 0 and 1. */
  addBooleans(bytes: Uint8Array): void {
    this.#bounds.addBytes(bytes, 0, bytes.length);
    this.#addFixed(bytes);
  }

  /** The code of a byte string, or -1 when there is no dictionary (any more). */
  codeOf(source: Uint8Array, start: number, end: number): number {
    const dictionary = this.#dictionary as BytesDictionary | undefined;
    return dictionary === undefined ? -1 : dictionary.code(source, start, end);
  }

  addCode(code: number): void {
    this.#codes.add(code);
  }

  /**
   * Room for the codes of so many rows, and what is known of the codes of another dictionary's entries, -1 where nothing
   * is; undefined without a dictionary.
   */
  addCodes(count: number, other: Dictionary): { readonly codes: Uint32Array; readonly known: Int32Array } | undefined {
    if (this.#dictionary === undefined) return undefined;
    const last = this.#known;
    if (last?.of !== this.#dictionary || last.id !== other.id)
      this.#known = { of: this.#dictionary, id: other.id, codes: new Int32Array(other.count).fill(-1) };
    const at = this.#codes.take(count) >>> 2;
    return { codes: this.#arena.heap.u32.subarray(at, at + count), known: (this.#known as KnownCodes).codes };
  }

  /** After codes were added: gives the dictionary up when it has become too large. */
  limitDictionary(): void {
    if ((this.#dictionary?.bytes ?? 0) > DICTIONARY_BYTES) this.#dropDictionary();
  }

  /** One byte string. */
  addBytes(source: Uint8Array, start: number, end: number): void {
    const dictionary = this.#dictionary as BytesDictionary | undefined;
    if (dictionary !== undefined) {
      this.addCode(dictionary.code(source, start, end));
      if (dictionary.bytes > DICTIONARY_BYTES) this.#dropDictionary();
      return;
    }
    this.#bounds.addBytes(source, start, end);
    this.#appendBytes(source, start, end);
  }

  #appendBytes(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const at = this.#plain.take(4 + length);
    const { buffer } = this.#plain;
    buffer.writeInt32LE(length, at);
    if (length < 32) for (let i = 0; i < length; i++) buffer[at + 4 + i] = source[start + i] as number;
    else buffer.set(source.subarray(start, end), at + 4);
  }

  /** Ends the page when it is full; called between rows. */
  endRow(): void {
    if (this.#levels >= Math.min(PAGE_VALUES, this.options.pageRows) || this.#plain.length >= this.options.pageBytes)
      this.flushPage();
  }

  flushPage(): void {
    if (this.#levels === 0) return;
    const first = this.#dictionaryPages ? undefined : this.#dictionary;
    if (
      first !== undefined &&
      (!isWorthwhile(first, this.#codes.count) || this.#encoder.isSmaller(first, this.#codes, this.#sizeOf))
    )
      this.#dropDictionary();
    if (this.#dictionary === undefined) {
      const { bloom } = this.options;
      if (bloom !== undefined)
        bloom.add(this.#plain.buffer.subarray(0, this.#plain.length), this.#width, this.#levels - this.#nulls);
      const { encoding, bytes } = this.#encoder.encode(this.#plainBytes(), this.#sizeOf);
      this.#page(bytes, encoding);
      this.#encodings.add(encoding);
    } else {
      const width = Math.max(1, bitWidth(Math.max(0, this.#dictionary.count - 1)));
      const body = this.#codes.body(width);
      if (!this.#isInteger) this.#bounds.addEntries(this.#dictionary, this.#codes.values(), this.#codes.count);
      this.#page(body, RLE_DICTIONARY);
      this.#dictionaryPages = true;
      this.#codes.clear();
    }
  }

  readonly #sizeOf = (bytes: Uint8Array): number => this.options.compressor.compress([bytes]).length;

  /** Plain from here on. Codes not yet in a page become values again, or a page of their own after others. */
  #dropDictionary(): void {
    const codes = this.#codes.values();
    const dictionary = this.#dictionary as WordDictionary | BytesDictionary;
    if (!this.#isInteger) this.#bounds.addEntries(dictionary, codes, codes.length);
    if (this.#dictionaryPages) this.#closed = { plain: dictionary.plain(), count: dictionary.count };
    this.#dictionary = undefined;
    const plain = dictionary.plain();
    if (dictionary instanceof WordDictionary) {
      dictionary.gather(codes, this.#plain);
    } else {
      for (let i = 0; i < codes.length; i++) {
        const { start, end } = dictionary.entry(codes[i] as number);
        this.#appendBytes(plain, start, end);
      }
    }
    this.#codes.clear();
  }

  /** The dictionary of earlier pages, once plain ones have begun. */
  #closed: { readonly plain: Uint8Array; readonly count: number } | undefined;

  #plainBytes(): Uint8Array {
    const bytes = this.#plain.buffer.subarray(0, this.#plain.length);
    if (this.leaf.physical !== 'boolean') return bytes;
    return packedBits(bytes);
  }

  #page(values: Uint8Array, encoding: number): void {
    const { maxDefinition, maxRepetition } = this.leaf;
    const parts: Uint8Array[] = [];
    const addLevels = (levels: Uint8Array, most: number): void => {
      if (most === 0) return;
      const encoded =
        levels === this.#definitions && this.#nulls === 0 && maxRepetition === 0
          ? encodeRun(most, this.#levels, bitWidth(most))
          : encodeHybrid(levels, this.#levels, bitWidth(most));
      const length = Buffer.alloc(4);
      length.writeInt32LE(encoded.length);
      parts.push(length, encoded);
    };
    addLevels(this.#repetitions, maxRepetition);
    addLevels(this.#definitions, maxDefinition);
    parts.push(values);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const compressed = this.options.compressor.compress(parts);
    const header = dataPageHeader(length, compressed, this.#levels, encoding);
    const offset = this.#compressed;
    this.#keep(header, compressed, length);
    const bytes = this.#compressed - offset;
    const levels = { count: this.#levels, nulls: this.#nulls, repetitions: this.#repetitions };
    this.#pages.add({ offset, bytes }, this.#bounds.take(), levels);
    this.#values += this.#levels;
    this.#chunkNulls += this.#nulls;
    this.#levels = this.#nulls = this.#plain.length = 0;
  }

  /** Bytes of a value in PLAIN encoding; 0 for those behind their lengths. */
  get #width(): number {
    return this.#words * 4 || (this.leaf.physical === 'fixed' ? this.leaf.typeLength : 0);
  }

  #keep(header: Uint8Array, compressed: Uint8Array, bodyBytes: number): void {
    // The compressor's area is used again: keep a copy.
    this.#pieces.add(header);
    this.#pieces.add(compressed);
    this.#compressed += header.length + compressed.length;
    this.#uncompressed += header.length + bodyBytes;
  }

  /** The chunk of the row group that ends here; the next one starts anew. */
  finishChunk(): EncodedChunk {
    this.flushPage();
    let dictionaryBytes = 0;
    const pages = this.#pieces.take();
    if (this.#dictionaryPages) {
      const { plain, count } = this.#closed ?? {
        plain: (this.#dictionary as WordDictionary).plain(),
        count: this.#dictionary?.count ?? 0,
      };
      this.options.bloom?.add(plain, this.#width, count);
      const before = this.#compressed;
      const compressed = this.options.compressor.compress([plain]);
      this.#keep(dictionaryPageHeader(plain.length, compressed, count), compressed, plain.length);
      dictionaryBytes = this.#compressed - before;
    }
    const encodings = [
      ...(this.#dictionaryPages ? [RLE_DICTIONARY] : []),
      // The dictionary itself is plain.
      ...new Set([...this.#encodings, ...(this.#dictionaryPages ? [PLAIN] : [])]),
      RLE,
    ];
    const chunk: EncodedChunk = {
      pieces: [...this.#pieces.take(), ...pages],
      bytes: this.#compressed,
      uncompressedBytes: this.#uncompressed,
      dictionaryBytes,
      values: this.#values,
      nulls: this.#chunkNulls,
      encodings,
      ...this.#pages.take(dictionaryBytes),
      ...(this.options.bloom === undefined ? {} : { bloom: this.options.bloom.take() }),
    };
    this.#reset();
    return chunk;
  }

  #reset(): void {
    this.#compressed = this.#uncompressed = this.#values = this.#chunkNulls = 0;
    this.#dictionaryPages = false;
    this.#encodings.clear();
    this.#encoder.reset();
    this.#closed = undefined;
    this.#dictionary = undefined;
    this.#startDictionary();
  }

  #reserveLevels(count: number): void {
    const needed = this.#levels + count;
    if (needed <= this.#definitions.length) return;
    const grow = (array: Uint8Array): Uint8Array<ArrayBuffer> => {
      const grown = new Uint8Array(Math.max(needed, array.length * 2));
      grown.set(array);
      return grown;
    };
    this.#definitions = grow(this.#definitions);
    this.#repetitions = grow(this.#repetitions);
  }
}
