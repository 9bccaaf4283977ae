import {
  type Field,
  field,
  nearestNames,
  type ScanRequest,
  type ScanSplit,
  type Schema,
  SparrowError,
  structType,
  type TableSource,
} from '../base/index.js';
import type { FileColumn } from './batch-columns.js';
import { asDeclared, matchingFiles, type PartitionColumn, partitionColumns, partitionValue } from './partitions.js';
import type { DataFile } from './paths.js';

/** What a format's splits have in common. */
interface FileSplit {
  readonly path: string;
  readonly start?: number;
  readonly end?: number;
  readonly rows?: number;
}

/** A table of files of one format whose columns are known, with those of its partition folders. */
export class FileTable<S extends FileSplit> implements TableSource {
  readonly schema: Schema;
  readonly statistics;
  readonly #partitions: readonly PartitionColumn[];

  constructor(
    readonly format: string,
    readonly label: string,
    private readonly files: readonly DataFile[],
    data: readonly Field[],
    private readonly zone: string | undefined,
    private readonly splitsOf: (file: DataFile, columns: readonly FileColumn[]) => readonly S[],
    /** Of columns whose values go beyond those of their types. */
    private readonly bounds: NonNullable<ScanSplit['stats']> = {},
  ) {
    this.#partitions = asDeclared(partitionColumns(files), data);
    const added = this.#partitions.filter((p) => data.every((f) => f.name !== p.name));
    this.schema = structType([...data, ...added.map((p) => field(p.name, p.type, true))]);
    this.statistics = { bytes: files.reduce((bytes, file) => bytes + file.size, 0), columns: {} };
  }

  async plan(request: ScanRequest): Promise<{ splits: ScanSplit[]; skipped: number }> {
    const files = matchingFiles(this.files, this.#partitions, request, this.zone);
    const splits = files.flatMap((file) => {
      const columns = request.columns.map((name) => this.#column(name, file));
      return this.splitsOf(file, columns).map((payload): ScanSplit => {
        const { path, start = 0, end = file.size, rows } = payload;
        const label = start === 0 && end === file.size ? path : `${path} bytes ${start}–${end}`;
        return {
          format: this.format,
          label,
          file: path,
          bytes: end - start,
          ...(rows === undefined ? {} : { rows }),
          stats: this.bounds,
          payload,
        };
      });
    });
    return { splits, skipped: this.files.length - files.length };
  }

  #column(name: string, file: DataFile): FileColumn {
    const found = this.schema.fields.find((f) => f.name === name);
    if (found === undefined) {
      throw new SparrowError('UNRESOLVED_COLUMN', `${this.label} has no column ${name}`, {
        candidates: nearestNames(
          name,
          this.schema.fields.map((f) => f.name),
        ),
      });
    }
    const partition = this.#partitions.find((p) => p.name === name);
    const { type } = found;
    return partition === undefined
      ? { name, type }
      : { name, type, constant: partitionValue(file, partition, this.zone) };
  }
}
