import {
  daysFromCivil,
  daysInMonth,
  findTimeZone,
  isCivilDate,
  isLeapYear,
  joinMicros,
  localToInstant,
  MONTHS,
  microsOfDay,
  type Scalar,
  SHORT_NAME,
  SparrowError,
  type TimeZone,
  timeZone,
} from '../base/index.js';
import { datetimePattern, hasLetter, type PatternPart, patternError } from './datetime-pattern.js';
import type { Call } from './define.js';
import { overflow } from './eval-errors.js';

/** How one field is read: the expression that finds it, and the letter it is kept under. */
interface Group {
  readonly letter: string;
  readonly count: number;
}

interface Parser {
  readonly regex: RegExp;
  readonly groups: readonly Group[];
}

const parsers = new Map<string, Parser>();
const REMEMBERED = 256;

function parserOf(pattern: string): Parser {
  let parser = parsers.get(pattern);
  if (parser === undefined) {
    const groups: Group[] = [];
    const source = sourceOf(datetimePattern(pattern, 'parse'), groups);
    parser = { regex: new RegExp(`^${source}$`, 'i'), groups };
    if (parsers.size >= REMEMBERED) parsers.clear();
    parsers.set(pattern, parser);
  }
  return parser;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function sourceOf(parts: readonly PatternPart[], groups: Group[]): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return escaped(part.text);
      if (part.kind === 'optional') return `(?:${sourceOf(part.parts, groups)})?`;
      groups.push({ letter: part.letter, count: part.count });
      return `(${fieldSource(part.letter, part.count)})`;
    })
    .join('');
}

const names = (list: readonly string[], count: number): string =>
  list.map((name) => (count === 4 ? name : name.slice(0, SHORT_NAME))).join('|');

function fieldSource(letter: string, count: number): string {
  switch (letter) {
    case 'G':
      return count === 4 ? 'Anno Domini|Before Christ' : 'AD|BC';
    case 'y':
      if (count === 2) return '\\d{2}';
      // Without a sign there are no more digits than letters, from four on.
      return count < 4 ? `-?\\d{${count},10}` : `\\d{${count}}|\\+\\d{${count + 1},10}|-\\d{${count},10}`;
    case 'M':
    case 'L':
      return count > 2 ? names(MONTHS, count) : count === 2 ? '\\d{2}' : '\\d{1,2}';
    case 'D':
      return `\\d{${count},3}`;
    case 'S':
      return `\\d{1,${count}}`;
    case 'a':
      return 'AM|PM';
    case 'V':
    case 'z':
      return '[A-Za-z][A-Za-z0-9~/._+-]*|[+-]\\d{1,2}(?::?\\d{2}){0,2}';
    case 'X':
      return `Z|${offsetSource(count)}`;
    case 'x':
      return offsetSource(count);
    case 'Z':
      if (count === 4) return 'GMT(?:[+-]\\d{2}:\\d{2}(?::\\d{2})?)?';
      return count === 5 ? `Z|${offsetSource(5)}` : offsetSource(2);
    case 'O':
      return 'GMT(?:[+-]\\d{1,2}(?::\\d{2}){0,2})?';
    default:
      return count === 2 ? '\\d{2}' : '\\d{1,2}';
  }
}

function offsetSource(count: number): string {
  if (count === 1) return '[+-]\\d{2}(?:\\d{2})?';
  const colon = count === 3 || count === 5 ? ':' : '';
  return `[+-]\\d{2}${colon}\\d{2}${count > 3 ? `(?:${colon}\\d{2})?` : ''}`;
}

/** What was found, by letter. */
type Fields = Readonly<Record<string, { readonly text: string; readonly count: number } | undefined>>;

/** The instant a text means by a pattern, or where no zone is asked for its reading of the clock; undefined when it does not fit. */
export function parseMoment(text: string, zone: TimeZone | null, pattern: string): bigint | undefined {
  const { regex, groups } = zone === null ? localParser(pattern) : parserOf(pattern);
  const match = regex.exec(text);
  if (match === null) return undefined;
  const fields: Record<string, { text: string; count: number }> = {};
  for (const [i, { letter, count }] of groups.entries()) {
    const found = match[i + 1];
    if (found === undefined) continue;
    // What is said twice must be the same.
    const before = fields[letter]?.text;
    if (before !== undefined && before !== found && /^\d+$/.test(found + before)) return undefined;
    fields[letter] = { text: found, count };
  }
  const days = daysOf(fields, hasLetter(datetimePattern(pattern, 'parse'), 'G'));
  const ofDay = timeOf(fields);
  const named = zoneOf(fields, zone ?? timeZone('UTC'));
  if (days === undefined || ofDay === undefined || named === undefined) return undefined;
  const local = joinMicros(days, ofDay);
  return zone === null ? local : localToInstant(named, local);
}

