import { trimAll } from './calendar.js';
import type { DecimalType } from './types.js';

/** A 64-bit float as Java prints it: `1.0E10`, `-0.0`, `NaN`; the fewest digits that give it back. */
export function formatDouble(value: number): string {
  // Java never prints a single digit: where it would not be the nearest of two (subnormals), it takes two.
  return javaStyle(value, (magnitude) => {
    const shortest = magnitude.toExponential();
    return shortest.includes('.') ? shortest : magnitude.toExponential(1);
  });
}

/** A 32-bit float as Java prints it. */
export function formatFloat(value: number): string {
  return javaStyle(value, shortestFloat);
}

function javaStyle(value: number, exponential: (magnitude: number) => string): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === 0) return `${sign}0.0`;
  if (magnitude === Number.POSITIVE_INFINITY) return `${sign}Infinity`;
  const [mantissa = '', exponentText = '0'] = exponential(magnitude).split('e');
  const exponent = Number(exponentText);
  const digits = mantissa.replace('.', '').replace(/(?<=.)0+$/, '');
  if (exponent >= -3 && exponent < 7) return sign + plain(digits, exponent);
  return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
}

/** d.ddd × 10^exponent without an exponent. */
function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
}

const FLOAT_DIGITS = 9;

function shortestFloat(magnitude: number): string {
  const single = Math.fround(magnitude);
  for (let digits = 2; digits < FLOAT_DIGITS; digits++) {
    const text = single.toExponential(digits - 1);
    if (Math.fround(Number(text)) === single) return text;
    // At a power of two the gap above is wider than the one below, so the next decimal up may do as well.
    const [mantissa = '', exponent = ''] = text.split('e');
    const next = `${(Number(mantissa) + 10 ** (1 - digits)).toFixed(digits - 1)}e${exponent}`;
    if (Math.fround(Number(next)) === single) return next;
  }
  return single.toExponential(FLOAT_DIGITS - 1);
}

/** An unscaled decimal with its scale, never with an exponent: `1.10`, `-0.5`. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const INTEGER = /^([+-])?0*([0-9]{1,39})$/;

/** An integer between bounds, blanks around it ignored; undefined when malformed or out of range. */
export function parseInteger(text: string, [least, most]: readonly [bigint, bigint]): bigint | undefined {
  const match = INTEGER.exec(trimAll(text));
  if (match === null) return undefined;
  const magnitude = BigInt(match[2] as string);
  const value = match[1] === '-' ? -magnitude : magnitude;
  return value < least || value > most ? undefined : value;
}

const DECIMAL = /^([+-])?(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,10}))?$/;

/** A decimal rounded half up to the type's scale, unscaled; undefined when malformed or out of its precision. */
export function parseDecimal(text: string, type: DecimalType): bigint | undefined {
  return readDecimal(text, type, false);
}

/** Like `parseDecimal`, refusing what would have to be rounded. */
export function parseExactDecimal(text: string, type: DecimalType): bigint | undefined {
  return readDecimal(text, type, true);
}

function readDecimal(text: string, { precision, scale }: DecimalType, exact: boolean): bigint | undefined {
  const match = DECIMAL.exec(trimAll(text));
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+(?=.)/, '');
  if (digits === '0') return 0n;
  // value = digits × 10^power; wanted: digits × 10^(power + scale)
  const shift = Number(exponent) - fraction.length + scale;
  if (digits.length + shift > precision) return undefined;
  if (exact && shift < 0 && !/^0*$/.test(digits.slice(shift))) return undefined;
  const unscaled = shift >= 0 ? BigInt(digits) * 10n ** BigInt(shift) : roundHalfUp(digits, -shift);
  if (unscaled >= 10n ** BigInt(precision)) return undefined;
  return sign === '-' ? -unscaled : unscaled;
}

/** Digits without the last `dropped` of them, rounded. */
function roundHalfUp(digits: string, dropped: number): bigint {
  if (dropped > digits.length) return 0n;
  const kept = BigInt(digits.slice(0, digits.length - dropped) || '0');
  return (digits[digits.length - dropped] as string) >= '5' ? kept + 1n : kept;
}

