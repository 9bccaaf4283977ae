import { unreachable } from './errors.js';

/** The type of a value, as plain frozen data. Closed set: see `simpleString` for Spark's names. */
export type DataType =
  | NullType
  | BooleanType
  | Int8Type
  | Int16Type
  | Int32Type
  | Int64Type
  | Float32Type
  | Float64Type
  | DecimalType
  | StringType
  | BinaryType
  | DateType
  | TimeType
  | TimestampType
  | TimestampNtzType
  | YearMonthIntervalType
  | DayTimeIntervalType
  | CalendarIntervalType
  | ArrayType
  | StructType
  | MapType
  | VariantType;

export interface NullType {
  readonly kind: 'null';
}
export interface BooleanType {
  readonly kind: 'boolean';
}
export interface Int8Type {
  readonly kind: 'int8';
}
export interface Int16Type {
  readonly kind: 'int16';
}
export interface Int32Type {
  readonly kind: 'int32';
}
export interface Int64Type {
  readonly kind: 'int64';
}
export interface Float32Type {
  readonly kind: 'float32';
}
export interface Float64Type {
  readonly kind: 'float64';
}
/** Exact decimal of at most 38 digits; values are kept unscaled. */
export interface DecimalType<P extends number = number, S extends number = number> {
  readonly kind: 'decimal';
  readonly precision: P;
  readonly scale: S;
}
export interface StringType {
  readonly kind: 'string';
}
export interface BinaryType {
  readonly kind: 'binary';
}
/** Days since 1970-01-01, proleptic Gregorian. */
export interface DateType {
  readonly kind: 'date';
}
/** Nanosecond-free time of day: microseconds since midnight. */
export interface TimeType {
  readonly kind: 'time';
  /** Digits of a second's fraction, fewer than the 6 that the plain type has. */
  readonly precision?: number;
}
/** An instant: microseconds since the epoch, shown in the session time zone. */
export interface TimestampType {
  readonly kind: 'timestamp';
}
/** A wall clock reading without zone: microseconds since 1970-01-01 00:00:00. */
export interface TimestampNtzType {
  readonly kind: 'timestamp_ntz';
}
/** Months; without `fields` from years to months. */
export interface YearMonthIntervalType {
  readonly kind: 'interval_ym';
  readonly fields?: IntervalFields;
}
/** Microseconds; without `fields` from days to seconds. */
export interface DayTimeIntervalType {
  readonly kind: 'interval_dt';
  readonly fields?: IntervalFields;
}
/** Months, days and microseconds, each with a sign of its own: one number of 128 bits (calendar-interval.ts). */
export interface CalendarIntervalType {
  readonly kind: 'interval';
}
/** The first and the last unit of an interval, as positions in `intervalUnits` of its kind. */
export type IntervalFields = readonly [from: number, to: number];
export interface ArrayType<E extends DataType = DataType> {
  readonly kind: 'array';
  readonly element: E;
  readonly containsNull: boolean;
}
export interface StructType<F extends readonly Field[] = readonly Field[]> {
  readonly kind: 'struct';
  readonly fields: F;
}
export interface MapType<K extends DataType = DataType, V extends DataType = DataType> {
  readonly kind: 'map';
  readonly key: K;
  readonly value: V;
  readonly valueContainsNull: boolean;
}
/** Semi-structured value in Spark's variant encoding (metadata and value bytes). */
export interface VariantType {
  readonly kind: 'variant';
}

/** A named column of a schema or field of a struct. */
export interface Field<N extends string = string, T extends DataType = DataType> {
  readonly name: N;
  readonly type: T;
  readonly nullable: boolean;
}

export type TypeKind = DataType['kind'];
/** A table's schema is the struct of its columns. */
export type Schema = StructType;

const simple = <K extends TypeKind>(kind: K): Readonly<{ kind: K }> => Object.freeze({ kind });

