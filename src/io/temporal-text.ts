import {
  type DataType,
  findTimeZone,
  formatDate,
  formatDateTime,
  instantToLocal,
  offsetText,
  type Scalar,
  splitMicros,
  type TimeZone,
  timeZone,
} from '../base/index.js';
import { compileDatePattern } from './csv/date-pattern.js';

/** How text formats write dates and times; without a pattern as Spark does by default. */
export interface TemporalFormats {
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  readonly timeZone: string;
}

/** The text of dates and timestamps; undefined for other types. */
export function temporalText(type: DataType, options: TemporalFormats): ((value: Scalar) => string) | undefined {
  switch (type.kind) {
    case 'date': {
      const { dateFormat } = options;
      if (dateFormat === undefined) return (value) => formatDate(value as number);
      const pattern = compileDatePattern(dateFormat);
      return (value) => pattern.format(value as number, 0, 0);
    }
    case 'timestamp':
      return instantText(options);
    case 'timestamp_ntz': {
      const format = options.timestampNtzFormat;
      if (format === undefined) return (value) => isoClock(value as bigint);
      return (value) => byPattern(format, value as bigint, 0);
    }
    default:
      return undefined;
  }
}

function instantText(options: TemporalFormats): (value: Scalar) => string {
  const zone = timeZone(options.timeZone);
  const pattern = options.timestampFormat;
  return (value) => {
    const micros = value as bigint;
    const local = instantToLocal(zone, micros);
    if (pattern !== undefined) return byPattern(pattern, local, offsetSeconds(zone, micros));
    const offset = offsetText(options.timeZone, micros);
    return isoClock(local) + (offset === '+00:00' ? 'Z' : offset);
  };
}

const offsetSeconds = (zone: TimeZone, micros: bigint): number =>
  (findTimeZone(zone.id) ?? zone).offsetAt(Number(micros / 1_000_000n));

function byPattern(pattern: string, local: bigint, offset: number): string {
  const { days, ofDay } = splitMicros(local);
  return compileDatePattern(pattern).format(days, ofDay, offset);
}

/** `2024-02-29T23:59:59.000`: milliseconds as Spark writes them, and microseconds where there are any. */
function isoClock(local: bigint): string {
  const [clock = '', fraction = ''] = formatDateTime(local, 'T').split('.');
  return `${clock}.${fraction.length > 3 ? fraction.padEnd(6, '0') : fraction.padEnd(3, '0')}`;
}
