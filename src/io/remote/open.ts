import type { Format, Platform, ScanRequest, SourceDescription, TableSource } from '../../base/index.js';
import { RemoteFile } from './remote-file.js';

export const isRemote = (path: string): boolean => /^https?:\/\//i.test(path);

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
  for (const path of description.paths) {
    if (!isRemote(path)) {
      paths.push(path);
      continue;
    }
    const file = await RemoteFile.open(path);
    remote.set(file.path, file);
    paths.push(file.path);
    if (format.remote === undefined) await file.ensure([[0, file.size]]);
    else await format.remote.prepare(file);
  }
  const source = await format.open({ ...description, paths }, platform);
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
