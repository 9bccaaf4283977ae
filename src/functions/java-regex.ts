import { readClass } from './java-regex-class.js';
import { type Flags, hexEscape, Reader } from './java-regex-reader.js';

/*
 * Java's regular expressions as those of JavaScript (flag `u`). What means the same is translated, what JavaScript
 * has no word for is refused: possessive quantifiers of more than a character, atomic groups, class intersections, comments mode.
 */

const LINE_END = '\\n\\r\\u0085\\u2028\\u2029';
const NOT_INSIDE_CRLF = '(?<!\\r(?=\\n))';
export const WORD = '[\\p{L}\\p{Nd}_]';
export const BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
export const NO_BOUNDARY = `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`;
const END = `(?:$|(?=(?:\\r\\n|[${LINE_END}])$)${NOT_INSIDE_CRLF})`;

/** One literal character, in both cases where that is asked for. */
export function literal(char: string, flags: Flags): string {
  if (flags.ignoreCase && /^[a-z]$/i.test(char)) return `[${char.toLowerCase()}${char.toUpperCase()}]`;
  return /^[A-Za-z0-9]$/.test(char) ? char : hexEscape(char.codePointAt(0) as number);
}

/** The JavaScript source of a Java pattern. */
export function translateRegex(pattern: string): string {
  const reader = new Reader(pattern);
  const outer: Flags[] = [];
  while (reader.more) readPiece(reader, outer);
  if (outer.length > 0) reader.refuse('a group is not closed');
  return reader.out;
}

function readPiece(reader: Reader, outer: Flags[]): void {
  const char = reader.peek();
  if (char === '(') readGroup(reader, outer);
  else if (char === '\\') readEscape(reader);
  else if (char === '|') reader.out += reader.next();
  else if (char === '^' || char === '$') {
    reader.next();
    reader.out += anchor(char, reader.flags.multiline);
  } else if ('*+?{'.includes(char)) reader.refuse(`there is nothing before ${char} to repeat`);
  else {
    const one = char === ')' ? undefined : readOne(reader, char);
    reader.out += one ?? closeGroup(reader, outer);
    readQuantifier(reader, one);
  }
}

function closeGroup(reader: Reader, outer: Flags[]): string {
  const flags = outer.pop();
  if (flags === undefined) return reader.refuse('a ) has no (');
  reader.flags = flags;
  return reader.next();
}

function anchor(char: '^' | '$', multiline: boolean): string {
  if (char === '^') return multiline ? `(?:^|(?<=[${LINE_END}])${NOT_INSIDE_CRLF}(?=[\\s\\S]))` : '^';
  return multiline ? `(?:$|(?=[${LINE_END}])${NOT_INSIDE_CRLF})` : END;
}

/** A class, any character, or a literal one. */
function readOne(reader: Reader, char: string): string {
  if (char === '[') return readClass(reader);
  const next = reader.next();
  if (char !== '.') return literal(next, reader.flags);
  return reader.flags.dotAll ? '[\\s\\S]' : `[^${LINE_END}]`;
}

const GROUP = /\(\?(?:([:=!]|<[=!])|<([A-Za-z][A-Za-z0-9]*)>|([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)]))/;

function readGroup(reader: Reader, outer: Flags[]): void {
  if (!reader.startsWith('(?')) {
    reader.next();
    outer.push(reader.flags);
    reader.out += '(';
    return;
  }
  const match = reader.take(GROUP);
  if (match === undefined) reader.refuse('groups such as (?> have no JavaScript form');
  const [, look, name, on = '', off = '', end] = match;
  if (look !== undefined || name !== undefined) {
    outer.push(reader.flags);
    reader.out += look === undefined ? `(?<${name}>` : `(?${look}`;
    return;
  }
  const before = reader.flags;
  for (const flag of on + off) if (!'ims'.includes(flag)) reader.refuse(`the flag ${flag} has no JavaScript form`);
  const set = (flag: string, now: boolean): boolean => (on.includes(flag) ? true : off.includes(flag) ? false : now);
  reader.flags = {
    ignoreCase: set('i', before.ignoreCase),
    dotAll: set('s', before.dotAll),
    multiline: set('m', before.multiline),
  };
  if (end === ':') {
    outer.push(before);
    reader.out += '(?:';
  }
}

const QUANTIFIER = /[*+?]|\{\d+(?:,\d*)?\}/;

/** `one`: what is repeated, where it is always one character. */
export function readQuantifier(reader: Reader, one?: string): void {
  const match = reader.take(QUANTIFIER);
  if (match === undefined) {
    if (reader.peek() === '{') reader.refuse('{ is no repetition here');
    return;
  }
  reader.out += match[0];
  if (reader.peek() === '+') {
    // As many as there are and no fewer: none follows.
    if (one === undefined || !'*+'.includes(match[0])) reader.refuse('possessive quantifiers have no JavaScript form');
    reader.next();
    reader.out += `(?!${one})`;
  }
  if (reader.peek() === '?') reader.out += reader.next();
}

const ANCHORS: Readonly<Record<string, string>> = { A: '^', z: '$', Z: END, b: BOUNDARY, B: NO_BOUNDARY };
const OPTIONAL_PARTS = /[|?*]|\{0/;

function readEscape(reader: Reader): void {
  const boundary = ANCHORS[reader.peek(1)];
  if (boundary !== undefined) {
    if (reader.peek(2) === '{') reader.refuse('\\b{…} has no JavaScript form');
    reader.at += 2;
    reader.out += boundary;
    return;
  }
  if (reader.startsWith('\\Q')) {
    readQuoted(reader);
    return;
  }
  if (reader.startsWith('\\R')) {
    reader.at += 2;
    reader.out += '(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])';
    readQuantifier(reader);
    return;
  }
  const back = reader.take(/\\(?:([1-9])|k<([A-Za-z][A-Za-z0-9]*)>)/);
  if (back !== undefined) {
    // A group that took no part fails in Java and matches nothing in JavaScript.
    if (OPTIONAL_PARTS.test(reader.pattern) || reader.flags.ignoreCase || /\d/.test(reader.peek())) {
      reader.refuse('references to groups that may take no part mean something else in JavaScript');
    }
    reader.out += back[1] === undefined ? `\\k<${back[2]}>` : `(?:\\${back[1]})`;
    readQuantifier(reader);
    return;
  }
  const one = readClass(reader);
  reader.out += one;
  readQuantifier(reader, one);
}

/** Everything up to \E stands for itself; a quantifier behind it repeats the last character. */
function readQuoted(reader: Reader): void {
  const end = reader.pattern.indexOf('\\E', reader.at);
  const text = reader.pattern.slice(reader.at + 2, end < 0 ? undefined : end);
  reader.at = end < 0 ? reader.pattern.length : end + 2;
  for (const char of text) reader.out += literal(char, reader.flags);
  if (text !== '') readQuantifier(reader);
}
