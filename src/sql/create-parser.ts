import type { Buckets, ColumnDefinition, Command, CreateTable, CreateView } from './command.js';
import { ifNotExists, readColumns, readName, readProperties, readQueryText } from './command-parts.js';
import { readFunction } from './function-parser.js';
import { nameList, type QueryContext } from './query-context.js';
import type { TokenStream } from './token-stream.js';

/** What follows CREATE. */
export function readCreate(query: QueryContext): Command {
  const { tokens } = query;
  const replace = tokens.accept('OR', 'REPLACE');
  const global = tokens.accept('GLOBAL');
  const temporary = tokens.accept('TEMPORARY') || tokens.accept('TEMP');
  if (tokens.accept('VIEW')) {
    return readView(query, replace, temporary ? (global ? 'global' : 'temporary') : 'permanent');
  }
  if (tokens.accept('TABLE')) return readTable(query, replace);
  if (tokens.accept('EXTERNAL', 'TABLE')) return readTable(query, replace);
  if (tokens.accept('DATABASE') || tokens.accept('SCHEMA') || tokens.accept('NAMESPACE')) return readDatabase(query);
  if (tokens.accept('FUNCTION')) return readFunction(query, replace, temporary);
  throw tokens.unexpected();
}

function readDatabase({ tokens }: QueryContext): Command {
  const exists = ifNotExists(tokens);
  const name = readName(tokens, 'a database');
  let comment: string | undefined;
  let location: string | undefined;
  for (;;) {
    if (tokens.accept('COMMENT')) comment = tokens.string();
    else if (tokens.accept('LOCATION')) location = tokens.string();
    else if (tokens.accept('WITH', 'DBPROPERTIES') || tokens.accept('WITH', 'PROPERTIES')) readProperties(tokens);
    else break;
  }
  return {
    kind: 'create_database',
    name,
    ifNotExists: exists,
    ...(comment === undefined ? {} : { comment }),
    ...(location === undefined ? {} : { location }),
  };
}

function readView(query: QueryContext, replace: boolean, scope: CreateView['scope']): CreateView {
  const { tokens } = query;
  const exists = ifNotExists(tokens);
  const name = readName(tokens, 'a view');
  const view = { kind: 'create_view' as const, name, scope, replace, ifNotExists: exists };
  let schema: readonly ColumnDefinition[] | undefined;
  if (tokens.is('(') && tokens.peek(2).kind === 'word' && !['COMMENT', ','].includes(tokens.peek(2).upper)) {
    // Columns with types: only for a view over files.
    schema = readColumns(query);
  }
  const columns = tokens.is('(') ? viewColumns(query) : undefined;
  let comment: string | undefined;
  for (;;) {
    if (tokens.accept('COMMENT')) comment = tokens.string();
    else if (tokens.accept('TBLPROPERTIES')) readProperties(tokens);
    else if (tokens.accept('WITH', 'SCHEMA')) tokens.next();
    else break;
  }
  const parts = {
    ...view,
    ...(columns === undefined ? {} : { columns }),
    ...(comment === undefined ? {} : { comment }),
  };
  if (tokens.accept('USING')) {
    const format = readName(tokens, 'a format').join('.');
    const options = tokens.accept('OPTIONS') ? readProperties(tokens) : {};
    return { ...parts, source: { format, options, ...(schema === undefined ? {} : { schema }) } };
  }
  tokens.expect('AS');
  return { ...parts, query: readQueryText(query) };
}

function viewColumns({ tokens }: QueryContext): string[] {
  const names: string[] = [];
  tokens.expect('(');
  do {
    names.push(tokens.name('a column'));
    if (tokens.accept('COMMENT')) tokens.string();
  } while (tokens.accept(','));
  tokens.expect(')');
  return names;
}

interface TableClauses {
  format?: string;
  options: Record<string, string>;
  properties: Record<string, string>;
  partitionBy: string[];
  buckets?: Buckets;
  location?: string;
  comment?: string;
}

function readTable(query: QueryContext, replace: boolean): CreateTable {
  const { tokens } = query;
  const exists = ifNotExists(tokens);
  const name = readName(tokens);
  if (tokens.accept('LIKE')) {
    const like = readName(tokens);
    return { ...emptyTable, name, replace, ifNotExists: exists, like, ...readTableClauses(query) };
  }
  const columns = tokens.is('(') ? readColumns(query) : [];
  const clauses = readTableClauses(query);
  tokens.accept('AS');
  const startsQuery = ['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE', '('].includes(tokens.peek().upper);
  const table = { ...emptyTable, name, replace, ifNotExists: exists, columns, ...clauses };
  return startsQuery ? { ...table, query: readQueryText(query) } : table;
}

const emptyTable = { kind: 'create_table', columns: [], options: {}, properties: {}, partitionBy: [] } as const;

function readTableClauses(query: QueryContext): TableClauses {
  const { tokens } = query;
  const clauses: TableClauses = { options: {}, properties: {}, partitionBy: [] };
  for (;;) {
    if (tokens.accept('USING')) clauses.format = readName(tokens, 'a format').join('.').toLowerCase();
    else if (tokens.accept('STORED', 'AS')) clauses.format = tokens.name('a format').toLowerCase();
    else if (tokens.accept('OPTIONS')) Object.assign(clauses.options, readProperties(tokens));
    else if (tokens.accept('TBLPROPERTIES')) Object.assign(clauses.properties, readProperties(tokens));
    else if (tokens.accept('PARTITIONED', 'BY')) clauses.partitionBy = nameList(tokens);
    else if (tokens.accept('CLUSTERED', 'BY')) clauses.buckets = readBuckets(tokens);
    else if (tokens.accept('LOCATION')) clauses.location = tokens.string();
    else if (tokens.accept('COMMENT')) clauses.comment = tokens.string();
    else return clauses;
  }
}

/** `(a) SORTED BY (b ASC) INTO 8 BUCKETS`. */
function readBuckets(tokens: TokenStream): Buckets {
  const columns = nameList(tokens);
  const sortBy: string[] = [];
  if (tokens.accept('SORTED', 'BY')) {
    tokens.expect('(');
    do {
      sortBy.push(tokens.name('a column'));
      if (tokens.accept('ASC')) continue;
      if (tokens.is('DESC'))
        throw tokens.error('rows of buckets are sorted ascending', undefined, '_LEGACY_ERROR_TEMP_0035');
    } while (tokens.accept(','));
    tokens.expect(')');
  }
  tokens.expect('INTO');
  const count = tokens.integer();
  tokens.expect('BUCKETS');
  return { count, columns, sortBy };
}
