import type { SharedHeap } from '../../base/index.js';
import { type ZstdKernels, zstdKernelsFor } from './kernels.js';
import { MAX_BLOCK_BYTES, SPACE } from './space.js';
import { damaged, KINDS, TOO_MANY_BYTES, VALUE_WORDS } from './tables.js';

const MAGIC = 0xfd2fb528;
/** Frames with content that is to be skipped have 16 magic numbers, from this one on. */
const SKIPPABLE = 0x184d2a50;
const CHECKSUM_FLAG = 4;

/** For each kind of states, where its table is and where the values are that its symbols stand for. */
const TABLES = [SPACE.LITERAL_LENGTHS, SPACE.OFFSET_CODES, SPACE.MATCH_LENGTHS];
const VALUES = KINDS.map((_, kind) =>
  KINDS.slice(0, kind).reduce((at, { values }) => at + 4 * values.length, SPACE.VALUES),
);

/** Bytes of the heap, with 64 bytes to spare behind the target, and SPACE.BYTES for tables and literals. */
export interface ZstdBlock {
  readonly heap: SharedHeap;
  readonly source: number;
  readonly sourceBytes: number;
  readonly target: number;
  readonly targetBytes: number;
  readonly space: number;
  /** The table of `patternBytes`. */
  readonly patterns: number;
}

/**
 * Unpacks frames (RFC 8878) and gives the bytes that they are, which fill the target exactly, or at most where `isExact`
 * is false; throws when they are damaged, or need a dictionary.
 */
export function unpackZstd(block: ZstdBlock, isExact = true): number {
  const { source, sourceBytes, target, targetBytes } = block;
  const frames = new Frames(block);
  let [at, to] = [source, target];
  while (at < source + sourceBytes) [at, to] = frames.frame(at, to);
  if (isExact && to !== target + targetBytes) throw damaged(`${to - target} bytes instead of ${targetBytes}`);
  return to - target;
}

class Frames {
  readonly #end: number;
  readonly #targetEnd: number;
  readonly #kernels: ZstdKernels;
  readonly #heap: SharedHeap;
  #start = 0;
  #hasCode = false;
  /** Which of the three tables of states were written in this frame. */
  #known = 0;

  constructor(private readonly block: ZstdBlock) {
    this.#end = block.source + block.sourceBytes;
    this.#targetEnd = block.target + block.targetBytes;
    this.#heap = block.heap;
    this.#kernels = zstdKernelsFor(block.heap);
    block.heap.u32.set(VALUE_WORDS, (block.space + SPACE.VALUES) >>> 2);
  }

