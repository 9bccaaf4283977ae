import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Field, SparrowError } from '../../base/index.js';
import type { Dialect } from './dialect.js';

/** Which database, and how it is reached: plain data that travels to the workers. */
export interface DatabaseAdapter {
  /** `postgres`, `mysql`, `sqlite`, or the URL of a module that exports `connect(options, driver)`. */
  readonly kind: string;
  /** What the driver is given to connect: plain data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The URL of the driver's module, where it is not found by its name. */
  readonly driver?: string;
}

/** A value as a driver gives it or takes it; numbers, dates and decimals may be text. */
export type DatabaseValue = string | number | bigint | boolean | Uint8Array | null;

/** One connection: what Sparrow asks of a driver. */
export interface DatabaseConnection {
  readonly dialect: Dialect;
  /** The columns a query has, without running it. */
  describe(query: string): Promise<readonly Field[]>;
  /** The rows of a query in pieces, never all at once; each a value for every column. */
  rows(query: string, fields: readonly Field[], fetchSize: number): AsyncIterable<readonly DatabaseValue[][]>;
  /** Runs a statement that gives no rows. */
  execute(sql: string, values?: readonly DatabaseValue[]): Promise<void>;
  /** Whether there is a table of this name, as it stands in SQL. */
  hasTable(table: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A ready adapter: the package it needs, and how it connects with that package's exports. */
interface Ready {
  readonly package: string;
  load(): Promise<{ connect(options: DatabaseAdapter['options'], driver: unknown): Promise<DatabaseConnection> }>;
}

const READY: Readonly<Record<string, Ready>> = {
  postgres: { package: 'pg', load: () => import('./postgres.js') },
  mysql: { package: 'mysql2/promise', load: () => import('./mysql.js') },
  sqlite: { package: 'node:sqlite', load: () => import('./sqlite.js') },
};

/** The adapter with its driver found; for the thread that plans, as workers have no place to look from. */
export function located(adapter: DatabaseAdapter): DatabaseAdapter {
  const ready = READY[adapter.kind];
  if (ready === undefined || adapter.driver !== undefined || ready.package.startsWith('node:')) return adapter;
  for (const from of [import.meta.url, join(process.cwd(), 'index.js')]) {
    try {
      return { ...adapter, driver: pathToFileURL(createRequire(from).resolve(ready.package)).href };
    } catch {
      // Looked for in the next place.
    }
  }
  throw notThere(ready.package);
}

const notThere = (name: string, cause?: unknown): SparrowError =>
  new SparrowError('MISSING_DATABASE_DRIVER', `the package ${name} is needed and not there`, {
    hint: name.startsWith('node:') ? 'SQLite needs Node.js 22 or later' : `npm install ${name.split('/')[0]}`,
    ...(cause === undefined ? {} : { cause }),
  });

/** Opens a connection. */
export async function connect(adapter: DatabaseAdapter): Promise<DatabaseConnection> {
  const ready = READY[adapter.kind];
  if (ready === undefined) {
    const module = (await import(adapter.kind)) as Awaited<ReturnType<Ready['load']>>;
    return module.connect(adapter.options, undefined);
  }
  let driver: Readonly<Record<string, unknown>>;
  try {
    driver = (await import(adapter.driver ?? ready.package)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw notThere(ready.package, cause);
  }
  return (await ready.load()).connect(adapter.options, 'default' in driver ? driver.default : driver);
}

/** Errors of a driver as ours, saying what was asked. */
export function databaseError(cause: unknown, sql: string): SparrowError {
  if (cause instanceof SparrowError) return cause;
  const shown = sql.length > 200 ? `${sql.slice(0, 200)}…` : sql;
  return new SparrowError('FAILED_DATABASE', `the database says: ${(cause as Error).message}`, { where: shown, cause });
}
