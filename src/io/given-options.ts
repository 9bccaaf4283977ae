import { nearestNames, SparrowError } from '../base/index.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '\\t': '\t',
  '\\r': '\r',
  '\\n': '\n',
  '\\b': '\b',
  '\\f': '\f',
  '\\0': '\0',
  '\\u0000': '\0',
  '\\\\': '\\',
};

/** `\t` written as two characters means the tab, as in Spark. */
export function unescapeOption(text: string): string {
  return ESCAPES[text] ?? (text.length > 2 ? text.replace(/\\[trnbf\\]/g, (pair) => ESCAPES[pair] as string) : text);
}

/** The options a user gave a format, by documented name; refuses names that do not exist. */
export class GivenOptions<N extends string> {
  readonly #values = new Map<N, string>();

  constructor(
    private readonly format: string,
    names: readonly N[],
    options: Readonly<Record<string, string>>,
  ) {
    const byLower = new Map(names.map((name) => [name.toLowerCase(), name]));
    for (const [key, value] of Object.entries(options)) {
      const name = byLower.get(key.toLowerCase());
      if (name === undefined) {
        throw new SparrowError('UNKNOWN_OPTION', `${format} has no option ${JSON.stringify(key)}`, {
          where: `${format.toLowerCase()} options`,
          candidates: nearestNames(key, names, 3),
        });
      }
      this.#values.set(name, String(value));
    }
  }

  /** The value of the first of these that is given. */
  text(...names: N[]): string | undefined {
    for (const key of names) {
      const value = this.#values.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  flag(name: N, fallback: boolean): boolean {
    const text = this.#values.get(name)?.trim().toLowerCase();
    if (text === undefined) return fallback;
    if (text === 'true') return true;
    if (text === 'false') return false;
    throw this.wrong(name, text, 'true or false');
  }

  number(name: N, fallback: number, least: number, most: number): number {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw this.wrong(name, text, `a number from ${least} to ${most}`);
    return value;
  }

  /** One of these words, in any case; `fallback` when none is given. */
  choice<const C extends string>(name: N, allowed: readonly C[], fallback: C): C {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    const found = allowed.find((value) => value.toLowerCase() === text.trim().toLowerCase());
    if (found === undefined) throw this.wrong(name, text, `one of ${allowed.join(', ')}`);
    return found;
  }

  /** Only these values are understood. */
  only(name: N, allowed: readonly string[]): void {
    const text = this.#values.get(name);
    if (text !== undefined && !allowed.some((value) => value.toLowerCase() === text.toLowerCase())) {
      throw this.wrong(name, text, `one of ${allowed.join(', ')}`);
    }
  }

  /** A single ASCII character; `\0` and the empty text mean none. */
  character(name: N, fallback: string): number {
    const text = unescapeOption(this.#values.get(name) ?? fallback);
    if (text === '' || text === '\0') return -1;
    if (text.length !== 1 || text.charCodeAt(0) > 0x7f) throw this.wrong(name, text, 'one ASCII character');
    return text.charCodeAt(0);
  }

  wrong(name: string, value: string, wanted: string): SparrowError {
    return new SparrowError('INVALID_OPTION', `the ${this.format} option ${name} is ${JSON.stringify(value)}`, {
      where: `${this.format.toLowerCase()} options`,
      hint: `it must be ${wanted}`,
    });
  }
}
