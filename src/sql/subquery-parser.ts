import type { Expr, UnresolvedCall } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import type { ExprParser, TokenStream } from './token-stream.js';

const queryWords: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE']);

/** Whether a query comes next, after any number of opening parentheses. */
export function startsQuery(tokens: TokenStream): boolean {
  let ahead = 0;
  while (tokens.peek(ahead).upper === '(') ahead++;
  const token = tokens.peek(ahead);
  if (token.kind !== 'word' || !queryWords.has(token.upper)) return false;
  // A column may have such a name: `(values + 1)`, `(from)`.
  if (token.upper === 'VALUES' || token.upper === 'TABLE' || token.upper === 'FROM') {
    const next = tokens.peek(ahead + 1);
    if (next.kind === 'symbol' ? next.upper !== '(' : next.kind === 'end') return false;
  }
  if (ahead === 0) return true;
  // `((SELECT 1) + 2)` is an expression: a query ends where its parentheses do.
  return endsAsQuery(tokens, ahead);
}

const afterQuery: ReadonlySet<string> = new Set([
  ...[')', 'UNION', 'EXCEPT', 'MINUS', 'INTERSECT', 'ORDER', 'LIMIT', 'OFFSET', '|>'],
]);

function endsAsQuery(tokens: TokenStream, from: number): boolean {
  let depth = 1;
  for (let at = from; depth > 0; at++) {
    const { kind, upper } = tokens.peek(at);
    if (kind === 'end') return true;
    if (upper === '(') depth++;
    else if (upper === ')' && --depth === 0) return afterQuery.has(tokens.peek(at + 1).upper);
  }
  return true;
}

/** A query up to its closing parenthesis, the opening one having been read. */
export function readSubquery(parser: ExprParser): Plan {
  const { tokens, query } = parser;
  if (query === undefined) {
    throw tokens.error(
      'a subquery cannot stand in an expression on its own',
      tokens.peek(),
      'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY',
    );
  }
  const plan = query();
  tokens.expect(')');
  return plan;
}

/** Whether an expression is written as a row: `(a, b)`. */
export const isRow = (expr: Expr): expr is UnresolvedCall => expr.kind === 'unresolved_call' && rows.has(expr);

const rows = new WeakSet<Expr>();

/** Remembers that a struct was written as a row. */
export function asRow<E extends Expr>(expr: E): E {
  rows.add(expr);
  return expr;
}
