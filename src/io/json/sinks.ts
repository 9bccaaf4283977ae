import {
  type Arena,
  BATCH_ROWS,
  buildColumn,
  type Column,
  type DataType,
  NestedWriter,
  type Scalar,
} from '../../base/index.js';
import { BaseSink, type Sink } from './base-sink.js';
import type { JsonReadOptions } from './options.js';
import { POWERS, QuickSink, quickReader, smallInteger } from './quick-sink.js';
import { type JsonScanner, nonNumericValue, TOKEN } from './scanner.js';
import { BAD, stringReader, type ValueReader, valueReader } from './values.js';

export function sinkOf(type: DataType, options: JsonReadOptions): Sink {
  switch (type.kind) {
    case 'boolean':
      return new FixedSink(type, 'u8', new Uint8Array(BATCH_ROWS), readBoolean);
    case 'int32':
      return new FixedSink(type, 'i32', new Int32Array(BATCH_ROWS), readInt32);
    case 'float64':
      return new FixedSink(type, 'f64', new Float64Array(BATCH_ROWS), readDouble);
    case 'string':
      return new StringSink(type);
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      return new NestedSink(type, valueReader(type, options));
    default: {
      const quick = quickReader(type, options);
      const slow = valueReader(type, options);
      return quick === undefined ? new ScalarSink(type, slow) : new QuickSink(type, ...quick, slow);
    }
  }
}

type FixedArray = Uint8Array | Int32Array | Float64Array;

/** Sets `values[row]`; 1 when it did, 0 for null, -1 for a value of another type. */
type FixedReader = (scanner: JsonScanner, values: FixedArray, row: number) => number;

class FixedSink extends BaseSink implements Sink {
  readonly bytes = 0;

  constructor(
    type: DataType,
    private readonly storage: 'u8' | 'i32' | 'f64',
    private readonly values: FixedArray,
    private readonly reader: FixedReader,
  ) {
    super(type);
  }

  read(scanner: JsonScanner, row: number): boolean {
    const got = this.reader(scanner, this.values, row);
    this.valid[row] = got === 1 ? 1 : 0;
    return got >= 0;
  }

  take(arena: Arena, rows: number): Column {
    const { values, storage, type } = this;
    const data = arena.alloc(rows * values.BYTES_PER_ELEMENT);
    const { heap } = arena;
    if (storage === 'u8') heap.u8.set(values.subarray(0, rows), data);
    else if (storage === 'i32') heap.i32.set(values.subarray(0, rows), data >>> 2);
    else heap.f64.set(values.subarray(0, rows), data >>> 3);
    return { type, storage, length: rows, ...this.validity(arena, rows), data, offsets: 0 };
  }
}

function other(scanner: JsonScanner, token: number): number {
  if (token === TOKEN.null) return 0;
  if (token === TOKEN.object || token === TOKEN.array) {
    scanner.at--;
    scanner.skip();
  }
  return -1;
}

const readBoolean: FixedReader = (scanner, values, row) => {
  const token = scanner.token();
  if (token !== TOKEN.true && token !== TOKEN.false) return other(scanner, token);
  values[row] = token === TOKEN.true ? 1 : 0;
  return 1;
};

const readInt32: FixedReader = (scanner, values, row) => {
  const token = scanner.token();
  if (token !== TOKEN.number) return other(scanner, token);
  const value = scanner.integral ? smallInteger(scanner) : Number.NaN;
  if (!(value >= -2147483648 && value <= 2147483647)) return -1;
  values[row] = value;
  return 1;
};

const readDouble: FixedReader = (scanner, values, row) => {
  const token = scanner.token();
  if (token === TOKEN.number) {
    values[row] = doubleOf(scanner);
    return 1;
  }
  const word = token === TOKEN.string ? nonNumericValue(scanner.text()) : undefined;
  if (word === undefined) return other(scanner, token);
  values[row] = word;
  return 1;
};

const MOST_DIGITS = 15;

/** Up to 15 digits and a power of ten to 22 are exact, so that dividing rounds once (Clinger's fast path). */
function doubleOf(scanner: JsonScanner): number {
  const { bytes, from, to } = scanner;
  const negative = bytes[from] === 45;
  let at = negative ? from + 1 : from;
  if (to - at <= MOST_DIGITS + 1) {
    let value = 0;
    let point = -1;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === 46) point = at;
      else if (byte >= 48 && byte <= 57) value = value * 10 + byte - 48;
      else break;
    }
    if (at === to && value <= 999_999_999_999_999) {
      if (point >= 0) value /= POWERS[to - point - 1] as number;
      return negative ? -value : value;
    }
  }
  const text = bytes.latin1Slice(from, to);
  return nonNumericValue(text) ?? Number(text);
}

