import { fileURLToPath } from 'node:url';
import { type Schema, SparrowError } from '../base/index.js';
import { type Content, isContent, isData, isMemory, pathOf, type RowsSource, releaseWith } from '../io/memory-paths.js';
import { read, view } from '../plan/build.js';
import type { FrameContext } from './context.js';
import type { DatabaseAdapter } from './database/adapters.js';
import { DeltaTable } from './delta/table.js';
import { DataFrame } from './frame.js';
import { theName } from './names.js';
import { type Options, type OptionValue, optionTexts } from './options.js';
import type { Values } from './row-types.js';
import { type SchemaInput, type ShapeOfInput, schemaOf } from './schema-input.js';

interface Source {
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
  readonly schema: Schema | undefined;
  readonly stream?: 'source';
}

/** File, folder or pattern: `flights/*.parquet`. */
export type Path = string | URL;
/**
 * What can be read as a file: a path, a `data:` address, bytes, or what gives bytes piece by piece (a stream of Node.js or
 * the web, any async iterable), which is read once, when the frame's schema or rows are first asked for.
 */
export type Input = Path | Content;

/**
 * Reads files as frames: `session.read.option('header', true).csv('airports.csv')`. Nothing is opened before the
 * frame's schema or rows are asked for. Immutable: every setting gives a new reader.
 */
export class DataFrameReader<S, V extends Values> {
  readonly #context: FrameContext;
  readonly #source: Source;

  constructor(context: FrameContext, source: Source = { format: 'parquet', options: {}, schema: undefined }) {
    this.#context = context;
    this.#source = source;
  }

  /** The columns to read and their types, instead of what the files say or what is inferred. */
  schema<const I extends SchemaInput>(schema: I): DataFrameReader<ShapeOfInput<I>, V> {
    return this.#with({ schema: schemaOf(schema) });
  }
  /** The format `load` reads. */
  format(name: string): DataFrameReader<S, V> {
    return this.#with({ format: theName(name, 'a format').toLowerCase() });
  }
  /** One option of the format, by Spark's name: `header`, `sep`, `inferSchema`, `mode`, … */
  option(name: string, value: OptionValue): DataFrameReader<S, V> {
    return this.options({ [name]: value });
  }
  /** Options of the format. */
  options(options: Options): DataFrameReader<S, V> {
    return this.#with({ options: { ...this.#source.options, ...optionTexts(options) } });
  }

