import {
  arrayType,
  binaryType,
  booleanType,
  type DataType,
  type DecimalType,
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
} from '../base/index.js';
import type { ColumnType, ListOf, MapOf, NotNull, Shape, StructOf, UnknownType } from './row-types.js';

/** A type as schemas are written in: `UnknownType` exists for the compiler only. */
export type TypeInput = Exclude<ColumnType, UnknownType>;

const isNotNull = (type: ColumnType): type is NotNull => 'notNull' in type;

/** The runtime type of a schema entry, and whether it may be null. */
export function splitType(type: ColumnType): { readonly type: DataType; readonly nullable: boolean } {
  const inner = isNotNull(type) ? type.notNull : type;
  if (inner.kind === 'unknown') {
    throw new SparrowError('INVALID_SCHEMA', 'a column of unknown type cannot be part of a schema', {
      hint: 'name its type with `t`, for example t.string',
    });
  }
  return { type: inner, nullable: !isNotNull(type) };
}

/** The fields of an object of types, in its order. */
export function fieldsOf(shape: Shape): Field[] {
  return Object.entries(shape).map(([name, entry]) => {
    const { type, nullable } = splitType(entry as ColumnType);
    return field(name, type, nullable);
  });
}

/**
 * Types, for schemas, casts and user functions. A column is nullable unless it is wrapped: `t.notNull(t.int64)`.
 *
 * @example session.read.schema({ id: t.int64, price: t.decimal(12, 2), tags: t.array(t.string) })
 */
export const t = Object.freeze({
  /** True or false. JavaScript: boolean. */
  boolean: booleanType,
  /** 8-bit integer, Spark's tinyint. JavaScript: number. */
  int8: int8Type,
  /** 16-bit integer, Spark's smallint. JavaScript: number. */
  int16: int16Type,
  /** 32-bit integer, Spark's int. JavaScript: number. */
  int32: int32Type,
  /** 64-bit integer, Spark's bigint. JavaScript: number, bigint or string, by the session option `int64`. */
  int64: int64Type,
  /** Single precision, Spark's float. JavaScript: number. */
  float32: float32Type,
  /** Double precision, Spark's double. JavaScript: number. */
  float64: float64Type,
  /** UTF-8 text. JavaScript: string. */
  string: stringType,
  /** Bytes. JavaScript: Uint8Array. */
  binary: binaryType,
  /** A day of the calendar. JavaScript: Date at UTC midnight, or string, by the session option `date`. */
  date: dateType,
  /** A time of day in microseconds. JavaScript: string. */
  time: timeType,
  /** An instant in microseconds. JavaScript: Date, string or bigint, by the session option `timestamp`. */
  timestamp: timestampType,
  /** A wall clock reading without time zone. JavaScript: as `timestamp`. */
  timestampNtz: timestampNtzType,
  /** Months. JavaScript: ISO 8601 string. */
  yearMonthInterval: yearMonthIntervalType,
  /** Microseconds. JavaScript: ISO 8601 string. */
  dayTimeInterval: dayTimeIntervalType,
  /** Semi-structured data. JavaScript: plain values. */
  variant: variantType,
  /** The type of a column that holds nothing but nulls. */
  null: nullType,
  /**
   * Exact decimal of `precision` digits, `scale` of them after the point. JavaScript: string.
   * Throws `DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION` past 38 digits.
   */
  decimal: <P extends number = 10, S extends number = 0>(
    precision: P = 10 as P,
    scale: S = 0 as S,
  ): DecimalType<P, S> => decimalType(checkPrecision(precision, scale), scale),
  /** A list of values of one type: `t.array(t.notNull(t.string))` has no null elements. JavaScript: array. */
  array: <E extends TypeInput>(element: E): ListOf<E> => {
    const { type, nullable } = splitType(element);
    return arrayType(type, nullable);
  },
  /** Named fields: `t.struct({ city: t.string })`. JavaScript: object. */
  struct: <F extends Readonly<Record<string, TypeInput>>>(fields: F): StructOf<F> => structType(fieldsOf(fields)),
  /** Keys and values. Keys are never null. JavaScript: Map, or object by the session option `map`. */
  map: <K extends DataType, V extends TypeInput>(key: K, value: V): MapOf<K, V> => {
    const { type, nullable } = splitType(value);
    return mapType(key, type, nullable);
  },
  /** The same type without nulls. */
  notNull: <T extends DataType>(type: T): NotNull<T> => Object.freeze({ notNull: type }),
});

function checkPrecision<P extends number>(precision: P, scale: number): P {
  const whole = Number.isInteger(precision) && Number.isInteger(scale);
  if (whole && precision >= 1 && precision <= MAX_PRECISION && scale >= 0 && scale <= precision) return precision;
  throw new SparrowError(
    'DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION',
    `decimal(${precision}, ${scale}) is no decimal type: it has 1 to ${MAX_PRECISION} digits, and no more after the point than in all`,
    { sqlState: '22003' },
  );
}
