import type { DataType } from '../base/index.js';
import { withQueries } from '../plan/build-relations.js';
import { readDelete, readMerge, readUpdate } from './change-parser.js';
import type { AlterAction, Command, Insert, SqlStatement } from './command.js';
import {
  ifExists,
  readColumn,
  readColumns,
  readName,
  readPartition,
  readProperties,
  readQueryText,
} from './command-parts.js';
import { readCreate } from './create-parser.js';
import { readExecute } from './execute-parser.js';
import { readDescribe, readExplain, readShow } from './inspect-parser.js';
import { nameList, type QueryContext } from './query-context.js';
import { queryParser } from './query-parser.js';
import { readReset, readSet } from './set-parser.js';
import { type ParseSettings, plainSettings, TokenStream } from './token-stream.js';
import { readType } from './type-parser.js';

/** One statement: a query or a command. Throws `PARSE_SYNTAX_ERROR`. */
export function parseStatement(text: string, settings: ParseSettings = plainSettings): SqlStatement {
  const tokens = new TokenStream(text, settings);
  const statement = readStatement(queryParser(tokens, settings));
  while (tokens.accept(';'));
  tokens.end();
  return statement;
}

/** A query or command inside a longer text. */
export function readStatement(query: QueryContext): SqlStatement {
  const { upper } = query.tokens.peek();
  const read = Object.hasOwn(commands, upper) ? commands[upper] : undefined;
  return read === undefined ? readQuery(query) : readCommand(query, read);
}

function readCommand(query: QueryContext, read: (query: QueryContext) => Command): Command {
  query.tokens.next();
  return read(query);
}

function readQuery(query: QueryContext): SqlStatement {
  const { tokens } = query;
  const place = tokens.place;
  if (tokens.is('WITH')) {
    const queries = query.definitions();
    if (tokens.accept('INSERT')) {
      const insert = readInsert(query);
      return { ...insert, query: withQueries(insert.query, queries) };
    }
    if (tokens.accept('MERGE')) return readMerge(query, queries);
    tokens.back(place);
  }
  return { kind: 'query', plan: queryParser(tokens, query.settings).query() };
}

const commands: Readonly<Record<string, (query: QueryContext) => Command>> = {
  CREATE: readCreate,
  INSERT: (query) => readInsert(query),
  DELETE: readDelete,
  UPDATE: readUpdate,
  MERGE: (query) => readMerge(query),
  DROP: (query) => readDrop(query),
  TRUNCATE: (query) => {
    query.tokens.expect('TABLE');
    const table = readName(query.tokens);
    return { kind: 'truncate', table, ...(query.tokens.is('PARTITION') ? { spec: readPartition(query) } : {}) };
  },
  MSCK: ({ tokens }) => {
    tokens.expect('REPAIR', 'TABLE');
    const name = readName(tokens);
    if (tokens.accept('ADD') || tokens.accept('DROP') || tokens.accept('SYNC')) tokens.expect('PARTITIONS');
    return { kind: 'alter', what: 'table', name, action: { kind: 'recover_partitions' } };
  },
  ALTER: (query) => readAlter(query),
  USE: ({ tokens }) => {
    const isDatabase = tokens.accept('DATABASE') || tokens.accept('SCHEMA') || tokens.accept('NAMESPACE');
    const name = readName(tokens, 'a database');
    return { kind: 'use', name: isDatabase ? ['spark_catalog', ...name] : name };
  },
  SET: readSet,
  RESET: readReset,
  SHOW: readShow,
  DESCRIBE: readDescribe,
  DESC: readDescribe,
  EXPLAIN: readExplain,
  CACHE: (query) => {
    const { tokens } = query;
    tokens.accept('LAZY');
    tokens.expect('TABLE');
    const table = readName(tokens);
    if (tokens.accept('OPTIONS')) readProperties(tokens);
    const hasQuery = tokens.accept('AS') || tokens.is('SELECT') || tokens.is('WITH');
    return hasQuery ? { kind: 'cache', table, query: readQueryText(query) } : { kind: 'cache', table };
  },
  UNCACHE: ({ tokens }) => {
    tokens.expect('TABLE');
    const exists = ifExists(tokens);
    return { kind: 'uncache', table: readName(tokens), ifExists: exists };
  },
  CLEAR: ({ tokens }) => {
    tokens.expect('CACHE');
    return { kind: 'clear_cache' };
  },
  REFRESH: ({ tokens }) => {
    tokens.accept('TABLE');
    return { kind: 'refresh', table: readName(tokens) };
  },
  DECLARE: (query) => readDeclare(query),
  EXECUTE: readExecute,
};

