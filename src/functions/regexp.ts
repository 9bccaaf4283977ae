import { arrayType, booleanType, int32Type, type Scalar, SparrowError, stringType } from '../base/index.js';
import { type ArgType, type Call, scalar } from './define.js';
import { textLiteral } from './emit-parts.js';
import { anyInt, anyString, constant, takes } from './implicit.js';
import { type Match, type Regex, regexOf } from './regex.js';

const REMEMBERED = 256;
const compiledRegexes = new Map<string, Regex>();
const compiled = 'a call per row: regular expressions are those of JS, translated from Java';

function remembered(pattern: string): Regex {
  let regex = compiledRegexes.get(pattern);
  if (regex === undefined) {
    regex = regexOf(pattern);
    if (compiledRegexes.size >= REMEMBERED) compiledRegexes.clear();
    compiledRegexes.set(pattern, regex);
  }
  return regex;
}

const firstMatch = (pattern: unknown, text: unknown): Match | null =>
  remembered(pattern as string).finder(text as string)(0);

/** Every match from a position on, as Java's `find` gives them. */
function* matches(pattern: string, text: string, from = 0): Generator<Match> {
  const find = remembered(pattern).finder(text);
  let at = from;
  while (at <= text.length) {
    const match = find(at);
    if (match === null) return;
    const end = match.index + match[0].length;
    // Behind an empty match the search goes on one character later.
    at = match[0] === '' ? end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1) : end;
    yield match;
  }
}

