import {
  civilFromDays,
  daysFromCivil,
  floorSeconds,
  instantToLocal,
  joinMicros,
  localToInstant,
  MICROS_PER_DAY,
  type Scalar,
  splitMicros,
  type TimeZone,
  timeZone,
} from '../base/index.js';

/** What `trunc` and `date_trunc` cut to. */
export type TruncUnit =
  | 'microsecond'
  | 'millisecond'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year';

const TRUNC_UNITS: Readonly<Record<string, TruncUnit>> = {
  MICROSECOND: 'microsecond',
  MILLISECOND: 'millisecond',
  SECOND: 'second',
  MINUTE: 'minute',
  HOUR: 'hour',
  DAY: 'day',
  DD: 'day',
  WEEK: 'week',
  MON: 'month',
  MONTH: 'month',
  MM: 'month',
  QUARTER: 'quarter',
  YEAR: 'year',
  YYYY: 'year',
  YY: 'year',
};

/** Units of fixed length, in microseconds. */
export const UNIT_MICROS: Readonly<Partial<Record<TruncUnit, bigint>>> = {
  microsecond: 1n,
  millisecond: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: BigInt(MICROS_PER_DAY),
};

export const truncUnit = (format: Scalar | undefined): TruncUnit | undefined =>
  typeof format === 'string' ? TRUNC_UNITS[format.toUpperCase()] : undefined;

export const isDateUnit = (unit: TruncUnit | undefined): unit is 'week' | 'month' | 'quarter' | 'year' =>
  unit === 'week' || unit === 'month' || unit === 'quarter' || unit === 'year';

const modulo = (n: number, by: number): number => ((n % by) + by) % by;

/** Monday is 0. */
export const weekdayOf = (days: number): number => modulo(days + 3, 7);

export function truncDays(days: number, unit: 'week' | 'month' | 'quarter' | 'year'): number {
  if (unit === 'week') return days - weekdayOf(days);
  const { year, month } = civilFromDays(days);
  if (unit === 'year') return daysFromCivil(year, 1, 1);
  return daysFromCivil(year, unit === 'month' ? month : month - ((month - 1) % 3), 1);
}

export const floorMod = (n: bigint, by: bigint): bigint => ((n % by) + by) % by;
export const floorDiv = (n: bigint, by: bigint): bigint => (n - floorMod(n, by)) / by;

export function truncMicros(micros: bigint, unit: TruncUnit, zone: TimeZone): bigint {
  const size = UNIT_MICROS[unit];
  if (size !== undefined && size <= 1_000_000n) return micros - floorMod(micros, size);
  const local = instantToLocal(zone, micros);
  if (size === undefined) {
    const days = truncDays(splitMicros(local).days, unit as 'week');
    return localToInstant(zone, joinMicros(days, 0));
  }
  const cut = local - floorMod(local, size);
  // Where clocks show a reading twice, the time keeps the offset it has.
  const offset = local - micros;
  const same = cut - offset;
  return BigInt(zone.offsetAt(floorSeconds(same))) * 1_000_000n === offset ? same : localToInstant(zone, cut);
}

/** ISO week: weeks begin on Monday, the first has the year's first Thursday. */
export function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = days - weekdayOf(days) + 3;
  const { year } = civilFromDays(thursday);
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
}

export function dayOfYear(days: number): number {
  return days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1;
}

/** A timestamp's wall clock reading: in the session's zone, or as it is without one. */
export function localMicros(value: Scalar | undefined, kind: string | undefined, zoneId: string): bigint {
  const micros = value as bigint;
  return kind === 'timestamp' ? instantToLocal(timeZone(zoneId), micros) : micros;
}
