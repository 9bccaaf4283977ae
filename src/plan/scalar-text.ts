import { type DataType, type Field, formatScalar, type MapScalar, type Scalar, simpleString } from '../base/index.js';

/** As Java writes decimals: with an exponent where more than five zeros would follow the point. */
function scientific(plain: string, scale: number): string {
  const digits = plain.replace(/^-?[0.]*/, '').replace('.', '') || '0';
  const exponent = digits.length - 1 - scale;
  if (exponent >= -6) return plain;
  const rest = digits.slice(1);
  return `${plain.startsWith('-') ? '-' : ''}${digits[0]}${rest === '' ? '' : `.${rest}`}E${exponent}`;
}

/** A value as SQL text writes it: `DATE '2020-01-01'`; strings with quotes only when `quoted`. Instants are shown in the zone. */
export function scalarText(type: DataType, value: Scalar, quoted = true, zone = 'UTC'): string {
  if (value === null) return 'NULL';
  switch (type.kind) {
    case 'string':
      return quoted ? `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` : String(value);
    case 'binary':
      return `X'${Buffer.from(value as Uint8Array)
        .toString('hex')
        .toUpperCase()}'`;
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamp_ntz':
      return `${type.kind.toUpperCase()} '${formatScalar(type, value, zone)}'`;
    case 'array': {
      const items = value as readonly Scalar[];
      return `array(${items.map((item) => scalarText(type.element, item, quoted, zone)).join(', ')})`;
    }
    case 'struct': {
      const values = value as readonly Scalar[];
      const text = (f: Field, i: number): string => `${f.name}, ${scalarText(f.type, values[i] ?? null, quoted, zone)}`;
      return `named_struct(${type.fields.map(text).join(', ')})`;
    }
    case 'map': {
      const { entries } = value as MapScalar;
      const texts = entries.map(
        ([k, v]) => `${scalarText(type.key, k, quoted, zone)}, ${scalarText(type.value, v, quoted, zone)}`,
      );
      return `map(${texts.join(', ')})`;
    }
    case 'variant':
      return simpleString(type);
    case 'interval':
      return `INTERVAL '${formatScalar(type, value, zone)}'`;
    case 'decimal':
      return scientific(formatScalar(type, value, zone), type.scale);
    default:
      return formatScalar(type, value, zone);
  }
}
