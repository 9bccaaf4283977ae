import { nearestNames, SparrowError } from '../base/index.js';
import type { Expr, WindowSpec } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { ExprParser, ParseSettings, TokenStream } from './token-stream.js';

/** Common table expressions by name, inner ones first. */
export class CteScope {
  readonly #plans = new Map<string, Plan>();
  readonly #outer: CteScope | undefined;

  constructor(outer?: CteScope) {
    this.#outer = outer;
  }

  find(name: string): Plan | undefined {
    return this.#plans.get(name.toLowerCase()) ?? this.#outer?.find(name);
  }

  define(name: string, plan: Plan): void {
    const key = name.toLowerCase();
    if (this.#plans.has(key)) {
      throw new SparrowError('DUPLICATED_CTE_NAMES', `the name \`${name}\` is defined twice in WITH`, {
        sqlState: '42602',
        parameters: { duplicateNames: `\`${name}\`` },
      });
    }
    this.#plans.set(key, plan);
  }
}

/** Windows that a WINDOW clause names. */
export type NamedWindows = ReadonlyMap<string, WindowSpec>;

/** What the parts of the query parser share. */
export interface QueryContext {
  readonly tokens: TokenStream;
  readonly settings: ParseSettings;
  readonly exprs: ExprParser;
  ctes: CteScope;
  /** A whole query: WITH, set operations, ORDER BY, LIMIT. */
  query(): Plan;
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
