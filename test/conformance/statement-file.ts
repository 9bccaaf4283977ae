import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** A file of statements with what Spark answered: one of Spark's golden files as JSON. */
export interface StatementFile {
  readonly file: string;
  readonly category: string;
  readonly ansi: boolean;
  readonly timestampType: string;
  readonly directives: readonly (readonly [string, string])[];
  readonly steps: readonly Statement[];
}

export interface Statement {
  readonly sql: string;
  /** `struct<name:type,…>`. */
  readonly schema?: string;
  /** Tab-separated rows; sorted unless the query orders them. */
  readonly output?: string;
  readonly error?: ExpectedError;
  /** Prepares the ground for later statements and is no case itself. */
  readonly setup?: boolean;
}

export interface ExpectedError {
  readonly class?: string;
  readonly errorClass?: string;
  readonly sqlState?: string;
  readonly messageParameters?: Readonly<Record<string, string>>;
}

export const readStatements = (path: string): StatementFile => JSON.parse(readFileSync(path, 'utf8')) as StatementFile;

/** The statement files under a folder, by their paths from it. */
export function statementFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => Array.isArray((readStatements(join(folder, name)) as { steps?: unknown }).steps))
    .sort();
}

/** The folder of the tables that the suite builds, in the folder of the statements or above it. */
export function testDataFolder(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, 'test-data', 'postgresql');
    if (existsSync(found)) return found;
    if (at === dirname(at)) return undefined;
  }
}
