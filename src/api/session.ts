import { randomInt } from 'node:crypto';
import type { Table } from 'apache-arrow';
import { type Int64Type, SparrowError, type ValueOptions } from '../base/index.js';
import { releaseAll } from '../io/memory-paths.js';
import { nodePlatform } from '../io/node-platform.js';
import { range, sqlQuery, view } from '../plan/build.js';
import { tableFunction } from '../plan/build-relations.js';
import type { Plan } from '../plan/node.js';
import { isArrowTable, planOfArrow, refuseSchema } from './arrow.js';
import { Catalog } from './catalog/catalog.js';
import { SessionCatalog } from './catalog/session-catalog.js';
import { SqlEngine } from './catalog/sql-engine.js';
import { TableStore } from './catalog/table-store.js';
import { type Operand, operand } from './column.js';
import { RuntimeConfig } from './conf.js';
import type { FrameContext } from './context.js';
import { type ColumnData, localPlan, rowsToPlan, type ShapeOfColumns } from './create-data.js';
import type { CreateEngine, QueryEngine } from './engine.js';
import { engineFor } from './engine-loader.js';
import { DataFrame } from './frame.js';
import type { NamesOnly } from './frame-types.js';
import { theName } from './names.js';
import { DataFrameReader } from './reader.js';
import type { Anything, NotNull, Row, ShapeOfRow, SqlValue, Unknown, Values } from './row-types.js';
import { type SchemaInput, type ShapeOfInput, schemaOf } from './schema-input.js';
import {
  bytesOf,
  checkOptions,
  configOf,
  type SessionOptions,
  type ValuesOf,
  valueOptionsOf,
} from './session-options.js';
import { fromTemplate, fromText, type SqlParameters, type SqlPieces } from './sql-text.js';
import { UdfRegistration } from './udf.js';

/**
 * Where queries start: Spark's session. `V` are the JavaScript types of its values, fixed by the options.
 *
 * @example await using session = await Session.create({ memory: '4GB' });
 */
export class Session<in out V extends Values = Anything> {
  /** Settings by Spark's names, for the queries that start from now on. */
  readonly conf: RuntimeConfig;
  /** Databases, tables and views by name. */
  readonly catalog: Catalog<V>;
  readonly #catalog: SessionCatalog;
  readonly #context: FrameContext;
  #engine: QueryEngine | undefined;

