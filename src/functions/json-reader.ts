/**
 * A JSON text as a tree that keeps what JavaScript's own parser loses: the digits of numbers, doubled keys, and where
 * a value stands in the text. Liberties beyond the standard are options, as in Spark.
 */
export type JsonNode =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** The digits as written; `NaN`, `Infinity` and the like where they are allowed. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: JsonNode])[] };

export interface JsonLiberties {
  readonly singleQuotes: boolean;
  readonly unquotedNames: boolean;
  readonly leadingZeros: boolean;
  readonly nonNumeric: boolean;
  readonly comments: boolean;
  readonly controlCharacters: boolean;
  readonly anyEscape: boolean;
}

export const SPARK_LIBERTIES: JsonLiberties = {
  singleQuotes: true,
  unquotedNames: false,
  leadingZeros: false,
  nonNumeric: true,
  comments: false,
  controlCharacters: false,
  anyEscape: false,
};

const MOST_LEVELS = 1000;
const NULL: JsonNode = { kind: 'null' };
const TRUE: JsonNode = { kind: 'boolean', value: true };
const FALSE: JsonNode = { kind: 'boolean', value: false };

/** Not an error object: malformed text is common, and most callers give null for it. */
export class MalformedJson extends Error {}

/**
 * The first value of a text; undefined when there is nothing but blanks. What follows the value is not looked at
 * unless `whole`: Spark, too, stops reading there. Throws MalformedJson.
 */
export function readJson(
  text: string,
  liberties: JsonLiberties = SPARK_LIBERTIES,
  whole = false,
): JsonNode | undefined {
  const reader = new JsonReader(text, liberties);
  reader.blank();
  if (reader.ended) return undefined;
  const node = reader.value(0);
  reader.blank();
  if (whole && !reader.ended) throw new MalformedJson('there is more behind the value');
  return node;
}

