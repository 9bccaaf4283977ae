import { type Bits, float, floatBits, ones, signed, unsigned } from './bits.js';

/** Thrown by a model where the instruction traps. */
export class Trap extends Error {}

function trap(): never {
  throw new Trap();
}

const clamp = (x: bigint, low: bigint, high: bigint): bigint => (x < low ? low : x > high ? high : x);
export const clampSigned = (x: bigint, w: number): bigint => clamp(x, -(1n << BigInt(w - 1)), ones(w - 1));
export const clampUnsigned = (x: bigint, w: number): bigint => clamp(x, 0n, ones(w));

const bitString = (x: Bits, w: number): string => x.toString(2).padStart(w, '0');

/** On the bits of one lane of width `w`; the result is wrapped to the lane. */
export const intUnary: Readonly<Record<string, (x: Bits, w: number) => bigint>> = {
  clz: (x, w) => BigInt(bitString(x, w).indexOf('1') < 0 ? w : bitString(x, w).indexOf('1')),
  ctz: (x, w) => BigInt(x === 0n ? w : w - 1 - bitString(x, w).lastIndexOf('1')),
  popcnt: (x, w) => BigInt(bitString(x, w).replaceAll('0', '').length),
  abs: (x, w) => (signed(x, w) < 0n ? -signed(x, w) : x),
  neg: (x) => -x,
  not: (x) => ~x,
  extend8_s: (x) => signed(x, 8),
  extend16_s: (x) => signed(x, 16),
  extend32_s: (x) => signed(x, 32),
};

const pick = (first: boolean, x: Bits, y: Bits): Bits => (first ? x : y);
const distance = (y: Bits, w: number): bigint => y % BigInt(w);
const rotl = (x: Bits, by: bigint, w: number): bigint => (x << by) | (x >> (BigInt(w) - by));

export const intBinary: Readonly<Record<string, (x: Bits, y: Bits, w: number) => bigint>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div_s: (x, y, w) => {
    const quotient = y === 0n ? trap() : signed(x, w) / signed(y, w);
    return quotient > ones(w - 1) ? trap() : quotient;
  },
  div_u: (x, y) => (y === 0n ? trap() : x / y),
  rem_s: (x, y, w) => (y === 0n ? trap() : signed(x, w) % signed(y, w)),
  rem_u: (x, y) => (y === 0n ? trap() : x % y),
  and: (x, y) => x & y,
  andnot: (x, y) => x & ~y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
  xchg: (_, y) => y,
  shl: (x, y, w) => x << distance(y, w),
  shr_s: (x, y, w) => signed(x, w) >> distance(y, w),
  shr_u: (x, y, w) => x >> distance(y, w),
  rotl: (x, y, w) => rotl(x, distance(y, w), w),
  rotr: (x, y, w) => rotl(x, (BigInt(w) - distance(y, w)) % BigInt(w), w),
  min_s: (x, y, w) => pick(signed(x, w) < signed(y, w), x, y),
  min_u: (x, y) => pick(x < y, x, y),
  max_s: (x, y, w) => pick(signed(x, w) > signed(y, w), x, y),
  max_u: (x, y) => pick(x > y, x, y),
  avgr_u: (x, y) => (x + y + 1n) / 2n,
  add_sat_s: (x, y, w) => clampSigned(signed(x, w) + signed(y, w), w),
  add_sat_u: (x, y, w) => clampUnsigned(x + y, w),
  sub_sat_s: (x, y, w) => clampSigned(signed(x, w) - signed(y, w), w),
  sub_sat_u: (x, y, w) => clampUnsigned(x - y, w),
  q15mulr_sat_s: (x, y) => clampSigned((signed(x, 16) * signed(y, 16) + 0x4000n) >> 15n, 16),
};

export const intCompare: Readonly<Record<string, (x: Bits, y: Bits, w: number) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt_s: (x, y, w) => signed(x, w) < signed(y, w),
  lt_u: (x, y) => x < y,
  gt_s: (x, y, w) => signed(x, w) > signed(y, w),
  gt_u: (x, y) => x > y,
  le_s: (x, y, w) => signed(x, w) <= signed(y, w),
  le_u: (x, y) => x <= y,
  ge_s: (x, y, w) => signed(x, w) >= signed(y, w),
  ge_u: (x, y) => x >= y,
};

function nearest(x: number): number {
  if (!Number.isFinite(x) || Number.isInteger(x)) return x;
  const low = Math.floor(x);
  const up = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0);
  const rounded = up ? low + 1 : low;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

/** On numbers; the result is rounded to the lane, and any NaN will do. */
export const floatUnary: Readonly<Record<string, (x: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  trunc: Math.trunc,
  nearest,
  sqrt: Math.sqrt,
};

export const floatBinary: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
};

export const floatCompare: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  gt: (x, y) => x > y,
  le: (x, y) => x <= y,
  ge: (x, y) => x >= y,
};

const sign = (w: number): Bits => 1n << BigInt(w - 1);

/** On the bits of floats: these keep even the bits of a NaN. */
export const floatBitwise: Readonly<Record<string, (x: Bits, y: Bits, w: number) => Bits>> = {
  abs: (x, _, w) => x & ~sign(w),
  neg: (x, _, w) => x ^ sign(w),
  copysign: (x, y, w) => (x & ~sign(w)) | (y & sign(w)),
  pmin: (x, y, w) => (float(y, w) < float(x, w) ? y : x),
  pmax: (x, y, w) => (float(x, w) < float(y, w) ? y : x),
};

/** Float to integer; traps where there is none, unless it saturates. */
export function truncate(x: number, to: number, isSigned: boolean, saturates: boolean): bigint {
  if (Number.isNaN(x)) return saturates ? 0n : trap();
  if (!Number.isFinite(x)) return saturates ? (x < 0 ? limits(to, isSigned)[0] : limits(to, isSigned)[1]) : trap();
  const whole = BigInt(Math.trunc(x));
  const [low, high] = limits(to, isSigned);
  return saturates || (whole >= low && whole <= high) ? clamp(whole, low, high) : trap();
}

function limits(w: number, isSigned: boolean): [bigint, bigint] {
  return isSigned ? [-sign(w), ones(w - 1)] : [0n, ones(w)];
}

/** Integer to the bits of the nearest float, ties to even. */
export function convert(x: bigint, to: number): Bits {
  if (to === 64) return floatBits(Number(x), 64);
  // Rounding to double and then to single would round twice: keep 40 bits, the last of them sticky.
  const size = x < 0n ? -x : x;
  const excess = Math.max(0, size.toString(2).length - 40);
  const kept = size >> BigInt(excess);
  const lost = size !== kept << BigInt(excess);
  const rounded = Math.fround(Number(lost ? kept | 1n : kept)) * 2 ** excess;
  return floatBits(x < 0n ? -rounded : rounded, 32);
}

export const wrap = (x: Bits): Bits => unsigned(x, 32);
