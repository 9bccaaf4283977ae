import { field, type Schema, SparrowError, structType } from '../../base/index.js';
import { attribute, emptyLocal, read } from '../../plan/build.js';
import { everyNode } from '../../plan/nested.js';
import type { Plan } from '../../plan/node.js';
import type { Command, CreateView } from '../../sql/command.js';
import {
  alreadyExists,
  analyze,
  type CommandContext,
  type CommandRows,
  type Handler,
  NO_ROWS,
  queryOf,
} from './command-context.js';
import { CATALOG, splitName, type TemporaryView } from './session-catalog.js';
import { DEFAULT_DATABASE, type TableColumn, type TableRecord } from './table-store.js';

export const createView: Handler<'create_view'> = async (command, context) => {
  const name = command.name.at(-1) as string;
  if (command.query === undefined) return viewOverFiles(command, name, context);
  checkRecursion(command, command.query.plan, context);
  const schema = await analyze(queryOf(command.query.text, context), context);
  const names = columnNames(command, schema);
  if (command.scope !== 'permanent') {
    const view: TemporaryView = { name, text: command.query.text, ...(names === undefined ? {} : { columns: names }) };
    if (command.ifNotExists && context.catalog.find(command.name) !== undefined) return NO_ROWS;
    // Parameters are values of this moment.
    const { parameters, inputs } = context.source;
    const bound = Object.keys(parameters).length + Object.keys(inputs).length > 0;
    const own = bound ? { ...view, plan: queryOf(command.query.text, context) } : view;
    context.catalog.createView(own, command.scope, command.replace);
    return NO_ROWS;
  }
  return permanentView(command, schema, names, context);
};

function viewOverFiles(command: CreateView, name: string, { catalog }: CommandContext): CommandRows {
  const { format = 'parquet', options = {}, schema = [] } = command.source ?? {};
  const { path, ...rest } = options;
  // Without files there are no rows.
  const isEmpty = path === undefined && schema.length > 0;
  const columns = schema.map((c) => field(c.name, c.type, c.nullable));
  const typed = schema.length === 0 ? {} : { schema: structType(columns) };
  const files = { format: format.toLowerCase(), paths: [path ?? ''], options: rest, ...typed };
  const plan = isEmpty ? emptyLocal(columns.map((c) => attribute(c.name, c.type, c.nullable))) : read(files);
  const view = { name, plan };
  catalog.createView(view, command.scope === 'global' ? 'global' : 'temporary', command.replace);
  return NO_ROWS;
}

function columnNames({ columns, name }: CreateView, schema: Schema): readonly string[] | undefined {
  if (columns === undefined) return undefined;
  if (columns.length === schema.fields.length) return columns;
  const detail = columns.length > schema.fields.length ? 'NOT_ENOUGH_DATA_COLUMNS' : 'TOO_MANY_DATA_COLUMNS';
  throw new SparrowError(
    `CREATE_VIEW_COLUMN_ARITY_MISMATCH.${detail}`,
    `the view ${name.join('.')} names ${columns.length} columns, but its query gives ${schema.fields.length}`,
    { sqlState: '21S01' },
  );
}

/** A view must not read itself, directly or through others. */
function checkRecursion({ name, replace }: CreateView, plan: Plan, { catalog }: CommandContext): void {
  if (!replace) return;
  const own = name.join('.').toLowerCase();
  const seen = new Set<string>();
  const visit = (at: Plan): void => {
    for (const node of everyNode(at)) {
      if (node.kind !== 'view' || seen.has(node.name.toLowerCase())) continue;
      seen.add(node.name.toLowerCase());
      const located = catalog.find(splitName(node.name));
      if (splitName(node.name).join('.').toLowerCase() === own && located !== undefined && located.kind !== 'table') {
        throw new SparrowError('RECURSIVE_VIEW', `the view \`${name.join('.')}\` would read itself`, {
          sqlState: '42K0H',
          parameters: { viewIdent: `\`${name.join('.')}\``, newPath: `\`${name.join('.')}\` -> \`${name.join('.')}\`` },
        });
      }
    }
  };
  visit(plan);
}

