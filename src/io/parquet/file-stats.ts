import type { DataType, Platform } from '../../base/index.js';
import { readFooter } from './footer.js';
import { fileColumns } from './schema.js';
import { type ChunkStats, chunkStats, mergeStats } from './statistics.js';

/** What the footer of one file says about its flat columns, by name, and its number of rows. */
export function fileStats(
  path: string,
  platform: Platform,
): { readonly rows: number; readonly columns: ReadonlyMap<string, { type: DataType; stats: ChunkStats }> } {
  const file = platform.files.open(path);
  try {
    const metadata = readFooter(file);
    const { rowGroups, columnOrders } = metadata;
    const columns = new Map<string, { type: DataType; stats: ChunkStats }>();
    for (const { name, type, node } of fileColumns(metadata, path).columns) {
      if (node?.kind !== 'leaf' || type === undefined) continue;
      const { chunk, decode } = node;
      const pieces = rowGroups.map((group) =>
        chunkStats(group.chunk(chunk)?.metadata?.statistics, columnOrders[chunk], { type, decode }, group.rows),
      );
      columns.set(name, { type, stats: mergeStats(pieces) });
    }
    return { rows: rowGroups.reduce((rows, group) => rows + group.rows, 0), columns };
  } finally {
    file.close();
  }
}
