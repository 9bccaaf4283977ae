import {
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  MAX_LONG_PRECISION,
  MAX_PRECISION,
  nullType,
  type Storage,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
} from '../../base/index.js';
import type { Converted, LogicalType, Physical, SchemaElement, TimeUnit } from './metadata.js';

/** What turns a physical value into a stored one. `none`: the bytes are the same. */
export type Convert =
  | 'none'
  | 'narrow8'
  | 'narrow16'
  | 'widen_u32'
  | 'widen_u64'
  | 'millis32'
  | 'millis'
  | 'nanos'
  | 'int96'
  | 'decimal_fixed'
  | 'decimal_bytes'
  | 'float16'
  | 'uuid'
  | 'nothing';

/** How the values of a leaf are decoded: plain data that travels to the task. */
export interface LeafDecode {
  readonly physical: Physical;
  /** Bytes of one value in PLAIN encoding; 0 for booleans (bits) and byte arrays. */
  readonly plainBytes: number;
  readonly storage: Storage;
  readonly convert: Convert;
  /** Unsigned order of statistics and no sign extension. */
  readonly unsigned?: boolean;
}

export interface LeafType {
  readonly type: DataType;
  readonly decode: LeafDecode;
}

const PLAIN_BYTES: Readonly<Record<Physical, number>> = {
  boolean: 0,
  int32: 4,
  int64: 8,
  int96: 12,
  float: 4,
  double: 8,
  byte_array: 0,
  fixed: 0,
};

/** Our type for a leaf of the schema, or the reason why there is none. */
export function leafType(element: SchemaElement): LeafType | string {
  const physical = element.physical as Physical;
  const logical = element.logical ?? fromConverted(element);
  if (physical === 'fixed' && (element.typeLength ?? 0) === 0) return 'a fixed-length type without a length';
  const plainBytes = physical === 'fixed' ? (element.typeLength as number) : PLAIN_BYTES[physical];
  const make = (type: DataType, storage: Storage, convert: Convert = 'none', unsigned = false): LeafType => ({
    type,
    decode: { physical, plainBytes, storage, convert, ...(unsigned ? { unsigned } : {}) },
  });
  if (logical?.kind === 'null') return make(nullType, 'none', 'nothing');
  switch (physical) {
    case 'boolean':
      return make(booleanType, 'u8');
    case 'int32':
      return int32Leaf(logical, make);
    case 'int64':
      return int64Leaf(logical, make);
    case 'int96':
      return make(timestampType, 'i64', 'int96');
    case 'float':
      return make(float32Type, 'f32');
    case 'double':
      return make(float64Type, 'f64');
    case 'byte_array':
      return byteArrayLeaf(logical, make);
    case 'fixed':
      return fixedLeaf(logical, plainBytes, make);
  }
}

type Make = (type: DataType, storage: Storage, convert?: Convert, unsigned?: boolean) => LeafType;

function int32Leaf(logical: LogicalType | undefined, make: Make): LeafType | string {
  switch (logical?.kind) {
    case 'integer':
      if (logical.bits === 8)
        return logical.signed ? make(int8Type, 'i8', 'narrow8') : make(int16Type, 'u8', 'narrow8', true);
      if (logical.bits === 16) {
        return logical.signed ? make(int16Type, 'i16', 'narrow16') : make(int32Type, 'u16', 'narrow16', true);
      }
      return logical.signed ? make(int32Type, 'i32') : make(int64Type, 'i64', 'widen_u32', true);
    case 'date':
      return make(dateType, 'i32');
    case 'time':
      return make(timeType, 'i64', 'millis32');
    case 'decimal':
      return decimalLeaf(logical, 9, (type) => make(type, 'i32'));
    default:
      return make(int32Type, 'i32');
  }
}

function int64Leaf(logical: LogicalType | undefined, make: Make): LeafType | string {
  switch (logical?.kind) {
    case 'integer':
      return logical.signed ? make(int64Type, 'i64') : make(decimalType(20, 0), 'i128', 'widen_u64', true);
    case 'time':
      return make(timeType, 'i64', UNIT_CONVERT[logical.unit]);
    case 'timestamp':
      return make(logical.utc ? timestampType : timestampNtzType, 'i64', UNIT_CONVERT[logical.unit]);
    case 'decimal':
      return decimalLeaf(logical, 18, (type) => make(type, 'i64'));
    default:
      return make(int64Type, 'i64');
  }
}

