import { join } from 'node:path';
import {
  arrayType,
  booleanType,
  buildColumn,
  type DataType,
  type Field,
  field,
  int32Type,
  int64Type,
  mapType,
  ownContext,
  type Platform,
  type Scalar,
  stringType,
  structType,
} from '../../base/index.js';
import { createParquetWriter } from '../parquet/write.js';
import type { Action } from './actions.js';
import { checkpointHeap } from './checkpoint.js';
import { readSnapshot, type Snapshot } from './log.js';

const DEFAULT_INTERVAL = 10;
const DEFAULT_TOMBSTONE_MS = 7 * 86_400_000;
const BATCH = 4096;

const texts = mapType(stringType, stringType, true);
const strings = arrayType(stringType, true);
const vector = structType([
  field('storageType', stringType),
  field('pathOrInlineDv', stringType),
  field('offset', int32Type),
  field('sizeInBytes', int32Type),
  field('cardinality', int64Type),
]);

/** The columns of a classic checkpoint, as the protocol has them. */
const COLUMNS: readonly Field[] = [
  field('txn', structType([field('appId', stringType), field('version', int64Type), field('lastUpdated', int64Type)])),
  field(
    'add',
    structType([
      field('path', stringType),
      field('partitionValues', texts),
      field('size', int64Type),
      field('modificationTime', int64Type),
      field('dataChange', booleanType),
      field('tags', texts),
      field('deletionVector', vector),
      field('stats', stringType),
    ]),
  ),
  field(
    'remove',
    structType([
      field('path', stringType),
      field('deletionTimestamp', int64Type),
      field('dataChange', booleanType),
      field('extendedFileMetadata', booleanType),
      field('partitionValues', texts),
      field('size', int64Type),
      field('deletionVector', vector),
    ]),
  ),
  field(
    'metaData',
    structType([
      field('id', stringType),
      field('name', stringType),
      field('description', stringType),
      field('format', structType([field('provider', stringType), field('options', texts)])),
      field('schemaString', stringType),
      field('partitionColumns', strings),
      field('configuration', texts),
      field('createdTime', int64Type),
    ]),
  ),
  field(
    'protocol',
    structType([
      field('minReaderVersion', int32Type),
      field('minWriterVersion', int32Type),
      field('readerFeatures', strings),
      field('writerFeatures', strings),
    ]),
  ),
];

/** Puts the table's state at a version into one file when the version is one of those that get it. */
export async function checkpointIfDue(root: string, version: number, platform: Platform): Promise<void> {
  const snapshot = await readSnapshot(root, { version }, platform);
  const interval = Number(snapshot.metadata.configuration?.['delta.checkpointInterval'] ?? DEFAULT_INTERVAL);
  if (version === 0 || version % interval !== 0) return;
  // Tables whose checkpoints have another form keep those they have.
  if (snapshot.metadata.configuration?.['delta.checkpointPolicy'] === 'v2') return;
  writeCheckpoint(root, snapshot, platform);
}

function writeCheckpoint(root: string, snapshot: Snapshot, platform: Platform): void {
  const log = join(root, '_delta_log');
  const name = `${String(snapshot.version).padStart(20, '0')}.checkpoint.parquet`;
  const draft = join(log, `.${name}.${platform.seed().toString(36)}.tmp`);
  const actions = actionsOf(snapshot, platform.clock.now());
  const heap = checkpointHeap();
  const arena = heap.newArena('Delta checkpoint');
  const context = ownContext(arena, platform);
  try {
    const writer = createParquetWriter(draft, COLUMNS, {}, context);
    try {
      for (let from = 0; from < actions.length; from += BATCH) {
        const rows = actions.slice(from, from + BATCH);
        const columns = COLUMNS.map(({ name: part, type }) =>
          buildColumn(
            arena,
            type,
            rows.map((action) => scalarOf(type, action[part as keyof Action])),
          ),
        );
        writer.write({ rows: rows.length, columns });
      }
      writer.finish();
    } catch (error) {
      writer.abort();
      throw error;
    }
  } finally {
    arena.release();
  }
  platform.files.rename(draft, join(log, name));
  const pointer = join(log, `._last_checkpoint.${platform.seed().toString(36)}.tmp`);
  const file = platform.files.create(pointer);
  file.write(Buffer.from(JSON.stringify({ version: snapshot.version, size: actions.length })));
  file.sync();
  file.close();
  platform.files.rename(pointer, join(log, '_last_checkpoint'));
}

function actionsOf({ metadata, protocol, files, removed, transactions }: Snapshot, now: number): Action[] {
  const kept = removed.filter((r) => (r.deletionTimestamp ?? 0) > now - DEFAULT_TOMBSTONE_MS);
  return [
    { protocol },
    { metaData: metadata },
    ...transactions.map((txn) => ({ txn })),
    ...files.map((add) => ({ add: { ...add, dataChange: false } })),
    ...kept.map((remove) => ({ remove: { ...remove, dataChange: false } })),
  ];
}

function scalarOf(type: DataType, value: unknown): Scalar {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'struct':
      return type.fields.map((f) => scalarOf(f.type, (value as Record<string, unknown>)[f.name]));
    case 'array':
      return (value as readonly unknown[]).map((item) => scalarOf(type.element, item));
    case 'map':
      return { entries: Object.entries(value).map(([key, item]) => [key, item as Scalar]) };
    case 'int64':
      return BigInt(Math.trunc(Number(value)));
    default:
      return value as Scalar;
  }
}
