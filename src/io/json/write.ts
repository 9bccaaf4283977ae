import {
  type Batch,
  type Column,
  type DataType,
  type FileWriter,
  formatDecimal,
  formatDouble,
  formatFloat,
  formatScalar,
  isNullAt,
  type MapScalar,
  numberStorage,
  readColumn,
  type Scalar,
  type SharedHeap,
  type TaskContext,
} from '../../base/index.js';
import type { TextOut } from '../csv/text-out.js';
import { temporalText } from '../temporal-text.js';
import { TextFile } from '../text-file.js';
import { type JsonWriteOptions, writeOptions } from './options.js';

interface WriterColumn {
  readonly name: string;
  readonly type: DataType;
}

/** Writes one file of JSON lines in the form Spark writes it. */
export function createJsonWriter(
  path: string,
  columns: readonly WriterColumn[],
  options: Readonly<Record<string, string>>,
  context: TaskContext,
): FileWriter {
  const given = writeOptions(options, context.zone);
  return new JsonWriter(new TextFile(path, given.compression, context), columns, given, context.heap);
}

type CellWriter = (row: number) => void;

class JsonWriter implements FileWriter {
  readonly #names: readonly Uint8Array[];
  readonly #texts: readonly ((value: Scalar) => string)[];
  readonly #lineEnd: Uint8Array;
  #rows = 0;

  constructor(
    private readonly file: TextFile,
    columns: readonly WriterColumn[],
    private readonly options: JsonWriteOptions,
    private readonly heap: SharedHeap,
  ) {
    this.#names = columns.map(({ name }) => Buffer.from(`${JSON.stringify(name)}:`, 'utf8'));
    this.#texts = columns.map(({ type }) => textOf(type, options));
    this.#lineEnd = Buffer.from(`}${options.lineSep}`, 'utf8');
  }

  write(batch: Batch): void {
    const { heap, file } = this;
    const { out } = file;
    const cells = batch.columns.map((column, i) => this.#cells(column, i));
    for (let row = 0; row < batch.rows; row++) {
      out.ascii('{');
      let isFirst = true;
      for (let i = 0; i < cells.length; i++) {
        const isNull = isNullAt(heap, batch.columns[i] as Column, row);
        if (isNull && this.options.ignoreNullFields) continue;
        if (!isFirst) out.ascii(',');
        isFirst = false;
        out.put(this.#names[i] as Uint8Array);
        if (isNull) out.ascii('null');
        else (cells[i] as CellWriter)(row);
      }
      out.put(this.#lineEnd);
      file.pause();
    }
    this.#rows += batch.rows;
  }

  /** Integers and strings straight from their buffers; others are decoded, the whole batch at once. */
  #cells(column: Column, i: number): CellWriter {
    const { heap, file } = this;
    const { out } = file;
    const { kind } = column.type;
    if (column.dictionary === undefined) {
      if (kind === 'int8' || kind === 'int16' || kind === 'int32') {
        const { array, base } = numberStorage(heap, column);
        return (row) => out.integer(array[base + row] as number);
      }
      if (kind === 'string' && column.storage === 'utf8') return stringCells(heap, column, out);
    }
    const values = readColumn(heap, column);
    const text = this.#texts[i] as (value: Scalar) => string;
    return (row) => out.text(text(values[row] as Scalar));
  }

  finish(): { rows: number; bytes: number } {
    return { rows: this.#rows, bytes: this.file.finish() };
  }

  abort(): void {
    this.file.abort();
  }
}

function stringCells(heap: SharedHeap, column: Column, out: TextOut): CellWriter {
  const { u8, i32, buffer } = heap;
  const slot = column.offsets >>> 2;
  return (row) => {
    const start = column.data + (i32[slot + row] as number);
    const end = column.data + (i32[slot + row + 1] as number);
    out.reserve(end - start + 2);
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = 34;
    for (let i = start; i < end; i++) {
      const byte = u8[i] as number;
      if (byte < 32 || byte === 34 || byte === 92) {
        out.text(JSON.stringify(buffer.toString('utf8', start, end)));
        return;
      }
      bytes[at++] = byte;
    }
    bytes[at++] = 34;
    out.length = at;
  };
}

/** The JSON of values of a type, none of them null. */
function textOf(type: DataType, options: JsonWriteOptions): (value: Scalar) => string {
  const nested = (inner: DataType): ((value: Scalar) => string) => {
    const text = textOf(inner, options);
    return (value) => (value === null || value === undefined ? 'null' : text(value));
  };
  switch (type.kind) {
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return (value) => String(value);
    case 'decimal':
      return (value) => formatDecimal(value as bigint, type.scale);
    case 'float32':
      return (value) => (Number.isFinite(value) ? formatFloat(value as number) : `"${formatFloat(value as number)}"`);
    case 'float64':
      return (value) => (Number.isFinite(value) ? formatDouble(value as number) : `"${formatDouble(value as number)}"`);
    case 'string':
      return (value) => JSON.stringify(value);
    case 'binary':
      return (value) => `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case 'array': {
      const element = nested(type.element);
      return (value) => `[${(value as readonly Scalar[]).map(element).join(',')}]`;
    }
    case 'map': {
      const [key, item] = [keyText(type.key, options), nested(type.value)];
      return (value) =>
        `{${(value as MapScalar).entries.map(([k, v]) => `${JSON.stringify(key(k))}:${item(v)}`).join(',')}}`;
    }
    case 'struct': {
      const fields = type.fields.map((f) => ({ name: `${JSON.stringify(f.name)}:`, text: nested(f.type) }));
      return (value) => structText(value as readonly Scalar[], fields, options.ignoreNullFields);
    }
    case 'variant':
      return (value) => formatScalar(type, value, options.timeZone);
    default: {
      const text = temporalText(type, options) ?? ((value: Scalar) => formatScalar(type, value, options.timeZone));
      return (value) => JSON.stringify(text(value));
    }
  }
}

function structText(
  values: readonly Scalar[],
  fields: readonly { readonly name: string; readonly text: (value: Scalar) => string }[],
  ignoreNullFields: boolean,
): string {
  const parts: string[] = [];
  for (const [i, { name, text }] of fields.entries()) {
    const value = values[i] ?? null;
    if (value !== null || !ignoreNullFields) parts.push(name + text(value));
  }
  return `{${parts.join(',')}}`;
}

/** Map keys are names of fields: text, whatever their type. */
function keyText(type: DataType, options: JsonWriteOptions): (value: Scalar) => string {
  const text = temporalText(type, options);
  return text ?? ((value) => formatScalar(type, value, options.timeZone));
}
