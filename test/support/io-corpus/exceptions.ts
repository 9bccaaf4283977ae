import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** Files that another engine reads otherwise, by why. */
export class Exceptions {
  readonly #patterns: readonly RegExp[];

  constructor(list: string) {
    const byReason = JSON.parse(readFileSync(list, 'utf8')) as Readonly<Record<string, readonly string[]>>;
    this.#patterns = Object.values(byReason).flat().map(patternOf);
  }

  /** Whether a file below the corpora is one; `*` in the list stands for any text. */
  has(path: string, corpora: string): boolean {
    const below = relative(resolve(corpora), resolve(path)).replaceAll('\\', '/');
    return this.#patterns.some((pattern) => pattern.test(below));
  }
}

const patternOf = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
