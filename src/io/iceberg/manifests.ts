import type { DataType, MapScalar, Platform, Scalar } from '../../base/index.js';
import { blocksOf, readHeader } from '../avro/container.js';
import { type AvroType, avroType } from '../avro/schema.js';
import { damagedTable, unsupportedTable } from './error.js';
import { placeOf, type Snapshot, type Table } from './metadata.js';

/** The bounds of a partition field over the files of a manifest. */
export interface FieldSummary {
  readonly contains_null: boolean;
  readonly lower_bound?: Uint8Array | null;
  readonly upper_bound?: Uint8Array | null;
}

/** A manifest, as the list of a snapshot has it. */
export interface Manifest {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  /** 0: data files, 1: files that delete rows. */
  readonly content?: number;
  readonly sequence_number?: bigint;
  readonly partitions?: readonly FieldSummary[] | null;
  readonly added_rows_count?: bigint | null;
  readonly existing_rows_count?: bigint | null;
  readonly key_metadata?: Uint8Array | null;
}

/** A file of a table. Numbers of columns are those of fields. */
export interface ContentFile {
  /** 0: rows, 1: deleted positions, 2: deleted values. */
  readonly content: number;
  readonly path: string;
  readonly format: string;
  readonly specId: number;
  /** Values by the position of the spec's fields. */
  readonly partition: readonly Scalar[];
  readonly rows: number;
  readonly bytes: number;
  /** Later than all deletes of a lower number. */
  readonly sequence: bigint;
  readonly lower: ReadonlyMap<number, Uint8Array>;
  readonly upper: ReadonlyMap<number, Uint8Array>;
  readonly values: ReadonlyMap<number, number>;
  readonly nulls: ReadonlyMap<number, number>;
  readonly nans: ReadonlyMap<number, number>;
  readonly equalityIds: readonly number[];
  readonly referenced?: string;
  /** Of a deletion vector: where it is in its file. */
  readonly vector?: { readonly offset: number; readonly bytes: number };
}

const DELETED = 2;
const SLICE_MS = 20;

type Json = Readonly<Record<string, unknown>>;

/** The records of an Avro file, as objects; with the parsed schema of the file. */
async function* records(
  path: string,
  platform: Platform,
): AsyncGenerator<{ readonly json: Json; readonly schema: string; readonly entries: ReadonlyMap<string, Buffer> }> {
  const file = platform.files.open(path);
  try {
    const header = readHeader(file);
    const type: AvroType = avroType(header.schema, path);
    let since = platform.clock.monotonic();
    for (const { count, cursor } of blocksOf(file, header, { start: 0, end: file.size })) {
      for (let i = 0; i < count; i++) {
        cursor.next();
        yield { json: plain(type.type, type.read(cursor)) as Json, schema: header.schema, entries: header.entries };
        if (platform.clock.monotonic() - since < SLICE_MS) continue;
        await new Promise<void>((resume) => setImmediate(resume));
        since = platform.clock.monotonic();
      }
    }
  } finally {
    file.close();
  }
}

/** Structs by name; a partition's by position, since the names of partition fields are rewritten for Avro. */
function plain(type: DataType, value: Scalar, name = ''): unknown {
  if (value === null) return null;
  if (type.kind === 'struct') {
    const parts = value as readonly Scalar[];
    if (name === 'partition') return parts;
    return Object.fromEntries(type.fields.map((f, i) => [f.name, plain(f.type, parts[i] ?? null, f.name)]));
  }
  if (type.kind === 'array') return (value as readonly Scalar[]).map((item) => plain(type.element, item));
  return type.kind === 'map' ? (value as MapScalar).entries.map(([key, v]) => ({ key, value: v })) : value;
}

/** The manifests of a snapshot. */
export async function manifestsOf(table: Table, snapshot: Snapshot, platform: Platform): Promise<Manifest[]> {
  const list = snapshot['manifest-list'];
  if (list === undefined) {
    return (snapshot.manifests ?? []).map((manifest_path) => ({ manifest_path, partition_spec_id: -1 }));
  }
  const manifests: Manifest[] = [];
  for await (const { json } of records(placeOf(table, list, platform), platform)) {
    const manifest = json as unknown as Manifest;
    if (typeof manifest.manifest_path !== 'string') throw damagedTable('a manifest has no path', `file ${list}`);
    manifests.push(manifest);
  }
  return manifests;
}

