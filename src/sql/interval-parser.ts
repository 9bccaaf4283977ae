import { calendarIntervalType, checkedInterval, integerBounds, intervalType, intervalUnits } from '../base/index.js';
import { literal } from '../plan/build.js';
import type { Literal } from '../plan/expr.js';
import type { Token } from './lexer.js';
import type { ParseSettings, TokenStream } from './token-stream.js';

const MONTHS: Readonly<Record<string, bigint>> = { YEAR: 12n, MONTH: 1n };
const SECOND = 1_000_000n;
const INVALID_VALUE = 'INVALID_INTERVAL_FORMAT.INVALID_VALUE';
const MICROS: Readonly<Record<string, bigint>> = {
  WEEK: 7n * 86_400n * SECOND,
  DAY: 86_400n * SECOND,
  HOUR: 3600n * SECOND,
  MINUTE: 60n * SECOND,
  SECOND,
  MILLISECOND: 1000n,
  MICROSECOND: 1n,
};

/** Units that count as another one in the interval's type. */
const typedAs: Readonly<Record<string, string>> = { WEEK: 'DAY', MILLISECOND: 'SECOND', MICROSECOND: 'SECOND' };

/** Months and microseconds, of which an interval has one or the other. */
interface Amount {
  months: bigint;
  /** All but months. */
  micros: bigint;
  /** The days among the microseconds. */
  days: bigint;
  kinds: Set<'months' | 'micros'>;
  units: Set<string>;
}

/** What follows INTERVAL: `'1' DAY`, `3 days 2 hours`, `'1-2' YEAR TO MONTH`, `'1 day 2 hours'`. */
export function readIntervalLiteral(tokens: TokenStream, settings: ParseSettings): Literal {
  const start = tokens.peek();
  const amount: Amount = { months: 0n, micros: 0n, days: 0n, kinds: new Set(), units: new Set() };
  const signed = tokens.peek().upper === '-' || tokens.peek().upper === '+';
  const next = tokens.peek(signed ? 1 : 0);
  if (next.kind === 'string' && unitOf(tokens.peek(signed ? 2 : 1)) === undefined) {
    const negative = tokens.accept('-') || (tokens.accept('+') && false);
    readWords(tokens.string(), negative, amount, tokens, start);
  } else {
    let ranged = readPart(tokens, amount, start);
    while (startsPart(tokens)) {
      const alone = !readPart(tokens, amount, start) && !ranged;
      if (!alone) throw tokens.error('there can be one from-to unit in an interval', start, '_LEGACY_ERROR_TEMP_0024');
      ranged = false;
    }
  }
  if (settings.config?.[LEGACY] === 'true') return calendarLiteral(amount, tokens, start);
  return finish(amount, tokens, start);
}

/** `DAYS` is `DAY`. */
function unitOf(token: Token | undefined): string | undefined {
  if (token?.kind !== 'word') return undefined;
  const unit = token.upper.replace(/S$/, '');
  return unit in MONTHS || unit in MICROS ? unit : undefined;
}

function startsPart(tokens: TokenStream): boolean {
  const signed = tokens.peek().upper === '-' || tokens.peek().upper === '+';
  const value = tokens.peek(signed ? 1 : 0);
  return (value.kind === 'number' || value.kind === 'string') && unitOf(tokens.peek(signed ? 2 : 1)) !== undefined;
}

/** Reads a number and its unit, or a range of units, which it tells. */
function readPart(tokens: TokenStream, amount: Amount, start: Token): boolean {
  const negative = tokens.accept('-');
  if (!negative) tokens.accept('+');
  const token = tokens.peek();
  if (token.kind !== 'number' && token.kind !== 'string') throw tokens.unexpected('an interval');
  tokens.next();
  const unit = unitOf(tokens.peek());
  if (unit === undefined) throw badUnit(tokens);
  tokens.next();
  if (!tokens.accept('TO')) {
    if (token.kind === 'string' && /\p{L}/u.test(token.text)) {
      throw tokens.error(`'${token.text}' is no number`, start, '_LEGACY_ERROR_TEMP_0026');
    }
    add(amount, token.text, unit, negative, tokens, start);
    return false;
  }
  const last = unitOf(tokens.peek());
  if (last === undefined) throw tokens.unexpected('a unit (MONTH, SECOND, …)');
  tokens.next();
  if (token.kind !== 'string') throw tokens.error('a from-to unit takes a string', start, '_LEGACY_ERROR_TEMP_0027');
  readRange(token.text, unit, last, negative, amount, tokens, start);
  return true;
}

/** A word where a unit should be is a wrong one. */
function badUnit(tokens: TokenStream): Error {
  const { kind, text } = tokens.peek();
  if (kind !== 'word' || !/^nanoseconds?$/i.test(text)) return tokens.unexpected('a unit (YEAR, MONTH, DAY, …)');
  return tokens.error(`'${text}' is no unit of intervals`, undefined, 'INVALID_INTERVAL_FORMAT.INVALID_UNIT');
}

/** Adds so many of a unit; seconds may have a fraction. */
function add(amount: Amount, text: string, unit: string, negative: boolean, tokens: TokenStream, start: Token): void {
  const match = /^\s*([+-]?)\s*(\d+)(?:\.(\d{0,9}))?\s*$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (match === null || (fraction !== '' && unit !== 'SECOND')) {
    throw tokens.error(`'${text}' is no number of ${unit.toLowerCase()}s`, start, INVALID_VALUE);
  }
  const sign = (match[1] === '-') !== negative ? -1n : 1n;
  amount.units.add(typedAs[unit] ?? unit);
  const whole = BigInt(match[2] ?? '0');
  const months = MONTHS[unit];
  if (months !== undefined) {
    amount.months += sign * whole * months;
    amount.kinds.add('months');
    return;
  }
  const micros = BigInt(fraction.padEnd(6, '0').slice(0, 6));
  if (unit === 'DAY' || unit === 'WEEK') amount.days += sign * whole * (unit === 'WEEK' ? 7n : 1n);
  amount.micros += sign * (whole * (MICROS[unit] as bigint) + micros);
  amount.kinds.add('micros');
}

