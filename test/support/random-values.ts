import {
  binaryType,
  booleanType,
  type DataType,
  dateType,
  dayTimeIntervalType,
  decimalType,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  nullType,
  type Scalar,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
  yearMonthIntervalType,
} from '../../src/base/index.js';
import { mix } from './choices.js';

/** The flat types columns have, the most common first. */
export const columnTypes: readonly DataType[] = [
  int32Type,
  stringType,
  int64Type,
  float64Type,
  booleanType,
  decimalType(12, 2),
  dateType,
  timestampType,
  int16Type,
  int8Type,
  float32Type,
  decimalType(38, 10),
  binaryType,
  timestampNtzType,
  decimalType(5, 0),
  yearMonthIntervalType,
  dayTimeIntervalType,
  decimalType(18, 6),
  decimalType(38, 0),
  decimalType(20, 20),
  timeType,
  nullType,
];

/**
 * What may be summed: `tame` values give the same total in any order and never overflow, `positive` ones overflow
 * in any order or in none, of `wild` ones neither is known.
 */
export type Temper = 'tame' | 'positive' | 'wild';

const I64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const DAY = 86_400_000_000n;

const integers = (min: number, max: number): readonly number[] => [
  0,
  1,
  -1,
  2,
  7,
  10,
  max,
  min,
  max - 1,
  min + 1,
  100,
  -100,
];
const tiny = integers(-128, 127);
const short = integers(-32768, 32767);
const ints = integers(-(2 ** 31), 2 ** 31 - 1);
const truths = [true, false];
const longs: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n,
  10n,
  I64.max,
  I64.min,
  I64.max - 1n,
  2n ** 32n,
  -(2n ** 31n),
  2n ** 53n + 1n,
  10n ** 18n,
  -7n,
];
const doubles = [
  0,
  1,
  -1,
  -0,
  Number.NaN,
  0.5,
  2.5,
  -2.5,
  Infinity,
  -Infinity,
  0.1,
  1e-7,
  1e21,
  123456789.125,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  2 ** 53,
  -1e300,
  1 / 3,
  9.5,
  2147483648,
  2 ** 63,
];
const floats = [
  0,
  1,
  -1,
  -0,
  Number.NaN,
  0.5,
  -2.5,
  Infinity,
  -Infinity,
  0.1,
  16777216,
  3.4028234663852886e38,
  1.401298464324817e-45,
  123456.789,
].map(Math.fround);
const texts = [
  '',
  'a',
  'b',
  'A',
  'ab',
  'abc',
  ' a ',
  'Abc Def',
  'é',
  'e\u0301',
  'ß',
  'İ',
  '日本語',
  '😀',
  '😀b',
  '\u{1d4b3}x',
  '\uffff',
  '\u{10000}',
  'a\u0000b',
  '12',
  '-3.5',
  ' 7 ',
  '1e3',
  '2024-02-29',
  '2024-02-29 13:14:15.123',
  '10:11:12',
  'true',
  'false',
  'NaN',
  'null',
  '%',
  'a%b_c',
  '\\',
  'a.b.c',
  'a,b,,c',
  'the quick brown fox jumps over the lazy dog',
  'https://user@host.org:80/p/q.html?k=v#f',
  'Europe/Berlin',
  'yyyy-MM-dd',
  '0'.repeat(70),
  'aaaaaaaab',
  'aaaaaaaac',
  '\t\n',
  'SGVsbG8=',
  'ff0a',
];
const bytes = [
  [],
  [0],
  [0xff],
  [1, 2, 3],
  [0x61],
  [0x61, 0],
  [0xff, 0xfe, 0xfd],
  [0xf0, 0x9f, 0x98, 0x80],
  [0xc3],
  Array.from({ length: 40 }, (_, i) => i),
].map((b) => Uint8Array.from(b));
const days = [0, 1, -1, 19782, 19722, 18321, 11016, -25567, 2932896, -719162, 20088, 365];
const micros = [
  0n,
  1n,
  -1n,
  1_709_211_600_000_000n,
  1_709_211_655_123_456n,
  -2_208_988_800_000_000n,
  1_711_846_800_000_000n,
  1_729_994_400_000_000n,
  253_402_300_799_999_999n,
  -62_135_596_800_000_000n,
  951_782_400_000_000n,
];
const months = [0, 1, -1, 12, 13, -25, 2 ** 31 - 1, -(2 ** 31)];
const spans = [0n, 1n, -1n, DAY, -DAY, 3_600_000_000n, 90_061_000_001n, I64.max, I64.min];
const times = [0n, 1n, DAY - 1n, 43_200_000_000n, 3_723_000_004n];

const decimalEdges = new Map<number, readonly bigint[]>();

function decimals(precision: number): readonly bigint[] {
  let found = decimalEdges.get(precision);
  if (found === undefined) {
    found = makeDecimals(precision);
    decimalEdges.set(precision, found);
  }
  return found;
}

