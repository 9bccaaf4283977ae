import type { ColumnDefinition, NameParts, PartitionSpec, QueryText } from './command.js';
import { type QueryContext, qualifiedName } from './query-context.js';
import type { TokenStream } from './token-stream.js';
import { readType } from './type-parser.js';

/** `IF NOT EXISTS`. */
export const ifNotExists = (tokens: TokenStream): boolean => tokens.accept('IF', 'NOT', 'EXISTS');
/** `IF EXISTS`. */
export const ifExists = (tokens: TokenStream): boolean => tokens.accept('IF', 'EXISTS');

export const readName = (tokens: TokenStream, what?: string): NameParts => qualifiedName(tokens, what);

/** The query from here on, with its text. */
export function readQueryText(query: QueryContext): QueryText {
  const { tokens } = query;
  const { start } = tokens.peek();
  const plan = query.query();
  return { text: tokens.text.slice(start, tokens.peek(-1).end), plan };
}

/** `('a' = '1', b.c true)`: names and values of options or properties. */
export function readProperties(tokens: TokenStream): Record<string, string> {
  const properties: Record<string, string> = {};
  tokens.expect('(');
  if (tokens.accept(')')) return properties;
  do {
    const name = tokens.peek().kind === 'string' ? tokens.string() : qualifiedName(tokens, 'a property').join('.');
    tokens.accept('=');
    properties[name] = readPropertyValue(tokens);
  } while (tokens.accept(','));
  tokens.expect(')');
  return properties;
}

function readPropertyValue(tokens: TokenStream): string {
  const sign = tokens.accept('-') ? '-' : '';
  const token = tokens.peek();
  if (token.kind !== 'string' && token.kind !== 'number' && token.kind !== 'word') throw tokens.unexpected();
  tokens.next();
  return sign + (token.kind === 'word' ? token.text.toLowerCase() : token.text);
}

/** `(id INT NOT NULL COMMENT 'x', name STRING DEFAULT 'y')`. */
export function readColumns(query: QueryContext): ColumnDefinition[] {
  const { tokens } = query;
  const columns: ColumnDefinition[] = [];
  tokens.expect('(');
  do columns.push(readColumn(query));
  while (tokens.accept(','));
  tokens.expect(')');
  return columns;
}

export function readColumn(query: QueryContext): ColumnDefinition {
  const { tokens, settings, exprs } = query;
  const name = qualifiedName(tokens, 'a column').join('.');
  const type = readType(tokens, settings);
  let nullable = true;
  let comment: string | undefined;
  let value: string | undefined;
  for (;;) {
    if (tokens.accept('NOT', 'NULL')) nullable = false;
    else if (tokens.accept('COMMENT')) comment = tokens.string('a comment');
    else if (tokens.accept('DEFAULT')) {
      const { start } = tokens.peek();
      exprs.value();
      value = tokens.text.slice(start, tokens.peek(-1).end);
    } else break;
  }
  return {
    name,
    type,
    nullable,
    ...(comment === undefined ? {} : { comment }),
    ...(value === undefined ? {} : { default: value }),
  };
}

/** `PARTITION (a = 1, b)`; values may only be left out where a query gives them. */
export function readPartition({ tokens, exprs }: QueryContext, needsValues = true): PartitionSpec {
  const spec: PartitionSpec[number][] = [];
  tokens.expect('PARTITION', '(');
  do {
    const start = tokens.peek();
    const name = tokens.name();
    if (spec.some((other) => other.name.toLowerCase() === name.toLowerCase()))
      throw tokens.error(`the partition column ${name} is given twice`, start, 'DUPLICATE_KEY');
    if (!tokens.accept('=')) {
      if (needsValues && (tokens.is(',') || tokens.is(')')))
        throw tokens.error(`${name} needs a value`, start, 'INVALID_SQL_SYNTAX.EMPTY_PARTITION_VALUE');
      spec.push({ name });
    } else {
      const value = exprs.value();
      const isConstant = value.kind === 'literal' || (value.kind === 'unresolved_column' && value.name.startsWith(':'));
      if (needsValues && !isConstant) throw tokens.error('a constant is needed', start, 'PARSE_SYNTAX_ERROR');
      spec.push({ name, value });
    }
  } while (tokens.accept(','));
  tokens.expect(')');
  return spec;
}
