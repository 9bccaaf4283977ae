import { binaryType, booleanType, type DataType, int32Type, type Scalar, stringType } from '../base/index.js';
import { type Call, isOn, scalar } from './define.js';
import { argument, booleanOf, intOf, keepI32, part } from './emit-parts.js';
import { anyInt, anyString, stringOrBinary, takes } from './implicit.js';
import { commonTypeOf, noCommonType } from './signature.js';
import { emitAscii, emitCase, emitConcat, emitLeft, emitRight, emitSubstring, emitTrim } from './string-emit.js';
import { codePointLength, INT_MAX, substringOf, substringOfBytes, trimSet, utf8Length } from './text.js';
import { emitCodePoints, emitFind, emitFindInColumn, emitStartsAt, spanOf, textOf } from './text-emit.js';
import type { Emitter, Value } from './value.js';

const sizeOf = (value: Scalar): number =>
  typeof value === 'string' ? utf8Length(value) : (value as Uint8Array).length;
const isText = (types: readonly DataType[]): boolean => types[0]?.kind === 'string';
/** Both of one kind: binary when both are, else string. */
const pairOf = takesPair();

function takesPair() {
  return (args: Parameters<ReturnType<typeof takes>>[0], settings: { readonly ansi: boolean }) => {
    const binary = args.length === 2 && args.every((arg) => arg.type.kind === 'binary');
    return takes(binary ? [stringOrBinary, stringOrBinary] : [anyString, anyString], booleanType)(args, settings);
  };
}

const bounded: [bigint, bigint] = [0n, BigInt(INT_MAX)];

const lengths = {
  length: scalar({
    name: 'length',
    sql: ['length', 'len', 'char_length', 'character_length'],
    summary: 'The number of characters of a string, trailing blanks included, or of bytes of a binary value.',
    examples: [
      ["length('Spark SQL ')", '10'],
      ["length('a😀ß')", '3'],
      ["length(x'0102')", '2'],
    ],
    resolve: takes([stringOrBinary], int32Type),
    nulls: 'propagate',
    range: () => bounded,
    eval: ([value]) => (typeof value === 'string' ? codePointLength(value) : (value as Uint8Array).length),
    emit: (e, args, call) => {
      const value = argument(args, 0);
      return intOf(isText(call.argTypes) ? emitCodePoints(e, value) : part(value, 1), bounded);
    },
  }),
  octetLength: scalar({
    name: 'octetLength',
    sql: ['octet_length'],
    summary: 'The number of bytes of a string in UTF-8, or of a binary value.',
    examples: [
      ["octet_length('ß')", '2'],
      ["octet_length(x'01')", '1'],
    ],
    resolve: takes([stringOrBinary], int32Type),
    nulls: 'propagate',
    range: () => bounded,
    eval: ([value]) => sizeOf(value as Scalar),
    emit: (_, args) => intOf(part(args[0], 1), bounded),
  }),
  bitLength: scalar({
    name: 'bitLength',
    sql: ['bit_length'],
    summary: 'The number of bits of a string in UTF-8, or of a binary value.',
    examples: [["bit_length('ß')", '16']],
    resolve: takes([stringOrBinary], int32Type),
    nulls: 'propagate',
    eval: ([value]) => sizeOf(value as Scalar) * 8,
    emit: (e, args) => {
      e.code.get(part(args[0], 1)).i32(3).op('i32.shl');
      return intOf(keepI32(e));
    },
  }),
};

const changeCase = (name: 'upper' | 'lower', alias: string, example: readonly [string, string]) =>
  scalar({
    name,
    sql: [name, alias],
    summary: `The string in ${name} case, by the full Unicode mappings and no locale.`,
    examples: [example],
    resolve: takes([anyString], stringType),
    nulls: 'propagate',
    eval: ([text]) => (name === 'upper' ? (text as string).toUpperCase() : (text as string).toLowerCase()),
    emit: (e, args, call) => emitCase(e, args, call, name),
  });

const trimmer = (
  name: string,
  sql: readonly string[],
  left: boolean,
  right: boolean,
  where: string,
  example: readonly [string, string],
) =>
  scalar({
    name,
    sql,
    summary: `The string without blanks at ${where}; with two arguments, without the characters of the first.`,
    examples: [example],
    resolve: takes([anyString, anyString], stringType, { optional: 1 }),
    nulls: 'propagate',
    eval: (args) =>
      args.length === 1
        ? trimSet(args[0] as string, ' ', left, right)
        : trimSet(args[1] as string, args[0] as string, left, right),
    emit: (e, args) => (args.length === 1 ? emitTrim(e, argument(args, 0), left, right) : undefined),
    compiled: 'in Wasm for blanks; a call per row for other characters',
  });

