import {
  BATCH_ROWS,
  type Batch,
  type Column,
  engineBug,
  type ScanRequest,
  type ScanSplit,
  SparrowError,
  type SplitReader,
  sliceIntoBatches,
  type TaskContext,
} from '../../base/index.js';
import { GroupContext } from './chunk-pages.js';
import { codecs } from './codecs.js';
import { constantColumn } from './constant-column.js';
import { unsupported } from './error.js';
import { readFlat } from './flat-column.js';
import { readNested } from './nested-column.js';
import { MAX_GROUP_ROWS, type ParquetSplit } from './split.js';

/** Reads row groups; synchronous, but for the first page of a codec that has to be made ready. */
export const parquetReader: SplitReader = {
  read(split, request, context) {
    const payload = split.payload as ParquetSplit;
    if (payload.columns.length !== request.columns.length)
      throw engineBug(`the split ${split.label} has other columns`);
    const preparing = prepare(payload);
    return preparing === undefined ? readGroup(split, request, context) : readLater(preparing, split, request, context);
  },
};

function prepare(payload: ParquetSplit): Promise<unknown> | undefined {
  const used = new Set(payload.columns.flatMap((column) => column.chunks.map((chunk) => chunk.codec)));
  const waits = codecs.filter((codec) => used.has(codec.name)).flatMap((codec) => codec.prepare?.() ?? []);
  return waits.length === 0 ? undefined : Promise.all(waits);
}

async function* readLater(
  preparing: Promise<unknown>,
  split: ScanSplit,
  request: ScanRequest,
  context: TaskContext,
): AsyncGenerator<Batch> {
  await preparing;
  yield* readGroup(split, request, context);
}

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
  const columns = readColumns(split, payload, context);
  context.metrics.rowGroupsRead++;
  context.metrics.rowsRead += rows;
  const wanted = request.limit === undefined || request.predicate !== undefined ? rows : Math.min(rows, request.limit);
  for (const batch of sliceIntoBatches(columns, wanted, BATCH_ROWS)) {
    context.checkCancelled();
    yield batch;
  }
}

function readColumns(split: ScanSplit, payload: ParquetSplit, context: TaskContext): Column[] {
  if (payload.columns.every((column) => column.chunks.length === 0)) {
    // Counting rows needs no file.
    return payload.columns.map((column) => constantColumn(new GroupContext(context, NO_FILE, payload), column));
  }
  const file = context.platform.files.open(payload.path);
  try {
    if (file.size !== payload.size || file.modifiedMs !== payload.modifiedMs) {
      throw new SparrowError('FILE_CHANGED', 'the file was changed after the query was planned', {
        where: `file ${payload.path}`,
        hint: 'run the query again',
      });
    }
    const group = new GroupContext(context, file, payload);
    return payload.columns.map((column) => {
      context.checkCancelled();
      const { node } = column;
      if (node === undefined) return constantColumn(group, column);
      if (node.kind === 'leaf' && node.maxRepetition === 0)
        return readFlat(group, column, node, split.stats?.[column.name]);
      return readNested(group, column, node);
    });
  } finally {
    file.close();
  }
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
