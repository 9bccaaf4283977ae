import {
  binaryType,
  type DataType,
  float64Type,
  isNumeric,
  type Scalar,
  SparrowError,
  stringType,
} from '../base/index.js';
import { isOnFor } from './asked-settings.js';
import { compareScalars } from './compare-scalars.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { anyBinary, anyInt, anyString, anyType, constant, type Param, takes } from './implicit.js';
import { formatWithPattern, formatWithScale } from './number-format.js';
import { printf } from './printf.js';
import { commonTypeOf, noCommonType } from './signature.js';

const seldom = 'a call per row: seldom the bottleneck';
const resolveCharset = takes([anyBinary, anyString], stringType);

/** decode(x, search, result, search, result, …, otherwise): nulls equal each other. */
function resolveSearch(args: readonly ArgType[], { ansi }: { readonly ansi: boolean }): Resolution | Mismatch {
  const isResult = (i: number): boolean => i > 0 && (i % 2 === 0 || (i === args.length - 1 && i % 2 === 1));
  const types = args.map((arg) => arg.type);
  const keys = commonTypeOf(
    types.filter((_, i) => !isResult(i)),
    ansi,
  );
  const results = commonTypeOf(
    types.filter((_, i) => isResult(i)),
    ansi,
  );
  if (keys === undefined || results === undefined) return noCommonType(args);
  const mayMiss = args.length % 2 === 1;
  const nullable = mayMiss || args.some((arg, i) => isResult(i) && arg.nullable);
  return { args: args.map((_, i) => (isResult(i) ? results : keys)), returns: results, nullable };
}

function search(args: readonly Scalar[], call: Call): Scalar {
  const [wanted] = args as [Scalar];
  const type = call.argTypes[0] as DataType;
  for (let i = 1; i + 1 < args.length; i += 2) {
    const key = args[i] as Scalar;
    const isSame = wanted === null || key === null ? wanted === key : compareScalars(type, wanted, key) === 0;
    if (isSame) return args[i + 1] as Scalar;
  }
  return args.length % 2 === 0 ? (args.at(-1) as Scalar) : null;
}

const CHARSETS: Readonly<Record<string, string>> = {
  'UTF-8': 'utf8',
  'US-ASCII': 'ascii',
  'ISO-8859-1': 'latin1',
  'UTF-16': 'utf16',
  'UTF-16BE': 'utf16be',
  'UTF-16LE': 'utf16le',
  'UTF-32': 'utf32',
};

/** Any charset that the platform can decode, where the session allows those beyond Spark's own. */
function otherCharset(name: string, call: Call): string | undefined {
  if (!isOnFor(call, 'spark.sql.legacy.javaCharsets')) return undefined;
  try {
    return new TextDecoder(name).encoding;
  } catch {
    return undefined;
  }
}

const isLenient = (call: Call): boolean => isOnFor(call, 'spark.sql.legacy.codingErrorAction');

/** The characters of a charset by their bytes, of those that take one or two. */
function tableOf(charset: string): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(charset);
  if (known !== undefined) return known;
  const table = new Map<string, readonly number[]>();
  const enter = (...bytes: number[]): void => {
    const text = decodeOther(new Uint8Array(bytes), charset, false);
    if ([...text].length === 1 && text !== '\ufffd' && !table.has(text)) table.set(text, bytes);
  };
  for (let first = 0; first < 256; first++) enter(first);
  for (let first = 128; first < 256; first++) for (let second = 64; second < 256; second++) enter(first, second);
  tables.set(charset, table);
  return table;
}

/** Of windows-1252 what is not ISO-8859-1, from 0x80 on; some versions of Node.js take the two for one. */
const WINDOWS_1252 = '€�‚ƒ„…†‡ˆ‰Š‹Œ�Ž��‘’“”•–—˜™š›œ�žŸ';

function decodeOther(bytes: Uint8Array, charset: string, fatal: boolean): string {
  if (charset !== 'windows-1252') return new TextDecoder(charset, { fatal }).decode(bytes);
  return Array.from(bytes, (b) => (b >> 5 === 4 ? WINDOWS_1252[b - 0x80] : String.fromCharCode(b))).join('');
}

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>();

