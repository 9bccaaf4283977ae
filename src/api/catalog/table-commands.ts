import { type Schema, SparrowError } from '../../base/index.js';
import { attribute, column, emptyLocal, project, read, toNames, write } from '../../plan/build.js';
import type { Plan } from '../../plan/node.js';
import type { ColumnDefinition, CreateTable } from '../../sql/command.js';
import {
  alreadyExists,
  analyze,
  type CommandContext,
  execute,
  type Handler,
  NO_ROWS,
  notSupported,
  queryOf,
  requireTable,
} from './command-context.js';
import { alterPartitions, isOfPartitions, truncatePartitions } from './partition-commands.js';
import { checkedBuckets, ownColumn, writeInto } from './table-buckets.js';
import type { TableColumn, TableRecord } from './table-store.js';

export const createTable: Handler<'create_table'> = async (command, context) => {
  const { catalog } = context;
  const { database, name } = catalog.qualify(command.name);
  const known = catalog.store.table(database, name);
  if (known !== undefined && !command.replace) {
    if (command.ifNotExists) return NO_ROWS;
    throw alreadyExists([database, name]);
  }
  const plan = command.query === undefined ? undefined : queryOf(command.query.text, context);
  const schema = plan === undefined ? undefined : await analyze(plan, context);
  const made = recordOf(command, database, name, schema, context);
  const record = plan === undefined && made.format === 'delta' ? await withOwnColumns(made, context) : made;
  // What is replaced is read until the new rows are all there, and stays when they cannot be had.
  if (plan !== undefined) {
    const whole = target(record, 'overwrite');
    const options = record.format === 'delta' ? { ...whole.options, overwriteSchema: 'true' } : whole.options;
    await execute(writeInto(ordered(plan, schema as Schema, record), record, { ...whole, options }), context);
  } else {
    if (!record.external) catalog.store.removeFiles(record.location);
    if (record.format === 'delta' && !catalog.store.hasLog(record.location)) await makeLog(record, context);
  }
  catalog.store.saveTable(record);
  if (known?.kind === 'table' && !known.external && known.location !== record.location)
    catalog.store.removeFiles(known.location);
  return NO_ROWS;
};

/** The log of a Delta table says what columns it has before there are rows. */
async function makeLog(record: TableRecord, context: CommandContext): Promise<void> {
  const none = emptyLocal(record.columns.map((c) => attribute(c.name, c.type, c.nullable)));
  await execute(write(none, target(record, 'append')), context);
}

/** A Delta table that is there already knows its columns. */
async function withOwnColumns(record: TableRecord, context: CommandContext): Promise<TableRecord> {
  if (!record.external || !context.catalog.store.hasLog(record.location)) return record;
  const { fields } = await analyze(read({ format: 'delta', paths: [record.location], options: {} }), context);
  return { ...record, columns: fields.map((f): TableColumn => ({ name: f.name, type: f.type, nullable: f.nullable })) };
}

/** The format a table is made in when none is named. */
const DEFAULT_FORMAT = 'parquet';

function recordOf(
  command: CreateTable,
  database: string,
  name: string,
  schema: Schema | undefined,
  { catalog, conf }: CommandContext,
): TableRecord {
  const like = command.like === undefined ? undefined : likeRecord(command.like, catalog);
  const columns =
    like?.columns ??
    schema?.fields.map((f): TableColumn => ({ name: f.name, type: f.type, nullable: f.nullable })) ??
    command.columns.map(asColumn);
  const { partitionBy, buckets } = like ?? command;
  checkColumns(columns, partitionBy);
  const isPartition = (c: TableColumn): boolean => partitionBy.some((p) => p.toLowerCase() === c.name.toLowerCase());
  const format =
    command.format ?? like?.format ?? conf.get('spark.sql.sources.default', DEFAULT_FORMAT) ?? DEFAULT_FORMAT;
  const { path, ...options } = command.options;
  const location = command.location ?? path;
  const { comment } = command;
  return {
    kind: 'table',
    database,
    name,
    columns: [...columns.filter((c) => !isPartition(c)), ...columns.filter(isPartition)],
    format,
    location: location ?? catalog.store.locationOf(database, name),
    external: location !== undefined,
    partitionBy,
    ...(buckets === undefined ? {} : { buckets: checkedBuckets(buckets, { columns, partitionBy, format }) }),
    options,
    properties: command.properties,
    ...(comment === undefined ? {} : { comment }),
  };
}

function likeRecord(parts: readonly string[], catalog: CommandContext['catalog']): TableRecord {
  const found = catalog.require(parts);
  if (found.kind === 'table') return found.record;
  throw notSupported('CREATE TABLE … LIKE takes a table or a permanent view');
}

