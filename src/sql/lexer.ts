import { SparrowError } from '../base/index.js';

/** A piece of SQL text. `start` and `end` are positions in it. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'symbol' | 'parameter' | 'end';
  /** As written; of names and strings what is between the quotes, with escapes put in. */
  readonly text: string;
  /** In upper case, for words and symbols: what keywords are compared with. */
  readonly upper: string;
  readonly start: number;
  readonly end: number;
}

const symbols = [
  ...['/*+', '*/', '<=>', '>>>', '<=', '>=', '<>', '!=', '==', '||', '::', '->', '=>', '<<', '>>', '|>'],
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    '.',
    ';',
    '+',
    '-',
    '*',
    '/',
    '%',
    '&',
    '|',
    '^',
    '~',
    '=',
    '<',
    '>',
    '!',
    ':',
    '?',
  ],
];

const blank = /(?:\s+|--[^\n]*)+/y;
const word = /[\p{L}_][\p{L}\p{N}_$]*/uy;
/** What is no number may begin with digits: `2024_sales`. */
const wideWord = /[\p{L}\p{N}_][\p{L}\p{N}_$]*/uy;
/** Digits, a fraction, an exponent, a type suffix; not followed by something that makes it a name. */
const number = /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?:BD|bd|[lLsSyYdDfF])?(?![\p{L}\p{N}_])/uy;

/**
 * The tokens of a text, with an `end` token after the last. A doubled quote inside a string is a quote, unless
 * `consecutive` says that there a string ends and the next begins.
 */
export function tokenize(text: string, consecutive = false): Token[] {
  const tokens: Token[] = [];
  let positional = 0;
  let at = skipBlank(text, 0);
  while (at < text.length) {
    const read = readToken(text, at, tokens.at(-1), consecutive);
    // Positional parameters are named by their number.
    const next = read.upper === '?' ? token('parameter', String(++positional), read.start, read.end) : read;
    tokens.push(next);
    at = skipBlank(text, next.end, next.upper === 'SELECT' || next.upper === '*/');
  }
  tokens.push({ kind: 'end', text: '', upper: '', start: text.length, end: text.length });
  return tokens;
}

/** After SELECT `/*+` begins hints; everywhere else a comment. */
function skipBlank(text: string, from: number, hints = false): number {
  let at = from;
  for (;;) {
    blank.lastIndex = at;
    if (blank.test(text)) at = blank.lastIndex;
    else if (text.startsWith('/*', at) && !(hints && text[at + 2] === '+')) at = endOfComment(text, at);
    else return at;
  }
}

/** Bracketed comments nest. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    if (text.startsWith('/*', at)) {
      depth++;
      at += 2;
    } else if (text.startsWith('*/', at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  throw syntaxError(text, from, 'the comment that starts here has no end', 'UNCLOSED_BRACKETED_COMMENT');
}

function readToken(text: string, start: number, previous: Token | undefined, consecutive: boolean): Token {
  const first = text[start] as string;
  if (first === "'" || first === '"') return readString(text, start, start, false, consecutive);
  if (first === '`') return readName(text, start);
  if ((first === 'r' || first === 'R') && (text[start + 1] === "'" || text[start + 1] === '"')) {
    return readString(text, start, start + 1, true);
  }
  // After a name a dot begins a part of it, not a number.
  const afterName =
    previous !== undefined && previous.end === start && (previous.kind === 'word' || previous.kind === 'name');
  if (!(first === '.' && (afterName || previous?.upper === ']' || previous?.upper === ')'))) {
    const digits = match(number, text, start);
    if (digits !== undefined) return token('number', digits, start, start + digits.length);
  }
  const letters = match(wideWord, text, start);
  if (letters !== undefined) return token('word', letters, start, start + letters.length);
  if (first === ':') {
    const name = match(word, text, start + 1);
    if (name !== undefined && previous?.upper !== ':' && text[start - 1] !== ':') {
      return token('parameter', name, start, start + 1 + name.length);
    }
  }
  const symbol = symbols.find((each) => text.startsWith(each, start));
  if (symbol !== undefined) return token('symbol', symbol, start, start + symbol.length);
  throw syntaxError(text, start, `there is no meaning for '${first}' here`);
}

const token = (kind: Token['kind'], text: string, start: number, end: number): Token => ({
  kind,
  text,
  upper: kind === 'word' || kind === 'symbol' ? text.toUpperCase() : '',
  start,
  end,
});

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function readName(text: string, start: number): Token {
  let name = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '`') name += text[at];
    else if (text[at + 1] === '`') {
      name += '`';
      at++;
    } else return token('name', name, start, at + 1);
  }
  throw syntaxError(text, start, 'the name that starts here has no closing backquote');
}

const escapes: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' };

/** In raw strings (r'…') a backslash is itself; a doubled quote is one quote in all others. */
function readString(text: string, start: number, quoteAt: number, raw: boolean, consecutive = false): Token {
  const quote = text[quoteAt] as string;
  let value = '';
  for (let at = quoteAt + 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === quote) {
      if (raw || consecutive || text[at + 1] !== quote) return token('string', value, start, at + 1);
      value += quote;
      at++;
    } else if (char === '\\' && !raw) {
      const [escaped, length] = readEscape(text, at + 1);
      value += escaped;
      at += length;
    } else value += char;
  }
  throw syntaxError(text, start, 'the string that starts here has no closing quote');
}

/** What follows a backslash: its meaning and how many characters it takes. */
function readEscape(text: string, at: number): readonly [string, number] {
  const rest = text.slice(at, at + 9);
  const unicode = /^u([0-9a-fA-F]{4})|^U([0-9a-fA-F]{8})/.exec(rest);
  if (unicode !== null) {
    const code = Number.parseInt(unicode[1] ?? unicode[2] ?? '', 16);
    return [code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd', unicode[0].length];
  }
  const octal = /^[0-3][0-7]{2}/.exec(rest);
  if (octal !== null) return [String.fromCharCode(Number.parseInt(octal[0], 8)), 3];
  const char = rest[0] ?? '';
  // LIKE reads these itself.
  if (char === '%' || char === '_') return [`\\${char}`, 1];
  return [escapes[char] ?? char, 1];
}

/** A syntax error with the line it is in and a mark under the place. */
export function syntaxError(text: string, at: number, what: string, code = 'PARSE_SYNTAX_ERROR'): SparrowError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1);
  const end = text.indexOf('\n', at);
  const whole = text.slice(at - column, end === -1 ? undefined : end);
  return new SparrowError(code, `${what}\n${whole}\n${' '.repeat(column)}^\n`, {
    where: `line ${line}, position ${column + 1} of the SQL text`,
    sqlState: '42601',
    parameters: { line: String(line), position: String(column + 1) },
  });
}
