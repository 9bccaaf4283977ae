import { type ArrowLayout, VARIANT_PARTS } from '../../base/arrow-layout.js';
import { type DataType, type Field, field, type Schema, unreachable } from '../../base/index.js';
import { byte, type FlatFields, flatBuffer, int, long, short } from './flat-builder.js';

// Messages of Arrow's IPC format (Message.fbs, Schema.fbs and File.fbs of its specification), version 5.

const VERSION = short(4);
const MICROSECONDS = short(2);
const HEADERS = { schema: 1, batch: 3 } as const;

/** What is before and behind the messages of a file. */
export const FILE_HEAD = Buffer.from('ARROW1\0\0', 'latin1');
export const END_OF_STREAM = Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]);
const FILE_TAIL = 'ARROW1';

export const schemaMessage = (schema: Schema): Buffer => message(HEADERS.schema, schemaTable(schema), 0);

/** Of the rows of a batch: the message, and the buffers that follow it, each up to a multiple of eight bytes. */
export function batchMessage(
  rows: number,
  layouts: readonly ArrowLayout[],
): { readonly head: Buffer; readonly buffers: readonly Uint8Array[]; readonly bodyBytes: number } {
  const nodes: number[] = [];
  const buffers: Uint8Array[] = [];
  for (const layout of layouts) flatten(layout, nodes, buffers);
  let bodyBytes = 0;
  const places = buffers.flatMap(({ byteLength }) => {
    const at = bodyBytes;
    bodyBytes += padded(byteLength);
    return [at, byteLength];
  });
  const table: FlatFields = [
    long(rows),
    { structs: BigInt64Array.from(nodes, BigInt), count: nodes.length / 2 },
    { structs: BigInt64Array.from(places, BigInt), count: buffers.length },
  ];
  return { head: message(HEADERS.batch, table, bodyBytes), buffers, bodyBytes };
}

export const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** A column and the columns in it, parents first: lengths and nulls, then validity, offsets and values. */
function flatten(layout: ArrowLayout, nodes: number[], buffers: Uint8Array[]): void {
  const { length, nullCount, nullBitmap, valueOffsets, data, children } = layout;
  nodes.push(length, nullCount);
  // A column of nulls has no buffers.
  if (data === undefined && children === undefined) return;
  buffers.push(nullBitmap ?? new Uint8Array(0));
  if (valueOffsets !== undefined) buffers.push(bytesOf(valueOffsets));
  if (data !== undefined) buffers.push(bytesOf(data));
  for (const child of children ?? []) flatten(child, nodes, buffers);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function message(kind: number, header: FlatFields, bodyBytes: number): Buffer {
  const metadata = flatBuffer([VERSION, byte(kind), { table: header }, long(bodyBytes)]);
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(0xffffffff, 0);
  prefix.writeInt32LE(metadata.length, 4);
  return Buffer.concat([prefix, metadata]);
}

/** Where a record batch is: its position, the bytes of its message and of its buffers. */
export type BatchPlace = readonly [offset: number, head: number, body: number];

/** What stands behind the last message of a file. */
export function fileEnd(schema: Schema, places: readonly BatchPlace[]): Buffer {
  const structs = BigInt64Array.from(places.flat(), BigInt);
  const footer = flatBuffer([VERSION, { table: schemaTable(schema) }, undefined, { structs, count: places.length }]);
  const tail = Buffer.alloc(4 + FILE_TAIL.length);
  tail.writeInt32LE(footer.length, 0);
  tail.write(FILE_TAIL, 4, 'latin1');
  return Buffer.concat([footer, tail]);
}

const schemaTable = (schema: Schema): FlatFields => [short(0), { tables: schema.fields.map(fieldTable) }];

function fieldTable({ name, type, nullable }: Field): FlatFields {
  const { number, parts = [] } = typeTable(type);
  return [
    { text: name },
    byte(nullable ? 1 : 0),
    byte(number),
    { table: parts },
    undefined,
    { tables: childrenOf(type).map(fieldTable) },
    ...(type.kind === 'variant' ? [VARIANT_MARK] : []),
  ];
}

const VARIANT_MARK = {
  tables: [[{ text: 'ARROW:extension:name' }, { text: 'arrow.parquet.variant' }]],
};

function childrenOf(type: DataType): readonly Field[] {
  switch (type.kind) {
    case 'array':
      return [field('element', type.element, type.containsNull)];
    case 'struct':
      return type.fields;
    case 'variant':
      return VARIANT_PARTS.fields;
    case 'map': {
      const entry = [field('key', type.key, false), field('value', type.value, type.valueContainsNull)];
      return [field('entries', { kind: 'struct', fields: entry }, false)];
    }
    default:
      return [];
  }
}

/** The number of an Arrow type and the fields of its table. */
function typeTable(type: DataType): { readonly number: number; readonly parts?: FlatFields } {
  const integer = (bits: number) => ({ number: 2, parts: [int(bits), byte(1)] });
  switch (type.kind) {
    case 'null':
      return { number: 1 };
    case 'boolean':
      return { number: 6 };
    case 'int8':
      return integer(8);
    case 'int16':
      return integer(16);
    case 'int32':
      return integer(32);
    case 'int64':
      return integer(64);
    case 'float32':
      return { number: 3, parts: [short(1)] };
    case 'float64':
      return { number: 3, parts: [short(2)] };
    case 'decimal':
      return { number: 7, parts: [int(type.precision), int(type.scale), int(128)] };
    case 'string':
      return { number: 5 };
    case 'binary':
      return { number: 4 };
    case 'date':
      return { number: 8, parts: [short(0)] };
    case 'time':
      return { number: 9, parts: [MICROSECONDS, int(64)] };
    case 'timestamp':
      return { number: 10, parts: [MICROSECONDS, { text: 'UTC' }] };
    case 'timestamp_ntz':
      return { number: 10, parts: [MICROSECONDS] };
    case 'interval_ym':
      return { number: 11, parts: [short(0)] };
    case 'interval_dt':
      return { number: 18, parts: [MICROSECONDS] };
    case 'interval':
      return { number: 11, parts: [short(2)] };
    case 'array':
      return { number: 12 };
    case 'struct':
    case 'variant':
      return { number: 13 };
    case 'map':
      return { number: 17, parts: [byte(0)] };
    default:
      return unreachable(type);
  }
}
