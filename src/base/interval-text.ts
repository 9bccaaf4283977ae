import { formatFraction, formatTime, MICROS_PER_DAY, splitMicros, trimAll } from './calendar.js';

const PER_DAY = BigInt(MICROS_PER_DAY);

/** `INTERVAL '1-2' YEAR TO MONTH`. */
export function formatYearMonth(months: number): string {
  const magnitude = Math.abs(months);
  return `INTERVAL '${months < 0 ? '-' : ''}${Math.floor(magnitude / 12)}-${magnitude % 12}' YEAR TO MONTH`;
}

/** `INTERVAL '1 02:03:04.5' DAY TO SECOND`. */
export function formatDayTime(micros: bigint): string {
  const { days, ofDay } = splitMicros(micros < 0n ? -micros : micros);
  return `INTERVAL '${micros < 0n ? '-' : ''}${days} ${formatTime(ofDay)}' DAY TO SECOND`;
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

const YEAR_MONTH = /^(?:interval\s+([+-])?'([+-])?(\d+)-(\d+)'\s+year\s+to\s+month|([+-])?(\d+)-(\d+))$/i;
const ISO_YEAR_MONTH = /^([+-])?P(?=[+-]?\d)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?$/i;
const INT32_TOP = 2 ** 31;

/** Months of `1-2`, `INTERVAL '1-2' YEAR TO MONTH` or `P1Y2M`; undefined when malformed. */
export function parseYearMonth(text: string): number | undefined {
  const trimmed = trimAll(text);
  const iso = ISO_YEAR_MONTH.exec(trimmed);
  if (iso !== null) return signedMonths(iso[1] === '-', Number(iso[2] ?? 0), Number(iso[3] ?? 0));
  const match = YEAR_MONTH.exec(trimmed);
  if (match === null) return undefined;
  const negative = (match[1] === '-') !== (match[2] === '-') || match[5] === '-';
  const months = Number(match[4] ?? match[7]);
  return months > 11 ? undefined : signedMonths(negative, Number(match[3] ?? match[6]), months);
}

function signedMonths(negative: boolean, years: number, months: number): number | undefined {
  const total = (negative ? -1 : 1) * (years * 12 + months);
  return total < -INT32_TOP || total >= INT32_TOP ? undefined : total + 0;
}

const DAY_TIME_BODY = String.raw`([+-])?(\d+) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?`;
const DAY_TIME = new RegExp(`^${DAY_TIME_BODY}$`);
const DAY_TIME_LITERAL = new RegExp(`^interval\\s+([+-])?'${DAY_TIME_BODY}'\\s+day\\s+to\\s+second$`, 'i');
const ISO_DAY_TIME =
  /^([+-])?P(?=[+-]?\d|T[+-]?\d)(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,9}))?S)?)?$/i;
const INT64_TOP = 2n ** 63n;

/** Microseconds of `1 02:03:04.5`, `INTERVAL '…' DAY TO SECOND` or `P1DT2H`; undefined when malformed. */
export function parseDayTime(text: string): bigint | undefined {
  const trimmed = trimAll(text);
  const iso = ISO_DAY_TIME.exec(trimmed);
  if (iso !== null) return isoMicros(iso);
  const literal = DAY_TIME_LITERAL.exec(trimmed);
  const match = literal === null ? DAY_TIME.exec(trimmed) : literal.slice(1);
  if (match === null) return undefined;
  const [, sign, days, hours, minutes, seconds, fraction = ''] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const ofDay = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e6 + fractionMicros(fraction);
  const micros = BigInt(days as string) * PER_DAY + BigInt(ofDay);
  return within64(literal !== null && literal[1] === '-' ? sign !== '-' : sign === '-', micros);
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
