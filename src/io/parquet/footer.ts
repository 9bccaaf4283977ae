import type { ReadableFile } from '../../base/index.js';
import { badFooter, unsupported } from './error.js';
import {
  CODECS,
  CONVERTED,
  type CodecName,
  type ColumnChunk,
  type ColumnMetadata,
  type ColumnOrder,
  type FileMetadata,
  type LogicalType,
  PHYSICAL,
  type RowGroup,
  type SchemaElement,
  type Statistics,
  type TimeUnit,
} from './metadata.js';
import { ThriftError, ThriftReader, WIRE } from './thrift.js';

const MAGIC = 0x31524150; // PAR1
const ENCRYPTED_MAGIC = 0x45524150; // PARE
/** What is read at first: mostly it holds the whole footer. */
export const TAIL_BYTES = 65536;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads and parses the footer of a file. */
export function readFooter(file: ReadableFile): FileMetadata {
  const { path, size } = file;
  if (size < 12) throw badFooter(path, `it has ${size} bytes, a Parquet file has at least 12`);
  const tailLength = Math.min(size, TAIL_BYTES);
  let tail = new Uint8Array(tailLength);
  file.readInto(tail, size - tailLength, tailLength);
  const view = new DataView(tail.buffer);
  const magic = view.getUint32(tailLength - 4, true);
  if (magic === ENCRYPTED_MAGIC) throw encrypted(path);
  if (magic !== MAGIC) throw badFooter(path, 'it does not end with PAR1');
  const footerLength = view.getUint32(tailLength - 8, true);
  if (footerLength > size - 12) throw badFooter(path, `a footer of ${footerLength} bytes in a file of ${size} bytes`);
  if (footerLength + 8 > tailLength) {
    tail = new Uint8Array(footerLength + 8);
    file.readInto(tail, size - tail.length, tail.length);
  }
  const bytes = tail.subarray(tail.length - 8 - footerLength, tail.length - 8);
  // The bytes are kept with what is parsed of them: a small footer without the rest of the tail.
  const metadata = parseFooter(tail.length > TAIL_BYTES ? bytes : bytes.slice(), path);
  if (metadata.encrypted || metadata.rowGroups.some((g) => g.encrypted)) throw encrypted(path);
  return metadata;
}

function encrypted(path: string): Error {
  return unsupported(
    { file: path },
    'the Parquet file is encrypted',
    'decrypt it first; Sparrow reads no encrypted files',
  );
}

/** Parses the bytes of a footer; of the column chunks only where they are. */
const parseFooter = (bytes: Uint8Array, path: string): FileMetadata =>
  parsed(path, () => fileMetadata(new ThriftReader(bytes), path));

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ThriftError) throw badFooter(path, error.message, error);
    throw error;
  }
}

function fileMetadata(r: ThriftReader, path: string): FileMetadata {
  const m = {
    version: 0,
    schema: [] as SchemaElement[],
    rows: 0,
    rowGroups: [] as RowGroup[],
    keyValues: new Map<string, string>(),
    columnOrders: [] as ColumnOrder[],
    encrypted: false,
  };
  let createdBy: string | undefined;
  r.struct((id, wire) => {
    if (id === 1) m.version = r.int();
    else if (id === 2) m.schema = structs(r, wire, schemaElement);
    else if (id === 3) m.rows = count(r, 'rows');
    else if (id === 4) m.rowGroups = structs(r, wire, () => rowGroup(r, path));
    else if (id === 5) structs(r, wire, (reader) => keyValue(reader, m.keyValues));
    else if (id === 6) createdBy = text(r, wire);
    else if (id === 7) m.columnOrders = structs(r, wire, columnOrder);
    else if (id === 8) return flag(m, r, wire);
    else return false;
    return true;
  });
  if (m.schema.length === 0) throw new ThriftError('it has no schema');
  return createdBy === undefined ? m : { ...m, createdBy };
}

function flag(m: { encrypted: boolean }, r: ThriftReader, wire: number): boolean {
  m.encrypted = true;
  r.skip(wire);
  return true;
}

function structs<T>(r: ThriftReader, wire: number, read: (r: ThriftReader) => T): T[] {
  if (wire !== WIRE.list) throw new ThriftError(`a list was expected, found wire type ${wire}`);
  return r.list((element) => {
    if (element !== WIRE.struct) throw new ThriftError(`a list of structures was expected, found wire type ${element}`);
    return read(r);
  });
}

