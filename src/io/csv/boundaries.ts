import type { ReadableFile } from '../../base/index.js';
import type { CsvDialect } from './options.js';

const LF = 10;
const CR = 13;
const FIRST_WINDOW_BYTES = 1 << 16;
const MAX_WINDOW_BYTES = 1 << 22;
const LOOK_BACK_BYTES = 64;

/**
 * Where the first record begins at or after `position`, judged from the bytes around it; undefined when that cannot
 * be told. Quotes make it a guess: whoever reads up to it must find that a record ends there.
 */
export function recordStartNear(file: ReadableFile, position: number, dialect: CsvDialect): number | undefined {
  const from = Math.max(0, position - LOOK_BACK_BYTES);
  for (let bytes = FIRST_WINDOW_BYTES; bytes <= MAX_WINDOW_BYTES; bytes *= 8) {
    const length = Math.min(bytes + LOOK_BACK_BYTES, file.size - from);
    const window = Buffer.allocUnsafe(length);
    file.readInto(window, from, length);
    const start = findStart(window, position - from, from === 0, dialect);
    if (start !== undefined) return from + start;
    if (from + length === file.size) return undefined;
  }
  return undefined;
}

function findStart(window: Buffer, position: number, isFileStart: boolean, dialect: CsvDialect): number | undefined {
  if (dialect.lineMode || dialect.quote < 0) {
    for (let i = Math.max(0, position - 1); i < window.length; i++) {
      const length = newlineAt(window, i, dialect);
      // At the end of the window a line feed may still follow.
      if (length > 0) return i + length < window.length ? i + length : undefined;
    }
    return undefined;
  }
  // How many quotes stand before the first of them is not known: begin behind those.
  let skipped = 0;
  if (!isFileStart) while (window[skipped] === dialect.quote) skipped++;
  if (skipped > position) return undefined;
  const rest = window.subarray(skipped);
  const inside = isFileStart ? false : startsInQuotes(rest, dialect);
  const start =
    inside === undefined ? undefined : walk(rest, position - skipped, { inside, fieldStart: isFileStart }, dialect);
  return start === undefined ? undefined : skipped + start;
}

/** Bytes of the line break at `i`, or 0. */
function newlineAt(window: Buffer, i: number, { newline }: CsvDialect): number {
  if (newline.length > 0) return newline.every((byte, k) => window[i + k] === byte) ? newline.length : 0;
  if (window[i] === LF) return 1;
  if (window[i] !== CR) return 0;
  return window[i + 1] === LF ? 2 : 1;
}

/**
 * Whether the window begins within quotes. In well-formed text an odd number of quotes in a row opens a field when a
 * delimiter or line break stands before it, and closes one when such stands behind it.
 */
function startsInQuotes(window: Buffer, dialect: CsvDialect): boolean | undefined {
  const { quote, escape: escapeWith } = dialect;
  const isEdge = (byte: number | undefined): boolean =>
    byte === dialect.delimiter[0] ||
    byte === dialect.delimiter.at(-1) ||
    byte === LF ||
    byte === CR ||
    byte === dialect.newline[0];
  let toggled = false;
  let ambiguous = false;
  for (let i = window.indexOf(quote); i >= 0; ) {
    let end = i;
    while (window[end] === quote) end++;
    const before = i === 0 ? undefined : window[i - 1];
    const after = window[end];
    const escaped = escapeWith !== quote && before === escapeWith ? 1 : 0;
    const odd = (end - i - escaped) % 2 === 1;
    if (odd && before !== undefined && after !== undefined) {
      const [opens, closes] = [isEdge(before), isEdge(after)];
      if (opens !== closes) return closes !== toggled;
      // Between two edges it may do either, and counts; between other text it is only a character.
      if (opens) toggled = !toggled;
      ambiguous ||= opens;
    } else if (odd) ambiguous = true;
    i = window.indexOf(quote, end);
  }
  return ambiguous ? undefined : false;
}

/** From the start of the window to the first record that begins at or after `position`. */
function walk(
  window: Buffer,
  position: number,
  state: { readonly inside: boolean; readonly fieldStart: boolean },
  dialect: CsvDialect,
): number | undefined {
  const { quote, escape: escapeWith, delimiter } = dialect;
  let { inside, fieldStart } = state;
  for (let i = 0; i < window.length; ) {
    const byte = window[i];
    if (inside) {
      const next = window[i + 1];
      if (byte === escapeWith && escapeWith !== quote && (next === quote || next === escapeWith)) i += 2;
      else if (byte === quote && next === quote) i += 2;
      else {
        if (byte === quote) inside = false;
        i++;
      }
      fieldStart = false;
      continue;
    }
    const newline = newlineAt(window, i, dialect);
    if (newline > 0) {
      i += newline;
      if (i >= position) return i < window.length ? i : undefined;
      fieldStart = true;
    } else if (byte === quote && fieldStart) {
      inside = true;
      i++;
    } else {
      fieldStart = delimiter.every((part, k) => window[i + k] === part);
      i += fieldStart ? delimiter.length : 1;
    }
  }
  return undefined;
}
