import { SparrowError } from '../base/index.js';

/** One run of a pattern letter, literal text, or an optional section. */
export type PatternPart =
  | { readonly kind: 'field'; readonly letter: string; readonly count: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'optional'; readonly parts: readonly PatternPart[] };

export type PatternUse = 'format' | 'parse';

const WEEK_BASED = 'YWwuec';
const ILLEGAL = 'ABcenNp';
const ILLEGAL_IN_PARSING = 'EFqQ';
/** The longest run of each letter there is. */
const LONGEST: Readonly<Record<string, number>> = {
  G: 4,
  y: 6,
  M: 4,
  L: 4,
  d: 2,
  D: 3,
  E: 4,
  a: 1,
  h: 2,
  H: 2,
  k: 2,
  K: 2,
  m: 2,
  s: 2,
  S: 9,
  q: 4,
  Q: 4,
  z: 4,
  V: 2,
  X: 5,
  x: 5,
  Z: 5,
  O: 4,
  F: 1,
};

const remembered = new Map<string, readonly PatternPart[]>();
const REMEMBERED = 256;

/** Reads a pattern of Spark's datetime letters. */
export function datetimePattern(pattern: string, use: PatternUse): readonly PatternPart[] {
  const key = `${use}:${pattern}`;
  let parts = remembered.get(key);
  if (parts === undefined) {
    const reader: PatternReader = { pattern, at: 0, use };
    parts = readPattern(reader);
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(key, parts);
  }
  return parts;
}

/** Letters of Java's older SimpleDateFormat. */
const OLDER = /^(?:'[^']*'|[GyYMLwWDdFEuaHkKhmsSzZ]|X{1,3}(?!X)|[^A-Za-z'])*$/;

/** A pattern that only Spark 2 could read is refused by another name, as Spark does. */
function readPattern(reader: PatternReader): PatternPart[] {
  try {
    const parts = readParts(reader, false);
    if (reader.refused !== undefined) throw reader.refused;
    return parts;
  } catch (error) {
    if (!(error instanceof SparrowError) || !OLDER.test(reader.pattern)) throw error;
    throw new SparrowError(
      'INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION',
      `the datetime pattern ${JSON.stringify(reader.pattern)} is no longer understood`,
      { sqlState: '42K0B', cause: error },
    );
  }
}

interface PatternReader {
  readonly pattern: string;
  readonly use: PatternUse;
  at: number;
  refused?: SparrowError;
}

function readParts(reader: PatternReader, inOptional: boolean): PatternPart[] {
  const { pattern } = reader;
  const parts: PatternPart[] = [];
  while (reader.at < pattern.length) {
    const char = pattern[reader.at] as string;
    if (char === ']' && inOptional) {
      reader.at++;
      return parts;
    }
    if (char === '[') {
      reader.at++;
      parts.push({ kind: 'optional', parts: readParts(reader, true) });
    } else if (char === "'") parts.push({ kind: 'text', text: readQuoted(reader) });
    else if (/[A-Za-z]/.test(char)) parts.push(readField(reader));
    else if ('{}#]'.includes(char)) throw patternError(pattern, 'ILLEGAL_CHARACTER', `${char} is reserved`);
    else {
      reader.at++;
      parts.push({ kind: 'text', text: char });
    }
  }
  // A section left open ends with the pattern, as in Java.
  return parts;
}

/** Text in quotes; two quotes are one. */
function readQuoted(reader: PatternReader): string {
  const { pattern } = reader;
  let text = '';
  let at = reader.at + 1;
  for (;;) {
    const end = pattern.indexOf("'", at);
    if (end < 0) throw patternError(pattern, 'ILLEGAL_CHARACTER', 'a quote is not closed');
    text += pattern.slice(at, end);
    at = end + 1;
    if (pattern[at] !== "'" || at === reader.at + 1) break;
    text += "'";
    at++;
  }
  const empty = at === reader.at + 2;
  reader.at = at;
  return empty ? "'" : text;
}

function readField(reader: PatternReader): PatternPart {
  const { pattern, at, use } = reader;
  const letter = pattern[at] as string;
  while (pattern[reader.at] === letter) reader.at++;
  const count = reader.at - at;
  if (WEEK_BASED.includes(letter)) {
    throw new SparrowError(
      'INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN',
      `the datetime pattern ${JSON.stringify(pattern)} is invalid: ${letter} is based on weeks`,
      { hint: 'use y, M and d, or weekofyear()', sqlState: '42K0B' },
    );
  }
  if (ILLEGAL.includes(letter) || (use === 'parse' && ILLEGAL_IN_PARSING.includes(letter))) {
    throw patternError(
      pattern,
      'ILLEGAL_CHARACTER',
      `${letter} cannot be used ${use === 'parse' ? 'in parsing' : 'here'}`,
    );
  }
  const longest = LONGEST[letter];
  const wrong =
    longest === undefined ||
    count > longest ||
    (letter === 'V' && count !== 2) ||
    (letter === 'O' && count !== 1 && count !== 4);
  if (!wrong) return { kind: 'field', letter, count };
  const why = `${count} × ${letter} cannot be used`;
  if ('GMLEqQ'.includes(letter)) throw patternError(pattern, 'LENGTH', why);
  // What only Java refuses is told after what Spark itself does.
  reader.refused ??= patternError(pattern, 'WITH_SUGGESTION', why);
  return { kind: 'text', text: letter };
}

export function patternError(pattern: string, condition: string, why: string): SparrowError {
  return new SparrowError(
    `INVALID_DATETIME_PATTERN.${condition}`,
    `the datetime pattern ${JSON.stringify(pattern)} is invalid: ${why}`,
    {
      sqlState: '22007',
      parameters: { pattern },
    },
  );
}

/** Whether a letter stands in the pattern: years are counted within eras where G does. */
export const hasLetter = (parts: readonly PatternPart[], letter: string): boolean =>
  parts.some((p) => (p.kind === 'field' ? p.letter === letter : p.kind === 'optional' && hasLetter(p.parts, letter)));
