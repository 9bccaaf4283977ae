import { type DataType, float64Type, int32Type, type Scalar, SparrowError, stringType } from '../base/index.js';
import { type Call, isOn, scalar } from './define.js';
import { anyInt, anyLong, anyString, type Param, stringOrBinary, takes } from './implicit.js';
import { noCommonType } from './signature.js';
import { jaroWinkler, levenshtein, soundex, titleCase, translateChars } from './string-words.js';
import {
  checkLength,
  codePointLength,
  INT_MAX,
  isPlain,
  repeated,
  slicePoints,
  substringOf,
  substringOfBytes,
} from './text.js';

const seldom = 'a call per row: seldom the bottleneck';

/** Whether an argument may ask for more than a text can hold. */
const mayBeLong =
  (at: number) =>
  ({ literals }: Call): boolean =>
    !(typeof literals[at] === 'number' && literals[at] <= 1_000);

const padder = (name: 'lpad' | 'rpad', side: string, examples: readonly (readonly [string, string])[]) =>
  scalar({
    name,
    sql: [name],
    summary: `The string filled up at the ${side} with blanks or the third argument to a length, or cut to it.`,
    examples,
    resolve: (args, settings) => {
      const text =
        args[0]?.type.kind === 'binary' && (args[2] === undefined || args[2].type.kind === 'binary')
          ? stringOrBinary
          : anyString;
      return takes([text, anyInt, text], ([type]) => type ?? stringType, { optional: 1 })(args, settings);
    },
    nulls: 'propagate',
    fails: mayBeLong(1),
    eval: ([value, length, pad]) => {
      const left = name === 'lpad';
      if (value instanceof Uint8Array)
        return padBytes(value, length as number, (pad ?? new Uint8Array(1)) as Uint8Array, left);
      return padText(value as string, length as number, pad === undefined ? ' ' : (pad as string), left);
    },
    compiled: seldom,
  });

function padText(text: string, length: number, pad: string, left: boolean): string {
  const missing = length - codePointLength(text);
  if (missing <= 0 || pad === '') return slicePoints(text, 0, Math.min(length, INT_MAX));
  checkLength(missing);
  const units = isPlain(pad)
    ? pad.repeat(Math.ceil(missing / pad.length)).slice(0, missing)
    : filled([...pad], missing);
  return left ? units + text : text + units;
}

function filled(points: readonly string[], count: number): string {
  let out = '';
  for (let i = 0; i < count; i++) out += points[i % points.length];
  return out;
}

function padBytes(bytes: Uint8Array, length: number, pad: Uint8Array, left: boolean): Uint8Array {
  if (length <= bytes.length || pad.length === 0) return bytes.slice(0, Math.max(0, length));
  checkLength(length);
  const out = new Uint8Array(length);
  const missing = length - bytes.length;
  out.set(bytes, left ? missing : 0);
  const at = left ? 0 : bytes.length;
  for (let i = 0; i < missing; i++) out[at + i] = pad[i % pad.length] as number;
  return out;
}

/** Position (from 1) of the first occurrence from a positive position on; 0 when there is none. */
function locate(wanted: string, text: string, position: number): number {
  if (position <= 0) return 0;
  if (wanted === '') return 1;
  const from = isPlain(text) ? position - 1 : slicePoints(text, 0, position - 1).length;
  const at = text.indexOf(wanted, from);
  return at < 0 || from > text.length ? 0 : codePointLength(text.slice(0, at)) + 1;
}

/** The part before the n-th delimiter, or from the n-th last one on; delimiters may overlap from the right. */
function substringIndex(text: string, delimiter: string, count: number): string {
  if (delimiter === '' || count === 0) return '';
  let at = count > 0 ? -1 : text.length;
  for (let left = Math.abs(count); left > 0; left--) {
    at = count > 0 ? text.indexOf(delimiter, at + 1) : at === 0 ? -1 : text.lastIndexOf(delimiter, at - 1);
    if (at < 0) return text;
  }
  return count > 0 ? text.slice(0, at) : text.slice(at + delimiter.length);
}

