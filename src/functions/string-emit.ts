import type { DataType } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import type { Call } from './define.js';
import { argument, keepI32, numberLiteral, part } from './emit-parts.js';
import { INT_MAX } from './text.js';
import { emitAdvance, emitRetreat, type Span, spanOf, stringOf, textOf } from './text-emit.js';
import type { Emitter, Value } from './value.js';

/** Takes up to `most` characters (i32, may be negative) from `p` on: moves nothing, copies nothing. */
function emitTake(e: Emitter, p: Local, end: Local, most: Local): Value {
  const { code } = e;
  const q = code.local('i32');
  code.get(p).set(q);
  code
    .get(most)
    .i32(0)
    .op('i32.gt_s')
    .if(() => {
      emitAdvance(e, q, end, most);
    });
  code.get(q).get(p).op('i32.sub');
  return stringOf(p, keepI32(e));
}

/** Everything from `p` on. */
function emitRest(e: Emitter, p: Local, end: Local): Value {
  e.code.get(end).get(p).op('i32.sub');
  return stringOf(p, keepI32(e));
}

export function emitSubstring(e: Emitter, args: readonly Value[], call: Call): Value {
  const { code } = e;
  const span = spanOf(e, argument(args, 0));
  const position = part(args[1]);
  const known = numberLiteral(call.literals[1]);
  const p = code.local('i32');
  const most = code.local('i32');
  if (args[2] === undefined) code.i32(INT_MAX).set(most);
  else code.get(part(args[2])).set(most);
  code.get(span.at).set(p);
  const forward = (): void => {
    code.get(position).i32(1).op('i32.sub');
    emitAdvance(e, p, span.end, keepI32(e));
  };
  if (known === undefined) {
    code
      .get(position)
      .i32(0)
      .op('i32.gt_s')
      .if(forward, () => {
        code.get(position).if(() => emitFromEnd(e, span, p, position, most));
      });
  } else if (known > 1) {
    forward();
  } else if (known < 0) {
    emitFromEnd(e, span, p, position, most);
  }
  return args[2] === undefined && known !== undefined && known >= 0
    ? emitRest(e, p, span.end)
    : emitTake(e, p, span.end, most);
}

/** Places `p` by a negative position; what lies before the start of the text is taken off `most`. */
function emitFromEnd(e: Emitter, span: Span, p: Local, position: Local, most: Local): void {
  const { code } = e;
  code.get(span.end).set(p);
  code.i32(0).get(position).op('i32.sub');
  const missing = emitRetreat(e, p, span.at, keepI32(e));
  code
    .get(most)
    .i32(0)
    .op('i32.gt_s')
    .if(() => {
      code.i32(0).get(most).get(missing).op('i32.sub').get(missing).get(most).op('i32.ge_u').select().set(most);
    });
}

export function emitLeft(e: Emitter, args: readonly Value[]): Value {
  const span = spanOf(e, argument(args, 0));
  return emitTake(e, span.at, span.end, part(args[1]));
}

export function emitRight(e: Emitter, args: readonly Value[]): Value {
  const { code } = e;
  const span = spanOf(e, argument(args, 0));
  const p = code.local('i32');
  code.get(span.end).set(p);
  code
    .get(part(args[1]))
    .i32(0)
    .op('i32.gt_s')
    .if(() => {
      emitRetreat(e, p, span.at, part(args[1]));
    });
  return emitRest(e, p, span.end);
}

const BLANK = 0x20;

export function emitTrim(e: Emitter, text: Value, left: boolean, right: boolean): Value {
  const { code } = e;
  const span = spanOf(e, text);
  const start = code.local('i32');
  const end = code.local('i32');
  code.get(span.at).set(start).get(span.end).set(end);
  if (left) emitTrimStart(e, start, end);
  if (right) emitTrimEnd(e, start, end);
  return emitRest(e, start, end);
}

function emitTrimStart(e: Emitter, start: Local, end: Local): void {
  const { code } = e;
  code.block((done) => {
    code.loop((again) => {
      code.get(start).get(end).op('i32.ge_u').brIf(done);
      code.get(start).op('i32.load8_u').i32(BLANK).op('i32.ne').brIf(done);
      code.get(start).i32(1).op('i32.add').set(start).br(again);
    });
  });
}

function emitTrimEnd(e: Emitter, start: Local, end: Local): void {
  const { code } = e;
  code.block((done) => {
    code.loop((again) => {
      code.get(end).get(start).op('i32.le_u').brIf(done);
      code.get(end).i32(1).op('i32.sub').op('i32.load8_u').i32(BLANK).op('i32.ne').brIf(done);
      code.get(end).i32(1).op('i32.sub').set(end).br(again);
    });
  });
}

