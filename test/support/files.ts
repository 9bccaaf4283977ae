import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '');

const skipped = /^(node_modules|dist|build|coverage|\.git|\.run|data|\.tools)$/;

/** Files of the repository (not the installed, built or downloaded ones) as `/`-separated paths from its top. */
export function filesUnder(folder: string, keep: (file: string) => boolean = () => true): string[] {
  const found: string[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const full = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.test(entry.name)) visit(full);
      } else if (entry.isFile()) found.push(relative(root, full).split(sep).join('/'));
    }
  };
  visit(join(root, folder));
  return found.filter(keep).sort();
}

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

export const jsonOf = <T>(file: string): T => JSON.parse(textOf(file)) as T;
