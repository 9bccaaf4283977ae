import type { Platform, SourceDescription, TableSource } from '../../base/index.js';
import { FileTable } from '../file-table.js';
import { GivenOptions } from '../given-options.js';
import { expandPaths } from '../paths.js';
import { type BinarySplit, FIELDS } from './split.js';

export async function openBinary(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const given = new GivenOptions('binaryFile', ['pathGlobFilter'] as const, description.options);
  const suffix = given.text('pathGlobFilter');
  const all = expandPaths(platform.files, description.paths);
  const files = suffix === undefined ? all : all.filter(({ path }) => globOf(suffix).test(path));
  const label = `binaryFile ${description.paths.join(', ')}`;
  return new FileTable(
    'binaryfile',
    label,
    files,
    FIELDS,
    description.zone,
    ({ path, size, modifiedMs }, columns): BinarySplit[] => [{ path, size, modifiedMs, columns, rows: 1 }],
  );
}

/** A pattern such as `*.png` for the names of files. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/\\\\]*')
    .replaceAll('?', '[^/\\\\]');
  return new RegExp(`(?:^|[/\\\\])${source}$`, 'u');
}
