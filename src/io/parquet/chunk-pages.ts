import { crc32 } from 'node:zlib';
import { type Arena, type ReadableFile, SparrowError, type TaskContext } from '../../base/index.js';
import { type Codec, codecNamed } from './codecs.js';
import { corrupt, type Place } from './error.js';
import { type Kernels, kernelsFor, PATTERN_BYTES, patternBytes } from './kernels/index.js';
import type { PageHeader } from './metadata.js';
import { parsePageHeader } from './page-header.js';
import type { RowSelection } from './row-selection.js';
import { KERNEL_SLACK, Scratch } from './scratch.js';
import type { ParquetSplit, SplitChunk } from './split.js';
import { ThriftError } from './thrift.js';

/** Bytes read from the file at a time: most chunks are read at once, large ones do not fill the memory. */
const WINDOW_BYTES = 1 << 22;
/** The same where pages are passed over. */
const SPARSE_BYTES = 1 << 16;
const HEADER_BYTES = 1 << 12;
const MAX_HEADER_BYTES = 1 << 24;
const FORGOTTEN_BYTES = 128;
const MAX_PAGE_BYTES = 2 ** 31 - 2 ** 20;

const patternTable = patternBytes();

/** What reading one row group shares between its columns. */
export class GroupContext {
  readonly kernels: Kernels;
  readonly scratch: Scratch;
  readonly patterns: number;
  /** Where buffers of the result are taken from. */
  results: Arena;

  constructor(
    readonly task: TaskContext,
    readonly file: ReadableFile,
    readonly split: ParquetSplit,
    /** Which rows are wanted; all without it. */
    readonly selection?: RowSelection,
  ) {
    this.results = task.arena;
    this.kernels = kernelsFor(task.heap);
    this.scratch = new Scratch(task.arena);
    this.patterns = task.arena.alloc(PATTERN_BYTES);
    task.heap.u8.set(patternTable, this.patterns);
  }

  place(column: string): Place {
    return { file: this.split.path, rowGroup: this.split.rowGroup, column };
  }

  /** A buffer of the result. */
  alloc(bytes: number): number {
    return this.results.alloc(bytes + KERNEL_SLACK);
  }

  /** A buffer that nobody looks at when the column is decoded. */
  allocPassing(bytes: number): number {
    return this.task.arena.alloc(bytes + KERNEL_SLACK);
  }
}

/** A page with its bytes decompressed: values, behind the levels where the page has any. */
export interface Page {
  readonly header: PageHeader;
  readonly start: number;
  readonly end: number;
  /** Version 2 keeps its levels apart, uncompressed: repetition levels, then definition levels. */
  readonly levels: number;
  /** Nobody wants it: only the header was read. */
  readonly isSkipped: boolean;
}

/** The pages of a column chunk, one after the other; a page is valid until the next one is asked for. */
export class ChunkPages {
  readonly #codec: Codec | undefined;
  /** Next byte of the chunk to look at, and how many follow. */
  #position: number;
  #remaining: number;
  /** Values in the pages still to come. */
  #values: number;
  /** The part of the file in scratch memory. */
  #window = 0;
  #windowStart = 0;
  #windowBytes = 0;
  #page = 0;
  /** Pages have been passed over: what follows may be, too. */
  #sparse = false;
  #ahead = SPARSE_BYTES;
  /** Where data pages begin that are read, if not behind the dictionary. */
  #jump: number | undefined;
  /** Where the page that was given last begins in the file. */
  pageStart = 0;

  constructor(
    private readonly group: GroupContext,
    chunk: SplitChunk,
    readonly place: Place,
  ) {
    this.#codec = chunk.codec === 'uncompressed' ? undefined : codecNamed(chunk.codec);
    this.#position = chunk.offset;
    // Old writers left the header of the dictionary page out of the chunk's size.
    this.#remaining = Math.min(chunk.bytes + FORGOTTEN_BYTES, group.file.size - chunk.offset);
    this.#values = chunk.values;
    this.#jump = chunk.pages?.start;
    if (chunk.pages?.hasDictionary === false) this.#toFirstPage();
  }

  /** The next data or dictionary page. What is not wanted is neither read nor decompressed. */
  next(isWanted?: (header: PageHeader) => boolean): Page | undefined {
    while (this.#remaining > 0 && this.#values > 0) {
      this.group.task.checkCancelled();
      this.pageStart = this.#position;
      const header = this.#header();
      const bytes = header.compressedBytes;
      if (bytes > this.#remaining) {
        throw this.#corrupt(`it announces ${bytes} bytes, ${this.#remaining} are left in the column chunk`);
      }
      if (header.type === 'index') {
        this.#pass(bytes);
        continue;
      }
      if (header.type !== 'dictionary') this.#values -= header.values;
      if (isWanted?.(header) === false) {
        this.#pass(bytes);
        this.#sparse = true;
        // What is read ahead of a header lies in a page that nobody wants, where pages are that long.
        this.#ahead = bytes > SPARSE_BYTES ? HEADER_BYTES : SPARSE_BYTES;
        return { header, start: 0, end: 0, levels: 0, isSkipped: true };
      }
      const source = this.#ensure(bytes);
      this.#pass(bytes);
      this.#verify(header, source);
      const page = this.#open(header, source);
      if (header.type === 'dictionary') this.#toFirstPage();
      return page;
    }
    return undefined;
  }

