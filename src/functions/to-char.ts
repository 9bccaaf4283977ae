import {
  arrayType,
  binaryType,
  type DataType,
  decimalType,
  isFloating,
  isInteger,
  isNumeric,
  type Scalar,
  SparrowError,
  stringType,
} from '../base/index.js';
import { datetimeMoreFunctions } from './datetime-more.js';
import { decimalForInteger } from './decimal.js';
import { type ArgType, type Mismatch, type Resolution, scalar, type TypingSettings } from './define.js';
import { anyString, takes } from './implicit.js';
import { patternArgument, patternOf, readNumber, typeOfPattern, writeNumber } from './number-pattern.js';
import { wrongCount, wrongType } from './signature.js';
import { stringEncodeFunctions } from './string-encode.js';
import { tolerantOf } from './tolerant.js';

const rare = 'a call per row: rare';

function resolveToNumber(args: readonly ArgType[]): Resolution | Mismatch {
  const [text, format] = args;
  if (text === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  if (anyString.accept(text.type) === undefined) return wrongType(0, 'a string', text.type);
  const pattern = patternArgument(format);
  if (pattern === null) return { args: [stringType, stringType], returns: decimalType(38, 0), nullable: true };
  if ('mismatch' in pattern) return pattern;
  return { args: [stringType, stringType], returns: typeOfPattern(pattern) };
}

const toNumber = scalar({
  name: 'toNumber',
  sql: ['to_number'],
  summary: 'The decimal that a text means by a format of 0, 9, G, D, $, S, MI and PR; what does not fit is an error.',
  examples: [
    ["to_number('454', '999')", '454'],
    ["to_number('$78.12', '$99.99')", '78.12'],
    ["to_number('12,454.8-', '99,999.9S')", '-12454.8'],
  ],
  resolve: resolveToNumber,
  nulls: 'propagate',
  fails: true,
  eval: ([text, format]) => {
    const value = readNumber(text as string, patternOf(format as string));
    if (value !== undefined) return value;
    throw new SparrowError('INVALID_FORMAT.MISMATCH_INPUT', `'${text}' does not fit the format '${format}'`, {
      sqlState: '42601',
    });
  },
  compiled: rare,
});

/** to_char of a number, a date or timestamp, or binary, by the first argument's type. */
function resolveToChar(args: readonly ArgType[]): Resolution | Mismatch {
  const [value, format] = args;
  if (value === undefined || format === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
  const { type } = value;
  if (['date', 'time', 'timestamp', 'timestamp_ntz'].includes(type.kind)) {
    return datetimeMoreFunctions.dateFormat.resolve(args, { ansi: true });
  }
  if (type.kind === 'binary') {
    if (format.type.kind !== 'string' && format.type.kind !== 'null')
      return { mismatch: 'the format is no constant text', code: 'NON_FOLDABLE_ARGUMENT' };
    return { args: [type, stringType], returns: stringType };
  }
  if (!isNumeric(type) && type.kind !== 'null' && type.kind !== 'string')
    return wrongType(0, 'a number, date or binary', type);
  const pattern = patternArgument(format);
  if (pattern !== null && 'mismatch' in pattern) return pattern;
  const decimal = isFloating(type) ? decimalType(30, 15) : (decimalForInteger(type) ?? decimalType(38, 18));
  return {
    args: [isInteger(type) || isFloating(type) || type.kind === 'decimal' ? decimal : decimalType(38, 18), stringType],
    returns: stringType,
  };
}

function binaryText(bytes: Uint8Array, format: string): string {
  const buffer = Buffer.from(bytes);
  switch (format.toLowerCase()) {
    case 'base64':
      return buffer.toString('base64');
    case 'hex':
      return buffer.toString('hex').toUpperCase();
    case 'utf-8':
      return buffer.toString('utf8');
    default:
      throw new SparrowError(
        'INVALID_PARAMETER_VALUE.BINARY_FORMAT',
        `to_char knows base64, hex and utf-8 for binary, not '${format}'`,
        { sqlState: '22023' },
      );
  }
}

const binaryFormats: ReadonlySet<string> = new Set(['hex', 'utf-8', 'utf8', 'base64']);

function resolveBinary(args: readonly ArgType[], settings: TypingSettings, tolerant = false): Resolution | Mismatch {
  const resolution = takes([anyString, anyString], binaryType, { optional: 1 })(args, settings);
  if ('mismatch' in resolution) return resolution;
  const format = args[1]?.literal;
  if (args[1] !== undefined && format === undefined)
    return { mismatch: 'the format must be a constant', code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
  if (!tolerant && format !== undefined && format !== null && !binaryFormats.has(String(format).toLowerCase()))
    return { mismatch: `'${format}' is no binary format`, code: 'DATATYPE_MISMATCH.INVALID_ARG_VALUE' };
  return resolution;
}

const toBinary = scalar({
  name: 'toBinary',
  sql: ['to_binary'],
  summary: 'The bytes that a text means as hex (the usual), utf-8 or base64; what is malformed is an error.',
  examples: [
    ["cast(to_binary('abc', 'utf-8') as string)", 'abc'],
    ["hex(to_binary('537061726B'))", '537061726B'],
  ],
  resolve: (args, settings) => resolveBinary(args, settings),
  nulls: 'propagate',
  fails: true,
  eval: ([text, format = 'hex'], call) => {
    const name = (format as string).toLowerCase();
    if (name.startsWith('utf')) return new Uint8Array(Buffer.from(text as string, 'utf8'));
    const malformed = (): SparrowError =>
      new SparrowError('CONVERSION_INVALID_INPUT', `'${text}' is no ${name} text`, {
        sqlState: '22018',
        hint: 'use `try_to_binary` to get NULL instead',
      });
    if (name === 'hex') {
      const digits = text as string;
      if (!/^[0-9a-fA-F]*$/.test(digits)) throw malformed();
      return new Uint8Array(Buffer.from(digits.length % 2 === 1 ? `0${digits}` : digits, 'hex'));
    }
    if (name !== 'base64' || !isBase64(text as string)) throw malformed();
    return stringEncodeFunctions.unbase64.eval([text as Scalar], call);
  },
  compiled: rare,
});

function isBase64(text: string): boolean {
  const digits = text.replace(/[\s\r\n\t]/g, '');
  const body = digits.replace(/=*$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(body)) return false;
  const padding = digits.length - body.length;
  return (
    body.length % 4 !== 1 && (padding === 0 ? body.length % 4 === 0 : (body.length + padding) % 4 === 0 && padding < 3)
  );
}

const sentenceType: DataType = arrayType(arrayType(stringType, false), false);

/** A language that Intl knows; English otherwise. */
function knownLanguage(language: Scalar | undefined): string {
  return typeof language === 'string' && /^[a-zA-Z]{2,3}$/.test(language) ? language : 'en';
}

/** Sentences and words by the rules of Unicode (Intl.Segmenter). */
function sentences(text: string, locale: string): Scalar {
  const parts = new Intl.Segmenter(locale, { granularity: 'sentence' }).segment(text);
  const words = new Intl.Segmenter(locale, { granularity: 'word' });
  return [...parts]
    .map(({ segment }) =>
      [...words.segment(segment)]
        .filter((w) => w.isWordLike === true || /[\p{L}\p{N}]/u.test(w.segment))
        .map((w) => w.segment),
    )
    .filter((list) => list.length > 0);
}

/** Conversions by a format, and sentences. */
export const formatFunctions = {
  toNumber,
  tryToNumber: tolerantOf(
    toNumber,
    'tryToNumber',
    'try_to_number',
    'The decimal that a text means by a format; null when it does not fit.',
    [
      ["try_to_number('454', '999')", '454'],
      ["try_to_number('x', '999')", null],
    ],
  ),
  toChar: scalar({
    name: 'toChar',
    sql: ['to_char', 'to_varchar'],
    summary:
      'A number by a format of 0, 9, G, D, $, S, MI and PR, a date or timestamp by a pattern, or binary as base64, hex or utf-8.',
    examples: [
      ["to_char(454, '999')", '454'],
      ["to_char(12454, '99,999')", '12,454'],
      ["to_char(-12454.8, '99,999.9S')", '12,454.8-'],
      ["to_char(date'2016-04-08', 'y')", '2016'],
    ],
    resolve: resolveToChar,
    nulls: 'propagate',
    fails: true,
    eval: ([value, format], call) => {
      const type = call.argTypes[0] as DataType;
      if (type.kind === 'binary') return binaryText(value as Uint8Array, format as string);
      if (type.kind !== 'decimal')
        return datetimeMoreFunctions.dateFormat.eval([value as Scalar, format as Scalar], {
          ...call,
          fn: 'dateFormat',
        });
      return writeNumber(value as bigint, type.scale, patternOf(format as string));
    },
    compiled: rare,
  }),
  toBinary,
  tryToBinary: tolerantOf(
    { ...toBinary, resolve: (args, settings) => resolveBinary(args, settings, true) },
    'tryToBinary',
    'try_to_binary',
    'The bytes that a text means; null when it is malformed.',
    [["try_to_binary('a!', 'base64')", null]],
  ),
  sentences: scalar({
    name: 'sentences',
    sql: ['sentences'],
    summary: 'A text as sentences, each a list of words; language and country may be given.',
    examples: [["sentences('Hi there! Good morning.')", '[[Hi, there], [Good, morning]]']],
    resolve: takes([anyString, anyString, anyString], sentenceType, { optional: 2 }),
    nulls: 'custom',
    eval: ([text, language]) => (text === null ? null : sentences(text as string, knownLanguage(language))),
    compiled: rare,
  }),
};
