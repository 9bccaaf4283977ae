import { pow10 } from './decimal.js';

/** Ways to drop digits. */
export type Rounding = 'half-up' | 'half-even' | 'up' | 'down';

/** A quotient by a positive divisor, rounded: half up away from zero, `up` to +∞, `down` to -∞. */
export function divideRounded(a: bigint, b: bigint, mode: Rounding): bigint {
  const quotient = a / b;
  const rest = a - quotient * b;
  if (rest === 0n) return quotient;
  const away = a < 0n ? -1n : 1n;
  if (mode === 'up') return a < 0n ? quotient : quotient + 1n;
  if (mode === 'down') return a < 0n ? quotient - 1n : quotient;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice > b) return quotient + away;
  if (twice < b) return quotient;
  return mode === 'half-up' || quotient % 2n !== 0n ? quotient + away : quotient;
}

/** An unscaled decimal at scale `to` (which may be negative), rounded; the result is again at scale `to`. */
export function roundUnscaled(unscaled: bigint, from: number, to: number, mode: Rounding): bigint {
  return to >= from ? unscaled * pow10(to - from) : divideRounded(unscaled, pow10(from - to), mode);
}

/** The shortest decimal of a finite double, as unscaled value and scale (which may be negative). */
export function decimalOfDouble(value: number): { readonly unscaled: bigint; readonly scale: number } {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { unscaled: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

/** A double rounded by its shortest decimal, as Spark does it: 2.345 at scale 2 is 2.35. */
export function roundDouble(value: number, scale: number, mode: Rounding): number {
  if (!Number.isFinite(value)) return value;
  // Decimals know no negative zero.
  if (value === 0) return 0;
  const decimal = decimalOfDouble(value);
  if (decimal.scale <= scale) return value;
  // Everything is dropped: what is left is 0 or one step.
  if (decimal.scale - scale > 400) return 0;
  const rounded = divideRounded(decimal.unscaled, pow10(decimal.scale - scale), mode);
  return Number(`${rounded}e${-scale}`);
}

/** The exact value of a finite double as a fraction over a power of two: its unscaled decimal and scale. */
export function exactDecimal(value: number): { readonly unscaled: bigint; readonly scale: number } {
  let scale = 0;
  let mantissa = Math.abs(value);
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    scale++;
  }
  // m / 2^k is m · 5^k / 10^k.
  const unscaled = BigInt(mantissa) * 5n ** BigInt(scale);
  return { unscaled: value < 0 ? -unscaled : unscaled, scale };
}