function permanentView(
  command: CreateView,
  schema: Schema,
  names: readonly string[] | undefined,
  { catalog }: CommandContext,
): CommandRows {
  const { database, name } = catalog.qualify(command.name);
  const known = catalog.store.table(database, name);
  if (known !== undefined && !(command.replace && known.kind === 'view')) {
    if (command.ifNotExists) return NO_ROWS;
    throw alreadyExists([database, name]);
  }
  const columns = schema.fields.map(
    (f, i): TableColumn => ({ name: names?.[i] ?? f.name, type: f.type, nullable: f.nullable }),
  );
  catalog.store.saveTable({
    kind: 'view',
    database,
    name,
    columns,
    format: '',
    location: '',
    external: true,
    partitionBy: [],
    options: {},
    properties: {},
    ...(command.comment === undefined ? {} : { comment: command.comment }),
    text: command.query?.text ?? '',
  });
  return NO_ROWS;
}

export const alterView: Handler<'alter_view'> = async (command, context) => {
  const found = context.catalog.require(command.name);
  const schema = await analyze(queryOf(command.query.text, context), context);
  if (found.kind !== 'table') {
    const { name } = found.view;
    context.catalog.createView({ name, text: command.query.text }, found.kind, true);
    return NO_ROWS;
  }
  const columns = schema.fields.map((f): TableColumn => ({ name: f.name, type: f.type, nullable: f.nullable }));
  const changed: TableRecord = { ...found.record, text: command.query.text, columns };
  context.catalog.store.saveTable(changed);
  return NO_ROWS;
};

export const drop: Handler<'drop'> = async (command, context) => {
  const { catalog } = context;
  if (command.what === 'database') return dropDatabase(command, context);
  if (command.what === 'variable') {
    const name = command.name.at(-1) as string;
    if (!catalog.variables.delete(name) && !command.ifExists) {
      throw new SparrowError('VARIABLE_NOT_FOUND', `there is no variable \`${name}\``, { sqlState: '42883' });
    }
    return NO_ROWS;
  }
  const found = catalog.find(command.name);
  if (found === undefined) {
    if (command.ifExists) return NO_ROWS;
    catalog.require(command.name);
    return NO_ROWS;
  }
  for (const id of catalog.dropCache(found)) await context.engine.uncache(id);
  if (found.kind !== 'table') {
    catalog.dropView(found.view.name, found.kind);
    return NO_ROWS;
  }
  const { record } = found;
  if (record.kind !== command.what) {
    throw new SparrowError(
      command.what === 'table' ? 'WRONG_COMMAND_FOR_OBJECT_TYPE' : 'EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE',
      `\`${record.name}\` is a ${record.kind}`,
      { sqlState: '42809', hint: `DROP ${record.kind.toUpperCase()} ${record.name}` },
    );
  }
  catalog.store.dropTable(record);
  return NO_ROWS;
};

function dropDatabase(command: Extract<Command, { kind: 'drop' }>, { catalog }: CommandContext): CommandRows {
  const name = command.name.at(-1) as string;
  const database = catalog.store.database(name);
  if (database === undefined) {
    if (command.ifExists) return NO_ROWS;
    catalog.requireDatabase(name);
    return NO_ROWS;
  }
  if (database.name === DEFAULT_DATABASE) {
    throw new SparrowError('UNSUPPORTED_FEATURE.DROP_DATABASE', 'the default database cannot be dropped', {
      sqlState: '0A000',
      parameters: { database: `\`${CATALOG}\`.\`${name}\`` },
    });
  }
  const tables = catalog.store.tables(name);
  if (tables.length > 0 && !command.cascade) {
    throw new SparrowError('SCHEMA_NOT_EMPTY', `the database \`${name}\` still has tables`, {
      sqlState: '2BP01',
      parameters: { schemaName: `\`${name}\`` },
      hint: 'DROP DATABASE … CASCADE drops them, too',
    });
  }
  for (const table of tables) catalog.store.dropTable(table);
  catalog.store.dropDatabase(name);
  return NO_ROWS;
}
