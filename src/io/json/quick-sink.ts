import { type Arena, BATCH_ROWS, type Column, type DataType, daysFromCivil, isCivilDate } from '../../base/index.js';
import { BaseSink, type Sink } from './base-sink.js';
import type { JsonReadOptions } from './options.js';
import { type JsonScanner, TOKEN } from './scanner.js';
import { BAD, type ValueReader } from './values.js';

/** The value of the token that was just read as a whole number, straight from its bytes; NaN where that takes more. */
export type QuickReader = (scanner: JsonScanner, token: number) => number;

const MOST_DIGITS = 15;
export const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);

/** An integer of at most 15 digits; NaN for longer ones. */
export function smallInteger({ bytes, from, to }: JsonScanner): number {
  const negative = bytes[from] === 45;
  let at = negative ? from + 1 : from;
  if (to - at > MOST_DIGITS) return Number.NaN;
  let value = 0;
  for (; at < to; at++) value = value * 10 + (bytes[at] as number) - 48;
  return negative ? -value : value;
}

const quickLong: QuickReader = (scanner, token) =>
  token === TOKEN.number && scanner.integral ? smallInteger(scanner) : Number.NaN;

/** Decimals of up to 15 digits, without an exponent, that need no rounding; unscaled. */
function quickDecimal(precision: number, scale: number): QuickReader {
  const most = 10 ** Math.min(precision, MOST_DIGITS);
  return ({ bytes, from, to }, token) => {
    if (token !== TOKEN.number || to - from > MOST_DIGITS + 2) return Number.NaN;
    const negative = bytes[from] === 45;
    let value = 0;
    let point = to - 1;
    for (let at = negative ? from + 1 : from; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === 46) point = at;
      else if (byte >= 48 && byte <= 57) value = value * 10 + byte - 48;
      else return Number.NaN;
    }
    const missing = scale - (to - 1 - point);
    if (missing < 0) return Number.NaN;
    value *= POWERS[missing] ?? Number.NaN;
    return value < most ? (negative ? -value : value) : Number.NaN;
  };
}

/** A date such as 2024-01-31, in days. */
const quickDate: QuickReader = ({ bytes, from, to, escaped }, token) => {
  if (token !== TOKEN.string || escaped || to - from !== 10 || bytes[from + 4] !== 45 || bytes[from + 7] !== 45)
    return Number.NaN;
  let digits = 0;
  for (let at = from; at < to; at++) {
    if (at === from + 4 || at === from + 7) continue;
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    digits = digits * 10 + digit;
  }
  const [year, month, day] = [Math.floor(digits / 10_000), Math.floor(digits / 100) % 100, digits % 100];
  return isCivilDate(year, month, day) ? daysFromCivil(year, month, day) : Number.NaN;
};

/** How values of a type are read quickly, and how they are stored. */
export function quickReader(type: DataType, options: JsonReadOptions): [QuickReader, 'i32' | 'i64'] | undefined {
  if (type.kind === 'int64') return [quickLong, 'i64'];
  if (type.kind === 'decimal' && type.precision <= 18) return [quickDecimal(type.precision, type.scale), 'i64'];
  if (type.kind === 'date' && options.dateFormat === undefined) return [quickDate, 'i32'];
  return undefined;
}

/** Whole numbers, read quickly where that goes. */
export class QuickSink extends BaseSink implements Sink {
  readonly bytes = 0;
  readonly #words: Int32Array;
  readonly #values: BigInt64Array | undefined;

  constructor(
    type: DataType,
    private readonly quick: QuickReader,
    private readonly storage: 'i32' | 'i64',
    private readonly slow: ValueReader,
  ) {
    super(type);
    this.#values = storage === 'i64' ? new BigInt64Array(BATCH_ROWS) : undefined;
    this.#words = this.#values === undefined ? new Int32Array(BATCH_ROWS) : new Int32Array(this.#values.buffer);
  }

  read(scanner: JsonScanner, row: number): boolean {
    scanner.peek();
    const start = scanner.at;
    const token = scanner.token();
    const value = this.quick(scanner, token);
    if (!Number.isNaN(value)) {
      if (this.storage === 'i32') this.#words[row] = value;
      else {
        // `value | 0` takes the low 32 bits of what is beyond 32 as well.
        this.#words[2 * row] = value | 0;
        this.#words[2 * row + 1] = Math.floor(value / 4294967296);
      }
      this.valid[row] = 1;
      return true;
    }
    if (token === TOKEN.null) {
      this.valid[row] = 0;
      return true;
    }
    scanner.at = start;
    const slow = this.slow(scanner);
    this.valid[row] = slow === BAD || slow === null ? 0 : 1;
    if (slow === BAD) return false;
    if (this.#values === undefined) this.#words[row] = Number(slow ?? 0);
    else if (slow !== null) this.#values[row] = slow as bigint;
    return true;
  }

  take(arena: Arena, rows: number): Column {
    const values = this.#values?.subarray(0, rows) ?? this.#words.subarray(0, rows);
    const data = arena.alloc(rows * values.BYTES_PER_ELEMENT);
    if (values instanceof BigInt64Array) arena.heap.i64.set(values, Math.floor(data / 8));
    else arena.heap.i32.set(values, Math.floor(data / 4));
    return { type: this.type, storage: this.storage, length: rows, ...this.validity(arena, rows), data, offsets: 0 };
  }
}
