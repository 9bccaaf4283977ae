import {
  type DataType,
  formatDecimal,
  formatDouble,
  formatFloat,
  isFloating,
  isInteger,
  type Scalar,
  SparrowError,
  simpleString,
} from '../base/index.js';
import { decimalText, pow10 } from './decimal.js';
import { exactNumber } from './number-format.js';
import { decimalOfDouble, divideRounded, roundUnscaled } from './rounding.js';

/** The part of java.util.Formatter that formats numbers, strings and booleans. */

interface Spec {
  readonly text: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly conversion: string;
}

const SPEC = /%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/y;

export function printf(format: string, values: readonly Scalar[], types: readonly DataType[]): string {
  let out = '';
  let next = 0;
  for (let i = 0; i < format.length; i++) {
    if (format[i] !== '%') {
      out += format[i];
      continue;
    }
    SPEC.lastIndex = i;
    const match = SPEC.exec(format);
    if (match === null) throw unusable(format.slice(i, i + 5), 'it is no format');
    const [text, index, flags = '', width, precision, conversion = ''] = match;
    i += text.length - 1;
    const spec = {
      text,
      flags,
      width: Number(width ?? 0),
      precision: precision === undefined ? undefined : Number(precision),
      conversion,
    };
    if (conversion === '%' || conversion === 'n') out += conversion === 'n' ? '\n' : justify('%', spec);
    else {
      const at = index === undefined ? next++ : Number(index) - 1;
      if (at < 0) throw unusable(text, 'values count from 1', 'ZERO_INDEX');
      const type = types[at];
      if (type === undefined) throw unusable(text, 'there is no value for it');
      out += formatOne(spec, values[at] ?? null, type);
    }
  }
  return out;
}

function unusable(spec: string, why: string, kind = 'PATTERN'): SparrowError {
  return new SparrowError(
    `INVALID_PARAMETER_VALUE.${kind}`,
    `format_string cannot use ${JSON.stringify(spec)}: ${why}`,
    {
      sqlState: '22023',
    },
  );
}

function formatOne(spec: Spec, value: Scalar, type: DataType): string {
  const { conversion } = spec;
  const lower = conversion.toLowerCase();
  const text =
    value === null && lower !== 'b' ? justify(cut('null', spec), spec) : formatValue(spec, lower, value, type);
  return conversion === lower ? text : text.toUpperCase();
}

const cut = (text: string, { precision }: Spec): string => (precision === undefined ? text : text.slice(0, precision));

function formatValue(spec: Spec, conversion: string, value: Scalar, type: DataType): string {
  switch (conversion) {
    case 's':
      return justify(cut(plainText(value, type), spec), spec);
    case 'b':
      return justify(cut(String(typeof value === 'boolean' ? value : value !== null), spec), spec);
    case 'd':
      return signed(spec, integerOf(spec, value, type));
    case 'x':
    case 'o':
      return justifyNumber(unsigned(integerOf(spec, value, type), type, conversion === 'x' ? 16 : 8), spec);
    case 'f':
    case 'e':
    case 'g':
      return floating(spec, conversion, value, type);
    case 'c':
      return justify(String.fromCodePoint(Number(integerOf(spec, value, type))), spec);
    default:
      throw unusable(spec.text, 'the conversion is unknown');
  }
}

function integerOf(spec: Spec, value: Scalar, type: DataType): bigint {
  if (isInteger(type) || type.kind === 'date' || type.kind === 'timestamp') return BigInt(value as number | bigint);
  throw unusable(spec.text, `the value is of type ${simpleString(type)}`);
}

/** Values as their Java objects print themselves: dates are days, timestamps microseconds. */
function plainText(value: Scalar, type: DataType): string {
  if (type.kind === 'decimal') return formatDecimal(value as bigint, type.scale);
  if (type.kind === 'float32') return formatFloat(value as number);
  if (type.kind === 'float64') return formatDouble(value as number);
  if (Array.isArray(value)) {
    const element = type.kind === 'array' ? type.element : undefined;
    const text = (item: Scalar): string =>
      item === null || element === undefined ? String(item) : plainText(item, element);
    return `[${(value as readonly Scalar[]).map(text).join(',')}]`;
  }
  return String(value);
}

