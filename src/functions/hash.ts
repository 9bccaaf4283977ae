import { createHash, createHmac } from 'node:crypto';
import {
  binaryType,
  type DataType,
  int32Type,
  int64Type,
  type Scalar,
  SparrowError,
  simpleString,
  stringType,
  unpackInterval,
} from '../base/index.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { anyBinary, anyInt, anyString, takes } from './implicit.js';
import { murmur3Bytes, murmur3Int, murmur3Long } from './murmur3.js';
import { wrongCount } from './signature.js';
import { xxhash64Bytes, xxhash64Int, xxhash64Long } from './xxhash64.js';

/** The three ways values enter a hash. */
interface Hasher<H> {
  int(value: number, seed: H): H;
  long(value: bigint, seed: H): H;
  bytes(value: Uint8Array, seed: H): H;
}

const murmur3: Hasher<number> = { int: murmur3Int, long: murmur3Long, bytes: murmur3Bytes };
const xxhash: Hasher<bigint> = { int: xxhash64Int, long: xxhash64Long, bytes: xxhash64Bytes };

const SEED = 42;
const floatBits = new DataView(new ArrayBuffer(8));

/** Bits of a float, -0.0 like 0.0 and every NaN alike. */
function float32Bits(value: number): number {
  floatBits.setFloat32(0, value === 0 ? 0 : value);
  return Number.isNaN(value) ? 0x7fc00000 : floatBits.getInt32(0);
}

function float64Bits(value: number): bigint {
  floatBits.setFloat64(0, value === 0 ? 0 : value);
  return Number.isNaN(value) ? 0x7ff8000000000000n : floatBits.getBigInt64(0);
}

/** Big-endian two's complement in the fewest bytes, as Java's BigInteger.toByteArray. */
function bigIntegerBytes(value: bigint): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length++;
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt((length - 1 - i) * 8)) & 255n));
}

/** The hash of a value that continues from a seed; null leaves the seed. */
function hashScalar<H>(hasher: Hasher<H>, type: DataType, value: Scalar, seed: H): H {
  if (value === null) return seed;
  switch (type.kind) {
    case 'boolean':
      return hasher.int(value === true ? 1 : 0, seed);
    case 'int8':
    case 'int16':
    case 'int32':
    case 'date':
    case 'interval_ym':
      return hasher.int(value as number, seed);
    case 'time':
      // Spark keeps nanoseconds.
      return hasher.long((value as bigint) * 1000n, seed);
    case 'int64':
    case 'timestamp':
    case 'timestamp_ntz':
    case 'interval_dt':
      return hasher.long(value as bigint, seed);
    case 'interval': {
      const { months, days, micros } = unpackInterval(value as bigint);
      return hasher.int(months, hasher.int(days, hasher.long(micros, seed)));
    }
    case 'float32':
      return hasher.int(float32Bits(value as number), seed);
    case 'float64':
      return hasher.long(float64Bits(value as number), seed);
    case 'decimal':
      return type.precision <= 18
        ? hasher.long(value as bigint, seed)
        : hasher.bytes(bigIntegerBytes(value as bigint), seed);
    case 'string':
      return hasher.bytes(Buffer.from(value as string, 'utf8'), seed);
    case 'binary':
      return hasher.bytes(value as Uint8Array, seed);
    case 'array':
      return (value as readonly Scalar[]).reduce<H>(
        (hash, element) => hashScalar(hasher, type.element, element, hash),
        seed,
      );
    case 'struct':
      return type.fields.reduce<H>(
        (hash, f, i) => hashScalar(hasher, f.type, (value as readonly Scalar[])[i] ?? null, hash),
        seed,
      );
    default:
      return seed;
  }
}

const hasMap = (type: DataType): boolean => {
  if (type.kind === 'array') return hasMap(type.element);
  if (type.kind === 'struct') return type.fields.some((f) => hasMap(f.type));
  return type.kind === 'map' || type.kind === 'variant';
};

const resolveHash =
  (returns: DataType) =>
  (args: readonly ArgType[]): Resolution | Mismatch => {
    if (args.length === 0) return wrongCount(0, 1, Number.POSITIVE_INFINITY);
    const wrong = args.find((arg) => hasMap(arg.type));
    if (wrong !== undefined) {
      return { mismatch: `maps have no hash: ${simpleString(wrong.type)}`, code: 'DATATYPE_MISMATCH.HASH_MAP_TYPE' };
    }
    return { args: args.map((arg) => arg.type), returns, nullable: false };
  };

const hashAll = <H>(hasher: Hasher<H>, args: readonly Scalar[], { argTypes }: Call, seed: H): H =>
  args.reduce<H>((hash, arg, i) => hashScalar(hasher, argTypes[i] as DataType, arg, hash), seed);

const digest = (algorithm: string, bytes: Scalar | undefined): string =>
  createHash(algorithm)
    .update(bytes as Uint8Array)
    .digest('hex');

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function checksum(bytes: Uint8Array): number {
  let c = -1;
  for (const byte of bytes) c = (c >>> 8) ^ (CRC_TABLE[(c ^ byte) & 255] as number);
  return (c ^ -1) >>> 0;
}