export const nullType: NullType = simple('null');
export const booleanType: BooleanType = simple('boolean');
export const int8Type: Int8Type = simple('int8');
export const int16Type: Int16Type = simple('int16');
export const int32Type: Int32Type = simple('int32');
export const int64Type: Int64Type = simple('int64');
export const float32Type: Float32Type = simple('float32');
export const float64Type: Float64Type = simple('float64');
export const stringType: StringType = simple('string');
export const binaryType: BinaryType = simple('binary');
export const dateType: DateType = simple('date');
export const timeType: TimeType = simple('time');
export const MAX_TIME_PRECISION = 6;
export const timePrecision = (type: TimeType): number => type.precision ?? MAX_TIME_PRECISION;

/** A time of day with so many digits of a second's fraction. */
export const timeOfPrecision = (precision: number): TimeType =>
  precision >= MAX_TIME_PRECISION ? timeType : Object.freeze({ kind: 'time', precision });

/** The time of day without the digits that its type does not hold. */
export const truncateTime = (micros: bigint, type: TimeType): bigint =>
  micros - (micros % 10n ** BigInt(MAX_TIME_PRECISION - timePrecision(type)));
export const timestampType: TimestampType = simple('timestamp');
export const timestampNtzType: TimestampNtzType = simple('timestamp_ntz');
export const yearMonthIntervalType: YearMonthIntervalType = simple('interval_ym');
export const dayTimeIntervalType: DayTimeIntervalType = simple('interval_dt');
export const calendarIntervalType: CalendarIntervalType = simple('interval');
export const intervalUnits = {
  interval_ym: ['year', 'month'],
  interval_dt: ['day', 'hour', 'minute', 'second'],
} as const;

export type IntervalType = YearMonthIntervalType | DayTimeIntervalType;

const wholeFields = { interval_ym: [0, 1], interval_dt: [0, 3] } as const;

export const intervalFields = (type: IntervalType): IntervalFields => type.fields ?? wholeFields[type.kind];

/** An interval type from one unit to another; the whole range is the plain type. */
export function intervalType<K extends IntervalType['kind']>(
  kind: K,
  from: number,
  to: number,
): IntervalType & { kind: K } {
  const isWhole = from === wholeFields[kind][0] && to === wholeFields[kind][1];
  return Object.freeze(isWhole ? { kind } : { kind, fields: [from, to] as const }) as IntervalType & { kind: K };
}
export const variantType: VariantType = simple('variant');

export const MAX_PRECISION = 38;
/** Decimals up to this precision are computed in 64 bits. */
export const MAX_LONG_PRECISION = 18;

export function decimalType<P extends number, S extends number>(precision: P, scale: S): DecimalType<P, S> {
  return Object.freeze({ kind: 'decimal', precision, scale });
}
export function arrayType<E extends DataType>(element: E, containsNull = true): ArrayType<E> {
  return Object.freeze({ kind: 'array', element, containsNull });
}
export function mapType<K extends DataType, V extends DataType>(
  key: K,
  value: V,
  valueContainsNull = true,
): MapType<K, V> {
  return Object.freeze({ kind: 'map', key, value, valueContainsNull });
}
export function structType<const F extends readonly Field[]>(fields: F): StructType<F> {
  return Object.freeze({ kind: 'struct', fields });
}
export function field<N extends string, T extends DataType>(name: N, type: T, nullable = true): Field<N, T> {
  return Object.freeze({ name, type, nullable });
}

/** Spark's short name of a type: `bigint`, `decimal(12,2)`, `struct<a:int,b:string>`. */
export function simpleString(type: DataType): string {
  switch (type.kind) {
    case 'null':
      return 'void';
    case 'int8':
      return 'tinyint';
    case 'int16':
      return 'smallint';
    case 'int32':
      return 'int';
    case 'int64':
      return 'bigint';
    case 'float32':
      return 'float';
    case 'float64':
      return 'double';
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'time':
      return `time(${timePrecision(type)})`;
    case 'interval_ym':
    case 'interval_dt':
      return `interval ${intervalRange(type)}`;
    case 'array':
      return `array<${simpleString(type.element)}>`;
    case 'map':
      return `map<${simpleString(type.key)},${simpleString(type.value)}>`;
    case 'struct':
      return `struct<${type.fields.map((f) => `${f.name}:${simpleString(f.type)}`).join(',')}>`;
    case 'boolean':
    case 'string':
    case 'binary':
    case 'date':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval':
    case 'variant':
      return type.kind;
    default:
      return unreachable(type);
  }
}

