import { isUtf8 } from 'node:buffer';
import type { Arena, ReadableFile } from '../../base/index.js';
import { decodedChunks, isPlain } from '../byte-stream.js';
import type { Bytes } from './bytes.js';
import { JsonFault } from './fault.js';
import type { JsonReadOptions } from './options.js';
import type { JsonScanner } from './scanner.js';
import { LineWindow, type RecordSource, Window } from './window.js';

const CHUNK_BYTES = 1 << 20;
const REST_BYTES = 64 << 10;
const LINE_FEED = 10;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** Told of each record. */
export interface RecordHandler {
  /** No more records now, please. */
  readonly full: boolean;
  /** Reads the value the scanner stands before; it may turn out to go on, or to be no record after all. */
  value(scanner: JsonScanner): void;
  /** The value read last is a record. */
  commit(): void;
  /**
   * Takes lines between two addresses of the heap at once: how many bytes; fewer than 0 when so many are for `value`, 0
   * when it cannot say how many. Sets `full` when it took any.
   */
  block?(from: number, to: number): number;
  /** The text from `from` to `to` is no record. */
  malformed(fault: JsonFault, bytes: Bytes, from: number, to: number, position: number): void;
}

/** Finds records in chunks of text; gives way whenever its handler is full. */
export interface RecordFinder {
  /** All that was wanted has been found. */
  readonly done: boolean;
  /** Undefined: there are no more chunks. */
  feed(chunk: Uint8Array | undefined): Generator<void>;
  /** All records of a file that is text as it is; `wasRead` is told of bytes. */
  read(file: ReadableFile, wasRead: (bytes: number) => void): Generator<void>;
}

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** The raw bytes of a range of a file. */
function* rawRange(file: ReadableFile, start: number): Generator<Uint8Array> {
  for (let at = start; at < file.size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.size - at));
    file.readInto(chunk, at, chunk.length);
    at += chunk.length;
    yield chunk;
  }
}

export function chunksOf(file: ReadableFile, options: JsonReadOptions, start: number): Chunks {
  return isPlain(file.path, options.encoding) ? rawRange(file, start) : decodedChunks(file, options.encoding);
}

/** Lines that are not read as blocks after one that could not be: so many bytes, then twice as many, and so on. */
const LEAST_SINGLE_BYTES = 16 << 10;
const MOST_SINGLE_BYTES = 1 << 20;

/** Lines that begin in `start`…`end` of a file, each one record. */
export class LineRecords implements RecordFinder {
  done = false;
  readonly #window: LineWindow;
  #used = 0;
  /** There is no line feed in what was left before this. */
  #searched = 0;
  /** The line that a split begins in belongs to the split before it. */
  #skipping: boolean;
  /** Lines before this are read one by one; and how many bytes of them when the next one cannot be read in a block. */
  #singleTo = 0;
  #single = LEAST_SINGLE_BYTES;

  /** With an arena the text lies in the heap, where the handler can take blocks of it. */
  constructor(
    source: RecordSource,
    start: number,
    private readonly end: number,
    private readonly scanner: JsonScanner,
    private readonly handler: RecordHandler,
    arena?: Arena,
  ) {
    this.#window = new LineWindow(source, firstByte(start), arena);
    this.#skipping = start > 0;
  }

  *read(file: ReadableFile, wasRead: (bytes: number) => void): Generator<void> {
    for (let at = this.#window.position; at < file.size && !this.done; ) {
      // Of what follows the split only the rest of its last line is wanted.
      const bytes = Math.min(at < this.end ? Math.min(CHUNK_BYTES, this.end - at) : REST_BYTES, file.size - at);
      this.#add(bytes, (place) => file.readInto(place, at, bytes));
      at += bytes;
      wasRead(bytes);
      yield* this.#lines(false);
    }
    if (!this.done) yield* this.#lines(true);
  }

  *feed(chunk: Uint8Array | undefined): Generator<void> {
    if (chunk !== undefined) this.#add(chunk.length, (place) => place.set(chunk));
    yield* this.#lines(chunk === undefined);
  }

