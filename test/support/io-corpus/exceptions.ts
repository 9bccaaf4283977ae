import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** Files of the corpora, by why they are listed. */
export class FileList {
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

/** Files that another engine reads otherwise. */
export const exceptions = (): FileList => new FileList('test/conformance/io-exceptions.json');

/** Files that are no such files by what their own suites publish: to refuse them is the right answer. */
export const toBeRefused = (): FileList => new FileList('test/conformance/io-refused.json');

const patternOf = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
