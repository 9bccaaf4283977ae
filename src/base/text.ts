import {
  formatDate,
  formatDateTime,
  formatTime,
  joinMicros,
  parseDate,
  parseDateTime,
  parseTime,
  splitMicros,
  trimAll,
  twoDigits,
} from './calendar.js';
import { formatCalendarInterval, parseCalendarInterval } from './calendar-interval.js';
import { engineBug, unreachable } from './errors.js';
import { formatDayTime, formatYearMonth, parseDayTime, parseYearMonth } from './interval-text.js';
import {
  formatDecimal,
  formatDouble,
  formatFloat,
  parseDecimal,
  parseDouble,
  parseFloat32,
  parseInteger,
} from './number-text.js';
import type { MapScalar, Scalar, VariantScalar } from './scalar.js';
import {
  findTimeZone,
  floorSeconds,
  instantToLocal,
  localToInstant,
  type TimeZone,
  timeZone as timeZoneOf,
} from './time-zone.js';
import type { DataType } from './types.js';
import { integerBounds, simpleString, truncateTime } from './types.js';
import { asTextBuffer } from './utf8.js';
import type { VariantNode } from './variant.js';
import { readVariant } from './variant.js';

/**
 * A value as Spark's `cast(x as string)` prints it; timestamps as clocks in `timeZone` show them. Null is `null`,
 * as inside arrays, structs and maps.
 */
export function formatScalar(type: DataType, scalar: Scalar, timeZone: string): string {
  if (scalar === null) return 'null';
  switch (type.kind) {
    case 'null':
      return 'null';
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'string':
      return String(scalar);
    case 'float32':
      return formatFloat(scalar as number);
    case 'float64':
      return formatDouble(scalar as number);
    case 'decimal':
      return formatDecimal(scalar as bigint, type.scale);
    case 'binary':
      return bytesAsText(scalar as Uint8Array);
    case 'date':
      return formatDate(scalar as number);
    case 'time':
      return formatTime(Number(scalar));
    case 'timestamp':
      return formatDateTime(instantToLocal(timeZoneOf(timeZone), scalar as bigint));
    case 'timestamp_ntz':
      return formatDateTime(scalar as bigint);
    case 'interval_ym':
      return formatYearMonth(scalar as number, type);
    case 'interval_dt':
      return formatDayTime(scalar as bigint, type);
    case 'interval':
      return formatCalendarInterval(scalar as bigint);
    case 'array':
    case 'struct':
    case 'map':
      return formatNested(type, scalar, timeZone);
    case 'variant':
      return formatVariant(scalar as VariantScalar, timeZone);
    default:
      return unreachable(type);
  }
}

function formatNested(type: DataType, scalar: Scalar, timeZone: string): string {
  switch (type.kind) {
    case 'array':
      return `[${(scalar as readonly Scalar[]).map((e) => formatInside(type.element, e, timeZone)).join(', ')}]`;
    case 'struct': {
      const values = scalar as readonly Scalar[];
      return `{${type.fields.map((f, i) => formatInside(f.type, values[i] ?? null, timeZone)).join(', ')}}`;
    }
    case 'map': {
      const { entries } = scalar as MapScalar;
      const pair = ([k, v]: readonly [Scalar, Scalar]) =>
        `${formatInside(type.key, k, timeZone)} -> ${formatInside(type.value, v, timeZone)}`;
      return `{${entries.map(pair).join(', ')}}`;
    }
    default:
      throw engineBug(`${simpleString(type)} is not nested`);
  }
}

/** Inside of others a variant is written as JSON: a string in quotes. */
function formatInside(type: DataType, scalar: Scalar, timeZone: string): string {
  if (type.kind !== 'variant' || scalar === null) return formatScalar(type, scalar, timeZone);
  return variantToJson(scalar as VariantScalar, timeZone);
}

function formatVariant(variant: VariantScalar, timeZone: string): string {
  const node = readVariant(variant);
  return node.kind === 'value' ? formatScalar(node.type, node.value, timeZone) : jsonOf(node, timeZone);
}

/** A variant as JSON, as Spark's `to_json` writes it. */
export function variantToJson(variant: VariantScalar, timeZone: string): string {
  return jsonOf(readVariant(variant), timeZone);
}

function jsonOf(node: VariantNode, timeZone: string): string {
  if (node.kind === 'array') return `[${node.elements.map((element) => jsonOf(element, timeZone)).join(',')}]`;
  if (node.kind === 'object') {
    return `{${node.fields.map(([key, value]) => `${JSON.stringify(key)}:${jsonOf(value, timeZone)}`).join(',')}}`;
  }
  const { type, value } = node;
  const text = formatScalar(type, value, timeZone);
  switch (type.kind) {
    case 'string':
      return JSON.stringify(text);
    case 'binary':
      return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case 'timestamp':
      return `"${text}${offsetText(timeZone, value as bigint)}"`;
    case 'date':
    case 'time':
    case 'timestamp_ntz':
      return `"${text}"`;
    case 'float32':
    case 'float64':
      return Number.isFinite(value) ? text : `"${text}"`;
    default:
      return text;
  }
}