/** `'1 day 2 hours'`, with or without the word interval. */
function readWords(text: string, negative: boolean, amount: Amount, tokens: TokenStream, start: Token): void {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^interval\b/, '')
    .trim();
  const parts = [...words.matchAll(/([+-]?\s*\d+(?:\.\d+)?)\s+([a-z]+)\s*/gy)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== words) {
    throw tokens.error(`'${text}' is no interval`, start, 'INVALID_TYPED_LITERAL');
  }
  for (const [, value = '', word = ''] of parts) {
    const unit = word.toUpperCase().replace(/S$/, '');
    if (!(unit in MONTHS) && !(unit in MICROS)) {
      throw tokens.error(`'${word}' is no unit of intervals`, start, 'INVALID_TYPED_LITERAL');
    }
    add(amount, value.replaceAll(/\s/g, ''), unit, negative, tokens, start);
  }
}

const fields = ['DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** What a field may be: the first one as large as an interval of days and times, the others less than one of the next. */
const largest: Readonly<Record<string, readonly [number, bigint]>> = {
  DAY: [106_751_991, 0n],
  HOUR: [2_562_047_788, 23n],
  MINUTE: [153_722_867_280, 59n],
  SECOND: [59, 59n],
};

/** `'1-2' YEAR TO MONTH`, `'1 02:03:04.5' DAY TO SECOND` and what lies between. */
function readRange(
  text: string,
  from: string,
  to: string,
  negative: boolean,
  amount: Amount,
  tokens: TokenStream,
  start: Token,
): void {
  const isMonths = from === 'YEAR' && to === 'MONTH';
  const bad = (code: string) => tokens.error(`'${text}' is no interval of ${from} TO ${to}`, start, code);
  const sign = /^\s*([+-]?)/.exec(text)?.[1] ?? '';
  const minus = (sign === '-') !== negative;
  const body = text.replace(/^\s*[+-]?|\s+$/g, '');
  if (isMonths) {
    const match = /^(\d+)-(\d+)$/.exec(body);
    if (match === null) throw bad('INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING');
    const months = BigInt(match[1] ?? 0) * 12n + BigInt(match[2] ?? 0);
    const most = minus ? 2n ** 31n : 2n ** 31n - 1n;
    if (Number(match[2]) > 11 || months > most) throw bad('INVALID_INTERVAL_FORMAT.INTERVAL_PARSING');
    add(amount, match[1] ?? '', 'YEAR', minus, tokens, start);
    return add(amount, match[2] ?? '', 'MONTH', minus, tokens, start);
  }
  const units = fields.slice(fields.indexOf(from), fields.indexOf(to) + 1);
  if (!fields.includes(from) || !fields.includes(to) || units.length < 2) throw bad('_LEGACY_ERROR_TEMP_0028');
  const match = rangePattern(units).exec(body);
  if (match === null) throw bad('INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE');
  for (const [i, unit] of units.entries()) {
    const value = match[i + 1] ?? '';
    const [first, later] = largest[unit] as readonly [number, bigint];
    if (BigInt(value.split('.')[0] ?? 0) > (i === 0 ? BigInt(first) : later)) throw bad('_LEGACY_ERROR_TEMP_0063');
    add(amount, value, unit, minus, tokens, start);
  }
}

/** Days from hours are parted by a blank, all else by colons. */
function rangePattern(units: readonly string[]): RegExp {
  const parts = units.map((unit, i) => {
    const digits = i === 0 ? '\\d+' : '\\d{1,2}';
    const separator = i === 0 ? '' : units[i - 1] === 'DAY' ? ' ' : ':';
    return `${separator}(${digits}${unit === 'SECOND' ? '(?:\\.\\d{1,9})?' : ''})`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** With this setting literals are calendar intervals, which may mix months and days. */
const LEGACY = 'spark.sql.legacy.interval.enabled';

function calendarLiteral({ months, days, micros }: Amount, tokens: TokenStream, start: Token): Literal {
  const value = checkedInterval(Number(months), Number(days), micros - days * (MICROS.DAY as bigint));
  if (value !== undefined) return literal(calendarIntervalType, value);
  throw tokens.error('the interval is out of range', start, 'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION');
}

function finish(amount: Amount, tokens: TokenStream, start: Token): Literal {
  if (amount.kinds.size > 1) {
    throw tokens.error(
      'an interval has years and months, or days and times, not both',
      start,
      '_LEGACY_ERROR_TEMP_0029',
    );
  }
  const isMonths = amount.kinds.has('months');
  const kind = isMonths ? 'interval_ym' : 'interval_dt';
  const places = [...amount.units].map((unit) =>
    (intervalUnits[kind] as readonly string[]).indexOf(unit.toLowerCase()),
  );
  const type = intervalType(kind, Math.min(...places), Math.max(...places));
  const value = isMonths ? amount.months : amount.micros;
  const [least, most] = integerBounds(type) as readonly [bigint, bigint];
  if (value < least || value > most)
    throw tokens.error('the interval is out of range', start, 'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION');
  return literal(type, isMonths ? Number(value) : value);
}
