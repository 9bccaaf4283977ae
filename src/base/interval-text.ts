import { formatFraction, MICROS_PER_DAY, splitMicros, trimAll } from './calendar.js';
import {
  dayTimeIntervalType,
  type IntervalType,
  intervalFields,
  intervalRange,
  yearMonthIntervalType,
} from './types.js';

const PER_DAY = BigInt(MICROS_PER_DAY);

/** `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '14' MONTH`. */
export function formatYearMonth(months: number, type: IntervalType = yearMonthIntervalType): string {
  const magnitude = Math.abs(months);
  const [from, to] = intervalFields(type);
  const years = Math.floor(magnitude / 12);
  const text = from === to ? (from === 0 ? years : magnitude) : `${years}-${magnitude % 12}`;
  return `INTERVAL '${months < 0 ? '-' : ''}${text}' ${intervalRange(type).toUpperCase()}`;
}

const FIELD_MICROS = [PER_DAY, 3_600_000_000n, 60_000_000n, 1_000_000n] as const;

/** `INTERVAL '1 02:03:04.5' DAY TO SECOND`, `INTERVAL '26' HOUR`. */
export function formatDayTime(micros: bigint, type: IntervalType = dayTimeIntervalType): string {
  const [from, to] = intervalFields(type);
  let rest = micros < 0n ? -micros : micros;
  let text = '';
  for (let unit = from; unit <= to; unit++) {
    const size = FIELD_MICROS[unit] as bigint;
    const count = rest / size;
    rest %= size;
    if (unit > from) text += unit === 1 ? ' ' : ':';
    text += unit === 0 ? count : `${count}`.padStart(2, '0');
    if (unit === 3) text += formatFraction(Number(rest));
  }
  return `INTERVAL '${micros < 0n ? '-' : ''}${text}' ${intervalRange(type).toUpperCase()}`;
}

/** ISO 8601 as the user sees it: `P1Y2M`, `-P1Y`, `P0M`. */
export function isoYearMonth(months: number): string {
  const magnitude = Math.abs(months);
  const [years, rest] = [Math.floor(magnitude / 12), magnitude % 12];
  if (magnitude === 0) return 'P0M';
  return `${months < 0 ? '-' : ''}P${years > 0 ? `${years}Y` : ''}${rest > 0 ? `${rest}M` : ''}`;
}

/** ISO 8601 as the user sees it: `P1DT2H3M4.5S`, `-PT0.000001S`, `PT0S`. */
export function isoDayTime(micros: bigint): string {
  const { days, ofDay } = splitMicros(micros < 0n ? -micros : micros);
  if (micros === 0n) return 'PT0S';
  const seconds = Math.floor(ofDay / 1e6);
  const [hour, minute, second] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const fraction = formatFraction(ofDay % 1e6);
  const time =
    (hour > 0 ? `${hour}H` : '') +
    (minute > 0 ? `${minute}M` : '') +
    (second > 0 || fraction !== '' ? `${second}${fraction}S` : '');
  return `${micros < 0n ? '-' : ''}P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`;
}

const ISO_YEAR_MONTH = /^([+-])?P(?=[+-]?\d)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?$/i;
const INT32_TOP = 2 ** 31;

/** Months of `1-2`, `INTERVAL '1-2' YEAR TO MONTH` or `P1Y2M`, in the units of the type; undefined when malformed. */
export function parseYearMonth(text: string, type: IntervalType = yearMonthIntervalType): number | undefined {
  const trimmed = trimAll(text);
  const iso = ISO_YEAR_MONTH.exec(trimmed);
  if (iso !== null) return signedMonths(iso[1] === '-', Number(iso[2] ?? 0), Number(iso[3] ?? 0));
  const [from, to] = intervalFields(type);
  const [negative, body] = signedBody(trimmed, type);
  const match = /^(\d+)(?:-(\d+))?$/.exec(body);
  if (match === null || (match[2] === undefined) !== (from === to)) return undefined;
  if (from === to) return signedMonths(negative, from === 0 ? Number(match[1]) : 0, from === 0 ? 0 : Number(match[1]));
  const months = Number(match[2]);
  return months > 11 ? undefined : signedMonths(negative, Number(match[1]), months);
}

/** What is between the quotes of a literal of the type, or the text itself, without its signs; empty when it is neither. */
function signedBody(text: string, type: IntervalType): readonly [negative: boolean, body: string] {
  const range = intervalRange(type).replaceAll(' ', '\\s+');
  const literal = new RegExp(`^interval\\s+([+-])?'([^']*)'\\s+${range}$`, 'i').exec(text);
  if (literal === null && /^interval/i.test(text)) return [false, ''];
  const inner = literal?.[2] ?? text;
  const sign = /^[+-]/.exec(inner)?.[0] ?? '';
  return [(sign === '-') !== (literal?.[1] === '-'), inner.slice(sign.length)];
}

function signedMonths(negative: boolean, years: number, months: number): number | undefined {
  const total = (negative ? -1 : 1) * (years * 12 + months);
  return total < -INT32_TOP || total >= INT32_TOP ? undefined : total + 0;
}

const ISO_DAY_TIME =
  /^([+-])?P(?=[+-]?\d|T[+-]?\d)(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,9}))?S)?)?$/i;
const INT64_TOP = 2n ** 63n;

/** Microseconds of `1 02:03:04.5`, `INTERVAL '…' DAY TO SECOND` or `P1DT2H`, in the units of the type; undefined when malformed. */
export function parseDayTime(text: string, type: IntervalType = dayTimeIntervalType): bigint | undefined {
  const trimmed = trimAll(text);
  const iso = ISO_DAY_TIME.exec(trimmed);
  if (iso !== null) return isoMicros(iso);
  const [from, to] = intervalFields(type);
  const [negative, body] = signedBody(trimmed, type);
  let pattern = '';
  for (let unit = from; unit <= to; unit++) {
    pattern += unit === from ? '(\\d+)' : `${unit === 1 ? ' ' : ':'}(\\d{1,2})`;
  }
  const match = new RegExp(`^${pattern}${to === 3 ? '(?:\\.(\\d{1,9}))?' : ''}$`).exec(body);
  if (match === null) return undefined;
  let micros = 0n;
  for (let unit = from; unit <= to; unit++) {
    const count = BigInt(match[unit - from + 1] as string);
    // Below the first unit each one has its range.
    if (unit > from && count > (unit === 1 ? 23n : 59n)) return undefined;
    micros += count * (FIELD_MICROS[unit] as bigint);
  }
  return within64(negative, micros + BigInt(fractionMicros(match[to - from + 2] ?? '')));
}

function isoMicros(match: RegExpExecArray): bigint | undefined {
  const whole = (text: string | undefined) => BigInt((text ?? '0').replace('+', ''));
  const seconds = whole(match[6]) * 1_000_000n + BigInt(fractionMicros(match[7] ?? ''));
  const micros =
    whole(match[2]) * PER_DAY +
    whole(match[3]) * 3_600_000_000n +
    whole(match[4]) * 60_000_000n +
    (match[5] === '-' ? -seconds : seconds);
  return within64(match[1] === '-', micros);
}

const fractionMicros = (fraction: string): number => Number(fraction.slice(0, 6).padEnd(6, '0'));

function within64(negative: boolean, magnitude: bigint): bigint | undefined {
  const micros = negative ? -magnitude : magnitude;
  return micros >= INT64_TOP || micros < -INT64_TOP ? undefined : micros;
}
