import {
  type Column,
  civilFromDays,
  formatDouble,
  formatFloat,
  numberStorage,
  type SharedHeap,
} from '../../base/index.js';
import type { CsvWriteOptions } from './options.js';
import { asText, beginsFormula, quoting as quoted } from './quoting.js';
import type { TextOut } from './text-out.js';

/** Writes the value of a row, which is there. */
export type CellWriter = (row: number) => void;

const BLANK = 32;
const SAFE_HIGH = 2 ** 20;
const MICROS_PER_DAY = 86_400_000_000;

/** Digits and points need no quotes unless they separate fields. */
export const digitsNeedNoQuotes = ({ quoteAll, delimiter, quote, lineSep }: CsvWriteOptions): boolean =>
  !quoteAll && !/[\w.+: '-]/.test(delimiter + quote + lineSep);

/** A writer of a column's values without a detour over JavaScript strings; undefined where there is none. */
export function fastCells(
  heap: SharedHeap,
  column: Column,
  options: CsvWriteOptions,
  out: TextOut,
): CellWriter | undefined {
  const { type } = column;
  if (type.kind === 'string') return stringCells(heap, column, options, out);
  if (!digitsNeedNoQuotes(options)) return undefined;
  switch (type.kind) {
    case 'float64':
      return numbers(heap, column, (value) => out.ascii(formatDouble(value)));
    case 'float32':
      return numbers(heap, column, (value) => out.ascii(formatFloat(value)));
    case 'boolean':
      return numbers(heap, column, (value) => out.ascii(value === 0 ? 'false' : 'true'));
    case 'timestamp':
      return options.timestampFormat === undefined && options.timeZone === 'UTC'
        ? clockCells(heap, column, 'Z', out)
        : undefined;
    case 'timestamp_ntz':
      return options.timestampNtzFormat === undefined ? clockCells(heap, column, '', out) : undefined;
    default:
      return undefined;
  }
}

/** Values as JavaScript numbers, which those of 64 bits are known to be. */
function numbers(heap: SharedHeap, column: Column, write: (value: number) => void): CellWriter | undefined {
  const { storage, data } = column;
  if (storage === 'i128' || storage === 'utf8' || storage === 'view' || storage === 'none') return undefined;
  if (storage !== 'i64') {
    const { array, base } = numberStorage(heap, column);
    return (row) => write(array[base + row] as number);
  }
  const { i32 } = heap;
  const word = Math.floor(data / 4);
  return (row) => write((i32[word + 2 * row + 1] as number) * 2 ** 32 + ((i32[word + 2 * row] as number) >>> 0));
}

function dayWriter(out: TextOut): (day: number) => void {
  return (day) => {
    const { year, month, day: ofMonth } = civilFromDays(day);
    out.reserve(24);
    if (year < 0) out.bytes[out.length++] = 45;
    else if (year > 9999) out.bytes[out.length++] = 43;
    out.digits(Math.abs(year), 4);
    out.bytes[out.length++] = 45;
    out.digits(month, 2);
    out.bytes[out.length++] = 45;
    out.digits(ofMonth, 2);
  };
}

/** `2024-02-29T23:59:59.000`, with microseconds where there are any. */
function clockCells(heap: SharedHeap, column: Column, suffix: string, out: TextOut): CellWriter | undefined {
  const day = dayWriter(out);
  const part = (mark: number, value: number): void => {
    out.bytes[out.length++] = mark;
    out.digits(value, 2);
  };
  const write = (micros: number): void => {
    const days = Math.floor(micros / MICROS_PER_DAY);
    const ofDay = micros - days * MICROS_PER_DAY;
    const seconds = Math.floor(ofDay / 1e6);
    const fraction = ofDay - seconds * 1e6;
    day(days);
    out.reserve(32);
    part(84, Math.floor(seconds / 3600));
    part(58, Math.floor(seconds / 60) % 60);
    part(58, seconds % 60);
    out.bytes[out.length++] = 46;
    if (fraction % 1000 === 0) out.digits(fraction / 1000, 3);
    else out.digits(fraction, 6);
    out.ascii(suffix);
  };
  // Instants beyond what a double holds are left to the slow way as a whole: they are far from any calendar in use.
  return hasOnlySafe(heap, column) ? numbers(heap, column, write) : undefined;
}

function hasOnlySafe(heap: SharedHeap, column: Column): boolean {
  if (column.storage !== 'i64') return true;
  const word = Math.floor(column.data / 4);
  for (let row = 0; row < column.length; row++) {
    const high = heap.i32[word + 2 * row + 1] as number;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) return false;
  }
  return true;
}