  #add(bytes: number, write: (place: Uint8Array) => void): void {
    this.#searched = this.#window.bytes.length - this.#used;
    this.#window.add(this.#used, bytes, write);
    this.#singleTo = Math.max(0, this.#singleTo - this.#used);
    this.#used = 0;
  }

  *#lines(isLast: boolean): Generator<void> {
    const { bytes, position } = this.#window;
    const last = isLast ? bytes.length - 1 - this.#searched : bytes.subarray(this.#searched).lastIndexOf(LINE_FEED);
    if (last < 0 && !isLast) return;
    const whole = this.#searched + last + 1;
    const valid = isUtf8(bytes.subarray(0, whole));
    while (this.#used < bytes.length) {
      const from = this.#used;
      if (valid && !this.#skipping && from >= this.#singleTo && this.#block(whole, isLast)) {
        yield;
        continue;
      }
      const stop = bytes.indexOf(LINE_FEED, from);
      if (stop < 0 && !isLast) return;
      const to = stop < 0 ? bytes.length : stop;
      this.#used = to + 1;
      if (this.#skipping) {
        this.#skipping = false;
        continue;
      }
      const at = position + from;
      if (at >= this.end) {
        this.done = true;
        return;
      }
      const begin = at === 0 ? afterMark(bytes) : from;
      if (to > from && oneLine(this.scanner, this.handler, bytes, begin, to, at, valid))
        yield* this.#array(begin, to, at);
      if (this.handler.full) yield;
    }
    this.#used = bytes.length;
  }

  /** Lets the handler take lines up to `whole`, those of this split; false when the next one is for itself. */
  #block(whole: number, isLast: boolean): boolean {
    const { bytes, position, address } = this.#window;
    if (address === 0 || this.handler.block === undefined) return false;
    const from = position + this.#used === 0 ? afterMark(bytes) : this.#used;
    const beyond =
      this.end - position <= whole ? bytes.indexOf(LINE_FEED, Math.max(from, this.end - position - 1)) : -1;
    const to = beyond < 0 ? whole : Math.min(whole, beyond + 1);
    if (from >= to || position + from >= this.end) return false;
    // The window has a line feed behind its last line.
    const taken = this.handler.block(address + from, address + to + (isLast && to === bytes.length ? 1 : 0));
    if (taken > 0) {
      this.#used = Math.min(bytes.length, from + taken);
      if (taken > MOST_SINGLE_BYTES) this.#single = LEAST_SINGLE_BYTES;
      return true;
    }
    this.#singleTo = from + Math.max(-taken, this.#single);
    this.#single = Math.min(MOST_SINGLE_BYTES, this.#single * 2);
    return false;
  }

  /** The records of an array that is a line. */
  *#array(from: number, to: number, position: number): Generator<void> {
    const { scanner, handler } = this;
    scanner.at++;
    if (scanner.closes(CLOSE_ARRAY)) return;
    do {
      scanner.peek();
      const start = scanner.at;
      try {
        handler.value(scanner);
        handler.commit();
      } catch (fault) {
        // What a record may not be though it is JSON: too deep for its type.
        if (!(fault instanceof JsonFault)) throw fault;
        handler.malformed(fault, scanner.bytes, from, to, position);
        scanner.at = start;
        scanner.skip();
      }
      if (handler.full) yield;
    } while (scanner.nextElement());
  }
}

/** A line break right before a split belongs to the line before it. */
export const firstByte = (start: number): number => Math.max(0, start - 1);

/** A byte order mark is no part of the text. */
function afterMark(bytes: Bytes): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Reads the record of a line; true when the line is an array of records, well-formed and not read yet. */
function oneLine(
  scanner: JsonScanner,
  handler: RecordHandler,
  bytes: Bytes,
  from: number,
  to: number,
  position: number,
  valid: boolean,
): boolean {
  scanner.bytes = bytes;
  scanner.at = from;
  scanner.end = to;
  scanner.open = false;
  try {
    const byte = scanner.peek();
    if (byte < 0) return false;
    if (!valid && !isUtf8(bytes.subarray(from, to))) throw JsonFault.of('it is not valid UTF-8', from);
    const start = scanner.at;
    if (byte === OPEN_ARRAY) scanner.skip();
    else handler.value(scanner);
    if (scanner.peek() >= 0) throw scanner.unexpected();
    if (byte !== OPEN_ARRAY) handler.commit();
    scanner.at = start;
    return byte === OPEN_ARRAY;
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    handler.malformed(fault, bytes, from, to, position);
    return false;
  }
}

type Place = 'root' | 'array begins' | 'element' | 'after element';

/**
 * Values one after the other, over any number of lines, with the elements of arrays as records of their own. After
 * what is no JSON the rest of the file has no meaning.
 */
export class DocumentRecords implements RecordFinder {
  done = false;
  readonly #window: Window;
  #place: Place = 'root';
  /** Where the last value at the root ended in this window; -1 when another may follow. */
  #rootEnd = -1;
  #isFirst = true;
  /** Fewer bytes than this do not hold the next value. */
  #wanted = 3;
  #waiting: Uint8Array[] = [];

