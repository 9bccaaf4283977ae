import { stringType } from '../base/index.js';
import type { Code, Label, Local } from '../wasm/index.js';
import { keepI32 } from './emit-parts.js';
import type { Emitter, Value } from './value.js';

/** Wasm over the bytes of UTF-8 text. Vector loads rely on the 16 readable bytes behind every buffer. */

export interface Span {
  /** Address of the first byte. */
  readonly at: Local;
  /** Address behind the last byte. */
  readonly end: Local;
  readonly length: Local;
}

export function spanOf(e: Emitter, value: Value): Span {
  const [at, length] = value.parts as [Local, Local];
  const end = e.code.local('i32');
  e.code.get(at).get(length).op('i32.add').set(end);
  return { at, end, length };
}

export const textOf = (type: Value['type'], at: Local, length: Local): Value => ({
  type,
  carrier: 'bytes',
  parts: [at, length],
  isNull: undefined,
});
export const stringOf = (at: Local, length: Local): Value => textOf(stringType, at, length);

const splat = (byte: number): number[] => new Array<number>(16).fill(byte);

/** The code points of a text: its bytes that do not continue a character. */
export function emitCodePoints(e: Emitter, value: Value): Local {
  const { at, end } = spanOf(e, value);
  return emitPoints(e.code, at, end);
}

export function emitPoints(code: Code, at: Local, end: Local): Local {
  const p = code.local('i32');
  const count = code.local('i32');
  code.i32(0).set(count).get(at).set(p);
  const starts = (): void => {
    code.get(p).op('v128.load', 0, 0).v128(splat(0xbf)).op('i8x16.gt_s').op('i8x16.bitmask');
  };
  code.block((done) => {
    code.loop((again) => {
      code.get(p).i32(16).op('i32.add').get(end).op('i32.gt_u').brIf(done);
      starts();
      code.op('i32.popcnt').get(count).op('i32.add').set(count);
      code.get(p).i32(16).op('i32.add').set(p).br(again);
    });
  });
  starts();
  // The bytes behind the end are not ours.
  code.i32(1).get(end).get(p).op('i32.sub').op('i32.shl').i32(1).op('i32.sub').op('i32.and');
  code.op('i32.popcnt').get(count).op('i32.add').set(count);
  return count;
}

/** Pushes the length in bytes of the character whose first byte is at `p`. */
export function pushCharBytes(e: Emitter, p: Local): void {
  const { code } = e;
  const byte = code.local('i32');
  code.i32(1).get(p).op('i32.load8_u').tee(byte).i32(0xc0).op('i32.ge_u').op('i32.add');
  code.get(byte).i32(0xe0).op('i32.ge_u').op('i32.add');
  code.get(byte).i32(0xf0).op('i32.ge_u').op('i32.add');
}

/** Moves `p` over `count` (unsigned) characters, at most to `end`; gives how many were missing there. */
export function emitAdvance(e: Emitter, p: Local, end: Local, count: Local): Local {
  const { code } = e;
  const left = code.local('i32');
  code.get(count).set(left);
  code.block((done) => {
    code.loop((again) => {
      code.get(left).op('i32.eqz').brIf(done);
      code.get(p).get(end).op('i32.ge_u').brIf(done);
      pushCharBytes(e, p);
      code.get(p).op('i32.add').set(p);
      code.get(left).i32(1).op('i32.sub').set(left).br(again);
    });
  });
  emitClampEnd(e, p, end);
  return left;
}

/** A truncated character at the end must not carry `p` beyond it. */
function emitClampEnd(e: Emitter, p: Local, end: Local): void {
  e.code.get(end).get(p).get(p).get(end).op('i32.gt_u').select().set(p);
}

/** Moves `p` back over `count` (unsigned) characters, at least to `start`; gives how many were missing there. */
export function emitRetreat(e: Emitter, p: Local, start: Local, count: Local): Local {
  const { code } = e;
  const left = code.local('i32');
  code.get(count).set(left);
  code.block((done) => {
    code.loop((again) => {
      code.get(left).op('i32.eqz').brIf(done);
      code.loop((back) => {
        code.get(p).get(start).op('i32.le_u').brIf(done);
        code.get(p).i32(1).op('i32.sub').tee(p).op('i32.load8_u').i32(0xc0).op('i32.and');
        code.i32(0x80).op('i32.eq').brIf(back);
      });
      code.get(left).i32(1).op('i32.sub').set(left).br(again);
    });
  });
  return left;
}

/** Branches away where `length` bytes at `p` and `q` differ. */
export function emitDiffer(e: Emitter, p: Local, q: Local, length: Local, differ: Label): void {
  const { code } = e;
  const i = code.local('i32');
  const xor = (): void => {
    code.get(p).get(i).op('i32.add').op('v128.load', 0, 0);
    code.get(q).get(i).op('i32.add').op('v128.load', 0, 0).op('v128.xor');
  };
  code.i32(0).set(i);
  code.block((done) => {
    code.loop((again) => {
      code.get(i).i32(16).op('i32.add').get(length).op('i32.gt_u').brIf(done);
      xor();
      code.op('v128.any_true').brIf(differ);
      code.get(i).i32(16).op('i32.add').set(i).br(again);
    });
  });
  xor();
  code.v128(splat(0)).op('i8x16.ne').op('i8x16.bitmask');
  code.i32(1).get(length).get(i).op('i32.sub').op('i32.shl').i32(1).op('i32.sub').op('i32.and').brIf(differ);
}

