import { nearestNames, SparrowError, simpleString, withParts } from '../../base/index.js';
import type { Buckets } from '../../sql/command.js';
import {
  analyze,
  bound,
  type CommandContext,
  type CommandRows,
  flag,
  type Handler,
  queryOf,
  text,
} from './command-context.js';
import { describeFunction, showFunctions } from './function-commands.js';
import { fitsPattern } from './pattern.js';
import { CATALOG, GLOBAL_DATABASE } from './session-catalog.js';
import { bucketsText } from './table-buckets.js';
import type { TableRecord } from './table-store.js';

export const show: Handler<'show'> = (command, context) => {
  const { catalog } = context;
  const { pattern, from, scope } = command;
  switch (command.what) {
    case 'namespace':
      return { columns: [text('catalog'), text('namespace')], rows: [[CATALOG, catalog.currentDatabase]] };
    case 'tables':
    case 'views':
      return showTables(command.what, from, pattern, context);
    case 'databases': {
      const names = catalog.store.databases().map((database) => database.name);
      const rows = names.filter((n) => fitsPattern(pattern, n)).map((n) => [n]);
      return { columns: [text('namespace')], rows: rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)) };
    }
    case 'columns':
      return columnsOf(from ?? [], context).then((columns) => ({
        columns: [text('col_name')],
        rows: columns.map(([name]) => [name]),
      }));
    case 'functions':
      return showFunctions(catalog, pattern, scope);
    case 'catalogs':
      return { columns: [text('catalog')], rows: fitsPattern(pattern, CATALOG) ? [[CATALOG]] : [] };
  }
};

function showTables(
  what: 'tables' | 'views',
  from: readonly string[] | undefined,
  pattern: string | undefined,
  { catalog }: CommandContext,
): CommandRows {
  const database = from?.at(-1) ?? catalog.currentDatabase;
  catalog.requireDatabase(database);
  const isGlobal = database.toLowerCase() === GLOBAL_DATABASE;
  const records = isGlobal ? [] : catalog.store.tables(database);
  const wanted = what === 'views' ? records.filter((record) => record.kind === 'view') : records;
  const stored = wanted.map((record): [string, string, boolean] => [record.database, record.name, false]);
  const global = (isGlobal ? catalog.globalViews() : []).map((v): [string, string, boolean] => [
    GLOBAL_DATABASE,
    v.name,
    true,
  ]);
  const temporary = catalog.temporaryViews().map((v): [string, string, boolean] => ['', v.name, true]);
  const rows = [...stored, ...global, ...temporary].filter(([, name]) => fitsPattern(pattern, name));
  rows.sort(([, a], [, b]) => (a < b ? -1 : 1));
  return { columns: [text('namespace'), text(what === 'views' ? 'viewName' : 'tableName'), flag('isTemporary')], rows };
}

type ColumnRow = readonly [name: string, type: string, comment: string | null];

async function columnsOf(parts: readonly string[], context: CommandContext): Promise<readonly ColumnRow[]> {
  const found = context.catalog.require(parts);
  if (found.kind === 'table') {
    return found.record.columns.map((c): ColumnRow => [c.name, simpleString(c.type), c.comment ?? null]);
  }
  const plan = context.catalog.plan(parts.join('.'));
  const schema = plan === undefined ? { fields: [] } : await analyze(plan, context);
  return schema.fields.map((f): ColumnRow => [f.name, simpleString(f.type), null]);
}

const described = [text('col_name'), text('data_type'), text('comment')];

export const describe: Handler<'describe'> = async (command, context) => {
  const { catalog } = context;
  const name = command.name.at(-1) as string;
  if (command.what === 'function') return withParts(() => describeFunction(catalog, name, command.extended));
  if (command.what === 'database') {
    catalog.requireDatabase(name);
    const database = catalog.store.database(name);
    const rows = [
      ['Catalog Name', CATALOG],
      ['Namespace Name', name],
      ['Comment', database?.comment ?? ''],
      ['Location', database?.location ?? ''],
    ];
    return { columns: [text('info_name'), text('info_value')], rows };
  }
  const columns = await columnsOf(command.name, context);
  if (command.column !== undefined) return describeColumn(command.column, columns);
  const found = catalog.require(command.name);
  const record = found.kind === 'table' ? found.record : undefined;
  const rows = [...columns, ...partitionRows(record), ...(command.extended && record ? detailRows(record) : [])];
  return { columns: described, rows };
};