  constructor(
    source: RecordSource,
    private readonly scanner: JsonScanner,
    private readonly handler: RecordHandler,
  ) {
    this.#window = new Window(source, 0);
    scanner.at = 0;
  }

  *read(file: ReadableFile, wasRead: (bytes: number) => void): Generator<void> {
    for (const chunk of rawRange(file, 0)) {
      wasRead(chunk.length);
      yield* this.feed(chunk);
      if (this.done) return;
    }
    yield* this.feed(undefined);
  }

  *feed(chunk: Uint8Array | undefined): Generator<void> {
    const { scanner } = this;
    if (chunk !== undefined) this.#waiting.push(chunk);
    const pending = this.#waiting.reduce((sum, piece) => sum + piece.length, 0);
    if (chunk !== undefined && this.#window.bytes.length - scanner.at + pending < this.#wanted) return;
    if (this.#rootEnd >= 0) this.#rootEnd = Math.max(0, this.#rootEnd - scanner.at);
    this.#window.add(
      scanner.at,
      this.#waiting.length === 1 ? (this.#waiting[0] as Uint8Array) : Buffer.concat(this.#waiting),
    );
    this.#waiting = [];
    const { bytes } = this.#window;
    scanner.bytes = bytes;
    scanner.at = this.#isFirst ? afterMark(bytes) : 0;
    scanner.end = bytes.length;
    scanner.open = chunk !== undefined;
    this.#isFirst = false;
    this.#wanted = 0;
    yield* this.#values(isUtf8(bytes.subarray(0, lastWholeCharacter(bytes, chunk === undefined))));
  }

  *#values(valid: boolean): Generator<void> {
    const { scanner, handler } = this;
    let start = scanner.at;
    try {
      for (;;) {
        start = scanner.at;
        if (!this.#atValue()) return;
        start = scanner.at;
        if (!valid) checkText(scanner);
        handler.value(scanner);
        const atRoot = this.#place === 'root';
        // A number at the root may go on in the next piece.
        if (atRoot && scanner.at >= scanner.end && scanner.open) throw JsonFault.INCOMPLETE;
        handler.commit();
        if (atRoot) this.#rootEnd = scanner.at;
        else this.#place = 'after element';
        if (handler.full) yield;
      }
    } catch (fault) {
      if (!(fault instanceof JsonFault)) throw fault;
      scanner.at = start;
      if (fault === JsonFault.INCOMPLETE) {
        // With twice the bytes each time, a long record is read few times.
        this.#wanted = (scanner.end - start) * 2;
        return;
      }
      this.done = true;
      handler.malformed(fault, scanner.bytes, start, scanner.end, this.#window.position + start);
    }
  }

  /** Goes to the next value, in and out of an array at the root; false when the text is at its end. */
  #atValue(): boolean {
    const { scanner } = this;
    for (;;) {
      const byte = scanner.peek();
      if (byte < 0) {
        if (this.#place !== 'root' && !scanner.open) throw scanner.unexpected();
        return false;
      }
      if (this.#place === 'after element') {
        this.#place = scanner.nextElement() ? 'element' : 'root';
        if (this.#place === 'root') this.#rootEnd = scanner.at;
      } else if (this.#place === 'array begins' && byte === CLOSE_ARRAY) {
        scanner.at++;
        this.#place = 'root';
        this.#rootEnd = scanner.at;
      } else if (this.#place === 'root') {
        if (!this.#mayFollow(byte)) throw scanner.unexpected();
        if (byte !== OPEN_ARRAY) return true;
        scanner.at++;
        this.#place = 'array begins';
      } else return true;
    }
  }

  /** A value at the root begins on another line than the one before, unless both are objects. */
  #mayFollow(byte: number): boolean {
    const { bytes, at } = this.scanner;
    if (this.#rootEnd < 0) return true;
    const isSeparate = bytes.subarray(this.#rootEnd, at).includes(LINE_FEED);
    const areObjects = byte === OPEN_OBJECT && (this.#rootEnd === 0 || bytes[this.#rootEnd - 1] === CLOSE_OBJECT);
    if (isSeparate || areObjects) this.#rootEnd = -1;
    return isSeparate || areObjects;
  }
}

/** The end of the last character that is not cut off. */
function lastWholeCharacter(bytes: Bytes, isLast: boolean): number {
  if (isLast) return bytes.length;
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}

/** The bytes of the next value must be UTF-8. */
function checkText(scanner: JsonScanner): void {
  const start = scanner.at;
  scanner.skip();
  if (!isUtf8(scanner.bytes.subarray(start, scanner.at))) throw JsonFault.of('it is not valid UTF-8', start);
  scanner.at = start;
}
