import type { DatabaseAdapter } from '../../io/database/connection.js';

export type { DatabaseAdapter, DatabaseConnection, DatabaseValue } from '../../io/database/connection.js';

type Options = DatabaseAdapter['options'];
const asOptions = (given: string | Options, name: string): Options =>
  typeof given === 'string' ? { [name]: given } : given;

/** PostgreSQL, by the package `pg`: a connection string, or what its `Client` takes (plain data). */
export const postgres = (options: string | Options): DatabaseAdapter => ({
  kind: 'postgres',
  options: asOptions(options, 'connectionString'),
});

/** MySQL and MariaDB, by the package `mysql2`: an address (`mysql://…`), or what `createConnection` takes. */
export const mysql = (options: string | Options): DatabaseAdapter => ({
  kind: 'mysql',
  options: asOptions(options, 'uri'),
});

/** A file of SQLite, by `node:sqlite` (Node.js 22 or later). */
export const sqlite = (path: string): DatabaseAdapter => ({ kind: 'sqlite', options: { path } });
