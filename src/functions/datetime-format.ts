import {
  type CivilDate,
  type CivilTime,
  civilFromDays,
  civilTime,
  floorSeconds,
  MONTHS,
  SHORT_NAME,
  splitMicros,
  type TimeZone,
  WEEKDAYS,
} from '../base/index.js';
import { datetimePattern, hasLetter, type PatternPart } from './datetime-pattern.js';
import { dayOfYear, weekdayOf } from './datetime-units.js';

/** A moment as a pattern sees it. */
interface Moment {
  readonly days: number;
  readonly date: CivilDate;
  readonly time: CivilTime;
  readonly offset: number;
  readonly zone: TimeZone;
  readonly micros: bigint;
  readonly inEra: boolean;
}

/** An instant in a zone, by a pattern of Spark's datetime letters. */
export function formatMoment(micros: bigint, zone: TimeZone, pattern: string): string {
  const parts = datetimePattern(pattern, 'format');
  const offset = zone.offsetAt(floorSeconds(micros));
  const { days, ofDay } = splitMicros(micros + BigInt(offset) * 1_000_000n);
  const moment = {
    days,
    date: civilFromDays(days),
    time: civilTime(ofDay),
    offset,
    zone,
    micros,
    inEra: hasLetter(parts, 'G'),
  };
  return formatParts(parts, moment);
}

function formatParts(parts: readonly PatternPart[], moment: Moment): string {
  let out = '';
  for (const part of parts) {
    if (part.kind === 'text') out += part.text;
    else if (part.kind === 'optional') out += formatParts(part.parts, moment);
    else out += formatField(part.letter, part.count, moment);
  }
  return out;
}

const padded = (value: number, count: number): string => String(value).padStart(count, '0');

function formatField(letter: string, count: number, moment: Moment): string {
  const { date, time, days } = moment;
  switch (letter) {
    case 'G':
      return date.year > 0 ? (count === 4 ? 'Anno Domini' : 'AD') : count === 4 ? 'Before Christ' : 'BC';
    case 'y':
      return formatYear(moment.inEra && date.year <= 0 ? 1 - date.year : date.year, count);
    case 'M':
    case 'L':
      return count <= 2 ? padded(date.month, count) : named(MONTHS[date.month - 1] ?? '', count);
    case 'd':
      return padded(date.day, count);
    case 'D':
      return padded(dayOfYear(days), count);
    case 'E':
      return named(WEEKDAYS[weekdayOf(days)] ?? '', count);
    case 'F':
      return String(((date.day - 1) % 7) + 1);
    case 'q':
    case 'Q':
      return formatQuarter(Math.ceil(date.month / 3), count);
    case 'S':
      return padded(time.micro, 6).padEnd(9, '0').slice(0, count);
    case 'm':
      return padded(time.minute, count);
    case 's':
      return padded(time.second, count);
    case 'a':
    case 'h':
    case 'H':
    case 'k':
    case 'K':
      return formatHour(letter, count, time.hour);
    default:
      return formatZone(letter, count, moment);
  }
}

const named = (name: string, count: number): string => (count === 4 ? name : name.slice(0, SHORT_NAME));

function formatYear(year: number, count: number): string {
  if (count === 2) return padded(Math.abs(year) % 100, 2);
  const digits = String(Math.abs(year));
  const sign = year < 0 ? '-' : count >= 4 && digits.length > count ? '+' : '';
  return sign + digits.padStart(count, '0');
}

const ORDINALS = ['1st', '2nd', '3rd', '4th'];

function formatQuarter(quarter: number, count: number): string {
  if (count <= 2) return padded(quarter, count);
  return count === 3 ? `Q${quarter}` : `${ORDINALS[quarter - 1]} quarter`;
}

function formatHour(letter: string, count: number, hour: number): string {
  switch (letter) {
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'h':
      return padded(hour % 12 === 0 ? 12 : hour % 12, count);
    case 'K':
      return padded(hour % 12, count);
    case 'k':
      return padded(hour === 0 ? 24 : hour, count);
    default:
      return padded(hour, count);
  }
}

function formatZone(letter: string, count: number, moment: Moment): string {
  const { offset, zone } = moment;
  switch (letter) {
    case 'V':
      return zone.id;
    case 'z':
      return zoneName(moment, count === 4 ? 'long' : 'short');
    case 'O':
      return offset === 0 ? 'GMT' : `GMT${localizedOffset(offset, count === 4)}`;
    case 'Z':
      if (count === 4) return offset === 0 ? 'GMT' : `GMT${localizedOffset(offset, true)}`;
      return count === 5 ? (offset === 0 ? 'Z' : isoOffset(offset, 5)) : isoOffset(offset, 2);
    default:
      return letter === 'X' && offset === 0 ? 'Z' : isoOffset(offset, count);
  }
}

/** `+01`, `+0130`, `+01:30`, and with seconds where there are any from four letters on. */
function isoOffset(offset: number, count: number): string {
  const size = Math.abs(offset);
  const [hours, minutes, seconds] = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  const colon = count === 3 || count === 5 ? ':' : '';
  let out = (offset < 0 ? '-' : '+') + padded(hours, 2);
  if (count > 1 || minutes > 0) out += colon + padded(minutes, 2);
  if (count > 3 && seconds > 0) out += colon + padded(seconds, 2);
  return out;
}

function localizedOffset(offset: number, full: boolean): string {
  const size = Math.abs(offset);
  const [hours, minutes, seconds] = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  const tail =
    (full || minutes > 0 || seconds > 0 ? `:${padded(minutes, 2)}` : '') +
    (seconds > 0 ? `:${padded(seconds, 2)}` : '');
  return (offset < 0 ? '-' : '+') + padded(hours, full ? 2 : 1) + tail;
}

const JULY_2020 = Date.UTC(2020, 6) / 1000;
const HALF_YEAR = 182 * 86_400;

/** Intl has no names for times before 1970, Java has today's: milliseconds of a time with the same one. */
function namedAlike(zone: TimeZone, seconds: number): number {
  const offset = zone.offsetAt(seconds);
  const [summer, winter] = [JULY_2020, JULY_2020 - HALF_YEAR].sort((a, b) => zone.offsetAt(b) - zone.offsetAt(a)) as [
    number,
    number,
  ];
  return 1000 * (offset === zone.offsetAt(summer) ? summer : winter);
}

const UTC = /^(?:UTC|Z|UT)$/;
const OFFSET_ID = /^[+-]/;

function zoneName({ zone, micros }: Moment, style: 'long' | 'short'): string {
  if (UTC.test(zone.id)) return style === 'long' ? 'Coordinated Universal Time' : zone.id;
  if (OFFSET_ID.test(zone.id) || /^(?:UTC|GMT|UT)[+-]/.test(zone.id)) return zone.id;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone.id, timeZoneName: style });
  const parts = format.formatToParts(
    micros < 0n ? namedAlike(zone, Number(micros / 1_000_000n)) : Number(micros / 1000n),
  );
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone.id;
}
