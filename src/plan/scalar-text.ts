import { type DataType, type Field, type MapScalar, type Scalar, simpleString } from '../base/index.js';

const MICROS_PER_SECOND = 1_000_000n;
const MICROS_PER_DAY = 86_400n * MICROS_PER_SECOND;

const two = (value: number | bigint): string => String(value).padStart(2, '0');

/** A value as SQL text writes it: `DATE '2020-01-01'`; strings with quotes only when `quoted`. Instants are shown in UTC. */
export function scalarText(type: DataType, value: Scalar, quoted = true): string {
  if (value === null) return 'NULL';
  switch (type.kind) {
    case 'string':
      return quoted ? `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` : String(value);
    case 'binary':
      return `X'${Buffer.from(value as Uint8Array).toString('hex').toUpperCase()}'`;
    case 'decimal':
      return decimalText(value as bigint, type.scale);
    case 'float32':
    case 'float64':
      return floatText(value as number);
    case 'date':
      return `DATE '${dateText(value as number)}'`;
    case 'time':
      return `TIME '${timeText(value as bigint)}'`;
    case 'timestamp':
      return `TIMESTAMP '${timestampText(value as bigint)}'`;
    case 'timestamp_ntz':
      return `TIMESTAMP_NTZ '${timestampText(value as bigint)}'`;
    case 'interval_ym':
      return `INTERVAL '${monthsText(value as number)}' YEAR TO MONTH`;
    case 'interval_dt':
      return `INTERVAL '${microsText(value as bigint)}' DAY TO SECOND`;
    default:
      return nestedText(type, value, quoted);
  }
}

function nestedText(type: DataType, value: Scalar, quoted: boolean): string {
  switch (type.kind) {
    case 'array': {
      const items = value as readonly Scalar[];
      return `array(${items.map((item) => scalarText(type.element, item, quoted)).join(', ')})`;
    }
    case 'struct': {
      const values = value as readonly Scalar[];
      const text = (f: Field, i: number): string => `${f.name}, ${scalarText(f.type, values[i] ?? null, quoted)}`;
      return `named_struct(${type.fields.map(text).join(', ')})`;
    }
    case 'map': {
      const { entries } = value as MapScalar;
      const texts = entries.map(([k, v]) => `${scalarText(type.key, k, quoted)}, ${scalarText(type.value, v, quoted)}`);
      return `map(${texts.join(', ')})`;
    }
    case 'variant':
      return simpleString(type);
    default:
      return String(value);
  }
}

/** As Java prints a double: `1.0`, `1.0E10`, `NaN`, `Infinity`. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Days since the epoch as a proleptic Gregorian date. */
function dateText(days: number): string {
  // Howard Hinnant's civil_from_days: exact for all int32, which JS's Date is not.
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const yearText = year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');
  return `${yearText}-${two(month)}-${two(day)}`;
}

function timeText(micros: bigint): string {
  const seconds = micros / MICROS_PER_SECOND;
  const fraction = micros % MICROS_PER_SECOND;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return fraction === 0n ? clock : `${clock}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
}

function timestampText(micros: bigint): string {
  const inDay = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY;
  return `${dateText(Number((micros - inDay) / MICROS_PER_DAY))} ${timeText(inDay)}`;
}

function monthsText(months: number): string {
  const size = Math.abs(months);
  return `${months < 0 ? '-' : ''}${Math.floor(size / 12)}-${size % 12}`;
}

function microsText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  return `${micros < 0n ? '-' : ''}${size / MICROS_PER_DAY} ${timeText(size % MICROS_PER_DAY)}`;
}