function text(r: ThriftReader, wire: number): string {
  if (wire !== WIRE.binary) throw new ThriftError(`a string was expected, found wire type ${wire}`);
  return r.string();
}

/** A number of things that cannot be negative. */
function count(r: ThriftReader, what: string): number {
  const value = r.int();
  if (value < 0) throw new ThriftError(`the number of ${what} is ${value}`);
  return value;
}

function schemaElement(r: ThriftReader): SchemaElement {
  const e: Writable<SchemaElement> = { name: '', children: 0 };
  r.struct((id, wire) => {
    if (id === 1) e.physical = named(PHYSICAL, r.int(), 'physical type');
    else if (id === 2) e.typeLength = count(r, 'bytes of a fixed type');
    else if (id === 3) e.repetition = named(['required', 'optional', 'repeated'] as const, r.int(), 'repetition');
    else if (id === 4) e.name = text(r, wire);
    else if (id === 5) e.children = count(r, 'children');
    else if (id === 6) {
      const converted = CONVERTED[r.int()];
      if (converted !== undefined) e.converted = converted;
    } else if (id === 7) e.scale = r.int();
    else if (id === 8) e.precision = r.int();
    else if (id === 9) e.fieldId = r.int();
    else if (id === 10 && wire === WIRE.struct) e.logical = logicalType(r);
    else return false;
    return true;
  });
  return e;
}

function named<T>(names: readonly T[], index: number, what: string): NonNullable<T> {
  const name = names[index];
  if (name === undefined || name === null) throw new ThriftError(`there is no ${what} ${index}`);
  return name;
}

const PLAIN_LOGICAL: Readonly<Record<number, 'string' | 'map' | 'list' | 'enum' | 'date' | 'null' | 'json' | 'bson'>> =
  {
    1: 'string',
    2: 'map',
    3: 'list',
    4: 'enum',
    6: 'date',
    11: 'null',
    12: 'json',
    13: 'bson',
  };
const LATER_LOGICAL: Readonly<Record<number, 'uuid' | 'float16' | 'variant' | 'geometry' | 'geography'>> = {
  14: 'uuid',
  15: 'float16',
  16: 'variant',
  17: 'geometry',
  18: 'geography',
};

function logicalType(r: ThriftReader): LogicalType {
  let type: LogicalType = { kind: 'unknown' };
  r.struct((id, wire) => {
    const simple = PLAIN_LOGICAL[id] ?? LATER_LOGICAL[id];
    if (wire !== WIRE.struct) return false;
    if (id === 5) type = decimalType(r);
    else if (id === 7 || id === 8) type = timeType(r, id === 7 ? 'time' : 'timestamp');
    else if (id === 10) type = integerType(r);
    else {
      if (simple !== undefined) type = { kind: simple };
      return false;
    }
    return true;
  });
  return type;
}

function decimalType(r: ThriftReader): LogicalType {
  let scale = 0;
  let precision = 0;
  r.struct((id) => {
    if (id === 1) scale = r.int();
    else if (id === 2) precision = r.int();
    else return false;
    return true;
  });
  return { kind: 'decimal', scale, precision };
}

function timeType(r: ThriftReader, kind: 'time' | 'timestamp'): LogicalType {
  let utc = false;
  let unit: TimeUnit = 'millis';
  r.struct((id, wire) => {
    if (id === 1) utc = wire === WIRE.true;
    else if (id === 2 && wire === WIRE.struct) {
      r.struct((which) => {
        unit = named([undefined, 'millis', 'micros', 'nanos'] as const, which, 'time unit');
        return false;
      });
    } else return false;
    return true;
  });
  return { kind, utc, unit };
}

function integerType(r: ThriftReader): LogicalType {
  let bits = 0;
  let signed = false;
  r.struct((id, wire) => {
    if (id === 1 && wire === WIRE.byte) bits = r.byte();
    else if (id === 2) signed = wire === WIRE.true;
    else return false;
    return true;
  });
  return { kind: 'integer', bits, signed };
}

