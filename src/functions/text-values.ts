import {
  type DataType,
  formatDate,
  formatDateTime,
  formatScalar,
  formatTime,
  instantToLocal,
  joinMicros,
  offsetText,
  parseScalar,
  type Scalar,
  simpleString,
  splitMicros,
  timeZone,
  truncateTime,
} from '../base/index.js';
import { askedOf } from './asked-settings.js';
import { formatMoment } from './datetime-format.js';
import { parseMoment } from './datetime-parse.js';
import type { Call } from './define.js';
import type { TextOptions } from './text-options.js';

/** Dates and times in JSON and CSV text: by a pattern from the options, else as Spark writes them by default. */

const UTC = timeZone('UTC');
const zoneOf = (options: TextOptions, session: string): string => options.get('timezone') ?? session;

const patternFor = (type: DataType, options: TextOptions): string | undefined => {
  switch (type.kind) {
    case 'date':
      return options.get('dateformat');
    case 'time':
      return options.get('timeformat');
    case 'timestamp':
      return options.get('timestampformat');
    default:
      return options.get('timestampntzformat');
  }
};

/** A date or time read from text; undefined when it is malformed. */
export function readMoment(type: DataType, text: string, options: TextOptions, session: string): Scalar | undefined {
  const zone = zoneOf(options, session);
  const pattern = patternFor(type, options);
  if (pattern === undefined) return parseScalar(type, text, zone);
  const micros =
    type.kind === 'timestamp_ntz'
      ? localMoment(text, pattern)
      : parseMoment(text, type.kind === 'timestamp' ? timeZone(zone) : UTC, pattern);
  if (micros === undefined) return undefined;
  if (type.kind === 'date') return splitMicros(micros).days;
  return type.kind === 'time' ? truncateTime(BigInt(splitMicros(micros).ofDay), type) : micros;
}

/** As Spark's, a text is malformed by a pattern that is. */
function localMoment(text: string, pattern: string): bigint | undefined {
  try {
    return parseMoment(text, null, pattern);
  } catch {
    return undefined;
  }
}

/** A date or time as text. */
export function writeMoment(type: DataType, value: Scalar, options: TextOptions, session: string): string {
  const zone = zoneOf(options, session);
  const pattern = patternFor(type, options);
  if (pattern !== undefined) {
    if (type.kind === 'timestamp') return formatMoment(value as bigint, timeZone(zone), pattern);
    if (type.kind === 'date') return formatMoment(joinMicros(value as number, 0), UTC, pattern);
    return formatMoment(value as bigint, UTC, pattern);
  }
  switch (type.kind) {
    case 'date':
      return formatDate(value as number);
    case 'time':
      return formatTime(Number(value));
    case 'timestamp': {
      const local = instantToLocal(timeZone(zone), value as bigint);
      const offset = offsetText(zone, value as bigint);
      return `${millis(local)}${offset === '+00:00' ? 'Z' : offset}`;
    }
    default:
      return millis(value as bigint);
  }
}

/** A wall clock reading with three digits of a second's fraction. */
function millis(local: bigint): string {
  const thousandth = ((local % 1000n) + 1000n) % 1000n;
  const [day = '', clock = ''] = formatDateTime(local - thousandth).split(' ');
  const [seconds = '', fraction = ''] = clock.split('.');
  return `${day}T${seconds}.${fraction.padEnd(3, '0')}`;
}

export const isMoment = ({ kind }: DataType): boolean =>
  kind === 'date' || kind === 'time' || kind === 'timestamp' || kind === 'timestamp_ntz';

/** An interval as the literal that means it: `INTERVAL '1' DAY`. */
export const writeInterval = (type: DataType, value: Scalar): string => formatScalar(type, value, 'UTC');

export const typeName = (type: DataType): string => simpleString(type).toUpperCase();

/** Bytes as text, in the style the session has for them: Spark's `spark.sql.binaryOutputStyle`. */
export function shownBytes(bytes: Uint8Array, call: Call): string {
  const buffer = Buffer.from(bytes);
  switch (askedOf(call, 'spark.sql.binaryOutputStyle')?.toUpperCase()) {
    case 'UTF-8':
      return buffer.toString('utf8');
    case 'BASIC':
      return `[${[...new Int8Array(bytes)].join(', ')}]`;
    case 'BASE64':
      return buffer.toString('base64').replace(/=+$/, '');
    case 'HEX':
      return buffer.toString('hex').toUpperCase();
    default:
      return `[${[...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ')}]`;
  }
}