/** As `readJson`, with undefined for malformed text. */
export function tryReadJson(text: string, liberties?: JsonLiberties): JsonNode | undefined {
  try {
    return readJson(text, liberties);
  } catch (error) {
    if (error instanceof MalformedJson) return undefined;
    throw error;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LOOSE_NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPECIAL = /(?:NaN|[+-]?(?:INF|Infinity))(?![A-Za-z0-9_])/y;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const AFTER_NUMBER = /[\s,\]}:]|$|\/[*/]/y;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class JsonReader {
  #at = 0;

  constructor(
    readonly text: string,
    readonly liberties: JsonLiberties,
  ) {}

  get ended(): boolean {
    return this.#at >= this.text.length;
  }

  blank(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) this.#at++;
      else if (code === 0x2f && this.liberties.comments) this.#comment();
      else return;
    }
  }

  #comment(): void {
    const isLine = this.text.startsWith('//', this.#at);
    if (!isLine && !this.text.startsWith('/*', this.#at)) throw this.#bad('a slash');
    const end = this.text.indexOf(isLine ? '\n' : '*/', this.#at + 2);
    if (end < 0 && !isLine) throw this.#bad('a comment without end');
    this.#at = end < 0 ? this.text.length : end + (isLine ? 1 : 2);
  }

  value(depth: number): JsonNode {
    if (depth > MOST_LEVELS) throw this.#bad(`more than ${MOST_LEVELS} levels`);
    const char = this.text[this.#at];
    switch (char) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return { kind: 'string', text: this.#string('"') };
      case "'":
        if (!this.liberties.singleQuotes) throw this.#bad('a single quote');
        return { kind: 'string', text: this.#string("'") };
      case 't':
        return this.#word('true', TRUE);
      case 'f':
        return this.#word('false', FALSE);
      case 'n':
        return this.#word('null', NULL);
      default:
        return this.#number();
    }
  }

  #word(word: string, node: JsonNode): JsonNode {
    if (!this.text.startsWith(word, this.#at)) throw this.#bad('a word');
    this.#at += word.length;
    AFTER_NUMBER.lastIndex = this.#at;
    if (!AFTER_NUMBER.test(this.text)) throw this.#bad('a word');
    return node;
  }

  #number(): JsonNode {
    const pattern = this.liberties.leadingZeros ? LOOSE_NUMBER : NUMBER;
    const found = this.#match(pattern) ?? (this.liberties.nonNumeric ? this.#match(SPECIAL) : undefined);
    if (found === undefined) throw this.#bad('no value');
    AFTER_NUMBER.lastIndex = this.#at;
    if (!AFTER_NUMBER.test(this.text)) throw this.#bad('a number');
    return { kind: 'number', text: found };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #array(depth: number): JsonNode {
    const items: JsonNode[] = [];
    this.#at++;
    this.blank();
    if (this.#accept(']')) return { kind: 'array', items };
    for (;;) {
      this.blank();
      items.push(this.value(depth + 1));
      this.blank();
      if (this.#accept(']')) return { kind: 'array', items };
      if (!this.#accept(',')) throw this.#bad('an array');
    }
  }

  #object(depth: number): JsonNode {
    const entries: [string, JsonNode][] = [];
    this.#at++;
    this.blank();
    if (this.#accept('}')) return { kind: 'object', entries };
    for (;;) {
      this.blank();
      const key = this.#key();
      this.blank();
      if (!this.#accept(':')) throw this.#bad('an object');
      this.blank();
      entries.push([key, this.value(depth + 1)]);
      this.blank();
      if (this.#accept('}')) return { kind: 'object', entries };
      if (!this.#accept(',')) throw this.#bad('an object');
    }
  }

  #key(): string {
    const char = this.text[this.#at];
    if (char === '"') return this.#string('"');
    if (char === "'" && this.liberties.singleQuotes) return this.#string("'");
    const name = this.liberties.unquotedNames ? this.#match(NAME) : undefined;
    if (name === undefined) throw this.#bad('a key');
    return name;
  }

  #string(quote: string): string {
    const { text } = this;
    const start = ++this.#at;
    let value = '';
    let from = start;
    for (let at = start; at < text.length; at++) {
      const char = text[at] as string;
      if (char === quote) {
        this.#at = at + 1;
        return from === start ? text.slice(start, at) : value + text.slice(from, at);
      }
      if (char === '\\') {
        value += text.slice(from, at);
        const [escaped, length] = this.#escape(at + 1);
        value += escaped;
        at += length;
        from = at + 1;
      } else if (char < ' ' && !this.liberties.controlCharacters) throw this.#bad('a control character');
    }
    throw this.#bad('a string without end');
  }

  /** What follows a backslash: its meaning, and how many characters it takes. */
  #escape(at: number): readonly [string, number] {
    const char = this.text[at] ?? '';
    if (char === 'u') {
      const digits = this.text.slice(at + 1, at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#bad('an escape');
      return [String.fromCharCode(Number.parseInt(digits, 16)), 5];
    }
    const meaning = ESCAPES[char];
    if (meaning !== undefined) return [meaning, 1];
    const isItself = char === '"' || char === '\\' || char === '/' || (char === "'" && this.liberties.singleQuotes);
    if (!isItself && (char === '' || !this.liberties.anyEscape)) throw this.#bad('an escape');
    return [char, 1];
  }

  #accept(char: string): boolean {
    if (this.text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #bad(what: string): MalformedJson {
    return new MalformedJson(`${what} at character ${this.#at + 1}`);
  }
}

/** A string as JSON writes it; characters beyond ASCII stay as they are. */
export const jsonString = (text: string): string => JSON.stringify(text);

/** A value as compact JSON; `numberText` says how numbers are written. */
export function jsonText(node: JsonNode, numberText: (text: string) => string = (text) => text): string {
  switch (node.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(node.value);
    case 'number':
      return numberText(node.text);
    case 'string':
      return jsonString(node.text);
    case 'array':
      return `[${node.items.map((item) => jsonText(item, numberText)).join(',')}]`;
    case 'object':
      return `{${node.entries.map(([key, value]) => `${jsonString(key)}:${jsonText(value, numberText)}`).join(',')}}`;
  }
}