function partitionRows(record: TableRecord | undefined): ColumnRow[] {
  if (record === undefined || record.partitionBy.length === 0) return [];
  const partitions = record.columns.filter((c) => record.partitionBy.includes(c.name));
  return [
    ['# Partition Information', '', ''],
    ['# col_name', 'data_type', 'comment'],
    ...partitions.map((c): ColumnRow => [c.name, simpleString(c.type), c.comment ?? null]),
  ];
}

function detailRows(record: TableRecord): ColumnRow[] {
  const rows: (readonly [string, string])[] = [
    ['', ''],
    ['# Detailed Table Information', ''],
    ['Catalog', CATALOG],
    ['Database', record.database],
    ['Table', record.name],
    ['Type', record.kind === 'view' ? 'VIEW' : record.external ? 'EXTERNAL' : 'MANAGED'],
    ...(record.kind === 'view' ? [['View Text', record.text ?? ''] as const] : [['Provider', record.format] as const]),
    ...(record.comment === undefined ? [] : [['Comment', record.comment] as const]),
    ...(record.buckets === undefined ? [] : bucketRows(record.buckets)),
    ...(record.location === '' ? [] : [['Location', record.location] as const]),
  ];
  return rows.map(([name, value]) => [name, value, '']);
}

function bucketRows({ count, columns, sortBy }: Buckets): (readonly [string, string])[] {
  const list = (names: readonly string[]): string => `[${names.map((name) => `\`${name}\``).join(', ')}]`;
  return [
    ['Num Buckets', String(count)],
    ['Bucket Columns', list(columns)],
    ['Sort Columns', list(sortBy)],
  ];
}

function describeColumn(name: string, columns: readonly ColumnRow[]): CommandRows {
  const found = columns.find(([column]) => column.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    throw new SparrowError('UNRESOLVED_COLUMN.WITH_SUGGESTION', `there is no column \`${name}\``, {
      sqlState: '42703',
      candidates: nearestNames(
        name,
        columns.map(([column]) => column),
      ),
    });
  }
  const rows = [
    ['col_name', found[0]],
    ['data_type', found[1]],
    ['comment', found[2] ?? 'NULL'],
  ];
  return { columns: [text('info_name'), text('info_value')], rows };
}

export const describeQuery: Handler<'describe_query'> = async ({ query }, context) => {
  const { fields } = await analyze(bound(query, context), context);
  return { columns: described, rows: fields.map((f) => [f.name, simpleString(f.type), null]) };
};

export const explain: Handler<'explain'> = async ({ mode, text: query }, context) => {
  const plan = await context.engine.explain(queryOf(query, context), mode, context.settings);
  return { columns: [text('plan')], rows: [[plan]] };
};

export const showCreate: Handler<'show_create'> = ({ table }, { catalog }) => {
  const found = catalog.require(table);
  if (found.kind !== 'table') {
    throw new SparrowError('UNSUPPORTED_SHOW_CREATE_TABLE.ON_TEMPORARY_VIEW', `\`${table.join('.')}\` is temporary`, {
      sqlState: '0A000',
    });
  }
  return { columns: [text('createtab_stmt')], rows: [[createText(found.record)]] };
};

function createText(record: TableRecord): string {
  const name = `${record.kind === 'view' ? '' : `${CATALOG}.`}${record.database}.${record.name}`;
  const columns = record.columns.map((c) => {
    const type = simpleString(c.type).toUpperCase();
    return `  ${c.name} ${type}${c.nullable ? '' : ' NOT NULL'}${c.comment === undefined ? '' : ` COMMENT '${c.comment}'`}`;
  });
  if (record.kind === 'view')
    return `CREATE VIEW ${name} (\n${record.columns.map((c) => `  ${c.name}`).join(',\n')})\nAS ${record.text}\n`;
  const partitions = record.partitionBy.length === 0 ? '' : `PARTITIONED BY (${record.partitionBy.join(', ')})\n`;
  const buckets = record.buckets === undefined ? '' : bucketsText(record.buckets, (own) => own);
  const location = record.external ? `LOCATION '${record.location}'\n` : '';
  return `CREATE TABLE ${name} (\n${columns.join(',\n')})\nUSING ${record.format}\n${partitions}${buckets}${location}`;
}

export const showProperties: Handler<'show_properties'> = ({ table, name }, { catalog }) => {
  const found = catalog.require(table);
  const properties = found.kind === 'table' ? found.record.properties : {};
  const rows = Object.entries(properties).filter(([key]) => name === undefined || key === name);
  if (name !== undefined && rows.length === 0)
    rows.push([name, `Table ${table.join('.')} does not have property: ${name}`]);
  return { columns: [text('key'), text('value')], rows: rows.sort(([a], [b]) => (a < b ? -1 : 1)) };
};
