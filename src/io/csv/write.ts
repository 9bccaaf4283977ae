import { gzipSync } from 'node:zlib';
import {
  type Batch,
  type DataType,
  type FileWriter,
  findTimeZone,
  formatDate,
  formatDateTime,
  formatScalar,
  instantToLocal,
  offsetText,
  readColumn,
  type Scalar,
  type SharedHeap,
  simpleString,
  SparrowError,
  splitMicros,
  type TaskContext,
  type TimeZone,
  timeZone,
  type WritableFile,
} from '../../base/index.js';
import { compileDatePattern } from './date-pattern.js';
import { type CsvWriteOptions, writeOptions } from './options.js';

/** Text is handed to the file when there is this much of it. */
const FLUSH_CHARACTERS = 1 << 20;

interface WriterColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** Writes one CSV file in the form Spark writes it. */
export function createCsvWriter(
  path: string,
  columns: readonly WriterColumn[],
  options: Readonly<Record<string, string>>,
  context: TaskContext,
): FileWriter {
  const checked = writeOptions(options);
  const formats = columns.map((column) => valueFormat(column, checked));
  return new CsvWriter(path, columns, formats, checked, context);
}

class CsvWriter implements FileWriter {
  readonly #file: WritableFile;
  readonly #heap: SharedHeap;
  readonly #quoting: (text: string) => string;
  #pending: string[] = [];
  #characters = 0;
  #rows = 0;
  #bytes = 0;
  #closed = false;

  constructor(
    private readonly path: string,
    columns: readonly WriterColumn[],
    private readonly formats: readonly ((value: Scalar) => string)[],
    private readonly options: CsvWriteOptions,
    private readonly context: TaskContext,
  ) {
    this.#heap = context.heap;
    this.#quoting = quoting(options);
    this.#file = context.platform.files.create(path);
    if (options.header && columns.length > 0) this.#add(columns.map((c) => this.#quoting(c.name)).join(options.delimiter) + options.lineSep);
  }

  write(batch: Batch): void {
    const { options, formats } = this;
    const { delimiter, lineSep, nullValue } = options;
    const columns = batch.columns.map((column) => readColumn(this.#heap, column));
    for (let row = 0; row < batch.rows; row++) {
      let line = '';
      for (let i = 0; i < columns.length; i++) {
        const value = (columns[i] as Scalar[])[row] as Scalar;
        if (i > 0) line += delimiter;
        line += value === null ? nullValue : (formats[i] as (value: Scalar) => string)(value);
      }
      this.#add(line + lineSep);
    }
    this.#rows += batch.rows;
  }

  finish(): { rows: number; bytes: number } {
    this.#flush();
    this.#file.sync();
    this.#close();
    return { rows: this.#rows, bytes: this.#bytes };
  }

  abort(): void {
    this.#pending = [];
    this.#close();
    this.context.platform.files.remove(this.path);
  }

  #add(line: string): void {
    this.#pending.push(line);
    this.#characters += line.length;
    if (this.#characters >= FLUSH_CHARACTERS) this.#flush();
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const text = Buffer.from(this.#pending.join(''), 'utf8');
    // A gzip file may be made of several members, so each piece is packed on its own.
    const bytes = this.options.compression === 'gzip' ? gzipSync(text) : text;
    this.#file.write(bytes);
    this.#bytes += bytes.length;
    this.#pending = [];
    this.#characters = 0;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

/** How the values of a column are written, quotes included. */
function valueFormat({ name, type }: WriterColumn, options: CsvWriteOptions): (value: Scalar) => string {
  const quote = quoting(options);
  switch (type.kind) {
    case 'binary':
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      throw new SparrowError('UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE', `CSV cannot hold values of type ${simpleString(type)}`, {
        where: `column ${name}`,
        hint: 'cast the column to string, or write Parquet or JSON',
      });
    case 'string':
      return stringFormat(options, quote);
    case 'date': {
      const { dateFormat } = options;
      if (dateFormat === undefined) return (value) => quote(formatDate(value as number));
      const pattern = compileDatePattern(dateFormat);
      return (value) => quote(pattern.format(value as number, 0, 0));
    }
    case 'timestamp':
      return timestampFormat(options, quote);
    case 'timestamp_ntz': {
      const format = options.timestampNtzFormat;
      if (format === undefined) return (value) => quote(isoClock(value as bigint));
      return (value) => quote(byPattern(format, value as bigint, 0));
    }
    default:
      return (value) => quote(formatScalar(type, value, options.timeZone));
  }
}

function stringFormat(options: CsvWriteOptions, quote: (text: string) => string): (value: Scalar) => string {
  const { trimLeading, trimTrailing, emptyValue } = options;
  return (value) => {
    let text = value as string;
    if (trimLeading) text = text.replace(/^[\0-\u0020]+/, '');
    if (trimTrailing) text = text.replace(/[\0-\u0020]+$/, '');
    return text === '' ? emptyValue : quote(text);
  };
}

function timestampFormat(options: CsvWriteOptions, quote: (text: string) => string): (value: Scalar) => string {
  const zone = timeZone(options.timeZone);
  const pattern = options.timestampFormat;
  return (value) => {
    const micros = value as bigint;
    const local = instantToLocal(zone, micros);
    if (pattern !== undefined) return quote(byPattern(pattern, local, offsetSeconds(zone, micros)));
    const offset = offsetText(options.timeZone, micros);
    return quote(isoClock(local) + (offset === '+00:00' ? 'Z' : offset));
  };
}

const offsetSeconds = (zone: TimeZone, micros: bigint): number => (findTimeZone(zone.id) ?? zone).offsetAt(Number(micros / 1_000_000n));

function byPattern(pattern: string, local: bigint, offset: number): string {
  const { days, ofDay } = splitMicros(local);
  return compileDatePattern(pattern).format(days, ofDay, offset);
}

/** `2024-02-29T23:59:59.000`: milliseconds as Spark writes them, and microseconds where there are any. */
function isoClock(local: bigint): string {
  const [clock = '', fraction = ''] = formatDateTime(local, 'T').split('.');
  return `${clock}.${fraction.length > 3 ? fraction.padEnd(6, '0') : fraction.padEnd(3, '0')}`;
}

/** Puts quotes around what could be read otherwise. */
function quoting(options: CsvWriteOptions): (text: string) => string {
  const { quote, escape, delimiter, quoteAll, escapeQuotes, lineSep } = options;
  if (quote === '') return (text) => text;
  const escapedQuote = `${escape === '' ? quote : escape}${quote}`;
  const special = new RegExp(`[${escapeClass(`${quote}${escape === quote ? '' : escape}`)}]`, 'g');
  const isOpen = (text: string): boolean =>
    quoteAll ||
    text.includes(delimiter) ||
    /[\r\n]/.test(text) ||
    text.includes(lineSep) ||
    (escapeQuotes ? text.includes(quote) : text.startsWith(quote)) ||
    // A line of blanks alone would be read as no record.
    /^[\0-\u0020]+$/.test(text);
  const plain = (character: string): string => (character === quote ? escapedQuote : character + character);
  return (text) => (isOpen(text) ? quote + text.replace(special, plain) + quote : text);
}

const escapeClass = (characters: string): string => characters.replace(/[\\\]^-]/g, '\\$&');