function splitPart(text: string, delimiter: string, index: number): string {
  if (index === 0) {
    throw new SparrowError(
      'INVALID_INDEX_OF_ZERO',
      'the index 0 is invalid: parts are counted from 1, or from -1 at the end',
      {
        sqlState: '22003',
      },
    );
  }
  const parts = delimiter === '' ? [text] : text.split(delimiter);
  return parts.at(index > 0 ? index - 1 : index) ?? '';
}

/** Replaces characters from a position on, which may lie outside as in `substring`. */
function overlay(text: string, replacement: string, position: number, length: number): string {
  const taken = length >= 0 ? length : codePointLength(replacement);
  return substringOf(text, 1, position - 1) + replacement + substringOf(text, position + taken, INT_MAX);
}

function overlayBytes(bytes: Uint8Array, by: Uint8Array, position: number, length = -1): Uint8Array {
  const after = substringOfBytes(bytes, position + (length >= 0 ? length : by.length), INT_MAX);
  return Uint8Array.from(Buffer.concat([substringOfBytes(bytes, 1, position - 1), by, after]));
}

const arrayOfStrings = (type: DataType): boolean => type.kind === 'array' && type.element.kind === 'string';
const wordOrWords: Param = {
  wants: 'string or array of strings',
  accept: (type) => (arrayOfStrings(type) ? type : anyString.accept(type)),
};

const joining = {
  concatWs: scalar({
    name: 'concatWs',
    sql: ['concat_ws'],
    summary: 'The strings, and those in arrays of strings, with a separator between them; nulls are left out.',
    examples: [
      ["concat_ws(' ', 'Spark', 'SQL')", 'Spark SQL'],
      ["concat_ws(',', 'a', null, 'b')", 'a,b'],
    ],
    resolve: (args, settings) => {
      const result = takes([anyString], stringType, { rest: wordOrWords })(args, settings);
      return 'mismatch' in result ? result : { ...result, nullable: args[0]?.nullable ?? true };
    },
    nulls: 'custom',
    eval: ([separator, ...words]) =>
      separator === null ? null : (words.flat() as Scalar[]).filter((word) => word !== null).join(separator as string),
    compiled: 'a call per row: it takes arrays and leaves out nulls',
  }),
  repeat: scalar({
    name: 'repeat',
    sql: ['repeat'],
    summary: 'The string many times over; empty when the number is not positive.',
    examples: [["repeat('123', 2)", '123123']],
    resolve: takes([anyString, anyInt], stringType),
    nulls: 'propagate',
    fails: mayBeLong(1),
    eval: ([text, count]) => repeated(text as string, count as number),
    compiled: seldom,
  }),
  space: scalar({
    name: 'space',
    sql: ['space'],
    summary: 'That many blanks.',
    examples: [["concat(space(2), '1')", '  1']],
    resolve: takes([anyInt], stringType),
    nulls: 'propagate',
    fails: mayBeLong(0),
    eval: ([count]) => repeated(' ', count as number),
    compiled: seldom,
  }),
  reverse: scalar({
    name: 'reverse',
    sql: ['reverse'],
    summary: 'The characters of a string, or the elements of an array, from the last to the first.',
    examples: [
      ["reverse('Spark SQL')", 'LQS krapS'],
      ["reverse('a😀b')", 'b😀a'],
    ],
    resolve: takes(
      [{ wants: 'string or array', accept: (type) => (type.kind === 'array' ? type : anyString.accept(type)) }],
      ([type]) => type ?? stringType,
    ),
    nulls: 'propagate',
    eval: ([value]): Scalar =>
      typeof value === 'string' ? [...value].reverse().join('') : [...(value as readonly Scalar[])].reverse(),
    compiled: seldom,
  }),
  lpad: padder('lpad', 'start', [
    ["lpad('hi', 5, '??')", '???hi'],
    ["lpad('hi', 1, '??')", 'h'],
  ]),
  rpad: padder('rpad', 'end', [["rpad('hi', 5, '??')", 'hi???']]),
};

