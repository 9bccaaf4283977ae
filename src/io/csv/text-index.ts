import { type Arena, BATCH_ROWS, SparrowError } from '../../base/index.js';
import { COUNTERS } from './emit-field.js';
import { ESCAPED, guardBytes, MISSING, POSITION, QUOTED, RAGGED, UNCLOSED } from './emit-index.js';
import { INDEX_SLACK } from './emit-window.js';
import { type CsvKernels, csvKernels } from './kernels.js';
import type { CsvDialect } from './options.js';

/** Text is indexed in pieces, which stay in a processor's cache while columns are read from them; longer records make it grow. */
const TEXT_BYTES = 1 << 20;
/** Many columns have larger ones: each is work for each piece. */
const COLUMN_TEXT_BYTES = 32 << 10;
const MOST_TEXT_BYTES = 4 << 20;
const INDEX_BYTES = 4 << 20;
/** Positions have 30 bits. */
const MAX_TEXT_BYTES = 2 ** 30 - 64;
const SLACK = 64;

/** The shape of the records looked at. */
export interface RecordShape {
  /** Fields kept, from the first. */
  readonly width: number;
  /** Fields a record should have. */
  readonly fields: number;
}

/**
 * CSV text in the shared heap, piece by piece, with an index of its records. The caller adds text where `room` says,
 * then takes blocks of records with `next` until it gives false.
 */
export class TextIndex {
  readonly kernels: CsvKernels;
  readonly counters: number;
  readonly stride: number;
  text: number;
  readonly index: number;
  readonly #indexBytes: number;
  #capacity: number;
  #length = 0;
  #at = 0;
  #final = false;
  /** Fewer bytes than this do not hold the next record: so a long one is not looked at from its start too often. */
  #wanted = 0;
  /** Bytes of the stream before the text at hand. */
  #before = 0;
  /** Records of the current block. */
  rows = 0;
  /** Whether the current block is ASCII throughout. */
  #blockStart = 0;

