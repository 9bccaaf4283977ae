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

/** Errors of a driver as ours, saying what was asked. */
export function databaseError(cause: unknown, sql: string): SparrowError {
  if (cause instanceof SparrowError) return cause;
  const shown = sql.length > 200 ? `${sql.slice(0, 200)}…` : sql;
  return new SparrowError('FAILED_DATABASE', `the database says: ${(cause as Error).message}`, { where: shown, cause });
}
