import { SparrowError } from '../base/index.js';
import { tokenize } from './lexer.js';

/** The statements of a text; `;` inside of strings, names, comments and scripts does not end one. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let from = 0;
  let words = 0;
  let blocks = 0;
  const tokens = tokenize(text);
  for (const [i, token] of tokens.entries()) {
    if (words === 0 && token.upper === 'BEGIN') blocks = 1;
    else if (blocks > 0) blocks += blocksOpened(token.upper, tokens[i - 1]?.upper, tokens[i + 1]?.upper);
    if (token.kind !== 'end' && (token.upper !== ';' || blocks > 0)) {
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

/** What END does not end alone: it names what began with this word. */
const openedByWord: ReadonlySet<string> = new Set(['IF', 'WHILE', 'LOOP', 'REPEAT', 'FOR']);

/** How many more of BEGIN and CASE are open inside a script behind this word. */
function blocksOpened(word: string, before = '', after = ''): number {
  if (word === 'BEGIN') return beforeName.has(before) ? 0 : 1;
  if (word === 'CASE') return before === 'END' ? 0 : 1;
  return word === 'END' && before !== '.' && !openedByWord.has(after) ? -1 : 0;
}

/** Behind these BEGIN is the name of something. */
const beforeName: ReadonlySet<string> = new Set(['.', ',', '(', '=', 'SELECT', 'DECLARE', 'SET', 'AS']);
