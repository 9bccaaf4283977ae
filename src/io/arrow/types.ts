import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  type Field,
  field,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  MAX_PRECISION,
  mapType,
  nullType,
  SparrowError,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  timeType,
  variantType,
  yearMonthIntervalType,
} from '../../base/index.js';
import type { ArrowField, ArrowType } from './metadata.js';

const VARIANT_EXTENSIONS = ['arrow.parquet.variant', 'parquet.variant'];

/**
 * A field as a column: unsigned integers widen, dictionaries and runs are their values, unions are structs of all members,
 * decimals of more digits than Spark has are texts.
 */
export function columnField(f: ArrowField, path: string): Field {
  return field(f.name, columnType(f, path), f.nullable || f.type.kind === 'null' || f.type.kind === 'runEndEncoded');
}

export const isVariant = (f: ArrowField): boolean =>
  f.type.kind === 'struct' && f.extension !== undefined && VARIANT_EXTENSIONS.includes(f.extension);

export function columnType(f: ArrowField, path: string): DataType {
  const { type } = f;
  const child = (i: number): ArrowField => {
    const found = f.children[i];
    if (found !== undefined) return found;
    throw unsupported(`a ${type.kind} without its child ${i}`, path);
  };
  switch (type.kind) {
    case 'list':
    case 'largeList':
    case 'listView':
    case 'largeListView':
    case 'fixedList': {
      const element = columnField(child(0), `${path}[]`);
      return arrayType(element.type, element.nullable);
    }
    case 'struct':
      if (isVariant(f)) return variantType;
      return structType(f.children.map((c) => columnField(c, `${path}.${c.name}`)));
    case 'union':
      return structType(f.children.map((c) => ({ ...columnField(c, `${path}.${c.name}`), nullable: true })));
    case 'map': {
      const entries = child(0);
      const [key, value] = entries.children;
      if (key === undefined || value === undefined) throw unsupported('a map without keys and values', path);
      const item = columnField(value, `${path} values`);
      return mapType(columnType(key, `${path} keys`), item.type, item.nullable);
    }
    case 'runEndEncoded':
      return columnType(child(1), path);
    default:
      return simpleType(type, path);
  }
}

function simpleType(type: ArrowType, path: string): DataType {
  switch (type.kind) {
    case 'null':
      return nullType;
    case 'bool':
      return booleanType;
    case 'int':
      return integerType(type.bits, type.signed, path);
    case 'float':
      return type.bits === 64 ? float64Type : float32Type;
    case 'decimal': {
      const precision = Math.max(type.precision, type.scale, 1);
      if (type.scale < 0 || ![32, 64, 128, 256].includes(type.bits))
        throw unsupported(`decimal(${type.precision}, ${type.scale})`, path);
      return precision > MAX_PRECISION ? stringType : decimalType(precision, type.scale);
    }
    case 'utf8':
    case 'largeUtf8':
    case 'utf8View':
      return stringType;
    case 'binary':
    case 'largeBinary':
    case 'binaryView':
    case 'fixedBinary':
      return binaryType;
    case 'date':
      return dateType;
    case 'time':
      return timeType;
    case 'timestamp':
      return type.zone === undefined ? timestampNtzType : timestampType;
    case 'duration':
      return dayTimeIntervalType;
    case 'interval':
      if (type.unit === 0) return yearMonthIntervalType;
      if (type.unit === 1) return dayTimeIntervalType;
      return MONTH_DAY_NANO;
    default:
      throw unsupported(type.kind, path);
  }
}

/** Arrow's interval of three parts has no counterpart: it comes in as its parts. */
export const MONTH_DAY_NANO = structType([
  field('months', int32Type, false),
  field('days', int32Type, false),
  field('nanoseconds', int64Type, false),
]);

function integerType(bits: number, signed: boolean, path: string): DataType {
  switch (bits) {
    case 8:
      return signed ? int8Type : int16Type;
    case 16:
      return signed ? int16Type : int32Type;
    case 32:
      return signed ? int32Type : int64Type;
    case 64:
      return signed ? int64Type : decimalType(20, 0);
    default:
      throw unsupported(`an integer of ${bits} bits`, path);
  }
}

function unsupported(what: string, path: string): SparrowError {
  return new SparrowError('UNSUPPORTED_ARROWTYPE', `the Arrow type ${what} has no counterpart`, {
    where: `column ${path}`,
    hint: 'convert the column to one of the types Spark has, or leave it out',
    sqlState: '0A000',
  });
}
