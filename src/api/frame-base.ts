import { inspect } from 'node:util';
import type { RecordBatch, Table } from 'apache-arrow';
import { type BooleanType, type Schema, SparrowError, simpleString } from '../base/index.js';
import { exists, inSubquery, limit, scalarSubquery, withPlanId } from '../plan/build.js';
import type { Plan } from '../plan/node.js';
import { collectRows, countRows, firstScalars, lastRows, rowsOf } from './actions.js';
import { recordBatches, tableOf } from './arrow.js';
import { Column, type ColumnBase } from './column.js';
import type { FrameContext } from './context.js';
import type { ActionOptions, ExplainMode } from './engine.js';
import { htmlTable } from './html.js';
import { knownFields, oneLine } from './known-schema.js';
import { theName, wholeNumber } from './names.js';
import type { Anything, NotNull, Row, Values } from './row-types.js';
import { planHash, samePlan } from './same-plan.js';
import { FrameSchema } from './schema.js';
import { showFormat, showString } from './show.js';
import { DataFrameWriterV2 } from './table-writer.js';
import { DataFrameWriter } from './writer.js';

const modes: readonly ExplainMode[] = ['simple', 'extended', 'formatted', 'cost', 'codegen', 'analyze'];
let lastPlanId = 0;

/** What can be asked of a frame: its rows, its schema, its plan. Every action runs the query again. */
export abstract class FrameBase<in out S = Anything, in out V extends Values = Anything> {
  declare readonly '~shape'?: S;
  declare readonly '~values'?: V;
  /** What this frame asks, as data. */
  readonly plan: Plan;
  readonly #context: FrameContext;
  #schema: FrameSchema | undefined;

  constructor(context: FrameContext, plan: Plan) {
    this.#context = context;
    this.plan = withPlanId(plan, ++lastPlanId);
  }

  protected get context(): FrameContext {
    return this.#context;
  }

  /** The plan that actions run: differs from `plan` for a frame that was cached. */
  protected get running(): Plan {
    return this.plan;
  }

  // ---- rows ----