const SHA2: Readonly<Record<number, string>> = {
  0: 'sha256',
  224: 'sha224',
  256: 'sha256',
  384: 'sha384',
  512: 'sha512',
};
const compiled = 'a JS call per row: cryptographic digests, and hashes that must equal Spark’s bit for bit';

export const hashFunctions = {
  /** Murmur3 hash of all arguments, as Spark computes it. */
  hash: scalar({
    name: 'hash',
    sql: ['hash'],
    summary: 'Murmur3 hash of all arguments, equal to Spark’s; nulls are skipped.',
    resolve: resolveHash(int32Type),
    nulls: 'custom',
    eval: (args, call) => hashAll(murmur3, args, call, SEED),
    compiled,
    examples: [
      ["hash('Spark', array(123), 2)", '-1321691492'],
      ['hash(1L)', '-1712319331'],
    ],
  }),
  /** xxHash64 of all arguments, as Spark computes it. */
  xxhash64: scalar({
    name: 'xxhash64',
    sql: ['xxhash64'],
    summary: 'xxHash64 of all arguments, equal to Spark’s; nulls are skipped.',
    resolve: resolveHash(int64Type),
    nulls: 'custom',
    eval: (args, call) => hashAll(xxhash, args, call, BigInt(SEED)),
    compiled,
    examples: [
      ["xxhash64('Spark', array(123), 2)", '5602566077635097486'],
      ['xxhash64(1L)', '-7001672635703045582'],
    ],
  }),
  /** MD5 digest as hexadecimal text. */
  md5: scalar({
    name: 'md5',
    sql: ['md5'],
    summary: 'MD5 digest as hexadecimal text.',
    resolve: takes([anyBinary], stringType),
    nulls: 'propagate',
    eval: ([bytes]) => digest('md5', bytes),
    compiled,
    examples: [["md5('Spark')", '8cde774d6f7333752ed72cacddb05126']],
  }),
  /** SHA-1 digest as hexadecimal text. */
  sha1: scalar({
    name: 'sha1',
    sql: ['sha1', 'sha'],
    summary: 'SHA-1 digest as hexadecimal text.',
    resolve: takes([anyBinary], stringType),
    nulls: 'propagate',
    eval: ([bytes]) => digest('sha1', bytes),
    compiled,
    examples: [["sha1('Spark')", '85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c']],
  }),
  /** SHA-2 digest of 224, 256, 384 or 512 bits as hexadecimal text. */
  sha2: scalar({
    name: 'sha2',
    sql: ['sha2'],
    summary: 'SHA-2 digest of 224, 256, 384 or 512 bits (0: 256) as hexadecimal text; null for other lengths.',
    resolve: takes([anyBinary, anyInt], stringType, { nullable: true }),
    nulls: 'propagate',
    eval: ([bytes, bits]) => {
      const algorithm = SHA2[bits as number];
      return algorithm === undefined ? null : digest(algorithm, bytes);
    },
    compiled,
    examples: [
      ["sha2('Spark', 256)", '529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b'],
      ["sha2('Spark', 10)", null],
    ],
  }),
  /** CRC-32 checksum. */
  crc32: scalar({
    name: 'crc32',
    sql: ['crc32'],
    summary: 'CRC-32 checksum, as bigint.',
    resolve: takes([anyBinary], int64Type),
    nulls: 'propagate',
    eval: ([bytes]) => BigInt(checksum(bytes as Uint8Array)),
    compiled,
    examples: [["crc32('Spark')", '1557323817']],
  }),
  hmac: scalar({
    name: 'hmac',
    sql: ['hmac'],
    summary:
      'The keyed hash of a message: key, message, and SHA-224, SHA-256 (the default), SHA-384, SHA-512, SHA-1 or MD5.',
    resolve: takes([anyBinary, anyBinary, anyString], binaryType, { optional: 1 }),
    nulls: 'propagate',
    fails: true,
    eval: ([key, message, algorithm = 'SHA-256']) => {
      const name = (algorithm as string).toLowerCase().replace('-', '');
      const refuse = (kind: string, what: string): SparrowError =>
        new SparrowError(`INVALID_PARAMETER_VALUE.HMAC_${kind}`, `hmac cannot use ${what}`, { sqlState: '22023' });
      if (!/^(sha(1|224|256|384|512)|md5)$/.test(name)) throw refuse('ALGORITHM', `the algorithm ${algorithm}`);
      if ((key as Uint8Array).length === 0) throw refuse('CRYPTO_ERROR', 'an empty key');
      return new Uint8Array(
        createHmac(name, key as Uint8Array)
          .update(message as Uint8Array)
          .digest(),
      );
    },
    compiled,
    examples: [["hex(hmac('key', 'message'))", '6E9EF29B75FFFC5B7ABAE527D58FDADB2FE42E7219011976917343065F58ED4A']],
  }),
};
