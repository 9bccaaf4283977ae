import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import {
  binaryType,
  int32Type,
  int64Type,
  nullType,
  type Scalar,
  SparrowError,
  simpleString,
  stringType,
} from '../base/index.js';
import { castScalar } from './cast-eval.js';
import { scalar } from './define.js';
import type { EvalSettings } from './expression.js';
import { anyBinary, anyBoolean, anyLong, anyNumber, anyString, anyType, justString, only, takes } from './implicit.js';
import { commonType } from './signature.js';
import { tolerantOf } from './tolerant.js';

const constantText = 'a call per row: it is the same for every row';
const rare = 'a call per row: rare';

const fixed = (
  name: string,
  sql: readonly string[],
  summary: string,
  value: string,
  now: (settings: EvalSettings) => string = () => value,
) =>
  scalar({
    name,
    sql,
    summary,
    examples: [[`${sql[0]}()`, value]],
    resolve: takes([], stringType),
    nulls: 'propagate',
    eval: (_, call) => now(call.settings),
    compiled: constantText,
  });

/** AES as Spark's aes_encrypt: GCM by default, with the initialization vector before and the tag behind the text. */
interface Cipher {
  readonly mode: 'ECB' | 'CBC' | 'GCM';
  readonly key: Buffer;
  readonly ivBytes: number;
}

const fail = (kind: string, what: string): SparrowError =>
  new SparrowError(`INVALID_PARAMETER_VALUE.${kind}`, what, { sqlState: '22023' });

function cipherOf(fn: string, key: Uint8Array, mode: string, padding: string): Cipher {
  if (![16, 24, 32].includes(key.length))
    throw fail('AES_KEY_LENGTH', `${fn} takes a key of 16, 24 or 32 bytes, not ${key.length}`);
  const upper = mode.toUpperCase();
  const known = { ECB: ['PKCS', 'DEFAULT'], CBC: ['PKCS', 'DEFAULT'], GCM: ['NONE', 'DEFAULT'] }[upper];
  if (known === undefined || !known.includes(padding.toUpperCase())) {
    throw new SparrowError(
      'UNSUPPORTED_FEATURE.AES_MODE',
      `${fn} does not know the mode ${mode} with the padding ${padding}`,
      { sqlState: '0A000' },
    );
  }
  return {
    mode: upper as Cipher['mode'],
    key: Buffer.from(key),
    ivBytes: upper === 'GCM' ? 12 : upper === 'CBC' ? 16 : 0,
  };
}

const algorithm = ({ mode, key }: Cipher): string => `aes-${key.length * 8}-${mode.toLowerCase()}`;
const TAG_BYTES = 16;

function encrypt(args: readonly Scalar[]): Uint8Array {
  const [text, key, mode = 'GCM', padding = 'DEFAULT', iv, aad] = args;
  const cipher = cipherOf('aes_encrypt', key as Uint8Array, mode as string, padding as string);
  const given = iv as Uint8Array | undefined;
  if (given !== undefined && given.length > 0 && given.length !== cipher.ivBytes)
    throw cipher.mode === 'ECB'
      ? new SparrowError(
          'UNSUPPORTED_FEATURE.AES_MODE_IV',
          'aes_encrypt takes no initialization vector in the mode ECB',
          { sqlState: '0A000' },
        )
      : fail(
          'AES_IV_LENGTH',
          `the mode ${cipher.mode} takes an initialization vector of ${cipher.ivBytes} bytes, not ${given.length}`,
        );
  const extra = aad as Uint8Array | undefined;
  if (extra !== undefined && extra.length > 0 && cipher.mode !== 'GCM')
    throw new SparrowError(
      'UNSUPPORTED_FEATURE.AES_MODE_AAD',
      `aes_encrypt takes no additional data in the mode ${cipher.mode}`,
      { sqlState: '0A000' },
    );
  const vector =
    cipher.mode === 'ECB'
      ? null
      : given !== undefined && given.length > 0
        ? Buffer.from(given)
        : randomBytes(cipher.ivBytes);
  const engine = createCipheriv(algorithm(cipher) as 'aes-128-gcm', cipher.key, vector as Buffer);
  if (extra !== undefined && cipher.mode === 'GCM') engine.setAAD(Buffer.from(extra));
  const body = [engine.update(Buffer.from(text as Uint8Array)), engine.final()];
  const tag = cipher.mode === 'GCM' ? [engine.getAuthTag()] : [];
  return new Uint8Array(Buffer.concat([...(vector === null ? [] : [vector]), ...body, ...tag]));
}

