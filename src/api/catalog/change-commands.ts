import { SparrowError } from '../../base/index.js';
import { cast, literal, sqlExpr } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import { transformExpr } from '../../plan/walk-expr.js';
import type { Assignment, Command, MergeClause } from '../../sql/command.js';
import { Column } from '../column.js';
import type { DeltaMergeBuilder, DeltaSet } from '../delta/merge.js';
import type { DeltaTable } from '../delta/table.js';
import {
  bound,
  type CommandContext,
  frameContext,
  type Handler,
  NO_ROWS,
  notSupported,
  requireTable,
} from './command-context.js';
import type { TableRecord } from './table-store.js';

/** DELETE, UPDATE and MERGE change rows of Delta tables: by name, or by path as delta.`…`. */

export const deleteRows: Handler<'delete'> = async (command, context) => {
  const { table } = await targetOf(command, context);
  await table.delete(command.where && columnOf(command.where, context));
  return NO_ROWS;
};

export const updateRows: Handler<'update'> = async (command, context) => {
  const { table, record } = await targetOf(command, context);
  const set = setOf(command.set, record, context);
  await table.update(command.where === undefined ? { set } : { condition: columnOf(command.where, context), set });
  return NO_ROWS;
};

export const mergeRows: Handler<'merge'> = async (command, context) => {
  const { table, record } = await targetOf(command, context);
  const start = table.merge({ plan: bound(command.source, context) }, columnOf(command.on, context));
  const whole = command.clauses.reduce((merge, clause) => withClause(merge, clause, record, context), start);
  await whole.execute();
  return NO_ROWS;
};

function withClause(
  merge: DeltaMergeBuilder,
  { on, condition, action }: MergeClause,
  record: TableRecord | undefined,
  context: CommandContext,
): DeltaMergeBuilder {
  const when = condition && columnOf(condition, context);
  const given = when === undefined ? {} : { condition: when };
  switch (action.kind) {
    case 'delete':
      return on === 'matched' ? merge.whenMatchedDelete(when) : merge.whenNotMatchedBySourceDelete(when);
    case 'all':
      return on === 'matched' ? merge.whenMatchedUpdateAll(when) : merge.whenNotMatchedInsertAll(when);
    case 'set': {
      const set = setOf(action.set, record, context);
      if (on === 'matched') return merge.whenMatchedUpdate({ ...given, set });
      if (on === 'notMatched') return merge.whenNotMatchedInsert({ ...given, values: set });
      return merge.whenNotMatchedBySourceUpdate({ ...given, set });
    }
  }
}

interface Target {
  readonly table: DeltaTable;
  /** Absent for a table that is named by its path. */
  readonly record?: TableRecord;
}

type Change = Extract<Command, { kind: 'delete' | 'update' | 'merge' }>;

async function targetOf({ kind, table: parts, alias }: Change, context: CommandContext): Promise<Target> {
  const { DeltaTable: Table } = await import('../delta/table.js');
  const name = alias ?? (parts.at(-1) as string);
  const [format = '', path] = parts;
  if (path !== undefined && format.toLowerCase() === 'delta' && context.catalog.find(parts) === undefined) {
    return { table: new Table(frameContext(context), path, alias) };
  }
  const record = requireTable(parts, context);
  if (record.format === 'delta') return { table: new Table(frameContext(context), record.location, name), record };
  throw notSupported(
    `rows of tables of the format ${record.format} cannot be changed by ${kind.toUpperCase()}: that goes with delta`,
  );
}

/** An expression with the parameters of the text put in. */
function columnOf(expr: Expr, { source }: CommandContext): Column {
  const parameter = (e: Expr): Expr => {
    if (e.kind !== 'unresolved_column' || !e.name.startsWith(':')) return e;
    const value = source.parameters[e.name.slice(1)];
    if (value !== undefined) return value;
    throw new SparrowError('UNBOUND_SQL_PARAMETER', `the parameter ${e.name} has no value`, { sqlState: '42P02' });
  };
  return new Column(transformExpr(expr, parameter));
}

/** What columns become; DEFAULT is the column's default, or null. */
function setOf(set: readonly Assignment[], record: TableRecord | undefined, context: CommandContext): DeltaSet {
  const values = set.map(({ column, value }): readonly [string, Column] => {
    if (value !== undefined) return [column, columnOf(value, context)];
    const own = record?.columns.find(({ name }) => name.toLowerCase() === column.toLowerCase());
    if (own?.default === undefined) return [column, new Column(literal({ kind: 'null' }, null))];
    return [column, new Column(cast(sqlExpr(own.default), own.type))];
  });
  return Object.fromEntries(values);
}
