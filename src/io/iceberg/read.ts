import {
  type Batch,
  buildColumn,
  type Column,
  readColumn,
  type Scalar,
  type ScanRequest,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';
import { constantColumn } from '../constant-column.js';
import { parquetFormat } from '../parquet/index.js';
import { firstAtLeast } from '../row-positions.js';
import { deletedPositions, deletedValues } from './deletes.js';
import { converter, type FileField } from './project.js';
import type { IceField } from './schema.js';
import type { IcebergSplit } from './split.js';

/** Reads a data file as the table has it now: its columns found by their ids, without deleted rows. */
export const icebergReader: SplitReader = {
  read: (split, request, context) => readSplit(split.payload as IcebergSplit, request, context),
};

async function* readSplit(payload: IcebergSplit, request: ScanRequest, context: TaskContext): AsyncGenerator<Batch> {
  const { inner, innerColumns, equality } = payload;
  const gone = await deletedPositions(payload, context);
  const isGone = await deletedValues(payload, context);
  const keys = new Set(equality.flatMap(({ at }) => at));
  const columns = innerColumns.map((c) => c.name);
  const deletes = gone !== undefined || isGone !== undefined;
  // Positions count all rows, so none may be left out before.
  const limit = deletes || request.predicate !== undefined ? undefined : request.limit;
  let row = payload.firstRow;
  let next = gone === undefined ? 0 : firstAtLeast(gone, row);
  for await (const batch of parquetFormat.reader.read(
    inner,
    limit === undefined ? { columns } : { columns, limit },
    context,
  )) {
    const values = batch.columns.map((column, i) => (isGone && keys.has(i) ? readColumn(context.heap, column) : []));
    const kept: number[] = [];
    for (let i = 0; deletes && i < batch.rows; i++, row++) {
      const isListed = gone !== undefined && gone[next] === row;
      if (isListed) next++;
      if (!isListed && !isGone?.(values, i)) kept.push(i);
    }
    const isWhole = !deletes || kept.length === batch.rows;
    if (!isWhole && kept.length === 0) continue;
    yield asTable(payload, batch, isWhole ? undefined : kept, context);
  }
}

function asTable(
  payload: IcebergSplit,
  batch: Batch,
  kept: readonly number[] | undefined,
  context: TaskContext,
): Batch {
  const { batchArena: arena } = context;
  const rows = kept?.length ?? batch.rows;
  const columns = payload.columns.map((column): Column => {
    if (!('at' in column)) return constantColumn(arena, column.type, rows, column.constant);
    const found = batch.columns[column.at] as Column;
    if (kept === undefined && column.as === undefined) return { ...found, type: column.type };
    const values = readColumn(context.heap, found);
    const own = kept === undefined ? values : kept.map((i) => values[i] ?? null);
    return buildColumn(arena, column.type, made(payload, column, own));
  });
  return { rows, columns };
}

function made(
  { innerColumns, path }: IcebergSplit,
  { at, as }: { readonly at: number; readonly as?: IceField },
  values: readonly Scalar[],
): readonly Scalar[] {
  if (as === undefined) return values;
  const { type, ids } = innerColumns[at] as FileField;
  return values.map(converter(type, ids, as, path));
}
