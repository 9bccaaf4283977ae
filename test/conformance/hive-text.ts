import {
  type DataType,
  formatScalar,
  formatYearMonth,
  type MapScalar,
  type Scalar,
  type VariantScalar,
  variantToJson,
} from '../../src/base/index.js';

/** How binary values are printed: Spark's `spark.sql.binaryOutputStyle`. */
export type BinaryStyle = 'UTF-8' | 'BASIC' | 'BASE64' | 'HEX' | 'HEX_DISCRETE';

export interface HiveFormat {
  readonly timeZone: string;
  readonly binary: BinaryStyle;
}

/** A value as Spark's `HiveResult` prints it, the form of the golden files' output. */
export function hiveText(type: DataType, value: Scalar, format: HiveFormat, nested = false): string {
  if (value === null) return nested ? 'null' : 'NULL';
  switch (type.kind) {
    case 'string':
      return nested ? `"${String(value)}"` : String(value);
    case 'binary':
      return binaryText(value as Uint8Array, format.binary);
    case 'array':
      return `[${(value as readonly Scalar[]).map((v) => hiveText(type.element, v, format, true)).join(',')}]`;
    case 'struct': {
      const values = value as readonly Scalar[];
      const fields = type.fields.map((f, i) => `"${f.name}":${hiveText(f.type, values[i] ?? null, format, true)}`);
      return `{${fields.join(',')}}`;
    }
    case 'map': {
      const entries = (value as MapScalar).entries.map(
        ([k, v]) => `${hiveText(type.key, k, format, true)}:${hiveText(type.value, v, format, true)}`,
      );
      return `{${entries.sort().join(',')}}`;
    }
    case 'interval_ym':
      return hiveYearMonth(formatYearMonth(value as number));
    case 'interval_dt':
      return hiveDayTime(value as bigint);
    case 'variant':
      return variantToJson(value as VariantScalar, format.timeZone);
    default:
      return formatScalar(type, value, format.timeZone);
  }
}

function binaryText(bytes: Uint8Array, style: BinaryStyle): string {
  const buffer = Buffer.from(bytes);
  switch (style) {
    case 'BASIC':
      return `[${[...bytes].map((byte) => (byte > 127 ? byte - 256 : byte)).join(', ')}]`;
    case 'BASE64':
      return buffer.toString('base64').replace(/=+$/, '');
    case 'HEX':
      return buffer.toString('hex').toUpperCase();
    case 'HEX_DISCRETE':
      return `[${[...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ')}]`;
    default:
      return buffer.toString('utf8');
  }
}

/** `INTERVAL '1-2' YEAR TO MONTH` → `1-2`. */
const hiveYearMonth = (text: string): string => /'([^']*)'/.exec(text)?.[1] ?? text;

const NANOS_PER_SECOND = 1_000_000_000n;

function hiveDayTime(micros: bigint): string {
  const negative = micros < 0n;
  const nanos = (negative ? -micros : micros) * 1000n;
  const seconds = nanos / NANOS_PER_SECOND;
  const two = (n: bigint): string => String(n).padStart(2, '0');
  const days = seconds / 86_400n;
  const clock = `${two((seconds / 3600n) % 24n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return `${negative ? '-' : ''}${days} ${clock}.${String(nanos % NANOS_PER_SECOND).padStart(9, '0')}`;
}
