import { functionPlace } from '../../functions/names.js';
import { sqlQuery, view } from '../../plan/build.js';
import type { FrameContext } from '../context.js';
import { DataFrame } from '../frame.js';
import { theName } from '../names.js';
import type { Row, Unknown, Values } from '../row-types.js';
import type { CatalogFunction } from './function-list.js';
import { GLOBAL_DATABASE, quotedTable, type SessionCatalog, splitName, type TemporaryView } from './session-catalog.js';
import type { TableRecord } from './table-store.js';
import type { NewTable } from './table-text.js';

export interface CatalogDatabase {
  readonly name: string;
  readonly locationUri: string;
  readonly description: string | null;
}

export interface CatalogTable {
  readonly name: string;
  /** Null for a temporary view. */
  readonly database: string | null;
  readonly tableType: 'MANAGED' | 'EXTERNAL' | 'VIEW' | 'TEMPORARY';
  readonly isTemporary: boolean;
  readonly description: string | null;
}

export interface CatalogColumn {
  readonly name: string;
  readonly dataType: string;
  readonly nullable: boolean;
  readonly isPartition: boolean;
  readonly isBucket: boolean;
  readonly description: string | null;
}

interface UserFunctions {
  names(): string[];
  find(name: string): unknown;
}

const storedTable = (record: TableRecord): CatalogTable => ({
  name: record.name,
  database: record.database,
  tableType: record.kind === 'view' ? 'VIEW' : record.external ? 'EXTERNAL' : 'MANAGED',
  isTemporary: false,
  description: record.comment ?? null,
});
const temporaryTable = ({ name }: TemporaryView): CatalogTable => ({
  name,
  database: null,
  tableType: 'TEMPORARY',
  isTemporary: true,
  description: null,
});

/** What is known by name: databases, tables and views (Spark's `catalog`). */
export class Catalog<in out V extends Values> {
  readonly #catalog: SessionCatalog;
  readonly #context: FrameContext;
  readonly #functions: UserFunctions;

  constructor(catalog: SessionCatalog, context: FrameContext, functions: UserFunctions) {
    this.#catalog = catalog;
    this.#context = context;
    this.#functions = functions;
  }

  /** There is one catalog, called as Spark calls its own. */
  currentCatalog(): string {
    return 'spark_catalog';
  }
  listCatalogs(): { readonly name: string; readonly description: string | null }[] {
    return [{ name: this.currentCatalog(), description: null }];
  }
  currentDatabase(): string {
    return this.#catalog.currentDatabase;
  }
  /** Throws `SCHEMA_NOT_FOUND`. */
  setCurrentDatabase(name: string): void {
    this.#catalog.use(theName(name, 'a database'));
  }
  listDatabases(): CatalogDatabase[] {
    const databases = this.#catalog.store.databases();
    return databases.map(({ name, location, comment }) => ({
      name,
      locationUri: location,
      description: comment ?? null,
    }));
  }
  databaseExists(name: string): boolean {
    return this.#catalog.store.database(name) !== undefined;
  }
  /** Throws `SCHEMA_NOT_FOUND`. */
  getDatabase(name: string): CatalogDatabase {
    this.#catalog.requireDatabase(theName(name, 'a database'));
    return this.listDatabases().find((known) => known.name.toLowerCase() === name.toLowerCase()) as CatalogDatabase;
  }

