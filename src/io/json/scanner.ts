import { asBytes, type Bytes } from './bytes.js';
import { JsonFault } from './fault.js';
import type { JsonSyntax } from './options.js';

/** How deep values may be nested; as in Spark's parser. */
export const MAX_DEPTH = 1000;

const QUOTE = 34;
const APOSTROPHE = 39;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** What begins at a byte that is no blank. */
export const TOKEN = { string: 1, number: 2, true: 3, false: 4, null: 5, object: 6, array: 7 } as const;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

/** Reads JSON out of UTF-8 bytes, token by token; never recursive. What is malformed is thrown as a `JsonFault`. */
export class JsonScanner {
  bytes: Bytes = asBytes(new Uint8Array(0));
  at = 0;
  end = 0;
  /** More bytes may follow the end: running into it says nothing about the text. */
  open = false;
  /** Of the string read last, without its quotes. */
  from = 0;
  to = 0;
  escaped = false;
  /** The number read last is written without a point and an exponent. */
  integral = false;
  readonly #objects = new Uint8Array(MAX_DEPTH + 1);

  constructor(readonly syntax: JsonSyntax) {}

  /** The next byte that is no blank, or -1 at the end. */
  peek(): number {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte > 32 || (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9)) {
        if (byte !== SLASH || !this.syntax.comments) break;
        this.at = at;
        this.#comment();
        at = this.at;
        continue;
      }
      at++;
    }
    this.at = at;
    return at < end ? (bytes[at] as number) : -1;
  }

  /** Reads the token that begins here; of objects and arrays only the bracket. */
  token(): number {
    const byte = this.peek();
    switch (byte) {
      case QUOTE:
        this.string(QUOTE);
        return TOKEN.string;
      case OPEN_OBJECT:
        this.at++;
        return TOKEN.object;
      case OPEN_ARRAY:
        this.at++;
        return TOKEN.array;
      case 116:
        this.#word('true');
        return TOKEN.true;
      case 102:
        this.#word('false');
        return TOKEN.false;
      case 110:
        this.#word('null');
        return TOKEN.null;
      default:
        return this.#rareToken(byte);
    }
  }

  #rareToken(byte: number): number {
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      this.number();
      return TOKEN.number;
    }
    if (byte === APOSTROPHE && this.syntax.singleQuotes) {
      this.string(APOSTROPHE);
      return TOKEN.string;
    }
    if (this.syntax.nonNumericNumbers && (byte === 78 || byte === 73 || byte === 43)) {
      this.#nonNumeric();
      return TOKEN.number;
    }
    throw this.unexpected();
  }

  /** What is wrong at the current byte. */
  unexpected(): JsonFault {
    if (this.at >= this.end) return this.open ? JsonFault.INCOMPLETE : JsonFault.of('it ends too early', this.at);
    return JsonFault.of(`byte ${this.bytes[this.at]} was not expected`, this.at);
  }

  #word(word: string): void {
    const { bytes } = this;
    for (let i = 0; i < word.length; i++) {
      if (this.at + i >= this.end || bytes[this.at + i] !== word.charCodeAt(i)) {
        this.at += i;
        throw this.unexpected();
      }
    }
    this.at += word.length;
    this.#endOfWord();
  }

  /** `truex` and `1x` are no values. */
  #endOfWord(): void {
    if (this.at >= this.end) {
      if (this.open) throw JsonFault.INCOMPLETE;
      return;
    }
    const byte = this.bytes[this.at] as number;
    const ends = byte <= 32 || byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte === COLON;
    if (!ends && !(byte === SLASH && this.syntax.comments)) throw this.unexpected();
  }

  string(quote: number): void {
    const { bytes, end } = this;
    let at = this.at + 1;
    this.from = at;
    let escaped = false;
    for (;;) {
      if (at >= end) {
        this.at = end;
        throw this.unexpected();
      }
      const byte = bytes[at] as number;
      if (byte === quote) break;
      if (byte === BACKSLASH) {
        escaped = true;
        at = this.#escape(at);
      } else if (byte < 32 && !this.syntax.controlCharacters) {
        throw JsonFault.of(`the control character ${byte} must be escaped`, at);
      } else at++;
    }
    this.to = at;
    this.escaped = escaped;
    this.at = at + 1;
  }

  /** Past an escape sequence, which must be one. */
  #escape(at: number): number {
    const { bytes, end } = this;
    if (at + 1 >= end) {
      this.at = end;
      throw this.unexpected();
    }
    const byte = bytes[at + 1] as number;
    if (byte === 117) {
      for (let i = at + 2; i < at + 6; i++) {
        if (i >= end) {
          this.at = end;
          throw this.unexpected();
        }
        if (hexDigit(bytes[i] as number) < 0) throw JsonFault.of('\\u needs four hexadecimal digits', i);
      }
      return at + 6;
    }
    const known = ESCAPED[byte] !== 0 || this.syntax.anyEscape || (byte === APOSTROPHE && this.syntax.singleQuotes);
    if (!known) throw JsonFault.of('there is no such escape sequence', at);
    return at + 2;
  }

  number(): void {
    const { bytes, end } = this;
    let at = this.at;
    this.from = at;
    if (bytes[at] === MINUS) at++;
    if (at < end && bytes[at] === 73 && this.syntax.nonNumericNumbers) {
      this.#nonNumeric();
      return;
    }
    const digits = at;
    while (at < end && isDigit(bytes[at])) at++;
    if (at === digits) {
      this.at = at;
      throw this.unexpected();
    }
    if (bytes[digits] === ZERO && at - digits > 1 && !this.syntax.leadingZeros)
      throw JsonFault.of('a number begins with 0', digits);
    this.integral = true;
    if (at < end && bytes[at] === DOT) {
      this.integral = false;
      at = this.#digits(at + 1);
    }
    if (at < end && ((bytes[at] as number) | 32) === 101) {
      this.integral = false;
      at++;
      if (at < end && (bytes[at] === 43 || bytes[at] === MINUS)) at++;
      at = this.#digits(at);
    }
    this.at = at;
    this.to = at;
    this.#endOfWord();
  }

  #digits(from: number): number {
    let at = from;
    while (at < this.end && isDigit(this.bytes[at])) at++;
    if (at > from) return at;
    this.at = at;
    throw this.unexpected();
  }

  /** `NaN`, `Infinity` and `INF` with their signs: what Java's parsers write. */
  #nonNumeric(): void {
    const { bytes, end } = this;
    let at = this.at;
    this.from = at;
    if (bytes[at] === MINUS || bytes[at] === 43) at++;
    while (at < end && ((bytes[at] as number) | 32) >= 97 && ((bytes[at] as number) | 32) <= 122) at++;
    if (at >= end && this.open) throw JsonFault.INCOMPLETE;
    this.integral = false;
    this.to = at;
    if (nonNumericValue(bytes.latin1Slice(this.from, at)) === undefined) throw this.unexpected();
    this.at = at;
  }

  /** Past the value that begins here, checking all of it. */
  skip(): void {
    let depth = 0;
    const objects = this.#objects;
    let token = this.token();
    for (;;) {
      if (token === TOKEN.object || token === TOKEN.array) {
        if (++depth > MAX_DEPTH) throw JsonFault.of(`values are nested more than ${MAX_DEPTH} deep`, this.at);
        objects[depth] = token === TOKEN.object ? 1 : 0;
        if (!this.closes(token === TOKEN.object ? CLOSE_OBJECT : CLOSE_ARRAY)) {
          if (token === TOKEN.object) this.key();
          token = this.token();
          continue;
        }
        depth--;
      }
      while (depth > 0 && !this.#another(objects[depth] === 1)) depth--;
      if (depth === 0) return;
      if (objects[depth] === 1) this.key();
      token = this.token();
    }
  }

  #another(inObject: boolean): boolean {
    return inObject ? this.nextField() : this.nextElement();
  }

  /** Whether a container ends at once; takes its bracket. */
  closes(bracket: number): boolean {
    if (this.peek() !== bracket) return false;
    this.at++;
    return true;
  }

  /** Whether another field follows; takes the comma or the brace. */
  nextField(): boolean {
    return this.#next(CLOSE_OBJECT);
  }

  /** Whether another element follows; takes the comma or the bracket. */
  nextElement(): boolean {
    return this.#next(CLOSE_ARRAY);
  }

  #next(bracket: number): boolean {
    const byte = this.peek();
    if (byte !== COMMA && byte !== bracket) throw this.unexpected();
    this.at++;
    return byte === COMMA;
  }

  /** Reads a field's name, `from` to `to`, and the colon after it. */
  key(): void {
    const byte = this.peek();
    if (byte === QUOTE || (byte === APOSTROPHE && this.syntax.singleQuotes)) this.string(byte);
    else if (this.syntax.unquotedNames && isNameByte(byte)) this.#bareName();
    else throw this.unexpected();
    const { from, to, escaped } = this;
    if (this.peek() !== COLON) throw this.unexpected();
    this.at++;
    this.from = from;
    this.to = to;
    this.escaped = escaped;
  }

  #bareName(): void {
    this.from = this.at;
    while (this.at < this.end && isNameByte(this.bytes[this.at] as number)) this.at++;
    this.to = this.at;
    this.escaped = false;
  }

  /** The text of the string or name read last. */
  text(): string {
    const { bytes, from, to } = this;
    return this.escaped ? withoutEscapes(bytes, from, to) : bytes.utf8Slice(from, to);
  }

  #comment(): void {
    const { bytes, end } = this;
    const kind = bytes[this.at + 1];
    const stop = kind === SLASH ? bytes.indexOf(10, this.at) : kind === 42 ? bytes.indexOf('*/', this.at + 2) : -2;
    if (stop === -2 || (kind === 42 && (stop < 0 || stop + 2 > end))) throw this.unexpected();
    this.at = stop < 0 || stop >= end ? end : stop + (kind === 42 ? 2 : 1);
  }
}

/** 1 for the letters that may follow a backslash, `u` apart. */
const ESCAPED = new Uint8Array(256);
for (const letter of '"\\/bfnrt') ESCAPED[letter.charCodeAt(0)] = 1;

const UNESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Text with its escape sequences resolved. */
function withoutEscapes(bytes: Bytes, from: number, to: number): string {
  return bytes
    .utf8Slice(from, to)
    .replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_: string, code: string) =>
      code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (UNESCAPED[code] ?? code),
    );
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function isNameByte(byte: number): boolean {
  const letter = byte | 32;
  return (letter >= 97 && letter <= 122) || isDigit(byte) || byte === 95 || byte === 36 || byte >= 128;
}

/** The value of a word such as `NaN` or `-Infinity`. */
export function nonNumericValue(text: string): number | undefined {
  switch (text) {
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
    case '+Infinity':
    case 'INF':
    case '+INF':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
    case '-INF':
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}
