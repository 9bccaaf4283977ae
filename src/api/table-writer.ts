import { SparrowError } from '../base/index.js';
import { sqlQuery } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import { runToEnd } from './actions.js';
import { ColumnBase } from './column.js';
import type { FrameContext } from './context.js';
import type { ActionOptions } from './engine.js';
import { itemExprs, theName } from './names.js';
import { type Options, type OptionValue, optionTexts } from './options.js';

interface Parts {
  readonly format: string;
  readonly partitionBy: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
}

const NOTHING: Parts = { format: 'parquet', partitionBy: [], options: {}, properties: {} };

/**
 * Makes a table of the catalog of a frame, or changes the rows of one: PySpark's `writeTo`. Columns meet by name.
 * Immutable: every setting gives a new writer.
 */
export class DataFrameWriterV2<N extends string = string> {
  constructor(
    private readonly context: FrameContext,
    private readonly plan: Plan,
    private readonly table: string,
    private readonly parts: Parts = NOTHING,
  ) {}

  /** The format of a new table; Parquet by default. */
  using(format: string): DataFrameWriterV2<N> {
    return this.#with({ format: theName(format, 'a format').toLowerCase() });
  }
  /** One option of the format. */
  option(name: string, value: OptionValue): DataFrameWriterV2<N> {
    return this.options({ [name]: value });
  }
  /** Options of the format. */
  options(options: Options): DataFrameWriterV2<N> {
    return this.#with({ options: { ...this.parts.options, ...optionTexts(options) } });
  }
  /** A property of a new table. */
  tableProperty(name: string, value: string): DataFrameWriterV2<N> {
    return this.#with({ properties: { ...this.parts.properties, [theName(name, 'a property')]: String(value) } });
  }
  /** The columns a new table is partitioned by. */
  partitionedBy(...columns: readonly (N | ColumnBase)[]): DataFrameWriterV2<N> {
    const partitionBy = itemExprs(columns).map((expr) => {
      if (expr.kind === 'unresolved_column') return expr.name;
      throw new SparrowError('UNSUPPORTED_FEATURE', 'a table is partitioned by columns, not by what is made of them', {
        hint: 'add the partition column by withColumn()',
      });
    });
    return this.#with({ partitionBy });
  }

  /** Makes the table; throws `TABLE_OR_VIEW_ALREADY_EXISTS` when there is one. */
  create(options: ActionOptions = {}): Promise<void> {
    return this.#make('error', options);
  }
  /** Puts the frame in place of a table; throws `TABLE_OR_VIEW_NOT_FOUND` when there is none. */
  replace(options: ActionOptions = {}): Promise<void> {
    return this.#make('overwrite', options, true);
  }
  /** Makes the table, or puts the frame in its place. */
  createOrReplace(options: ActionOptions = {}): Promise<void> {
    return this.#make('overwrite', options);
  }
  /** Adds the rows to the table. */
  append(options: ActionOptions = {}): Promise<void> {
    return this.#insert('INTO', 'BY NAME', options);
  }
  /**
   * Puts the rows in place of those for which a condition holds: SQL text, `expr(…)`, or `lit(true)` for all. A
   * condition is for Delta tables; the rows written must meet it.
   */
  overwrite(condition: string | ColumnBase, options: ActionOptions = {}): Promise<void> {
    const expr = condition instanceof ColumnBase ? condition.expr : undefined;
    if (expr?.kind === 'literal' && expr.value === true) return this.#insert('OVERWRITE', 'BY NAME', options);
    const text = expr?.kind === 'sql_text' ? expr.text : condition;
    if (typeof text === 'string') return this.#insert('INTO', `REPLACE WHERE ${text}`, options);
    throw new SparrowError('UNSUPPORTED_FEATURE', 'the condition of overwrite() is SQL text here', {
      hint: "overwrite(expr('day = 3')), or overwrite(lit(true)) for the whole table",
    });
  }
  /** Puts the rows in place of the partitions that they belong to. */
  overwritePartitions(options: ActionOptions = {}): Promise<void> {
    return this.#insert('OVERWRITE', 'BY NAME', options, { 'spark.sql.sources.partitionOverwriteMode': 'dynamic' });
  }

  async #make(mode: 'error' | 'overwrite', options: ActionOptions, mustExist = false): Promise<void> {
    const { textOfTable } = await import('./catalog/table-text.js');
    const known = this.context.stored(this.table);
    if (mustExist && known === undefined) throw this.#missing();
    await this.#run(textOfTable(this.table, mode, this.parts, known) as string, options);
  }

  async #insert(how: string, names: string, options: ActionOptions, config: Record<string, string> = {}) {
    const { quotedTable } = await import('./catalog/session-catalog.js');
    if (this.context.stored(this.table) === undefined) throw this.#missing();
    const { SOURCE } = await import('./catalog/table-text.js');
    await this.#run(`INSERT ${how} ${quotedTable(this.table)} ${names} TABLE ${SOURCE}`, options, config);
  }

  async #run(text: string, options: ActionOptions, config: Record<string, string> = {}): Promise<void> {
    const { SOURCE } = await import('./catalog/table-text.js');
    const { settings } = this.context;
    const context = { ...this.context, settings: { ...settings, config: { ...settings.config, ...config } } };
    await runToEnd(context, sqlQuery(text, {}, { [SOURCE]: this.plan }), options);
  }

  #missing(): SparrowError {
    return new SparrowError('TABLE_OR_VIEW_NOT_FOUND', `there is no table \`${this.table}\``, {
      sqlState: '42P01',
      hint: 'create() makes it',
    });
  }

  #with(change: Partial<Parts>): DataFrameWriterV2<N> {
    return new DataFrameWriterV2(this.context, this.plan, this.table, { ...this.parts, ...change });
  }
}