/** Which two bytes of a needle are tested first: their offsets from its start. */
export type Probes = readonly [number, number];

/**
 * The address of the first occurrence of `needle` from `from` on, or -1: an empty text may lie at 0. Many positions at a
 * time are tested for two of its bytes (`probes`; first and last unless told); only where both fit is the whole compared.
 */
export function emitFind(e: Emitter, from: Local, end: Local, needle: Value, probes?: Probes): Local {
  const { code } = e;
  const [text, length] = needle.parts as [Local, Local];
  const [found, last, at] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const [one, other] = [code.local('i32'), code.local('i32')];
  code.i32(-1).set(found).get(from).set(at);
  code.block((done) => {
    code
      .get(length)
      .op('i32.eqz')
      .if(() => {
        code.get(from).set(found).br(done);
      });
    // Positions with position + length <= end.
    code.get(end).get(from).op('i32.sub').get(length).op('i32.lt_s').brIf(done);
    code.get(end).get(length).op('i32.sub').set(last);
    code.i32(probes?.[0] ?? 0).set(one);
    if (probes === undefined) code.get(length).i32(1).op('i32.sub').set(other);
    else code.i32(probes[1]).set(other);
    code.loop((again) => {
      code.get(at).get(last).get(one).get(other).get(text).call(e.helper('bytes_probe')).tee(at);
      code.op('i32.eqz').brIf(done);
      code.block((differ) => {
        emitDiffer(e, at, text, length, differ);
        code.get(at).set(found).br(done);
      });
      code.get(at).i32(1).op('i32.add').tee(at).get(last).op('i32.le_u').brIf(again);
    });
  });
  return found;
}

/** Bytes behind a row that are searched with it. */
const SEARCHED_AHEAD = 512;

/**
 * As `emitFind`, in the bytes of a column (see `Value.bytesEnd`): rows are not searched one by one but many at a time,
 * and most then only learn that nothing begins before their end.
 */
export function emitFindInColumn(
  e: Emitter,
  from: Local,
  end: Local,
  bytesEnd: Local,
  needle: Value,
  probes?: Probes,
): Local {
  const { code } = e;
  const length = needle.parts[1] as Local;
  // No occurrence begins in start…clear.
  const [start, clear, limit, found] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
  code.i32(-1).set(found);
  code.get(from).get(start).op('i32.lt_u').get(from).get(clear).op('i32.gt_u').op('i32.or');
  code.if(() => code.get(from).tee(start).set(clear));
  code.get(clear).get(length).op('i32.add').get(end).op('i32.le_u');
  code.if(() => {
    code.get(bytesEnd).get(end).i32(SEARCHED_AHEAD).op('i32.add').tee(limit);
    code.get(bytesEnd).get(limit).op('i32.lt_u').select().set(limit);
    const next = emitFind(e, clear, limit, needle, probes);
    code.get(next).get(limit).get(length).op('i32.sub').i32(1).op('i32.add').tee(clear);
    code.get(next).get(clear).op('i32.lt_u').select().set(clear);
    code.get(next).get(end).get(length).op('i32.sub').op('i32.le_u');
    code.if(() => code.get(next).set(found));
  });
  return found;
}

const FREQUENT = ' etaoinsrhldcumfpgwybvkxjqz';

/** The two rarest bytes of a constant needle, by the frequency of letters in English. */
export function rarestBytes(needle: Uint8Array): Probes {
  const rank = (i: number): number => {
    const at = FREQUENT.indexOf(String.fromCharCode(needle[i] ?? 0));
    return at < 0 ? FREQUENT.length : at;
  };
  const order = [...needle.keys()].sort((a, b) => rank(b) - rank(a));
  return [order[0] ?? 0, order[1] ?? order[0] ?? 0];
}

/** 1 when the text at `p` starts with `needle` and that ends at or before `end`. */
export function emitStartsAt(e: Emitter, p: Local, end: Local, needle: Value): Local {
  const { code } = e;
  const [text, length] = needle.parts as [Local, Local];
  const flag = code.local('i32');
  code.i32(0).set(flag);
  code.block((differ) => {
    code.get(end).get(p).op('i32.sub').get(length).op('i32.lt_s').brIf(differ);
    emitDiffer(e, p, text, length, differ);
    code.i32(1).set(flag);
  });
  return flag;
}

/** A constant text as a value: its bytes lie in the literal pool. */
export function constantText(e: Emitter, bytes: Uint8Array): Value {
  const at = e.constantBytes(bytes);
  e.code.i32(bytes.length);
  return stringOf(at, keepI32(e));
}