/** The zone's offset at an instant, `+01:00`. */
export function offsetText(timeZone: string, micros: bigint): string {
  const offset = timeZoneOf(timeZone).offsetAt(floorSeconds(micros));
  const magnitude = Math.abs(offset);
  const seconds = magnitude % 60 === 0 ? '' : `:${twoDigits(magnitude % 60)}`;
  const minutes = twoDigits(Math.floor(magnitude / 60) % 60);
  return `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(magnitude / 3600))}:${minutes}${seconds}`;
}

function bytesAsText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return asTextBuffer(buffer).utf8Slice(0, buffer.length);
}

const TRUE = new Set(['t', 'true', 'y', 'yes', '1']);
const FALSE = new Set(['f', 'false', 'n', 'no', '0']);

/**
 * Text as Spark's ANSI cast reads it; undefined when it is malformed or out of the type's range, and for types that
 * text cannot be cast to. A time alone (`12:30:00`) is a timestamp only with a clock, which says what day it is.
 */
export function parseScalar(type: DataType, text: string, timeZone: string, clock?: WallClock): Scalar | undefined {
  switch (type.kind) {
    case 'boolean':
      return parseBoolean(text);
    case 'int8':
    case 'int16':
    case 'int32': {
      const value = parseInteger(text, integerBounds(type) as readonly [bigint, bigint]);
      return value === undefined ? undefined : Number(value);
    }
    case 'int64':
      return parseInteger(text, integerBounds(type) as readonly [bigint, bigint]);
    case 'float32':
      return parseFloat32(text);
    case 'float64':
      return parseDouble(text);
    case 'decimal':
      return parseDecimal(text, type);
    case 'string':
      return text;
    case 'binary':
      return new Uint8Array(Buffer.from(text, 'utf8'));
    case 'date':
      return parseDate(text);
    case 'time': {
      const micros = parseTime(text);
      return micros === undefined ? undefined : truncateTime(BigInt(micros), type);
    }
    case 'timestamp':
      return parseTimestamp(text, timeZone) ?? (clock && parseToday(text, timeZone, clock));
    case 'timestamp_ntz':
      return parseLocalTimestamp(text);
    case 'interval_ym':
      return parseYearMonth(text, type);
    case 'interval_dt':
      return parseDayTime(text, type);
    case 'interval':
      return parseCalendarInterval(text);
    case 'null':
    case 'array':
    case 'struct':
    case 'map':
    case 'variant':
      return undefined;
    default:
      return unreachable(type);
  }
}

function parseBoolean(text: string): boolean | undefined {
  const word = trimAll(text).toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}

function parseTimestamp(text: string, sessionZone: string): bigint | undefined {
  const parsed = parseDateTime(text);
  if (parsed === undefined) return undefined;
  const zone = parsed.zone === undefined ? timeZoneOf(sessionZone) : findTimeZone(zoneId(parsed.zone));
  return zone === undefined ? undefined : within64(localToInstant(zone, parsed.micros));
}

/** What a query takes for now. */
export interface WallClock {
  readonly nowMicros: bigint;
}

const TIME_ALONE = /^(?:T(?=\d{1,2}$)|T?(?=\d{1,2}:))([\d:.]+)((?<=:.*:.*)[^\d:.].*)?$/s;

/** A time alone, on the day that it is in its zone. */
function parseToday(text: string, sessionZone: string, clock: WallClock): bigint | undefined {
  const [, time = '', written] = TIME_ALONE.exec(trimAll(text)) ?? [];
  const ofDay = parseTime(time.includes(':') ? time : `${time}:0`);
  const zone = written === undefined ? timeZoneOf(sessionZone) : findTimeZone(zoneId(written));
  if (ofDay === undefined || zone === undefined) return undefined;
  // Tasks know the day of the session's zone only; Spark, too, looks at the clock for each value.
  const { nowMicros } = clock;
  const now = written === undefined ? nowMicros : BigInt(Date.now()) * 1000n;
  return localToInstant(zone, onDayOf({ nowMicros: now }, zone, ofDay));
}

/** The wall clock reading of a time of day, in microseconds, on the day that it is in a zone. */
export function onDayOf({ nowMicros }: WallClock, zone: TimeZone, ofDay: number): bigint {
  return joinMicros(splitMicros(instantToLocal(zone, nowMicros)).days, ofDay);
}

/** A zone written after a wall clock reading must exist, and says nothing. */
function parseLocalTimestamp(text: string): bigint | undefined {
  const parsed = parseDateTime(text);
  if (parsed === undefined) return undefined;
  return parsed.zone !== undefined && findTimeZone(zoneId(parsed.zone)) === undefined
    ? undefined
    : within64(parsed.micros);
}

/** A plain date is midnight in the zone; whole days need no text to become timestamps. */
export function dateToTimestamp(days: number, timeZone: string): bigint {
  return localToInstant(timeZoneOf(timeZone), joinMicros(days, 0));
}

const zoneId = (text: string): string => trimAll(text);
const INT64_TOP = 2n ** 63n;
const within64 = (micros: bigint): bigint | undefined =>
  micros >= INT64_TOP || micros < -INT64_TOP ? undefined : micros;