const FIRST_BYTES = 1 << 16;

/** Bytes of the rows one after the other. */
abstract class BytesSink extends BaseSink {
  abstract bytes: number;
  readonly #ends = new Int32Array(BATCH_ROWS);
  /** The row at work, and where its bytes begin. */
  #row = -1;
  #start = 0;

  protected abstract filled(): Uint8Array;

  /** A row begins; what it had before is dropped. */
  protected begin(row: number): void {
    if (row === this.#row) this.bytes = this.#start;
    this.#row = row;
    this.#start = this.bytes;
  }

  protected done(row: number, there: boolean): void {
    this.#ends[row] = this.bytes;
    this.valid[row] = there ? 1 : 0;
  }

  override clear(row: number): void {
    if (row === this.#row) this.bytes = this.#start;
    super.clear(row);
  }

  take(arena: Arena, rows: number): Column {
    const { heap } = arena;
    const filled = this.filled();
    const offsets = arena.alloc((rows + 1) * 4);
    const data = arena.alloc(filled.length);
    heap.u8.set(filled, data);
    const slot = offsets >>> 2;
    let at = 0;
    heap.i32[slot] = 0;
    for (let row = 0; row < rows; row++) {
      if (this.valid[row] === 1) at = this.#ends[row] as number;
      heap.i32[slot + row + 1] = at;
    }
    this.#row = -1;
    this.bytes = 0;
    return { type: this.type, storage: 'utf8', length: rows, ...this.validity(arena, rows), data, offsets };
  }
}

class StringSink extends BytesSink implements Sink {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  override bytes = 0;

  read(scanner: JsonScanner, row: number): boolean {
    this.begin(row);
    scanner.peek();
    const start = scanner.at;
    const token = scanner.token();
    if (token === TOKEN.string && !scanner.escaped) this.#copy(scanner, scanner.from, scanner.to);
    else if (token !== TOKEN.null) {
      scanner.at = start;
      this.#text(stringReader(scanner) as string);
    }
    this.done(row, token !== TOKEN.null);
    return true;
  }

  #copy({ bytes }: JsonScanner, from: number, to: number): void {
    const length = to - from;
    this.#reserve(length);
    const out = this.#bytes;
    let at = this.bytes;
    if (length > 32) bytes.copy(out, at, from, to);
    else for (let i = from; i < to; i++) out[at++] = bytes[i] as number;
    this.bytes += length;
  }

  #text(text: string): void {
    this.#reserve(text.length * 3);
    this.bytes += this.#bytes.write(text, this.bytes, 'utf8');
  }

  #reserve(more: number): void {
    const needed = this.bytes + more;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.bytes);
    this.#bytes = grown;
  }

  protected override filled(): Uint8Array {
    return this.#bytes.subarray(0, this.bytes);
  }
}

class NestedSink extends BytesSink implements Sink {
  readonly #writer = new NestedWriter();

  constructor(
    type: DataType,
    private readonly reader: ValueReader,
  ) {
    super(type);
  }

  override get bytes(): number {
    return this.#writer.length;
  }

  override set bytes(length: number) {
    this.#writer.length = length;
  }

  read(scanner: JsonScanner, row: number): boolean {
    this.begin(row);
    const value = this.reader(scanner);
    const there = value !== BAD && value !== null;
    if (there) this.#writer.append(this.type, value);
    this.done(row, there);
    return value !== BAD;
  }

  protected override filled(): Uint8Array {
    return this.#writer.bytes();
  }
}

/** Values of the rarer types, as scalars. */
class ScalarSink implements Sink {
  readonly bytes = 0;
  readonly #values: Scalar[] = [];

  constructor(
    private readonly type: DataType,
    private readonly reader: ValueReader,
  ) {}

  read(scanner: JsonScanner, row: number): boolean {
    const value = this.reader(scanner);
    this.#values[row] = value === BAD ? null : value;
    return value !== BAD;
  }

  clear(row: number): void {
    this.#values[row] = null;
  }

  take(arena: Arena, rows: number): Column {
    this.#values.length = rows;
    const column = buildColumn(arena, this.type, this.#values);
    this.#values.length = 0;
    return column;
  }
}
