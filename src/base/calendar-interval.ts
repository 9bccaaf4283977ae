/*
 * A calendar interval is months, days and microseconds, each with a sign of its own. It is held as one signed number of
 * 128 bits, the months highest, the microseconds lowest, so that columns, rows and kernels take it as they take decimals.
 */

export interface CalendarParts {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

export const packInterval = ({ months, days, micros }: CalendarParts): bigint =>
  (BigInt(months) << 96n) | (BigInt.asUintN(32, BigInt(days)) << 64n) | BigInt.asUintN(64, micros);

export const unpackInterval = (value: bigint): CalendarParts => ({
  months: Number(value >> 96n),
  days: Number(BigInt.asIntN(32, value >> 64n)),
  micros: BigInt.asIntN(64, value),
});

const MICROS_PER_HOUR = 3_600_000_000n;
const MICROS_PER_MINUTE = 60_000_000n;
const MICROS_PER_SECOND = 1_000_000n;

/** `1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds`: what is 0 is left out. */
export function formatCalendarInterval(value: bigint): string {
  const { months, days, micros } = unpackInterval(value);
  const parts: string[] = [];
  const add = (amount: number | bigint, unit: string): void => {
    if (amount !== 0 && amount !== 0n) parts.push(`${amount} ${unit}`);
  };
  add(Math.trunc(months / 12), 'years');
  add(months % 12, 'months');
  add(days, 'days');
  add(micros / MICROS_PER_HOUR, 'hours');
  add((micros % MICROS_PER_HOUR) / MICROS_PER_MINUTE, 'minutes');
  const rest = micros % MICROS_PER_MINUTE;
  if (rest !== 0n) parts.push(`${secondsText(rest)} seconds`);
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}

function secondsText(micros: bigint): string {
  const magnitude = micros < 0n ? -micros : micros;
  const fraction = String(magnitude % MICROS_PER_SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${micros < 0n ? '-' : ''}${magnitude / MICROS_PER_SECOND}${fraction === '' ? '' : `.${fraction}`}`;
}

/** `P1Y2M3DT4H5M6.5S`. */
export function calendarIntervalIso(value: bigint): string {
  const { months, days, micros } = unpackInterval(value);
  const part = (amount: number | bigint, unit: string): string =>
    amount === 0 || amount === 0n ? '' : `${amount}${unit}`;
  const date = `${part(Math.trunc(months / 12), 'Y')}${part(months % 12, 'M')}${part(days, 'D')}`;
  const rest = micros % MICROS_PER_MINUTE;
  const hours = part(micros / MICROS_PER_HOUR, 'H');
  const time = `${hours}${part((micros % MICROS_PER_HOUR) / MICROS_PER_MINUTE, 'M')}${rest === 0n ? '' : `${secondsText(rest)}S`}`;
  return date === '' && time === '' ? 'PT0S' : `P${date}${time === '' ? '' : `T${time}`}`;
}

const UNITS: Readonly<Record<string, Readonly<{ months?: number; days?: number; micros?: bigint }>>> = {
  year: { months: 12 },
  month: { months: 1 },
  week: { days: 7 },
  day: { days: 1 },
  hour: { micros: MICROS_PER_HOUR },
  minute: { micros: MICROS_PER_MINUTE },
  second: { micros: MICROS_PER_SECOND },
  millisecond: { micros: 1000n },
  microsecond: { micros: 1n },
};

const LIMITS = { int: 2 ** 31, long: 2n ** 63n } as const;

/** The interval of parts that may be too large; undefined when they are. */
export function checkedInterval(months: number, days: number, micros: bigint): bigint | undefined {
  const fits = (n: number): boolean => Number.isInteger(n) && n >= -LIMITS.int && n < LIMITS.int;
  if (!fits(months) || !fits(days) || micros < -LIMITS.long || micros >= LIMITS.long) return undefined;
  return packInterval({ months, days, micros });
}

/** The interval of a text such as `interval 1 year -2 days 3.5 seconds`; undefined when it is malformed or too large. */
export function parseCalendarInterval(text: string): bigint | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, '');
  if (words === '') return undefined;
  const pattern = /\s*([+-]?)\s*(\d*)(\.\d*)?\s+([a-z]+?)s?(?=\s|$)/y;
  let [months, days, micros] = [0, 0, 0n];
  while (pattern.lastIndex < words.length) {
    const match = pattern.exec(words);
    if (match === null) return undefined;
    const [, sign, whole = '', fraction = '', unit = ''] = match;
    const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (size === undefined || whole.length > 18 || (whole === '' && fraction.length < 2)) return undefined;
    if (fraction !== '' && (unit !== 'second' || fraction.length > 10)) return undefined;
    const amount = BigInt(`${sign === '-' ? '-' : ''}${whole === '' ? '0' : whole}`);
    const part = BigInt(fraction.slice(1).padEnd(6, '0').slice(0, 6));
    months += Number(amount) * (size.months ?? 0);
    days += Number(amount) * (size.days ?? 0);
    micros += amount * (size.micros ?? 0n) + (sign === '-' ? -part : part);
  }
  return checkedInterval(months, days, micros);
}