function makeDecimals(precision: number): readonly bigint[] {
  const top = 10n ** BigInt(precision) - 1n;
  return [0n, 1n, -1n, top, -top, 5n, 15n, -25n, 100n, top / 2n, top / 7n].filter((n) => n <= top && n >= -top);
}

/** Edge values of a type. */
function edges(type: DataType): readonly Scalar[] {
  switch (type.kind) {
    case 'boolean':
      return truths;
    case 'int8':
      return tiny;
    case 'int16':
      return short;
    case 'int32':
      return ints;
    case 'int64':
      return longs;
    case 'float32':
      return floats;
    case 'float64':
      return doubles;
    case 'decimal':
      return decimals(type.precision);
    case 'string':
      return texts;
    case 'binary':
      return bytes;
    case 'date':
      return days;
    case 'timestamp':
    case 'timestamp_ntz':
      return micros;
    case 'interval_ym':
      return months;
    case 'interval_dt':
      return spans;
    case 'time':
      return times;
    default:
      return [null];
  }
}

/** Values that add up alike in any order. */
function tame(type: DataType, h: number): Scalar {
  const small = (h % 2001) - 1000;
  switch (type.kind) {
    case 'int32':
    case 'interval_ym':
    case 'date':
      return small;
    case 'int64':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
      return BigInt(small) * 1_000_003n;
    case 'decimal': {
      const top = 10n ** BigInt(Math.min(type.precision, 9)) - 1n;
      return BigInt(h) % top;
    }
    case 'float32':
    case 'float64':
      return small % 97 === 0 ? Number.NaN : small / 4;
    default:
      return pick(edges(type), h);
  }
}

function positive(type: DataType, h: number): Scalar {
  const value = pick(edges(type), h);
  if (typeof value === 'number' && type.kind !== 'float32' && type.kind !== 'float64')
    return value < 0 ? -(value + 1) : value;
  if (typeof value === 'bigint') return value < 0n ? -(value + 1n) : value;
  return tame(type, h);
}

const pick = <T>(items: readonly T[], h: number): T => items[h % items.length] as T;

/** Any value of a type: mostly an edge, else from all over its range. */
function wild(type: DataType, h: number): Scalar {
  if (h % 3 !== 0) return pick(edges(type), Math.floor(h / 3));
  const r = mix(h, 1);
  const wide = (BigInt(r) << 32n) | BigInt(mix(h, 2));
  switch (type.kind) {
    case 'int8':
      return (r << 24) >> 24;
    case 'int16':
      return (r << 16) >> 16;
    case 'int32':
    case 'interval_ym':
      return r | 0;
    case 'int64':
    case 'interval_dt':
      return BigInt.asIntN(64, wide);
    case 'decimal': {
      const top = 10n ** BigInt(type.precision);
      return ((wide * wide) % (2n * top - 1n)) - top + 1n;
    }
    case 'float32':
      return Math.fround((r | 0) / 1000);
    case 'float64':
      return (r | 0) * 10 ** ((h % 40) - 20);
    case 'date':
      return (r % 80_000) - 30_000;
    case 'timestamp':
    case 'timestamp_ntz':
      return BigInt(r) * 1_000_003n - 1_000_000_000_000_000n;
    case 'time':
      return BigInt(r) * 20n;
    case 'string':
      return (
        pick(texts, r) +
        pick(texts, mix(h, 3))
          .slice(0, 3)
          .replace(/[\ud800-\udbff]$/, '')
      );
    default:
      return pick(edges(type), r);
  }
}

/** The value a number stands for; equal numbers give equal values. */
export function drawValue(type: DataType, temper: Temper, h: number): Scalar {
  if (type.kind === 'null') return null;
  if (temper === 'tame') return tame(type, h);
  return temper === 'positive' ? positive(type, h) : wild(type, h);
}

/** A constant for an expression: `n` 0 is the simplest. */
export const literalOf = (type: DataType, n: number): Scalar => (n < 64 ? pick(edges(type), n) : wild(type, n));

/** What is wrong with a scalar as a value of its type; undefined when nothing is. */
export function invalid(type: DataType, value: Scalar): string | undefined {
  if (value === null) return undefined;
  const expected = kindOfScalar(type);
  const found = value instanceof Uint8Array ? 'bytes' : typeof value;
  if (expected !== found) return `a ${found} (${String(value)}) as ${type.kind}`;
  if (type.kind === 'float32' && !Object.is(Math.fround(value as number), value))
    return `${String(value)} is no float32`;
  if (expected === 'number' && type.kind !== 'float32' && type.kind !== 'float64' && !Number.isInteger(value)) {
    return `${String(value)} as ${type.kind}`;
  }
  return undefined;
}

function kindOfScalar(type: DataType): string {
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'string';
    case 'binary':
      return 'bytes';
    case 'int64':
    case 'decimal':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
    case 'interval':
    case 'time':
      return 'bigint';
    default:
      return 'number';
  }
}
