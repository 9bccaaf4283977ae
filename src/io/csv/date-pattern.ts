import {
  civilFromDays,
  civilTime,
  daysFromCivil,
  isCivilDate,
  MONTHS,
  microsOfDay,
  SHORT_NAME,
  SparrowError,
  WEEKDAYS,
} from '../../base/index.js';

/** A date and time of day read by a pattern. */
export interface ReadDate {
  readonly days: number;
  readonly microsOfDay: number;
  readonly zone: string | undefined;
}

/** A pattern of Spark's (Java's) date letters, for reading and writing. */
export interface DatePattern {
  parse(text: string): ReadDate | undefined;
  /** `offsetSeconds`: how far the clock is ahead of UTC, for patterns that show it. */
  format(days: number, microsOfDay: number, offsetSeconds: number): string;
}

interface Piece {
  readonly letter: string;
  readonly count: number;
  readonly literal?: string;
  /** Depth of optional brackets. */
  readonly optional: number;
}

const known = new Map<string, DatePattern>();

/**
 * The pattern of a format option; refuses letters it does not know. Years of two digits are those of the hundred from
 * `firstShortYear`, by default 2000 as in Java.
 */
export function compileDatePattern(pattern: string, firstShortYear = 2000): DatePattern {
  const key = `${firstShortYear} ${pattern}`;
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  const pieces = tokenize(pattern);
  const compiled = { parse: parserOf(pieces, firstShortYear), format: formatterOf(pieces) };
  if (known.size < 100) known.set(key, compiled);
  return compiled;
}

const LETTERS = 'yuMdHhmsSaXxZVEL';

function tokenize(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  let optional = 0;
  const literal = (text: string) => pieces.push({ letter: '', count: 0, literal: text, optional });
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i] as string;
    if (c === '[' || c === ']') {
      optional += c === '[' ? 1 : -1;
      if (optional < 0) throw badPattern(pattern, 'a bracket is closed that was not opened');
      i++;
    } else if (c === "'") {
      const end = pattern.indexOf("'", i + 1);
      if (end < 0) throw badPattern(pattern, 'a quote is not closed');
      literal(end === i + 1 ? "'" : pattern.slice(i + 1, end));
      i = end + 1;
    } else if (/[A-Za-z]/.test(c)) {
      let count = 1;
      while (pattern[i + count] === c) count++;
      if (!LETTERS.includes(c)) throw badPattern(pattern, `the letter ${c} is not supported`);
      pieces.push({ letter: c, count, optional });
      i += count;
    } else {
      literal(c);
      i++;
    }
  }
  if (optional > 0) throw badPattern(pattern, 'a bracket is not closed');
  return pieces;
}

function badPattern(pattern: string, what: string): SparrowError {
  return new SparrowError(
    'INVALID_DATETIME_PATTERN',
    `the date pattern ${JSON.stringify(pattern)} cannot be used: ${what}`,
    {
      where: 'csv options',
      hint: `the letters ${LETTERS.split('').join(' ')}, text in quotes and optional [parts] are understood`,
    },
  );
}

type FieldName =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'half'
  | 'zone';

function fieldOf({ letter, count }: Piece): readonly [FieldName | undefined, string] {
  switch (letter) {
    case 'y':
    case 'u':
      return count === 2 ? ['shortYear', '\\d{2}'] : ['year', count >= 4 ? '[+-]?\\d{4,7}' : '[+-]?\\d{1,7}'];
    case 'M':
    case 'L':
      return count >= 3 ? ['monthName', '[A-Za-z]+'] : ['month', exactly(count)];
    case 'd':
      return ['day', exactly(count)];
    case 'H':
      return ['hour', exactly(count)];
    case 'h':
      return ['hour12', exactly(count)];
    case 'm':
      return ['minute', exactly(count)];
    case 's':
      return ['second', exactly(count)];
    case 'S':
      return ['fraction', `\\d{1,${Math.max(count, 1)}}`];
    case 'a':
      return ['half', '[AaPp][Mm]'];
    case 'E':
      return [undefined, '[A-Za-z]+'];
    case 'V':
      return ['zone', '[A-Za-z0-9_+:/-]+'];
    default:
      return ['zone', letter === 'X' ? 'Z|[+-]\\d{2}(?::?\\d{2})?' : '[+-]\\d{2}(?::?\\d{2})?'];
  }
}

const exactly = (count: number): string => (count === 1 ? '\\d{1,2}' : `\\d{${count}}`);

