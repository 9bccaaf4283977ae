import { type DataType, isNumeric, SparrowError, sameType, simpleString } from '../../base/index.js';
import { alias, cast, column, project, sqlExpr, toNames } from '../../plan/build.js';
import type { Expr } from '../../plan/expr.js';
import { nullOf } from '../../plan/logic.js';
import type { Plan } from '../../plan/node.js';
import type { Insert } from '../../sql/command.js';
import {
  analyze,
  bound,
  type CommandContext,
  execute,
  frameContext,
  type Handler,
  NO_ROWS,
  notSupported,
  requireTable,
} from './command-context.js';
import { type Assigned, withOverflow, withPlacement } from './insert-errors.js';
import { checkInserted, specValues } from './partition-commands.js';
import { writeInto } from './table-buckets.js';
import { target } from './table-commands.js';
import type { TableColumn, TableRecord } from './table-store.js';

/** INSERT: the query's columns are brought to the table's by Spark's rules of assignment, and files are added. */
export const insert: Handler<'insert'> = async (command, context) => {
  const record = requireTable(command.table, context);
  await specValues(command.partition, record, context);
  checkInserted(command.partition, record);
  const query = withDefaults(command, record);
  const plan = bound(query, context);
  const { fields } = await analyze(plan, context).catch((error) => {
    throw withPlacement(error, query);
  });
  const wanted = wantedColumns(
    command,
    record,
    fields.map((f) => f.name),
  );
  if (wanted.length !== fields.length)
    throw arityMismatch(
      record,
      wanted,
      fields.map((f) => f.name),
    );
  const names = fields.map((_, i) => `_c${i}`);
  const casts: Assigned[] = [];
  const exprs = record.columns.map((c): Expr => {
    const at = wanted.findIndex((name) => same(name, c.name));
    const given = fields[at];
    if (given === undefined) return alias(missing(command, c), c.name);
    casts.push({ column: c, from: given.type });
    return alias(assigned(column(names[at] as string), given.type, c, record, context), c.name);
  });
  const rows = project(toNames(plan, names), exprs);
  try {
    if (command.overwrite) await overwrite(rows, command, record, context);
    else await execute(writeInto(rows, record, target(record, 'append')), context);
  } catch (error) {
    throw await withOverflow(error, casts, plan, context);
  }
  return NO_ROWS;
};

/** The whole table is replaced, or the partitions named, or with Spark's dynamic mode those that rows go to. */
async function overwrite(rows: Plan, command: Insert, record: TableRecord, context: CommandContext): Promise<void> {
  const whole = target(record, 'overwrite');
  if (command.replaceWhere !== undefined) {
    if (record.format !== 'delta') throw notSupported('REPLACE WHERE is for Delta tables');
    return replaceRows(rows, command.replaceWhere, record, context);
  }
  const setting = context.settings.config['spark.sql.sources.partitionOverwriteMode'];
  const named = command.partition.filter((p) => p.value !== undefined);
  if (record.partitionBy.length > 0 && setting?.toLowerCase() === 'dynamic') {
    await execute(writeInto(rows, record, { ...whole, dynamic: true }), context);
  } else if (named.length === 0) await execute(writeInto(rows, record, whole), context);
  else if (record.format === 'delta') await replacePartition(rows, command, record, context);
  else
    await execute(writeInto(rows, record, { ...whole, within: await partitionOf(command, record, context) }), context);
}

async function replacePartition(rows: Plan, command: Insert, record: TableRecord, context: CommandContext) {
  const given = await specValues(command.partition, record, context);
  const terms = given.map(({ name, type, text }) => {
    const column = `\`${name.replaceAll('`', '``')}\``;
    if (text === null) return `${column} IS NULL`;
    const value = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    return `${column} = CAST('${value}' AS ${simpleString(type)})`;
  });
  await replaceRows(rows, terms.join(' AND '), record, context);
}

async function replaceRows(rows: Plan, replaceWhere: string, record: TableRecord, context: CommandContext) {
  const options = { ...record.options, replaceWhere };
  const { writeDelta } = await import('../delta/write-frame.js');
  const given = { ...target(record, 'overwrite'), options };
  await writeDelta(frameContext(context), rows, given, {});
}