  /** Every row, as plain objects. Mind the memory: `for await (const row of frame)` holds one batch at a time. */
  collect(options?: ActionOptions): Promise<Row<S, V>[]> {
    return collectRows(this.#context, this.running, options) as Promise<Row<S, V>[]>;
  }
  /** The number of rows. */
  count(options?: ActionOptions): Promise<number> {
    return countRows(this.#context, this.running, options);
  }
  /** The first row, or null when there is none. */
  async first(options?: ActionOptions): Promise<Row<S, V> | null> {
    return (await this.take(1, options))[0] ?? null;
  }
  /** The first row or null; with a number, the first rows. */
  head(): Promise<Row<S, V> | null>;
  head(rows: number, options?: ActionOptions): Promise<Row<S, V>[]>;
  head(rows?: number, options?: ActionOptions): Promise<Row<S, V> | null | Row<S, V>[]> {
    return rows === undefined ? this.first(options) : this.take(rows, options);
  }
  /** The first `rows` rows. */
  async take(rows: number, options?: ActionOptions): Promise<Row<S, V>[]> {
    const some = limit(this.running, wholeNumber(rows, 'the number of rows to take'));
    return (await collectRows(this.#context, some, options)) as Row<S, V>[];
  }
  /** The last `rows` rows; reads all of them. */
  async tail(rows: number, options?: ActionOptions): Promise<Row<S, V>[]> {
    const count = wholeNumber(rows, 'the number of rows to take');
    return (await lastRows(this.#context, this.running, count, options)) as Row<S, V>[];
  }
  /** Whether there is no row. */
  async isEmpty(options?: ActionOptions): Promise<boolean> {
    return (await countRows(this.#context, limit(this.running, 1), options)) === 0;
  }
  /** Rows one after the other, in constant memory. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row<S, V>, void, undefined> {
    for await (const rows of rowsOf(this.#context, this.running)) yield* rows as Row<S, V>[];
  }
  /** As iterating the frame, with options: PySpark's `toLocalIterator`. */
  async *toLocalIterator(options?: ActionOptions): AsyncGenerator<Row<S, V>, void, undefined> {
    for await (const rows of rowsOf(this.#context, this.running, options)) yield* rows as Row<S, V>[];
  }
  /** Arrow record batches one after the other, each a copy that outlives the query. */
  batches(options?: ActionOptions): AsyncGenerator<RecordBatch, void, undefined> {
    return recordBatches(this.#context, this.running, options);
  }
  /** Every row as one apache-arrow table. */
  toArrow(options?: ActionOptions): Promise<Table> {
    return tableOf(this.#context, this.running, options);
  }

  // ---- display ----

  /**
   * Prints the first rows as Spark does. `truncate` cuts values at 20 characters, or at the number given; `vertical`
   * prints one line per value.
   */
  async show(rows = 20, truncate: boolean | number = true, vertical = false, options?: ActionOptions): Promise<void> {
    console.log(await this.showString(rows, truncate, vertical, options));
  }
  /** The text `show` prints. */
  async showString(
    rows = 20,
    truncate: boolean | number = true,
    vertical = false,
    options?: ActionOptions,
  ): Promise<string> {
    const format = showFormat(rows, truncate, vertical);
    return showString(await firstScalars(this.#context, this.running, format.rows, options), format);
  }
  /** The first rows as an HTML table. */
  async toHTML(rows = 20, options?: ActionOptions): Promise<string> {
    return htmlTable(await firstScalars(this.#context, this.running, rows, options), rows);
  }
  /** What notebooks show: the first rows. */
  async [Symbol.for('Jupyter.display')](): Promise<Record<string, string>> {
    const table = await firstScalars(this.#context, this.running, 20);
    return { 'text/html': htmlTable(table, 20), 'text/plain': showString(table, showFormat(20, true, false)) };
  }
  /** The schema where it is known, else the plan; runs nothing. */
  [inspect.custom](): string {
    const fields = this.#schema?.fields ?? knownFields(this.plan);
    if (fields === undefined) return `DataFrame[${oneLine(this.plan)}]`;
    return `DataFrame[${fields.map((f) => `${f.name}: ${simpleString(f.type)}`).join(', ')}]`;
  }
  toString(): string {
    return this[inspect.custom]();
  }

  // ---- schema and plan ----

  /** The columns with their types: reads metadata of the sources, computes nothing. */
  async schema(): Promise<FrameSchema> {
    const schema: Schema = await this.#context.engine.analyze(this.plan, this.#context.settings);
    this.#schema = new FrameSchema(schema.fields);
    return this.#schema;
  }
  /** The column names. */
  async columns(): Promise<string[]> {
    return (await this.schema()).names;
  }
  /** Names and types: `[['id', 'bigint'], …]`. */
  async dtypes(): Promise<[name: string, type: string][]> {
    return (await this.schema()).fields.map((f) => [f.name, simpleString(f.type)]);
  }
  /** Prints the schema as a tree. */
  async printSchema(): Promise<void> {
    console.log((await this.schema()).treeString());
  }
  /**
   * How the query will run, as text. `extended` shows every stage and the rules that fired, `codegen` the compiled
   * pipelines; `analyze` runs the query and adds what was measured.
   */
  async explain(mode: ExplainMode | boolean = 'simple'): Promise<string> {
    const wanted = mode === true ? 'extended' : mode === false ? 'simple' : mode;
    if (modes.includes(wanted)) {
      return this.#context.engine.explain(this.running, wanted, this.#context.settings);
    }
    throw new SparrowError('UNKNOWN_EXPLAIN_MODE', `there is no explain mode '${mode}'`, { candidates: modes });
  }

  /** Whether both frames ask the same of the same data, whatever their columns are called; it may be false for some that do. */
  sameSemantics(other: { readonly plan: Plan }): boolean {
    return samePlan(this.plan, other.plan);
  }
  /** A number that is the same for frames with `sameSemantics`. */
  semanticHash(): number {
    return planHash(this.plan);
  }
  /** The files the query would read. Reads metadata only. */
  async inputFiles(): Promise<string[]> {
    return [...(await this.#context.engine.inputFiles(this.plan, this.#context.settings)).files];
  }
  /** Whether the frame reads a stream: such a frame is run by its `writeStream`. */
  async isStreaming(): Promise<boolean> {
    return (await this.#context.engine.inputFiles(this.plan, this.#context.settings)).isStreaming;
  }

  // ---- out ----

  /** Writes the rows to files: `await frame.write.mode('overwrite').parquet('out/')`. */
  get write(): DataFrameWriter<keyof S & string> {
    return new DataFrameWriter(this.#context, this.running);
  }
  /** Writes the rows to a table of the catalog: `await frame.writeTo('flights').partitionedBy('origin').create()`. */
  writeTo(table: string): DataFrameWriterV2<keyof S & string> {
    return new DataFrameWriterV2(this.#context, this.running, theName(table, 'a table'));
  }
  /** Names the frame for `session.table(name)` and SQL. */
  createOrReplaceTempView(name: string): void {
    this.#context.createView(theName(name, 'a view'), this.running, true);
  }
  /** As `createOrReplaceTempView`; throws `TEMP_TABLE_OR_VIEW_ALREADY_EXISTS` when the name is taken. */
  createTempView(name: string): void {
    this.#context.createView(theName(name, 'a view'), this.running, false);
  }
  /** Names the frame in the database `global_temp`. */
  createOrReplaceGlobalTempView(name: string): void {
    this.#context.createView(theName(name, 'a view'), this.running, true, 'global');
  }
  /** As `createOrReplaceGlobalTempView`; throws when the name is taken. */
  createGlobalTempView(name: string): void {
    this.#context.createView(theName(name, 'a view'), this.running, false, 'global');
  }

  /** This frame as a value: its only row and column; null without rows. */
  scalar(): Column<S[keyof S]> {
    return new Column(scalarSubquery(this.running));
  }
  /** Whether this frame has rows, as a condition: `orders.filter(returns.filter(…).exists())`. */
  exists(): Column<NotNull<BooleanType>> {
    return new Column(exists(this.running));
  }
  /** Whether the columns equal those of a row of this frame, as a condition; NOT IN is `not` of it. */
  contains(...columns: readonly ColumnBase[]): Column<BooleanType> {
    return new Column(
      inSubquery(
        columns.map((c) => c.expr),
        this.running,
      ),
    );
  }
}