function charsetOf(name: string, fn: string, call: Call): string {
  const charset = CHARSETS[name.toUpperCase()] ?? otherCharset(name, call);
  if (charset !== undefined) return charset;
  throw new SparrowError('INVALID_PARAMETER_VALUE.CHARSET', `the charset ${JSON.stringify(name)} of ${fn} is unknown`, {
    candidates: Object.keys(CHARSETS),
    sqlState: '22023',
  });
}

function malformed(fn: string, charset: string): SparrowError {
  return new SparrowError('MALFORMED_CHARACTER_CODING', `${fn} found characters that are none in ${charset}`, {
    sqlState: '22000',
  });
}

/** One byte each; what the charset does not have is a question mark or an error. */
function encodeNarrow(text: string, most: number, name: string, call: Call): Uint8Array {
  const codes = [...text].map((c) => c.codePointAt(0) as number);
  if (!isLenient(call) && codes.some((code) => code > most)) throw malformed('encode', name);
  return Uint8Array.from(codes, (code) => (code > most ? QUESTION_MARK : code));
}

const QUESTION_MARK = 0x3f;

function encode(text: string, name: string, call: Call): Uint8Array {
  const charset = charsetOf(name, 'encode', call);
  if (charset === 'ascii' || charset === 'latin1') {
    return encodeNarrow(text, charset === 'ascii' ? 0x7f : 0xff, name, call);
  }
  if (!Object.values(CHARSETS).includes(charset)) {
    const table = tableOf(charset);
    return Uint8Array.from([...text].flatMap((c) => table.get(c) ?? missing(name, call)));
  }
  if (charset === 'utf8') return new Uint8Array(Buffer.from(text, 'utf8'));
  if (charset === 'utf32') {
    const view = new DataView(new ArrayBuffer(4 * [...text].length));
    for (const [i, c] of [...text].entries()) view.setUint32(4 * i, c.codePointAt(0) as number);
    return new Uint8Array(view.buffer);
  }
  const bytes = Buffer.from(text, 'utf16le');
  if (charset === 'utf16le') return new Uint8Array(bytes);
  bytes.swap16();
  const mark = charset === 'utf16' && text !== '' ? [0xfe, 0xff] : [];
  return new Uint8Array([...mark, ...bytes]);
}

function missing(name: string, call: Call): readonly number[] {
  if (isLenient(call)) return [QUESTION_MARK];
  throw malformed('encode', name);
}

function decode(bytes: Uint8Array, name: string, call: Call): string {
  const charset = charsetOf(name, 'decode', call);
  const fatal = !isLenient(call);
  if (charset === 'utf32') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length >> 2 }, (_, i) => String.fromCodePoint(view.getUint32(4 * i))).join('');
  }
  if (charset === 'latin1' || charset === 'ascii') {
    if (charset === 'ascii' && bytes.some((byte) => byte > 0x7f)) {
      if (fatal) throw malformed('decode', name);
      return Array.from(bytes, (byte) => (byte > 0x7f ? '\ufffd' : String.fromCharCode(byte))).join('');
    }
    return Buffer.from(bytes).toString('latin1');
  }
  const little = charset === 'utf16le' || (charset === 'utf16' && bytes[0] === 0xff && bytes[1] === 0xfe);
  const label = charset === 'utf8' ? 'utf-8' : 'utf-16le';
  const input = charset === 'utf8' || little || bytes.length % 2 !== 0 ? bytes : Buffer.from(bytes).swap16();
  try {
    if (!Object.values(CHARSETS).includes(charset)) return decodeOther(bytes, charset, fatal);
    return new TextDecoder(label, { fatal, ignoreBOM: charset !== 'utf16' }).decode(input);
  } catch {
    throw malformed('decode', name);
  }
}

const LINE = 76;

/** As MIME has it: lines of 76 characters. */
function base64(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64');
  return text.length <= LINE ? text : (text.match(/.{1,76}/g) ?? []).join('\r\n');
}

/** Characters that are none of base64 are skipped; what follows the padding is an error. */
function unbase64(text: string): Uint8Array {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, '');
  const body = digits.replace(/=+$/, '');
  const padding = digits.length - body.length;
  const split = /=[^A-Za-z0-9+/=]+=/.test(text);
  const wrong =
    split || body.includes('=') || body.length % 4 === 1 || (padding > 0 && (body.length + padding) % 4 !== 0);
  if (!wrong) return new Uint8Array(Buffer.from(body, 'base64'));
  throw new SparrowError('CONVERSION_INVALID_INPUT', `${JSON.stringify(text)} is no base64 text`, {
    sqlState: '22018',
  });
}

