import { parseDate, parseTime, trimAll } from './calendar.js';
import { parseCalendarInterval } from './calendar-interval.js';
import { SparrowError, unreachable } from './errors.js';
import { parseDayTime, parseYearMonth } from './interval-text.js';
import { parseDouble, parseExactDecimal, parseFloat32, parseInteger } from './number-text.js';
import type { Scalar, VariantScalar } from './scalar.js';
import { parseScalar } from './text.js';
import type { ArrayType, DataType, DecimalType, Field, MapType, StructType } from './types.js';
import { integerBounds, simpleString } from './types.js';
import { writeVariant } from './variant-writer.js';

/** Where a value stands, for errors: `column price, row 7`; a function where making the text for every value is too dear. */
export type Where = string | (() => string);

const MILLIS_PER_DAY = 86_400_000;

/**
 * A user's value as a scalar of a type: number, bigint, string and Date wherever they are exact (floats are rounded
 * to 32 bits where the type has no more); undefined is null. Text is read as Spark's casts read it, in `timeZone`.
 */
export function fromUserValue(type: DataType, value: unknown, where: Where, timeZone = 'UTC'): Scalar {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'null':
      throw mismatch(type, value, where);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw mismatch(type, value, where);
    case 'int8':
    case 'int16':
    case 'int32':
      return Number(integerOf(type, value, where));
    case 'int64':
      return integerOf(type, value, where);
    case 'float32':
    case 'float64':
      return floatOf(type, value, where);
    case 'decimal':
      return decimalOf(type, value, where);
    case 'string':
      if (typeof value === 'string') return value;
      throw mismatch(type, value, where, 'convert it with String()');
    case 'binary':
      return bytesOf(type, value, where);
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamp_ntz':
      return momentOf(type, value, where, timeZone);
    case 'interval': {
      const parsed = typeof value === 'string' ? parseCalendarInterval(value) : undefined;
      if (parsed !== undefined) return parsed;
      throw mismatch(type, value, where, "give text such as '1 year 2 days'");
    }
    case 'interval_ym':
    case 'interval_dt':
      return intervalOf(type, value, where);
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      return nestedOf(type, value, where, timeZone);
    default:
      return unreachable(type);
  }
}

const whereText = (where: Where): string => (typeof where === 'string' ? where : where());

function mismatch(type: DataType, value: unknown, where: Where, hint?: string): SparrowError {
  const what = `${describe(value)} is not a value of type ${simpleString(type)}`;
  const details = { where: whereText(where), ...(hint === undefined ? {} : { hint }) };
  return new SparrowError('INVALID_VALUE_FOR_TYPE', what, details);
}