function unsigned(value: bigint, type: DataType, base: number): string {
  const bits =
    type.kind === 'int8' ? 8 : type.kind === 'int16' ? 16 : type.kind === 'int32' || type.kind === 'date' ? 32 : 64;
  return BigInt.asUintN(bits, value).toString(base);
}

const commas = (digits: string): string => digits.replace(/(?<=\d)(?=(?:\d{3})+(?!\d))/g, ',');

function signed(spec: Spec, value: bigint): string {
  const digits = (value < 0n ? -value : value).toString();
  return withSign(spec, spec.flags.includes(',') ? commas(digits) : digits, value < 0n);
}

function withSign(spec: Spec, digits: string, negative: boolean): string {
  const { flags, width } = spec;
  const [before, after] = negative
    ? flags.includes('(')
      ? ['(', ')']
      : ['-', '']
    : [flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '', ''];
  if (!flags.includes('0')) return justify(before + digits + after, spec);
  return before + digits.padStart(width - before.length - after.length, '0') + after;
}

function justifyNumber(text: string, spec: Spec): string {
  return spec.flags.includes('0') ? text.padStart(spec.width, '0') : justify(text, spec);
}

const justify = (text: string, { flags, width }: Spec): string =>
  flags.includes('-') ? text.padEnd(width) : text.padStart(width);

const DEFAULT_PRECISION = 6;

function floating(spec: Spec, conversion: string, value: Scalar, type: DataType): string {
  if (!isFloating(type)) throw unusable(spec.text, `the value is of type ${simpleString(type)}`);
  const special = exactNumber(value, type);
  const number = value as number;
  if (typeof special === 'string')
    return justify(
      Number.isNaN(number)
        ? 'NaN'
        : withSign({ ...spec, flags: spec.flags.replace('0', ''), width: 0 }, 'Infinity', number < 0),
      spec,
    );
  const precision = spec.precision ?? DEFAULT_PRECISION;
  const { unscaled, scale } = decimalOfDouble(Math.abs(number));
  const negative = special.negative;
  let kind = conversion;
  let digits = precision;
  if (kind === 'g') {
    const magnitude = unscaled === 0n ? 0 : unscaled.toString().length - 1 - scale;
    const significant = Math.max(1, precision);
    kind = magnitude >= -4 && magnitude < significant ? 'f' : 'e';
    digits = kind === 'f' ? significant - 1 - magnitude : significant - 1;
  }
  if (kind === 'e') return withSign(spec, scientific(unscaled, scale, digits), negative);
  const fixed = decimalText(roundUnscaled(unscaled, scale, digits, 'half-up'), digits);
  return withSign(
    spec,
    spec.flags.includes(',')
      ? commas(fixed.split('.')[0] ?? '') + fixed.slice(fixed.indexOf('.') < 0 ? fixed.length : fixed.indexOf('.'))
      : fixed,
    negative,
  );
}

/** d.ddde±dd, ties away from zero. */
function scientific(unscaled: bigint, scale: number, digits: number): string {
  if (unscaled === 0n) return `${decimalText(0n, digits)}e+00`;
  const length = unscaled.toString().length;
  let exponent = length - 1 - scale;
  const drop = length - 1 - digits;
  let mantissa = drop > 0 ? divideRounded(unscaled, pow10(drop), 'half-up') : unscaled * pow10(-drop);
  if (mantissa >= pow10(digits + 1)) {
    mantissa /= 10n;
    exponent++;
  }
  const power = Math.abs(exponent).toString().padStart(2, '0');
  return `${decimalText(mantissa, digits)}e${exponent < 0 ? '-' : '+'}${power}`;
}
