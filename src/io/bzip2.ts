import { setImmediate as nextTurn } from 'node:timers/promises';

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const MAX_LENGTH = 20;
const GROUP_SYMBOLS = 50;
/** A block is made of so many bytes a level. */
const LEVEL_BYTES = 100_000;
const OUT_BYTES = 1 << 18;
const NOTHING = new Uint8Array(0);

export class DamagedBzip2 extends Error {}

/** Unpacks a bzip2 stream, or several one after the other, piece by piece; other work gets turns within a block. */
export async function* unpackBzip2(input: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of bzip2Pieces(input)) {
    if (piece.length > 0) yield piece;
    await nextTurn();
  }
}

/** The same at once; a piece of no bytes says that a block's symbols are read. */
export function* bzip2Pieces(input: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const bits = new BitReader(input);
  for (let stream = 0; ; stream++) {
    bits.alignToByte();
    if (stream > 0 && bits.isAtEnd()) return;
    if (bits.read(24) !== 0x425a68) throw new DamagedBzip2('it does not begin as bzip2 does');
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw new DamagedBzip2('it has no block size');
    const block = new Block(level * LEVEL_BYTES);
    for (;;) {
      const magic = bits.read(24) * 2 ** 24 + bits.read(24);
      if (magic === END_MAGIC) break;
      if (magic !== BLOCK_MAGIC) throw new DamagedBzip2('a block does not begin as blocks do');
      const checksum = bits.read(16) * 2 ** 16 + bits.read(16);
      block.readSymbols(bits);
      yield NOTHING;
      yield* block.unpack();
      if (block.checksum !== checksum) throw new DamagedBzip2('the checksum of a block does not match');
    }
    bits.read(16);
    bits.read(16);
  }
}

/** Bits, the highest of a byte first. */
class BitReader {
  readonly #pieces: Iterator<Uint8Array>;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(input: Iterable<Uint8Array>) {
    this.#pieces = input[Symbol.iterator]();
  }

  /** At most 24. */
  read(count: number): number {
    while (this.#count < count) {
      this.#held = ((this.#held & 0xffffff) << 8) | this.#byte();
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#held >>> this.#count) & ((1 << count) - 1);
  }

  alignToByte(): void {
    this.#count -= this.#count % 8;
  }

  isAtEnd(): boolean {
    return this.#count === 0 && !this.#more();
  }

  #more(): boolean {
    while (this.#at >= this.#bytes.length) {
      const next = this.#pieces.next();
      if (next.done === true) return false;
      // The caller may use its buffer again.
      this.#bytes = Uint8Array.from(next.value);
      this.#at = 0;
    }
    return true;
  }

  #byte(): number {
    if (!this.#more()) throw new DamagedBzip2('it ends too early');
    return this.#bytes[this.#at++] as number;
  }
}

/** A canonical Huffman code as limits by length. */
interface Code {
  readonly least: number;
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

function codeOf(lengths: Uint8Array): Code {
  const counts = new Int32Array(MAX_LENGTH + 2);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  const symbols = new Uint16Array(lengths.length);
  let next = 0;
  let least = MAX_LENGTH;
  const [limits, bases] = [new Int32Array(MAX_LENGTH + 2), new Int32Array(MAX_LENGTH + 2)];
  let code = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    const count = counts[length] as number;
    if (count > 0) least = Math.min(least, length);
    bases[length] = next - code;
    for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === length) symbols[next++] = symbol;
    code += count;
    limits[length] = code - 1;
    code <<= 1;
  }
  return { least, limits, bases, symbols };
}

/** One block: symbols, then the text they stand for. */
class Block {
  checksum = 0;
  readonly #links: Uint32Array;
  readonly #counts = new Int32Array(256);
  #size = 0;
  #start = 0;

  constructor(capacity: number) {
    this.#links = new Uint32Array(capacity);
  }