function rowGroup(r: ThriftReader, path: string): RowGroup {
  let rows = 0;
  let bytes = 0;
  let encrypted = false;
  let starts: number[] = [];
  const chunkStart = (): number => {
    const { position } = r;
    r.struct((id) => {
      if (id === 8 || id === 9) encrypted = true;
      return false;
    });
    return position;
  };
  r.struct((id, wire) => {
    if (id === 1) starts = structs(r, wire, chunkStart);
    else if (id === 2) bytes = count(r, 'bytes');
    else if (id === 3) rows = count(r, 'rows');
    else return false;
    return true;
  });
  const known: ColumnChunk[] = [];
  const chunk = (column: number): ColumnChunk | undefined => {
    const start = starts[column];
    if (start === undefined) return undefined;
    known[column] ??= parsed(path, () => columnChunk(new ThriftReader(r.bytes, start)));
    return known[column];
  };
  return { rows, bytes, encrypted, chunks: starts.length, chunk };
}

function columnChunk(r: ThriftReader): ColumnChunk {
  const chunk: Writable<ColumnChunk> = {};
  const index: (number | undefined)[] = [];
  r.struct((id, wire) => {
    if (id === 1) chunk.filePath = text(r, wire);
    else if (id === 3 && wire === WIRE.struct) chunk.metadata = columnMetadata(r);
    else if (id >= 4 && id <= 7) index[id - 4] = r.int();
    else return false;
    return true;
  });
  const [offsetAt = 0, offsetBytes = 0, columnAt = 0, columnBytes = 0] = index;
  if (offsetAt > 0 && offsetBytes > 0) chunk.offsetIndex = { offset: offsetAt, bytes: offsetBytes };
  if (columnAt > 0 && columnBytes > 0) chunk.columnIndex = { offset: columnAt, bytes: columnBytes };
  return chunk;
}

function columnMetadata(r: ThriftReader): ColumnMetadata {
  const m = { values: 0, uncompressedBytes: 0, compressedBytes: 0, dataPageOffset: -1 };
  let physical: ColumnMetadata['physical'] | undefined;
  let codec: CodecName | undefined;
  let path: string[] = [];
  const more: { dictionaryPageOffset?: number; statistics?: Statistics; bloomFilter?: number } = {};
  r.struct((id, wire) => {
    if (id === 1) physical = named(PHYSICAL, r.int(), 'physical type');
    else if (id === 3) path = r.list((element) => text(r, element));
    else if (id === 4) codec = named(CODECS, r.int(), 'codec');
    else if (id === 5) m.values = count(r, 'values');
    else if (id === 6) m.uncompressedBytes = count(r, 'bytes');
    else if (id === 7) m.compressedBytes = count(r, 'bytes');
    else if (id === 9) m.dataPageOffset = count(r, 'bytes before a page');
    else if (id === 11) more.dictionaryPageOffset = count(r, 'bytes before a page');
    else if (id === 12 && wire === WIRE.struct) more.statistics = statistics(r);
    else if (id === 14) more.bloomFilter = r.int();
    else return false;
    return true;
  });
  if (physical === undefined || codec === undefined || m.dataPageOffset < 0) {
    throw new ThriftError(`the metadata of column ${path.join('.')} is incomplete`);
  }
  return { physical, codec, path, ...m, ...more };
}

export function statistics(r: ThriftReader): Statistics {
  const s: Writable<Statistics> = {};
  r.struct((id, wire) => {
    if (id === 1) s.max = r.binary();
    else if (id === 2) s.min = r.binary();
    else if (id === 3) s.nullCount = r.int();
    else if (id === 4) s.distinctCount = r.int();
    else if (id === 5) s.maxValue = r.binary();
    else if (id === 6) s.minValue = r.binary();
    else if (id === 7) s.maxExact = wire === WIRE.true;
    else if (id === 8) s.minExact = wire === WIRE.true;
    else if (id === 9) s.nanCount = r.int();
    else return false;
    return true;
  });
  return s;
}

function keyValue(r: ThriftReader, into: Map<string, string>): void {
  let key = '';
  let value = '';
  r.struct((id, wire) => {
    // Some writers put numbers here; nobody depends on them.
    if (wire !== WIRE.binary) return false;
    if (id === 1) key = r.string();
    else if (id === 2) value = r.string();
    else return false;
    return true;
  });
  into.set(key, value);
}

function columnOrder(r: ThriftReader): ColumnOrder {
  let order: ColumnOrder = 'undefined';
  r.struct((id) => {
    if (id === 1) order = 'type';
    if (id === 2) order = 'ieee754';
    return false;
  });
  return order;
}