  /** Parquet files. */
  parquet(...paths: readonly Input[]): DataFrame<S, V> {
    return this.#frame('parquet', paths);
  }
  /** CSV files. As in Spark, columns are strings named `_c0`, `_c1`, … unless `header`, `inferSchema` or a schema say more. */
  csv(path: Input | readonly Input[], options: Options = {}): DataFrame<S, V> {
    return this.#frame('csv', asList(path), options);
  }
  /** JSON lines, or whole documents with the option `multiLine`. */
  json(path: Input | readonly Input[], options: Options = {}): DataFrame<S, V> {
    return this.#frame('json', asList(path), options);
  }
  /** Lines of text, as the one string column `value`. */
  text(path: Input | readonly Input[], options: Options = {}): DataFrame<S, V> {
    return this.#frame('text', asList(path), options);
  }
  /** Files as rows: `path`, `modificationTime`, `length` and `content`. */
  binaryFile(path: Input | readonly Input[], options: Options = {}): DataFrame<S, V> {
    return this.#frame('binaryfile', asList(path), options);
  }
  /** Arrow IPC files and streams. */
  arrow(...paths: readonly Input[]): DataFrame<S, V> {
    return this.#frame('arrow', paths);
  }
  /** Avro container files. */
  avro(...paths: readonly Input[]): DataFrame<S, V> {
    return this.#frame('avro', paths);
  }
  /** A sheet of Excel workbooks (`.xlsx`), by the package read-excel-file: the first, or by the option `sheet` (name or number). */
  excel(path: Input | readonly Input[], options: Options = {}): DataFrame<S, V> {
    return this.#frame('excel', asList(path), options);
  }
  /** A Delta Lake table. */
  delta(path: Path, options: Options = {}): DataFrame<S, V> {
    return this.#frame('delta', [path], options);
  }
  /** An Apache Iceberg table: its folder, or one of its metadata files. */
  iceberg(path: Path, options: Options = {}): DataFrame<S, V> {
    return this.#frame('iceberg', [path], options);
  }
  /** A Delta Lake table whose rows are to be changed. */
  deltaTable(path: Path): DeltaTable<V> {
    return new DeltaTable(this.#context, pathText(path));
  }
  /**
   * A table or a query of a database: `read.database(postgres('postgres://…'), { table: 'orders' })`. Columns, and the
   * conditions and limits that the database decides alike, are asked of it; with `partitionColumn`, `lowerBound`,
   * `upperBound` and `numPartitions` several connections share the rows out.
   */
  database(adapter: DatabaseAdapter, options: Options & ({ table: string } | { query: string })): DataFrame<S, V> {
    return this.#frame('database', [adapter.kind], { ...options, adapter: JSON.stringify(adapter) });
  }
  /** A view or table by name, as `session.table`. */
  table(name: string): DataFrame<S, V> {
    return new DataFrame(this.#context, view(theName(name, 'a table')));
  }
  /**
   * Rows of a stream (`session.readStream.schema({ … }).rows(messages)`), which a checkpoint keeps from when they are taken
   * until their batch is done. A function is told how many rows earlier runs took, and gives those after them.
   */
  rows(source: RowsSource): DataFrame<S, V> {
    const { schema, stream } = this.#source;
    if (stream === undefined || schema === undefined) {
      throw new SparrowError('STREAMING_SCHEMA_REQUIRED', 'rows are read by streams that have a schema', {
        hint: 'session.readStream.schema({ … }).rows(…), or session.createDataFrame(…)',
      });
    }
    if (typeof source !== 'function' && !(Symbol.asyncIterator in Object(source)))
      throw new SparrowError('INVALID_VALUE_FOR_TYPE', 'rows are an async iterable, or a function that gives one');
    const { options } = this.#source;
    return new DataFrame(
      this.#context,
      read({ format: 'parquet', paths: [], options: { ...options, rows: pathOf(source, 'rows') }, schema, stream }),
    );
  }
  /** Files of the format given by `format()`, Parquet by default. */
  load(path?: Input | readonly Input[]): DataFrame<S, V> {
    const given = path ?? this.#source.options.path;
    return this.#frame(this.#source.format, given === undefined ? [] : asList(given));
  }

  #with<T>(change: Partial<Source>): DataFrameReader<T, V> {
    return new DataFrameReader(this.#context, { ...this.#source, ...change });
  }

  #frame(format: string, given: readonly Input[], more: Options = {}): DataFrame<S, V> {
    const paths = given.flat().map((path) => pathText(path));
    if (paths.length === 0) {
      throw new SparrowError('PATH_NOT_FOUND', `reading ${format} needs a path`, {
        hint: `session.read.${format}('data/*.${format}')`,
      });
    }
    const { schema, stream } = this.#source;
    const options = { ...this.#source.options, ...optionTexts(more) };
    const description = { format, paths, options, ...(schema && { schema }), ...(stream && { stream }) };
    for (const path of paths) if (isMemory(path)) releaseWith(description, path, this.#context);
    return new DataFrame(this.#context, read(description));
  }
}

const asList = (path: Input | readonly Input[]): readonly Input[] =>
  Array.isArray(path) ? (path as readonly Input[]) : [path as Input];

function pathText(path: unknown): string {
  if (isContent(path)) return pathOf(path);
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path);
  const text = path instanceof URL ? path.href : theName(path, 'a path');
  return isData(text) ? pathOf(text) : text;
}