  private constructor(
    engine: QueryEngine,
    conf: RuntimeConfig,
    values: ValueOptions,
    catalog: SessionCatalog,
    /** JavaScript functions by name, for SQL text: `session.udf.register('twice', twice)`. */
    readonly udf: UdfRegistration,
    private readonly ownsEngine = true,
  ) {
    this.#engine = new SqlEngine(engine, async (source, settings, signal) => {
      const { runText } = await import('./catalog/run-text.js');
      return runText(source, { catalog, conf, engine, settings, signal });
    });
    this.#catalog = catalog;
    catalog.onUse = (database) => conf.use(database);
    this.conf = conf;
    this.#context = this.#contextWith(values);
    this.catalog = new Catalog(catalog, this.#context, udf);
  }

  /**
   * Starts a session. Worker threads start with the first query that needs them. Throws `INVALID_SESSION_OPTION`.
   * `createEngine` is for tests and other engines.
   */
  static async create<const O extends SessionOptions = Record<never, never>>(
    options?: O,
    createEngine?: CreateEngine,
  ): Promise<Session<ValuesOf<O>>> {
    const given: SessionOptions = options ?? {};
    checkOptions(given);
    const conf = new RuntimeConfig(configOf(given));
    const values = valueOptionsOf(given);
    const memoryBytes = bytesOf(given.memory);
    const store = new TableStore(conf.get('spark.sql.warehouse.dir', 'spark-warehouse') ?? '', nodePlatform.files);
    const catalog = new SessionCatalog(store);
    const functions = new UdfRegistration();
    const start = createEngine ?? engineFor(given);
    const engine = await start({
      ...(given.workers === undefined ? {} : { workers: given.workers }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(given.spillDirectory === undefined ? {} : { spillDirectory: given.spillDirectory }),
      ...catalog.namesWith(functions),
    });
    return new Session(engine, conf, values, catalog, functions);
  }

  /**
   * A session beside this one, on its memory and workers: tables, global views and cached frames are shared; temporary
   * views, settings, variables, functions and the current database are its own. It ends with this one.
   */
  newSession(): Session<V> {
    const engine = (this.#running() as SqlEngine).inner;
    const catalog = new SessionCatalog(this.#catalog.store, this.#catalog);
    const functions = new UdfRegistration();
    const conf = new RuntimeConfig(this.conf.initial, catalog.namesWith(functions));
    return new Session<V>(engine, conf, this.#context.values, catalog, functions, false);
  }

  #contextWith(values: ValueOptions): FrameContext {
    const session = this;
    return Object.freeze({
      values,
      get engine() {
        return session.#running();
      },
      get settings() {
        return session.conf.settings;
      },
      seed: () => randomInt(2 ** 31),
      createView: (name: string, plan: Plan, replace: boolean, scope: 'temporary' | 'global' = 'temporary') =>
        session.#catalog.createView({ name, plan }, scope, replace),
      stored: (name: string) => session.#catalog.stored(name),
    });
  }

  #running(): QueryEngine {
    if (this.#engine !== undefined) return this.#engine;
    throw new SparrowError('SESSION_CLOSED', 'the session was stopped', {
      hint: 'create another with Session.create()',
    });
  }

  /** Reads files: `session.read.parquet('flights/*.parquet')`. */
  get read(): DataFrameReader<Unknown, V> {
    return new DataFrameReader(this.#context);
  }

  /**
   * Reads folders of files, and Delta tables, as streams: `session.readStream.schema({ … }).csv('in/')`. Such a frame is
   * run by its `writeStream`, which takes what is new, batch by batch.
   */
  get readStream(): DataFrameReader<Unknown, V> {
    return new DataFrameReader(this.#context, { format: 'parquet', options: {}, schema: undefined, stream: 'source' });
  }

  /**
   * A frame of the caller's rows: an iterable of objects (or of arrays, with a list of names), or an object of columns
   * (`{ id: [1, 2] }`). The schema is inferred from all rows unless it is given; a missing property is null. Values are
   * copied at once. An apache-arrow table and an async iterable, which is read to its end, give a promise; rows of the
   * latter are converted in pieces, so that the event loop goes on (a list of a million rows holds it for a third of a
   * second). Throws
   * `CANNOT_INFER_TYPE`, `CANNOT_MERGE_TYPE` and, for a value that does not fit, `INVALID_VALUE_FOR_TYPE` with row and
   * column.
   */
  createDataFrame<const I extends SchemaInput>(
    data: Iterable<object> | ColumnData,
    schema: I,
  ): DataFrame<ShapeOfInput<I>, V>;
  createDataFrame<const N extends readonly string[]>(
    data: Iterable<readonly unknown[]>,
    names: N,
  ): DataFrame<NamesOnly<N>, V>;
  createDataFrame<const I extends SchemaInput>(
    data: AsyncIterable<object>,
    schema: I,
  ): Promise<DataFrame<ShapeOfInput<I>, V>>;
  createDataFrame<R extends object>(data: AsyncIterable<R>): Promise<DataFrame<ShapeOfRow<R>, V>>;
  createDataFrame(data: Table): Promise<DataFrame<Unknown, V>>;
  createDataFrame<R extends object>(data: readonly R[] | Iterable<R>): DataFrame<ShapeOfRow<R>, V>;
  createDataFrame<C extends ColumnData>(data: C): DataFrame<ShapeOfColumns<C>, V>;
  createDataFrame(data: unknown, schema?: SchemaInput | readonly string[]): unknown {
    const columns = schema === undefined || isNames(schema) ? schema : schemaOf(schema);
    const frame = (plan: Plan) => new DataFrame(this.#context, plan);
    if (isArrowTable(data)) {
      refuseSchema(schema);
      return planOfArrow(this.#context, data).then(frame);
    }
    if (typeof data === 'object' && data !== null && Symbol.asyncIterator in data) {
      return rowsToPlan(data as AsyncIterable<object>, this.#context, columns).then(frame);
    }
    return frame(localPlan(data, this.#context, columns));
  }

  /** The integers from 0 (or `start`) to before `end`, as the bigint column `id`. */
  range(end: number | bigint): DataFrame<{ id: NotNull<Int64Type> }, V>;
  range(start: number | bigint, end: number | bigint, step?: number | bigint): DataFrame<{ id: NotNull<Int64Type> }, V>;
  range(first: number | bigint, second?: number | bigint, step: number | bigint = 1): unknown {
    const [from, to] = second === undefined ? [0, first] : [first, second];
    const by = integerOf(step, 'the step');
    if (by === 0n) throw new SparrowError('INVALID_PARAMETER_VALUE', 'the step of a range is not 0');
    return new DataFrame(this.#context, range(integerOf(from, 'the start'), integerOf(to, 'the end'), by));
  }

  /** A view or table by name. The name is looked up when the query is planned. */
  table(name: string): DataFrame<Unknown, V> {
    return new DataFrame(this.#context, view(theName(name, 'a view')));
  }

  /** Table functions by name: `session.tvf.explode(fn.array(lit(1), lit(2)))`. */
  get tvf(): Readonly<Record<string, (...args: readonly Operand[]) => DataFrame<Unknown, V>>> {
    const call = (name: string, args: readonly Operand[]): DataFrame<Unknown, V> =>
      new DataFrame(this.#context, tableFunction(name, args.map(operand)));
    return new Proxy(
      {},
      {
        get:
          (_, name) =>
          (...args: readonly Operand[]) =>
            call(snakeCase(String(name)), args),
      },
    );
  }

  /** Removes a temporary view; false when there was none. */
  dropTempView(name: string): boolean {
    return this.#catalog.dropView(theName(name, 'a view'));
  }

  /**
   * A query in Spark SQL, lazy like every frame. As a tag, values become parameters and frames tables:
   * session.sql`SELECT * FROM ${flights} WHERE delay > ${15}`. As a call, parameters are `:name` or `?`:
   * `session.sql('SELECT * FROM t WHERE id = :id', { id: 7 })`.
   */
  sql(strings: TemplateStringsArray, ...values: readonly unknown[]): DataFrame<Unknown, V>;
  sql(text: string, parameters?: SqlParameters | { readonly params: SqlParameters }): DataFrame<Unknown, V>;
  sql(query: TemplateStringsArray | string, ...values: readonly unknown[]): unknown {
    const pieces: SqlPieces =
      typeof query === 'string' ? fromText(query, values[0] as SqlParameters | undefined) : fromTemplate(query, values);
    return new DataFrame(this.#context, sqlQuery(pieces.text, pieces.parameters, pieces.inputs));
  }

  /**
   * Runs statements, separated by `;`, one after the other, and gives the rows of the last. Each sees what those before
   * it made.
   */
  async execute(text: string, parameters?: SqlParameters): Promise<Record<string, SqlValue>[]> {
    const { splitStatements } = await import('../sql/split-statements.js');
    let rows: Row<Unknown, V>[] = [];
    for (const statement of splitStatements(text)) rows = await this.sql(statement, parameters ?? {}).collect();
    return rows;
  }

  /** Ends queries and workers and gives the memory back. Safe to call twice. */
  async stop(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    if (this.ownsEngine) await engine?.stop();
    releaseAll(this.#context);
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isNames = (schema: SchemaInput | readonly string[]): schema is readonly string[] => Array.isArray(schema);

function integerOf(value: number | bigint, what: string): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new SparrowError('NOT_INT', `${what} of a range is a whole number, not ${value}`);
}
