import {
  type ColumnStats,
  type DataType,
  type Field,
  field,
  nearestNames,
  type Platform,
  type ReadableFile,
  type Scalar,
  type ScanRequest,
  type ScanSplit,
  type Schema,
  type SourceDescription,
  SparrowError,
  sameType,
  simpleString,
  structType,
  type TableSource,
  type TableStatistics,
} from '../../base/index.js';
import { asDeclared, constantStats, type PartitionColumn, partitionColumns, partitionValue } from '../partitions.js';
import { type DataFile, expandPaths } from '../paths.js';
import { isMirror } from '../remote/mirror.js';
import { adapted, fits, mergedType } from './adapt.js';
import { corrupt, unsupported } from './error.js';
import { readFooter } from './footer.js';
import { inParts } from './large-groups.js';
import type { FileMetadata, RowGroup } from './metadata.js';
import { columnsOf, mayMatch } from './prune.js';
import { type ColumnNode, type FileColumn, fileColumns, leavesOf, withFields } from './schema.js';
import { type ChunkIndex, type NarrowStorage, type ParquetSplit, type SplitColumn, splitChunk } from './split.js';
import { type ChunkStats, chunkStats, mergeStats, publicStats } from './statistics.js';
import { withVariants } from './unmarked-variant.js';

/** Footers and headers of pages are read on the caller's thread: give way to other work after so long. */
const SLICE_MS = 20;

/** Gives way where a slice has taken its time; tells when the slice began that is under way. */
async function givenWay({ clock }: Platform, sliceStart: number): Promise<number> {
  if (clock.monotonic() - sliceStart <= SLICE_MS) return sliceStart;
  await new Promise<void>((resume) => setImmediate(resume));
  return clock.monotonic();
}

/** A file whose footer has been read. */
interface OpenFile {
  readonly file: DataFile;
  readonly metadata: FileMetadata;
  readonly columns: ReadonlyMap<string, FileColumn>;
}

export async function openParquet(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const dataFiles = expandPaths(platform.files, description.paths);
  const files: OpenFile[] = [];
  let sliceStart = platform.clock.monotonic();
  for (const file of dataFiles) {
    files.push(asAsked(openFile(file, platform), description.schema));
    sliceStart = await givenWay(platform, sliceStart);
  }
  const label = `parquet ${description.paths.join(', ')}`;
  if (files.length === 0) {
    if (description.schema !== undefined)
      return new ParquetTable(label, description.schema, [], [], description, platform);
    throw new SparrowError('UNABLE_TO_INFER_SCHEMA', `${label} has no data files, so its columns are unknown`, {
      hint: 'give the schema with read.schema(…)',
    });
  }
  const partitions = partitionColumns(dataFiles).filter((p) => !files.some((f) => f.columns.has(p.name)));
  const schema = tableSchema(files, partitions, description);
  return new ParquetTable(
    label,
    schema,
    files.map((f) => asTable(f, schema)),
    asDeclared(partitions, schema.fields),
    description,
    platform,
  );
}

/** What one file holds: its columns in order, those that cannot be read among them. */
export function parquetColumns(path: string, platform: Platform): readonly FileColumn[] {
  const none = { path, size: 0, modifiedMs: 0, partitions: [] };
  return [...openFile(none, platform).columns.values()];
}

/** A file's columns as a schema has them where it may say more than the file does. */
function asAsked(file: OpenFile, schema: Schema | undefined): OpenFile {
  if (schema === undefined || !schema.fields.some(({ type }) => JSON.stringify(type).includes('"variant"')))
    return file;
  const columns = new Map(file.columns);
  for (const { name, type } of schema.fields) {
    const found = columns.get(name);
    if (found !== undefined) columns.set(name, withVariants(found, type));
  }
  return { ...file, columns };
}

