import { type DataType, type DecimalType, decimalType, MAX_PRECISION } from '../base/index.js';

/** Digits kept behind the point when a result does not fit 38 digits (Spark's allowPrecisionLoss). */
const MINIMUM_ADJUSTED_SCALE = 6;

const powers: bigint[] = Array.from({ length: 78 }, (_, n) => 10n ** BigInt(n));

export function pow10(n: number): bigint {
  return powers[n] ?? 10n ** BigInt(n);
}

/** The decimal type that holds every value of an integer type. */
export function decimalForInteger(type: DataType): DecimalType | undefined {
  switch (type.kind) {
    case 'boolean':
      return decimalType(1, 0);
    case 'int8':
      return decimalType(3, 0);
    case 'int16':
      return decimalType(5, 0);
    case 'int32':
      return decimalType(10, 0);
    case 'int64':
      return decimalType(20, 0);
    case 'float32':
      return decimalType(14, 7);
    case 'float64':
      return decimalType(30, 15);
    case 'decimal':
      return type;
    default:
      return undefined;
  }
}

/** The smallest decimal type of an integer literal. */
export function decimalForLiteral(value: bigint): DecimalType {
  return decimalType((value < 0n ? -value : value).toString().length, 0);
}

export const boundedDecimal = (precision: number, scale: number): DecimalType =>
  decimalType(Math.min(precision, MAX_PRECISION), Math.min(scale, MAX_PRECISION));

/** Spark's DecimalType.adjustPrecisionScale: gives up fraction digits, down to 6, before integer digits. */
export function adjustedDecimal(precision: number, scale: number): DecimalType {
  if (precision <= MAX_PRECISION) return decimalType(precision, scale);
  const integerDigits = precision - scale;
  const least = Math.min(scale, MINIMUM_ADJUSTED_SCALE);
  return decimalType(MAX_PRECISION, Math.max(MAX_PRECISION - integerDigits, least));
}

/** The decimal type that holds values of both, integer digits first. */
export function widerDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  if (precision <= MAX_PRECISION) return decimalType(precision, scale);
  return decimalType(MAX_PRECISION, Math.max(0, scale - (precision - MAX_PRECISION)));
}

export type DecimalOperator = 'add' | 'sub' | 'mul' | 'div' | 'mod';

/**
 * The type of `a operator b`; `exact`: digits behind the point are never given up for digits before it (Spark's
 * allowPrecisionLoss off).
 */
export function decimalResult(operator: DecimalOperator, a: DecimalType, b: DecimalType, exact = false): DecimalType {
  const { precision: p1, scale: s1 } = a;
  const { precision: p2, scale: s2 } = b;
  const scale = Math.max(s1, s2);
  const fitted = exact ? boundedDecimal : adjustedDecimal;
  switch (operator) {
    case 'add':
    case 'sub':
      return fitted(Math.max(p1 - s1, p2 - s2) + scale + 1, scale);
    case 'mul':
      return fitted(p1 + p2 + 1, s1 + s2);
    case 'div': {
      const quotientScale = Math.max(6, s1 + p2 + 1);
      if (exact) return exactQuotient(p1 - s1 + s2, quotientScale);
      return adjustedDecimal(p1 - s1 + s2 + quotientScale, quotientScale);
    }
    case 'mod':
      return fitted(Math.min(p1 - s1, p2 - s2) + scale, scale);
  }
}

function exactQuotient(before: number, behind: number): DecimalType {
  const integerDigits = Math.min(MAX_PRECISION, before);
  const fractionDigits = Math.min(MAX_PRECISION, behind);
  const over = integerDigits + fractionDigits - MAX_PRECISION;
  if (over <= 0) return boundedDecimal(integerDigits + fractionDigits, fractionDigits);
  return decimalType(MAX_PRECISION, fractionDigits - Math.trunc(over / 2) - 1);
}

/** Quotient rounded half up (away from zero at a tie). */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const rest = a % b;
  const twice = rest < 0n ? -2n * rest : 2n * rest;
  if (twice < (b < 0n ? -b : b)) return quotient;
  return a < 0n === b < 0n ? quotient + 1n : quotient - 1n;
}

/** An unscaled value at another scale, rounded half up. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (to >= from) return unscaled * pow10(to - from);
  return divideHalfUp(unscaled, pow10(from - to));
}

export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  const top = pow10(precision);
  return unscaled < top && unscaled > -top;
}

/** Plain decimal text of an unscaled value. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
