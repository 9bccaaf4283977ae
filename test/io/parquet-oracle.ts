import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBGeometryValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeTZValue,
  DuckDBTimeValue,
  DuckDBUUIDValue,
} from '@duckdb/node-api';
import { readColumn } from '../../src/base/column-reader.js';
import {
  type DataType,
  type MapScalar,
  newTaskMetrics,
  type Platform,
  type Scalar,
  type ScanRequest,
  SharedHeap,
  type TableSource,
  type TaskContext,
} from '../../src/base/index.js';
import { nodeFiles } from '../../src/io/node-files.js';
import { parquetFormat } from '../../src/io/parquet/index.js';

export const platform: Platform = {
  files: nodeFiles,
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  seed: () => 1,
};
export const heap = SharedHeap.create(2 ** 29);

export function taskContext(): TaskContext {
  const arena = heap.newArena('test');
  return { heap, arena, batchArena: arena, platform, checkCancelled: () => undefined, metrics: newTaskMetrics() };
}

export function openParquet(path: string, options: Record<string, string> = {}): Promise<TableSource> {
  return parquetFormat.open({ format: 'parquet', paths: [path], options }, platform);
}

/** All values of a table, column by column. */
export async function readTable(
  table: TableSource,
  request: ScanRequest = { columns: table.schema.fields.map((f) => f.name) },
): Promise<{ rows: number; columns: Scalar[][]; splits: number }> {
  const { splits } = await table.plan(request);
  const columns: Scalar[][] = request.columns.map(() => []);
  let rows = 0;
  for (const split of splits) {
    const context = taskContext();
    try {
      for await (const batch of parquetFormat.reader.read(split, request, context)) {
        rows += batch.rows;
        for (const [i, column] of batch.columns.entries()) {
          const out = columns[i] as Scalar[];
          for (const value of readColumn(heap, column)) out.push(value);
        }
      }
    } finally {
      context.arena.release();
    }
  }
  return { rows, columns, splits: splits.length };
}

export async function duckdb(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

/** What DuckDB reads from a file, column by column, as our scalars of the given types. */
export async function duckdbColumns(
  connection: DuckDBConnection,
  path: string,
  types: readonly DataType[],
): Promise<Scalar[][]> {
  const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path.replaceAll("'", "''")}')`);
  const columns = reader.getColumns();
  return types.map((type, i) => (columns[i] ?? []).map((value) => fromDuckdb(value, type)));
}

/** A DuckDB value as our scalar of the type. */
export function fromDuckdb(value: unknown, type: DataType): Scalar {
  if (value === null || value === undefined) return null;
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1000n;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000n;
  if (value instanceof DuckDBTimestampNanosecondsValue) return floorDivide(value.nanos, 1000n);
  if (value instanceof DuckDBTimeValue || value instanceof DuckDBTimeTZValue) return value.micros;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBUUIDValue) return value.toString();
  if (value instanceof DuckDBBlobValue)
    return type.kind === 'string' ? Buffer.from(value.bytes).toString('utf8') : value.bytes;
  if (value instanceof DuckDBGeometryValue) return value.bytes;
  if (value instanceof DuckDBListValue) {
    const element = type.kind === 'array' ? type.element : type;
    return value.items.map((item) => fromDuckdb(item, element));
  }
  if (value instanceof DuckDBStructValue) {
    const fields = type.kind === 'struct' ? type.fields : [];
    return Object.values(value.entries).map((item, i) => fromDuckdb(item, fields[i]?.type ?? type));
  }
  if (value instanceof DuckDBMapValue && type.kind === 'map') {
    return {
      entries: value.entries.map(
        ({ key, value: v }) => [fromDuckdb(key, type.key), fromDuckdb(v, type.value)] as const,
      ),
    };
  }
  if (typeof value === 'number' && (type.kind === 'int64' || type.kind === 'decimal')) return BigInt(value);
  if (typeof value === 'bigint' && type.kind !== 'int64' && type.kind !== 'decimal' && type.kind !== 'time')
    return Number(value);
  return value as Scalar;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}

/** A scalar as text in which different values differ (NaN is equal to itself, -0 is not 0). */
export function canonical(value: Scalar): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${(value as Scalar[]).map(canonical).join(',')}]`;
  if ('entries' in (value as object)) {
    return `{${(value as MapScalar).entries.map(([k, v]) => `${canonical(k)}:${canonical(v)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The first difference between two tables, or undefined. */
export function firstDifference(
  names: readonly string[],
  ours: readonly Scalar[][],
  theirs: readonly Scalar[][],
): string | undefined {
  for (const [i, name] of names.entries()) {
    const [a, b] = [ours[i] ?? [], theirs[i] ?? []];
    if (a.length !== b.length) return `column ${name}: ${a.length} values, DuckDB ${b.length}`;
    for (let row = 0; row < a.length; row++) {
      // Comparing text is slow; most values are the same primitive.
      if (Object.is(a[row], b[row])) continue;
      const [x, y] = [canonical(a[row] as Scalar), canonical(b[row] as Scalar)];
      if (x !== y) return `column ${name} row ${row}: ${x.slice(0, 200)}, DuckDB ${y.slice(0, 200)}`;
    }
  }
  return undefined;
}

/** Reads a file with both engines; undefined when they agree. */
export async function compareFile(connection: DuckDBConnection, path: string): Promise<string | undefined> {
  const table = await openParquet(path);
  const names = table.schema.fields.map((f) => f.name);
  const ours = await readTable(table);
  const theirs = await duckdbColumns(
    connection,
    path,
    table.schema.fields.map((f) => f.type),
  );
  return firstDifference(names, ours.columns, theirs);
}
