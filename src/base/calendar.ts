/*
 * The proleptic Gregorian calendar: days and microseconds since 1970-01-01 to civil fields and back, and their ISO
 * text as Spark prints it (`0001-01-01`, `-0001-12-31`, `+10000-01-01`).
 */

export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_DAY = 86_400_000_000;
const DAYS_PER_ERA = 146_097;
const DAYS_TO_1970_FROM_MARCH_0 = 719_468;

export interface CivilDate {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  /** 1–31. */
  readonly day: number;
}

export interface CivilTime {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micro: number;
}

/** The civil date of a day number. */
export function civilFromDays(days: number): CivilDate {
  // Years are counted from March, so that the leap day is the last of its year (after Howard Hinnant).
  const shifted = days + DAYS_TO_1970_FROM_MARCH_0;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const ofEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** The day number of a civil date; month and day must be valid (see `isCivilDate`). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const fromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const ofEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear;
  return era * DAYS_PER_ERA + ofEra - DAYS_TO_1970_FROM_MARCH_0;
}

export const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function isCivilDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/** The time of day of microseconds since midnight. */
export function civilTime(microsOfDay: number): CivilTime {
  const seconds = Math.floor(microsOfDay / MICROS_PER_SECOND);
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micro: microsOfDay - seconds * MICROS_PER_SECOND,
  };
}

/** Microseconds since midnight, or undefined when a field is out of range. */
export function microsOfDay(hour: number, minute: number, second: number, micro: number): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + micro;
}

/** Microseconds since the epoch as day number and microseconds of that day. */
export function splitMicros(micros: bigint): { readonly days: number; readonly ofDay: number } {
  const perDay = BigInt(MICROS_PER_DAY);
  let days = micros / perDay;
  let ofDay = micros - days * perDay;
  if (ofDay < 0n) {
    days -= 1n;
    ofDay += perDay;
  }
  return { days: Number(days), ofDay: Number(ofDay) };
}

export function joinMicros(days: number, ofDay: number): bigint {
  return BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(ofDay);
}

export const twoDigits = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** `2024-02-29`; years beyond 9999 have a sign. */
export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  const digits = String(Math.abs(year)).padStart(4, '0');
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${digits}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** `23:59:59.5`: no more digits after the point than it needs, none where it needs none. */
export function formatTime(microsOfDay: number): string {
  const { hour, minute, second, micro } = civilTime(microsOfDay);
  return `${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(second)}${formatFraction(micro)}`;
}

/** `.5` for 500 000 of a million, nothing for 0. */
export function formatFraction(micro: number): string {
  return micro === 0 ? '' : `.${String(micro).padStart(6, '0').replace(/0+$/, '')}`;
}

/** A wall clock reading, `2024-02-29 23:59:59.5`. */
export function formatDateTime(micros: bigint, separator: ' ' | 'T' = ' '): string {
  const { days, ofDay } = splitMicros(micros);
  return `${formatDate(days)}${separator}${formatTime(ofDay)}`;
}

const DATE = /^([+-])?(\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?$/s;
const INT32_TOP = 2 ** 31;

/** Days of `yyyy[-[m]m[-[d]d]]`, anything after a blank or `T` ignored as Spark does; undefined when malformed. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(trimAll(text));
  if (match === null) return undefined;
  const days = civilDays(match[1], match[2], match[3], match[4]);
  return days === undefined || days >= INT32_TOP || days < -INT32_TOP ? undefined : days;
}

function civilDays(
  sign: string | undefined,
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
): number | undefined {
  const y = Number(year) * (sign === '-' ? -1 : 1);
  const m = Number(month ?? 1);
  const d = Number(day ?? 1);
  return isCivilDate(y, m, d) ? daysFromCivil(y, m, d) : undefined;
}

const TIME = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?$/;

/** Microseconds since midnight of `[h]h:[m]m[:[s]s[.ffffff]]`; undefined when malformed. */
export function parseTime(text: string): number | undefined {
  const [, body = '', half] = /^(.*?)\s*([ap]m)?$/is.exec(trimAll(text)) ?? [];
  const match = TIME.exec(body);
  if (match === null) return undefined;
  const hour = Number(match[1]);
  if (half === undefined) return timeMicros(match[1], match[2], match[3], match[4]);
  if (hour < 1 || hour > 12) return undefined;
  return timeMicros(String((hour % 12) + (/p/i.test(half) ? 12 : 0)), match[2], match[3], match[4]);
}

function timeMicros(
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
): number | undefined {
  // More digits than micros are cut, as in Spark.
  const micro = Number((fraction ?? '').slice(0, 6).padEnd(6, '0'));
  return microsOfDay(Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), micro);
}

const DATE_TIME =
  /^([+-])?(\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?([^\d.].*)?)?)?)?)?)?$/s;

/** A wall clock reading and the zone named after it, if any. */
export interface ParsedDateTime {
  readonly micros: bigint;
  readonly zone: string | undefined;
}

/** `yyyy[-[m]m[-[d]d[ |T][h]h[:[m]m[:[s]s[.ffffff]]][zone]]]`; undefined when malformed. The zone is not checked. */
export function parseDateTime(text: string): ParsedDateTime | undefined {
  const match = DATE_TIME.exec(trimAll(text));
  if (match === null) return undefined;
  const days = civilDays(match[1], match[2], match[3], match[4]);
  const ofDay = timeMicros(match[5], match[6], match[7], match[8]);
  if (days === undefined || ofDay === undefined) return undefined;
  return { micros: joinMicros(days, ofDay), zone: match[9] };
}

/** Without blanks and control characters at both ends: what Spark's casts ignore. */
export function trimAll(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

const isBlank = (code: number): boolean => code <= 0x20 || code === 0x7f;

/** From January on. */
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
/** From Monday on. */
export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
/** How many letters of a name stand for it. */
export const SHORT_NAME = 3;
