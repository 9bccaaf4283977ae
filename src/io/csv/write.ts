import { gzipSync } from 'node:zlib';
import {
  type Batch,
  type Column,
  type DataType,
  type FileWriter,
  formatScalar,
  isNullAt,
  readColumn,
  type Scalar,
  type SharedHeap,
  SparrowError,
  simpleString,
  type TaskContext,
  type WritableFile,
} from '../../base/index.js';
import { temporalText } from '../temporal-text.js';
import { type CsvWriteOptions, writeOptions } from './options.js';
import { asText, quoting } from './quoting.js';
import { TextOut } from './text-out.js';
import { type CellWriter, fastCells } from './write-cells.js';
import { LineWriter } from './write-lines.js';

/** Bytes are handed to the file when there are this many. */
const FLUSH_BYTES = 1 << 20;

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
  const checked = writeOptions(options, context.zone);
  const formats = columns.map((column) => valueFormat(column, checked));
  return new CsvWriter(path, columns, formats, checked, context);
}

class CsvWriter implements FileWriter {
  readonly #file: WritableFile;
  readonly #heap: SharedHeap;
  readonly #out = new TextOut();
  readonly #lines: LineWriter | undefined;
  readonly #delimiter: Uint8Array;
  readonly #lineSep: Uint8Array;
  readonly #null: Uint8Array;
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
    this.#delimiter = Buffer.from(options.delimiter, 'utf8');
    this.#lineSep = Buffer.from(options.lineSep, 'utf8');
    this.#null = Buffer.from(options.nullValue, 'utf8');
    this.#file = context.platform.files.create(path);
    this.#lines = LineWriter.of(context.arena, columns.length, options, this.#out);
    const quote = quoting(options);
    if (options.header && columns.length > 0) {
      this.#out.text(
        columns.map((c) => quote(options.escapeFormulas ? asText(c.name) : c.name)).join(options.delimiter) +
          options.lineSep,
      );
    }
  }

  write(batch: Batch): void {
    if (this.#lines === undefined) this.#writeByRows(batch);
    else {
      this.#flush();
      for (const text of this.#lines.lines(batch, (column, i) => this.#cells(column, i))) this.#put(text);
    }
    this.#rows += batch.rows;
  }

  #writeByRows(batch: Batch): void {
    const out = this.#out;
    const cells = batch.columns.map((column, i) => this.#cells(column, i));
    const width = cells.length;
    for (let row = 0; row < batch.rows; row++) {
      for (let i = 0; i < width; i++) {
        if (i > 0) out.put(this.#delimiter);
        const column = batch.columns[i] as Column;
        if (isNullAt(this.#heap, column, row)) out.put(this.#null);
        else (cells[i] as CellWriter)(row);
      }
      out.put(this.#lineSep);
      if (out.length >= FLUSH_BYTES) this.#flush();
    }
  }

  /** Values that have no faster way are decoded, the whole batch at once. */
  #cells(column: Column, i: number): CellWriter {
    const fast = fastCells(this.#heap, column, this.options, this.#out);
    if (fast !== undefined) return fast;
    const values = readColumn(this.#heap, column);
    const format = this.formats[i] as (value: Scalar) => string;
    return (row) => this.#out.text(format(values[row] as Scalar));
  }

  finish(): { rows: number; bytes: number } {
    this.#flush();
    this.#file.sync();
    this.#close();
    return { rows: this.#rows, bytes: this.#bytes };
  }

  abort(): void {
    this.#close();
    this.context.platform.files.remove(this.path);
  }

  #flush(): void {
    const out = this.#out;
    if (out.length === 0) return;
    this.#put(out.bytes.subarray(0, out.length));
    out.length = 0;
  }

  #put(text: Uint8Array): void {
    // A gzip file may be made of several members, so each piece is packed on its own.
    const bytes = this.options.compression === 'gzip' ? gzipSync(Uint8Array.from(text)) : text;
    this.#file.write(bytes);
    this.#bytes += bytes.length;
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
      throw new SparrowError(
        'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
        `CSV cannot hold values of type ${simpleString(type)}`,
        {
          where: `column ${name}`,
          hint: 'cast the column to string, or write Parquet or JSON',
        },
      );
    default: {
      const text = temporalText(type, options);
      return text === undefined
        ? (value) => quote(formatScalar(type, value, options.timeZone))
        : (value) => quote(text(value));
    }
  }
}
