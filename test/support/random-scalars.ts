import {
  type DataType,
  int32Type,
  integerBounds,
  packInterval,
  type Scalar,
  writeVariant,
} from '../../src/base/index.js';

/** A small seeded generator (mulberry32): the same seed gives the same values everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bigint(low: bigint, high: bigint): bigint {
    const span = high - low + 1n;
    let value = 0n;
    for (let i = 0; i < 5; i++) value = (value << 32n) | BigInt(this.below(2 ** 32));
    return low + (value % span);
  }
}

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  1.5,
  1e-7,
  3.9,
  -1.99,
  100,
  1e10,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  2 ** 63,
  1e300,
  NaN,
  Infinity,
  -Infinity,
];
const TEXTS = [
  '',
  'a',
  'A',
  'ab',
  'abc',
  'Spark',
  'spark sql',
  ' x ',
  '12',
  '-7',
  '1.5',
  'true',
  '2024-02-29',
  '2024-02-29 12:34:56.789',
  'é',
  'ß',
  'İ',
  '日本語',
  '😀',
  'a😀b',
  'e\u0301',
  '%_\\',
  'aaaaaaaa',
  'aaaaaaaab',
  'the quick brown fox jumps',
  'yyyy-MM-dd',
  'UTC',
  'a,b,c',
  '\u0000',
  'month',
];

/** A value of the type; `small` keeps numbers near zero (for lengths and counts). Never null. */
export function randomScalar(type: DataType, random: Random, small = false): Exclude<Scalar, null> {
  switch (type.kind) {
    case 'boolean':
      return random.below(2) === 1;
    case 'int8':
    case 'int16':
    case 'int32':
    case 'interval_ym':
      return Number(randomInteger(type, random, small));
    case 'date':
      return random.pick([
        0,
        -1,
        19782,
        -719162,
        1,
        59,
        365,
        random.below(40000) - 10000,
        random.below(400000) - 100000,
      ]);
    case 'int64':
      return randomInteger(type, random, small);
    case 'decimal':
      return randomInteger(type, random, small);
    case 'interval_dt':
      return random.pick([0n, 1n, -86_400_000_000n, 3_600_000_000n, random.bigint(-(10n ** 13n), 10n ** 13n)]);
    case 'interval':
      return packInterval({
        months: Number(randomInteger(int32Type, random, small)),
        days: Number(randomInteger(int32Type, random, small)),
        micros: random.pick([0n, 1n, -3_600_000_000n, random.bigint(-(10n ** 13n), 10n ** 13n)]),
      });
    case 'time':
      return random.bigint(0n, 86_399_999_999n);
    case 'timestamp':
    case 'timestamp_ntz':
      return random.pick([0n, -1n, 1n, 1_709_208_000_000_000n, random.bigint(-(4n * 10n ** 15n), 4n * 10n ** 15n)]);
    case 'float32':
      return Math.fround(randomFloat(random, small));
    case 'float64':
      return randomFloat(random, small);
    case 'string':
      return random.pick([random.pick(TEXTS), random.pick(TEXTS) + random.pick(TEXTS)]);
    case 'binary':
      return new Uint8Array(Array.from({ length: random.below(20) }, () => random.below(256)));
    case 'array':
      return Array.from({ length: random.below(4) }, () => nullable(type.element, random, small, type.containsNull));
    case 'struct':
      return type.fields.map((f) => nullable(f.type, random, small, f.nullable));
    case 'map': {
      const keys = new Map<string, Scalar>();
      // A key is never null.
      for (let i = type.key.kind === 'null' ? 0 : random.below(4); i > 0; i--) {
        const key = randomScalar(type.key, random, small);
        keys.set(String(key), key);
      }
      return {
        entries: [...keys.values()].map((key) => [key, nullable(type.value, random, small, type.valueContainsNull)]),
      };
    }
    case 'variant':
      return writeVariant(random.pick([null, true, 42, -1.5, 'text', [1, 'two', null], { a: 1, b: ['x'] }]), 'a test');
    default:
      throw new Error(`no random ${type.kind}`);
  }
}

const nullable = (type: DataType, random: Random, small: boolean, isNullable: boolean): Scalar =>
  type.kind === 'null' || (isNullable && random.below(5) === 0) ? null : randomScalar(type, random, small);

function randomInteger(type: DataType, random: Random, small: boolean): bigint {
  const [low, high] = integerBounds(type) as readonly [bigint, bigint];
  const clip = (n: bigint): bigint => (n < low ? low : n > high ? high : n);
  if (small) return clip(BigInt(random.below(30) - 8));
  const unit = type.kind === 'decimal' ? 10n ** BigInt(type.scale) : 1n;
  const choice = random.below(10);
  if (choice < 4)
    return clip(random.pick([0n, 1n, -1n, 2n, 3n, 5n, 7n, -7n, 10n]) * (random.below(2) === 0 ? 1n : unit));
  if (choice < 5) return random.pick([low, high, low + 1n, high - 1n]);
  if (choice < 8) return clip(random.bigint(-1000n * unit, 1000n * unit));
  return random.bigint(low, high);
}

function randomFloat(random: Random, small: boolean): number {
  if (small) return random.pick([0, 1, -1, 0.5, 2.5, 7, NaN]);
  return random.below(3) === 0 ? random.pick(FLOATS) : (random.next() - 0.5) * 10 ** random.below(12);
}
