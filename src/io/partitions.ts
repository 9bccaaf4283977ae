import { type DataType, dateType, float64Type, int32Type, int64Type, stringType } from '../base/index.js';
import type { DataFile } from './paths.js';

/** A column whose value is the same in a whole file, told by its directory. */
export interface PartitionColumn {
  readonly name: string;
  readonly type: DataType;
}

/** The value of a partition column in one file. */
export type PartitionValue = string | number | bigint | null;

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

export function partitionValue(file: DataFile, column: PartitionColumn): PartitionValue {
  const text = file.partitions.find(([name]) => name === column.name)?.[1];
  if (text === undefined || text === null) return null;
  switch (column.type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
      return Number(text);
    case 'int64':
      return BigInt(text);
    case 'date':
      return dayNumber(text) as number;
    default:
      return text;
  }
}

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