const replacing = {
  replace: scalar({
    name: 'replace',
    sql: ['replace'],
    summary: 'The string with every occurrence of the second one replaced by the third, or left out.',
    examples: [
      ["replace('ABCabc', 'abc', 'DEF')", 'ABCDEF'],
      ["replace('abcabc', 'b')", 'acac'],
    ],
    resolve: takes([anyString, anyString, anyString], stringType, { optional: 1 }),
    nulls: 'propagate',
    eval: ([text, wanted, by]) =>
      wanted === '' ? (text as string) : (text as string).replaceAll(wanted as string, () => (by ?? '') as string),
    compiled: seldom,
  }),
  translate: scalar({
    name: 'translate',
    sql: ['translate'],
    summary:
      'The string with each character of the second one replaced by that at the same place in the third, or left out.',
    examples: [
      ["translate('AaBbCc', 'abc', '123')", 'A1B2C3'],
      ["translate('AaBbCc', 'abc', '1')", 'A1BC'],
    ],
    resolve: takes([anyString, anyString, anyString], stringType),
    nulls: 'propagate',
    eval: ([text, from, to]) => translateChars(text as string, from as string, to as string),
    compiled: seldom,
  }),
  overlay: scalar({
    name: 'overlay',
    sql: ['overlay'],
    summary:
      'The string with the second one put over it from a position on, in place of as many characters or `length`.',
    examples: [
      ["overlay('Spark SQL', '_', 6)", 'Spark_SQL'],
      ["overlay('Spark SQL', 'ANSI ', 7, 0)", 'Spark ANSI SQL'],
    ],
    resolve: (args, settings) => {
      const [text, by] = args.map(({ type }) => type.kind === 'binary');
      if (text !== by && args.length > 1) return noCommonType(args.slice(0, 2));
      const param = text === true ? stringOrBinary : anyString;
      return takes([param, param, anyInt, anyInt], ([type]) => type ?? stringType, { optional: 1 })(args, settings);
    },
    nulls: 'propagate',
    eval: ([text, by, position, length]) =>
      text instanceof Uint8Array
        ? overlayBytes(text, by as Uint8Array, position as number, length as number | undefined)
        : overlay(text as string, by as string, position as number, (length ?? -1) as number),
    compiled: seldom,
  }),
  initcap: scalar({
    name: 'initcap',
    sql: ['initcap'],
    summary: 'The first letter of each word in title case, the others in lower case; words end at blanks.',
    examples: [["initcap('sPark sql')", 'Spark Sql']],
    resolve: takes([anyString], stringType),
    nulls: 'propagate',
    eval: ([text]) => titleCase(text as string),
    compiled: seldom,
  }),
};

