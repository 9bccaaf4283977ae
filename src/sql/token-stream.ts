import type { SparrowError } from '../base/index.js';
import type { ValueOf } from '../plan/catalog.js';
import type { Expr } from '../plan/expr.js';
import type { Plan } from '../plan/node.js';
import { syntaxError, type Token, tokenize } from './lexer.js';

const pipeWords: ReadonlySet<string> = new Set([
  ...['SELECT', 'EXTEND', 'SET', 'DROP', 'AS', 'WHERE', 'PIVOT', 'UNPIVOT', 'TABLESAMPLE', 'JOIN', 'INNER', 'CROSS'],
  ...['LEFT', 'RIGHT', 'FULL', 'SEMI', 'ANTI', 'NATURAL', 'UNION', 'EXCEPT', 'MINUS', 'INTERSECT', 'ORDER', 'SORT'],
  ...['CLUSTER', 'DISTRIBUTE', 'LIMIT', 'OFFSET', 'AGGREGATE'],
]);

const DOUBLE_QUOTED_NAMES = 'spark.sql.ansi.doubleQuotedIdentifiers';

const CONSECUTIVE_STRINGS = 'spark.sql.legacy.consecutiveStringLiterals.enabled';

/** `"a b"` as a name, where the session has it so. */
const asName = (token: Token, text: string): Token =>
  token.kind === 'string' && text[token.start] === '"' ? { ...token, kind: 'name' } : token;

/** `IDENTIFIER('a.b')` is what the text spells: strings, parameters and variables, with `||` between them. */
function withNames(tokens: readonly Token[], constantOf: ParseSettings['constantOf']): Token[] {
  const named: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    let at = i + 1;
    const parts: unknown[] = [];
    if (token.upper === 'IDENTIFIER' && tokens[at]?.upper === '(') {
      do {
        const { kind, text } = tokens[++at] as Token;
        parts.push(kind === 'string' ? text : constantOf?.(kind === 'parameter' ? `:${text}` : text));
      } while (tokens[++at]?.upper === '||');
    }
    const close = tokens[at];
    if (parts.length > 0 && close?.upper === ')' && parts.every((part) => typeof part === 'string')) {
      for (const part of tokenize(parts.join('')).slice(0, -1))
        named.push({ ...part, kind: part.kind === 'word' ? 'name' : part.kind, start: token.start, end: close.end });
      i = at;
    } else named.push(token);
  }
  return named;
}

/** Tokens with a place among them. */
export class TokenStream {
  readonly text: string;
  /** Whether `|` may stand for `|>`. */
  singlePipes: boolean;
  /** A word that ends a query here, and so names nothing. */
  stopWord: string | undefined;
  readonly #tokens: Token[];
  #at = 0;

  constructor(text: string, settings?: ParseSettings) {
    this.text = text;
    const read = tokenize(text, settings?.config?.[CONSECUTIVE_STRINGS] === 'true');
    const tokens = /identifier\s*\(/i.test(text) ? withNames(read, settings?.constantOf) : read;
    this.singlePipes = settings?.config?.['spark.sql.parser.singleCharacterPipeOperator.enabled'] !== 'false';
    this.#tokens =
      settings?.config?.[DOUBLE_QUOTED_NAMES] === 'true' ? tokens.map((token) => asName(token, text)) : tokens;
  }

  /** The token `ahead` places on. */
  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#at + ahead, last)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  /** Where the stream stands, for `back`. */
  get place(): number {
    return this.#at;
  }

  back(place: number): void {
    this.#at = place;
  }

  /** Whether these words or symbols come next. */
  is(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.peek(i);
      return token.upper === word && (token.kind === 'word' || token.kind === 'symbol');
    });
  }

  /** Goes past these words or symbols when they come next. */
  accept(...words: readonly string[]): boolean {
    if (!this.is(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** Whether a pipe operator follows: `|>`, or `|` before a word that begins one. */
  startsPipe(): boolean {
    if (this.is('|>')) return true;
    // `a | aggregate(…)` calls the function.
    return this.singlePipes && this.is('|') && pipeWords.has(this.peek(1).upper) && !this.is('|', 'AGGREGATE', '(');
  }
  acceptPipe(): boolean {
    if (!this.startsPipe()) return false;
    this.#at++;
    return true;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) throw this.unexpected(`'${word}'`);
  }

  /** Takes `first` off a longer symbol that starts with it (`>` off `>>`). */
  splitFirst(first: string): boolean {
    const token = this.peek();
    if (token.kind !== 'symbol' || token.text.length <= first.length || !token.text.startsWith(first)) return false;
    const text = token.text.slice(first.length);
    this.#tokens[this.#at] = { ...token, text, upper: text, start: token.start + first.length };
    return true;
  }

  startsParameter(mark: string): boolean {
    const token = this.peek();
    return token.kind === 'parameter' && this.text[token.start] === mark;
  }

  /** Takes the colon off a named parameter, which leaves a word. */
  splitParameter(): void {
    const token = this.peek();
    if (!this.startsParameter(':')) return;
    this.#tokens[this.#at] = { ...token, kind: 'word', upper: token.text.toUpperCase(), start: token.start + 1 };
  }

  /** A name: any word, or anything in backquotes. */
  name(what = 'a name'): string {
    const token = this.peek();
    if (token.kind !== 'word' && token.kind !== 'name') throw this.unexpected(what);
    this.#at++;
    return token.text;
  }

  string(what = 'a string'): string {
    const token = this.peek();
    if (token.kind !== 'string') throw this.unexpected(what);
    this.#at++;
    return token.text;
  }

  integer(what = 'a whole number'): number {
    const token = this.peek();
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw this.unexpected(what);
    this.#at++;
    return Number(token.text);
  }

  /** Fails unless everything has been read. */
  end(): void {
    if (this.peek().kind !== 'end') throw this.unexpected('the end');
  }

  unexpected(wanted?: string): SparrowError {
    const token = this.peek();
    const found =
      token.kind === 'end' ? 'at the end of the text' : `at or near '${this.text.slice(token.start, token.end)}'`;
    return this.error(`syntax error ${found}${wanted === undefined ? '' : `: expected ${wanted}`}`, token);
  }

  error(what: string, token: Token = this.peek(), code?: string): SparrowError {
    return syntaxError(this.text, token.start, what, code);
  }
}

/** What the parts of the expression parser ask of each other. */
export interface ExprParser {
  readonly tokens: TokenStream;
  readonly settings: ParseSettings;
  /** Any expression. */
  expression(): Expr;
  /** An expression without AND, OR, NOT and predicates: an operand of BETWEEN. */
  value(): Expr;
  /** An expression with a name of its own, perhaps. */
  named(): Expr;
  /** An argument of a call, perhaps by name: `n => 3`. */
  argument(): Expr;
  /** A query in an expression; absent where the text is an expression alone. */
  readonly query: (() => Plan) | undefined;
}

/** What literals depend on. */
export interface ParseSettings {
  readonly timeZone: string;
  /** What TIMESTAMP and timestamp literals without a zone mean. */
  readonly timestampType: 'ltz' | 'ntz';
  /** Settings by Spark's names, as text. */
  readonly config?: Readonly<Record<string, string>>;
  readonly constantOf?: ValueOf | undefined;
}

export const plainSettings: ParseSettings = { timeZone: 'UTC', timestampType: 'ltz' };
