import { field, type JsFunction, nearestNames, SparrowError, structType } from '../../base/index.js';
import { functionPlace } from '../../functions/names.js';
import { attribute, cached, emptyLocal, read, sqlQuery, subqueryAlias, toNames } from '../../plan/build.js';
import { tableNotFound } from '../../plan/catalog.js';
import type { SessionNames } from '../../plan/engine.js';
import type { Plan } from '../../plan/node.js';
import type { SqlRoutine } from '../../plan/routine.js';
import { DEFAULT_DATABASE, type TableRecord, type TableStore } from './table-store.js';
import { lookupIn, Variables, withoutSession } from './variables.js';

/** A temporary view: a frame's plan, or a query's text, which is read anew each time. */
export interface TemporaryView {
  readonly name: string;
  readonly plan?: Plan;
  readonly text?: string;
  readonly columns?: readonly string[];
}

/** Where a name leads. */
export type Located =
  | { readonly kind: 'temporary'; readonly view: TemporaryView }
  | { readonly kind: 'global'; readonly view: TemporaryView }
  | { readonly kind: 'table'; readonly record: TableRecord };

/** The database of views that all databases see. */
export const GLOBAL_DATABASE = 'global_temp';
export const CATALOG = 'spark_catalog';

const fileFormats: ReadonlySet<string> = new Set([
  'parquet',
  'delta',
  'iceberg',
  'csv',
  'json',
  'text',
  'avro',
  'arrow',
]);

/** Files that a query names by their format and path: parquet.`/data/flights`. */
function filesOf([format = '', path, ...more]: readonly string[]): Plan | undefined {
  const known = format.toLowerCase();
  if (path === undefined || more.length > 0 || !fileFormats.has(known)) return undefined;
  return read({ format: known, paths: [path], options: {} });
}

/** Names of a session: temporary views first, then what the warehouse holds. */
export class SessionCatalog {
  readonly store: TableStore;
  /** Told when another database becomes the current one. */
  onUse: ((database: string) => void) | undefined;
  /** The session's SQL variables. */
  readonly variables = new Variables();
  #currentDatabase = DEFAULT_DATABASE;
  readonly #routines = new Map<string, SqlRoutine>();
  readonly #temporary = new Map<string, TemporaryView>();
  readonly #global: Map<string, TemporaryView>;
  readonly #caches: Map<string, number>;
  readonly #empty = new Map<string, { readonly columns: string; readonly plan: Plan }>();

  /** Tables, global views and what is cached are those of `other`, where there is one. */
  constructor(store: TableStore, other?: SessionCatalog) {
    this.store = store;
    this.#global = other === undefined ? new Map() : other.#global;
    this.#caches = other === undefined ? new Map() : other.#caches;
  }

  /** What queries are told of these names, and of the functions registered beside them. */
  namesWith(functions: { find(name: string): JsFunction | undefined }): SessionNames {
    return {
      view: (name) => this.plan(name),
      viewNames: () => this.names(),
      hasVariables: () => this.variables.size > 0,
      variable: lookupIn((parts) => this.variables.find(withoutSession(parts))),
      userFunction: (name) => functions.find(name),
      routine: (name) => this.routine(name),
    };
  }

  // ---- look-up ----

  /** The plan of a name in text (`a`, `db.a`), undefined when nothing is called so. */
  plan(name: string): Plan | undefined {
    const parts = splitName(name);
    const found = this.find(parts);
    if (found === undefined) return filesOf(parts);
    const plan = this.#planOf(found);
    const cacheId = this.#caches.get(cacheKey(found));
    const own = cacheId === undefined ? plan : cached(plan, cacheId);
    if (found.kind !== 'table') return own;
    const { name: table, database } = found.record;
    return subqueryAlias(own, table, `${CATALOG}.${database}`);
  }

  find(parts: readonly string[]): Located | undefined {
    const own = parts.length === 3 && parts[0]?.toLowerCase() === CATALOG ? parts.slice(1) : parts;
    const [first = '', second] = own;
    if (second === undefined) {
      const view = this.#temporary.get(first.toLowerCase());
      if (view !== undefined) return { kind: 'temporary', view };
      const record = this.store.table(this.currentDatabase, first);
      return record && { kind: 'table', record };
    }
    if (own.length > 2) return undefined;
    if (first.toLowerCase() === GLOBAL_DATABASE) {
      const view = this.#global.get(second.toLowerCase());
      return view && { kind: 'global', view };
    }
    const record = this.store.table(first, second);
    return record && { kind: 'table', record };
  }

