import type { Code, Local } from '../../../wasm/index.js';

/**
 * What compressors make of small numbers of eight bytes: a few literals, then a match eight bytes back, again and again.
 * A match that is loaded waits for bytes that were just stored in two parts, which takes longer than all else; so the
 * last eight bytes are kept in a local. To copy from there is to store them, and to turn them by as many bytes.
 */
export interface Eights {
  readonly target: Local;
  /** The eight bytes before the target, an i64. */
  readonly window: Local;
  /** Eight bytes that begin with the literals, an i64. */
  readonly literals: Local;
  /** Eight times as many as there are, 8 to 56, an i64. */
  readonly literalBits: Local;
}

/** The bytes that the match at `target` repeats. */
export function lastEight(code: Code, { target, window }: Eights): void {
  code.get(target).i32(8).op('i32.sub').op('i64.load', 0, 0).set(window);
}

/** Puts literals and a match of at most 16 bytes, eight times whose length `matchBits` pushes as an i64. */
export function putEights(code: Code, e: Eights, matchBits: () => void): void {
  code.get(e.target).get(e.literals).op('i64.store', 0, 0);
  code.get(e.window).get(e.literalBits).op('i64.shr_u').get(e.literals);
  code.i64(0).get(e.literalBits).op('i64.sub').op('i64.shl').op('i64.or').set(e.window);
  code.get(e.target).get(e.literalBits).op('i32.wrap_i64').i32(3).op('i32.shr_u').op('i32.add').tee(e.target);
  code.get(e.window).op('i64x2.splat').op('v128.store', 0, 0);
  const bits = code.local('i64');
  matchBits();
  code.set(bits);
  code.get(e.window).get(bits).op('i64.rotr').set(e.window);
  code.get(e.target).get(bits).op('i32.wrap_i64').i32(3).op('i32.shr_u').op('i32.add').set(e.target);
}
