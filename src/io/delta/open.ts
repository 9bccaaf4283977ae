import { isAbsolute, join } from 'node:path';
import {
  type DataType,
  type Field,
  field,
  int64Type,
  nearestNames,
  type Platform,
  type Predicate,
  parseScalar,
  type Scalar,
  type ScanRequest,
  type ScanSplit,
  type Schema,
  type SourceDescription,
  SparrowError,
  stringType,
  structType,
  type TableSource,
} from '../../base/index.js';
import { GivenOptions } from '../given-options.js';
import { parquetFormat } from '../parquet/index.js';
import { mayMatch } from '../parquet/prune.js';
import type { ChunkStats } from '../parquet/statistics.js';
import { constantStats } from '../partitions.js';
import type { AddFile } from './actions.js';
import type { DeletionVector } from './deletion-vector.js';
import { decodePath, keyOf, readSnapshot, type Snapshot, type Wanted } from './log.js';
import { FILE_COLUMN, FILES_OPTION, PLACES_OPTION, ROW_COLUMN } from './places.js';
import { type DeltaColumn, deltaColumns } from './schema.js';

/** The payload of a split: one of the Parquet reader's, and what the table says about its rows. Plain data. */
export interface DeltaSplit {
  readonly inner: ScanSplit;
  /** Columns of the inner split, by position; others have one value in the whole file. */
  readonly columns: readonly DeltaSplitColumn[];
  readonly innerColumns: readonly string[];
  /** Which rows of the file are deleted, and the number of the split's first row. */
  readonly deleted?: { readonly root: string; readonly vector: DeletionVector; readonly firstRow: number };
}

export type DeltaSplitColumn = Field &
  ({ readonly at: number } | { readonly constant: Scalar } | { readonly firstRow: number });

const NAMES = ['versionAsOf', 'timestampAsOf', FILES_OPTION, PLACES_OPTION] as const;

export async function openDelta(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const given = new GivenOptions('Delta', NAMES, description.options);
  const [root, ...others] = description.paths;
  if (root === undefined || others.length > 0) {
    throw new SparrowError('DELTA_MISSING_DELTA_TABLE', 'a Delta table is one path', { where: 'read.delta(…)' });
  }
  if (description.schema !== undefined) {
    throw new SparrowError('DELTA_UNSUPPORTED_SCHEMA_DURING_READ', 'a Delta table has its own schema', {
      where: `path ${root}`,
      hint: 'leave schema(…) out, and select or cast columns',
    });
  }
  const zone = description.zone ?? 'UTC';
  const snapshot = await readSnapshot(root, wantedOf(given, zone), platform);
  const only = given.text(FILES_OPTION);
  const some = only === undefined ? undefined : new Set(JSON.parse(only) as string[]);
  const files = some === undefined ? snapshot.files : snapshot.files.filter((file) => some.has(keyOf(file)));
  return new DeltaTable(root, { ...snapshot, files }, platform, zone, given.flag(PLACES_OPTION, false));
}

function wantedOf(given: GivenOptions<(typeof NAMES)[number]>, zone: string): Wanted {
  const version = given.text('versionAsOf');
  const text = given.text('timestampAsOf');
  if (version !== undefined && text !== undefined)
    throw given.wrong('timestampAsOf', text, 'left out when versionAsOf is given');
  if (version !== undefined) return { version: given.number('versionAsOf', 0, 0, Number.MAX_SAFE_INTEGER) };
  if (text === undefined) return {};
  const micros = parseScalar({ kind: 'timestamp' }, text, zone);
  if (micros === undefined) throw given.wrong('timestampAsOf', text, 'a timestamp');
  return { timestamp: Number((micros as bigint) / 1000n) };
}

/**
 * A partition's value, which is text in the log: undefined where it is none of the type. A timestamp without a zone is
 * of the session's, as Spark reads it; today's writers write instants.
 */
export const partitionScalar = (text: string | null, type: DataType, zone: string): Scalar | undefined =>
  text === null ? null : parseScalar(type, text, zone);

class DeltaTable implements TableSource {
  readonly format = 'delta';
  readonly label: string;
  readonly schema: Schema;
  readonly statistics;
  readonly #columns: readonly DeltaColumn[];
  readonly #partitions: ReadonlySet<string>;

  constructor(
    private readonly root: string,
    private readonly snapshot: Snapshot,
    private readonly platform: Platform,
    private readonly zone: string,
    withPlaces: boolean,
  ) {
    const { metadata, version, files } = snapshot;
    this.label = `delta ${root} version ${version}`;
    const mode = metadata.configuration?.['delta.columnMapping.mode'] ?? 'none';
    this.#columns = deltaColumns(metadata.schemaString, mode !== 'none', this.label);
    this.#partitions = new Set(metadata.partitionColumns);
    const places = withPlaces ? [field(FILE_COLUMN, stringType, false), field(ROW_COLUMN, int64Type, false)] : [];
    this.schema = structType([
      ...this.#columns.map(({ name, type, nullable }) => field(name, type, nullable)),
      ...places,
    ]);
    this.statistics = { bytes: files.reduce((sum, { size }) => sum + Number(size), 0), columns: {} };
  }

