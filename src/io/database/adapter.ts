import { missingPackage, packageUrl } from '../optional-package.js';
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
  return { ...adapter, driver: packageUrl(ready.package) };
}

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
    throw missingPackage(ready.package, cause);
  }
  return (await ready.load()).connect(adapter.options, 'default' in driver ? driver.default : driver);
}