/** Words that begin a statement which is no query. */
export const commandWords: readonly string[] = Object.keys(commands);

function readInsert(query: QueryContext): Insert {
  const { tokens, exprs } = query;
  const overwrite = tokens.accept('OVERWRITE');
  if (!overwrite) tokens.expect('INTO');
  tokens.accept('TABLE');
  const table = readName(tokens);
  const partition = tokens.is('PARTITION') ? readPartition(query, false) : [];
  if (partition.length > 0) tokens.accept('IF', 'NOT', 'EXISTS');
  const byName = tokens.accept('BY', 'NAME');
  if (!overwrite && tokens.accept('REPLACE', 'WHERE')) {
    const { start } = tokens.peek();
    exprs.expression();
    const replaceWhere = tokens.text.slice(start, tokens.peek(-1).end);
    return { kind: 'insert', table, overwrite: true, byName: true, partition: [], replaceWhere, query: query.query() };
  }
  const columns = isColumnList(query) ? nameList(tokens) : undefined;
  const parts = { kind: 'insert' as const, table, overwrite, byName, partition };
  return { ...parts, ...(columns === undefined ? {} : { columns }), query: query.query() };
}

/** `INSERT INTO t (a, b) VALUES …` against `INSERT INTO t (SELECT …)`. */
function isColumnList({ tokens }: QueryContext): boolean {
  if (!tokens.is('(')) return false;
  const first = tokens.peek(1);
  return first.kind === 'name' || (first.kind === 'word' && [',', ')'].includes(tokens.peek(2).upper));
}

function readDrop({ tokens }: QueryContext): Command {
  const temporary = tokens.accept('TEMPORARY') || tokens.accept('TEMP');
  if (tokens.accept('FUNCTION')) {
    const exists = ifExists(tokens);
    return { kind: 'drop_function', name: readName(tokens, 'a function'), ifExists: exists, temporary };
  }
  let what: 'table' | 'view' | 'database' | 'variable';
  if (tokens.accept('TABLE')) what = 'table';
  else if (tokens.accept('VIEW')) what = 'view';
  else if (temporary && tokens.accept('VARIABLE')) what = 'variable';
  else if (tokens.accept('DATABASE') || tokens.accept('SCHEMA') || tokens.accept('NAMESPACE')) what = 'database';
  else throw tokens.unexpected();
  const exists = ifExists(tokens);
  const name = readName(tokens);
  const cascade = tokens.accept('CASCADE');
  if (!cascade) tokens.accept('RESTRICT');
  tokens.accept('PURGE');
  return { kind: 'drop', what, name, ifExists: exists, cascade };
}

function readAlter(query: QueryContext): Command {
  const { tokens } = query;
  const what = tokens.accept('VIEW') ? 'view' : 'table';
  if (what === 'table') tokens.expect('TABLE');
  const name = readName(tokens);
  if (what === 'view' && (tokens.accept('AS') || tokens.is('SELECT') || tokens.is('WITH'))) {
    return { kind: 'alter_view', name, query: readQueryText(query) };
  }
  return { kind: 'alter', what, name, action: readAlterAction(query) };
}

