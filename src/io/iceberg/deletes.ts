import { readColumn, type Scalar, type ScanSplit, type TaskContext } from '../../base/index.js';
import { deletedRows } from '../delta/deletion-vector.js';
import { parquetFormat } from '../parquet/index.js';
import { converter } from './project.js';
import type { IceField } from './schema.js';
import type { EqualityDeletes, IcebergSplit, PositionDeletes } from './split.js';

/** So many files of deletes are kept by a thread: other splits of a table mostly need the same. */
const KEPT = 8;
/** What a deletion vector in a Puffin file has around its bitmaps: a length before them, a checksum behind. */
const AROUND_VECTOR = 8;

const kept = new Map<string, Promise<unknown>>();

/** Reads a file of deletes once for the splits that come one after the other. */
function once<T>(key: string, read: () => Promise<T>): Promise<T> {
  const known = kept.get(key) as Promise<T> | undefined;
  const found = known ?? read();
  kept.delete(key);
  kept.set(key, found);
  // What failed is tried again.
  found.catch(() => kept.delete(key));
  for (const [oldest] of kept) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return found;
}

/** The numbers of a file's rows that are deleted by their position, ascending. */
export async function deletedPositions(split: IcebergSplit, context: TaskContext): Promise<Float64Array | undefined> {
  const { vector, positions, dataFile } = split;
  // A deletion vector holds what files of positions held before.
  if (vector !== undefined) {
    const { path, offset, bytes, rows } = vector;
    return deletedRows(context.platform.files, '', {
      storageType: 'p',
      pathOrInlineDv: encodeURIComponent(path),
      offset,
      sizeInBytes: bytes - AROUND_VECTOR,
      cardinality: rows,
    });
  }
  if (positions.length === 0) return undefined;
  const all: number[] = [];
  for (const file of positions) {
    const byFile = await once(`positions ${identity(file)}`, () => readPositions(file, context));
    for (const row of byFile.get(dataFile) ?? []) all.push(row);
  }
  return Float64Array.from(new Set(all)).sort();
}

/** A file that was written again under its name is another one. */
const identity = ({ path, splits }: PositionDeletes | EqualityDeletes): string =>
  `${path} ${splits.map(({ payload }) => (payload as { readonly modifiedMs: number }).modifiedMs).join()}`;

async function readPositions(file: PositionDeletes, context: TaskContext): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const split of file.splits) {
    for await (const [paths, rows] of values(split, ['file_path', 'pos'], context)) {
      for (const [i, path] of (paths as readonly string[]).entries()) {
        const list = found.get(path) ?? [];
        if (list.length === 0) found.set(path, list);
        list.push(Number(rows?.[i]));
      }
    }
  }
  return found;
}

async function* values(
  split: ScanSplit,
  columns: readonly string[],
  context: TaskContext,
): AsyncGenerator<readonly (readonly Scalar[])[]> {
  for await (const batch of parquetFormat.reader.read(split, { columns }, context)) {
    yield batch.columns.map((column) => readColumn(context.heap, column));
  }
}

/** Tells of a row's values, by the position of inner columns, whether it is deleted. */
export async function deletedValues(
  { equality, path, innerColumns }: IcebergSplit,
  context: TaskContext,
): Promise<((columns: readonly (readonly Scalar[])[], row: number) => boolean) | undefined> {
  if (equality.length === 0) return undefined;
  const tests: ((columns: readonly (readonly Scalar[])[], row: number) => boolean)[] = [];
  for (const file of equality) {
    const gone = await once(`values ${identity(file)}`, () => readValues(file, context));
    const own = file.at.map((at, i): ((columns: readonly (readonly Scalar[])[], row: number) => Scalar) => {
      const [inner, field] = [innerColumns[at], file.fields[i] as IceField];
      if (inner === undefined) return () => field.initial ?? null;
      const make = converter(inner.type, inner.ids, field, path);
      return (columns, row) => make(columns[at]?.[row] ?? null);
    });
    tests.push((columns, row) => {
      const values = own.map((value) => value(columns, row));
      return gone.has(keyOf(values, path));
    });
  }
  return (columns, row) => tests.some((test) => test(columns, row));
}

async function readValues(file: EqualityDeletes, context: TaskContext): Promise<Set<string>> {
  const found = new Set<string>();
  const names = file.from.map((f) => f.name);
  const makes = file.from.map((f, i) => converter(f.type, f.ids, file.fields[i] as IceField, file.path));
  for (const split of file.splits) {
    for await (const columns of values(split, names, context)) {
      const rows = columns[0]?.length ?? 0;
      for (let row = 0; row < rows; row++) {
        found.add(
          keyOf(
            makes.map((make, i) => make(columns[i]?.[row] ?? null)),
            file.path,
          ),
        );
      }
    }
  }
  return found;
}

/** A text that is the same for equal values of the same types; nulls are equal here. */
function keyOf(values: readonly Scalar[], where: string): string {
  return values
    .map((value) => {
      if (value === null) return 'n';
      if (typeof value === 'string') return `${value.length}:${value}`;
      if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : String(value);
      if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
      throw new TypeError(`${where}: a nested value as a key`);
    })
    .join(',');
}