/** A file whose nested columns are as the table has them. */
function asTable(file: OpenFile, { fields }: Schema): OpenFile {
  const columns = new Map(file.columns);
  for (const { name, type } of fields) {
    const found = columns.get(name);
    if (found?.node === undefined || found.node.kind === 'leaf' || found.type === undefined) continue;
    if (!sameType(found.type, type)) columns.set(name, { ...found, type, node: adapted(found.node, found.type, type) });
  }
  return { ...file, columns };
}

type Described = Pick<OpenFile, 'metadata' | 'columns'>;

/** Footers that were read: every query over a file asks for the same one. */
const footers = new Map<string, Described>();
const MOST_FOOTERS = 256;
const MOST_CHUNKS = 20_000;
/** A file that was written just now may be written again without its time telling so. */
const SETTLED_MS = 2_000;

function openFile(file: DataFile, platform: Platform): OpenFile {
  const readable = platform.files.open(file.path);
  try {
    const { size, modifiedMs } = readable;
    const key = `${size} ${modifiedMs} ${file.path}`;
    const described = footers.get(key) ?? describe(readable);
    const { metadata } = described;
    const chunks = metadata.rowGroups.reduce((sum, group) => sum + group.chunks, 0);
    if (chunks <= MOST_CHUNKS && platform.clock.now() - modifiedMs > SETTLED_MS) {
      footers.delete(key);
      footers.set(key, described);
      if (footers.size > MOST_FOOTERS) footers.delete(footers.keys().next().value as string);
    }
    return { file: { ...file, size, modifiedMs }, ...described };
  } finally {
    readable.close();
  }
}

function describe(readable: ReadableFile): Described {
  const { path } = readable;
  const metadata = readFooter(readable);
  const { columns, leaves } = fileColumns(metadata, path);
  for (const [i, group] of metadata.rowGroups.entries()) {
    if (group.chunks !== leaves) {
      const what = `it has ${group.chunks} column chunks, the schema ${leaves}`;
      throw corrupt({ file: path, rowGroup: i }, what);
    }
  }
  return { metadata, columns: new Map(columns.map((c) => [c.name, c])) };
}

/** The table's columns: the user's, or those of the first file (of all files with `mergeSchema`), then partitions. */
function tableSchema(
  files: readonly OpenFile[],
  partitions: readonly PartitionColumn[],
  description: SourceDescription,
): Schema {
  if (description.schema !== undefined) {
    for (const f of description.schema.fields) for (const file of files) checkAgainst(file, f.name, f.type);
    // As in Spark: files need not keep what a schema promises.
    return structType(description.schema.fields.map((f) => field(f.name, f.type)));
  }
  const merged = new Map<string, Field>();
  const counted = description.options.mergeSchema === 'true' ? files : files.slice(0, 1);
  for (const file of counted) {
    for (const column of file.columns.values()) {
      const known = merged.get(column.name);
      const own = readableType(column, file);
      const type = known === undefined ? own : mergedType(known.type, own);
      if (type !== undefined) merged.set(column.name, field(column.name, type, true));
    }
  }
  const fields = [...merged.values()].map((f) => {
    for (const file of files) checkAgainst(file, f.name, f.type);
    const nullable = files.some((file) => file.columns.get(f.name)?.nullable ?? true);
    return field(f.name, f.type, nullable);
  });
  return structType([...fields, ...partitions.map((p) => field(p.name, p.type))]);
}

function readableType(column: FileColumn, file: OpenFile): DataType {
  if (column.type !== undefined) return column.type;
  throw unsupported(
    { file: file.file.path, column: column.name },
    `Sparrow has no type for ${column.problem}`,
    'leave the column out by giving a schema without it: read.schema(…)',
  );
}

/** Missing columns are null; present ones must have the table's type or a narrower integer or decimal. */
function checkAgainst(file: OpenFile, name: string, type: DataType): void {
  const column = file.columns.get(name);
  if (column === undefined || fits(readableType(column, file), type)) return;
  const [has, wants] = [simpleString(readableType(column, file)), simpleString(type)];
  throw new SparrowError('CANNOT_MERGE_SCHEMAS', `column ${name} is ${has} in this file and ${wants} in the table`, {
    where: `file ${file.file.path}`,
    hint: 'read the files apart and cast the column, or give a schema that fits all of them',
  });
}