  /** Decodes runs and moves-to-front into bytes of the transformed text. */
  readSymbols(bits: BitReader): void {
    if (bits.read(1) === 1) throw new DamagedBzip2('it is randomized, as bzip2 before 0.9.5 did');
    this.#start = bits.read(24);
    const front = usedBytes(bits);
    const symbols = front.length + 2;
    const groups = bits.read(3);
    const selectors = selectorsOf(bits, groups);
    const codes = Array.from({ length: groups }, () => codeOf(lengthsOf(bits, symbols)));
    const links = this.#links;
    this.#counts.fill(0);
    const end = symbols - 1;
    let [size, run, step] = [0, 0, 1];
    for (let at = 0, group = 0; ; at--) {
      if (at === 0) {
        if (group >= selectors.length) throw new DamagedBzip2('a block has more symbols than groups');
        at = GROUP_SYMBOLS;
        group++;
      }
      const symbol = symbolOf(bits, codes[selectors[group - 1] as number] as Code);
      if (symbol <= 1) {
        run += step << symbol;
        step <<= 1;
        if (run > links.length) throw new DamagedBzip2('a run is longer than its block');
        continue;
      }
      if (run > 0) {
        const byte = front[0] as number;
        if (size + run > links.length) throw new DamagedBzip2('a block is longer than it may be');
        links.fill(byte, size, size + run);
        this.#counts[byte] = (this.#counts[byte] as number) + run;
        size += run;
        [run, step] = [0, 1];
      }
      if (symbol === end) break;
      if (size >= links.length) throw new DamagedBzip2('a block is longer than it may be');
      const byte = front[symbol - 1] as number;
      front.copyWithin(1, 0, symbol - 1);
      front[0] = byte;
      links[size++] = byte;
      this.#counts[byte] = (this.#counts[byte] as number) + 1;
    }
    if (this.#start >= size) throw new DamagedBzip2('a block begins outside of itself');
    this.#size = size;
  }

  /** Turns the transformation back, then the runs of four and more. */
  *unpack(): Generator<Uint8Array> {
    const links = this.#links;
    let sum = 0;
    const places = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      places[byte] = sum;
      sum += this.#counts[byte] as number;
    }
    // The lower byte of a link is the text's, the rest where the text goes on.
    for (let i = 0; i < this.#size; i++) {
      const byte = (links[i] as number) & 0xff;
      const place = places[byte] as number;
      places[byte] = place + 1;
      links[place] = ((links[place] as number) | (i << 8)) >>> 0;
    }
    let out = new Uint8Array(OUT_BYTES);
    let [length, crc, last, same] = [0, -1, -1, 0];
    let at = (links[this.#start] as number) >>> 8;
    for (let i = 0; i < this.#size; i++) {
      const link = links[at] as number;
      const byte = link & 0xff;
      at = link >>> 8;
      // After four equal bytes a count of more of them.
      const times = same === 4 ? byte : 1;
      const value = same === 4 ? last : byte;
      same = same === 4 ? 0 : byte === last ? same + 1 : 1;
      last = same === 0 ? -1 : byte;
      if (length + times > out.length) {
        yield out.subarray(0, length);
        out = new Uint8Array(OUT_BYTES);
        length = 0;
      }
      for (let k = 0; k < times; k++) {
        out[length++] = value;
        crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ value] as number);
      }
    }
    this.checksum = ~crc >>> 0;
    if (length > 0) yield out.subarray(0, length);
  }
}

function symbolOf(bits: BitReader, { least, limits, bases, symbols }: Code): number {
  let code = bits.read(least);
  for (let length = least; length <= MAX_LENGTH; length++) {
    if (code <= (limits[length] as number)) {
      const symbol = symbols[code + (bases[length] as number)];
      if (symbol !== undefined) return symbol;
    }
    code = (code << 1) | bits.read(1);
  }
  throw new DamagedBzip2('a symbol has no code');
}

/** The bytes that a block has, in order. */
function usedBytes(bits: BitReader): Uint8Array {
  const rows = bits.read(16);
  const bytes: number[] = [];
  for (let row = 0; row < 16; row++) {
    if (((rows >>> (15 - row)) & 1) === 0) continue;
    const used = bits.read(16);
    for (let i = 0; i < 16; i++) if (((used >>> (15 - i)) & 1) === 1) bytes.push(row * 16 + i);
  }
  if (bytes.length === 0) throw new DamagedBzip2('a block has no bytes');
  return Uint8Array.from(bytes);
}

/** Which code each group of symbols is in. */
function selectorsOf(bits: BitReader, groups: number): Uint8Array {
  if (groups < 2 || groups > 6) throw new DamagedBzip2(`a block has ${groups} codes`);
  const count = bits.read(15);
  const front = Array.from({ length: groups }, (_, i) => i);
  return Uint8Array.from({ length: count }, () => {
    let place = 0;
    while (bits.read(1) === 1) if (++place >= groups) throw new DamagedBzip2('a group has a code that is not there');
    const [found] = front.splice(place, 1);
    front.unshift(found as number);
    return found as number;
  });
}

function lengthsOf(bits: BitReader, symbols: number): Uint8Array {
  let length = bits.read(5);
  return Uint8Array.from({ length: symbols }, () => {
    for (;;) {
      if (length < 1 || length > MAX_LENGTH) throw new DamagedBzip2(`a code of ${length} bits`);
      if (bits.read(1) === 0) return length;
      length += bits.read(1) === 0 ? 1 : -1;
    }
  });
}

/** The CRC of bzip2: the polynomial of zlib's, but the highest bit first. */
const CRC = Int32Array.from({ length: 256 }, (_, i) => {
  let value = i << 24;
  for (let k = 0; k < 8; k++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});
