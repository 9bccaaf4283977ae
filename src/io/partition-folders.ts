import { lstatSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type FileSystem, SparrowError } from '../base/index.js';
import { partitionOf } from './paths.js';
import { partitionDirectory } from './write-job.js';
import { removeStaging, type Step, settleWrites, takeSteps } from './write-journal.js';
import { beginStaging, stagingPath } from './write-owner.js';

/** The values of partition columns, outermost first; null for Hive's default partition. */
export type PartitionValues = readonly (readonly [column: string, value: string | null])[];

export const partitionPath = (values: PartitionValues): string =>
  join(...values.map(([column, value]) => partitionDirectory(column, value)));

/** The partitions that a table's directory holds, in the order of their paths. */
export function partitionsIn(files: FileSystem, location: string, columns: readonly string[]): PartitionValues[] {
  settleWrites(files, resolve(location), true);
  let found: { readonly path: string; readonly values: PartitionValues }[] = [{ path: location, values: [] }];
  for (const column of columns) {
    found = found.flatMap(({ path, values }) => {
      const children = files.stat(path)?.directory === true ? files.list(path) : [];
      return children.flatMap((child) => {
        const part = child.directory ? partitionOf(basename(child.path)) : undefined;
        return part?.[0] === column ? [{ path: child.path, values: [...values, part] }] : [];
      });
    });
  }
  return found.map(({ values }) => values).sort((a, b) => (partitionPath(a) < partitionPath(b) ? -1 : 1));
}

/** Partitions leave a table, or go to another place in it: all of them at once, however the process ends. */
export function movePartitions(
  files: FileSystem,
  location: string,
  moves: readonly { readonly from: string; readonly to?: string }[],
): void {
  if (moves.length === 0) return;
  const target = resolve(location);
  const staging = stagingPath(target, `p${Date.now().toString(36)}`);
  for (const { from } of moves) checkInside(target, from);
  beginStaging(staging);
  try {
    files.makeDirectory(staging);
    const steps = moves.map(({ from, to }, i): Step => {
      const source = relative(staging, join(target, from));
      return { from: source, to: to ?? relative(target, join(staging, `dropped-${i}`)) };
    });
    takeSteps(files, staging, target, steps, () => undefined);
  } finally {
    removeStaging(files, staging);
  }
}

/** What lies behind a link is no part of the table, though it is read. */
function checkInside(target: string, folder: string): void {
  for (let at = dirname(folder); at !== '.'; at = dirname(at)) {
    const path = join(target, at);
    if (!lstatSync(path).isSymbolicLink()) continue;
    throw new SparrowError('INVALID_PATH', `${path} is a link: what is behind it is no part of the table`, {
      where: `path ${path}`,
      hint: 'remove the link yourself',
    });
  }
}
