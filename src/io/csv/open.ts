import {
  type DataType,
  type Field,
  field,
  nearestNames,
  type Platform,
  type ScanRequest,
  type ScanSplit,
  type Schema,
  type SourceDescription,
  SparrowError,
  stringType,
  structType,
  type TableSource,
} from '../../base/index.js';
import { isPlain } from '../byte-stream.js';
import { asDeclared, matchingFiles, type PartitionColumn, partitionColumns, partitionValue } from '../partitions.js';
import { type DataFile, expandPaths } from '../paths.js';
import { recordStartNear } from './boundaries.js';
import { cellOf } from './cells.js';
import { columnNames } from './column-names.js';
import { detectOptions } from './detect.js';
import { firstRecord, inferTypes } from './infer.js';
import { type CsvReadOptions, readOptions } from './options.js';
import type { CsvColumn, CsvSplit } from './split.js';

/** Files longer than this are read by several tasks. */
const SPLIT_BYTES = 16 << 20;

export async function openCsv(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const files = expandPaths(platform.files, description.paths);
  const options = await detectOptions(files, readOptions(description.options, description.zone), platform);
  const label = `csv ${description.paths.join(', ')}`;
  const partitions = partitionColumns(files);
  if (description.schema !== undefined)
    return givenTable(label, files, partitions, description.schema, options, platform);
  const [first] = files;
  if (first === undefined) {
    throw new SparrowError('UNABLE_TO_INFER_SCHEMA', `${label} has no files, so its columns are unknown`, {
      hint: 'give the schema with read.schema(…)',
    });
  }
  const head = await firstUsable(files, options, platform);
  const names = columnNames(head, options.header);
  const { types, sampled } = options.inferSchema
    ? await inferTypes(files, names.length, options, platform)
    : { types: names.map(() => stringType), sampled: false };
  const data = names.map((name, i) => field(name, types[i] as DataType));
  return new CsvTable(label, files, data, partitions, data, options, sampled, platform);
}

async function firstUsable(
  files: readonly DataFile[],
  options: CsvReadOptions,
  platform: Platform,
): Promise<(string | null)[]> {
  for (const file of files) {
    const record = await firstRecord(file, options, platform);
    if (record !== undefined) return record;
  }
  return [];
}

async function givenTable(
  label: string,
  files: readonly DataFile[],
  partitions: readonly PartitionColumn[],
  schema: Schema,
  options: CsvReadOptions,
  platform: Platform,
): Promise<TableSource> {
  for (const f of schema.fields) cellOf(f.type, options, `column ${f.name}`);
  const corrupt = schema.fields.find((f) => f.name === options.corruptColumn);
  if (corrupt !== undefined && corrupt.type.kind !== 'string') {
    throw new SparrowError('INVALID_CORRUPT_RECORD_TYPE', `the column ${corrupt.name} is to hold malformed records`, {
      where: `column ${corrupt.name}`,
      hint: 'make it a nullable string',
    });
  }
  const own = new Set([options.corruptColumn, ...partitions.map((p) => p.name)]);
  const inFile = schema.fields.filter((f) => !own.has(f.name));
  if (options.header && !options.enforceSchema) await checkHeaders(files, inFile, options, platform);
  return new CsvTable(label, files, schema.fields, partitions, inFile, options, false, platform);
}

/** Without `enforceSchema` the header must have the names of the schema, in order. */
async function checkHeaders(
  files: readonly DataFile[],
  fields: readonly Field[],
  options: CsvReadOptions,
  platform: Platform,
): Promise<void> {
  for (const file of files) {
    const head = await firstRecord(file, options, platform);
    if (head === undefined) continue;
    const names = columnNames(head, options.header);
    const same =
      names.length === fields.length && names.every((name, i) => name.toLowerCase() === fields[i]?.name.toLowerCase());
    if (same) continue;
    throw new SparrowError(
      'CSV_HEADER_MISMATCH',
      `the header is ${names.join(', ')}, the schema ${fields.map((f) => f.name).join(', ')}`,
      {
        where: `file ${file.path}, line 1`,
        hint: 'name the columns alike, or leave enforceSchema true to go by position',
      },
    );
  }
}

