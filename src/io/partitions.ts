import {
  type DataType,
  dateType,
  type Field,
  float64Type,
  int32Type,
  int64Type,
  parseScalar,
  type Scalar,
  type ScanRequest,
  SparrowError,
  simpleString,
  stringType,
} from '../base/index.js';
import { asBound, mayMatch } from './parquet/prune.js';
import type { ChunkStats } from './parquet/statistics.js';
import type { DataFile } from './paths.js';

/** A column whose value is the same in a whole file, told by its directory. */
export interface PartitionColumn {
  readonly name: string;
  readonly type: DataType;
}

/** The partition columns of files, with the types their values allow (as Spark infers them). */
export function partitionColumns(files: readonly DataFile[]): PartitionColumn[] {
  const values = new Map<string, string[]>();
  for (const file of files) {
    for (const [name, value] of file.partitions) {
      const seen = values.get(name) ?? [];
      values.set(name, seen);
      if (value !== null) seen.push(value);
    }
  }
  return [...values].map(([name, seen]) => ({ name, type: inferType(seen) }));
}

/** The value of a column in one file, by the name of the file's folder. */
export function partitionValue(file: DataFile, { name, type }: PartitionColumn, zone = 'UTC'): Scalar {
  const text = file.partitions.find(([own]) => own === name)?.[1] ?? null;
  const value = text === null ? null : parseScalar(type, text, zone);
  if (value !== undefined) return value;
  const [of, as] = [`the folder ${name}=${text}`, simpleString(type)];
  throw new SparrowError('_LEGACY_ERROR_TEMP_2058', `${of} does not give the partition column a value of ${as}`, {
    where: `file ${file.path}`,
    hint: 'declare the column as a string, and cast it',
  });
}

/** What filters are told of a column with one value. */
export function constantStats(value: Scalar): ChunkStats {
  const mayHaveNaN = Number.isNaN(value);
  const bound = mayHaveNaN ? undefined : asBound(value);
  const bounds = bound === undefined ? {} : { min: bound, max: bound, distinct: 1 };
  return { rows: 1, nullCount: value === null ? 1 : 0, mayHaveNaN, ...bounds };
}

/** The files whose folders do not rule the filter out; `columns` have the types that the table gives them. */
export function matchingFiles(
  files: readonly DataFile[],
  columns: readonly PartitionColumn[],
  { predicate }: ScanRequest,
  zone?: string,
): readonly DataFile[] {
  if (predicate === undefined || columns.length === 0) return files;
  return files.filter((file) =>
    mayMatch(predicate, (name) => {
      const column = columns.find((c) => c.name === name);
      return column && constantStats(partitionValue(file, column, zone));
    }),
  );
}

/** The partition columns as a table has them, which may give them types of its own. */
export const asDeclared = (columns: readonly PartitionColumn[], fields: readonly Field[]): PartitionColumn[] =>
  columns.map((column) => fields.find((f) => f.name === column.name) ?? column);

function inferType(values: readonly string[]): DataType {
  if (values.length === 0) return stringType;
  if (values.every((v) => /^-?\d+$/.test(v))) {
    const numbers = values.map((v) => BigInt(v));
    const within = (bits: number) => numbers.every((n) => BigInt.asIntN(bits, n) === n);
    if (within(32)) return int32Type;
    return within(64) ? int64Type : stringType;
  }
  if (values.every((v) => /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(v))) return float64Type;
  return values.every((v) => dayNumber(v) !== undefined) ? dateType : stringType;
}

function dayNumber(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse moves February 30 to March; a date must come back as it went in.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) return undefined;
  return time / 86_400_000;
}
