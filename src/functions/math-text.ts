import { binaryType, int64Type, SparrowError, stringType } from '../base/index.js';
import { scalar } from './define.js';
import { anyDouble, anyInt, anyLong, anyString, type Param, takes } from './implicit.js';
import { isIntervalType } from './signature.js';

const rare = 'a call per row: rare';

const hexable: Param = {
  wants: 'bigint, string or binary',
  accept: (type) =>
    type.kind === 'string' || type.kind === 'binary' ? type : (anyLong.accept(type) ?? anyString.accept(type)),
};

const hexOf = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();

function unhex(text: string): Uint8Array | null {
  if (!/^[0-9a-fA-F]*$/.test(text)) return null;
  // An odd number of digits: the first stands for a byte of its own.
  return new Uint8Array(Buffer.from(text.length % 2 === 1 ? `0${text}` : text, 'hex'));
}

const UINT64 = 2n ** 64n;
const LEAST_BASE = 2;
const MOST_BASE = 36;

/** A number, or an interval as it is. */
const bound: Param = {
  wants: 'a number or an interval',
  accept: (type) => (isIntervalType(type) ? type : anyDouble.accept(type)),
};

/** Digits of `from` as a 64-bit number in base |to|: what follows the first foreign character is ignored. */
function convert(text: string, from: number, to: number, ansi: boolean): string | null {
  const bases = Math.abs(to);
  if (from < LEAST_BASE || from > MOST_BASE || bases < LEAST_BASE || bases > MOST_BASE) return null;
  const trimmed = text.replace(/^ +| +$/g, '');
  if (trimmed === '') return null;
  const negative = trimmed.startsWith('-');
  let value = 0n;
  for (const char of negative ? trimmed.slice(1) : trimmed) {
    const digit = /[0-9a-zA-Z]/.test(char) ? Number.parseInt(char, 36) : MOST_BASE;
    if (digit >= from) break;
    value = value * BigInt(from) + BigInt(digit);
    if (value >= UINT64) {
      if (ansi)
        throw new SparrowError('ARITHMETIC_OVERFLOW', `conv overflow of ${JSON.stringify(text)}`, {
          sqlState: '22003',
        });
      value = UINT64 - 1n;
      break;
    }
  }
  return printed(value, negative, to);
}

/** A positive base prints 64 unsigned bits, a negative one a signed number. */
function printed(value: bigint, negative: boolean, to: number): string {
  if (to > 0) {
    const bits = negative ? (value >= UINT64 / 2n ? UINT64 - 1n : BigInt.asUintN(64, -value)) : value;
    return bits.toString(to).toUpperCase();
  }
  const signed = negative ? -value : BigInt.asIntN(64, value);
  return signed.toString(-to).toUpperCase();
}

/** Numbers as digits of other bases. */
export const numeralFunctions = {
  hex: scalar({
    name: 'hex',
    sql: ['hex'],
    summary: 'A number, or the bytes of a string or binary value, as hexadecimal digits.',
    examples: [
      ['hex(17)', '11'],
      ["hex('Spark SQL')", '537061726B2053514C'],
      ['hex(-1)', 'FFFFFFFFFFFFFFFF'],
    ],
    resolve: takes([hexable], stringType),
    nulls: 'propagate',
    eval: ([value]) => {
      if (typeof value === 'bigint') return BigInt.asUintN(64, value).toString(16).toUpperCase();
      return hexOf(typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array));
    },
    compiled: rare,
  }),
  unhex: scalar({
    name: 'unhex',
    sql: ['unhex'],
    summary: 'The bytes of hexadecimal digits; null when there are other characters.',
    examples: [
      ["hex(unhex('537'))", '0537'],
      ["unhex('ZZ')", null],
    ],
    resolve: takes([anyString], binaryType, { nullable: true }),
    nulls: 'propagate',
    eval: ([text]) => unhex(text as string),
    compiled: rare,
  }),
  bin: scalar({
    name: 'bin',
    sql: ['bin'],
    summary: 'A number as binary digits.',
    examples: [['bin(13)', '1101']],
    resolve: takes([anyLong], stringType),
    nulls: 'propagate',
    eval: ([value]) => BigInt.asUintN(64, value as bigint).toString(2),
    compiled: rare,
  }),
  conv: scalar({
    name: 'conv',
    sql: ['conv'],
    summary: 'Digits of one base as digits of another; a negative target base gives a signed number.',
    examples: [
      ["conv('100', 2, 10)", '4'],
      ["conv('-10', 16, -10)", '-16'],
    ],
    resolve: takes([anyString, anyInt, anyInt], stringType, { nullable: true }),
    nulls: 'propagate',
    fails: (call) => call.settings.ansi,
    eval: ([text, from, to], call) => convert(text as string, from as number, to as number, call.settings.ansi),
    compiled: rare,
  }),
  widthBucket: scalar({
    name: 'widthBucket',
    sql: ['width_bucket'],
    summary:
      'Which of `n` equal buckets between two bounds the number falls into; 0 below, n + 1 above; null for bad bounds.',
    examples: [
      ['width_bucket(5.3, 0.2, 10.6, 5)', '3'],
      ['width_bucket(-2.1, 1.3, 3.4, 3)', '0'],
    ],
    resolve: takes([bound, bound, bound, anyLong], int64Type, { nullable: true }),
    nulls: 'propagate',
    eval: ([value, low, high, count]) => widthBucket(Number(value), Number(low), Number(high), count as bigint),
    compiled: rare,
  }),
};

function widthBucket(value: number, low: number, high: number, count: bigint): bigint | null {
  const bad = Number.isNaN(value) || !Number.isFinite(low) || !Number.isFinite(high) || low === high;
  if (count <= 0n || count === 2n ** 63n - 1n || bad) return null;
  const below = low < high ? value < low : value > low;
  const above = low < high ? value >= high : value <= high;
  if (below) return 0n;
  if (above) return count + 1n;
  const bucket = Math.trunc((Number(count) * (value - low)) / (high - low));
  return Number.isFinite(bucket) ? BigInt(bucket) + 1n : null;
}
