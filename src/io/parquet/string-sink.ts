import type { Column, Dictionary } from '../../base/index.js';
import type { GroupContext, Page } from './chunk-pages.js';
import { CodedPages } from './coded-pages.js';
import { corrupt, type Place, unsupported } from './error.js';
import { MAX_CODED_BITS } from './kernels/coded.js';
import { KERNEL_SLACK } from './scratch.js';
import { type Leaf, type PageValues, readIndices, type Sink, unsupportedEncoding } from './sink.js';
import type { SplitChunk } from './split.js';
import { readDeltaStrings, readLengths } from './string-encodings.js';

/** Offsets are signed 32-bit numbers. */
const MAX_BYTES = 2 ** 31 - 2 ** 16;
const UUID_CHARS = 36;
const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/**
 * Strings and binary values. As long as every page is dictionary-encoded only codes are kept; the first other page
 * turns what there is into plain strings.
 */
export class StringSink implements Sink {
  readonly #rows: number;
  #dictionary: Dictionary | undefined;
  #entries = 0;
  /** Codes, while all pages have been dictionary-encoded; 1, 2 or 4 bytes each. */
  #codes = 0;
  #codeBytes: 1 | 2 | 4 = 4;
  /** Plain strings: end of the bytes so far, and of the room for them. */
  #offsets = 0;
  #data = 0;
  #capacity = 0;
  #position = 0;
  #coded: CodedPages | undefined;

  constructor(
    private readonly group: GroupContext,
    private readonly leaf: Leaf,
    private readonly place: Place,
    private readonly chunk: SplitChunk,
  ) {
    this.#rows = chunk.values;
  }

