/*
 * Functions that JavaScript engines compute otherwise than Java's StrictMath, which Spark uses: by the algorithms of
 * fdlibm (Copyright 1993-2004 by Sun Microsystems, Inc.; permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved).
 */

const word = new DataView(new ArrayBuffer(8));

function high(x: number): number {
  word.setFloat64(0, x);
  return word.getInt32(0);
}

function low(x: number): number {
  word.setFloat64(0, x);
  return word.getUint32(4);
}

/** The double of a high word; the low one is 0. */
function fromHigh(bits: number): number {
  word.setInt32(0, bits);
  word.setInt32(4, 0);
  return word.getFloat64(0);
}

/** x without its low word. */
const chopped = (x: number): number => fromHigh(high(x));

/** V8 gives e itself for 1; Java's is one step above. */
export function javaExp(x: number): number {
  return x === 1 ? Math.E * (1 + Number.EPSILON) : Math.exp(x);
}

/** Computed by way of exp. */
export function javaCosh(x: number): number {
  return Math.abs(x) === 1 ? 1.543080634815244 : Math.cosh(x);
}

export function javaHypot(x: number, y: number): number {
  if (!Number.isFinite(x) || !Number.isFinite(y)) {
    return Math.abs(x) === Number.POSITIVE_INFINITY || Math.abs(y) === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : Number.NaN;
  }
  let a = Math.max(Math.abs(x), Math.abs(y));
  let b = Math.min(Math.abs(x), Math.abs(y));
  if (high(a) - high(b) > 0x3c00000) return a + b;
  let scale = 1;
  if (a > 2 ** 500) scale = 2 ** 600;
  else if (b < 2 ** -500) {
    if (b === 0) return a;
    scale = 2 ** -600;
  }
  a /= scale;
  b /= scale;
  const difference = a - b;
  if (difference > b) {
    const t1 = chopped(a);
    return scale * Math.sqrt(t1 * t1 - (b * -b - (a - t1) * (a + t1)));
  }
  const twice = a + a;
  const y1 = chopped(b);
  const t1 = chopped(twice);
  return scale * Math.sqrt(t1 * y1 - (difference * -difference - (t1 * (b - y1) + (twice - t1) * b)));
}

const CBRT_BIAS = 715_094_163;
const CBRT_BIAS_SUBNORMAL = 696_219_795;
const LEAST_NORMAL = 0x00100000;

export function javaCbrt(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const magnitude = Math.abs(x);
  const bits = high(magnitude);
  let t =
    bits < LEAST_NORMAL
      ? fromHigh(Math.trunc(high(magnitude * 2 ** 54) / 3) + CBRT_BIAS_SUBNORMAL)
      : fromHigh(Math.trunc(bits / 3) + CBRT_BIAS);
  const s = 19 / 35 + ((t * t) / magnitude) * t;
  t *= 5 / 14 + 45 / 28 / (s + 99 / 70 + -864 / 1225 / s);
  // Twenty bits, and above the root: then one step of Newton is exact enough.
  t = fromHigh(high(t) + 1);
  const quotient = magnitude / (t * t);
  t += (t * (quotient - t)) / (t + t + quotient);
  return x < 0 ? -t : t;
}

const BP = [1, 1.5];
const DP_HIGH = [0, 0.5849624872207642];
const DP_LOW = [0, 1.350039202129749e-8];
const LOG = [
  0.5999999999999946, 0.4285714285785502, 0.33333332981837743, 0.272728123808534, 0.23066074577556175,
  0.20697501780033842,
] as const;
const EXP = [
  0.16666666666666602, -0.0027777777777015593, 0.00006613756321437934, -0.0000016533902205465252, 4.1381367970572385e-8,
] as const;
const LN2 = Math.LN2;
const LN2_HIGH = 0.6931471824645996;
const LN2_LOW = -1.904654299957768e-9;
const OVERFLOW_TAIL = 8.008566259537294e-17;
const CP = 0.9617966939259756;
const CP_HIGH = 0.9617967009544373;
const CP_LOW = -7.028461650952758e-9;
const INV_LN2 = Math.LOG2E;
const INV_LN2_HIGH = 1.4426950216293335;
const INV_LN2_LOW = 1.9259629911266175e-8;

/** Java's power: that of JavaScript for the values both define, with fdlibm's last bit. */
export function javaPow(x: number, y: number): number {
  const special = x ** y;
  const whole = Number.isInteger(y);
  if (!Number.isFinite(x) || !Number.isFinite(y) || x === 0 || y === 0 || (x < 0 && !whole)) return special;
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 2) return x * x;
  if (y === 0.5) return Math.sqrt(x);
  if (Math.abs(x) === 1) return special;
  const odd = x < 0 && Math.abs(y % 2) === 1;
  return powerOf(Math.abs(x), y, odd ? -1 : 1);
}

