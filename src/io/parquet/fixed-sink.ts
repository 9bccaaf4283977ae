import { type Column, type ColumnStats, integerBounds, storageBytes } from '../../base/index.js';
import type { GroupContext, Page } from './chunk-pages.js';
import { CodedPages } from './coded-pages.js';
import { corrupt, type Place } from './error.js';
import type { CodedWidth } from './kernels/coded.js';
import { type Leaf, type PageValues, readIndices, type Sink, unsupportedEncoding } from './sink.js';
import type { NarrowStorage, SplitChunk } from './split.js';
import { readDeltaStrings } from './string-encodings.js';

type Width = 1 | 2 | 4 | 8 | 16;

/** A value does not fit the narrow storage that the statistics promised. */
export class TooWide extends Error {}

/** Values of a fixed width, decoded to where they stay. */
export class FixedSink implements Sink {
  /** Bytes of a value as it is stored, and in the leaf's own storage. */
  readonly #width: Width;
  readonly #wide: Width;
  readonly #data: number;
  #dictionary = 0;
  #entries = -1;
  /** Pages of indices need no look at their values: no entry of the dictionary is out of bounds. */
  #isInside = false;
  readonly #bounds: readonly [low: bigint, high: bigint] | undefined;
  #coded: CodedPages | undefined;

  constructor(
    private readonly group: GroupContext,
    private readonly leaf: Leaf,
    private readonly place: Place,
    chunk: SplitChunk,
    private readonly narrow?: NarrowStorage,
    stats?: ColumnStats,
  ) {
    this.#wide = storageBytes(leaf.decode.storage) as Width;
    this.#width = storageBytes(narrow ?? leaf.decode.storage) as Width;
    this.#data = group.alloc(chunk.values * this.#width);
    this.#bounds = trustedBounds(leaf, stats);
  }

