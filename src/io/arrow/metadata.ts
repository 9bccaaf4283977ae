import { type ReadableFile, SparrowError } from '../../base/index.js';
import { distinctNames } from '../distinct-names.js';
import { damaged, FlatTable } from './flatbuffer.js';

/** An Arrow type as the file declares it. */
export type ArrowType =
  | { readonly kind: 'null' | 'bool' | 'binary' | 'utf8' | 'largeBinary' | 'largeUtf8' | 'binaryView' | 'utf8View' }
  | { readonly kind: 'list' | 'largeList' | 'listView' | 'largeListView' | 'struct' | 'map' | 'runEndEncoded' }
  | { readonly kind: 'int'; readonly bits: number; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: number }
  | { readonly kind: 'decimal'; readonly bits: number; readonly precision: number; readonly scale: number }
  | { readonly kind: 'date'; readonly bits: 32 | 64 }
  | {
      readonly kind: 'time' | 'timestamp' | 'duration';
      readonly unit: number;
      readonly bits: number;
      readonly zone?: string;
    }
  | { readonly kind: 'interval'; readonly unit: number }
  | { readonly kind: 'fixedBinary' | 'fixedList'; readonly size: number }
  | { readonly kind: 'union'; readonly dense: boolean; readonly ids: readonly number[] };

export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: ArrowType;
  readonly children: readonly ArrowField[];
  /** Its values are codes into the dictionary of this number. */
  readonly dictionary?: { readonly id: string; readonly index: ArrowType };
  readonly extension?: string;
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  /** Bytes of numbers are in reverse order. */
  readonly bigEndian: boolean;
}

/** Where the bytes of a message are. */
export interface Block {
  /** Of its metadata, behind the length. */
  readonly offset: number;
  readonly metadataBytes: number;
  readonly body: number;
  readonly bodyBytes: number;
}

/** What one record batch or dictionary holds. */
export interface BatchMetadata {
  readonly rows: number;
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[];
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
  readonly compression: 'lz4' | 'zstd' | undefined;
  readonly variadicCounts: readonly number[];
  /** Unions have validity bitmaps before version 5. */
  readonly version: number;
}

export type Message =
  | { readonly kind: 'schema'; readonly schema: ArrowSchema }
  | { readonly kind: 'batch'; readonly batch: BatchMetadata; readonly bodyBytes: number }
  | {
      readonly kind: 'dictionary';
      readonly id: string;
      readonly isDelta: boolean;
      readonly batch: BatchMetadata;
      readonly bodyBytes: number;
    }
  | { readonly kind: 'other'; readonly bodyBytes: number };

/** Nested types and metadata larger than this are no honest schema. */
const MAX_DEPTH = 200;
const MAX_FIELDS = 1 << 18;
const MAX_METADATA_BYTES = 256 << 20;
const MAGIC = 'ARROW1';
const CONTINUATION = 0xffffffff;

/** Reads metadata of a file, which must lie inside of it. */
export function readMetadata(file: ReadableFile, offset: number, length: number): Buffer {
  if (offset < 0 || length <= 0 || length > MAX_METADATA_BYTES || offset + length > file.size)
    throw damaged(`${length} bytes of metadata`, file.path, offset);
  const bytes = Buffer.allocUnsafe(length);
  file.readInto(bytes, offset, length);
  return bytes;
}

/** Whether a file is in the file format (with a footer), not a stream. */
export function hasFooter(file: ReadableFile): boolean {
  if (file.size < 16) return false;
  return readMetadata(file, 0, 6).toString('latin1') === MAGIC;
}

export interface Footer {
  readonly schema: ArrowSchema;
  readonly dictionaries: readonly Block[];
  readonly batches: readonly Block[];
}

export function readFooter(file: ReadableFile): Footer {
  const tail = readMetadata(file, file.size - 10, 10);
  if (tail.toString('latin1', 4) !== MAGIC) throw damaged('it does not end as an Arrow file does', file.path);
  const length = tail.readInt32LE(0);
  const root = FlatTable.root(readMetadata(file, file.size - 10 - length, length), file.path);
  const schema = root.table(1);
  if (schema === undefined) throw damaged('its footer has no schema', file.path);
  return { schema: schemaOf(schema), dictionaries: blocksOf(root, 2, file), batches: blocksOf(root, 3, file) };
}