function parserOf(pieces: readonly Piece[], firstShortYear: number): DatePattern['parse'] {
  const fields: (FieldName | undefined)[] = [];
  let source = '';
  let depth = 0;
  for (const piece of pieces) {
    for (; depth < piece.optional; depth++) source += '(?:';
    for (; depth > piece.optional; depth--) source += ')?';
    if (piece.literal !== undefined) source += piece.literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    else {
      const [name, expression] = fieldOf(piece);
      fields.push(name);
      source += `(${expression})`;
    }
  }
  const regexp = new RegExp(`^${source}${')?'.repeat(depth)}$`);
  return (text) => {
    const match = regexp.exec(text);
    if (match === null) return undefined;
    const found: Partial<Record<FieldName, string>> = {};
    for (let i = 0; i < fields.length; i++) {
      const name = fields[i];
      const value = match[i + 1];
      if (name !== undefined && value !== undefined) found[name] = value;
    }
    return assemble(found, firstShortYear);
  };
}

function assemble(found: Partial<Record<FieldName, string>>, firstShortYear: number): ReadDate | undefined {
  const number = (name: FieldName, fallback: number): number =>
    found[name] === undefined ? fallback : Number(found[name]);
  const year =
    found.shortYear === undefined
      ? number('year', 1970)
      : firstShortYear + ((Number(found.shortYear) + 10_000 - firstShortYear) % 100);
  const month = found.monthName === undefined ? number('month', 1) : monthNumber(found.monthName);
  const day = number('day', 1);
  if (!isCivilDate(year, month, day)) return undefined;
  const hour = found.hour12 === undefined ? number('hour', 0) : fullHour(Number(found.hour12), found.half ?? 'am');
  const micro = Number((found.fraction ?? '').slice(0, 6).padEnd(6, '0'));
  const ofDay = hour < 0 ? undefined : microsOfDay(hour, number('minute', 0), number('second', 0), micro);
  return ofDay === undefined
    ? undefined
    : { days: daysFromCivil(year, month, day), microsOfDay: ofDay, zone: found.zone };
}

function monthNumber(name: string): number {
  const lower = name.toLowerCase();
  return MONTHS.findIndex((month) => [month, month.slice(0, SHORT_NAME)].some((it) => it.toLowerCase() === lower)) + 1;
}

function fullHour(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return -1;
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
}

/** The first day of the epoch was a Thursday. */
const FIRST_WEEKDAY = 3;

function formatterOf(pieces: readonly Piece[]): DatePattern['format'] {
  return (days, ofDay, offsetSeconds) => {
    const { year, month, day } = civilFromDays(days);
    const { hour, minute, second, micro } = civilTime(ofDay);
    let out = '';
    for (const { letter, count, literal } of pieces) {
      if (literal !== undefined) out += literal;
      else if (letter === 'y' || letter === 'u') out += yearText(year, count);
      else if (letter === 'M' || letter === 'L') out += monthText(month, count);
      else if (letter === 'd') out += padded(day, count);
      else if (letter === 'H') out += padded(hour, count);
      else if (letter === 'h') out += padded(hour % 12 || 12, count);
      else if (letter === 'm') out += padded(minute, count);
      else if (letter === 's') out += padded(second, count);
      else if (letter === 'S') out += String(micro).padStart(6, '0').padEnd(count, '0').slice(0, count);
      else if (letter === 'a') out += hour < 12 ? 'AM' : 'PM';
      else if (letter === 'E') out += WEEKDAYS[(((days + FIRST_WEEKDAY) % 7) + 7) % 7]?.slice(0, SHORT_NAME);
      else out += zoneText(letter, count, offsetSeconds);
    }
    return out;
  };
}

const padded = (value: number, count: number): string => String(value).padStart(count, '0');

function yearText(year: number, count: number): string {
  if (count === 2) return padded(((year % 100) + 100) % 100, 2);
  const sign = year < 0 ? '-' : year > 9999 && count >= 4 ? '+' : '';
  return sign + padded(Math.abs(year), count);
}

function monthText(month: number, count: number): string {
  if (count < 3) return padded(month, count);
  return MONTHS[month - 1]?.slice(0, count === SHORT_NAME ? SHORT_NAME : undefined) as string;
}

function zoneText(letter: string, count: number, offsetSeconds: number): string {
  if (letter === 'X' && offsetSeconds === 0) return 'Z';
  const magnitude = Math.abs(offsetSeconds);
  const [hours, minutes] = [padded(Math.floor(magnitude / 3600), 2), padded(Math.floor(magnitude / 60) % 60, 2)];
  const sign = offsetSeconds < 0 ? '-' : '+';
  if (count === 1 && minutes === '00' && letter !== 'Z') return sign + hours;
  return `${sign}${hours}${count === 3 || count === 5 || letter === 'V' ? ':' : ''}${minutes}`;
}