  #toFirstPage(): void {
    if (this.#jump !== undefined) this.#advance(this.#jump - this.#position);
    this.#jump = undefined;
  }

  #pass(bytes: number): void {
    this.#advance(bytes);
    this.#page++;
  }

  #corrupt(what: string, cause?: unknown): SparrowError {
    return corrupt(this.place, `page ${this.#page}: ${what}`, cause);
  }

  #header(): PageHeader {
    const { u8 } = this.group.task.heap;
    for (let wanted = HEADER_BYTES; ; wanted *= 16) {
      const available = Math.min(wanted, this.#remaining);
      const address = this.#ensure(available);
      try {
        const [header, end] = parsePageHeader(u8, address, address + available);
        this.#advance(end - address);
        return header;
      } catch (error) {
        if (!(error instanceof ThriftError)) throw error;
        // A header with long statistics may simply be longer than what was looked at.
        const more = available < this.#remaining && wanted < MAX_HEADER_BYTES;
        if (!more) throw this.#corrupt(`its header cannot be read: ${error.message}`, error);
      }
    }
  }

  #advance(bytes: number): void {
    this.#position += bytes;
    this.#remaining -= bytes;
  }

  /** Has the next `bytes` bytes of the chunk in scratch memory and returns their address. */
  #ensure(bytes: number): number {
    const { group } = this;
    const into = this.#position - this.#windowStart;
    if (this.#windowBytes - into >= bytes && this.#window !== 0) return this.#window + into;
    const kept = this.#window === 0 ? 0 : Math.max(0, this.#windowBytes - into);
    const length = Math.max(bytes, Math.min(this.#sparse ? this.#ahead : WINDOW_BYTES, this.#remaining));
    const { u8 } = group.task.heap;
    const old = this.#window + into;
    const window = group.scratch.get('file', length);
    if (kept > 0) u8.copyWithin(window, old, old + kept);
    group.file.readInto(u8.subarray(window + kept, window + length), this.#position + kept, length - kept);
    group.task.metrics.bytesRead += length - kept;
    this.#window = window;
    this.#windowStart = this.#position;
    this.#windowBytes = length;
    return window;
  }

  #verify(header: PageHeader, source: number): void {
    if (header.crc === undefined || !this.group.split.verify) return;
    const { u8 } = this.group.task.heap;
    if (crc32(u8.subarray(source, source + header.compressedBytes)) === header.crc) return;
    throw this.#corrupt('its checksum does not match its bytes');
  }

  #open(header: PageHeader, source: number): Page {
    const levels = header.type === 'data_v2' ? header.definitionBytes + header.repetitionBytes : 0;
    const [packed, plain] = [header.compressedBytes - levels, header.uncompressedBytes - levels];
    const from = source + levels;
    const codec = header.type === 'data_v2' && !header.compressed ? undefined : this.#codec;
    if (codec === undefined) {
      return { header, start: from, end: from + packed, levels: source, isSkipped: false };
    }
    if (plain > MAX_PAGE_BYTES || plain > packed * codec.maxRatio + 64) {
      throw this.#corrupt(`${packed} bytes of ${codec.name} cannot become ${plain} bytes`);
    }
    const target = this.group.scratch.get('page', plain);
    // An empty page may have no compressed bytes at all.
    if (plain > 0 || packed > 0) this.#decompress(codec, from, packed, target, plain);
    return { header, start: target, end: target + plain, levels: source, isSkipped: false };
  }

  #decompress(codec: Codec, source: number, sourceBytes: number, target: number, targetBytes: number): void {
    const { task, kernels, patterns, scratch } = this.group;
    let cause: unknown;
    try {
      const space = (bytes: number): number => scratch.get('codec', bytes);
      const block = { heap: task.heap, kernels, patterns, source, sourceBytes, target, targetBytes, space };
      if (targetBytes === 0 || codec.decompress(block)) return;
    } catch (error) {
      if (error instanceof SparrowError) throw error;
      cause = error;
    }
    throw this.#corrupt(`its ${sourceBytes} bytes of ${codec.name} do not decompress to ${targetBytes} bytes`, cause);
  }
}
