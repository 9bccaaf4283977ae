import {
  type Batch,
  buildColumn,
  type Column,
  readColumn,
  type ScanRequest,
  type SplitReader,
  type TaskContext,
} from '../../base/index.js';
import { constantColumn } from '../constant-column.js';
import { parquetFormat } from '../parquet/index.js';
import { firstAtLeast } from '../row-positions.js';
import { deletedRows } from './deletion-vector.js';
import type { DeltaSplit } from './open.js';

/** Reads a data file of a table as the table has it: with its partition values, under its names, without deleted rows. */
export const deltaReader: SplitReader = {
  read: (split, request, context) => readSplit(split.payload as DeltaSplit, request, context),
};

async function* readSplit(payload: DeltaSplit, request: ScanRequest, context: TaskContext): AsyncGenerator<Batch> {
  const { inner, innerColumns, deleted } = payload;
  const gone = deleted === undefined ? undefined : deletedRows(context.platform.files, deleted.root, deleted.vector);
  let row = deleted?.firstRow ?? 0;
  let next = gone === undefined ? 0 : firstAtLeast(gone, row);
  let read = 0;
  const { limit } = request;
  const innerRequest = { columns: innerColumns, ...(limit === undefined || deleted !== undefined ? {} : { limit }) };
  const withoutPredicate = request.predicate === undefined ? innerRequest : { columns: innerColumns };
  for await (const batch of parquetFormat.reader.read(inner, withoutPredicate, context)) {
    const kept: number[] = [];
    const firstRow = read;
    read += batch.rows;
    let isWhole = true;
    if (gone !== undefined) {
      for (let i = 0; i < batch.rows; i++, row++) {
        if (gone[next] === row) next++;
        else kept.push(i);
      }
      isWhole = kept.length === batch.rows;
    }
    if (!isWhole && kept.length === 0) continue;
    yield asTable(payload, batch, isWhole ? undefined : kept, firstRow, context);
  }
}

/** A batch of the table; nested values lie by position, so that names need no change. */
function asTable(
  { columns }: DeltaSplit,
  batch: Batch,
  kept: readonly number[] | undefined,
  /** Of the batch in the split. */
  batchRow: number,
  context: TaskContext,
): Batch {
  const { batchArena: arena, heap } = context;
  const rows = kept?.length ?? batch.rows;
  return {
    rows,
    columns: columns.map((column): Column => {
      if ('firstRow' in column) {
        const first = column.firstRow + batchRow;
        const places = Array.from({ length: rows }, (_, i) => BigInt(first + (kept?.[i] ?? i)));
        return buildColumn(arena, column.type, places);
      }
      if (!('at' in column)) return constantColumn(arena, column.type, rows, column.constant);
      const found = batch.columns[column.at] as Column;
      if (kept === undefined) return { ...found, type: column.type };
      const values = readColumn(heap, found);
      return buildColumn(
        arena,
        column.type,
        kept.map((i) => values[i] ?? null),
      );
    }),
  };
}