/** Java's split: an empty match at the start cuts nothing, empty strings at the end stay. */
export function split(text: string, pattern: string, limit: number): string[] {
  if (text !== '' && pattern === '') {
    const points = [...text];
    if (limit <= 0 || limit >= points.length) return points;
    return [...points.slice(0, limit - 1), points.slice(limit - 1).join('')];
  }
  const parts: string[] = [];
  let from = 0;
  for (const match of matches(pattern, text)) {
    if (limit > 0 && parts.length === limit - 1) break;
    if (match[0] === '' && match.index === 0) continue;
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function groupOf(match: Match, group: number, fn: string): string {
  if (group < 0 || group >= match.length) {
    throw new SparrowError(
      'INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX',
      `${fn} was asked for group ${group}, the expression has groups 0 to ${match.length - 1}`,
      { sqlState: '22023' },
    );
  }
  return match[group] ?? '';
}

function invalidReplacement(replacement: string, why: string): SparrowError {
  return new SparrowError(
    'INVALID_REGEXP_REPLACE',
    `the replacement ${JSON.stringify(replacement)} is invalid: ${why}`,
    {
      sqlState: '22023',
    },
  );
}

/** Java's replacement text: `$1`, `${name}` and escapes by `\`. */
function expand(replacement: string, match: Match): string {
  if (!/[\\$]/.test(replacement)) return replacement;
  let out = '';
  for (let i = 0; i < replacement.length; i++) {
    const char = replacement[i] as string;
    if (char === '\\') {
      const next = replacement[++i];
      if (next === undefined) throw invalidReplacement(replacement, 'a \\ at the end escapes nothing');
      out += next;
    } else if (char === '$') {
      const [text, last] = reference(replacement, i + 1, match);
      out += text;
      i = last;
    } else out += char;
  }
  return out;
}

/** The group a `$` refers to, and the position of the reference's last character. */
function reference(replacement: string, start: number, match: Match): [text: string, last: number] {
  const named = /^\{([A-Za-z][A-Za-z0-9]*)\}/.exec(replacement.slice(start));
  if (named !== null) {
    const name = named[1] as string;
    if (!Object.hasOwn(match.groups ?? {}, name)) throw invalidReplacement(replacement, `there is no group ${name}`);
    return [match.groups?.[name] ?? '', start + named[0].length - 1];
  }
  let group = digitAt(replacement, start);
  if (group === undefined) throw invalidReplacement(replacement, 'a $ must be followed by a group');
  if (group >= match.length) throw invalidReplacement(replacement, `there is no group ${group}`);
  let last = start;
  // More digits belong to it as long as there is such a group.
  for (let digit = digitAt(replacement, last + 1); digit !== undefined; digit = digitAt(replacement, last + 1)) {
    if (group * 10 + digit >= match.length) break;
    group = group * 10 + digit;
    last++;
  }
  return [match[group] ?? '', last];
}

function digitAt(text: string, at: number): number | undefined {
  const char = text[at];
  return char !== undefined && /[0-9]/.test(char) ? Number(char) : undefined;
}

function replaceAll(text: string, pattern: string, replacement: string, position: number): string {
  // The first match of an empty pattern may lie behind the last character.
  const from = position - 1;
  if (from !== 0 && from >= text.length) return text;
  let out = '';
  let at = 0;
  for (const match of matches(pattern, text, from)) {
    out += text.slice(at, match.index) + expand(replacement, match);
    at = match.index + match[0].length;
  }
  return out + text.slice(at);
}

/** A call whose constant pattern is sound does not fail. */
const patternFails = (call: Call): boolean => {
  const pattern = textLiteral(call.literals[1]);
  if (pattern === undefined) return true;
  try {
    remembered(pattern);
    return false;
  } catch {
    return true;
  }
};

const positive = (args: readonly ArgType[]) => {
  const position = args[3]?.literal;
  return position !== undefined && position !== null && Number(position) <= 0;
};

const replaceTypes = takes([anyString, anyString, anyString, constant(anyInt)], stringType, { optional: 1 });

/** Regular expressions, in Java's syntax. */
export const regexpFunctions = {
  rlike: scalar({
    name: 'rlike',
    sql: ['rlike', 'regexp', 'regexp_like'],
    summary: 'Whether a part of the string fits a regular expression.',
    examples: [
      ["rlike('abc', '^a.c$')", 'true'],
      ["regexp_like('abc', 'x')", 'false'],
    ],
    resolve: takes([anyString, anyString], booleanType),
    nulls: 'propagate',
    fails: patternFails,
    eval: ([text, pattern]) => remembered(pattern as string).test(text as string),
    compiled,
  }),
  regexpExtract: scalar({
    name: 'regexpExtract',
    sql: ['regexp_extract'],
    summary: 'A group (the first unless given, 0: all) of the first match; the empty string when there is none.',
    examples: [
      ["regexp_extract('100-200', '([0-9]+)-([0-9]+)', 1)", '100'],
      ["regexp_extract('foo', '([0-9]+)', 1)", ''],
    ],
    resolve: takes([anyString, anyString, anyInt], stringType, { optional: 1 }),
    nulls: 'propagate',
    fails: true,
    eval: ([text, pattern, group]) => {
      const match = firstMatch(pattern, text);
      return match === null ? '' : groupOf(match, (group ?? 1) as number, 'regexp_extract');
    },
    compiled,
  }),
  regexpExtractAll: scalar({
    name: 'regexpExtractAll',
    sql: ['regexp_extract_all'],
    summary: 'A group (the first unless given, 0: all) of every match.',
    examples: [["regexp_extract_all('100-200, 300-400', '([0-9]+)-([0-9]+)', 1)", '[100, 300]']],
    resolve: takes([anyString, anyString, anyInt], arrayType(stringType, true), { optional: 1 }),
    nulls: 'propagate',
    fails: true,
    eval: ([text, pattern, group]): Scalar => {
      const found = matches(pattern as string, text as string);
      return [...found].map((match) => groupOf(match, (group ?? 1) as number, 'regexp_extract_all'));
    },
    compiled,
  }),
  regexpReplace: scalar({
    name: 'regexpReplace',
    sql: ['regexp_replace'],
    summary: 'The string with every match, from a position on, replaced; `$1` stands for a group.',
    examples: [
      ["regexp_replace('100-200', '([0-9]+)', 'num')", 'num-num'],
      ["regexp_replace('ab', '(a)(b)', '$2$1')", 'ba'],
    ],
    resolve: (args, settings) =>
      positive(args)
        ? { mismatch: 'the position must be positive', code: 'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE' }
        : replaceTypes(args, settings),
    nulls: 'propagate',
    fails: true,
    eval: ([text, pattern, replacement, position]) =>
      replaceAll(text as string, pattern as string, replacement as string, (position ?? 1) as number),
    compiled,
  }),
  regexpCount: scalar({
    name: 'regexpCount',
    sql: ['regexp_count'],
    summary: 'The number of matches.',
    examples: [["regexp_count('Steven and Stephen', 'Ste(v|ph)en')", '2']],
    resolve: takes([anyString, anyString], int32Type),
    nulls: 'propagate',
    fails: patternFails,
    eval: ([text, pattern]) => [...matches(pattern as string, text as string)].length,
    compiled,
  }),
  regexpInstr: scalar({
    name: 'regexpInstr',
    sql: ['regexp_instr'],
    summary: 'The position (from 1, in UTF-16 units as in Spark) of the first match; 0 when there is none.',
    examples: [["regexp_instr('abc', 'b')", '2']],
    resolve: takes([anyString, anyString, anyInt], int32Type, { optional: 1 }),
    nulls: 'propagate',
    fails: patternFails,
    eval: ([text, pattern]) => (firstMatch(pattern, text)?.index ?? -1) + 1,
    compiled,
  }),
  regexpSubstr: scalar({
    name: 'regexpSubstr',
    sql: ['regexp_substr'],
    summary: 'The first match; null when there is none.',
    examples: [
      ["regexp_substr('Steven Jones', 'Ste(v|ph)en')", 'Steven'],
      ["regexp_substr('abc', 'x')", null],
    ],
    resolve: takes([anyString, anyString], stringType, { nullable: true }),
    nulls: 'propagate',
    fails: patternFails,
    // An empty match counts as none.
    eval: ([text, pattern]) => firstMatch(pattern, text)?.[0] || null,
    compiled,
  }),
  split: scalar({
    name: 'split',
    sql: ['split'],
    summary: 'The parts between the matches of a regular expression; at most `limit` of them when that is positive.',
    examples: [
      ["split('oneAtwoBthreeC', '[ABC]')", '[one, two, three, ]'],
      ["split('oneAtwoBthreeC', '[ABC]', 2)", '[one, twoBthreeC]'],
    ],
    resolve: takes([anyString, anyString, anyInt], arrayType(stringType, false), { optional: 1 }),
    nulls: 'propagate',
    fails: patternFails,
    eval: ([text, pattern, limit]): Scalar => split(text as string, pattern as string, (limit ?? -1) as number),
    compiled,
  }),
};