function decrypt(args: readonly Scalar[]): Uint8Array {
  const [input, key, mode = 'GCM', padding = 'DEFAULT', aad] = args;
  const cipher = cipherOf('aes_decrypt', key as Uint8Array, mode as string, padding as string);
  const bytes = Buffer.from(input as Uint8Array);
  try {
    const vector = cipher.mode === 'ECB' ? null : bytes.subarray(0, cipher.ivBytes);
    const isGcm = cipher.mode === 'GCM';
    const end = bytes.length - (isGcm ? TAG_BYTES : 0);
    const engine = createDecipheriv(algorithm(cipher) as 'aes-128-gcm', cipher.key, vector as Buffer);
    if (isGcm) engine.setAuthTag(bytes.subarray(end));
    if (isGcm && aad !== undefined) engine.setAAD(Buffer.from(aad as Uint8Array));
    return new Uint8Array(Buffer.concat([engine.update(bytes.subarray(cipher.ivBytes, end)), engine.final()]));
  } catch (cause) {
    throw new SparrowError(
      'INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR',
      'aes_decrypt: the input, key or additional data do not fit',
      { sqlState: '22023', cause },
    );
  }
}

const aesDecrypt = scalar({
  name: 'aesDecrypt',
  sql: ['aes_decrypt'],
  summary:
    'What aes_encrypt made of a value: input, key, mode (GCM, CBC, ECB), padding, additional data; what does not fit is an error.',
  examples: [
    [
      "cast(aes_decrypt(unhex('83F16B2AA704794132802D248E6BFD4E380078182D1544813898AC97E709B28A94'), '0000111122223333') as string)",
      'Spark',
    ],
  ],
  resolve: takes([anyBinary, anyBinary, anyString, anyString, anyBinary], binaryType, { optional: 3 }),
  nulls: 'propagate',
  fails: true,
  eval: decrypt,
  compiled: rare,
});

