import { type DataType, type Scalar, SparrowError } from '../base/index.js';
import { decimalText } from './decimal.js';
import { exactDecimal, roundUnscaled } from './rounding.js';

/** A number as digits for text: exact, so that ties are those of the value and not of its shortest form. */
export interface ExactNumber {
  readonly unscaled: bigint;
  readonly scale: number;
  readonly negative: boolean;
}

export function exactNumber(value: Scalar, type: DataType | undefined): ExactNumber | string {
  if (type?.kind === 'decimal') {
    const unscaled = value as bigint;
    return { unscaled, scale: type.scale, negative: unscaled < 0n };
  }
  if (typeof value === 'bigint') return { unscaled: value, scale: 0, negative: value < 0n };
  const number = value as number;
  if (Number.isNaN(number)) return 'NaN';
  if (!Number.isFinite(number)) return number < 0 ? '-∞' : '∞';
  return { ...exactDecimal(number), negative: number < 0 || Object.is(number, -0) };
}

const grouped = (digits: string, size: number): string =>
  size === 0 ? digits : digits.replace(new RegExp(`(?<=\\d)(?=(?:\\d{${size}})+$)`, 'g'), ',');

function layout(number: ExactNumber, style: Style): string {
  const rounded = roundUnscaled(number.unscaled, number.scale, style.mostFraction, 'half-even');
  const text = decimalText(rounded < 0n ? -rounded : rounded, style.mostFraction);
  const [whole = '0', fraction = ''] = text.split('.');
  const kept = fraction.replace(/0+$/, '').padEnd(style.leastFraction, '0');
  const digits = whole === '0' ? ''.padStart(style.leastWhole, '0') : whole.padStart(style.leastWhole, '0');
  const sign = number.negative ? '-' : '';
  const body = grouped(digits, style.group) + (kept === '' && style.point !== true ? '' : `.${kept}`);
  return sign + style.prefix + (body === '' ? '0' : body) + style.suffix;
}

interface Style {
  readonly prefix: string;
  readonly suffix: string;
  readonly leastWhole: number;
  readonly leastFraction: number;
  readonly mostFraction: number;
  /** Digits between commas; 0 for none. */
  readonly group: number;
  /** The point stands there without digits behind it, too. */
  readonly point?: boolean;
}

export function formatWithScale(value: Scalar, type: DataType | undefined, scale: number): string {
  const number = exactNumber(value, type);
  if (typeof number === 'string') return number;
  return layout(number, { prefix: '', suffix: '', leastWhole: 1, leastFraction: scale, mostFraction: scale, group: 3 });
}

const PATTERN = /^([^#0,.;]*)([#,]*[0,]*)(?:(\.)(0*)(#*))?([^#0,.;]*)$/;

/** The part of java.text.DecimalFormat that has `#`, `0`, `,` and `.`. */
export function formatWithPattern(value: Scalar, type: DataType | undefined, pattern: string): string {
  if (pattern === '') return formatWithPattern(value, type, '#,###,###,###,###,###,##0');
  const match = PATTERN.exec(pattern);
  const around = (match?.[1] ?? '') + (match?.[6] ?? '');
  if (match === null || match[6]?.startsWith('E') || /[‰¤']|%.*%/.test(around)) {
    throw new SparrowError(
      'INVALID_PARAMETER_VALUE.PATTERN',
      `format_number cannot use the pattern ${JSON.stringify(pattern)}`,
      {
        hint: "use '#', '0', ',' and '.' as in '#,##0.00'",
        sqlState: '22023',
      },
    );
  }
  const [, prefix = '', whole = '', point, zeros = '', hashes = '', suffix = ''] = match;
  const comma = whole.lastIndexOf(',');
  const number = exactNumber(value, type);
  if (typeof number === 'string') return number;
  // Without any 0 the digit before the point is one, or else the first behind it.
  const noZero = point !== undefined && zeros === '' && /^[#,]*$/.test(whole);
  return layout(around.includes('%') ? { ...number, unscaled: number.unscaled * 100n } : number, {
    prefix,
    suffix,
    leastWhole: noZero && whole !== '' ? 1 : whole.replaceAll(/[#,]/g, '').length,
    leastFraction: noZero && whole === '' && hashes !== '' ? 1 : zeros.length,
    mostFraction: zeros.length + hashes.length,
    group: comma < 0 ? 0 : whole.length - comma - 1,
    point: point !== undefined && zeros + hashes === '',
  });
}