  dictionary(page: Page): void {
    if (this.#dictionary !== undefined) throw corrupt(this.place, 'a column chunk has two dictionaries');
    const { group } = this;
    const { values: count } = page.header;
    const bytes = page.end - page.start;
    if (count > bytes) throw corrupt(this.place, `a dictionary of ${count} values in ${bytes} bytes`);
    const offsets = group.alloc((count + 2) * 4);
    const data = group.alloc(this.leaf.decode.convert === 'uuid' ? count * UUID_CHARS : bytes);
    group.task.heap.i32[offsets >>> 2] = 0;
    this.#plain(page.start, page.end, count, offsets, data, 0);
    const id = group.task.heap.newDictionaryId();
    this.#entries = count;
    // Null rows have code 0, so that even an empty dictionary needs an entry.
    if (count === 0) group.task.heap.i32[(offsets >>> 2) + 1] = 0;
    this.#dictionary = { id, count: Math.max(1, count), offsets, data };
    this.#codeBytes = count <= 256 ? 1 : count <= 65536 ? 2 : 4;
  }

  values(values: PageValues): void {
    const { encoding, start, end, count, row } = values;
    if (encoding === 'rle_dictionary' || encoding === 'plain_dictionary') {
      this.#indexed(values);
      return;
    }
    this.#toPlain(row);
    const offsets = this.#offsets + row * 4;
    switch (encoding) {
      case 'plain':
        this.#reserve(this.leaf.decode.convert === 'uuid' ? count * UUID_CHARS : end - start);
        this.#position = this.#plain(start, end, count, offsets, this.#data, this.#position);
        break;
      case 'delta_length_byte_array':
        this.#deltaLengths(values, offsets);
        break;
      case 'delta_byte_array':
        this.#deltaStrings(values, offsets);
        break;
      case 'byte_stream_split':
        this.#unsplit(values, offsets);
        break;
      default:
        throw unsupportedEncoding(values, this.place, this.leaf);
    }
  }

  spread(validity: number, row: number, count: number, dense: number): void {
    const { kernels } = this.group;
    if (this.#offsets !== 0) {
      kernels.spreadOffsets(this.#offsets + row * 4, validity, row, count, dense);
      return;
    }
    if (this.#dictionary === undefined) {
      // A dictionary would have come before the first data page.
      this.#toPlain(row);
      this.spread(validity, row, count, dense);
      return;
    }
    this.#ensureCodes();
    kernels[`spread${this.#codeBytes}`](this.#codes + row * this.#codeBytes, validity, row, count, dense);
  }

  skip(row: number, count: number): void {
    const { heap } = this.group.task;
    if (this.#offsets === 0 && this.#dictionary !== undefined) {
      // Codes must be valid, should a later page turn all of them into plain strings.
      this.#ensureCodes();
      const from = this.#codes + row * this.#codeBytes;
      heap.u8.fill(0, from, from + count * this.#codeBytes);
      return;
    }
    this.#toPlain(row);
    heap.i32[(this.#offsets >>> 2) + row + count] = this.#position;
  }

  finish(): Pick<Column, 'storage' | 'data' | 'offsets' | 'dictionary'> {
    // A later page may have turned the codes into plain strings.
    if (this.#offsets !== 0 || this.#codes === 0 || this.#dictionary === undefined) {
      this.#toPlain(0);
      return { storage: 'utf8', data: this.#data, offsets: this.#offsets };
    }
    const storage = this.#codeBytes === 1 ? 'u8' : this.#codeBytes === 2 ? 'u16' : 'i32';
    return { storage, data: this.#codes, offsets: 0, dictionary: this.#dictionary };
  }

  #ensureCodes(): void {
    if (this.#codes === 0) this.#codes = this.group.alloc(this.#rows * this.#codeBytes);
  }

  #indexed(values: PageValues): void {
    const { group } = this;
    if (this.#dictionary === undefined) throw corrupt(this.place, 'a page refers to a dictionary that is not there');
    if (this.#offsets !== 0) {
      this.#gather(readIndices(group, values, this.#entries, this.place), values.count, values.row);
      return;
    }
    this.#ensureCodes();
    const target = this.#codes + values.row * this.#codeBytes;
    this.#coded ??= this.#codesOf(this.#entries);
    if (this.#coded.decode(values, target)) return;
    const indices = readIndices(group, values, this.#entries, this.place);
    if (this.#codeBytes === 1) group.kernels.packCodes8(indices, values.count, target);
    else if (this.#codeBytes === 2) group.kernels.packCodes16(indices, values.count, target);
    else group.kernels.copy(target, indices, values.count * 4);
  }

  /** A table in which each code stands for itself. */
  #codesOf(entries: number): CodedPages {
    const { group } = this;
    const few = Math.min(entries, 2 ** MAX_CODED_BITS);
    const codes = group.alloc(few * this.#codeBytes);
    const { [`u${this.#codeBytes * 8}` as 'u8' | 'u16' | 'u32']: words } = group.task.heap;
    for (let code = 0; code < few; code++) words[codes / this.#codeBytes + code] = code;
    return new CodedPages(group, codes, few, this.#codeBytes);
  }

  /** Appends the strings of dictionary indices. */
  #gather(indices: number, count: number, row: number): void {
    const { kernels } = this.group;
    const { offsets, data } = this.#dictionary as Dictionary;
    this.#reserve(Number(kernels.gatherLength(indices, count, offsets)));
    this.#position = kernels.gatherStrings(
      indices,
      count,
      offsets,
      data,
      this.#offsets + row * 4,
      this.#data,
      this.#position,
    );
  }

  /** From here on strings are kept as they are; the first `rows` rows are those of the codes so far. */
  #toPlain(rows: number): void {
    if (this.#offsets !== 0) return;
    const { group } = this;
    this.#offsets = group.alloc((this.#rows + 1) * 4);
    group.task.heap.i32[this.#offsets >>> 2] = 0;
    this.#reserve(Math.min(this.chunk.uncompressedBytes, this.chunk.bytes * 16 + 1024));
    if (this.#codes === 0 || rows === 0) return;
    // Rows that are null have code 0; their bytes are never looked at.
    const indices = group.scratch.get('physical', rows * 4);
    if (this.#codeBytes === 4) group.kernels.copy(indices, this.#codes, rows * 4);
    else group.kernels[this.#codeBytes === 1 ? 'widen8' : 'widen16'](this.#codes, rows, indices);
    this.#gather(indices, rows, 0);
  }

  /** Has room for `bytes` more bytes. */
  #reserve(bytes: number): void {
    const { group } = this;
    const wanted = this.#position + bytes;
    if (wanted > MAX_BYTES) {
      const hint = 'write the file with smaller row groups';
      throw unsupported(
        this.place,
        `the strings of one row group take ${wanted} bytes or more, 2 GiB is the limit`,
        hint,
      );
    }
    if (this.#data !== 0 && wanted <= this.#capacity) return;
    const capacity = Math.min(MAX_BYTES, Math.max(wanted, this.#capacity * 2, 1024));
    const data = group.task.arena.alloc(capacity + KERNEL_SLACK);
    if (this.#position > 0) group.kernels.copy(data, this.#data, this.#position);
    this.#data = data;
    this.#capacity = capacity;
  }

  #plain(source: number, end: number, count: number, offsets: number, data: number, position: number): number {
    const { kernels } = this.group;
    const { physical, plainBytes, convert } = this.leaf.decode;
    if (physical !== 'fixed') {
      const next = kernels.plainStrings(source, end, count, offsets, data, position);
      if (next < 0) throw corrupt(this.place, 'a string goes past the end of its page');
      return next;
    }
    if (count * plainBytes > end - source)
      throw corrupt(this.place, `${count} values need more than ${end - source} bytes`);
    if (convert === 'uuid') {
      for (let i = 0; i < count; i++) this.#uuid(source + i * 16, data + position + i * UUID_CHARS);
      return kernels.fixedOffsets(count, UUID_CHARS, offsets, position);
    }
    kernels.copy(data + position, source, count * plainBytes);
    return kernels.fixedOffsets(count, plainBytes, offsets, position);
  }

  #uuid(source: number, target: number): void {
    const { u8, buffer } = this.group.task.heap;
    let text = '';
    for (let i = 0; i < 16; i++) {
      text += HEX[u8[source + i] as number];
      if (i === 3 || i === 5 || i === 7 || i === 9) text += '-';
    }
    buffer.write(text, target, UUID_CHARS, 'latin1');
  }

  #deltaLengths(values: PageValues, offsets: number): void {
    const { kernels } = this.group;
    const { end, count } = values;
    const { lengths, next } = readLengths(this.group, values, 'lengths', this.place);
    const bytes = end - next;
    this.#reserve(bytes);
    const last = kernels.lengthsToOffsets(lengths, count, offsets, this.#position, bytes);
    if (last < 0) throw corrupt(this.place, 'a string goes past the end of its page');
    kernels.copy(this.#data + this.#position, next, last - this.#position);
    this.#position = last;
  }

  #deltaStrings(values: PageValues, offsets: number): void {
    const { task, kernels } = this.group;
    const strings = readDeltaStrings(this.group, values, this.place);
    if (this.leaf.decode.physical === 'fixed') {
      this.#fixedFrom(strings.data, strings.bytes, values.count, offsets);
      return;
    }
    this.#reserve(strings.bytes);
    kernels.copy(this.#data + this.#position, strings.data, strings.bytes);
    const { i32 } = task.heap;
    for (let i = 1; i <= values.count; i++) {
      i32[(offsets >>> 2) + i] = (i32[(strings.offsets >>> 2) + i] as number) + this.#position;
    }
    this.#position += strings.bytes;
  }

  #unsplit(values: PageValues, offsets: number): void {
    const { scratch, kernels } = this.group;
    const { plainBytes, physical } = this.leaf.decode;
    const { start, end, count } = values;
    if (physical !== 'fixed') throw unsupportedEncoding(values, this.place, this.leaf);
    if (count * plainBytes > end - start) throw corrupt(this.place, `${count} split values in ${end - start} bytes`);
    const joined = scratch.get('physical', count * plainBytes);
    kernels.unsplit(start, count, joined, plainBytes);
    this.#fixedFrom(joined, count * plainBytes, count, offsets);
  }

  /** Values of a fixed length that lie in scratch memory. */
  #fixedFrom(source: number, bytes: number, count: number, offsets: number): void {
    this.#reserve(this.leaf.decode.convert === 'uuid' ? count * UUID_CHARS : bytes);
    this.#position = this.#plain(source, source + bytes, count, offsets, this.#data, this.#position);
  }
}
