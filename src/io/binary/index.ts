import {
  type Batch,
  binaryType,
  buildColumn,
  type Column,
  engineBug,
  type Format,
  field,
  int64Type,
  type Platform,
  type Scalar,
  type SourceDescription,
  SparrowError,
  stringType,
  type TableSource,
  type TaskContext,
  timestampType,
} from '../../base/index.js';
import { batchColumns, type FileColumn, FileTable } from '../file-table.js';
import { GivenOptions } from '../given-options.js';
import { expandPaths } from '../paths.js';
import { openUnchanged } from '../unchanged-file.js';

/** What one value may hold. */
const MAX_FILE_BYTES = 1 << 30;

interface BinarySplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly columns: readonly FileColumn[];
  readonly rows: number;
}

const FIELDS = [
  field('path', stringType, false),
  field('modificationTime', timestampType, false),
  field('length', int64Type, false),
  field('content', binaryType, true),
];

/** Files as rows: where each is, when it was changed, how long it is and what it holds. */
export const binaryFileFormat: Format = {
  name: 'binaryfile',
  extensions: [],
  open: openBinary,
  reader: { read: (split, _request, context) => readFile(split.payload as BinarySplit, context) },
};

async function openBinary(description: SourceDescription, platform: Platform): Promise<TableSource> {
  const given = new GivenOptions('binaryFile', ['pathGlobFilter'] as const, description.options);
  const suffix = given.text('pathGlobFilter');
  const all = expandPaths(platform.files, description.paths);
  const files = suffix === undefined ? all : all.filter(({ path }) => globOf(suffix).test(path));
  const label = `binaryFile ${description.paths.join(', ')}`;
  return new FileTable(
    'binaryfile',
    label,
    files,
    FIELDS,
    description.zone,
    ({ path, size, modifiedMs }, columns): BinarySplit[] => [{ path, size, modifiedMs, columns, rows: 1 }],
  );
}

/** A pattern such as `*.png` for the names of files. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/\\\\]*')
    .replaceAll('?', '[^/\\\\]');
  return new RegExp(`(?:^|[/\\\\])${source}$`, 'u');
}

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