const DOUBLE = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?$/;
const HEX = /^([+-])?0[xX](?=\.?[0-9a-fA-F])([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)[dDfF]?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

/** A 64-bit float as Java and Spark read it (suffixes d and f, hexadecimal, inf, nan); undefined when malformed. */
export function parseDouble(text: string): number | undefined {
  const trimmed = trimAll(text);
  if (DOUBLE.test(trimmed)) return Number(withoutSuffix(trimmed));
  if (HEX.test(trimmed)) return parseHex(trimmed, 53, -1074);
  return parseSpecial(trimmed);
}

/** A 32-bit float, rounded once from the exact text. */
export function parseFloat32(text: string): number | undefined {
  const trimmed = trimAll(text);
  if (HEX.test(trimmed)) return Math.fround(parseHex(trimmed, 24, -149));
  if (!DOUBLE.test(trimmed)) return parseSpecial(trimmed);
  const digits = withoutSuffix(trimmed);
  return roundToFloat(digits, Number(digits));
}

const withoutSuffix = (text: string): string => text.replace(/[dDfF]$/, '');

function parseSpecial(trimmed: string): number | undefined {
  if (trimmed === '-NaN' || trimmed === '+NaN') return Number.NaN;
  const special = trimmed.toLowerCase();
  return Object.hasOwn(SPECIAL, special) ? SPECIAL[special] : undefined;
}

const floatBits = new Uint32Array(1);
const floatValue = new Float32Array(floatBits.buffer);

/** A double that lies exactly between two floats hides on which side the text was: ask the text. */
function roundToFloat(text: string, double: number): number {
  const nearest = Math.fround(double);
  const magnitude = Math.abs(double);
  if (nearest === double || Number.isNaN(double)) return nearest;
  floatValue[0] = Math.abs(nearest);
  // One of the two neighbours is the float on the other side; beyond the largest float counts as 2^128.
  const bits = floatBits[0] as number;
  const otherBits = Math.abs(nearest) > magnitude ? bits - 1 : bits + 1;
  floatBits[0] = otherBits;
  const other = Math.min(floatValue[0] as number, 2 ** 128);
  const self = Math.min(Math.abs(nearest), 2 ** 128);
  if ((self + other) / 2 !== magnitude) return nearest;
  const side = compareExactly(text, magnitude);
  if (side === 0) return nearest;
  const rounded = side > 0 ? Math.max(self, other) : Math.min(self, other);
  return Math.sign(double) * (rounded === 2 ** 128 ? Number.POSITIVE_INFINITY : rounded);
}

/** The sign of |text| − double, without rounding. */
function compareExactly(text: string, double: number): number {
  const [, , whole = '', fraction = '', exponentText = '0'] = DECIMAL.exec(text) ?? [];
  const exponent = Number(exponentText) - fraction.length;
  let left = BigInt(whole + fraction);
  let binary = 0;
  let mantissa = double;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    binary++;
  }
  let right = BigInt(mantissa);
  left <<= BigInt(binary);
  if (exponent >= 0) left *= 10n ** BigInt(exponent);
  else right *= 10n ** BigInt(-exponent);
  return left > right ? 1 : left < right ? -1 : 0;
}

/** A hexadecimal float with `precision` bits and steps no finer than 2^`finest`, rounded half to even. */
function parseHex(text: string, precision: number, finest: number): number {
  const [, sign, whole = '', fraction = '', exponentText = '0'] = HEX.exec(text) ?? [];
  let mantissa = BigInt(`0x${whole}${fraction}`);
  const factor = sign === '-' ? -1 : 1;
  if (mantissa === 0n) return factor * 0;
  let exponent = Math.max(-1e9, Math.min(1e9, Number(exponentText))) - 4 * fraction.length;
  const bits = mantissa.toString(2).length;
  const drop = Math.max(bits - precision, finest - exponent);
  if (drop > bits + 1) return factor * 0;
  if (drop > 0) {
    const rest = mantissa & ((1n << BigInt(drop)) - 1n);
    const half = 1n << BigInt(drop - 1);
    mantissa >>= BigInt(drop);
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    exponent += drop;
  }
  if (exponent > 1100) return factor * Number.POSITIVE_INFINITY;
  // Two steps: 2^exponent alone may be below the smallest double.
  const step = Math.max(exponent, -1000);
  return factor * Number(mantissa) * 2 ** (exponent - step) * 2 ** step;
}
