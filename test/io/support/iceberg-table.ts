// Iceberg tables by the letter of the specification: data by DuckDB, manifests by a small Avro writer.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

type Schema = string | readonly Schema[] | { readonly type: string; readonly [key: string]: unknown };

function long(value: number | bigint): Buffer {
  let n = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const out: number[] = [];
  do {
    out.push(Number(n & 0x7fn) | (n > 0x7fn ? 0x80 : 0));
    n >>= 7n;
  } while (n > 0n);
  return Buffer.from(out);
}

function encode(schema: Schema, value: unknown): Buffer {
  if (Array.isArray(schema)) {
    const isNull = value === null || value === undefined;
    return Buffer.concat([long(isNull ? 0 : 1), isNull ? Buffer.alloc(0) : encode(schema[1], value)]);
  }
  const of = schema as { readonly type: string; readonly fields?: unknown; readonly items?: unknown };
  switch (typeof schema === 'string' ? schema : of.type) {
    case 'int':
    case 'long':
      return long(value as number);
    case 'string':
    case 'bytes': {
      const bytes = Buffer.from(value as string);
      return Buffer.concat([long(bytes.length), bytes]);
    }
    case 'array': {
      const items = value as readonly unknown[];
      const parts = items.map((item) => encode(of.items as Schema, item));
      return items.length === 0 ? long(0) : Buffer.concat([long(items.length), ...parts, long(0)]);
    }
    case 'record': {
      const given = value as Record<string, unknown>;
      const fields = of.fields as readonly { readonly name: string; readonly type: Schema }[];
      return Buffer.concat(fields.map((f) => encode(f.type, given[f.name])));
    }
    default:
      throw new Error(`no encoder for ${JSON.stringify(schema)}`);
  }
}

function container(schema: Schema, values: readonly unknown[]): Buffer {
  const text = (s: string): Buffer => encode('string', s);
  const body = Buffer.concat(values.map((value) => encode(schema, value)));
  const sync = Buffer.from('fedcba9876543210');
  const meta = [long(1), text('avro.schema'), text(JSON.stringify(schema)), long(0)];
  return Buffer.concat([Buffer.from('Obj\x01'), ...meta, sync, long(values.length), long(body.length), body, sync]);
}

const field = (name: string, id: number, type: Schema) => ({ name, 'field-id': id, type });
const byId = (name: string, id: number, of: Schema) =>
  field(name, id, [
    'null',
    {
      type: 'array',
      logicalType: 'map',
      items: {
        type: 'record',
        name: `r${id}`,
        fields: [field('key', id + 1000, 'int'), field('value', id + 2000, of)],
      },
    },
  ]);
const MANIFEST = (partition: readonly object[]): Schema => ({
  type: 'record',
  name: 'manifest_entry',
  fields: [
    field('status', 0, 'int'),
    field('snapshot_id', 1, ['null', 'long']),
    field('sequence_number', 3, ['null', 'long']),
    field('data_file', 2, {
      type: 'record',
      name: 'r2',
      fields: [
        field('content', 134, 'int'),
        field('file_path', 100, 'string'),
        field('file_format', 101, 'string'),
        field('partition', 102, { type: 'record', name: 'r102', fields: partition }),
        field('record_count', 103, 'long'),
        field('file_size_in_bytes', 104, 'long'),
        byId('lower_bounds', 125, 'bytes'),
        byId('upper_bounds', 128, 'bytes'),
        field('equality_ids', 135, ['null', { type: 'array', items: 'int' }]),
      ],
    }),
  ],
});
const LIST: Schema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    field('manifest_path', 500, 'string'),
    field('manifest_length', 501, 'long'),
    field('partition_spec_id', 502, 'int'),
    field('content', 517, 'int'),
    field('sequence_number', 515, 'long'),
  ],
};

/** A file of the table: a query of DuckDB, and what the manifest says of it. */
export interface GivenFile {
  readonly sql: string;
  /** DuckDB's FIELD_IDS. */
  readonly ids: string;
  readonly content?: 0 | 1 | 2;
  readonly sequence: number;
  readonly rows: number;
  readonly partition?: Readonly<Record<string, unknown>>;
  readonly equality_ids?: readonly number[];
  readonly status?: number;
  readonly format?: string;
  readonly lower?: Readonly<Record<number, Buffer>>;
  readonly upper?: Readonly<Record<number, Buffer>>;
}

export interface GivenTable {
  readonly fields: readonly object[];
  readonly partitionBy?: readonly object[];
  /** Fields of the partition records, as Avro has them. */
  readonly partitionTypes?: readonly object[];
  readonly files: readonly GivenFile[];
  readonly properties?: Readonly<Record<string, string>>;
  /** The table's folder as its metadata has it. */
  readonly location?: string;
}

const entries = (of: Readonly<Record<number, Buffer>> = {}) =>
  Object.entries(of).map(([key, value]) => ({ key: Number(key), value }));

/** Writes a table; `{file N}` in a query is the path of the N-th file, as the table calls it. */
export async function writeIceberg(root: string, given: GivenTable): Promise<void> {
  const { location = root } = given;
  mkdirSync(join(root, 'metadata'), { recursive: true });
  mkdirSync(join(root, 'data'), { recursive: true });
  const name = (i: number): string => `data/${i}.parquet`;
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const [i, { sql, ids }] of given.files.entries()) {
    const query = sql.replace(/\{file (\d+)\}/g, (_, n: string) => `${location}/${name(Number(n))}`);
    const options = ids === '' ? '' : `, FIELD_IDS {${ids}}`;
    await connection.run(`COPY (${query}) TO '${join(root, name(i))}' (FORMAT parquet, ROW_GROUP_SIZE 2048${options})`);
  }
  connection.closeSync();
  instance.closeSync();
  const list = given.files.map((file, i) => {
    const entry = {
      status: file.status ?? 1,
      snapshot_id: 1,
      sequence_number: file.sequence,
      data_file: {
        content: file.content ?? 0,
        file_path: `${location}/${name(i)}`,
        file_format: file.format ?? 'PARQUET',
        partition: file.partition ?? {},
        record_count: file.rows,
        file_size_in_bytes: statSync(join(root, name(i))).size,
        lower_bounds: entries(file.lower),
        upper_bounds: entries(file.upper),
        equality_ids: file.equality_ids ?? null,
      },
    };
    const manifest = `metadata/m${i}.avro`;
    writeFileSync(join(root, manifest), container(MANIFEST(given.partitionTypes ?? []), [entry]));
    const content = file.content === undefined || file.content === 0 ? 0 : 1;
    return {
      manifest_path: `${location}/${manifest}`,
      manifest_length: 1,
      partition_spec_id: 0,
      content,
      sequence_number: file.sequence,
    };
  });
  writeFileSync(join(root, 'metadata/snap.avro'), container(LIST, list));
  const metadata = `{"format-version":2,"location":${JSON.stringify(location)},"current-schema-id":0,
    "schemas":[{"type":"struct","schema-id":0,"fields":${JSON.stringify(given.fields)}}],"default-spec-id":0,
    "partition-specs":[{"spec-id":0,"fields":${JSON.stringify(given.partitionBy ?? [])}}],
    "properties":${JSON.stringify(given.properties ?? {})},"current-snapshot-id":3051729675574597004,
    "snapshots":[{"snapshot-id":3051729675574597004,"timestamp-ms":1,"manifest-list":"${location}/metadata/snap.avro"}]}`;
  writeFileSync(join(root, 'metadata/v1.metadata.json'), metadata);
  writeFileSync(join(root, 'metadata/version-hint.text'), '1');
}