class CsvTable implements TableSource {
  readonly format = 'csv';
  readonly schema: Schema;
  readonly statistics;
  /** The columns a record holds, in order. */
  readonly #inFile: readonly string[];
  readonly #partitions: readonly PartitionColumn[];

  constructor(
    readonly label: string,
    private readonly files: readonly DataFile[],
    data: readonly Field[],
    partitions: readonly PartitionColumn[],
    inFile: readonly Field[],
    private readonly options: CsvReadOptions,
    private readonly sampled: boolean,
    private readonly platform: Platform,
  ) {
    this.#inFile = inFile.map((f) => f.name);
    const names = new Set(data.map((f) => f.name));
    const added = partitions.filter((p) => !names.has(p.name));
    // A file may lack what its column must have, so every column may be null.
    this.schema = structType([...data, ...added].map((f) => field(f.name, f.type)));
    this.#partitions = asDeclared(partitions, data);
    this.statistics = { bytes: files.reduce((bytes, file) => bytes + file.size, 0), columns: {} };
  }

  async plan(request: ScanRequest): Promise<{ splits: ScanSplit[]; skipped: number }> {
    const splits: ScanSplit[] = [];
    const files = matchingFiles(this.files, this.#partitions, request, this.options.timeZone);
    for (const file of files) {
      if (file.size === 0) continue;
      const columns = request.columns.map((name) => this.#column(name, file));
      const cuts = this.#cuts(file);
      for (let i = 0; i + 1 < cuts.length; i++) {
        const [start, end] = [cuts[i] as number, cuts[i + 1] as number];
        const payload: CsvSplit = {
          path: file.path,
          size: file.size,
          modifiedMs: file.modifiedMs,
          start,
          end,
          header: this.options.header && start === 0,
          columns,
          fields: this.#inFile.length,
          options: this.options,
          sampled: this.sampled,
        };
        const label = cuts.length === 2 ? file.path : `${file.path} bytes ${start}–${end}`;
        splits.push({ format: 'csv', label, file: file.path, bytes: end - start, payload });
      }
    }
    return { splits, skipped: this.files.length - files.length };
  }

  #column(name: string, file: DataFile): CsvColumn {
    const at = this.schema.fields.findIndex((f) => f.name === name);
    const found = this.schema.fields[at];
    if (found === undefined) {
      throw new SparrowError('UNRESOLVED_COLUMN', `${this.label} has no column ${name}`, {
        candidates: nearestNames(
          name,
          this.schema.fields.map((f) => f.name),
        ),
      });
    }
    const { type } = found;
    const partition = this.#partitions.find((p) => p.name === name);
    const position = this.#inFile.indexOf(name);
    if (position >= 0) return { name, type, source: { kind: 'field', position } };
    if (partition === undefined) return { name, type, source: { kind: 'corrupt' } };
    return { name, type, source: { kind: 'constant', value: partitionValue(file, partition, this.options.timeZone) } };
  }

  /** The positions a file is cut at, its start and end among them. */
  #cuts(file: DataFile): number[] {
    const { options } = this;
    if (file.size <= SPLIT_BYTES || options.multiLine === true || !isPlain(file.path, options.encoding))
      return [0, file.size];
    const readable = this.platform.files.open(file.path);
    try {
      const cuts = [0];
      for (let at = SPLIT_BYTES; at + SPLIT_BYTES / 2 < file.size; at += SPLIT_BYTES) {
        const start = recordStartNear(readable, at, options.dialect);
        if (start !== undefined && start > (cuts.at(-1) as number)) cuts.push(start);
      }
      return [...cuts, file.size];
    } finally {
      readable.close();
    }
  }
}