/** `day to second`, or `hour`. */
export function intervalRange(type: IntervalType): string {
  const [from, to] = intervalFields(type);
  const units = intervalUnits[type.kind];
  return from === to ? `${units[from]}` : `${units[from]} to ${units[to]}`;
}

/** Same type, nullability of nested values included. */
export function sameType(a: DataType, b: DataType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'decimal': {
      const o = b as DecimalType;
      return a.precision === o.precision && a.scale === o.scale;
    }
    case 'time':
      return timePrecision(a) === timePrecision(b as TimeType);
    case 'interval_ym':
    case 'interval_dt': {
      const [from, to] = intervalFields(a);
      const other = intervalFields(b as IntervalType);
      return from === other[0] && to === other[1];
    }
    case 'array': {
      const o = b as ArrayType;
      return a.containsNull === o.containsNull && sameType(a.element, o.element);
    }
    case 'map': {
      const o = b as MapType;
      return a.valueContainsNull === o.valueContainsNull && sameType(a.key, o.key) && sameType(a.value, o.value);
    }
    case 'struct': {
      const o = b as StructType;
      return (
        a.fields.length === o.fields.length &&
        a.fields.every((f, i) => {
          const g = o.fields[i] as Field;
          return f.name === g.name && f.nullable === g.nullable && sameType(f.type, g.type);
        })
      );
    }
    default:
      return true;
  }
}

export const isInteger = (type: DataType): boolean =>
  type.kind === 'int8' || type.kind === 'int16' || type.kind === 'int32' || type.kind === 'int64';
export const isFloating = (type: DataType): boolean => type.kind === 'float32' || type.kind === 'float64';
export const isNumeric = (type: DataType): boolean => isInteger(type) || isFloating(type) || type.kind === 'decimal';
export const isNested = (type: DataType): boolean =>
  type.kind === 'array' || type.kind === 'struct' || type.kind === 'map' || type.kind === 'variant';

/**
 * How one value of a type is held while it is computed on. Nested values travel as one binary value in the
 * encoding of `nested.ts`, so they are `bytes` like strings.
 */
export type Carrier = 'i32' | 'i64' | 'i128' | 'f32' | 'f64' | 'bytes' | 'none';

export function carrierOf(type: DataType): Carrier {
  switch (type.kind) {
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'date':
    case 'interval_ym':
      return 'i32';
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
      return 'i64';
    case 'decimal':
      return type.precision <= MAX_LONG_PRECISION ? 'i64' : 'i128';
    case 'interval':
      return 'i128';
    case 'float32':
      return 'f32';
    case 'float64':
      return 'f64';
    case 'string':
    case 'binary':
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      return 'bytes';
    case 'null':
      return 'none';
    default:
      return unreachable(type);
  }
}

/** Made once: they are asked for with every value of a row. */
const BOUNDS = {
  boolean: [0n, 1n],
  int8: [-128n, 127n],
  int16: [-32768n, 32767n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** The largest unscaled decimal of each precision. */
const TOPS = Array.from({ length: MAX_PRECISION + 1 }, (_, digits) => 10n ** BigInt(digits) - 1n);

/** Inclusive bounds of an integer type's values (unscaled for decimals), or undefined where there are none. */
export function integerBounds(type: DataType): readonly [bigint, bigint] | undefined {
  switch (type.kind) {
    case 'boolean':
      return BOUNDS.boolean;
    case 'int8':
      return BOUNDS.int8;
    case 'int16':
      return BOUNDS.int16;
    case 'int32':
    case 'date':
    case 'interval_ym':
      return BOUNDS.int32;
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
      return BOUNDS.int64;
    case 'decimal': {
      const top = TOPS[type.precision] as bigint;
      return [-top, top];
    }
    default:
      return undefined;
  }
}