function blocksOf(root: FlatTable, field: number, file: ReadableFile): Block[] {
  const { start, length } = root.vector(field, 24);
  return Array.from({ length }, (_, i) => {
    const at = start + i * 24;
    const offset = root.sizeOf(root.view.getBigInt64(at, true));
    const metadataBytes = root.view.getInt32(at + 8, true);
    const bodyBytes = root.sizeOf(root.view.getBigInt64(at + 16, true));
    if (metadataBytes < 8 || offset + metadataBytes + bodyBytes > file.size)
      throw damaged('a block lies outside of the file', file.path, offset);
    return { offset, metadataBytes, body: offset + metadataBytes, bodyBytes };
  });
}

/** The messages of a stream, one after the other, from a position on. */
export function* streamMessages(file: ReadableFile, from: number): Generator<{ message: Message; block: Block }> {
  for (let at = from; at + 4 <= file.size; ) {
    let prefix = 4;
    let length = readMetadata(file, at, 4).readUInt32LE(0);
    if (length === CONTINUATION) {
      if (at + 8 > file.size) throw damaged('a message is cut off', file.path, at);
      length = readMetadata(file, at + 4, 4).readUInt32LE(0);
      prefix = 8;
    }
    if (length === 0) return;
    const bytes = readMetadata(file, at + prefix, length);
    const message = messageOf(bytes, file.path);
    const body = at + prefix + length;
    const bodyBytes = message.kind === 'schema' ? 0 : message.bodyBytes;
    if (body + bodyBytes > file.size) throw damaged('the body of a message is cut off', file.path, body);
    yield { message, block: { offset: at, metadataBytes: prefix + length, body, bodyBytes } };
    at = body + bodyBytes;
  }
}

/** The message of a block of the footer. */
export function blockMessage(file: ReadableFile, block: Block): Message {
  const bytes = readMetadata(file, block.offset, block.metadataBytes);
  const prefix = bytes.readUInt32LE(0) === CONTINUATION ? 8 : 4;
  return messageOf(bytes.subarray(prefix), file.path);
}

function messageOf(bytes: Buffer, path: string): Message {
  const root = FlatTable.root(bytes, path);
  const version = root.short(0);
  const header = root.table(2);
  const bodyBytes = root.size(3);
  if (header === undefined) throw damaged('a message has no header', path);
  switch (root.byte(1)) {
    case 1:
      return { kind: 'schema', schema: schemaOf(header) };
    case 2: {
      const data = header.table(1);
      if (data === undefined) throw damaged('a dictionary has no values', path);
      const id = String(header.long(0));
      return { kind: 'dictionary', id, isDelta: header.byte(2) !== 0, batch: batchOf(data, version), bodyBytes };
    }
    case 3:
      return { kind: 'batch', batch: batchOf(header, version), bodyBytes };
    default:
      return { kind: 'other', bodyBytes };
  }
}

function batchOf(table: FlatTable, version: number): BatchMetadata {
  const pairs = (field: number): [number, number][] => {
    const { start, length } = table.vector(field, 16);
    return Array.from({ length }, (_, i) => [
      table.sizeOf(table.view.getBigInt64(start + i * 16, true)),
      table.sizeOf(table.view.getBigInt64(start + i * 16 + 8, true)),
    ]);
  };
  const compression = table.table(3);
  const codec = compression?.byte(0);
  if (codec !== undefined && codec > 1) throw damaged(`there is no compression ${codec}`, table.path);
  const counts = table.vector(4, 8);
  return {
    rows: table.size(0),
    nodes: pairs(1).map(([length, nullCount]) => ({ length, nullCount })),
    buffers: pairs(2).map(([offset, length]) => ({ offset, length })),
    compression: codec === undefined ? undefined : codec === 0 ? 'lz4' : 'zstd',
    variadicCounts: Array.from({ length: counts.length }, (_, i) =>
      table.sizeOf(table.view.getBigInt64(counts.start + i * 8, true)),
    ),
    version,
  };
}

