import type { Command, Shown } from './command.js';
import { readName, readPartition } from './command-parts.js';
import type { QueryContext } from './query-context.js';

const shown: Readonly<Record<string, Shown>> = {
  TABLES: 'tables',
  VIEWS: 'views',
  DATABASES: 'databases',
  SCHEMAS: 'databases',
  NAMESPACES: 'databases',
  COLUMNS: 'columns',
  FUNCTIONS: 'functions',
  CATALOGS: 'catalogs',
};

const isName = (kind: string): boolean => kind === 'word' || kind === 'name';

/** What follows SHOW. */
export function readShow(query: QueryContext): Command {
  const { tokens } = query;
  if (tokens.accept('PARTITIONS')) {
    const table = readName(tokens);
    if (!tokens.is('PARTITION')) return { kind: 'show_partitions', table };
    return { kind: 'show_partitions', table, spec: readPartition(query) };
  }
  if (tokens.accept('CREATE', 'TABLE')) {
    const table = readName(tokens);
    tokens.accept('AS', 'SERDE');
    return { kind: 'show_create', table };
  }
  if (tokens.accept('TBLPROPERTIES')) {
    const table = readName(tokens);
    if (!tokens.accept('(')) return { kind: 'show_properties', table };
    const name = tokens.peek().kind === 'string' ? tokens.string() : readName(tokens).join('.');
    tokens.expect(')');
    return { kind: 'show_properties', table, name };
  }
  if (['NAMESPACE', 'DATABASE', 'SCHEMA'].includes(tokens.peek(1).upper) && tokens.accept('CURRENT')) {
    tokens.next();
    return { kind: 'show', what: 'namespace' };
  }
  const scope = tokens.accept('USER') ? 'user' : tokens.accept('SYSTEM') ? 'system' : undefined;
  tokens.accept('ALL');
  const what = shown[tokens.peek().upper];
  if (what === undefined) throw tokens.unexpected();
  tokens.next();
  let from = tokens.accept('FROM') || tokens.accept('IN') ? readName(tokens) : undefined;
  if (what === 'columns' && (tokens.accept('FROM') || tokens.accept('IN'))) {
    from = [...readName(tokens), ...(from ?? [])];
  }
  tokens.accept('LIKE');
  const { kind } = tokens.peek();
  const pattern = kind === 'string' ? tokens.string() : isName(kind) ? readName(tokens).join('.') : undefined;
  return {
    kind: 'show',
    what,
    ...(scope === undefined ? {} : { scope }),
    ...(from === undefined ? {} : { from }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

/** What follows DESCRIBE. */
export function readDescribe(query: QueryContext): Command {
  const { tokens } = query;
  if (tokens.accept('FUNCTION')) {
    const extended = tokens.accept('EXTENDED');
    const { kind } = tokens.peek();
    const name = isName(kind) ? readName(tokens) : [tokens.next().text];
    return { kind: 'describe', what: 'function', name, extended };
  }
  if (tokens.accept('DATABASE') || tokens.accept('SCHEMA') || tokens.accept('NAMESPACE')) {
    const extended = tokens.accept('EXTENDED');
    return { kind: 'describe', what: 'database', name: readName(tokens), extended };
  }
  const isQuery = ['SELECT', 'WITH', 'VALUES', 'FROM'].includes(tokens.peek().upper) || tokens.is('(');
  if (isQuery || tokens.accept('QUERY')) return { kind: 'describe_query', query: query.query() };
  if (tokens.is('TABLE') && tokens.peek(1).kind !== 'end') tokens.next();
  const extended = tokens.accept('EXTENDED') || tokens.accept('FORMATTED');
  const name = readName(tokens);
  const { kind } = tokens.peek();
  if (!isName(kind)) return { kind: 'describe', what: 'table', name, extended };
  return { kind: 'describe', what: 'table', name, extended, column: readName(tokens).join('.') };
}

const explainModes = {
  EXTENDED: 'extended',
  FORMATTED: 'formatted',
  COST: 'cost',
  CODEGEN: 'codegen',
  LOGICAL: 'extended',
} as const;

/** What follows EXPLAIN. */
export function readExplain({ tokens }: QueryContext): Command {
  const word = tokens.peek().upper;
  const mode = Object.hasOwn(explainModes, word) ? explainModes[word as keyof typeof explainModes] : undefined;
  if (mode !== undefined) tokens.next();
  const { start } = tokens.peek();
  while (tokens.peek().kind !== 'end') tokens.next();
  return { kind: 'explain', mode: mode ?? 'simple', text: tokens.text.slice(start) };
}