  constructor(
    readonly arena: Arena,
    readonly dialect: CsvDialect,
    readonly shape: RecordShape,
    /** How much text there will be, where that is known. */
    expectedBytes: number,
  ) {
    this.kernels = csvKernels(arena.heap, dialect);
    this.stride = (shape.width + 2) * 4;
    const piece = Math.min(MOST_TEXT_BYTES, Math.max(TEXT_BYTES, shape.width * COLUMN_TEXT_BYTES));
    this.#capacity = Math.min(piece, Math.max(1024, expectedBytes));
    this.text = arena.alloc(this.#capacity + SLACK);
    this.#indexBytes = Math.max(this.stride * 2, Math.min(INDEX_BYTES, this.#capacity * 4));
    this.index = arena.alloc(this.#indexBytes + INDEX_SLACK);
    this.counters = arena.allocZeroed(COUNTERS.bytes);
    for (let i = 0; i <= 22; i++) arena.heap.f64[(this.counters + COUNTERS.powers) / 8 + i] = 10 ** i;
  }

  /** Where more text goes; what was taken is dropped. There is always room for a byte. */
  room(): { address: number; bytes: number } {
    const { u8 } = this.arena.heap;
    if (this.#at > 0) {
      u8.copyWithin(this.text, this.text + this.#at, this.text + this.#length);
      this.#before += this.#at;
      this.#length -= this.#at;
      this.#at = 0;
    }
    if (this.#length === this.#capacity) this.#grow();
    return { address: this.text + this.#length, bytes: this.#capacity - this.#length };
  }

  #grow(): void {
    const capacity = Math.min(MAX_TEXT_BYTES, this.#capacity * 2);
    if (capacity === this.#capacity) {
      throw new SparrowError('MALFORMED_RECORD_IN_PARSING', 'a CSV record is longer than 1 GiB', {
        where: `byte ${this.#before} of the text`,
        hint: 'check the quote option: an opening quote without its closing one makes the rest of a file one field',
      });
    }
    const text = this.arena.alloc(capacity + SLACK);
    this.arena.heap.copy(text, this.text, this.#length);
    this.text = text;
    this.#capacity = capacity;
  }

  /** So many bytes were added; `final`: nothing follows. */
  added(bytes: number, final: boolean): void {
    this.#length += bytes;
    this.#final = final;
    this.arena.heap.u8.set(guardBytes(this.dialect), this.text + this.#length);
  }

  /** Forgets everything: another text follows. */
  restart(): void {
    this.#length = this.#at = this.#before = this.#wanted = 0;
    this.#final = false;
  }

  /** Drops bytes at the start of what was added and not looked at: a byte order mark. */
  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Text added and not yet taken. */
  get pending(): number {
    return this.#length - this.#at;
  }

  /** Position in the stream behind the records taken. */
  get position(): number {
    return this.#before + this.#at;
  }

  byteAt(offset: number): number | undefined {
    return offset < this.pending ? this.arena.heap.u8[this.text + this.#at + offset] : undefined;
  }

  /** The next block of records; false when more text is needed, or none is left after the final piece. */
  next(maxRows = BATCH_ROWS): boolean {
    const { kernels, text, index, counters, shape } = this;
    if (!this.#final && this.pending < this.#wanted) {
      this.rows = 0;
      return false;
    }
    const end = text + this.#length;
    this.#blockStart = this.#at;
    const taken = kernels.index(
      text,
      text + this.#at,
      end,
      this.#final ? 1 : 0,
      index,
      index + this.#indexBytes,
      Math.min(maxRows, BATCH_ROWS),
      shape.width,
      shape.fields,
      counters,
    );
    this.rows = this.arena.heap.u32[counters >>> 2] as number;
    this.#at = (taken >>> 0) - text;
    this.#wanted = this.rows === 0 ? this.pending * 2 : 0;
    return this.rows > 0;
  }

  isAscii(): boolean {
    return this.kernels.hasHighBits(this.text + this.#blockStart, this.text + this.#at) === 0;
  }

  /** The bytes of the current block. */
  blockBytes(): Uint8Array {
    return this.arena.heap.u8.subarray(this.text + this.#blockStart, this.text + this.#at);
  }

  #word(row: number, word: number): number {
    return this.arena.heap.u32[((this.index + row * this.stride) >>> 2) + word] as number;
  }

  /** Fields of a record, as far as they are kept. */
  fieldCount(row: number): number {
    let count = 0;
    while (count < this.shape.width && this.#word(row, count + 1) !== MISSING) count++;
    return count;
  }

  isRagged(row: number): boolean {
    return (this.#word(row, this.shape.width + 1) & RAGGED) !== 0;
  }

  isUnclosed(row: number): boolean {
    return (this.#word(row, this.shape.width + 1) & UNCLOSED) !== 0;
  }

  /** Whether a line break follows a record; the last one of a text may do without. */
  endsWithLineBreak(row: number): boolean {
    return this.text + (this.#word(row, this.shape.width + 1) & POSITION) < this.text + this.#length;
  }

  /** Position of a record in the stream. */
  recordPosition(row: number): number {
    return this.#before + this.#recordStart(row);
  }

  #recordStart(row: number): number {
    return (this.#word(row, 0) + this.dialect.delimiter.length) & POSITION;
  }

  /** A record as it stands in the text, without its line break. */
  recordText(row: number): string {
    const start = this.text + this.#recordStart(row);
    return this.arena.heap.buffer.toString(
      'utf8',
      start,
      this.text + (this.#word(row, this.shape.width + 1) & POSITION),
    );
  }

  /** A field as text; null where it is missing, empty or the text that stands for null. */
  fieldText(row: number, column: number): string | null {
    const { dialect, arena } = this;
    const word = this.#word(row, column + 1);
    if (word === MISSING) return null;
    let start = this.text + ((this.#word(row, column) + dialect.delimiter.length) & POSITION);
    let end = this.text + (word & POSITION);
    const { u8, buffer } = arena.heap;
    const quoted = (word & QUOTED) !== 0;
    if (quoted) {
      while (u8[start++] !== dialect.quote);
      while (u8[--end] !== dialect.quote);
    } else {
      if (dialect.trimLeading) while (start < end && (u8[start] as number) <= 32) start++;
      if (dialect.trimTrailing) while (start < end && (u8[end - 1] as number) <= 32) end--;
    }
    const raw = buffer.toString('utf8', start, end);
    const text = (word & ESCAPED) !== 0 ? unescapeText(raw, dialect) : raw;
    if ((!quoted && text === '') || text === dialect.nullValue) return null;
    return text === '' ? dialect.emptyValue : text;
  }

  /** Keeps only the records `keep` says yes to. */
  filterRows(keep: (row: number) => boolean): void {
    const { u8 } = this.arena.heap;
    let kept = 0;
    for (let row = 0; row < this.rows; row++) {
      if (!keep(row)) continue;
      const from = this.index + row * this.stride;
      if (kept !== row) u8.copyWithin(this.index + kept * this.stride, from, from + this.stride);
      kept++;
    }
    this.rows = kept;
  }
}

/** Without the first of each escaped pair. */
function unescapeText(raw: string, { quote, escape: escapeWith }: CsvDialect): string {
  let out = '';
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    const after = raw.charCodeAt(i + 1);
    if ((code === quote && after === quote) || (code === escapeWith && (after === quote || after === escapeWith))) i++;
    out += raw[i];
  }
  return out;
}