const UNIT_CONVERT: Readonly<Record<TimeUnit, Convert>> = { millis: 'millis', micros: 'none', nanos: 'nanos' };

function byteArrayLeaf(logical: LogicalType | undefined, make: Make): LeafType | string {
  switch (logical?.kind) {
    case 'string':
    case 'enum':
    case 'json':
      return make(stringType, 'utf8');
    case 'decimal':
      return decimalLeaf(logical, MAX_PRECISION, (type) => make(type, decimalStorage(type.precision), 'decimal_bytes'));
    default:
      return make(binaryType, 'utf8');
  }
}

function fixedLeaf(logical: LogicalType | undefined, bytes: number, make: Make): LeafType | string {
  switch (logical?.kind) {
    case 'decimal': {
      const digits = Math.min(MAX_PRECISION, Math.floor(Math.log10(2) * (8 * bytes - 1)));
      return decimalLeaf(logical, digits, (type) => make(type, decimalStorage(type.precision), 'decimal_fixed'));
    }
    case 'uuid':
      return bytes === 16 ? make(stringType, 'utf8', 'uuid') : `a UUID of ${bytes} bytes`;
    case 'float16':
      return bytes === 2 ? make(float32Type, 'f32', 'float16') : `a FLOAT16 of ${bytes} bytes`;
    case 'interval':
      return 'the INTERVAL type (months, days and milliseconds in one value)';
    default:
      return make(binaryType, 'utf8');
  }
}

const decimalStorage = (precision: number): Storage => (precision <= MAX_LONG_PRECISION ? 'i64' : 'i128');

function decimalLeaf(
  logical: { readonly precision: number; readonly scale: number },
  most: number,
  make: (type: ReturnType<typeof decimalType>) => LeafType,
): LeafType | string {
  const { precision, scale } = logical;
  if (precision < 1 || scale < 0 || scale > precision) return `an impossible DECIMAL(${precision},${scale})`;
  if (precision > MAX_PRECISION) return `DECIMAL(${precision},${scale}), which has more than ${MAX_PRECISION} digits`;
  if (precision > most) return `DECIMAL(${precision},${scale}) in too few bytes`;
  return make(decimalType(precision, scale));
}

const CONVERTED_LOGICAL: Readonly<Partial<Record<Converted, LogicalType>>> = {
  utf8: { kind: 'string' },
  enum: { kind: 'enum' },
  json: { kind: 'json' },
  bson: { kind: 'bson' },
  date: { kind: 'date' },
  interval: { kind: 'interval' },
  time_millis: { kind: 'time', utc: true, unit: 'millis' },
  time_micros: { kind: 'time', utc: true, unit: 'micros' },
  timestamp_millis: { kind: 'timestamp', utc: true, unit: 'millis' },
  timestamp_micros: { kind: 'timestamp', utc: true, unit: 'micros' },
  int_8: { kind: 'integer', bits: 8, signed: true },
  int_16: { kind: 'integer', bits: 16, signed: true },
  int_32: { kind: 'integer', bits: 32, signed: true },
  int_64: { kind: 'integer', bits: 64, signed: true },
  uint_8: { kind: 'integer', bits: 8, signed: false },
  uint_16: { kind: 'integer', bits: 16, signed: false },
  uint_32: { kind: 'integer', bits: 32, signed: false },
  uint_64: { kind: 'integer', bits: 64, signed: false },
  list: { kind: 'list' },
  map: { kind: 'map' },
  map_key_value: { kind: 'map' },
};

/** The logical type an older writer meant by its converted type. */
export function fromConverted(element: SchemaElement): LogicalType | undefined {
  const { converted } = element;
  if (converted === undefined) return undefined;
  if (converted !== 'decimal') return CONVERTED_LOGICAL[converted];
  return { kind: 'decimal', scale: element.scale ?? 0, precision: element.precision ?? 0 };
}
