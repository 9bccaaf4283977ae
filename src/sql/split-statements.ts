import { SparrowError } from '../base/index.js';
import { tokenize } from './lexer.js';

/** The statements of a text; `;` inside of strings, names and comments does not end one. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let from = 0;
  let words = 0;
  for (const token of tokenize(text)) {
    if (token.kind !== 'end' && token.upper !== ';') {
      words++;
      continue;
    }
    if (words > 0) statements.push(text.slice(from, token.start).trim());
    from = token.end;
    words = 0;
  }
  if (statements.length > 0) return statements;
  throw new SparrowError('PARSE_EMPTY_STATEMENT', 'there is no statement to run', { sqlState: '42617' });
}
