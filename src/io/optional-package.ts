import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SparrowError } from '../base/index.js';

/** The URL of a package that is the user's to install: beside this one, or in the program's folder. */
export function packageUrl(name: string, installed = name): string {
  for (const from of [import.meta.url, join(process.cwd(), 'index.js')]) {
    try {
      return pathToFileURL(createRequire(from).resolve(name)).href;
    } catch {
      // Looked for in the next place.
    }
  }
  throw missingPackage(installed);
}

export const missingPackage = (name: string, cause?: unknown): SparrowError =>
  new SparrowError('MISSING_PACKAGE', `the package ${name} is needed and not there`, {
    hint: name.startsWith('node:') ? 'SQLite needs Node.js 22 or later' : `npm install ${name}`,
    ...(cause === undefined ? {} : { cause }),
  });