/** Where the bytes of a row's string are. */
interface Span {
  start: number;
  end: number;
}

function stringCells(heap: SharedHeap, column: Column, options: CsvWriteOptions, out: TextOut): CellWriter {
  const locate = locator(heap, column);
  const span: Span = { start: 0, end: 0 };
  const { u8 } = heap;
  const { trimLeading, trimTrailing, escapeFormulas } = options;
  const quoteText = quoted(options);
  const empty = Buffer.from(options.emptyValue, 'utf8');
  const quoting = byteQuoting(options, u8, out);
  return (row) => {
    locate(row, span);
    let { start, end } = span;
    if (trimLeading) while (start < end && (u8[start] as number) <= BLANK) start++;
    if (trimTrailing) while (start < end && (u8[end - 1] as number) <= BLANK) end--;
    if (start === end) out.put(empty);
    else if (escapeFormulas && beginsFormula(u8[start] as number)) {
      out.text(quoteText(asText(heap.buffer.toString('utf8', start, end))));
    } else quoting(start, end);
  };
}

function locator(heap: SharedHeap, column: Column): (row: number, span: Span) => void {
  const { i32, u32 } = heap;
  const { dictionary } = column;
  if (dictionary !== undefined) {
    const { array, base } = numberStorage(heap, column);
    const slot = dictionary.offsets >>> 2;
    return (row, span) => {
      const code = slot + (array[base + row] as number);
      span.start = dictionary.data + (i32[code] as number);
      span.end = dictionary.data + (i32[code + 1] as number);
    };
  }
  if (column.storage === 'view') {
    const slot = column.data >>> 2;
    return (row, span) => {
      span.start = u32[slot + 2 * row] as number;
      span.end = span.start + (u32[slot + 2 * row + 1] as number);
    };
  }
  const slot = column.offsets >>> 2;
  return (row, span) => {
    span.start = column.data + (i32[slot + row] as number);
    span.end = column.data + (i32[slot + row + 1] as number);
  };
}

/** Copies bytes, in quotes where they could be read otherwise. */
function byteQuoting(options: CsvWriteOptions, u8: Uint8Array, out: TextOut): (start: number, end: number) => void {
  const { quote, escape: escapeWith, quoteAll } = options;
  const special = specialBytes(options);
  const quoteByte = quote === '' ? -1 : quote.charCodeAt(0);
  const escapeByte = escapeWith === '' ? quoteByte : escapeWith.charCodeAt(0);
  const quoted = (start: number, end: number): void => {
    out.reserve(2 * (end - start) + 2);
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = quoteByte;
    for (let i = start; i < end; i++) {
      const byte = u8[i] as number;
      if (byte === quoteByte || byte === escapeByte) bytes[at++] = escapeByte;
      bytes[at++] = byte;
    }
    bytes[at++] = quoteByte;
    out.length = at;
  };
  return (start, end) => {
    const first = u8[start] as number;
    if (quoteByte >= 0 && (quoteAll || first === quoteByte || (first <= BLANK && isBlank(u8, start, end)))) {
      quoted(start, end);
      return;
    }
    out.reserve(end - start);
    const { bytes } = out;
    let at = out.length;
    for (let i = start; i < end; i++) {
      const byte = u8[i] as number;
      if (special[byte] === 1) {
        quoted(start, end);
        return;
      }
      bytes[at++] = byte;
    }
    out.length = at;
  };
}

/** A line of blanks alone would be read as no record. */
function isBlank(u8: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((u8[i] as number) > BLANK) return false;
  return true;
}

/** 1 for the bytes that make quotes necessary. A longer separator counts by its first: more quotes do no harm. */
export function specialBytes({ quote, delimiter, lineSep, escapeQuotes }: CsvWriteOptions): Uint8Array {
  const special = new Uint8Array(256);
  if (quote === '') return special;
  for (const text of [delimiter, lineSep]) special[Buffer.from(text, 'utf8')[0] as number] = 1;
  special[10] = special[13] = 1;
  if (escapeQuotes) special[quote.charCodeAt(0)] = 1;
  return special;
}
