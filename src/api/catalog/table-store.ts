import { join, resolve } from 'node:path';
import { type DataType, type FileSystem, SparrowError } from '../../base/index.js';
import type { SqlRoutine } from '../../plan/routine.js';
import type { Buckets } from '../../sql/command.js';

/** A column of a table, as it is kept. */
export interface TableColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly comment?: string;
  /** SQL text of the value for rows that give none. */
  readonly default?: string;
}

/** What is known of a table or view beside its rows. */
export interface TableRecord {
  readonly kind: 'table' | 'view';
  readonly database: string;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly format: string;
  /** The folder of its files. */
  readonly location: string;
  /** Whether the files are the user's: DROP leaves them. */
  readonly external: boolean;
  readonly partitionBy: readonly string[];
  readonly buckets?: Buckets;
  readonly options: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly comment?: string;
  /** The query of a view. */
  readonly text?: string;
}

export interface DatabaseRecord {
  readonly name: string;
  readonly location: string;
  readonly comment?: string;
}

/** The folder of the warehouse that metadata is kept in; readers of data pass it over. */
const METADATA = '_sparrow';
const FUNCTIONS = 'functions';
export const DEFAULT_DATABASE = 'default';

/**
 * Databases and tables as JSON files in the warehouse, so that every session over the same folder finds them. Nothing
 * is written before the first of them is made.
 */
export class TableStore {
  readonly warehouse: string;
  readonly files: FileSystem;

  constructor(warehouse: string, files: FileSystem) {
    this.warehouse = resolve(warehouse);
    this.files = files;
  }

  databases(): DatabaseRecord[] {
    const found = this.#list(this.#folder()).filter((file) => file.endsWith('.database.json'));
    const records = found.map((file) => this.#read<DatabaseRecord>(file));
    return [this.#defaultDatabase(), ...records.filter((record) => record !== undefined)];
  }

  database(name: string): DatabaseRecord | undefined {
    if (same(name, DEFAULT_DATABASE)) return this.#defaultDatabase();
    return this.#read<DatabaseRecord>(this.#databaseFile(name));
  }

  saveDatabase(record: DatabaseRecord): void {
    this.#write(this.#databaseFile(record.name), record);
  }

  dropDatabase(name: string): void {
    this.files.remove(this.#databaseFile(name));
    this.files.remove(join(this.#folder(), key(name)));
  }

  tables(database: string): TableRecord[] {
    return this.#list(join(this.#folder(), key(database)))
      .map((file) => this.#read<TableRecord>(file))
      .filter((record) => record !== undefined);
  }

  table(database: string, name: string): TableRecord | undefined {
    return this.#read<TableRecord>(this.#tableFile(database, name));
  }

  saveTable(record: TableRecord): void {
    this.#write(this.#tableFile(record.database, record.name), record);
  }

  dropTable({ database, name, external, kind, location }: TableRecord): void {
    this.files.remove(this.#tableFile(database, name));
    if (kind === 'table' && !external) this.files.remove(location);
  }

  routines(database: string): SqlRoutine[] {
    return this.#list(join(this.#folder(), key(database), FUNCTIONS))
      .map((file) => this.#read<SqlRoutine>(file))
      .filter((routine) => routine !== undefined);
  }

  routine(database: string, name: string): SqlRoutine | undefined {
    return this.#read<SqlRoutine>(this.#routineFile(database, name));
  }

  saveRoutine(database: string, name: string, routine: SqlRoutine): void {
    this.#write(this.#routineFile(database, name), routine);
  }

  /** False when there was none. */
  dropRoutine(database: string, name: string): boolean {
    const file = this.#routineFile(database, name);
    const known = this.files.stat(file) !== undefined;
    if (known) this.files.remove(file);
    return known;
  }

  /** Where the files of a table without LOCATION are. */
  locationOf(database: string, name: string): string {
    return join(this.database(database)?.location ?? this.warehouse, key(name));
  }

  databaseLocation(name: string): string {
    return join(this.warehouse, `${key(name)}.db`);
  }

  /** Whether the table has files with rows. */
  hasFiles(location: string): boolean {
    if (this.files.stat(location)?.directory !== true) return false;
    return this.files.list(location).some((file) => {
      const name = file.path.slice(location.length + 1);
      if (file.directory) return !/^[._]/.test(name) && this.hasFiles(file.path);
      return !/^[._]/.test(name);
    });
  }

  /** Whether it is the folder of a Delta table. */
  hasLog(location: string): boolean {
    return this.files.stat(join(location, '_delta_log'))?.directory === true;
  }

  removeFiles(location: string): void {
    if (this.files.stat(location) !== undefined) this.files.remove(location);
  }

  #defaultDatabase(): DatabaseRecord {
    return { name: DEFAULT_DATABASE, location: this.warehouse, comment: 'default database' };
  }

  #folder(): string {
    return join(this.warehouse, METADATA);
  }
  #databaseFile(name: string): string {
    return join(this.#folder(), `${key(name)}.database.json`);
  }
  #tableFile(database: string, name: string): string {
    return join(this.#folder(), key(database), `${key(name)}.json`);
  }

  #routineFile(database: string, name: string): string {
    return join(this.#folder(), key(database), FUNCTIONS, `${key(name)}.json`);
  }

  #list(folder: string): string[] {
    if (this.files.stat(folder)?.directory !== true) return [];
    return this.files
      .list(folder)
      .map((file) => file.path)
      .filter((path) => path.endsWith('.json'));
  }

  #read<T>(path: string): T | undefined {
    if (this.files.stat(path) === undefined) return undefined;
    const file = this.files.open(path);
    try {
      const bytes = new Uint8Array(file.size);
      file.readInto(bytes, 0, file.size);
      return JSON.parse(new TextDecoder().decode(bytes)) as T;
    } catch (cause) {
      throw new SparrowError('FAILED_READ_FILE', `the warehouse's file ${path} cannot be read`, { cause });
    } finally {
      file.close();
    }
  }

  /** Whole or not at all: another session may read at any time. */
  #write(path: string, record: object): void {
    this.files.makeDirectory(join(path, '..'));
    const temporary = `${path}.${process.pid}.tmp`;
    const file = this.files.create(temporary);
    try {
      file.write(new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`));
      file.sync();
    } finally {
      file.close();
    }
    this.files.rename(temporary, path);
  }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Names are without case, and must not lead out of the folder. */
const key = (name: string): string => encodeURIComponent(name.toLowerCase()).replaceAll('.', '%2E');
