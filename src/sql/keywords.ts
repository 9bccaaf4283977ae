import type { Token } from './lexer.js';
import type { TokenStream } from './token-stream.js';

/** Words that begin the next clause, and therefore never name the expression or table before them. */
const clauses: ReadonlySet<string> = new Set([
  ...['FROM', 'WHERE', 'GROUP', 'HAVING', 'QUALIFY', 'ORDER', 'LIMIT', 'OFFSET', 'UNION', 'INTERSECT', 'EXCEPT'],
  ...['MINUS', 'LATERAL', 'WINDOW', 'SORT', 'CLUSTER', 'DISTRIBUTE', 'SELECT', 'INSERT', 'AND', 'OR'],
]);

/** Words that belong to a join or another extension of a relation; they cannot name a table without AS. */
const relations: ReadonlySet<string> = new Set([
  ...['JOIN', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'SEMI', 'ANTI', 'NATURAL', 'ON', 'USING'],
  ...['TABLESAMPLE', 'PIVOT', 'UNPIVOT', 'WHEN', 'SET', 'VERSION', 'TIMESTAMP', 'FOR'],
]);

const beforeBy: ReadonlySet<string> = new Set(['GROUP', 'ORDER', 'SORT', 'CLUSTER', 'DISTRIBUTE']);

function startsClause(tokens: TokenStream, token: Token): boolean {
  if (!clauses.has(token.upper)) return false;
  if (beforeBy.has(token.upper)) return tokens.peek(1).upper === 'BY';
  // `WINDOW w AS (…)`, `LATERAL VIEW …`: a lone word of these is a name.
  if (token.upper === 'WINDOW') return tokens.peek(2).upper === 'AS';
  // `SELECT a from FROM t`, `SELECT a from`: the first one is a name.
  if (token.upper === 'FROM') {
    const { kind, upper } = tokens.peek(1);
    return kind !== 'end' && !(kind === 'word' && upper === 'FROM') && !(kind === 'symbol' && /[),;]/.test(upper));
  }
  return true;
}

/** Whether the next token can name the expression just read, without AS. */
export function namesExpression(tokens: TokenStream): boolean {
  const token = tokens.peek();
  if (token.kind === 'name') return true;
  return token.kind === 'word' && token.upper !== tokens.stopWord && !startsClause(tokens, token);
}

/** Whether the next token can name the table just read, without AS. */
export function namesTable(tokens: TokenStream): boolean {
  const token = tokens.peek();
  if (token.kind === 'name') return true;
  if (token.kind !== 'word' || token.upper === tokens.stopWord || startsClause(tokens, token)) return false;
  if (token.upper === 'PIVOT' || token.upper === 'UNPIVOT') {
    return !['(', 'INCLUDE', 'EXCLUDE'].includes(tokens.peek(1).upper);
  }
  return !relations.has(token.upper);
}
