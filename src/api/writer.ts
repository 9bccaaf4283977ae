import { SparrowError } from '../base/index.js';
import { type ByteSink, isSink } from '../io/memory-paths.js';
import { sqlQuery, write } from '../plan/build.js';
import type { Plan, WritePlan } from '../plan/node.js';
import type { Buckets } from '../sql/command.js';
import { runToEnd } from './actions.js';
import type { FrameContext } from './context.js';
import type { DatabaseAdapter } from './database/adapters.js';
import type { ActionOptions, WriteResult } from './engine.js';
import { theName } from './names.js';
import { type Options, type OptionValue, optionTexts } from './options.js';

export type { WriteResult } from './engine.js';

/** What happens when the target exists: Spark's save modes. */
export type SaveMode = 'append' | 'overwrite' | 'ignore' | 'error' | 'errorifexists';
interface Target {
  readonly mode: WritePlan['mode'];
  readonly format: string;
  readonly partitionBy: readonly string[];
  readonly bucketBy?: Omit<Buckets, 'sortBy'>;
  readonly sortBy?: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Writes a frame: `await frame.write.mode('overwrite').partitionBy('origin').parquet('out/')`.
 * Immutable: every setting gives a new writer. Files appear when the whole write is done, or not at all.
 */
export class DataFrameWriter<N extends string = string> {
  readonly #context: FrameContext;
  readonly #plan: Plan;
  readonly #target: Target;

  constructor(
    context: FrameContext,
    plan: Plan,
    target: Target = { mode: 'error', format: 'parquet', partitionBy: [], options: {} },
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#target = target;
  }

  /** What to do when the target exists. The default, `error`, throws `PATH_ALREADY_EXISTS`. */
  mode(mode: SaveMode): DataFrameWriter<N> {
    const known = ['append', 'overwrite', 'ignore', 'error', 'errorifexists'];
    if (!known.includes(mode)) {
      throw new SparrowError('INVALID_SAVE_MODE', `there is no save mode '${mode}'`, { candidates: known });
    }
    return this.#with({ mode: mode === 'errorifexists' ? 'error' : mode });
  }

  /** The format `save` writes. */
  format(name: string): DataFrameWriter<N> {
    return this.#with({ format: theName(name, 'a format').toLowerCase() });
  }

  /** One option of the format, such as `compression`. */
  option(name: string, value: OptionValue): DataFrameWriter<N> {
    return this.options({ [name]: value });
  }

  /** Options of the format. */
  options(options: Options): DataFrameWriter<N> {
    return this.#with({ options: { ...this.#target.options, ...optionTexts(options) } });
  }

  /** One folder for each combination of these columns' values: `origin=SFO/`. */
  partitionBy(...columns: readonly (N | readonly N[])[]): DataFrameWriter<N> {
    return this.#with({ partitionBy: columns.flat().map((name) => theName(name, 'a partition column')) });
  }

  /**
   * So many buckets, each with the rows of one `pmod(hash(columns), count)`, as Spark numbers them. For `saveAsTable`
   * only, which throws `INVALID_BUCKET_COUNT` unless there are 1 to 100,000, and `COLUMN_NOT_DEFINED_IN_TABLE`.
   */
  bucketBy(count: number, column: N | readonly N[], ...columns: readonly N[]): DataFrameWriter<N> {
    return this.#with({ bucketBy: { count, columns: columnNames([column, ...columns]) } });
  }
  /** The columns that each file of a bucket is sorted by, ascending and nulls first. With `bucketBy` only. */
  sortBy(column: N | readonly N[], ...columns: readonly N[]): DataFrameWriter<N> {
    return this.#with({ sortBy: columnNames([column, ...columns]) });
  }

