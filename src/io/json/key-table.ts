import type { JsonScanner } from './scanner.js';

/** Finds fields by the name a scanner has just read; records mostly have the same fields in the same order. */
export class KeyTable {
  readonly #names: readonly Buffer[];
  readonly #byText = new Map<string, number>();
  /** The field that came after each field last; the one that came first in the last place. */
  readonly #next: Int32Array;
  #last: number;

  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name, 'utf8'));
    // Of equal names the first is meant.
    for (const [i, name] of [...names.entries()].reverse()) this.#byText.set(name, i);
    this.#next = new Int32Array(names.length + 1).fill(-1);
    this.#last = names.length;
  }

  /** A new record begins. */
  restart(): void {
    this.#last = this.#names.length;
  }

  /** The position of the name in `scanner`, -1 for one that is not in the table. */
  find(scanner: JsonScanner): number {
    const expected = this.#next[this.#last] as number;
    if (expected >= 0 && !scanner.escaped && this.#is(expected, scanner)) {
      this.#last = expected;
      return expected;
    }
    const found = this.#byText.get(scanner.text());
    if (found === undefined) return -1;
    this.#next[this.#last] = found;
    this.#last = found;
    return found;
  }

  #is(index: number, { bytes, from, to }: JsonScanner): boolean {
    const name = this.#names[index] as Buffer;
    const { length } = name;
    if (to - from !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== name[i]) return false;
    return true;
  }
}