/** A value in an error message: its kind and a short text. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`;
  if (typeof value === 'number') return `the number ${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value === 'bigint') return `the bigint ${value}n`;
  if (value instanceof Date) return `the Date ${Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  return `an object (${(value as { constructor?: { name?: string } }).constructor?.name ?? 'Object'})`;
}

function integerOf(type: DataType, value: unknown, where: Where): bigint {
  const bounds = integerBounds(type) as readonly [bigint, bigint];
  let integer: bigint | undefined;
  if (typeof value === 'bigint') integer = value;
  else if (typeof value === 'string') integer = parseInteger(value, bounds);
  else if (typeof value === 'number') {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw mismatch(type, value, where, 'beyond 2^53 a number is not exact: give a bigint or a string');
    }
    if (Number.isInteger(value)) integer = BigInt(value);
  }
  if (integer === undefined || integer < bounds[0] || integer > bounds[1]) {
    throw mismatch(type, value, where, `it takes integers from ${bounds[0]} to ${bounds[1]}`);
  }
  return integer;
}

function floatOf(type: DataType, value: unknown, where: Where): number {
  const single = type.kind === 'float32';
  let float: number | undefined;
  if (typeof value === 'number') float = single ? Math.fround(value) : value;
  else if (typeof value === 'string') float = single ? parseFloat32(value) : parseDouble(value);
  else if (typeof value === 'bigint') {
    float = single ? Math.fround(Number(value)) : Number(value);
    if (!Number.isFinite(float) || BigInt(float) !== value) float = undefined;
  }
  if (float === undefined) throw mismatch(type, value, where);
  if (!Number.isFinite(float) && Number.isFinite(value))
    throw mismatch(type, value, where, 'it is too large for 32 bits');
  return float;
}

function decimalOf(type: DecimalType, value: unknown, where: Where): bigint {
  let decimal: bigint | undefined;
  if (typeof value === 'string' || typeof value === 'bigint') decimal = parseExactDecimal(String(value), type);
  // A number means what it is printed as: 0.1 is one tenth, though the float is not.
  else if (typeof value === 'number' && Number.isFinite(value)) decimal = parseExactDecimal(String(value), type);
  if (decimal !== undefined) return decimal;
  throw mismatch(
    type,
    value,
    where,
    `it has ${type.precision - type.scale} digits before the point and ${type.scale} after; round the value first`,
  );
}

function bytesOf(type: DataType, value: unknown, where: Where): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw mismatch(type, value, where, 'give a Uint8Array');
}

const PLAIN_DATE = /^[+-]?\d{4,7}-\d{1,2}-\d{1,2}$/;

function momentOf(type: DataType, value: unknown, where: Where, timeZone: string): Scalar {
  if (type.kind === 'date') return dateOf(type, value, where);
  const isTime = type.kind === 'time';
  if (typeof value === 'bigint') return integerWithin(type, value, where, isTime ? [0n, 86_399_999_999n] : INT64);
  if (value instanceof Date && !isTime) {
    const millis = value.getTime();
    if (Number.isNaN(millis)) throw mismatch(type, value, where);
    return BigInt(millis) * 1000n;
  }
  if (typeof value === 'string') {
    const parsed = isTime ? parseTime(value) : parseScalar(type, value, timeZone);
    if (parsed !== undefined) return typeof parsed === 'number' ? BigInt(parsed) : parsed;
  }
  throw mismatch(
    type,
    value,
    where,
    isTime ? "give text such as '23:59:59.5'" : 'give a Date, ISO text, or microseconds as bigint',
  );
}

function dateOf(type: DataType, value: unknown, where: Where): number {
  if (value instanceof Date) {
    const days = value.getTime() / MILLIS_PER_DAY;
    if (Number.isInteger(days)) return days;
    throw mismatch(type, value, where, 'a date is a Date at UTC midnight; keep the time of day with type timestamp');
  }
  const days = typeof value === 'string' && PLAIN_DATE.test(trimAll(value)) ? parseDate(value) : undefined;
  if (days === undefined) throw mismatch(type, value, where, "give a Date or text such as '2024-02-29'");
  return days;
}

const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];

function integerWithin(type: DataType, value: bigint, where: Where, bounds: readonly [bigint, bigint]): bigint {
  if (value < bounds[0] || value > bounds[1]) throw mismatch(type, value, where);
  return value;
}

function intervalOf(type: DataType, value: unknown, where: Where): Scalar {
  const months = type.kind === 'interval_ym';
  if (typeof value === 'string') {
    const parsed = months ? parseYearMonth(value) : parseDayTime(value);
    if (parsed !== undefined) return parsed;
  }
  if (months && (typeof value === 'number' || typeof value === 'bigint')) return Number(integerOf(type, value, where));
  if (!months && typeof value === 'bigint') return integerOf(type, value, where);
  throw mismatch(
    type,
    value,
    where,
    months ? "give text such as 'P1Y2M'" : "give text such as 'P1DT2H', or microseconds as bigint",
  );
}

function nestedOf(type: DataType, value: unknown, where: Where, timeZone: string): Scalar {
  switch (type.kind) {
    case 'array':
      return arrayOf(type, value, where, timeZone);
    case 'struct':
      return structOf(type, value, where, timeZone);
    case 'map':
      return mapOf(type, value, where, timeZone);
    default:
      return isVariant(value) ? value : writeVariant(value, whereText(where));
  }
}

function isVariant(value: unknown): value is VariantScalar {
  const { metadata, value: bytes } = value as Partial<VariantScalar>;
  return metadata instanceof Uint8Array && bytes instanceof Uint8Array;
}

function notNull(nullable: boolean, scalar: Scalar, where: Where): Scalar {
  if (scalar !== null || nullable) return scalar;
  throw new SparrowError('NOT_NULL_CONSTRAINT_VIOLATION', 'null where the type allows none', {
    where: whereText(where),
  });
}

function arrayOf(type: ArrayType, value: unknown, where: Where, timeZone: string): Scalar {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  if (!isList) throw mismatch(type, value, where);
  const { element, containsNull } = type;
  return Array.from(value as ArrayLike<unknown>, (item, i) => {
    const at = () => `${whereText(where)}[${i}]`;
    return notNull(containsNull, fromUserValue(element, item, at, timeZone), at);
  });
}

function structOf(type: StructType, value: unknown, where: Where, timeZone: string): Scalar {
  if (typeof value !== 'object' || value instanceof Date || value instanceof Map) throw mismatch(type, value, where);
  if (Array.isArray(value) && value.length !== type.fields.length) {
    throw mismatch(type, value, where, `it has ${type.fields.length} fields`);
  }
  return type.fields.map(({ name, type: fieldType, nullable }: Field, i) => {
    const at = () => `${whereText(where)}.${name}`;
    const item = Array.isArray(value) ? value[i] : ownProperty(value as object, name);
    return notNull(nullable, fromUserValue(fieldType, item, at, timeZone), at);
  });
}

/** A property of the object, or a getter of its class; never what every object inherits (`constructor`, `toString`). */
export function ownProperty(object: object, name: string): unknown {
  if (Object.hasOwn(object, name)) return (object as Record<string, unknown>)[name];
  return name in Object.prototype ? undefined : (object as Record<string, unknown>)[name];
}

function mapOf(type: MapType, value: unknown, where: Where, timeZone: string): Scalar {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    throw mismatch(type, value, where, 'give a Map or an object');
  }
  const pairs: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const entries: [Scalar, Scalar][] = [];
  const seen = new Set<unknown>();
  for (const [k, v] of pairs) {
    const at = () => `${whereText(where)}[${describe(k)}]`;
    const key = fromUserValue(type.key, k, at, timeZone);
    if (key === null) throw new SparrowError('NULL_MAP_KEY', 'a map key is null', { where: whereText(where) });
    if (seen.has(key)) {
      throw new SparrowError('DUPLICATED_MAP_KEY', `the map has two keys ${describe(k)}`, { where: whereText(where) });
    }
    seen.add(key);
    entries.push([key, notNull(type.valueContainsNull, fromUserValue(type.value, v, at, timeZone), at)]);
  }
  return { entries };
}

/**
 * The values of one column as scalars, each checked; `firstRow` is the row number of the first, for errors. Nulls in
 * a field that allows none are refused.
 */
export function fromUserColumn(field: Field, values: ArrayLike<unknown>, firstRow = 0, timeZone = 'UTC'): Scalar[] {
  const { name, type, nullable } = field;
  const out: Scalar[] = new Array(values.length);
  let row = 0;
  const where = () => `column ${name}, row ${firstRow + row}`;
  for (; row < values.length; row++) {
    const scalar = fromUserValue(type, values[row], where, timeZone);
    if (scalar === null && !nullable) notNull(false, scalar, where);
    out[row] = scalar;
  }
  return out;
}
