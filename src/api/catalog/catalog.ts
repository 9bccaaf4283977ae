import { sqlQuery, view } from '../../plan/build.js';
import type { FrameContext } from '../context.js';
import { DataFrame } from '../frame.js';
import { theName } from '../names.js';
import type { Row, Unknown, Values } from '../row-types.js';
import { GLOBAL_DATABASE, type SessionCatalog, splitName } from './session-catalog.js';

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
  readonly description: string | null;
}

/** What is known by name: databases, tables and views (Spark's `catalog`). */
export class Catalog<in out V extends Values> {
  readonly #catalog: SessionCatalog;
  readonly #context: FrameContext;

  constructor(catalog: SessionCatalog, context: FrameContext) {
    this.#catalog = catalog;
    this.#context = context;
  }

  currentDatabase(): string {
    return this.#catalog.currentDatabase;
  }
  /** Throws `SCHEMA_NOT_FOUND`. */
  setCurrentDatabase(name: string): void {
    this.#catalog.requireDatabase(theName(name, 'a database'));
    this.#catalog.currentDatabase = name;
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

  /** The tables and views of a database (the current one by default), temporary views with them. */
  listTables(database?: string): CatalogTable[] {
    const of = database ?? this.#catalog.currentDatabase;
    this.#catalog.requireDatabase(of);
    const isGlobal = of.toLowerCase() === GLOBAL_DATABASE;
    const stored = (isGlobal ? [] : this.#catalog.store.tables(of)).map(
      (record): CatalogTable => ({
        name: record.name,
        database: record.database,
        tableType: record.kind === 'view' ? 'VIEW' : record.external ? 'EXTERNAL' : 'MANAGED',
        isTemporary: false,
        description: record.comment ?? null,
      }),
    );
    const views = [...(isGlobal ? this.#catalog.globalViews() : []), ...this.#catalog.temporaryViews()];
    const temporary = views.map(
      ({ name }): CatalogTable => ({
        name,
        database: null,
        tableType: 'TEMPORARY',
        isTemporary: true,
        description: null,
      }),
    );
    return [...stored, ...temporary].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  tableExists(name: string): boolean {
    return this.#catalog.find(splitName(name)) !== undefined;
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
    return this.#run(`CACHE TABLE ${name}`);
  }
  uncacheTable(name: string): Promise<Row<Unknown, V>[]> {
    return this.#run(`UNCACHE TABLE ${name}`);
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
