import { booleanType, type Scalar, SparrowError } from '../base/index.js';
import type { Label, Local } from '../wasm/index.js';
import { type Call, scalar } from './define.js';
import { argument, booleanOf, keepI32, textLiteral } from './emit-parts.js';
import { anyString, constant, takes } from './implicit.js';
import { type LikePiece, type LikeToken, likeMatches, likeSegments, parseLike } from './like-pattern.js';
import { emitCase } from './string-emit.js';
import {
  constantText,
  emitAdvance,
  emitFind,
  emitFindInColumn,
  emitRetreat,
  pushCharBytes,
  rarestBytes,
  type Span,
  spanOf,
} from './text-emit.js';
import type { Emitter, Value } from './value.js';

const REMEMBERED = 256;
const parsed = new Map<string, readonly LikeToken[]>();

function tokensOf(pattern: string, escapeChar: string): readonly LikeToken[] {
  const key = escapeChar + pattern;
  let tokens = parsed.get(key);
  if (tokens === undefined) {
    tokens = parseLike(pattern, escapeChar);
    if (parsed.size >= REMEMBERED) parsed.clear();
    parsed.set(key, tokens);
  }
  return tokens;
}

function escapeOf(given: Scalar | undefined): string {
  const text = given === undefined ? '\\' : (given as string);
  if ([...text].length === 1) return text;
  throw new SparrowError(
    'INVALID_ESCAPE_CHAR',
    `the escape of LIKE must be one character, not ${JSON.stringify(text)}`,
  );
}

function evalLike(args: readonly Scalar[], lower: boolean): boolean {
  const [text, pattern, escapeChar] = args as [string, string, string | undefined];
  const tokens = tokensOf(lower ? pattern.toLowerCase() : pattern, escapeOf(escapeChar));
  return likeMatches(tokens, [...(lower ? text.toLowerCase() : text)]);
}

/** Loads of the widest words that fit, each compared with a constant. */
function emitBytesDiffer(e: Emitter, p: Local, bytes: Uint8Array, differ: Label): void {
  const { code } = e;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const left = bytes.length - at;
    code.get(p);
    if (left >= 8) code.op('i64.load', at, 0).i64(view.getBigInt64(at, true)).op('i64.ne').brIf(differ);
    else if (left >= 4) code.op('i32.load', at, 0).i32(view.getInt32(at, true)).op('i32.ne').brIf(differ);
    else if (left >= 2) code.op('i32.load16_u', at, 0).i32(view.getUint16(at, true)).op('i32.ne').brIf(differ);
    else code.op('i32.load8_u', at).i32(view.getUint8(at)).op('i32.ne').brIf(differ);
    at += left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }
}

/** Moves `p` over a segment, or branches away where the text differs or ends. */
function emitMatchAt(e: Emitter, p: Local, end: Local, pieces: readonly LikePiece[], differ: Label): void {
  const { code } = e;
  for (const piece of pieces) {
    if (typeof piece === 'number') {
      emitSkip(e, p, end, piece, differ);
    } else {
      code.get(end).get(p).op('i32.sub').i32(piece.length).op('i32.lt_s').brIf(differ);
      emitBytesDiffer(e, p, piece, differ);
      code.get(p).i32(piece.length).op('i32.add').set(p);
    }
  }
}

const UNROLLED = 4;

function emitSkip(e: Emitter, p: Local, end: Local, count: number, differ: Label): void {
  const { code } = e;
  if (count <= UNROLLED) {
    for (let i = 0; i < count; i++) {
      code.get(p).get(end).op('i32.ge_u').brIf(differ);
      pushCharBytes(e, p);
      code.get(p).op('i32.add').set(p);
    }
    return;
  }
  code.i32(count);
  const left = emitAdvance(e, p, end, keepI32(e));
  code.get(left).brIf(differ);
}

const sizeOf = (pieces: readonly LikePiece[]): number =>
  pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? piece : piece.length), 0);
const charsOf = (pieces: readonly LikePiece[]): number =>
  pieces.reduce<number>(
    (n, piece) => n + (typeof piece === 'number' ? piece : [...Buffer.from(piece).toString()].length),
    0,
  );

/** Moves `p` behind the first place where the segment fits, or branches away. */
function emitSearch(
  e: Emitter,
  p: Local,
  end: Local,
  pieces: readonly LikePiece[],
  needle: Value | undefined,
  differ: Label,
  bytesEnd?: Local,
): void {
  const { code } = e;
  const [first, ...rest] = pieces;
  const start = code.local('i32');
  if (needle !== undefined && first instanceof Uint8Array) {
    code.loop((again) => {
      const probes = rarestBytes(first);
      const found =
        bytesEnd === undefined
          ? emitFind(e, p, end, needle, probes)
          : emitFindInColumn(e, p, end, bytesEnd, needle, probes);
      code.get(found).i32(-1).op('i32.eq').brIf(differ);
      code.get(found).i32(first.length).op('i32.add').set(p);
      if (rest.length === 0) return;
      code.get(found).i32(1).op('i32.add').set(start);
      emitRetry(e, p, start, again, (mismatch) => emitMatchAt(e, p, end, rest, mismatch));
    });
    return;
  }
  code.loop((again) => {
    code.get(p).get(end).op('i32.gt_u').brIf(differ);
    code.get(p);
    // Past the end there is no character to step over: one byte makes the next test fail.
    pushCharBytes(e, p);
    code.op('i32.add').set(start);
    emitRetry(e, p, start, again, (mismatch) => emitMatchAt(e, p, end, pieces, mismatch));
  });
}