  /** Unpacks the frame at `at` to `to`; where both go on. */
  frame(at: number, to: number): [at: number, to: number] {
    const { heap, space } = this.block;
    const magic = this.#number(at, 4);
    if ((magic & ~15) >>> 0 === SKIPPABLE) return [this.#within(at + 8 + this.#number(at + 4, 4), at), to];
    if (magic !== MAGIC) throw damaged('it does not begin as a frame does');
    const flags = this.#number(at + 4, 1);
    const isSingle = (flags & 32) !== 0;
    if ((flags & 8) !== 0) throw damaged('a flag that is not defined');
    const named = [0, 1, 2, 4][flags & 3] as number;
    let next = at + 5 + (isSingle ? 0 : 1);
    if (named > 0 && this.#number(next, named) !== 0) throw damaged('a frame that needs a dictionary');
    next += named + ([isSingle ? 1 : 0, 2, 4, 8][flags >>> 6] as number);
    for (let i = 0; i < 3; i++) heap.u32[(space + SPACE.OFFSETS + 4 * i) >>> 2] = [8, 4, 1][i] as number;
    this.#start = to;
    this.#hasCode = false;
    this.#known = 0;
    let end = to;
    for (let last = false; !last; ) {
      const head = this.#number(next, 3);
      last = (head & 1) === 1;
      [next, end] = this.#part(next + 3, end, (head >>> 1) & 3, head >>> 3);
    }
    if ((flags & CHECKSUM_FLAG) === 0) return [next, end];
    if (this.#number(next, 4) !== this.#kernels.checksum(to, end - to) >>> 0) throw damaged('its checksum');
    return [next + 4, end];
  }

  /** One block: bytes as they are, one byte many times, or compressed. */
  #part(at: number, to: number, kind: number, size: number): [at: number, to: number] {
    const { u8 } = this.block.heap;
    if (kind === 3 || size > MAX_BLOCK_BYTES) throw damaged(`a block of kind ${kind} with ${size} bytes`);
    if (kind === 2) return [this.#within(at + size, at), this.#compressed(at, at + size, to)];
    if (size > this.#targetEnd - to) throw damaged(TOO_MANY_BYTES);
    if (kind === 1) u8.fill(this.#number(at, 1), to, to + size);
    else this.#copy(at, this.#within(at + size, at), to);
    return [at + (kind === 1 ? 1 : size), to + size];
  }

  /** V8 copies bytes that threads share one by one. */
  #copy(from: number, end: number, to: number): void {
    this.#kernels.copy(to, from, end - from);
  }

  #compressed(from: number, end: number, to: number): number {
    const { space, patterns } = this.block;
    const [at, literals, literalsEnd] = this.#literals(from, end);
    const head = this.#number(at, 1, end);
    if (head === 0) {
      const size = literalsEnd - literals;
      if (at + 1 !== end || size > this.#targetEnd - to) throw damaged('bytes behind the literals of a block');
      this.#copy(literals, literalsEnd, to);
      return to + size;
    }
    const bytes = head < 128 ? 1 : head < 255 ? 2 : 3;
    let count = head;
    if (bytes === 2) count = ((head - 128) << 8) + this.#number(at + 1, 1, end);
    if (bytes === 3) count = this.#number(at + 1, 2, end) + 0x7f00;
    const modes = this.#number(at + bytes, 1, end);
    if ((modes & 3) !== 0) throw damaged('modes that are not defined');
    let next = at + bytes + 1;
    for (let kind = 0; kind < 3; kind++) next = this.#states(kind, (modes >>> (6 - 2 * kind)) & 3, next, end);
    const limit = Math.min(this.#targetEnd, to + MAX_BLOCK_BYTES);
    const kernel = this.#kernels.sequences;
    const behind = kernel(next, end, count, space, literals, literalsEnd, to, limit, this.#start, patterns) >>> 0;
    if (behind === 0) throw damaged('the sequences of a block');
    return behind;
  }

  /** The table of one kind of state: usual, of one state, described here, or as before. */
  #states(kind: number, mode: number, at: number, end: number): number {
    const { heap, space } = this.block;
    const { mostLog, usual, usualLog, values } = KINDS[kind] as (typeof KINDS)[0];
    if (mode === 3) {
      if ((this.#known & (1 << kind)) === 0) throw damaged('a table as before in the first block');
      return at;
    }
    const counts = space + SPACE.COUNTS;
    let [log, symbols, next] = [usualLog, usual.length, at];
    if (mode === 0) heap.i16.set(usual, counts >>> 1);
    else if (mode === 1) {
      symbols = this.#number(next++, 1, end) + 1;
      log = 0;
      if (2 * symbols > values.length) throw damaged('a symbol that there is not');
      heap.i16.fill(0, counts >>> 1, (counts >>> 1) + symbols);
      heap.i16[(counts >>> 1) + symbols - 1] = 1;
    } else {
      const found = this.#kernels.counts(at, end, mostLog, values.length / 2 - 1, counts);
      if (found === 0) throw damaged('a description of states');
      [log, symbols, next] = [(found >>> 12) & 15, found & 0xfff, at + (found >>> 16)];
    }
    const table = space + (TABLES[kind] as number);
    this.#kernels.states(counts, symbols, log, table, space + (VALUES[kind] as number));
    this.#known |= 1 << kind;
    heap.u32[(space + SPACE.LOGS + 4 * kind) >>> 2] = log;
    return next;
  }

  /** The literals of a block: what comes behind them, and where they are. */
  #literals(at: number, end: number): [at: number, literals: number, literalsEnd: number] {
    const { heap, space } = this.block;
    const head = this.#number(at, 1, end);
    const [kind, format] = [head & 3, (head >>> 2) & 3];
    const target = space + SPACE.LITERALS;
    if (kind < 2) {
      const bytes = format === 1 ? 2 : format === 3 ? 3 : 1;
      const size = this.#number(at, bytes, end) >>> (bytes === 1 ? 3 : 4);
      if (size > MAX_BLOCK_BYTES) throw damaged(`${size} literals in a block`);
      const from = at + bytes;
      if (kind === 0) return [this.#within(from + size, from, end), from, from + size];
      heap.u8.fill(this.#number(from, 1, end), target, target + size);
      return [from + 1, target, target + size];
    }
    const bytes = format < 2 ? 3 : format + 2;
    const width = [10, 10, 14, 18][format] as number;
    const sizes = Math.floor(this.#number(at, bytes, end) / 16);
    const size = sizes % 2 ** width;
    const packed = Math.floor(sizes / 2 ** width);
    if (size > MAX_BLOCK_BYTES) throw damaged(`${size} literals in a block`);
    let from = at + bytes;
    const behind = this.#within(from + packed, from, end);
    if (kind === 2) {
      const bytes = this.#kernels.huffmanTable(from, behind, space);
      if (bytes === 0) throw damaged('a Huffman code');
      from += bytes;
      this.#hasCode = true;
    }
    if (!this.#hasCode) throw damaged('a Huffman code as before in the first block');
    const kernel = this.#kernels[format === 0 ? 'huffman1' : 'huffman4'];
    if (kernel(from, behind, target, target + size, space + SPACE.HUFFMAN) !== 1) throw damaged('literals of a block');
    return [behind, target, target + size];
  }

  /** A number of up to five bytes. */
  #number(at: number, bytes: number, end = this.#end): number {
    this.#within(at + bytes, at, end);
    const { u8 } = this.#heap;
    let number = 0;
    for (let i = at + bytes - 1; i >= at; i--) number = number * 256 + (u8[i] as number);
    return number;
  }

  #within(to: number, from: number, end = this.#end): number {
    if (to < from || to > end) throw damaged('it ends early');
    return to;
  }
}
