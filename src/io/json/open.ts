import {
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
  variantType,
} from '../../base/index.js';
import { isPlain } from '../byte-stream.js';
import { asDeclared, matchingFiles, type PartitionColumn, partitionColumns, partitionValue } from '../partitions.js';
import { type DataFile, expandPaths } from '../paths.js';
import { type Inferred, inferSchema } from './infer.js';
import { type JsonReadOptions, readOptions } from './options.js';
import type { JsonColumn, JsonSplit } from './split.js';

/** Files longer than this are read by several tasks. */
const SPLIT_BYTES = 16 << 20;

export async function openJson(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const options = readOptions(description.options, description.zone);
  const files = expandPaths(platform.files, description.paths);
  const label = `json ${description.paths.join(', ')}`;
  const partitions = partitionColumns(files);
  if (description.schema !== undefined) {
    checkCorruptColumn(description.schema.fields, options);
    return new JsonTable(label, files, description.schema.fields, partitions, options, false);
  }
  if (options.recordColumn !== undefined) {
    const whole = [field(options.recordColumn, variantType, true)];
    return new JsonTable(label, files, whole, partitions, options, false);
  }
  if (files.length === 0) {
    throw new SparrowError('UNABLE_TO_INFER_SCHEMA', `${label} has no files, so its columns are unknown`, {
      hint: 'give the schema with read.schema(…)',
    });
  }
  const inferred = await inferSchema(files, options, platform);
  if (inferred.onlyEmpty && options.valueColumn !== undefined && inferred.malformed === undefined) {
    const [whole, { valueColumn }] = [[field(options.valueColumn, stringType, true)], options];
    return new JsonTable(label, files, whole, partitions, { ...options, recordColumn: valueColumn }, false);
  }
  return new JsonTable(label, files, withCorrupt(inferred, options, label), partitions, options, inferred.sampled);
}

function checkCorruptColumn(fields: readonly Field[], options: JsonReadOptions): void {
  const corrupt = fields.find((f) => f.name === options.corruptColumn);
  if (corrupt === undefined || corrupt.type.kind === 'string') return;
  throw new SparrowError('INVALID_CORRUPT_RECORD_TYPE', `the column ${corrupt.name} is to hold malformed records`, {
    where: `column ${corrupt.name}`,
    hint: 'make it a nullable string',
  });
}

/** Malformed records get a column of their own, as in Spark, unless they are dropped or refused. */
function withCorrupt({ fields, malformed }: Inferred, options: JsonReadOptions, label: string): readonly Field[] {
  if (malformed === undefined || options.mode === 'DROPMALFORMED') return fields;
  if (options.mode === 'FAILFAST') {
    throw new SparrowError('MALFORMED_RECORD_IN_PARSING', `a record is no JSON: ${malformed.what}`, {
      where: label,
      hint: "set the option mode to 'PERMISSIVE' to get null for it, or to 'DROPMALFORMED'",
    });
  }
  if (fields.some((f) => f.name === options.corruptColumn)) return fields;
  const all = [...fields, field(options.corruptColumn, stringType, true)];
  return options.sortFields ? all.sort((a, b) => (a.name < b.name ? -1 : 1)) : all;
}

class JsonTable implements TableSource {
  readonly format = 'json';
  readonly schema: Schema;
  readonly statistics;
  readonly #partitions: readonly PartitionColumn[];

  constructor(
    readonly label: string,
    private readonly files: readonly DataFile[],
    private readonly data: readonly Field[],
    partitions: readonly PartitionColumn[],
    private readonly options: JsonReadOptions,
    private readonly sampled: boolean,
  ) {
    const names = new Set(data.map((f) => f.name));
    const added = partitions.filter((p) => !names.has(p.name));
    // A record may lack what its column must have, so every column may be null.
    this.schema = structType([...data, ...added].map((f) => field(f.name, f.type, true)));
    this.#partitions = asDeclared(partitions, data);
    this.statistics = { bytes: files.reduce((bytes, file) => bytes + file.size, 0), columns: {} };
  }

  async plan(request: ScanRequest): Promise<{ splits: ScanSplit[]; skipped: number }> {
    const splits: ScanSplit[] = [];
    const fields = this.data.map((f) => f.name).filter((name) => name !== this.options.corruptColumn);
    const files = matchingFiles(this.files, this.#partitions, request, this.options.timeZone);
    for (const file of files) {
      if (file.size === 0) continue;
      const columns = request.columns.map((name) => this.#column(name, file));
      const whole = this.options.multiLine || !isPlain(file.path, this.options.encoding);
      const step = whole ? file.size : SPLIT_BYTES;
      for (let start = 0; start < file.size; start += step) {
        const end = start + step * 1.5 > file.size ? file.size : start + step;
        const { path, size, modifiedMs } = file;
        const { options, sampled } = this;
        const payload: JsonSplit = { path, size, modifiedMs, start, end, columns, fields, options, sampled };
        const label = start === 0 && end === size ? path : `${path} bytes ${start}–${end}`;
        splits.push({ format: 'json', label, file: path, bytes: end - start, payload });
        if (end === file.size) break;
      }
    }
    return { splits, skipped: this.files.length - files.length };
  }

  #column(name: string, file: DataFile): JsonColumn {
    const found = this.schema.fields.find((f) => f.name === name);
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
    if (partition !== undefined)
      return {
        name,
        type,
        source: { kind: 'constant', value: partitionValue(file, partition, this.options.timeZone) },
      };
    if (name === this.options.corruptColumn) return { name, type, source: { kind: 'corrupt' } };
    if (name === this.options.recordColumn) return { name, type, source: { kind: 'record' } };
    return { name, type, source: { kind: 'field' } };
  }
}