/** What is about the session, about types, and about nothing else. */
export const miscFunctions = {
  typeof: scalar({
    name: 'typeof',
    sql: ['typeof'],
    summary: 'The name of an expression’s type.',
    examples: [
      ['typeof(1)', 'int'],
      ['typeof(cast(null as date))', 'date'],
    ],
    resolve: (args) => {
      const resolution = takes([anyType], stringType)(args, { ansi: true });
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false };
    },
    nulls: 'custom',
    eval: (_, call) => simpleString(call.argTypes[0] ?? nullType),
    compiled: constantText,
  }),
  version: fixed('version', ['version'], 'The version of Spark whose language this is.', '4.0.0'),
  currentCatalog: fixed('currentCatalog', ['current_catalog'], 'The current catalog.', 'spark_catalog'),
  currentDatabase: fixed(
    'currentDatabase',
    ['current_database', 'current_schema'],
    'The current database.',
    'default',
    ({ database = 'default' }) => database,
  ),
  currentUser: scalar({
    name: 'currentUser',
    sql: ['current_user', 'user', 'session_user'],
    kept: ['user', 'session_user'],
    summary: 'The name of the user who runs the session, as the environment gives it.',
    examples: [],
    resolve: takes([], stringType),
    nulls: 'propagate',
    eval: () => process.env.USER ?? process.env.USERNAME ?? 'user',
    compiled: constantText,
  }),
  uuid: scalar({
    name: 'uuid',
    sql: ['uuid'],
    summary: 'A random UUID (version 4).',
    examples: [],
    resolve: takes([], stringType),
    nulls: 'propagate',
    deterministic: false,
    eval: () => randomUUID(),
    compiled: rare,
  }),
  raiseError: scalar({
    name: 'raiseError',
    sql: ['raise_error'],
    summary: 'Raises an error with this message.',
    examples: [],
    resolve: takes([anyString], nullType, { nullable: true }),
    nulls: 'custom',
    fails: true,
    deterministic: false,
    eval: ([message]) => {
      throw new SparrowError('USER_RAISED_EXCEPTION', message === null ? 'null' : (message as string), {
        sqlState: 'P0001',
      });
    },
    compiled: 'it never gives a value',
  }),
  assertTrue: scalar({
    name: 'assertTrue',
    sql: ['assert_true'],
    summary: 'Null; an error, with the message given, unless the condition is true.',
    shown: ([condition, message = `'${condition}' is not true!`]) => `assert_true(${condition}, ${message})`,
    examples: [['assert_true(0 < 1)', null]],
    resolve: takes([anyBoolean, anyString], nullType, { optional: 1, nullable: true }),
    nulls: 'custom',
    fails: true,
    deterministic: false,
    eval: ([condition, message]) => {
      if (condition === true) return null;
      throw new SparrowError(
        'USER_RAISED_EXCEPTION',
        (message as string | null | undefined) ?? 'the condition is not true',
        { sqlState: 'P0001' },
      );
    },
    compiled: rare,
  }),
  nullifzero: scalar({
    name: 'nullifzero',
    sql: ['nullifzero'],
    summary: 'The number, or null when it is zero.',
    examples: [
      ['nullifzero(0)', null],
      ['nullifzero(2)', '2'],
    ],
    resolve: (args, settings) => {
      const resolution = takes([anyNumber], ([type]) => type ?? int32Type)(args, settings);
      const type = args[0]?.type;
      // It is compared with 0, and given as it is.
      return 'mismatch' in resolution || type === undefined
        ? resolution
        : { args: [type], returns: type, nullable: true };
    },
    nulls: 'propagate',
    eval: ([x], call) => {
      const type = call.argTypes[0] ?? int64Type;
      if (type.kind !== 'string') return Number(x) === 0 ? null : (x as Scalar);
      const { ansi, timeZone } = call.settings;
      const number = castScalar(x as Scalar, type, ansi ? int64Type : int32Type, {
        mode: ansi ? 'ansi' : 'legacy',
        timeZone,
      });
      return Number(number) === 0 && number !== null ? null : (x as Scalar);
    },
    fails: (call) => call.settings.ansi && call.argTypes[0]?.kind === 'string',
    compiled: rare,
  }),
  zeroifnull: scalar({
    name: 'zeroifnull',
    sql: ['zeroifnull'],
    summary: 'The number, or zero when it is null.',
    examples: [
      ['zeroifnull(null)', '0'],
      ['zeroifnull(2)', '2'],
    ],
    resolve: (args, settings) => {
      const resolution = takes([anyNumber], int32Type)(args, settings);
      if ('mismatch' in resolution) return resolution;
      const [given] = args[0]?.type.kind === 'string' && settings.ansi ? resolution.args : [args[0]?.type];
      const common = commonType(given ?? int32Type, int32Type, settings.ansi) ?? int32Type;
      return { args: [common], returns: common, nullable: false };
    },
    nulls: 'custom',
    eval: ([x], { returns: { kind } }) =>
      x ?? (kind === 'string' ? '0' : kind === 'int64' || kind === 'decimal' ? 0n : 0),
    compiled: rare,
  }),
  collation: scalar({
    name: 'collation',
    sql: ['collation'],
    summary: 'The collation of a string: always that of its bytes.',
    examples: [["collation('Spark SQL')", 'SYSTEM.BUILTIN.UTF8_BINARY']],
    resolve: (args, settings) => {
      const resolution = takes([justString], stringType)(args, settings);
      return 'mismatch' in resolution ? resolution : { ...resolution, nullable: false };
    },
    nulls: 'custom',
    eval: () => 'SYSTEM.BUILTIN.UTF8_BINARY',
    compiled: constantText,
  }),
  aesEncrypt: scalar({
    name: 'aesEncrypt',
    sql: ['aes_encrypt'],
    summary:
      'A value encrypted with AES: input, key of 16, 24 or 32 bytes, mode (GCM, CBC, ECB), padding, initialization vector, additional data.',
    examples: [["hex(aes_encrypt('Spark', '0000111122223333', 'ECB'))", '348FF37EBDE05B7880BA339068FBDA5E']],
    resolve: takes([anyBinary, anyBinary, anyString, anyString, anyBinary, anyBinary], binaryType, { optional: 4 }),
    nulls: 'propagate',
    fails: true,
    deterministic: false,
    eval: encrypt,
    compiled: rare,
  }),
  aesDecrypt,
  tryAesDecrypt: tolerantOf(
    aesDecrypt,
    'tryAesDecrypt',
    'try_aes_decrypt',
    'What aes_encrypt made of a value; null when input, key or additional data do not fit.',
    [],
  ),
  bitmapBitPosition: scalar({
    name: 'bitmapBitPosition',
    sql: ['bitmap_bit_position'],
    summary: 'The position (from 0) of a number’s bit in its bitmap of 32768 bits.',
    examples: [
      ['bitmap_bit_position(1)', '0'],
      ['bitmap_bit_position(123)', '122'],
    ],
    resolve: takes([anyLong], int64Type),
    nulls: 'propagate',
    eval: ([n]) => {
      const x = n as bigint;
      return x > 0n ? (x - 1n) % 32768n : -x % 32768n;
    },
    compiled: rare,
  }),
  bitmapBucketNumber: scalar({
    name: 'bitmapBucketNumber',
    sql: ['bitmap_bucket_number'],
    summary: 'The number of the bitmap that a number’s bit lies in.',
    examples: [
      ['bitmap_bucket_number(123)', '1'],
      ['bitmap_bucket_number(0)', '0'],
    ],
    resolve: takes([anyLong], int64Type),
    nulls: 'propagate',
    eval: ([n]) => {
      const x = n as bigint;
      return x > 0n ? 1n + (x - 1n) / 32768n : x / 32768n;
    },
    compiled: rare,
  }),
  bitmapCount: scalar({
    name: 'bitmapCount',
    sql: ['bitmap_count'],
    summary: 'The number of bits that are set in a bitmap.',
    examples: [["bitmap_count(X '1010')", '2']],
    resolve: takes([only('binary', (type) => type.kind === 'binary')], int64Type),
    nulls: 'propagate',
    eval: ([bytes]) => {
      let count = 0;
      for (const byte of bytes as Uint8Array) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
      return BigInt(count);
    },
    compiled: rare,
  }),
};