  async plan(request: ScanRequest): Promise<{ readonly splits: readonly ScanSplit[]; readonly skipped: number }> {
    const wanted = request.columns.map((name) => this.#column(name));
    const files = this.snapshot.files.filter((file) => this.#mayMatch(file, request.predicate));
    const splits: ScanSplit[] = [];
    for (const file of files) splits.push(...(await this.#fileSplits(file, wanted, request)));
    return { splits, skipped: this.snapshot.files.length - files.length };
  }

  #column(name: string): DeltaColumn {
    const found = this.#columns.find((c) => c.name === name);
    if (found !== undefined) return found;
    const place = this.schema.fields.find((f) => f.name === name);
    if (place !== undefined) return { ...place, physicalName: name, physicalType: place.type };
    throw new SparrowError('UNRESOLVED_COLUMN', `${this.label} has no column ${name}`, {
      candidates: nearestNames(
        name,
        this.#columns.map((c) => c.name),
      ),
    });
  }

  #partitionValue(file: AddFile, column: DeltaColumn): Scalar {
    const text = file.partitionValues[column.physicalName] || null;
    const value = partitionScalar(text, column.type, this.zone);
    if (value !== undefined) return value;
    throw new SparrowError('DELTA_LOG_CORRUPT', `${JSON.stringify(text)} is no value of the partition ${column.name}`, {
      where: `${this.label}, file ${file.path}`,
    });
  }

  #mayMatch(file: AddFile, predicate: Predicate | undefined): boolean {
    if (predicate === undefined) return true;
    const stats = statsOf(file);
    return mayMatch(predicate, (name) => {
      const column = this.#columns.find((c) => c.name === name);
      if (column === undefined) return undefined;
      if (!this.#partitions.has(name)) return columnStats(stats, column);
      return constantStats(this.#partitionValue(file, column));
    });
  }

  async #fileSplits(file: AddFile, wanted: readonly DeltaColumn[], request: ScanRequest): Promise<ScanSplit[]> {
    const isPlace = (name: string): boolean => name === FILE_COLUMN || name === ROW_COLUMN;
    const inFile = wanted.filter(({ name }) => !this.#partitions.has(name) && !isPlace(name));
    const innerColumns = inFile.map((c) => c.physicalName);
    const columns = wanted.map(({ name, type, nullable, physicalName }, i): DeltaSplitColumn => {
      const at = innerColumns.indexOf(physicalName);
      const base = { name, type, nullable };
      if (name === FILE_COLUMN) return { ...base, constant: keyOf(file) };
      if (name === ROW_COLUMN) return { ...base, firstRow: 0 };
      return at >= 0 ? { ...base, at } : { ...base, constant: this.#partitionValue(file, wanted[i] as DeltaColumn) };
    });
    const schema = structType(
      this.#columns
        .filter(({ name }) => !this.#partitions.has(name))
        .map((c) => field(c.physicalName, c.physicalType, true)),
    );
    const path = pathOf(this.root, file.path);
    const table = await parquetFormat.open({ format: 'parquet', paths: [path], options: {}, schema }, this.platform);
    // With deleted rows the place of each row group is needed, so none is left out.
    const { deletionVector } = file;
    const limit = request.limit === undefined || deletionVector ? {} : { limit: request.limit };
    const { splits } = await table.plan({ columns: innerColumns, ...limit });
    let firstRow = 0;
    return splits.map((inner): ScanSplit => {
      const { rows = 0, bytes = 0 } = inner;
      const deleted = deletionVector ? { root: this.root, vector: deletionVector, firstRow } : undefined;
      const start = firstRow;
      firstRow += rows;
      const placed = columns.map((c) => ('firstRow' in c ? { ...c, firstRow: start } : c));
      const payload: DeltaSplit = {
        inner,
        columns: placed,
        innerColumns,
        ...(deleted === undefined ? {} : { deleted }),
      };
      const { label, file } = inner;
      return {
        format: 'delta',
        label,
        ...(file === undefined ? {} : { file }),
        bytes,
        ...(deleted === undefined ? { rows } : {}),
        payload,
      };
    });
  }
}

/** Where a data file is: below the table unless its path is absolute. */
function pathOf(root: string, encoded: string): string {
  const path = decodePath(encoded);
  if (path.startsWith('file:')) return path.replace(/^file:\/*/, '/');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
    throw new SparrowError('UNSUPPORTED_FEATURE.DELTA_PATH', `a data file is at ${path}`, {
      where: `path ${root}`,
      hint: 'only local files can be read',
    });
  }
  return isAbsolute(path) ? path : join(root, path);
}

interface FileStats {
  readonly numRecords?: number;
  readonly minValues?: Readonly<Record<string, unknown>>;
  readonly maxValues?: Readonly<Record<string, unknown>>;
  readonly nullCount?: Readonly<Record<string, unknown>>;
}

function statsOf({ stats }: AddFile): FileStats {
  if (stats === undefined || stats === null) return {};
  try {
    return JSON.parse(stats) as FileStats;
  } catch {
    // Statistics are a help, not data.
    return {};
  }
}

/** The statistics of a column in a file, of the types whose bounds are exact in the log. */
function columnStats(stats: FileStats, { physicalName, type }: DeltaColumn): ChunkStats | undefined {
  const { numRecords } = stats;
  const [min, max] = [stats.minValues?.[physicalName], stats.maxValues?.[physicalName]];
  if (numRecords === undefined || min === undefined || max === undefined) return undefined;
  const nulls = stats.nullCount?.[physicalName];
  const base = { rows: numRecords, mayHaveNaN: false, ...(typeof nulls === 'number' ? { nullCount: nulls } : {}) };
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
      return typeof min === 'number' && typeof max === 'number' ? { ...base, min, max } : undefined;
    case 'int64':
      return Number.isSafeInteger(min) && Number.isSafeInteger(max)
        ? { ...base, min: BigInt(min as number), max: BigInt(max as number) }
        : undefined;
    case 'date': {
      const [low, high] = [min, max].map((text) => parseScalar(type, String(text), 'UTC'));
      return typeof low === 'number' && typeof high === 'number' ? { ...base, min: low, max: high } : undefined;
    }
    default:
      return undefined;
  }
}