const locating = {
  locate: scalar({
    name: 'locate',
    sql: ['locate', 'position'],
    summary: 'The position (from 1) of the first string in the second, from a position on; 0 when there is none.',
    examples: [
      ["locate('bar', 'foobarbar')", '4'],
      ["locate('bar', 'foobarbar', 5)", '7'],
    ],
    resolve: takes([anyString, anyString, anyInt], int32Type, { optional: 1 }),
    nulls: 'custom',
    eval: ([wanted, text, position = 1]) => {
      // From nowhere on there is none, whatever is looked for.
      if (position === null) return 0;
      return wanted === null || text === null ? null : locate(wanted as string, text as string, position as number);
    },
    compiled: seldom,
  }),
  splitPart: scalar({
    name: 'splitPart',
    sql: ['split_part'],
    summary:
      'A part (from 1; negative: from the end) of a string cut at a delimiter; empty beyond them; 0 is an error.',
    examples: [
      ["split_part('11.12.13', '.', 3)", '13'],
      ["split_part('11.12.13', '.', -3)", '11'],
    ],
    resolve: takes([anyString, anyString, anyInt], stringType),
    nulls: 'propagate',
    fails: (call) => typeof call.literals[2] !== 'number' || call.literals[2] === 0,
    eval: ([text, delimiter, index]) => splitPart(text as string, delimiter as string, index as number),
    compiled: seldom,
  }),
  substringIndex: scalar({
    name: 'substringIndex',
    sql: ['substring_index'],
    summary: 'What lies before the n-th delimiter, or behind the n-th one from the end when n is negative.',
    examples: [
      ["substring_index('www.apache.org', '.', 2)", 'www.apache'],
      ["substring_index('www.apache.org', '.', -2)", 'apache.org'],
    ],
    resolve: takes([anyString, anyString, anyInt], stringType),
    nulls: 'propagate',
    eval: ([text, delimiter, count]) => substringIndex(text as string, delimiter as string, count as number),
    compiled: seldom,
  }),
  findInSet: scalar({
    name: 'findInSet',
    sql: ['find_in_set'],
    summary: 'The place (from 1) of a string in a list separated by commas; 0 when it is not there or has a comma.',
    examples: [["find_in_set('ab', 'abc,b,ab,c,def')", '3']],
    resolve: takes([anyString, anyString], int32Type),
    nulls: 'propagate',
    eval: ([wanted, list]) =>
      (wanted as string).includes(',') ? 0 : (list as string).split(',').indexOf(wanted as string) + 1,
    compiled: seldom,
  }),
  levenshtein: scalar({
    name: 'levenshtein',
    sql: ['levenshtein'],
    summary: 'The least number of changed characters between two strings; -1 when it is above the threshold.',
    examples: [
      ["levenshtein('kitten', 'sitting')", '3'],
      ["levenshtein('kitten', 'sitting', 2)", '-1'],
    ],
    resolve: takes([anyString, anyString, anyInt], int32Type, { optional: 1 }),
    nulls: 'propagate',
    eval: ([a, b, threshold]) => {
      const distance = levenshtein([...(a as string)], [...(b as string)]);
      return threshold !== undefined && distance > (threshold as number) ? -1 : distance;
    },
    compiled: seldom,
  }),
  jaroWinklerSimilarity: scalar({
    name: 'jaroWinklerSimilarity',
    sql: ['jaro_winkler_similarity'],
    summary: 'How alike two strings are, from 0 to 1; more so where they begin alike.',
    examples: [["jaro_winkler_similarity('MARTHA', 'MARHTA')", '0.9611111111111111']],
    resolve: takes([anyString, anyString], float64Type),
    nulls: 'propagate',
    eval: ([a, b]) => jaroWinkler((a as string).split(''), (b as string).split('')),
    compiled: seldom,
  }),
  soundex: scalar({
    name: 'soundex',
    sql: ['soundex'],
    summary: 'The Soundex code of a word.',
    examples: [["soundex('Miller')", 'M460']],
    resolve: takes(
      [
        {
          wants: 'a string',
          accept: (type) => (type.kind === 'string' || type.kind === 'null' ? stringType : undefined),
        },
      ],
      stringType,
    ),
    nulls: 'propagate',
    eval: ([text]) => soundex(text as string),
    compiled: seldom,
  }),
  chr: scalar({
    name: 'chr',
    sql: ['chr', 'char'],
    summary: 'The character of a code modulo 256; empty for negative numbers.',
    examples: [
      ['chr(65)', 'A'],
      ['chr(321)', 'A'],
    ],
    resolve: takes([anyLong], stringType),
    nulls: 'propagate',
    eval: ([code]) => ((code as bigint) < 0n ? '' : String.fromCharCode(Number((code as bigint) & 255n))),
    compiled: seldom,
  }),
  elt: scalar({
    name: 'elt',
    sql: ['elt'],
    summary: 'The n-th of the arguments that follow; an error when there is none.',
    examples: [["elt(2, 'scala', 'java')", 'java']],
    resolve: (args, settings) => {
      const isBinary =
        args.slice(1).every((arg) => arg.type.kind === 'binary') &&
        !isOn(settings, 'spark.sql.function.eltOutputAsString');
      const param = isBinary ? stringOrBinary : anyString;
      return takes([anyInt, param], ([, type]) => type ?? stringType, { rest: param, nullable: true })(args, settings);
    },
    nulls: 'custom',
    fails: true,
    eval: ([n, ...values], call) => {
      if (n === null || n === undefined) return null;
      const index = n as number;
      if (index >= 1 && index <= values.length) return values[index - 1] ?? null;
      if (!call.settings.ansi) return null;
      throw new SparrowError(
        'INVALID_ARRAY_INDEX',
        `the index ${index} is out of bounds: there are ${values.length} values`,
        {
          sqlState: '22003',
        },
      );
    },
    compiled: seldom,
  }),
};

/** Strings: what is filled, replaced, split and compared. */
export const stringMoreFunctions = { ...joining, ...replacing, ...locating };