  /** Writes Parquet files into the folder `path`. */
  parquet(path: string | ByteSink, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save('parquet', path, options);
  }
  /** Writes CSV files into the folder `path`. */
  csv(path: string | ByteSink, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save('csv', path, options);
  }
  /** Writes JSON lines into the folder `path`. */
  json(path: string | ByteSink, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save('json', path, options);
  }
  /** Writes the one string column of the frame as lines of text. */
  text(path: string | ByteSink, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save('text', path, options);
  }
  /** Writes Arrow IPC files into the folder `path`. */
  arrow(path: string | ByteSink, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save('arrow', path, options);
  }
  /** Writes to the Delta Lake table `path`, which is made if there is none. */
  delta(path: string, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save('delta', path, options);
  }
  /** Inserts the rows into a table of a database, in one transaction. A table that is not there is made. */
  async database(adapter: DatabaseAdapter, table: string, options: ActionOptions = {}): Promise<WriteResult> {
    const { writeDatabase } = await import('./database/write-frame.js');
    const target = { adapter, table: theName(table, 'a table'), mode: this.#target.mode };
    return writeDatabase(this.#context, this.#plan, target, options);
  }
  /** Writes in the format given by `format()`, Parquet by default. */
  save(path: string | ByteSink, options: ActionOptions = {}): Promise<WriteResult> {
    return this.#save(this.#target.format, path, options);
  }

  /**
   * Writes a table of the catalog. When it exists, mode `append` adds rows (columns meet by name), `overwrite` replaces
   * the table with what it was made of, `ignore` does nothing and `error` throws `TABLE_OR_VIEW_ALREADY_EXISTS`. An
   * option `path` says where its files are; they then stay when the table is dropped.
   */
  async saveAsTable(name: string, options: ActionOptions = {}): Promise<void> {
    const { mode, format, partitionBy, options: given } = this.#target;
    const { textOfTable } = await import('./catalog/table-text.js');
    const parts = { format, partitionBy, buckets: this.#buckets(), options: given };
    const text = textOfTable(name, mode, parts, this.#context.stored(theName(name, 'a table')));
    if (text !== undefined) await this.#run(text, options);
  }
  /**
   * Adds rows to a table of the catalog, or replaces its rows in mode `overwrite`; columns meet by position. Throws
   * `TABLE_OR_VIEW_NOT_FOUND`.
   */
  async insertInto(name: string, options: ActionOptions = {}): Promise<void> {
    this.#noBuckets('insertInto');
    const { textOfInsert } = await import('./catalog/table-text.js');
    await this.#run(textOfInsert(theName(name, 'a table'), this.#target.mode === 'overwrite'), options);
  }
  async #run(text: string, options: ActionOptions): Promise<void> {
    const { SOURCE } = await import('./catalog/table-text.js');
    await runToEnd(this.#context, sqlQuery(text, {}, { [SOURCE]: this.#plan }), options);
  }

  async #save(format: string, path: string | ByteSink, given: ActionOptions): Promise<WriteResult> {
    this.#noBuckets('save');
    const { options, dynamic } = overwriting(this.#target.options, this.#context);
    if (isSink(path)) {
      const { writeToStream } = await import('./write-stream.js');
      return writeToStream(this.#context, this.#plan, { ...this.#target, options, format }, path, given);
    }
    const target = { ...this.#target, options, dynamic, format, path: theName(path, 'the path to write to') };
    if (/^s3a?:\/\//i.test(target.path)) return this.#saveToS3(target, given);
    if (target.format === 'delta') {
      const { writeDelta } = await import('./delta/write-frame.js');
      return writeDelta(this.#context, this.#plan, target, given);
    }
    let result: WriteResult = { files: 0, rows: 0, bytes: 0 };
    await runToEnd(this.#context, write(this.#plan, target), { ...given, onWritten: (made) => (result = made) });
    return result;
  }

  async #saveToS3(target: Parameters<typeof write>[1], given: ActionOptions): Promise<WriteResult> {
    const { writeS3 } = await import('../io/remote/s3-write.js');
    const none: WriteResult = { files: 0, rows: 0, bytes: 0 };
    const made = await writeS3(target, async (path, options) => {
      let result = none;
      await runToEnd(this.#context, write(this.#plan, { ...target, path, options, mode: 'error' }), {
        ...given,
        onWritten: (written) => (result = written),
      });
      return result;
    });
    return made ?? none;
  }

  /** Throws `SORT_BY_WITHOUT_BUCKETING`. */
  #buckets(): Buckets | undefined {
    const { bucketBy, sortBy = [] } = this.#target;
    if (bucketBy !== undefined) return { ...bucketBy, sortBy };
    if (sortBy.length === 0) return undefined;
    throw new SparrowError('SORT_BY_WITHOUT_BUCKETING', 'sortBy() goes with bucketBy()', {
      sqlState: '42601',
      hint: 'sortWithinPartitions() sorts the rows of other files',
    });
  }
  #noBuckets(what: string): void {
    const buckets = this.#buckets();
    if (buckets === undefined) return;
    const code = `_LEGACY_ERROR_TEMP_131${buckets.sortBy.length === 0 ? 2 : 3}`;
    throw new SparrowError(code, `${what} makes no buckets: bucketBy() goes with saveAsTable()`);
  }

  #with(change: Partial<Target>): DataFrameWriter<N> {
    return new DataFrameWriter(this.#context, this.#plan, { ...this.#target, ...change });
  }
}

const columnNames = (names: readonly (string | readonly string[])[]): readonly string[] =>
  names.flat().map((name) => theName(name, 'a column'));

/** Spark's option and setting for what mode overwrite replaces: everything, or the partitions that get rows. */
function overwriting(
  given: Readonly<Record<string, string>>,
  { settings }: FrameContext,
): { readonly options: Readonly<Record<string, string>>; readonly dynamic: boolean } {
  const isIt = ([name]: readonly [string, string]): boolean => name.toLowerCase() === 'partitionoverwritemode';
  const entries = Object.entries(given);
  const most = settings.config['spark.sql.files.maxRecordsPerFile'];
  const options = {
    ...(most === undefined ? {} : { maxRecordsPerFile: most }),
    ...Object.fromEntries(entries.filter((option) => !isIt(option))),
  };
  const word = entries.find(isIt)?.[1] ?? settings.config['spark.sql.sources.partitionOverwriteMode'] ?? 'static';
  const allowed = ['static', 'dynamic'];
  if (!allowed.includes(word.toLowerCase())) {
    throw new SparrowError('INVALID_OPTION', `there is no partitionOverwriteMode '${word}'`, { candidates: allowed });
  }
  return { options, dynamic: word.toLowerCase() === 'dynamic' };
}