/** The outermost partition columns with their values: files of a table lie in folders in that order. */
async function partitionOf(command: Insert, record: TableRecord, context: CommandContext) {
  const values = await specValues(command.partition, record, context);
  return values.map((_, i) => {
    const name = record.partitionBy[i] ?? '';
    const own = values.find((value) => same(value.name, name));
    if (own !== undefined) return [name, own.text] as const;
    throw notSupported(`PARTITION must name the outermost of the partition columns: ${record.partitionBy.join(', ')}`);
  });
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The table's columns that the query gives, in its order. */
function wantedColumns(command: Insert, record: TableRecord, given: readonly string[]): readonly string[] {
  const fixed = command.partition.filter((p) => p.value !== undefined).map((p) => p.name);
  if (command.byName) {
    const isOwn = (name: string): boolean => record.columns.some((c) => same(c.name, name));
    const unknown = given.find((name) => !isOwn(name));
    if (unknown === undefined) return given;
    if (given.length > record.columns.length) return record.columns.map((c) => c.name);
    throw unknownColumn(unknown, record);
  }
  if (command.columns !== undefined) {
    const seen = new Set<string>();
    for (const name of command.columns) {
      if (!record.columns.some((c) => same(c.name, name))) throw unknownColumn(name, record);
      if (seen.has(name.toLowerCase())) {
        throw new SparrowError('COLUMN_ALREADY_EXISTS', `the column \`${name}\` is given twice`, { sqlState: '42711' });
      }
      seen.add(name.toLowerCase());
    }
    return command.columns;
  }
  return record.columns.filter((c) => !fixed.some((name) => same(name, c.name))).map((c) => c.name);
}

const unknownColumn = (name: string, record: TableRecord): SparrowError =>
  new SparrowError('UNRESOLVED_COLUMN.WITH_SUGGESTION', `the table ${record.name} has no column \`${name}\``, {
    sqlState: '42703',
    candidates: record.columns.map((c) => c.name),
  });

function arityMismatch(record: TableRecord, wanted: readonly string[], given: readonly string[]): SparrowError {
  const detail = given.length < wanted.length ? 'NOT_ENOUGH_DATA_COLUMNS' : 'TOO_MANY_DATA_COLUMNS';
  const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  return new SparrowError(
    `INSERT_COLUMN_ARITY_MISMATCH.${detail}`,
    `the table ${record.name} takes ${wanted.length} columns here, the query gives ${given.length}`,
    {
      sqlState: '21S01',
      parameters: {
        tableName: `\`spark_catalog\`.\`${record.database}\`.\`${record.name}\``,
        tableColumns: quoted(wanted),
        dataColumns: quoted(given),
      },
    },
  );
}

/** The query with what DEFAULT is in the place of a column. */
function withDefaults(command: Insert, record: TableRecord): Plan {
  const { query } = command;
  const names = command.byName ? [] : wantedColumns(command, record, []);
  const columns = names.map((name) => record.columns.find((c) => same(c.name, name)));
  const put = (expr: Expr, i: number): Expr => {
    const isDefault = expr.kind === 'unresolved_column' && same(expr.name, 'default');
    const own = columns[i];
    return isDefault && own !== undefined ? missing(command, own) : expr;
  };
  if (query.kind === 'values') return Object.freeze({ ...query, rows: query.rows.map((row) => row.map(put)) });
  return query.kind === 'project' ? Object.freeze({ ...query, exprs: query.exprs.map(put) }) : query;
}

/** What a column gets that the query does not give: the partition's value, the default, or null. */
function missing(command: Insert, target: TableColumn): Expr {
  const fixed = command.partition.find((p) => same(p.name, target.name))?.value;
  if (fixed !== undefined) return cast(fixed, target.type);
  return target.default === undefined ? nullOf(target.type) : cast(sqlExpr(target.default), target.type);
}

function assigned(expr: Expr, from: DataType, column: TableColumn, record: TableRecord, context: CommandContext): Expr {
  if (sameType(from, column.type)) return expr;
  const policy = context.conf.get('spark.sql.storeAssignmentPolicy', 'ANSI')?.toUpperCase();
  if (policy === 'LEGACY' || canAssign(from, column.type)) return cast(expr, column.type);
  const parameters = {
    tableName: `\`spark_catalog\`.\`${record.database}\`.\`${record.name}\``,
    colName: `\`${column.name}\``,
    srcType: `"${simpleString(from).toUpperCase()}"`,
    targetType: `"${simpleString(column.type).toUpperCase()}"`,
  };
  throw new SparrowError(
    'INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST',
    `${parameters.srcType} cannot be written to the column \`${column.name}\` of type ${parameters.targetType}`,
    { sqlState: 'KD000', parameters, hint: 'cast the value yourself' },
  );
}

/** Spark's ANSI rule: what loses its meaning only by overflow may be assigned, text to other types may not. */
function canAssign(from: DataType, to: DataType): boolean {
  if (from.kind === 'null' || sameType(from, to)) return true;
  if (isNumeric(from)) return isNumeric(to) || to.kind === 'string';
  switch (from.kind) {
    case 'array':
      return to.kind === 'array' && canAssign(from.element, to.element);
    case 'map':
      return to.kind === 'map' && canAssign(from.key, to.key) && canAssign(from.value, to.value);
    case 'struct':
      return (
        to.kind === 'struct' &&
        from.fields.length === to.fields.length &&
        from.fields.every((f, i) => canAssign(f.type, to.fields[i]?.type ?? f.type))
      );
    case 'date':
    case 'timestamp':
    case 'timestamp_ntz':
      return ['date', 'timestamp', 'timestamp_ntz', 'string'].includes(to.kind);
    case 'string':
    case 'variant':
      return false;
    default:
      return to.kind === 'string' || from.kind === to.kind;
  }
}
