import { join } from 'node:path';
import { type FileSystem, SparrowError } from '../../base/index.js';

interface Line {
  readonly add?: { readonly path: string; readonly dataChange?: boolean };
  readonly remove?: { readonly path: string; readonly dataChange?: boolean };
}

/** The files whose rows a version of a table added; versions that take rows away have no place in a stream. */
export function addedFiles(files: FileSystem, root: string, version: number): string[] {
  const file = files.open(join(root, '_delta_log', `${String(version).padStart(20, '0')}.json`));
  const bytes = Buffer.alloc(file.size);
  try {
    file.readInto(bytes, 0, file.size);
  } finally {
    file.close();
  }
  const added: string[] = [];
  for (const text of bytes.toString('utf8').split('\n')) {
    if (text.trim() === '') continue;
    const { add, remove } = JSON.parse(text) as Line;
    if (add !== undefined && add.dataChange !== false) added.push(add.path);
    if (remove === undefined || remove.dataChange === false) continue;
    throw new SparrowError(
      'DELTA_SOURCE_TABLE_IGNORE_CHANGES',
      `version ${version} of the table removes or changes rows`,
      {
        where: `Delta table ${root}`,
        hint: 'streams read tables that only grow; begin anew with another checkpoint',
      },
    );
  }
  return added;
}