  /** The table or permanent view of a name, whatever temporary view hides it. */
  stored(name: string): TableRecord | undefined {
    const { database, name: table } = this.qualify(splitName(name));
    return this.store.table(database, table);
  }

  #planOf(found: Located): Plan {
    if (found.kind !== 'table') return viewPlan(found.view);
    const { record } = found;
    if (record.kind === 'view') {
      return viewPlan({ name: record.name, text: record.text ?? '', columns: record.columns.map((c) => c.name) });
    }
    if (record.format === 'delta' && this.store.hasLog(record.location)) {
      return read({ format: 'delta', paths: [record.location], options: record.options });
    }
    const schema = structType(record.columns.map((c) => field(c.name, c.type, c.nullable)));
    if (!this.store.hasFiles(record.location)) {
      return this.#emptyPlan(record);
    }
    const { format, location, options } = record;
    return read({ format, paths: [location], options, schema });
  }

  /** A table without rows: the same wherever a query names it. */
  #emptyPlan({ database, name, columns }: TableRecord): Plan {
    const known = this.#empty.get(`${database}.${name}`);
    if (known?.columns === JSON.stringify(columns)) return known.plan;
    const plan = emptyLocal(columns.map((c) => attribute(c.name, c.type, c.nullable)));
    this.#empty.set(`${database}.${name}`, { columns: JSON.stringify(columns), plan });
    return plan;
  }

  /** Every name that could be meant, for "did you mean". */
  names(): string[] {
    const tables = this.store.tables(this.currentDatabase).map((record) => record.name);
    const global = [...this.#global.keys()].map((name) => `${GLOBAL_DATABASE}.${name}`);
    return [...this.#temporary.keys(), ...global, ...tables];
  }

  temporaryViews(): TemporaryView[] {
    return [...this.#temporary.values()];
  }
  globalViews(): TemporaryView[] {
    return [...this.#global.values()];
  }

  /** The table a command names; throws `TABLE_OR_VIEW_NOT_FOUND`. */
  require(parts: readonly string[]): Located {
    const found = this.find(parts);
    if (found !== undefined) return found;
    throw tableNotFound(parts, this.names());
  }

  // ---- temporary views ----

  createView(view: TemporaryView, scope: 'temporary' | 'global', replace: boolean): void {
    const views = scope === 'global' ? this.#global : this.#temporary;
    const key = view.name.toLowerCase();
    if (!replace && views.has(key)) {
      throw new SparrowError('TEMP_TABLE_OR_VIEW_ALREADY_EXISTS', `there is a view \`${view.name}\` already`, {
        hint: 'use createOrReplaceTempView, or drop the view first',
        sqlState: '42P07',
        parameters: { relationName: `\`${view.name}\`` },
      });
    }
    views.set(key, view);
  }

  /** False when there was none. */
  dropView(name: string, scope: 'temporary' | 'global' = 'temporary'): boolean {
    return (scope === 'global' ? this.#global : this.#temporary).delete(name.toLowerCase());
  }

  // ---- SQL functions ----

  /** The whole name of a function of these parts: temporary ones have one part. */
  routineName(parts: readonly string[], temporary: boolean): string {
    if (!temporary) {
      const { database, name } = this.qualify(parts);
      return `${CATALOG}.${database}.${name}`;
    }
    if (parts.length === 1) return parts[0] as string;
    throw new SparrowError('INVALID_TEMP_OBJ_QUALIFIER', `a temporary function has no database: ${parts.join('.')}`, {
      sqlState: '42602',
    });
  }

  /** The function of a whole name. */
  ownRoutine(name: string): SqlRoutine | undefined {
    const [, database, own] = splitName(name);
    return own === undefined ? this.#routines.get(name.toLowerCase()) : this.store.routine(database as string, own);
  }

  /** The function that a name in text calls: a temporary one, a built-in one (undefined), one of a database. */
  routine(name: string): SqlRoutine | undefined {
    const own = this.#routines.get(name.toLowerCase());
    if (own !== undefined || functionPlace(name) !== undefined) return own;
    const parts = splitName(name);
    if (parts.length > 3 || parts.length === 0) return undefined;
    const [database = this.currentDatabase] = parts.slice(-2, -1);
    return this.store.routine(database, parts.at(-1) as string);
  }

  routines(): SqlRoutine[] {
    return [...this.#routines.values(), ...this.store.routines(this.currentDatabase)];
  }

  saveRoutine(routine: SqlRoutine, temporary: boolean): void {
    if (temporary) this.#routines.set(routine.name.toLowerCase(), routine);
    else {
      const [, database, own] = splitName(routine.name);
      this.store.saveRoutine(database as string, own as string, routine);
    }
  }

  /** False when there was none. */
  dropRoutine(name: string): boolean {
    const [, database, own] = splitName(name);
    if (own === undefined) return this.#routines.delete(name.toLowerCase());
    return this.store.dropRoutine(database as string, own);
  }

  // ---- databases ----

  get currentDatabase(): string {
    return this.#currentDatabase;
  }

  /** Throws `SCHEMA_NOT_FOUND`. */
  use(name: string): void {
    if (name.toLowerCase() === GLOBAL_DATABASE) {
      throw new SparrowError('_LEGACY_ERROR_TEMP_1068', `${GLOBAL_DATABASE} cannot be the current database`, {
        hint: `its views are named with it: ${GLOBAL_DATABASE}.name`,
      });
    }
    this.requireDatabase(name);
    this.#currentDatabase = name;
    this.onUse?.(name);
  }

  requireDatabase(name: string): void {
    if (this.store.database(name) !== undefined || name.toLowerCase() === GLOBAL_DATABASE) return;
    throw new SparrowError('SCHEMA_NOT_FOUND', `there is no database \`${name}\``, {
      sqlState: '42704',
      candidates: nearestNames(
        name,
        this.store.databases().map((database) => database.name),
      ),
      parameters: { schemaName: `\`${CATALOG}\`.\`${name}\`` },
    });
  }

  /** Database and name that a table of these parts has or would have: in small letters, as Spark keeps them. */
  qualify(parts: readonly string[]): { readonly database: string; readonly name: string } {
    const own = parts.length === 3 && parts[0]?.toLowerCase() === CATALOG ? parts.slice(1) : parts;
    if (own.length > 2) {
      throw new SparrowError('REQUIRES_SINGLE_PART_NAMESPACE', `\`${parts.join('.')}\` has too many parts`, {
        sqlState: '42K05',
      });
    }
    const name = own.at(-1) ?? '';
    const database = own.length > 1 ? (own[0] as string) : this.currentDatabase;
    this.requireDatabase(database);
    return { database: database.toLowerCase(), name: name.toLowerCase() };
  }

  // ---- caches ----

  cacheOf(found: Located): number | undefined {
    return this.#caches.get(cacheKey(found));
  }
  setCache(found: Located, cacheId: number): void {
    this.#caches.set(cacheKey(found), cacheId);
  }
  /** Gives the caches that are no longer used. */
  dropCache(found?: Located): number[] {
    const ids = found === undefined ? [...this.#caches.values()] : [this.#caches.get(cacheKey(found))];
    if (found === undefined) this.#caches.clear();
    else this.#caches.delete(cacheKey(found));
    return ids.filter((id) => id !== undefined);
  }
}

function viewPlan({ plan, text, columns }: TemporaryView): Plan {
  const inner = plan ?? sqlQuery(text ?? '');
  return columns === undefined ? inner : toNames(inner, columns);
}

const cacheKey = (found: Located): string =>
  found.kind === 'table' ? `${found.record.database}.${found.record.name}` : `${found.kind}:${found.view.name}`;

/** `a.\`b.c\`` → `['a', 'b.c']`. */
export function splitName(name: string): string[] {
  const parts = [...name.matchAll(/`((?:[^`]|``)*)`|[^.`]+/g)];
  return parts.map(([whole, quoted]) => (quoted === undefined ? whole : quoted.replaceAll('``', '`')));
}

/** A name for SQL text: `db.my table` → `` `db`.`my table` ``. */
export const quotedTable = (name: string): string => splitName(name).map(quotedName).join('.');
export const quotedName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
