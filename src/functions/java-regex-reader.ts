import { SparrowError } from '../base/index.js';

export interface Flags {
  /** Upper and lower case of ASCII letters are the same. */
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

export function refuse(pattern: string, why: string): never {
  throw new SparrowError(
    'INVALID_PARAMETER_VALUE.PATTERN',
    `the regular expression ${JSON.stringify(pattern)} cannot be used: ${why}`,
    {
      sqlState: '22023',
      parameters: { value: pattern },
    },
  );
}

/** A position in a pattern, and what has been translated so far. */
export class Reader {
  at = 0;
  out = '';
  flags: Flags = { ignoreCase: false, dotAll: false, multiline: false };

  constructor(readonly pattern: string) {}

  get more(): boolean {
    return this.at < this.pattern.length;
  }

  peek(ahead = 0): string {
    return this.pattern[this.at + ahead] ?? '';
  }

  startsWith(text: string): boolean {
    return this.pattern.startsWith(text, this.at);
  }

  /** The next code point. */
  next(): string {
    const point = this.pattern.codePointAt(this.at);
    if (point === undefined) return refuse(this.pattern, 'it ends too early');
    const char = String.fromCodePoint(point);
    this.at += char.length;
    return char;
  }

  /** Takes the text matched here by a sticky expression, if it is there. */
  take(expression: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(expression.source, 'y');
    sticky.lastIndex = this.at;
    const match = sticky.exec(this.pattern) ?? undefined;
    if (match !== undefined) this.at += match[0].length;
    return match;
  }

  refuse(why: string): never {
    return refuse(this.pattern, why);
  }
}

export const hexEscape = (point: number): string => `\\u{${point.toString(16)}}`;
