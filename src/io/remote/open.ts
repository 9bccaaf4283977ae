import type { Format, Platform, ScanRequest, SourceDescription, TableSource } from '../../base/index.js';
import { isMemory } from '../memory-paths.js';
import { expandPaths } from '../paths.js';
import { RemoteFile } from './remote-file.js';
import { isS3, splitOptions } from './s3.js';

export const isRemote = (path: string): boolean => /^https?:\/\//i.test(path) || isS3(path);

/**
 * Opens files of the web: each becomes a file of this machine, of which the bytes are fetched that the format reads. A
 * format that says which these are (Parquet: the footer, then the column chunks of a scan) costs no more.
 */
export async function openRemote(
  format: Format,
  description: SourceDescription,
  platform: Platform,
): Promise<TableSource> {
  const remote = new Map<string, RemoteFile>();
  const paths: string[] = [];
  const { own, rest } = splitOptions(description.options);
  const prepare = async (file: RemoteFile): Promise<void> => {
    if (format.remote === undefined) await file.ensure([[0, file.size]]);
    else await format.remote.prepare(file);
  };
  for (const path of description.paths) {
    if (isMemory(path)) {
      const { memoryFile } = await import('./memory-file.js');
      paths.push(await memoryFile(path));
      continue;
    }
    if (!isRemote(path)) {
      paths.push(path);
      continue;
    }
    if (isS3(path)) {
      const { mirrored } = await import('./s3-mirror.js');
      const local = await mirrored(path, own, remote);
      paths.push(local);
      // The metadata of a table says which files are read; all come.
      const read =
        format.name === 'delta' || format.name === 'iceberg'
          ? [...remote.keys()]
          : expandPaths(platform.files, [local]).map((f) => f.path);
      for (const each of read) await prepare(remote.get(each) as RemoteFile);
      continue;
    }
    const file = await RemoteFile.open(path);
    remote.set(file.path, file);
    paths.push(file.path);
    await prepare(file);
  }
  const source = await format.open({ ...description, paths, options: rest }, platform);
  return format.remote === undefined ? source : new RemoteSource(source, format, remote, description.paths);
}

/** A table whose pieces are fetched when it is known which are read. */
class RemoteSource implements TableSource {
  readonly label: string;
  readonly format: string;
  readonly schema;
  readonly statistics;

  constructor(
    private readonly source: TableSource,
    private readonly of: Format,
    private readonly files: ReadonlyMap<string, RemoteFile>,
    paths: readonly string[],
  ) {
    this.label = `${source.format} ${paths.join(', ')}`;
    this.format = source.format;
    this.schema = source.schema;
    this.statistics = source.statistics;
  }

  async plan(request: ScanRequest): ReturnType<TableSource['plan']> {
    const plan = await this.source.plan(request);
    const wanted = new Map<RemoteFile, [number, number][]>();
    for (const split of plan.splits) {
      for (const { path, start, end } of this.of.remote?.ranges(split) ?? []) {
        const file = this.files.get(path);
        if (file !== undefined) wanted.set(file, [...(wanted.get(file) ?? []), [start, end]]);
      }
    }
    for (const [file, ranges] of wanted) await file.ensure(ranges);
    return plan;
  }
}
