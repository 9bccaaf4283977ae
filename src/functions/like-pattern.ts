import { SparrowError } from '../base/index.js';
import { utf8Bytes } from './emit-parts.js';

/** One character of a LIKE pattern, any character (`_`), or any run of characters (`%`). */
export type LikeToken =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many' };

const ANY_ONE: LikeToken = { kind: 'one' };
const ANY_RUN: LikeToken = { kind: 'many' };

/** Reads a pattern; the escape character may stand before `_`, `%` and itself only. */
export function parseLike(pattern: string, escapeChar: string): LikeToken[] {
  const chars = [...pattern];
  const tokens: LikeToken[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === escapeChar) {
      const next = chars[++i];
      if (next === undefined) throw badEscape(pattern, 'ESC_AT_THE_END', 'the escape character must not end it');
      if (next !== '_' && next !== '%' && next !== escapeChar) {
        throw badEscape(
          pattern,
          'ESC_IN_THE_MIDDLE',
          `the escape character must not stand before ${JSON.stringify(next)}`,
        );
      }
      tokens.push({ kind: 'char', char: next });
    } else if (char === '%') {
      if (tokens.at(-1)?.kind !== 'many') tokens.push(ANY_RUN);
    } else tokens.push(char === '_' ? ANY_ONE : { kind: 'char', char });
  }
  return tokens;
}

function badEscape(pattern: string, condition: string, why: string): SparrowError {
  return new SparrowError(
    `INVALID_FORMAT.${condition}`,
    `the LIKE pattern ${JSON.stringify(pattern)} is invalid: ${why}`,
    {
      hint: "write '\\\\\\\\' for one backslash, or choose another character with ESCAPE",
      sqlState: '42601',
      parameters: { format: pattern },
    },
  );
}

/** Whether the whole text fits: on a mismatch the last `%` takes one character more. */
export function likeMatches(tokens: readonly LikeToken[], text: readonly string[]): boolean {
  let t = 0;
  let i = 0;
  let resumeToken = -1;
  let resumeText = 0;
  while (i < text.length) {
    const token = tokens[t];
    if (token?.kind === 'many') {
      resumeToken = ++t;
      resumeText = i;
    } else if (token !== undefined && (token.kind === 'one' || token.char === text[i])) {
      t++;
      i++;
    } else if (resumeToken >= 0) {
      t = resumeToken;
      i = ++resumeText;
    } else return false;
  }
  while (tokens[t]?.kind === 'many') t++;
  return t === tokens.length;
}

/** A run of bytes to compare, or a number of characters to skip. */
export type LikePiece = Uint8Array | number;

/** A pattern cut at its `%`: what lies between them must follow one another in the text. */
export function likeSegments(tokens: readonly LikeToken[]): LikePiece[][] {
  const segments: LikePiece[][] = [];
  let pieces: LikePiece[] = [];
  let run = '';
  const flush = (): void => {
    if (run !== '') pieces.push(utf8Bytes(run));
    run = '';
  };
  for (const token of tokens) {
    if (token.kind === 'char') {
      run += token.char;
      continue;
    }
    flush();
    if (token.kind === 'many') {
      segments.push(pieces);
      pieces = [];
    } else {
      const last = pieces.at(-1);
      if (typeof last === 'number') pieces[pieces.length - 1] = last + 1;
      else pieces.push(1);
    }
  }
  flush();
  segments.push(pieces);
  return segments;
}
