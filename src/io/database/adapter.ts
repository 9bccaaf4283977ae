import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SparrowError } from '../../base/index.js';
import type { DatabaseAdapter, DatabaseConnection } from './connection.js';

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
