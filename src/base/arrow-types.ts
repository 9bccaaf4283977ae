import * as arrow from 'apache-arrow';
import { VARIANT_PARTS } from './arrow-layout.js';
import { SparrowError, unreachable } from './errors.js';
import type { DataType, Field, Schema } from './types.js';
import {
  arrayType,
  binaryType,
  booleanType,
  calendarIntervalType,
  dateType,
  dayTimeIntervalType,
  decimalType,
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
  stringType,
  structType,
  timestampNtzType,
  timestampType,
  timeType,
  variantType,
  yearMonthIntervalType,
} from './types.js';

const EXTENSION = 'ARROW:extension:name';
const VARIANT_EXTENSION = 'arrow.parquet.variant';

/** A column of a schema as an Arrow field. */
export function toArrowField({ name, type, nullable }: Field, arrowType = toArrowType(type)): arrow.Field {
  const metadata = type.kind === 'variant' ? new Map([[EXTENSION, VARIANT_EXTENSION]]) : undefined;
  return new arrow.Field(name, arrowType, nullable, metadata);
}

/** The Arrow type a type leaves as. */
export function toArrowType(type: DataType): arrow.DataType {
  switch (type.kind) {
    case 'null':
      return new arrow.Null();
    case 'boolean':
      return new arrow.Bool();
    case 'int8':
      return new arrow.Int8();
    case 'int16':
      return new arrow.Int16();
    case 'int32':
      return new arrow.Int32();
    case 'int64':
      return new arrow.Int64();
    case 'float32':
      return new arrow.Float32();
    case 'float64':
      return new arrow.Float64();
    case 'decimal':
      return new arrow.Decimal(type.scale, type.precision, 128);
    case 'string':
      return new arrow.Utf8();
    case 'binary':
      return new arrow.Binary();
    case 'date':
      return new arrow.DateDay();
    case 'time':
      return new arrow.TimeMicrosecond();
    case 'timestamp':
      return new arrow.TimestampMicrosecond('UTC');
    case 'timestamp_ntz':
      return new arrow.TimestampMicrosecond();
    case 'interval_ym':
      return new arrow.IntervalYearMonth();
    case 'interval_dt':
      return new arrow.DurationMicrosecond();
    case 'interval':
      return new arrow.IntervalMonthDayNano();
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      return toArrowNested(type);
    default:
      return unreachable(type);
  }
}

function toArrowNested(type: Extract<DataType, { kind: 'array' | 'struct' | 'map' | 'variant' }>): arrow.DataType {
  switch (type.kind) {
    case 'array':
      return new arrow.List(toArrowField(field('element', type.element, type.containsNull)));
    case 'struct':
      return new arrow.Struct(type.fields.map((f) => toArrowField(f)));
    case 'map': {
      const key = toArrowField(field('key', type.key, false));
      const value = toArrowField(field('value', type.value, type.valueContainsNull));
      return new arrow.Map_(new arrow.Field('entries', new arrow.Struct<MapEntry>([key, value]), false));
    }
    case 'variant':
      return new arrow.Struct(VARIANT_PARTS.fields.map((f) => toArrowField(f)));
    default:
      return unreachable(type);
  }
}

type MapEntry = { key: arrow.DataType; value: arrow.DataType };

/** The schema of an Arrow table; `isDate` tells whether a Date64 column (by position) holds nothing but whole days. */
export function fromArrowSchema(schema: arrow.Schema, isDate: (column: number) => boolean): Schema {
  return structType(
    schema.fields.map((f, i) =>
      arrow.DataType.isDate(f.type) && f.type.unit === arrow.DateUnit.MILLISECOND
        ? field(f.name, isDate(i) ? dateType : timestampNtzType, f.nullable)
        : fromArrowField(f, f.name),
    ),
  );
}

function fromArrowField(f: arrow.Field, path: string): Field {
  const isVariant = f.metadata.get(EXTENSION) === VARIANT_EXTENSION && arrow.DataType.isStruct(f.type);
  return field(f.name, isVariant ? variantType : fromArrowType(f.type, path), f.nullable);
}

/** The type an Arrow type comes in as; unsigned integers widen, dictionaries are their values. */
export function fromArrowType(type: arrow.DataType, path: string): DataType {
  const is = arrow.DataType;
  if (is.isNull(type)) return nullType;
  if (is.isBool(type)) return booleanType;
  if (is.isInt(type)) return integerType(type);
  if (is.isFloat(type)) return type.precision === arrow.Precision.DOUBLE ? float64Type : float32Type;
  if (is.isDecimal(type)) {
    const { precision, scale } = type;
    if (scale < 0 || Math.max(precision, scale) > MAX_PRECISION) throw unsupported(type, path, 'at most 38 digits');
    return decimalType(Math.max(precision, scale), scale);
  }
  if (is.isUtf8(type) || is.isLargeUtf8(type) || is.isUtf8View(type)) return stringType;
  if (is.isBinary(type) || is.isLargeBinary(type) || is.isBinaryView(type) || is.isFixedSizeBinary(type))
    return binaryType;
  if (is.isDate(type)) return dateType;
  if (is.isTime(type)) return timeType;
  if (is.isTimestamp(type)) return type.timezone ? timestampType : timestampNtzType;
  if (is.isInterval(type) && type.unit === arrow.IntervalUnit.YEAR_MONTH) return yearMonthIntervalType;
  if (is.isInterval(type) && type.unit === arrow.IntervalUnit.DAY_TIME) return dayTimeIntervalType;
  if (is.isInterval(type) && type.unit === arrow.IntervalUnit.MONTH_DAY_NANO) return calendarIntervalType;
  if (is.isDuration(type)) return dayTimeIntervalType;
  if (is.isDictionary(type)) return fromArrowType(type.dictionary, path);
  return fromNested(type, path);
}

function fromNested(type: arrow.DataType, path: string): DataType {
  const is = arrow.DataType;
  if (is.isList(type) || is.isLargeList(type) || is.isFixedSizeList(type)) {
    const element = fromArrowField(type.children[0] as arrow.Field, `${path}[]`);
    return arrayType(element.type, element.nullable);
  }
  if (is.isStruct(type)) {
    return structType(type.children.map((f) => fromArrowField(f as arrow.Field, `${path}.${f.name}`)));
  }
  if (is.isMap(type)) {
    const entries = (type.children[0] as arrow.Field).type as arrow.Struct;
    const key = fromArrowField(entries.children[0] as arrow.Field, `${path} keys`);
    const value = fromArrowField(entries.children[1] as arrow.Field, `${path} values`);
    return mapType(key.type, value.type, value.nullable);
  }
  throw unsupported(type, path, 'convert the column to one of the types Spark has');
}

function integerType({ isSigned, bitWidth }: arrow.Int): DataType {
  switch (bitWidth) {
    case 8:
      return isSigned ? int8Type : int16Type;
    case 16:
      return isSigned ? int16Type : int32Type;
    case 32:
      return isSigned ? int32Type : int64Type;
    default:
      return isSigned ? int64Type : decimalType(20, 0);
  }
}

function unsupported(type: arrow.DataType, path: string, hint: string): SparrowError {
  return new SparrowError('UNSUPPORTED_ARROWTYPE', `the Arrow type ${type} has no counterpart`, {
    where: `column ${path}`,
    hint,
    sqlState: '0A000',
  });
}