/** A number, and no text that means one. */
const justNumber: Param = {
  wants: 'numeric',
  accept: (type) => (isNumeric(type) ? type : type.kind === 'null' ? float64Type : undefined),
};
const scaleOrPattern: Param = {
  wants: 'int or string',
  accept: (type) => (type.kind === 'string' ? type : anyInt.accept(type)),
};

const formatted = (name: string, sql: readonly string[]) =>
  scalar({
    name,
    sql,
    summary:
      "The values in the places of a format, as Java's: `%d`, `%5.2f`, `%-10s`, `%,d`, `%x`, `%e`, `%2$s`, `%%`.",
    examples: [[`${sql[0]}('Hello World %d %s', 100, 'days')`, 'Hello World 100 days']],
    resolve: takes([anyString], stringType, { rest: anyType }),
    nulls: 'custom',
    fails: true,
    eval: ([format, ...values], call): Scalar =>
      format === null ? null : printf(format as string, values, call.argTypes.slice(1)),
    compiled: seldom,
  });

/** Strings and bytes, and numbers as formatted text. */
export const stringEncodeFunctions = {
  base64: scalar({
    name: 'base64',
    sql: ['base64'],
    summary: 'The bytes as base64, in lines of 76 characters.',
    examples: [["base64('Spark SQL')", 'U3BhcmsgU1FM']],
    resolve: takes([anyBinary], stringType),
    nulls: 'propagate',
    eval: ([bytes]) => base64(bytes as Uint8Array),
    compiled: seldom,
  }),
  unbase64: scalar({
    name: 'unbase64',
    sql: ['unbase64'],
    summary: 'The bytes of a base64 text.',
    examples: [["cast(unbase64('U3BhcmsgU1FM') as string)", 'Spark SQL']],
    resolve: takes([anyString], binaryType),
    nulls: 'propagate',
    fails: true,
    eval: ([text]) => unbase64(text as string),
    compiled: seldom,
  }),
  encode: scalar({
    name: 'encode',
    sql: ['encode'],
    summary: 'The bytes of a string in a charset: UTF-8, UTF-16 (BE, LE), ISO-8859-1 or US-ASCII.',
    examples: [["hex(encode('é', 'utf-8'))", 'C3A9']],
    resolve: takes([anyString, anyString], binaryType),
    nulls: 'propagate',
    fails: true,
    eval: ([text, charset], call) => encode(text as string, charset as string, call),
    compiled: seldom,
  }),
  decode: scalar({
    name: 'decode',
    sql: ['decode'],
    summary:
      'The string that bytes are in a charset (UTF-8, UTF-16 (BE, LE), UTF-32, ISO-8859-1 or US-ASCII); with more arguments, the result behind the first of several values that equals the first argument, else the last one.',
    examples: [
      ["decode(encode('abc', 'utf-8'), 'utf-8')", 'abc'],
      ["decode(2, 1, 'Southlake', 2, 'San Francisco', 'Non domestic')", 'San Francisco'],
    ],
    resolve: (args, settings) => (args.length > 2 ? resolveSearch(args, settings) : resolveCharset(args, settings)),
    nulls: 'custom',
    fails: true,
    eval: (args, call) => {
      if (args.length > 2) return search(args, call);
      const [bytes, charset] = args;
      return bytes === null || charset === null ? null : decode(bytes as Uint8Array, charset as string, call);
    },
    compiled: seldom,
  }),
  formatNumber: scalar({
    name: 'formatNumber',
    sql: ['format_number'],
    summary:
      'The number with commas between thousands, rounded half even to some digits, or by a pattern such as #,##0.00.',
    examples: [
      ['format_number(12332.123456, 4)', '12,332.1235'],
      ["format_number(12332.123456, '##################.###')", '12332.123'],
    ],
    resolve: takes([justNumber, constant(scaleOrPattern)], stringType, { nullable: true }),
    nulls: 'propagate',
    fails: (call) => typeof call.literals[1] !== 'number',
    eval: ([value, format], call): Scalar => {
      if (typeof format === 'number')
        return format < 0 ? null : formatWithScale(value as Scalar, call.argTypes[0], format);
      return formatWithPattern(value as Scalar, call.argTypes[0], format as string);
    },
    compiled: seldom,
  }),
  formatString: formatted('formatString', ['format_string', 'printf']),
};
