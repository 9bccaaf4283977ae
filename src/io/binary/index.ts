import {
  type Batch,
  buildColumn,
  type Column,
  engineBug,
  type Format,
  type Scalar,
  SparrowError,
  type TaskContext,
} from '../../base/index.js';
import { batchColumns } from '../batch-columns.js';
import { openUnchanged } from '../unchanged-file.js';
import { openBinary } from './open.js';
import { type BinarySplit, FIELDS } from './split.js';

/** What one value may hold. */
const MAX_FILE_BYTES = 1 << 30;

/** Files as rows: where each is, when it was changed, how long it is and what it holds. */
export const binaryFileFormat: Format = {
  name: 'binaryfile',
  extensions: [],
  open: openBinary,
  reader: { read: (split, _request, context) => readFile(split.payload as BinarySplit, context) },
};

function* readFile(payload: BinarySplit, context: TaskContext): Generator<Batch> {
  const { batchArena: arena, metrics } = context;
  const { path, size, modifiedMs, columns } = payload;
  const own = (name: string): Column => {
    const { type } = FIELDS.find((f) => f.name === name) ?? {};
    if (type === undefined) throw engineBug(`a file has no ${name}`);
    return buildColumn(arena, type, [scalarOf(name)]);
  };
  const scalarOf = (name: string): Scalar => {
    if (name === 'path') return path;
    if (name === 'modificationTime') return BigInt(Math.round(modifiedMs * 1000));
    return name === 'length' ? BigInt(size) : contentOf(payload, context);
  };
  const read = batchColumns(arena, columns, 1, own);
  metrics.rowsRead++;
  yield { rows: 1, columns: read };
}

function contentOf(payload: BinarySplit, context: TaskContext): Uint8Array {
  const { path, size } = payload;
  if (size > MAX_FILE_BYTES) {
    throw new SparrowError('MEMORY_LIMIT_EXCEEDED', `a file of ${size} bytes is too long for one value`, {
      where: `file ${path}`,
      hint: `leave the column content out, or read only files of at most ${MAX_FILE_BYTES} bytes`,
    });
  }
  const file = openUnchanged(payload, context);
  try {
    const content = new Uint8Array(size);
    file.readInto(content, 0, size);
    context.metrics.bytesRead += size;
    return content;
  } finally {
    file.close();
  }
}