const cutting = {
  substring: scalar({
    name: 'substring',
    sql: ['substring', 'substr', 'mid'],
    summary: 'The characters from a position on (from 1; negative: from the end), at most `length` of them.',
    examples: [
      ["substring('Spark SQL', 5)", 'k SQL'],
      ["substring('Spark SQL', -3)", 'SQL'],
      ["substring('Spark SQL', 5, 1)", 'k'],
    ],
    resolve: takes([stringOrBinary, anyInt, anyInt], ([type]) => type ?? stringType, { optional: 1 }),
    nulls: 'propagate',
    eval: ([text, position, length]) => {
      const most = length === undefined ? INT_MAX : (length as number);
      return typeof text === 'string'
        ? substringOf(text, position as number, most)
        : substringOfBytes(text as Uint8Array, position as number, most);
    },
    emit: (e, args, call) => (isText(call.argTypes) ? emitSubstring(e, args, call) : undefined),
    compiled: 'in Wasm for strings; a call per row for binary',
  }),
  left: scalar({
    name: 'left',
    sql: ['left'],
    summary: 'The first characters of a string; none when the number is not positive.',
    examples: [
      ["left('Spark SQL', 3)", 'Spa'],
      ["left('abc', -1)", ''],
    ],
    resolve: takes([stringOrBinary, anyInt], ([type]) => type ?? stringType),
    nulls: 'propagate',
    eval: ([text, count]) =>
      typeof text === 'string'
        ? substringOf(text, 1, count as number)
        : substringOfBytes(text as Uint8Array, 1, count as number),
    emit: (e, args, call) => (isText(call.argTypes) ? emitLeft(e, args) : undefined),
    compiled: 'in Wasm for strings; a call per row for binary',
  }),
  right: scalar({
    name: 'right',
    sql: ['right'],
    summary: 'The last characters of a string; none when the number is not positive.',
    examples: [
      ["right('Spark SQL', 3)", 'SQL'],
      ["right('a😀b', 2)", '😀b'],
    ],
    resolve: takes([anyString, anyInt], stringType),
    nulls: 'propagate',
    eval: ([text, count]) => ((count as number) <= 0 ? '' : substringOf(text as string, -(count as number), INT_MAX)),
    emit: (e, args) => emitRight(e, args),
  }),
  trim: trimmer('trim', ['trim'], true, true, 'both ends', ["trim('    SparkSQL   ')", 'SparkSQL']),
  ltrim: trimmer('ltrim', ['ltrim'], true, false, 'the start', ["ltrim('    SparkSQL   ')", 'SparkSQL   ']),
  rtrim: trimmer('rtrim', ['rtrim'], false, true, 'the end', ["rtrim('    SparkSQL   ')", '    SparkSQL']),
  btrim: scalar({
    name: 'btrim',
    sql: ['btrim'],
    summary: 'The string without blanks, or the characters of the second argument, at both ends.',
    examples: [
      ["btrim('    SparkSQL   ')", 'SparkSQL'],
      ["btrim('SSparkSQLS', 'SL')", 'parkSQ'],
    ],
    resolve: takes([anyString, anyString], stringType, { optional: 1 }),
    nulls: 'propagate',
    eval: ([text, set]) => trimSet(text as string, (set ?? ' ') as string, true, true),
    emit: (e, args) => (args.length === 1 ? emitTrim(e, argument(args, 0), true, true) : undefined),
    compiled: 'in Wasm for blanks; a call per row for other characters',
  }),
};

/** Contains, starts with, ends with: how each looks at the text. */
const search = (
  name: string,
  sql: readonly string[],
  summary: string,
  example: readonly [string, string],
  test: (text: string, wanted: string) => boolean,
  testBytes: (bytes: Buffer, wanted: Uint8Array) => boolean,
  emit: (e: Emitter, text: Value, wanted: Value, call: Call) => Value,
) =>
  scalar({
    name,
    sql,
    summary,
    examples: [example],
    resolve: pairOf,
    nulls: 'propagate',
    eval: ([text, wanted]) =>
      typeof text === 'string'
        ? test(text, wanted as string)
        : testBytes(Buffer.from(text as Uint8Array), wanted as Uint8Array),
    emit: (e, args, call) => emit(e, argument(args, 0), argument(args, 1), call),
  });

function emitContains(e: Emitter, text: Value, wanted: Value, call: Call): Value {
  const { at, end } = spanOf(e, text);
  // Only what is constant is looked for in several rows at once.
  const bytesEnd = call.literals[1] === undefined ? undefined : text.bytesEnd;
  const found = bytesEnd === undefined ? emitFind(e, at, end, wanted) : emitFindInColumn(e, at, end, bytesEnd, wanted);
  e.code.get(found).i32(-1).op('i32.ne');
  return booleanOf(keepI32(e));
}

function emitStartsWith(e: Emitter, text: Value, wanted: Value): Value {
  const { at, end } = spanOf(e, text);
  return booleanOf(emitStartsAt(e, at, end, wanted));
}

function emitEndsWith(e: Emitter, text: Value, wanted: Value): Value {
  const { code } = e;
  const { end, length } = spanOf(e, text);
  const flag = code.local('i32');
  const start = code.local('i32');
  code.i32(0).set(flag);
  code
    .get(part(wanted, 1))
    .get(length)
    .op('i32.le_u')
    .if(() => {
      code.get(end).get(part(wanted, 1)).op('i32.sub').set(start);
      code.get(emitStartsAt(e, start, end, wanted)).set(flag);
    });
  return booleanOf(flag);
}