  /** The tables and views of a database (the current one by default), temporary views with them. */
  listTables(database?: string): CatalogTable[] {
    const of = database ?? this.#catalog.currentDatabase;
    this.#catalog.requireDatabase(of);
    const isGlobal = of.toLowerCase() === GLOBAL_DATABASE;
    const stored = (isGlobal ? [] : this.#catalog.store.tables(of)).map(storedTable);
    const views = [...(isGlobal ? this.#catalog.globalViews() : []), ...this.#catalog.temporaryViews()];
    const temporary = views.map(temporaryTable);
    return [...stored, ...temporary].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  tableExists(name: string): boolean {
    return this.#catalog.find(splitName(name)) !== undefined;
  }
  /** What is known of a table or view; throws `TABLE_OR_VIEW_NOT_FOUND`. */
  getTable(name: string): CatalogTable {
    const found = this.#catalog.require(splitName(name));
    return found.kind === 'table' ? storedTable(found.record) : temporaryTable(found.view);
  }
  /**
   * Makes a table without rows from a schema, or of the files of `path`, whose schema is taken when none is given. Throws
   * `TABLE_OR_VIEW_ALREADY_EXISTS`.
   */
  async createTable(name: string, given: NewTable): Promise<DataFrame<Unknown, V>> {
    const { textOfNewTable } = await import('./table-text.js');
    await this.#run(await textOfNewTable(theName(name, 'a table'), given, this.#context));
    return this.#frame(name);
  }

  /** All functions, the user's first; with a pattern (`*` is anything, `|` separates several) those that it fits. */
  async listFunctions(pattern?: string): Promise<CatalogFunction[]> {
    const { listFunctions } = await import('./function-list.js');
    return listFunctions(this.#ownFunctions(), pattern);
  }
  functionExists(name: string): boolean {
    return (
      this.#functions.find(name) !== undefined ||
      functionPlace(name) !== undefined ||
      this.#catalog.routine(name) !== undefined
    );
  }
  /** Throws `UNRESOLVED_ROUTINE`. */
  async getFunction(name: string): Promise<CatalogFunction> {
    const { getFunction } = await import('./function-list.js');
    return getFunction(theName(name, 'a function'), this.#ownFunctions());
  }
  #ownFunctions(): CatalogFunction[] {
    const registered = this.#functions.names().map((name) => ({ name, description: null, isTemporary: true }));
    const written = this.#catalog.routines().map(({ name, comment = null }) => {
      const parts = splitName(name);
      return { name: parts.at(-1) as string, description: comment, isTemporary: parts.length === 1 };
    });
    return [...registered, ...written];
  }

  /** What is remembered of a table's files is forgotten. */
  refreshTable(name: string): Promise<Row<Unknown, V>[]> {
    return this.#run(`REFRESH TABLE ${quotedTable(name)}`);
  }

  /** The columns of a table or view; throws `TABLE_OR_VIEW_NOT_FOUND`. */
  async listColumns(name: string): Promise<CatalogColumn[]> {
    const found = this.#catalog.require(splitName(name));
    const { fields } = await this.#frame(name).schema();
    const record = found.kind === 'table' ? found.record : undefined;
    return fields.map((f) => ({
      name: f.name,
      dataType: f.type.simpleString(),
      nullable: f.nullable,
      isPartition: record?.partitionBy.includes(f.name) === true,
      isBucket: record?.buckets?.columns.includes(f.name) === true,
      description: record?.columns.find((c) => c.name === f.name)?.comment ?? null,
    }));
  }

  /** False when there was none. */
  dropTempView(name: string): boolean {
    return this.#catalog.dropView(theName(name, 'a view'));
  }
  dropGlobalTempView(name: string): boolean {
    return this.#catalog.dropView(theName(name, 'a view'), 'global');
  }

  /** Keeps the rows of a table or view in memory from now on. */
  cacheTable(name: string): Promise<Row<Unknown, V>[]> {
    return this.#run(`CACHE TABLE ${quotedTable(name)}`);
  }
  uncacheTable(name: string): Promise<Row<Unknown, V>[]> {
    return this.#run(`UNCACHE TABLE ${quotedTable(name)}`);
  }
  isCached(name: string): boolean {
    return this.#catalog.cacheOf(this.#catalog.require(splitName(name))) !== undefined;
  }
  clearCache(): Promise<Row<Unknown, V>[]> {
    return this.#run('CLEAR CACHE');
  }

  #frame(name: string): DataFrame<Unknown, V> {
    return new DataFrame(this.#context, view(name));
  }
  #run(text: string): Promise<Row<Unknown, V>[]> {
    const frame: DataFrame<Unknown, V> = new DataFrame(this.#context, sqlQuery(text));
    return frame.collect();
  }
}