  dictionary(page: Page): void {
    if (this.#entries >= 0) throw corrupt(this.place, 'a column chunk has two dictionaries');
    const { values: count } = page.header;
    if (count > page.end - page.start) throw corrupt(this.place, `a dictionary of ${count} values in too few bytes`);
    this.#dictionary = this.group.allocPassing(count * this.#width);
    this.#entries = count;
    this.#plain(page.start, page.end, count, this.#dictionary);
    this.#isInside = this.#areInside(this.#dictionary, count);
    if (this.#width < 16) this.#coded = new CodedPages(this.group, this.#dictionary, count, this.#width as CodedWidth);
  }

  values(values: PageValues): void {
    const target = this.#data + values.row * this.#width;
    const { start, end, count } = values;
    const { kernels } = this.group;
    switch (values.encoding) {
      case 'plain':
        this.#plain(start, end, count, target);
        break;
      case 'rle_dictionary':
      case 'plain_dictionary': {
        if (this.#entries < 0) throw corrupt(this.place, 'a page refers to a dictionary that is not there');
        if (this.#coded?.decode(values, target)) break;
        const indices = readIndices(this.group, values, this.#entries, this.place);
        kernels[`gather${this.#width}`](indices, count, target, this.#dictionary);
        break;
      }
      case 'rle':
        this.#runLength(values, target);
        break;
      case 'delta_binary_packed':
        this.#delta(values, target);
        break;
      case 'byte_stream_split':
        this.#unsplit(values, target);
        break;
      case 'delta_byte_array':
        this.#deltaBytes(values, target);
        break;
      default:
        throw unsupportedEncoding(values, this.place, this.leaf);
    }
    const ofEntries = this.#isInside && values.encoding.endsWith('dictionary');
    if (!ofEntries && !this.#areInside(target, count))
      throw corrupt(this.place, `a value lies outside ${this.#bounds?.join(' to ')}, by its statistics or type`);
  }

  /** Whether values lie where plans take them to be: groups have places by such bounds, and sums no checks. */
  #areInside(address: number, count: number): boolean {
    if (this.#bounds === undefined) return true;
    const all = 1n << BigInt(this.#width * 8);
    const [low, most] = this.#bounds;
    // Unsigned values have a wider type.
    const high = most < all ? most : all - 1n;
    const [base, span] = [low + all / 2n, high - low - all / 2n];
    const { [`outside${this.#width}` as const]: outside } = this.group.kernels;
    return low <= high && outside(address, count, base, span, base >> 64n, span >> 64n) === 0;
  }

  spread(validity: number, row: number, count: number, dense: number): void {
    this.group.kernels[`spread${this.#width}`](this.#data + row * this.#width, validity, row, count, dense);
  }

  skip(): void {
    // Fixed places: the next values find theirs.
  }

  finish(): Pick<Column, 'storage' | 'data' | 'offsets'> {
    return { storage: this.narrow ?? this.leaf.decode.storage, data: this.#data, offsets: 0 };
  }

  /** PLAIN values at `source` become stored values at `target`. */
  #plain(source: number, end: number, count: number, target: number): void {
    const { physical, plainBytes, convert } = this.leaf.decode;
    const { kernels } = this.group;
    if (this.narrow !== undefined && convert === 'decimal_bytes') {
      const wide = this.#values(count);
      this.#bytesDecimals(source, end, count, wide);
      this.#narrow(wide, count, target);
      return;
    }
    if (convert === 'decimal_bytes') {
      this.#bytesDecimals(source, end, count, target);
      return;
    }
    const bytes = physical === 'boolean' ? Math.ceil(count / 8) : count * plainBytes;
    if (bytes > end - source)
      throw corrupt(this.place, `${count} values need ${bytes} bytes, the page has ${end - source}`);
    if (physical === 'boolean') kernels.unpackBits(source, count, target);
    else this.#convert(source, count, target);
  }

  #bytesDecimals(source: number, end: number, count: number, target: number): void {
    const kernel = this.group.kernels[this.#wide === 8 ? 'bytesDecimal64' : 'bytesDecimal128'];
    if (kernel(source, end, count, target) === 0)
      throw corrupt(this.place, 'a decimal has more than 16 bytes or goes past the end of its page');
  }

  /** Physical values at `source` become stored values at `target`. */
  #convert(source: number, count: number, target: number): void {
    if (this.narrow === undefined) return this.#convertWide(source, count, target);
    if (this.leaf.decode.convert === 'none') return this.#narrow(source, count, target);
    const wide = this.#values(count);
    this.#convertWide(source, count, wide);
    this.#narrow(wide, count, target);
  }

  #narrow(source: number, count: number, target: number): void {
    const { kernels } = this.group;
    const name = `narrow${this.#wide * 8}to${this.#width * 8}` as 'narrow64to32';
    if (kernels[name](source, count, target) === 0) throw new TooWide();
  }

  #convertWide(source: number, count: number, target: number): void {
    const { kernels } = this.group;
    const { convert, plainBytes } = this.leaf.decode;
    switch (convert) {
      case 'none':
        kernels.copy(target, source, count * plainBytes);
        break;
      case 'narrow8':
        kernels.narrow8(source, count, target);
        break;
      case 'narrow16':
        kernels.narrow16(source, count, target);
        break;
      case 'widen_u32':
        kernels.widenU32(source, count, target);
        break;
      case 'widen_u64':
        kernels.widenU64(source, count, target);
        break;
      case 'millis32':
        kernels.millis32(source, count, target);
        break;
      case 'millis':
        if (kernels.millis(source, count, target) === 0) {
          throw corrupt(this.place, 'a timestamp in milliseconds is too large for microseconds');
        }
        break;
      case 'nanos':
        kernels.nanos(source, count, target);
        break;
      case 'int96':
        kernels.int96(source, count, target);
        break;
      case 'decimal_fixed':
        this.#fixedDecimals(source, count, target);
        break;
      case 'float16':
        this.#halves(source, count, target);
        break;
    }
  }

  #fixedDecimals(source: number, count: number, target: number): void {
    const { plainBytes: width } = this.leaf.decode;
    const { kernels, task } = this.group;
    const kernel = kernels[this.#wide === 8 ? 'fixedDecimal64' : 'fixedDecimal128'];
    if (width <= 16) {
      kernel(source, count, target, width);
      return;
    }
    // Wider than any value needs: the bytes in front must only repeat the sign.
    const { u8 } = task.heap;
    for (let i = 0; i < count; i++) {
      const from = source + i * width;
      const sign = (u8[from + width - 16] as number) >= 128 ? 255 : 0;
      for (let b = 0; b < width - 16; b++) {
        if (u8[from + b] !== sign) throw corrupt(this.place, 'a decimal has more than 38 digits');
      }
      kernel(from + width - 16, 1, target + i * this.#wide, 16);
    }
  }

  #halves(source: number, count: number, target: number): void {
    const { buffer, f32 } = this.group.task.heap;
    for (let i = 0; i < count; i++) f32[(target >>> 2) + i] = halfToNumber(buffer.readUInt16LE(source + i * 2));
  }

  /** Booleans in the RLE hybrid, behind their length. */
  #runLength(values: PageValues, target: number): void {
    const { kernels, scratch, task } = this.group;
    const { start, end, count } = values;
    if (this.leaf.decode.physical !== 'boolean') throw unsupportedEncoding(values, this.place, this.leaf);
    const length = end - start < 4 ? -1 : task.heap.buffer.readUInt32LE(start);
    const bits = scratch.get('indices', count * 4 + 128);
    if (
      length < 0 ||
      length > end - start - 4 ||
      kernels.hybrid_1?.(start + 4, start + 4 + length, bits, count) === 0
    ) {
      throw corrupt(this.place, 'the booleans of a page end too early');
    }
    kernels.packCodes8(bits, count, target);
  }

  #delta(values: PageValues, target: number): void {
    const { kernels } = this.group;
    const { physical, convert } = this.leaf.decode;
    const { start, end, count } = values;
    if (physical !== 'int32' && physical !== 'int64') throw unsupportedEncoding(values, this.place, this.leaf);
    const kernel = physical === 'int32' ? kernels.delta32 : kernels.delta64;
    const to = convert === 'none' && this.narrow === undefined ? target : this.#physical(count);
    if (kernel(start, end, count, to) === 0) throw corrupt(this.place, 'the deltas of a page are damaged');
    if (to !== target) this.#convert(to, count, target);
  }

  #unsplit(values: PageValues, target: number): void {
    const { kernels } = this.group;
    const { plainBytes, convert } = this.leaf.decode;
    const { start, end, count } = values;
    if (plainBytes === 0) throw unsupportedEncoding(values, this.place, this.leaf);
    // Streams are as long as the page says, which is how nulls at its end are left out.
    if (count * plainBytes > end - start) throw corrupt(this.place, `${count} split values in ${end - start} bytes`);
    const to = convert === 'none' && this.narrow === undefined ? target : this.#physical(count);
    kernels.unsplit(start, count, to, plainBytes);
    if (to !== target) this.#convert(to, count, target);
  }

  #deltaBytes(values: PageValues, target: number): void {
    const { plainBytes, physical } = this.leaf.decode;
    if (physical !== 'fixed') throw unsupportedEncoding(values, this.place, this.leaf);
    const strings = readDeltaStrings(this.group, values, this.place);
    const { i32 } = this.group.task.heap;
    for (let i = 1; i <= values.count; i++) {
      if (i32[(strings.offsets >>> 2) + i] !== i * plainBytes)
        throw corrupt(this.place, 'a fixed-length value has another length');
    }
    this.#convert(strings.data, values.count, target);
  }

  /** Scratch for values in the leaf's own storage. */
  #values(count: number): number {
    return this.group.scratch.get('values', count * this.#wide);
  }

  /** Scratch for values in their physical form, with room for reads before them. */
  #physical(count: number): number {
    return this.group.scratch.get('physical', count * this.leaf.decode.plainBytes + 16) + 16;
  }
}

/** What plans take for the bounds of a leaf's values. There are decimals of more digits than their type has, and statistics that say so. */
function trustedBounds({ type }: Leaf, { min, max }: ColumnStats = {}): readonly [bigint, bigint] | undefined {
  const bounds = integerBounds(type);
  if (bounds === undefined || min === undefined || max === undefined)
    return type.kind === 'decimal' ? bounds : undefined;
  return [BigInt(min), BigInt(max)];
}

function halfToNumber(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