function readAlterAction(query: QueryContext): AlterAction {
  const { tokens } = query;
  const partitions = readPartitionAction(query);
  if (partitions !== undefined) return partitions;
  if (tokens.accept('RENAME', 'TO')) return { kind: 'rename', to: readName(tokens) };
  if (tokens.accept('RENAME', 'COLUMN')) {
    const from = tokens.name();
    tokens.expect('TO');
    return { kind: 'rename_column', from, to: tokens.name() };
  }
  if (tokens.accept('ADD', 'COLUMNS') || tokens.accept('ADD', 'COLUMN')) {
    return { kind: 'add_columns', columns: tokens.is('(') ? readColumns(query) : [readColumn(query)] };
  }
  if (tokens.accept('DROP', 'COLUMNS') || tokens.accept('DROP', 'COLUMN')) {
    const exists = ifExists(tokens);
    const columns = tokens.is('(') ? nameList(tokens) : [tokens.name()];
    while (tokens.accept(',')) columns.push(tokens.name());
    return { kind: 'drop_columns', columns, ifExists: exists };
  }
  if (tokens.accept('SET', 'TBLPROPERTIES')) return { kind: 'set_properties', properties: readProperties(tokens) };
  if (tokens.accept('UNSET', 'TBLPROPERTIES')) {
    const exists = ifExists(tokens);
    return { kind: 'unset_properties', names: Object.keys(readProperties(tokens)), ifExists: exists };
  }
  if (tokens.accept('ALTER', 'COLUMN') || tokens.accept('CHANGE', 'COLUMN')) {
    const column = tokens.name();
    if (tokens.accept('COMMENT')) return { kind: 'alter_column', column, comment: tokens.string() };
    tokens.accept('TYPE');
    const type = readType(tokens, query.settings);
    const comment = tokens.accept('COMMENT') ? tokens.string() : undefined;
    return { kind: 'alter_column', column, type, ...(comment === undefined ? {} : { comment }) };
  }
  throw tokens.unexpected();
}

function readPartitionAction(query: QueryContext): AlterAction | undefined {
  const { tokens } = query;
  if (tokens.accept('RECOVER', 'PARTITIONS')) return { kind: 'recover_partitions' };
  if (tokens.is('PARTITION')) {
    const from = readPartition(query);
    tokens.expect('RENAME', 'TO');
    return { kind: 'rename_partitions', from, to: readPartition(query) };
  }
  if (tokens.accept('ADD', 'IF') || tokens.is('ADD', 'PARTITION')) {
    const exists = !tokens.accept('ADD');
    if (exists) tokens.expect('NOT', 'EXISTS');
    const specs = [readPartition(query)];
    while (tokens.is('PARTITION')) specs.push(readPartition(query));
    return { kind: 'add_partitions', specs, ifNotExists: exists };
  }
  const place = tokens.place;
  if (!tokens.accept('DROP')) return undefined;
  const exists = ifExists(tokens);
  if (!tokens.is('PARTITION')) {
    tokens.back(place);
    return undefined;
  }
  const specs = [readPartition(query)];
  while (tokens.accept(',')) specs.push(readPartition(query));
  tokens.accept('PURGE');
  return { kind: 'drop_partitions', specs, ifExists: exists };
}

function readDeclare(query: QueryContext): Command {
  const { tokens } = query;
  const replace = tokens.accept('OR', 'REPLACE');
  tokens.accept('VARIABLE');
  const names = [readName(tokens, 'a variable')];
  while (tokens.accept(',')) names.push(readName(tokens, 'a variable'));
  let type: DataType | undefined;
  if (!tokens.is('=') && !tokens.is('DEFAULT') && tokens.peek().kind === 'word') {
    type = readType(tokens, query.settings);
  }
  const value = tokens.accept('=') || tokens.accept('DEFAULT') ? query.exprs.expression() : undefined;
  return {
    kind: 'declare_variable',
    names,
    replace,
    ...(type === undefined ? {} : { type }),
    ...(value === undefined ? {} : { default: value }),
  };
}
