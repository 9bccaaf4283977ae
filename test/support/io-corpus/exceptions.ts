import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** Files of the corpora, by why they are listed. */
export class FileList {
  readonly #patterns: readonly RegExp[];
  readonly #others: readonly RegExp[];

  constructor(list: string) {
    const byReason = JSON.parse(readFileSync(list, 'utf8')) as Readonly<Record<string, readonly string[]>>;
    const all = Object.values(byReason).flat();
    this.#patterns = all.filter((text) => !text.startsWith('!')).map(patternOf);
    this.#others = all.filter((text) => text.startsWith('!')).map((text) => patternOf(text.slice(1)));
  }

  /** Whether a file below the corpora is one; `*` in the list stands for any text, and `!` begins what is none. */
  has(path: string, corpora: string): boolean {
    const below = relative(resolve(corpora), resolve(path)).replaceAll('\\', '/');
    const fits = (pattern: RegExp): boolean => pattern.test(below);
    return this.#patterns.some(fits) && !this.#others.some(fits);
  }
}

/** Files that another engine reads otherwise. */
export const exceptions = (): FileList => new FileList('test/conformance/io-exceptions.json');

/** Files that DuckDB reads otherwise, and pyarrow as we do (`npm run test:peers -- io-corpus` asks it). */
export const asPyarrow = (): FileList => new FileList('test/conformance/io-pyarrow.json');

/** Files that are no such files by what their own suites publish: to refuse them is the right answer. */
export const toBeRefused = (): FileList => new FileList('test/conformance/io-refused.json');

const patternOf = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