/** log2(x) in two parts for a huge exponent: x is near 1, or the result overflows. */
function logNearOne(magnitude: number): readonly [high: number, low: number] {
  const t = magnitude - 1;
  const w = t * t * (0.5 - t * (1 / 3 - t * 0.25));
  const u = INV_LN2_HIGH * t;
  const v = t * INV_LN2_LOW - w * INV_LN2;
  const t1 = chopped(u + v);
  return [t1, v - (t1 - u)];
}

/** log2(x) in two parts. */
function log2Parts(magnitude: number): readonly [high: number, low: number] {
  let ax = magnitude;
  let n = 0;
  if (high(ax) < LEAST_NORMAL) {
    ax *= 2 ** 53;
    n -= 53;
  }
  let bits = high(ax);
  n += (bits >> 20) - 0x3ff;
  const fraction = bits & 0x000fffff;
  bits = fraction | 0x3ff00000;
  let k = 0;
  if (fraction > 0x3988e) {
    if (fraction < 0xbb67a) k = 1;
    else {
      n += 1;
      bits -= LEAST_NORMAL;
    }
  }
  const tail = low(ax);
  ax = withLow(bits, tail);
  const bp = BP[k] as number;
  const u = ax - bp;
  const v = 1 / (ax + bp);
  const ss = u * v;
  const sHigh = chopped(ss);
  const tHigh = fromHigh(((bits >> 1) | 0x20000000) + 0x00080000 + (k << 18));
  const tLow = ax - (tHigh - bp);
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow);
  const s2 = ss * ss;
  const [l1, l2, l3, l4, l5, l6] = LOG;
  const r = s2 * s2 * (l1 + s2 * (l2 + s2 * (l3 + s2 * (l4 + s2 * (l5 + s2 * l6))))) + sLow * (sHigh + ss);
  const square = sHigh * sHigh;
  const t = chopped(3 + square + r);
  const rest = r - (t - 3 - square);
  const first = sHigh * t;
  const second = sLow * t + rest * ss;
  const pHigh = chopped(first + second);
  const pLow = second - (pHigh - first);
  const zHigh = CP_HIGH * pHigh;
  const zLow = CP_LOW * pHigh + pLow * CP + (DP_LOW[k] as number);
  const dp = DP_HIGH[k] as number;
  const t1 = chopped(zHigh + zLow + dp + n);
  return [t1, zLow - (t1 - n - dp - zHigh)];
}

function withLow(bits: number, tail: number): number {
  word.setInt32(0, bits);
  word.setUint32(4, tail);
  return word.getFloat64(0);
}

const HUGE_EXPONENT = 0x41e00000;

function powerOf(magnitude: number, y: number, sign: number): number {
  const bits = high(magnitude);
  const exponentBits = high(Math.abs(y));
  let parts: readonly [number, number];
  if (exponentBits > HUGE_EXPONENT) {
    if (bits < 0x3fefffff) return y < 0 ? sign * Number.POSITIVE_INFINITY : sign * 0;
    if (bits > 0x3ff00000) return y > 0 ? sign * Number.POSITIVE_INFINITY : sign * 0;
    parts = logNearOne(magnitude);
  } else parts = log2Parts(magnitude);
  const [t1, t2] = parts;
  const y1 = chopped(y);
  const pLow = (y - y1) * t1 + y * t2;
  const pHigh = y1 * t1;
  const z = pLow + pHigh;
  if (z > 1024 || (z === 1024 && pLow + OVERFLOW_TAIL > z - pHigh)) return sign * Number.POSITIVE_INFINITY;
  if (z < -1075 || (z === -1075 && pLow <= z - pHigh)) return sign * 0;
  return sign * exp2(z, pHigh, pLow);
}

/** 2 to the power of a sum of two parts. */
function exp2(z: number, pHigh: number, pLow: number): number {
  const bits = high(z);
  let exponent = ((bits & 0x7fffffff) >> 20) - 0x3ff;
  let n = 0;
  let head = pHigh;
  if ((bits & 0x7fffffff) > 0x3fe00000) {
    n = bits + (LEAST_NORMAL >> (exponent + 1));
    exponent = ((n & 0x7fffffff) >> 20) - 0x3ff;
    const t = fromHigh(n & ~(0x000fffff >> exponent));
    n = ((n & 0x000fffff) | LEAST_NORMAL) >> (20 - exponent);
    if (bits < 0) n = -n;
    head -= t;
  }
  const t = chopped(pLow + head);
  const u = t * LN2_HIGH;
  const v = (pLow - (t - head)) * LN2 + t * LN2_LOW;
  const zz = u + v;
  const w = v - (zz - u);
  const square = zz * zz;
  const [p1, p2, p3, p4, p5] = EXP;
  const t1 = zz - square * (p1 + square * (p2 + square * (p3 + square * (p4 + square * p5))));
  const r = (zz * t1) / (t1 - 2) - (w + zz * w);
  const result = 1 - (r - zz);
  if (high(result) + n * LEAST_NORMAL < LEAST_NORMAL) return result * 2 ** (n + 100) * 2 ** -100;
  return withLow(high(result) + n * LEAST_NORMAL, low(result));
}