export const asColumn = ({ name, type, nullable, comment, default: value }: ColumnDefinition): TableColumn => ({
  name,
  type,
  nullable,
  ...(comment === undefined ? {} : { comment }),
  ...(value === undefined ? {} : { default: value }),
});

const givenTwice = (name: string): SparrowError =>
  new SparrowError('COLUMN_ALREADY_EXISTS', `the column \`${name}\` is given twice`, {
    sqlState: '42711',
    parameters: { columnName: `\`${name.toLowerCase()}\`` },
  });

function checkColumns(columns: readonly TableColumn[], partitionBy: readonly string[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      throw givenTwice(name);
    }
    seen.add(key);
  }
  for (const [i, name] of partitionBy.entries()) {
    ownColumn(name, columns, 'partition');
    if (partitionBy.slice(0, i).some((other) => other.toLowerCase() === name.toLowerCase())) throw givenTwice(name);
  }
  if (partitionBy.length > 0 && partitionBy.length === columns.length) {
    throw new SparrowError(
      'ALL_PARTITION_COLUMNS_NOT_ALLOWED',
      'a table needs a column that it is not partitioned by',
      {
        sqlState: 'KD005',
      },
    );
  }
}

/** The query's columns in the order of the table's: partition columns come last. */
function ordered(plan: Plan, schema: Schema, record: TableRecord): Plan {
  if (record.partitionBy.length === 0) return plan;
  const names = schema.fields.map((_, i) => `_c${i}`);
  const indexes = record.columns.map((c) => schema.fields.findIndex((f) => f.name === c.name));
  const picked = project(
    toNames(plan, names),
    indexes.map((i) => column(names[i] as string)),
  );
  return toNames(
    picked,
    record.columns.map((c) => c.name),
  );
}

export const target = (record: TableRecord, mode: 'append' | 'overwrite', path = record.location) => ({
  format: record.format,
  path,
  mode,
  partitionBy: record.partitionBy,
  options: record.options,
});

export const truncate: Handler<'truncate'> = (command, context) => {
  const record = requireTable(command.table, context);
  if (command.spec !== undefined) return truncatePartitions(command.spec, record, context);
  if (record.external) throw notSupported('TRUNCATE TABLE leaves the files of external tables alone');
  context.catalog.store.removeFiles(record.location);
  return NO_ROWS;
};

export const alter: Handler<'alter'> = (command, context) => {
  const { catalog } = context;
  const found = catalog.require(command.name);
  const { action } = command;
  if (isOfPartitions(action)) return alterPartitions(action, requireTable(command.name, context), context);
  if (found.kind !== 'table') throw notSupported('a temporary view has nothing to alter: create it anew');
  const { record } = found;
  switch (action.kind) {
    case 'rename': {
      const { database, name } = catalog.qualify(action.to.length === 1 ? [record.database, ...action.to] : action.to);
      if (catalog.store.table(database, name) !== undefined) throw alreadyExists([database, name]);
      catalog.store.saveTable({ ...record, database, name });
      catalog.store.dropTable({ ...record, external: true });
      return NO_ROWS;
    }
    case 'add_columns': {
      const isPartition = (c: TableColumn): boolean => record.partitionBy.includes(c.name);
      const plain = record.columns.filter((c) => !isPartition(c));
      const columns = [...plain, ...action.columns.map(asColumn), ...record.columns.filter(isPartition)];
      checkColumns(columns, []);
      catalog.store.saveTable({ ...record, columns });
      return NO_ROWS;
    }
    case 'set_properties':
      catalog.store.saveTable({ ...record, properties: { ...record.properties, ...action.properties } });
      return NO_ROWS;
    case 'unset_properties': {
      const properties = Object.fromEntries(
        Object.entries(record.properties).filter(([n]) => !action.names.includes(n)),
      );
      catalog.store.saveTable({ ...record, properties });
      return NO_ROWS;
    }
    case 'alter_column': {
      const index = record.columns.findIndex((c) => c.name.toLowerCase() === action.column.toLowerCase());
      const old = record.columns[index];
      if (old === undefined) throw noColumn(action.column, record);
      if (action.type !== undefined) throw notSupported('the type of a column of a file table cannot be changed');
      const columns = record.columns.with(index, { ...old, comment: action.comment ?? '' });
      catalog.store.saveTable({ ...record, columns });
      return NO_ROWS;
    }
    case 'drop_columns':
    case 'rename_column':
      throw notSupported('columns of a file table cannot be dropped or renamed', 'UNSUPPORTED_FEATURE.TABLE_OPERATION');
  }
};

const noColumn = (name: string, record: TableRecord): SparrowError =>
  new SparrowError('UNRESOLVED_COLUMN.WITH_SUGGESTION', `the table ${record.name} has no column \`${name}\``, {
    sqlState: '42703',
    candidates: record.columns.map((c) => c.name),
  });