class ParquetTable implements TableSource {
  readonly format = 'parquet';
  readonly statistics: TableStatistics;
  readonly pieces: number;

  constructor(
    readonly label: string,
    readonly schema: Schema,
    private readonly files: readonly OpenFile[],
    private readonly partitions: readonly PartitionColumn[],
    private readonly description: SourceDescription,
    private readonly platform: Platform,
  ) {
    this.pieces = files.reduce((sum, f) => sum + f.metadata.rowGroups.length, 0);
    const columns: Record<string, ReturnType<typeof publicStats>> = {};
    for (const { name, type } of schema.fields) {
      let known: ReturnType<typeof publicStats> | undefined;
      const get = () => {
        known ??= publicStats(mergeStats(this.#pieces(name, type)), type);
        return known;
      };
      Object.defineProperty(columns, name, { get, enumerable: true });
    }
    const rows = files.reduce((sum, f) => sum + f.metadata.rowGroups.reduce((s, g) => s + g.rows, 0), 0);
    this.statistics = { rows, bytes: files.reduce((sum, f) => sum + f.file.size, 0), columns };
  }

  async plan(request: ScanRequest): Promise<{ splits: readonly ScanSplit[]; skipped: number }> {
    const fields = request.columns.map((name) => this.#field(name));
    const splits: ScanSplit[] = [];
    let skipped = 0;
    let planned = 0;
    let piece = -1;
    let sliceStart = this.platform.clock.monotonic();
    for (const file of this.files) {
      for (const [index, group] of file.metadata.rowGroups.entries()) {
        piece++;
        if (group.rows === 0) continue;
        const enough = request.limit !== undefined && request.predicate === undefined && planned >= request.limit;
        if (enough || !this.#mayMatch(request, file, group)) {
          skipped++;
          continue;
        }
        planned += group.rows;
        const split = this.#split(file, index, group, fields, request);
        splits.push(...inParts({ ...split, piece }, () => this.#toLookAt(file.file.path)));
        sliceStart = await givenWay(this.platform, sliceStart);
      }
    }
    return { splits, skipped };
  }

  /** Of a file elsewhere only what a query reads is fetched, and when it is read. */
  #toLookAt(path: string): ReadableFile | undefined {
    return isMirror(path) ? undefined : this.platform.files.open(path);
  }

  #pieces(name: string, type: DataType): ChunkStats[] {
    return this.files.flatMap((f) => {
      const constant = this.#constant(f, name);
      return f.metadata.rowGroups.map((g) => statsOf(f, g, name, type, constant));
    });
  }

  #field(name: string): Field {
    const found = this.schema.fields.find((f) => f.name === name);
    if (found !== undefined) return found;
    const names = this.schema.fields.map((f) => f.name);
    throw new SparrowError('UNRESOLVED_COLUMN', `${this.label} has no column ${name}`, {
      candidates: nearestNames(name, names),
    });
  }

  #mayMatch(request: ScanRequest, file: OpenFile, group: RowGroup): boolean {
    const { predicate } = request;
    if (predicate === undefined) return true;
    return mayMatch(predicate, (column) => {
      const type = this.schema.fields.find((f) => f.name === column)?.type;
      return type === undefined ? undefined : statsOf(file, group, column, type, this.#constant(file, column));
    });
  }

  /** The value of a partition column in a file; undefined for other columns. */
  #constant(file: OpenFile, name: string): Scalar | undefined {
    const partition = this.partitions.find((p) => p.name === name);
    return partition && partitionValue(file.file, partition, this.description.zone);
  }

  #split(file: OpenFile, index: number, group: RowGroup, fields: readonly Field[], request: ScanRequest): ScanSplit {
    const { path, size, modifiedMs } = file.file;
    const asked = columnsOf(request.predicate);
    const columns = fields.map(({ name, type }): SplitColumn => {
      const constant = this.#constant(file, name);
      const found = file.columns.get(name);
      if (found?.node === undefined)
        return { name, type, chunks: [], ...(constant === undefined || constant === null ? {} : { constant }) };
      const paths = request.fields?.[name];
      const node = paths === undefined ? found.node : withFields(found.node, found.type, paths);
      return {
        name,
        type,
        node,
        ...narrowed(node, this.statistics.columns[name]),
        chunks: leavesOf(node).map((leaf) => {
          const chunk = splitChunk(file.file, index, group, leaf.chunk, leaf.path);
          return asked.has(name) && node.kind === 'leaf' ? { ...chunk, ...indexOf(file, group, leaf.chunk) } : chunk;
        }),
      };
    });
    const payload: ParquetSplit = {
      path,
      size,
      modifiedMs,
      rowGroup: index,
      rows: group.rows,
      columns,
      verify: this.description.options.verifyChecksums !== 'false',
    };
    const stats = Object.fromEntries(
      fields.map(({ name, type }) => [
        name,
        publicStats(statsOf(file, group, name, type, this.#constant(file, name)), type),
      ]),
    );
    const bytes = columns.reduce((sum, c) => sum + c.chunks.reduce((s, chunk) => s + chunk.bytes, 0), 0);
    return {
      format: this.format,
      label: `${path} row group ${index}`,
      file: path,
      rows: group.rows,
      bytes,
      stats,
      payload,
    };
  }
}

/** The storage that the bounds of an integer-like column allow, where it is narrower than what its leaf has. */
function narrowed(node: ColumnNode, stats: ColumnStats | undefined): { readonly narrow?: NarrowStorage } {
  if (node.kind !== 'leaf' || node.maxRepetition > 0 || node.decode.unsigned === true) return {};
  const bits = { i32: 32, i64: 64 }[node.decode.storage as string] ?? 0;
  const { min, max } = stats ?? {};
  if (bits === 0 || min === undefined || max === undefined) return {};
  const [low, high] = [BigInt(min), BigInt(max)];
  const fitting = ([8, 16, 32] as const).find((b) => low >= -(1n << BigInt(b - 1)) && high < 1n << BigInt(b - 1));
  return fitting === undefined || fitting >= bits ? {} : { narrow: `i${fitting}` };
}

/** What is known of a column in a row group; for a constant column everything. */
function statsOf(
  file: OpenFile,
  group: RowGroup,
  name: string,
  type: DataType,
  constant: Scalar | undefined,
): ChunkStats {
  const { rows } = group;
  const node = file.columns.get(name)?.node;
  if (node === undefined) {
    const one = constantStats(constant ?? null);
    return { ...one, rows, nullCount: one.nullCount === 0 ? 0 : rows };
  }
  if (node.kind !== 'leaf') return { rows, mayHaveNaN: false };
  const { statistics } = group.chunk(node.chunk)?.metadata ?? {};
  return chunkStats(statistics, file.metadata.columnOrders[node.chunk], { type, decode: node.decode }, rows);
}

/** What a file knows of a chunk beyond its statistics. */
function indexOf(file: OpenFile, group: RowGroup, chunk: number): { index?: ChunkIndex } {
  const { columnIndex, offsetIndex, metadata } = group.chunk(chunk) ?? {};
  const bloomFilter = metadata?.bloomFilter;
  const order = file.metadata.columnOrders[chunk];
  const pages = columnIndex !== undefined && offsetIndex !== undefined ? { columnIndex, offsetIndex } : {};
  if (columnIndex === undefined && bloomFilter === undefined) return {};
  return {
    index: {
      ...pages,
      ...(bloomFilter === undefined ? {} : { bloomFilter: { offset: bloomFilter } }),
      ...(order === undefined ? {} : { order }),
    },
  };
}
