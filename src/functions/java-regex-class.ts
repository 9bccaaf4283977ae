import { hexEscape, type Reader } from './java-regex-reader.js';

/** What a character class can hold, as the inside of a JavaScript class. */
const SPACE = '\\t-\\r ';
const NOT_SPACE = '\\u{0}-\\u{8}\\u{e}-\\u{1f}!-\\u{10ffff}';
const HORIZONTAL = ' \\t\\u{a0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}';
const VERTICAL = '\\n-\\r\\u{85}\\u{2028}\\u{2029}';

const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  D: '\\D',
  w: 'a-zA-Z0-9_',
  W: '\\W',
  s: SPACE,
  S: NOT_SPACE,
  h: HORIZONTAL,
  v: VERTICAL,
};

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

/** Java's POSIX names, which are ASCII. */
const POSIX: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\u{0}-\\u{7f}',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\u{2f}:-@\\u{5b}-`\\u{7b}-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\u{0}-\\u{1f}\\u{7f}',
  XDigit: '0-9a-fA-F',
  Space: SPACE,
};

const PROPERTY = /\\([pP])(?:\{\^?([A-Za-z_=]+)\}|([A-Z]))/;
const CATEGORY = /^(?:Is)?([LMNPSZC][a-z]?)$/;
const BINARY = new Set(['Alphabetic', 'Ideographic', 'Lowercase', 'Uppercase', 'White_Space', 'Emoji']);
const CASED = /^(?:Lower|Upper|L[ult]|IsL[ult]|IsLowercase|IsUppercase)$/;

/** A whole class in brackets, or one escape, as a JavaScript class or character. */
export function readClass(reader: Reader): string {
  if (reader.peek() === '\\') return `[${readEscaped(reader)}]`;
  reader.next();
  const negated = reader.peek() === '^';
  if (negated) reader.next();
  return `[${negated ? '^' : ''}${readItems(reader)}]`;
}

/** The items up to the closing bracket. */
function readItems(reader: Reader): string {
  let items = '';
  // Right behind the opening bracket ] stands for itself.
  if (reader.peek() === ']') items += readRange(reader, reader.next());
  while (reader.peek() !== ']') {
    if (!reader.more) reader.refuse('a [ is not closed');
    if (reader.startsWith('&&')) reader.refuse('intersections of character classes have no JavaScript form');
    if (reader.peek() === '[') {
      reader.next();
      if (reader.peek() === '^') reader.refuse('a negated class within a class has no JavaScript form');
      items += readItems(reader);
    } else if (reader.peek() === '\\') items += readEscapedItem(reader);
    else items += readRange(reader, reader.next());
  }
  reader.next();
  return items;
}

function readEscapedItem(reader: Reader): string {
  if (reader.startsWith('\\Q')) {
    const end = reader.pattern.indexOf('\\E', reader.at);
    const text = reader.pattern.slice(reader.at + 2, end < 0 ? undefined : end);
    reader.at = end < 0 ? reader.pattern.length : end + 2;
    return [...text].map((char) => range(reader, point(char), point(char))).join('');
  }
  const single = readPoint(reader);
  return single === undefined ? readEscaped(reader) : readRange(reader, String.fromCodePoint(single));
}

const point = (char: string): number => char.codePointAt(0) as number;

/** A character, or a range that begins with it. */
function readRange(reader: Reader, first: string): string {
  const from = point(first);
  if (reader.peek() !== '-' || reader.peek(1) === ']' || reader.peek(1) === '[') return range(reader, from, from);
  reader.next();
  const to = reader.peek() === '\\' ? readPoint(reader) : point(reader.next());
  if (to === undefined || to < from) return reader.refuse('a range in a character class is the wrong way round');
  return range(reader, from, to);
}

const UPPER = [0x41, 0x5a] as const;
const LOWER = [0x61, 0x7a] as const;
const CASE = 0x20;

function range(reader: Reader, from: number, to: number): string {
  const text = (a: number, b: number): string => (a === b ? hexEscape(a) : `${hexEscape(a)}-${hexEscape(b)}`);
  if (!reader.flags.ignoreCase) return text(from, to);
  let out = text(from, to);
  for (const [[low, high], change] of [
    [UPPER, CASE],
    [LOWER, -CASE],
  ] as const) {
    const [a, b] = [Math.max(from, low), Math.min(to, high)];
    if (a <= b) out += text(a + change, b + change);
  }
  return out;
}

const NUMBERED = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x\{([0-9a-fA-F]+)\}|0([0-3]?[0-7]{1,2})|c([@-_a-z]))/;

/** The code point an escape stands for; undefined when it stands for a set of them (nothing is read then). */
function readPoint(reader: Reader): number | undefined {
  const numbered = reader.take(NUMBERED);
  if (numbered !== undefined) {
    const [, two, four, many, octal, control] = numbered;
    if (octal !== undefined) return Number.parseInt(octal, 8);
    if (control !== undefined) return point(control) ^ 64;
    return Number.parseInt(two ?? four ?? many ?? '0', 16);
  }
  const char = reader.peek(1);
  const known = CONTROLS[char];
  if (known === undefined && /[A-Za-z0-9]/.test(char)) return undefined;
  reader.at++;
  const escaped = reader.next();
  return known ?? point(escaped);
}

/** The inside of a class for one escape. */
function readEscaped(reader: Reader): string {
  const single = readPoint(reader);
  if (single !== undefined) return range(reader, single, single);
  const property = reader.take(PROPERTY);
  if (property !== undefined) return propertyClass(reader, property[1] === 'P', property[2] ?? property[3] ?? '');
  const char = reader.peek(1);
  const known = CLASSES[char];
  if (known === undefined) return reader.refuse(`\\${char} is unknown`);
  reader.at += 2;
  return known;
}

function propertyClass(reader: Reader, negated: boolean, name: string): string {
  if (reader.flags.ignoreCase && CASED.test(name)) reader.refuse(`\\p{${name}} in any case has no JavaScript form`);
  const posix = POSIX[name];
  if (posix !== undefined) {
    if (negated) reader.refuse(`\\P{${name}} has no JavaScript form; use [^\\p{${name}}]`);
    return posix;
  }
  const letter = negated ? 'P' : 'p';
  const category = CATEGORY.exec(name)?.[1];
  if (category !== undefined) return `\\${letter}{${category}}`;
  const property = name.startsWith('Is') ? name.slice(2) : '';
  if (BINARY.has(property)) return `\\${letter}{${property}}`;
  const script = property || /^(?:script|sc)=(.*)$/.exec(name)?.[1];
  if (script !== undefined && script !== '') return `\\${letter}{Script=${script}}`;
  return reader.refuse(`\\p{${name}} is unknown`);
}