export function emitConcat(e: Emitter, args: readonly Value[], type: DataType): Value {
  const { code } = e;
  const total = code.local('i32');
  code.i32(0).set(total);
  for (const arg of args) code.get(total).get(part(arg, 1)).op('i32.add').set(total);
  const at = e.allocBytes(total);
  const to = code.local('i32');
  code.get(at).set(to);
  for (const arg of args) {
    code.get(to).get(part(arg, 0)).get(part(arg, 1)).op('memory.copy');
    code.get(to).get(part(arg, 1)).op('i32.add').set(to);
  }
  return textOf(type, at, total);
}

/** The code point of the first character, 0 for none. */
export function emitAscii(e: Emitter, text: Value): Local {
  const { code } = e;
  const at = part(text);
  const point = code.local('i32');
  const low = (i: number): void => {
    code.get(at).op('i32.load8_u', i).i32(0x3f).op('i32.and');
  };
  code.i32(0).set(point);
  code.get(part(text, 1)).if(() => {
    code
      .get(at)
      .op('i32.load8_u')
      .tee(point)
      .i32(0x80)
      .op('i32.ge_u')
      .if(() => {
        code
          .get(point)
          .i32(0xe0)
          .op('i32.lt_u')
          .if(
            () => {
              code.get(point).i32(0x1f).op('i32.and').i32(6).op('i32.shl');
              low(1);
              code.op('i32.or').set(point);
            },
            () => {
              const four = (): void => {
                code.get(point).i32(0x07).op('i32.and').i32(18).op('i32.shl');
                low(1);
                code.i32(12).op('i32.shl').op('i32.or');
                low(2);
                code.i32(6).op('i32.shl').op('i32.or');
                low(3);
                code.op('i32.or').set(point);
              };
              code
                .get(point)
                .i32(0xf0)
                .op('i32.lt_u')
                .if(() => {
                  code.get(point).i32(0x0f).op('i32.and').i32(12).op('i32.shl');
                  low(1);
                  code.i32(6).op('i32.shl').op('i32.or');
                  low(2);
                  code.op('i32.or').set(point);
                }, four);
            },
          );
      });
  });
  return point;
}

const bytes = (byte: number): number[] => new Array<number>(16).fill(byte);
const TAIL_BYTES = 16;

/** Changes the case of ASCII text sixteen bytes at a time; text with other characters is left to JS. */
export function emitCase(e: Emitter, args: readonly Value[], call: Call, to: 'upper' | 'lower'): Value {
  const { code } = e;
  const text = argument(args, 0);
  const length = part(text, 1);
  const at = part(text);
  code.get(length).i32(TAIL_BYTES).op('i32.add');
  const out = code.local('i32');
  code.get(e.allocBytes(keepI32(e))).set(out);
  const resultLength = code.local('i32');
  code.get(length).set(resultLength);
  const foreign = emitCaseLoop(e, at, out, length, to);
  code.get(foreign).if(() =>
    e.scoped(() => {
      const result = e.js(call, [text]);
      code.get(part(result)).set(out).get(part(result, 1)).set(resultLength);
    }),
  );
  return stringOf(out, resultLength);
}

/** Gives a local that is not 0 when there are bytes beyond ASCII. The last store may go 15 bytes beyond the end. */
function emitCaseLoop(e: Emitter, at: Local, out: Local, length: Local, to: 'upper' | 'lower'): Local {
  const { code } = e;
  const i = code.local('i32');
  const chunk = code.local('v128');
  const foreign = code.local('i32');
  code.i32(0).set(foreign);
  code.i32(0).set(i);
  code.block((done) => {
    code.loop((again) => {
      code.get(i).get(length).op('i32.ge_u').brIf(done);
      code.get(at).get(i).op('i32.add').op('v128.load', 0, 0).tee(chunk).op('i8x16.bitmask');
      // Of the last bytes only those before the end count.
      code.i32(-1).i32(1).get(length).get(i).op('i32.sub').op('i32.shl').i32(1).op('i32.sub');
      code.get(length).get(i).op('i32.sub').i32(16).op('i32.ge_u').select();
      code.op('i32.and').get(foreign).op('i32.or').set(foreign);
      code.get(out).get(i).op('i32.add').get(chunk);
      code
        .get(chunk)
        .v128(bytes(to === 'upper' ? 0x61 : 0x41))
        .op('i8x16.sub')
        .v128(bytes(26))
        .op('i8x16.lt_u');
      code
        .v128(bytes(0x20))
        .op('v128.and')
        .op(to === 'upper' ? 'i8x16.sub' : 'i8x16.add')
        .op('v128.store', 0, 0);
      code.get(i).i32(16).op('i32.add').set(i).br(again);
    });
  });
  return foreign;
}