/** Spark 2 knew no times without a zone: what is wrong with their patterns is wrong. */
function localParser(pattern: string): Parser {
  try {
    return parserOf(pattern);
  } catch {
    throw patternError(pattern, 'WITH_SUGGESTION', 'a letter is unknown, or too often there');
  }
}

function numberOf(fields: Fields, letter: string): number | undefined {
  const found = fields[letter];
  return found === undefined ? undefined : Number(found.text);
}

function yearOf(fields: Fields, inEra: boolean): number {
  const found = fields.y;
  if (found === undefined) return 1970;
  const year = Number(found.text) + (found.count === 2 ? 2000 : 0);
  return inEra && /^b/i.test(fields.G?.text ?? '') ? 1 - year : year;
}

function monthOf({ M, L }: Fields): number {
  const found = M ?? L;
  if (found === undefined) return 1;
  if (/^\d/.test(found.text)) return Number(found.text);
  return MONTHS.findIndex((name) => name.toLowerCase().startsWith(found.text.toLowerCase())) + 1;
}

function daysOf(fields: Fields, inEra: boolean): number | undefined {
  const year = yearOf(fields, inEra);
  const ofYear = numberOf(fields, 'D');
  if (ofYear !== undefined) {
    if (ofYear < 1 || ofYear > (isLeapYear(year) ? 366 : 365)) return undefined;
    const days = daysFromCivil(year, 1, 1) + ofYear - 1;
    return agrees(fields, days, year) ? days : undefined;
  }
  const month = monthOf(fields);
  const day = numberOf(fields, 'd') ?? 1;
  return isCivilDate(year, month, day) ? daysFromCivil(year, month, day) : undefined;
}

/** A day of the year must fit a month and a day of it given beside it. */
function agrees(fields: Fields, days: number, year: number): boolean {
  const day = numberOf(fields, 'd');
  const given = fields.M !== undefined || fields.L !== undefined;
  for (let month = 1; month <= 12; month++) {
    const first = daysFromCivil(year, month, 1);
    if (days >= first + daysInMonth(year, month)) continue;
    return (!given || month === monthOf(fields)) && (day === undefined || days === first + day - 1);
  }
  return false;
}

function timeOf(fields: Fields): number | undefined {
  const hour = hourOf(fields);
  if (hour === undefined) return undefined;
  const micro = Number((fields.S?.text ?? '').padEnd(6, '0').slice(0, 6));
  return microsOfDay(hour, numberOf(fields, 'm') ?? 0, numberOf(fields, 's') ?? 0, micro);
}

function hourOf(fields: Fields): number | undefined {
  const [H, k, h, K] = ['H', 'k', 'h', 'K'].map((letter) => numberOf(fields, letter));
  if (H !== undefined) return H;
  if (k !== undefined) return k < 1 || k > 24 ? undefined : k % 24;
  const half = /^p/i.test(fields.a?.text ?? '') ? 12 : 0;
  if (h !== undefined) return h < 1 || h > 12 ? undefined : (h % 12) + half;
  if (K !== undefined) return K > 11 ? undefined : K + half;
  return half;
}

function zoneOf(fields: Fields, fallback: TimeZone): TimeZone | undefined {
  const found = fields.V ?? fields.z ?? fields.X ?? fields.x ?? fields.Z ?? fields.O;
  if (found === undefined) return fallback;
  const id = found.text;
  if (/^[+-]\d{4,6}$/.test(id))
    return findTimeZone(`${id.slice(0, 3)}:${id.slice(3, 5)}${id.length > 5 ? `:${id.slice(5)}` : ''}`);
  return findTimeZone(/^z$/i.test(id) ? 'UTC' : id);
}

/** The instant a text means by a pattern, or an error (null without ANSI). */
export function parseOrFail(
  text: Scalar,
  pattern: Scalar,
  call: Call,
  ansi = call.settings.ansi,
  zone: TimeZone | null = timeZone(call.settings.timeZone),
): bigint | null {
  const micros = parseMoment(text as string, zone, pattern as string);
  if (micros !== undefined) {
    if (BigInt.asIntN(64, micros) !== micros) throw overflow('long');
    return micros;
  }
  if (!ansi) return null;
  throw new SparrowError(
    'CANNOT_PARSE_TIMESTAMP',
    `${JSON.stringify(text)} does not fit the pattern ${JSON.stringify(pattern)}`,
    {
      sqlState: '22007',
      hint: 'use `try_to_timestamp` to get NULL instead',
    },
  );
}
