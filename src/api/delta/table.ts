import { fileURLToPath } from 'node:url';
import { SparrowError } from '../../base/index.js';
import type { TableVersion } from '../../io/delta/table-state.js';
import { alias, call, cast, column, filter, literal, project, read, subqueryAlias } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import type { Plan } from '../../plan/node.js';
import type { FrameContext } from '../context.js';
import type { ActionOptions, WriteResult } from '../engine.js';
import { DataFrame } from '../frame.js';
import { quoted, theName } from '../names.js';
import type { Anything, Unknown, Values } from '../row-types.js';
import { t } from '../types.js';
import { type DeltaExpr, DeltaMergeBuilder, type DeltaSet, exprOf } from './merge.js';
import { DeltaTarget, without } from './target.js';

const always = literal(t.boolean, true);

/**
 * A Delta Lake table whose rows are changed: `DeltaTable.forPath(session, 'orders')`. Every change is one version of the
 * table, seen whole or not at all; of two changes that contradict each other, the later throws and can be run again.
 */
export class DeltaTable<in out V extends Values = Anything> {
  readonly #context: FrameContext;
  readonly #alias: string | undefined;
  readonly path: string;

  constructor(context: FrameContext, path: string, name?: string) {
    this.#context = context;
    this.path = path;
    this.#alias = name;
  }

  /** The table at a path. That there is one is checked when it is read or changed. */
  static forPath<V extends Values>(
    session: { readonly read: { deltaTable(path: string | URL): DeltaTable<V> } },
    path: string | URL,
  ): DeltaTable<V> {
    return session.read.deltaTable(path);
  }

  /** Whether there is a Delta table at a path. */
  static async isDeltaTable(_session: unknown, path: string | URL): Promise<boolean> {
    const { tableState } = await import('../../io/delta/table-state.js');
    return (await tableState(path instanceof URL ? fileURLToPath(path) : path)) !== undefined;
  }

  /** The table under a name, for conditions such as `t.id = s.id`. */
  alias(name: string): DeltaTable<V> {
    return new DeltaTable(this.#context, this.path, theName(name, 'an alias'));
  }
  /** Another name of `alias`. */
  as(name: string): DeltaTable<V> {
    return this.alias(name);
  }

  /** The rows. */
  toDF(): DataFrame<Unknown, V> {
    const rows = read({ format: 'delta', paths: [this.path], options: {} });
    return new DataFrame<Unknown, V>(this.#context, this.#named(rows));
  }

  /** Removes the rows for which the condition is true; all without one. */
  async delete(condition?: DeltaExpr, options: ActionOptions = {}): Promise<WriteResult> {
    const table = await DeltaTarget.open(this.#context, this.path);
    const where = condition === undefined ? always : exprOf(condition);
    const removed = await this.#filesWith(table, where, options);
    const kept = this.#rows(table, without(this.#named(table.rows(removed)), where));
    return table.write(kept, { removed, operation: 'DELETE', parameters: predicateOf(condition) }, options);
  }

  /** Changes columns of the rows for which the condition is true, of all without one. */
  async update(
    { condition, set }: { readonly condition?: DeltaExpr; readonly set: DeltaSet },
    options: ActionOptions = {},
  ): Promise<WriteResult> {
    const table = await DeltaTarget.open(this.#context, this.path);
    const where = condition === undefined ? always : exprOf(condition);
    const values = new Map(Object.entries(set).map(([name, value]) => [theColumnOf(table, name), exprOf(value)]));
    const removed = await this.#filesWith(table, where, options);
    const exprs = table.columns.map(({ name, type }): Expr => {
      const value = values.get(name);
      const own = column(quoted(name));
      return value === undefined ? own : alias(call('if', where, cast(value, type), own), name);
    });
    const changed = project(this.#named(table.rows(removed)), exprs);
    return table.write(changed, { removed, operation: 'UPDATE', parameters: predicateOf(condition) }, options);
  }

  /**
   * Brings the rows of a frame into the table: `table.as('t').merge(changes.alias('s'), 't.id = s.id')` and then what is
   * done with rows that belong together and those that do not, and `execute()`.
   */
  merge(source: DataFrame<never, V> | { readonly plan: Plan }, condition: DeltaExpr): DeltaMergeBuilder {
    const target = { path: this.path, alias: this.#alias };
    return new DeltaMergeBuilder(this.#context, target, source.plan, exprOf(condition));
  }

  /** The versions of the table that the log still has, newest first: when, what, by whom. */
  async history(limit?: number): Promise<TableVersion[]> {
    const { tableHistory } = await import('../../io/delta/table-state.js');
    return tableHistory(this.path, limit);
  }

  /**
   * Removes the files that no version of the last `hours` (168) needs, and gives their paths. Older versions can then no
   * longer be read.
   */
  async vacuum(hours?: number): Promise<string[]> {
    const { vacuumTable } = await import('../../io/delta/table-state.js');
    const checked = this.#context.settings.config['spark.databricks.delta.retentionDurationCheck.enabled'];
    return vacuumTable(this.path, hours, checked?.toLowerCase() === 'false');
  }

  #named(rows: Plan): Plan {
    return this.#alias === undefined ? rows : subqueryAlias(rows, this.#alias);
  }

  /** The files with rows for which a condition is true; `filter` with the alias in scope. */
  async #filesWith(table: DeltaTarget, where: Expr, options: ActionOptions): Promise<string[]> {
    return table.filesWith(where, options, (rows) => filter(this.#named(rows), where));
  }

  #rows(table: DeltaTarget, rows: Plan): Plan {
    return project(
      rows,
      table.columns.map(({ name }) => column(quoted(name))),
    );
  }
}

function theColumnOf(table: DeltaTarget, given: string): string {
  const plain = (given.split('.').at(-1) ?? given).replaceAll('`', '');
  const found = table.columns.find(({ name }) => name.toLowerCase() === plain.toLowerCase());
  if (found !== undefined) return found.name;
  throw new SparrowError('UNRESOLVED_COLUMN', `the table has no column \`${given}\``, {
    where: `Delta table ${table.path}`,
    candidates: table.columns.map(({ name }) => name),
  });
}

const predicateOf = (condition: DeltaExpr | undefined): Readonly<Record<string, string>> =>
  condition === undefined ? {} : { predicate: JSON.stringify([String(condition)]) };