/** The files of a manifest that belong to the table. */
export async function filesOf(table: Table, manifest: Manifest, platform: Platform): Promise<ContentFile[]> {
  const { manifest_path: path, key_metadata: key } = manifest;
  if (key) throw unsupportedTable('ENCRYPTION', 'encrypted Iceberg tables cannot be read', table.where);
  const files: ContentFile[] = [];
  let order: readonly number[] | undefined;
  for await (const { json, schema, entries } of records(placeOf(table, path, platform), platform)) {
    const { status, sequence_number: own, data_file: file } = json as Json & { readonly data_file?: Json };
    if (status === DELETED) continue;
    if (file === undefined || typeof file.file_path !== 'string') throw damagedTable('a file has no path', path);
    const specId =
      manifest.partition_spec_id >= 0 ? manifest.partition_spec_id : Number(entries.get('partition-spec-id') ?? 0);
    order ??= partitionOrder(schema, table, specId);
    files.push(contentFile(file, specId, order, (own as bigint | null) ?? manifest.sequence_number ?? 0n));
  }
  return files;
}

function contentFile(file: Json, specId: number, order: readonly number[], sequence: bigint): ContentFile {
  const partition = (file.partition ?? []) as readonly Scalar[];
  const [offset, size] = [file.content_offset, file.content_size_in_bytes];
  return {
    content: Number(file.content ?? 0),
    path: file.file_path as string,
    format: String(file.file_format).toLowerCase(),
    specId,
    partition: order.map((at) => partition[at] ?? null),
    rows: Number(file.record_count),
    bytes: Number(file.file_size_in_bytes),
    sequence,
    lower: byId(file.lower_bounds, (value) => value as Uint8Array),
    upper: byId(file.upper_bounds, (value) => value as Uint8Array),
    values: byId(file.value_counts, Number),
    nulls: byId(file.null_value_counts, Number),
    nans: byId(file.nan_value_counts, Number),
    equalityIds: (file.equality_ids ?? []) as readonly number[],
    ...(typeof file.referenced_data_file === 'string' ? { referenced: file.referenced_data_file } : {}),
    ...(typeof offset === 'bigint' ? { vector: { offset: Number(offset), bytes: Number(size) } } : {}),
  };
}

function byId<T>(entries: unknown, as: (value: unknown) => T): Map<number, T> {
  return new Map(
    ((entries ?? []) as readonly { readonly key: number; readonly value: unknown }[]).map(({ key, value }) => [
      key,
      as(value),
    ]),
  );
}

/** Where the fields of a spec are in the partition records of a manifest, which know them by id. */
function partitionOrder(schema: string, { metadata, where }: Table, specId: number): readonly number[] {
  const fields = specFields(metadata, specId);
  const file = inside(inside(JSON.parse(schema), 'data_file'), 'partition');
  if (fields === undefined) throw damagedTable(`there is no partition spec ${specId}`, where);
  const there = (file?.fields ?? []) as readonly { readonly 'field-id'?: number; readonly name: string }[];
  return fields.map((f, i) => {
    const at = there.findIndex((t) => t['field-id'] === (f['field-id'] ?? 1000 + i));
    return at >= 0 ? at : there.findIndex((t) => t.name === f.name);
  });
}

export function specFields(metadata: Table['metadata'], specId: number) {
  const specs = metadata['partition-specs'];
  return specs === undefined ? metadata['partition-spec'] : specs.find((s) => s['spec-id'] === specId)?.fields;
}

/** The type of a record's field. */
function inside(record: unknown, name: string): { readonly fields?: unknown } | undefined {
  const fields = (record as { readonly fields?: readonly { name: string; type: unknown }[] } | undefined)?.fields;
  const type = fields?.find((f) => f.name === name)?.type;
  return (Array.isArray(type) ? type.find((t) => typeof t === 'object') : type) as ReturnType<typeof inside>;
}
