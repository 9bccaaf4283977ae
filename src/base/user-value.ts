import { formatDate, formatDateTime, formatTime } from './calendar.js';
import { calendarIntervalIso } from './calendar-interval.js';
import { SparrowError, unreachable } from './errors.js';
import { isoDayTime, isoYearMonth } from './interval-text.js';
import { formatDecimal } from './number-text.js';
import type { MapScalar, Scalar, VariantScalar } from './scalar.js';
import type { ArrayType, DataType, MapType, StructType } from './types.js';
import type { ValueOptions } from './value-options.js';
import type { VariantNode } from './variant.js';
import { readVariant } from './variant.js';

const MILLIS_PER_DAY = 86_400_000;
/** Days and milliseconds that a Date can hold on either side of the epoch. */
const MAX_DATE_DAYS = 100_000_000;
const MAX_DATE_MILLIS = MAX_DATE_DAYS * MILLIS_PER_DAY;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** Up to here a power of ten is exact, and dividing by it rounds once. */
const MAX_EXACT_POWER = 22;

/** A scalar as the user gets it; `column` names it in errors. */
export function toUserValue(type: DataType, scalar: Scalar, options: ValueOptions, column: string): unknown {
  if (scalar === null) return null;
  switch (type.kind) {
    case 'null':
      return null;
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
    case 'string':
    case 'binary':
      return scalar;
    case 'int64':
      return userInt64(scalar as bigint, options, column);
    case 'decimal':
      return userDecimal(scalar as bigint, type.scale, options);
    case 'date':
      return options.date === 'string' ? formatDate(scalar as number) : dateOfDays(scalar as number, column);
    case 'timestamp':
    case 'timestamp_ntz':
      return userTimestamp(scalar as bigint, type.kind === 'timestamp', options, column);
    case 'time':
      return formatTime(Number(scalar));
    case 'interval_ym':
      return isoYearMonth(scalar as number);
    case 'interval_dt':
      return isoDayTime(scalar as bigint);
    case 'interval':
      return calendarIntervalIso(scalar as bigint);
    case 'array':
    case 'struct':
    case 'map':
      return userNested(type, scalar, options, column);
    case 'variant':
      return userVariant(readVariant(scalar as VariantScalar), options, column);
    default:
      return unreachable(type);
  }
}

function userNested(
  type: ArrayType | StructType | MapType,
  scalar: Scalar,
  options: ValueOptions,
  column: string,
): unknown {
  switch (type.kind) {
    case 'array': {
      const where = `${column}[]`;
      return (scalar as readonly Scalar[]).map((value) => toUserValue(type.element, value, options, where));
    }
    case 'struct': {
      const values = scalar as readonly Scalar[];
      const entry = ({ name, type }: StructType['fields'][number], i: number) =>
        [name, toUserValue(type, values[i] ?? null, options, `${column}.${name}`)] as const;
      // fromEntries defines properties, so a field named __proto__ is one as well.
      return Object.fromEntries(type.fields.map(entry));
    }
    case 'map':
      return userMap(type, scalar as MapScalar, options, column);
    default:
      return unreachable(type);
  }
}

function userMap(type: MapType, { entries }: MapScalar, options: ValueOptions, column: string): unknown {
  const pairs = entries.map(
    ([key, value]) =>
      [
        toUserValue(type.key, key, options, `${column} keys`),
        toUserValue(type.value, value, options, `${column} values`),
      ] as const,
  );
  if (options.map === 'map') return new Map(pairs);
  return Object.fromEntries(pairs.map(([key, value]) => [propertyName(key), value]));
}

/** A map key as the name of a property: text as it is, anything else as JSON without quotes. */
function propertyName(key: unknown): string {
  if (typeof key === 'object' && key !== null) return key instanceof Date ? key.toISOString() : JSON.stringify(key);
  return String(key);
}

function userVariant(node: VariantNode, options: ValueOptions, column: string): unknown {
  switch (node.kind) {
    case 'value':
      return toUserValue(node.type, node.value, options, column);
    case 'array':
      return node.elements.map((element) => userVariant(element, options, column));
    case 'object':
      return Object.fromEntries(node.fields.map(([key, value]) => [key, userVariant(value, options, column)]));
    default:
      return unreachable(node);
  }
}

function userInt64(value: bigint, options: ValueOptions, column: string): unknown {
  switch (options.int64) {
    case 'bigint':
      return value;
    case 'string':
      return value.toString();
    case 'number':
      if (value > MAX_SAFE || value < -MAX_SAFE) throw unsafeInteger(value, column);
      return Number(value);
    default:
      return unreachable(options.int64);
  }
}

/** An integer that a JS number cannot hold. */
export function unsafeInteger(value: bigint, column: string): SparrowError {
  return new SparrowError(
    'NUMERIC_VALUE_OUT_OF_RANGE',
    `${value} does not fit a JavaScript number exactly (at most ${Number.MAX_SAFE_INTEGER})`,
    {
      where: `column ${column}`,
      hint: "create the session with int64: 'bigint' or 'string', or cast the column to string",
    },
  );
}

function userDecimal(unscaled: bigint, scale: number, options: ValueOptions): string | number {
  if (options.decimal === 'string') return formatDecimal(unscaled, scale);
  return numberOfDecimal(unscaled, scale);
}

/** The JS number nearest to a decimal. */
export function numberOfDecimal(unscaled: bigint, scale: number): number {
  if (unscaled <= MAX_SAFE && unscaled >= -MAX_SAFE && scale <= MAX_EXACT_POWER) return Number(unscaled) / 10 ** scale;
  return Number(formatDecimal(unscaled, scale));
}

export function dateOfDays(days: number, column: string): Date {
  if (days > MAX_DATE_DAYS || days < -MAX_DATE_DAYS) throw beyondDate(formatDate(days), column, 'date');
  return new Date(days * MILLIS_PER_DAY);
}

function userTimestamp(micros: bigint, zoned: boolean, options: ValueOptions, column: string): unknown {
  switch (options.timestamp) {
    case 'micros':
      return micros;
    case 'string':
      return isoTimestamp(micros, zoned);
    case 'date': {
      const millis = floorMillis(micros);
      if (millis > MAX_DATE_MILLIS || millis < -MAX_DATE_MILLIS) {
        throw beyondDate(formatDateTime(micros), column, 'timestamp');
      }
      return new Date(millis);
    }
    default:
      return unreachable(options.timestamp);
  }
}

/** ISO 8601: `2024-02-29T23:59:59.5Z`, without the Z for a wall clock reading. */
export function isoTimestamp(micros: bigint, zoned: boolean): string {
  return `${formatDateTime(micros, 'T')}${zoned ? 'Z' : ''}`;
}

function floorMillis(micros: bigint): number {
  const millis = micros / 1000n;
  return Number(micros < 0n && millis * 1000n !== micros ? millis - 1n : millis);
}

function beyondDate(text: string, column: string, option: string): SparrowError {
  return new SparrowError('DATETIME_OVERFLOW', `${text} is beyond what a JavaScript Date can hold`, {
    where: `column ${column}`,
    hint: `create the session with ${option}: 'string'`,
  });
}
