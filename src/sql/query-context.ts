import { nearestNames, SparrowError } from '../base/index.js';
import type { Expr, SortOrder, WindowSpec } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { ExprParser, ParseSettings, TokenStream } from './token-stream.js';

/** Windows that a WINDOW clause names. */
export type NamedWindows = ReadonlyMap<string, WindowSpec>;

/** What the parts of the query parser share. */
export interface QueryContext {
  readonly tokens: TokenStream;
  readonly settings: ParseSettings;
  readonly exprs: ExprParser;
  /** A whole query: WITH, set operations, ORDER BY, LIMIT. As a relation it may give names of WITH around it anew. */
  query(isRelation?: boolean): Plan;
  /** `WITH a AS (…), …` with what each name stands for. */
  definitions(): readonly { readonly name: string; readonly plan: Plan }[];
  /** A query without WITH, set operations and ORDER BY, or one in parentheses. */
  primary(): Plan;
  /** What follows ORDER BY. */
  orders(): SortOrder[];
  /** LIMIT and OFFSET, where they come next. */
  limited(input: Plan): Plan;
}

export function undefinedWindow(name: string, known: NamedWindows): SparrowError {
  return new SparrowError('MISSING_WINDOW_SPECIFICATION', `there is no window \`${name}\` in a WINDOW clause`, {
    sqlState: '42P20',
    candidates: nearestNames(name, [...known.keys()]),
    parameters: { windowName: name, docroot: 'https://spark.apache.org/docs/latest' },
  });
}

/** Expressions separated by commas. */
export function exprList({ tokens, exprs }: QueryContext): Expr[] {
  const list: Expr[] = [];
  do list.push(exprs.expression());
  while (tokens.accept(','));
  return list;
}

/** `(a, b, c)` as names. */
export function nameList(tokens: TokenStream): string[] {
  const names: string[] = [];
  tokens.expect('(');
  do names.push(tokens.name());
  while (tokens.accept(','));
  tokens.expect(')');
  return names;
}

/** `a.b.c`, each part quoted as it must be to be read again. */
export function qualifiedName(tokens: TokenStream, what = 'a table name'): string[] {
  const parts = [tokens.name(what)];
  while (tokens.is('.') && (tokens.peek(1).kind === 'word' || tokens.peek(1).kind === 'name')) {
    tokens.next();
    parts.push(tokens.name());
  }
  return parts;
}

/** Parts of a name as one text, backquotes where dots or such would be misread. */
export const joinName = (parts: readonly string[]): string =>
  parts.map((part) => (/^\w+$/.test(part) ? part : `\`${part.replaceAll('`', '``')}\``)).join('.');