const searching = {
  contains: search(
    'contains',
    ['contains'],
    'Whether the second string (or binary) occurs in the first.',
    ["contains('Spark SQL', 'Spark')", 'true'],
    (text, wanted) => text.includes(wanted),
    (bytes, wanted) => bytes.indexOf(wanted) >= 0,
    emitContains,
  ),
  startswith: search(
    'startswith',
    ['startswith'],
    'Whether the first string (or binary) starts with the second.',
    ["startswith('Spark SQL', 'Spark')", 'true'],
    (text, wanted) => text.startsWith(wanted),
    (bytes, wanted) => bytes.subarray(0, wanted.length).equals(wanted),
    emitStartsWith,
  ),
  endswith: search(
    'endswith',
    ['endswith'],
    'Whether the first string (or binary) ends with the second.',
    ["endswith('Spark SQL', 'SQL')", 'true'],
    (text, wanted) => text.endsWith(wanted),
    (bytes, wanted) => bytes.length >= wanted.length && bytes.subarray(bytes.length - wanted.length).equals(wanted),
    emitEndsWith,
  ),
  instr: scalar({
    name: 'instr',
    sql: ['instr'],
    summary: 'The position (from 1) of the first occurrence of the second string in the first; 0 when there is none.',
    examples: [
      ["instr('SparkSQL', 'SQL')", '6'],
      ["instr('a😀b', 'b')", '3'],
    ],
    resolve: takes([anyString, anyString], int32Type),
    nulls: 'propagate',
    range: () => bounded,
    eval: ([text, wanted]) => {
      const at = (text as string).indexOf(wanted as string);
      return at < 0 ? 0 : codePointLength((text as string).slice(0, at)) + 1;
    },
    emit: (e, args) => {
      const { code } = e;
      const { at, end } = spanOf(e, argument(args, 0));
      const found = emitFind(e, at, end, argument(args, 1));
      const position = code.local('i32');
      code.i32(0).set(position);
      code.get(found).i32(-1).op('i32.ne');
      code.if(() => {
        code.get(found).get(at).op('i32.sub');
        const before = textOf(stringType, at, keepI32(e));
        code.get(emitCodePoints(e, before)).i32(1).op('i32.add').set(position);
      });
      return intOf(position, bounded);
    },
  }),
};

const combining = {
  concat: scalar({
    name: 'concat',
    sql: ['concat', '||'],
    summary: 'The strings (or binary values, or arrays) one after the other; null when one of them is null.',
    examples: [
      ["concat('Spark', 'SQL')", 'SparkSQL'],
      ["concat('a', 1, true)", 'a1true'],
      ["concat('a', null)", null],
    ],
    resolve: (args, settings) => {
      const [first] = args;
      if (first?.type.kind === 'array') {
        const common = args.some((arg) => arg.type.kind === 'null') ? undefined : commonTypeOf(args.map((a) => a.type));
        return common === undefined ? noCommonType(args) : { args: args.map(() => common), returns: common };
      }
      const binary =
        args.length > 0 &&
        args.every((arg) => arg.type.kind === 'binary') &&
        !isOn(settings, 'spark.sql.function.concatBinaryAsString');
      return takes([], binary ? binaryType : stringType, { rest: binary ? stringOrBinary : anyString })(args, settings);
    },
    nulls: 'propagate',
    eval: (args, call) => {
      if (call.returns.kind === 'array') return (args as readonly (readonly Scalar[])[]).flat(1);
      return call.returns.kind === 'binary' ? new Uint8Array(Buffer.concat(args as Uint8Array[])) : args.join('');
    },
    emit: (e, args, call) =>
      call.returns.kind === 'array' || args.length === 0 ? undefined : emitConcat(e, args, call.returns),
    compiled: 'in Wasm for strings and binary; a call per row for arrays',
  }),
  ascii: scalar({
    name: 'ascii',
    sql: ['ascii'],
    summary: 'The code point of the first character; 0 for the empty string.',
    examples: [
      ["ascii('222')", '50'],
      ["ascii('😀')", '128512'],
      ["ascii('')", '0'],
    ],
    resolve: takes([anyString], int32Type),
    nulls: 'propagate',
    range: () => [0n, 0x10ffffn],
    eval: ([text]) => (text as string).codePointAt(0) ?? 0,
    emit: (e, args) => intOf(emitAscii(e, argument(args, 0)), [0n, 0x10ffffn]),
  }),
};

/** Strings: what is measured, cut, found and joined. */
export const stringFunctions = {
  ...lengths,
  upper: changeCase('upper', 'ucase', ["upper('SparkSql')", 'SPARKSQL']),
  lower: changeCase('lower', 'lcase', ["lower('SparkSql')", 'sparksql']),
  ...cutting,
  ...searching,
  ...combining,
};