/** Goes on behind `attempt` when it fits; else `p` becomes `start` and the search begins again there. */
function emitRetry(e: Emitter, p: Local, start: Local, again: Label, attempt: (mismatch: Label) => void): void {
  const { code } = e;
  code.block((fits) => {
    code.block((mismatch) => {
      attempt(mismatch);
      code.br(fits);
    });
    code.get(start).set(p).br(again);
  });
}

/** The last segment must fill the text to its end. */
function emitMatchEnd(e: Emitter, p: Local, span: Span, pieces: readonly LikePiece[], differ: Label): void {
  const { code } = e;
  const start = code.local('i32');
  if (pieces.every((piece) => typeof piece !== 'number')) {
    code.get(span.end).get(p).op('i32.sub').i32(sizeOf(pieces)).op('i32.lt_s').brIf(differ);
    code.get(span.end).i32(sizeOf(pieces)).op('i32.sub').set(start);
  } else {
    code.get(span.end).set(start);
    code.i32(charsOf(pieces));
    code.get(emitRetreat(e, start, p, keepI32(e))).brIf(differ);
  }
  emitMatchAt(e, start, span.end, pieces, differ);
}

/** A matcher for a constant pattern: compares at both ends, searches in between. */
function emitPattern(e: Emitter, text: Value, tokens: readonly LikeToken[]): Value {
  const { code } = e;
  const span = spanOf(e, text);
  const segments = likeSegments(tokens);
  const [first = [], ...others] = segments;
  const last = others.pop();
  // Addresses of constants are computed before anything is conditional.
  const needles = others.map(([piece]) => (piece instanceof Uint8Array ? constantText(e, piece) : undefined));
  const flag = code.local('i32');
  const p = code.local('i32');
  code.i32(0).set(flag).get(span.at).set(p);
  code.block((differ) => {
    emitMatchAt(e, p, span.end, first, differ);
    if (last === undefined) code.get(p).get(span.end).op('i32.ne').brIf(differ);
    for (const [i, pieces] of others.entries()) {
      // What is behind the first place is looked for in few rows, so not ahead of them.
      if (pieces.length > 0)
        emitSearch(e, p, span.end, pieces, needles[i], differ, i === 0 ? text.bytesEnd : undefined);
    }
    if (last !== undefined && last.length > 0) emitMatchEnd(e, p, span, last, differ);
    code.i32(1).set(flag);
  });
  return booleanOf(flag);
}

/** The tokens of a constant pattern; undefined when it is not constant or not valid (then each row says so). */
function constantTokens(call: Call, lower: boolean): readonly LikeToken[] | undefined {
  const pattern = textLiteral(call.literals[1]);
  if (pattern === undefined || (call.literals.length > 2 && textLiteral(call.literals[2]) === undefined))
    return undefined;
  try {
    return tokensOf(lower ? pattern.toLowerCase() : pattern, escapeOf(call.literals[2]));
  } catch (error) {
    if (error instanceof SparrowError) return undefined;
    throw error;
  }
}

const fails = (call: Call): boolean => constantTokens(call, false) === undefined;
const compiled = 'in Wasm for constant patterns; a call per row for others';

/** Strings that fit a pattern. */
export const likeFunctions = {
  like: scalar({
    name: 'like',
    sql: ['like'],
    summary:
      'Whether the string fits a pattern of `%` (any run) and `_` (any character); `\\` or the third argument escapes.',
    examples: [
      ["like('Spark', '_park')", 'true'],
      ["like('Spark SQL', '%ark%L')", 'true'],
      ["like('100%', '100/%', '/')", 'true'],
    ],
    resolve: takes([anyString, anyString, constant(anyString)], booleanType, { optional: 1 }),
    nulls: 'propagate',
    fails,
    eval: (args) => evalLike(args, false),
    emit: (e, args, call) => {
      const tokens = constantTokens(call, false);
      return tokens === undefined ? undefined : emitPattern(e, argument(args, 0), tokens);
    },
    compiled,
  }),
  ilike: scalar({
    name: 'ilike',
    sql: ['ilike'],
    summary: 'Whether the string fits a LIKE pattern, upper and lower case being the same.',
    examples: [["ilike('Spark', '_PARK')", 'true']],
    resolve: takes([anyString, anyString, constant(anyString)], booleanType, { optional: 1 }),
    nulls: 'propagate',
    fails,
    eval: (args) => evalLike(args, true),
    emit: (e, args, call) => {
      const tokens = constantTokens(call, true);
      if (tokens === undefined) return undefined;
      const text = argument(args, 0);
      const lower: Call = { ...call, fn: 'lower', argTypes: [text.type], literals: [undefined], returns: text.type };
      return emitPattern(e, emitCase(e, [text], lower, 'lower'), tokens);
    },
    compiled,
  }),
};