function schemaOf(table: FlatTable): ArrowSchema {
  const budget = { fields: MAX_FIELDS };
  return { fields: distinctNames(table.tables(1).map((f) => fieldOf(f, 0, budget))), bigEndian: table.short(0) === 1 };
}

function fieldOf(table: FlatTable, depth: number, budget: { fields: number }): ArrowField {
  if (depth > MAX_DEPTH || --budget.fields < 0) throw damaged('its schema does not end', table.path);
  const encoding = table.table(4);
  const index = encoding?.table(1);
  const signed32: ArrowType = { kind: 'int', bits: 32, signed: true };
  const metadata = table.tables(6).map((pair) => [pair.text(0) ?? '', pair.text(1) ?? ''] as const);
  const extension = metadata.find(([key]) => key === 'ARROW:extension:name')?.[1];
  return {
    name: table.text(0) ?? '',
    nullable: table.byte(1) !== 0,
    type: typeOf(table.byte(2), table.table(3), table.path),
    children: distinctNames(table.tables(5).map((f) => fieldOf(f, depth + 1, budget))),
    ...(encoding === undefined
      ? {}
      : { dictionary: { id: String(encoding.long(0)), index: index === undefined ? signed32 : intOf(index) } }),
    ...(extension === undefined ? {} : { extension }),
  };
}

const intOf = (table: FlatTable): ArrowType => ({ kind: 'int', bits: table.int(0), signed: table.byte(1) !== 0 });

const PLAIN = [
  undefined,
  'null',
  undefined,
  undefined,
  'binary',
  'utf8',
  'bool',
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  'list',
  'struct',
  undefined,
  undefined,
  undefined,
  'map',
  undefined,
  'largeBinary',
  'largeUtf8',
  'largeList',
  'runEndEncoded',
  'binaryView',
  'utf8View',
  'listView',
  'largeListView',
] as const;

function typeOf(number: number, table: FlatTable | undefined, path: string): ArrowType {
  const plain = PLAIN[number];
  if (plain !== undefined) return { kind: plain };
  if (table === undefined) throw damaged('a field has no type', path);
  switch (number) {
    case 2:
      return intOf(table);
    case 3:
      return { kind: 'float', bits: [16, 32, 64][table.short(0)] ?? 64 };
    case 7:
      return { kind: 'decimal', precision: table.int(0), scale: table.int(1), bits: table.int(2, 128) };
    case 8:
      return { kind: 'date', bits: table.short(0, 1) === 0 ? 32 : 64 };
    case 9:
      return { kind: 'time', unit: table.short(0, 1), bits: table.int(1, 32) };
    case 10: {
      const zone = table.text(1);
      return {
        kind: 'timestamp',
        unit: table.short(0),
        bits: 64,
        ...(zone === undefined || zone === '' ? {} : { zone }),
      };
    }
    case 11:
      return { kind: 'interval', unit: table.short(0) };
    case 14: {
      const ids = table.vector(1, 4);
      const list = Array.from({ length: ids.length }, (_, i) => table.view.getInt32(ids.start + i * 4, true));
      return { kind: 'union', dense: table.short(0) === 1, ids: list };
    }
    case 15:
      return { kind: 'fixedBinary', size: table.int(0) };
    case 16:
      return { kind: 'fixedList', size: table.int(0) };
    case 18:
      return { kind: 'duration', unit: table.short(0, 1), bits: 64 };
    default:
      throw new SparrowError('UNSUPPORTED_ARROWTYPE', `there is no Arrow type with the number ${number}`, {
        where: `file ${path}`,
        hint: 'was the file written by a newer version of Arrow?',
      });
  }
}

/** The schema that a stream begins with. */
export function streamSchema(file: ReadableFile): ArrowSchema {
  for (const { message } of streamMessages(file, 0)) {
    if (message.kind === 'schema') return message.schema;
    break;
  }
  throw damaged('it does not begin with a schema', file.path);
}
