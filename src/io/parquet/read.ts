import {
  BATCH_ROWS,
  type Batch,
  type Column,
  engineBug,
  type Predicate,
  type ReadableFile,
  type ScanRequest,
  type ScanSplit,
  type SplitReader,
  sliceIntoBatches,
  type TaskContext,
} from '../../base/index.js';
import { constantColumn } from '../constant-column.js';
import { openUnchanged } from '../unchanged-file.js';
import { GroupContext } from './chunk-pages.js';
import { corrupt, unsupported } from './error.js';
import { readFlat } from './flat-column.js';
import { readKept } from './kept-column.js';
import { readNested } from './nested-column.js';
import { indexedRows } from './page-index.js';
import { columnsOf } from './prune.js';
import { intersect, type RowRanges } from './row-ranges.js';
import { RowSelection } from './row-selection.js';
import { rowTest } from './row-test.js';
import { partOfColumn, windowRows } from './row-window.js';
import type { Leaf } from './sink.js';
import { MAX_GROUP_ROWS, type ParquetSplit, type SplitColumn } from './split.js';

/** Reads row groups. */
export const parquetReader: SplitReader = {
  read(split, request, context) {
    const payload = split.payload as ParquetSplit;
    if (payload.columns.length !== request.columns.length)
      throw engineBug(`the split ${split.label} has other columns`);
    return readGroup(split, request, context);
  },
};

function* readGroup(split: ScanSplit, request: ScanRequest, context: TaskContext): Generator<Batch> {
  const payload = split.payload as ParquetSplit;
  const { rows } = payload;
  const place = { file: payload.path, rowGroup: payload.rowGroup };
  if (rows > MAX_GROUP_ROWS) {
    throw unsupported(
      place,
      `a row group of ${rows} rows`,
      `write the file with at most ${MAX_GROUP_ROWS} rows in one`,
    );
  }
  const there = windowRows(payload);
  const { columns, ranges } = readColumns(split, payload, request, context);
  const read = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  context.metrics.rowGroupsRead++;
  context.metrics.rowsRead += read;
  const wanted =
    request.limit === undefined || request.predicate !== undefined ? there : Math.min(there, request.limit);
  for (const [from, to] of ranges) {
    const part = from === 0 && to === there ? columns : columns.map((c) => partOfColumn(c, from, to - from, context));
    for (const batch of sliceIntoBatches(part, Math.min(wanted, to - from), BATCH_ROWS)) {
      context.checkCancelled();
      yield batch;
    }
  }
}

interface ReadRows {
  readonly columns: Column[];
  /** The rows that are whole. */
  readonly ranges: RowRanges;
}

function readColumns(split: ScanSplit, payload: ParquetSplit, request: ScanRequest, context: TaskContext): ReadRows {
  const all: RowRanges = [[0, windowRows(payload)]];
  if (payload.columns.every((column) => column.chunks.length === 0)) {
    // Counting rows needs no file.
    const group = new GroupContext(context, NO_FILE, payload);
    return { columns: payload.columns.map((column) => constant(group, column)), ranges: all };
  }
  const file = openUnchanged(payload, context);
  try {
    if (request.predicate !== undefined) return readSelected(split, request.predicate, context, file);
    const group = new GroupContext(context, file, payload);
    const columns = payload.columns.map((column) =>
      readKept(group, column, split, request.kept, () => readColumn(group, column, split)),
    );
    return { columns, ranges: all };
  } finally {
    file.close();
  }
}

/** A column the file does not have: null in every row, or the value of its partition. */
const constant = ({ results, split }: GroupContext, { type, constant = null }: SplitColumn): Column =>
  constantColumn(results, type, windowRows(split), constant);

function readColumn(group: GroupContext, column: SplitColumn, split: ScanSplit): Column {
  group.task.checkCancelled();
  const { name, node } = column;
  const stats = split.stats?.[name];
  const read =
    node === undefined
      ? constant(group, column)
      : isFlat(column)
        ? readFlat(group, column, node as Leaf, stats)
        : readNested(group, column, node);
  // Plans leave tests for null out where there are to be none.
  if (stats?.nullCount === 0 && read.nullCount > 0)
    throw corrupt(group.place(name), 'it has nulls, against its statistics');
  return read;
}

const isFlat = ({ node }: SplitColumn): boolean => node?.kind === 'leaf' && node.maxRepetition === 0;

/** The columns that a predicate asks about come first; of the others only the pages in which it may be true somewhere. */
function readSelected(split: ScanSplit, predicate: Predicate, context: TaskContext, file: ReadableFile): ReadRows {
  const payload = split.payload as ParquetSplit;
  const rows = windowRows(payload);
  const [from, to] = payload.window ?? [0, rows];
  const indexed = intersect(indexedRows(predicate, payload, file), [[from, to]]);
  const selection = new RowSelection(
    rows,
    indexed.map(([a, b]) => [a - from, b - from]),
  );
  const group = new GroupContext(context, file, payload, selection);
  const asked = columnsOf(predicate);
  const isAsked = (column: SplitColumn): boolean => isFlat(column) && asked.has(column.name);
  const done = new Map<string, Column>();
  const order = [...payload.columns].sort((a, b) => Number(isAsked(b)) - Number(isAsked(a)));
  for (const column of order) {
    if (!selection.keeps(0, rows)) return { columns: [], ranges: [] };
    done.set(column.name, readColumn(group, column, split));
    if (isAsked(column)) selection.refine(rowTest(predicate, (name) => done.get(name), context.heap));
  }
  return { columns: payload.columns.map(({ name }) => done.get(name) as Column), ranges: selection.decoded() };
}

const NO_FILE = {
  path: '',
  size: 0,
  modifiedMs: 0,
  readInto: () => {
    throw engineBug('a column without chunks was read');
  },
  close: () => undefined,
};
