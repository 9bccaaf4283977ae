import type { Code, Local, WasmModule } from '../../../wasm/index.js';
import { bump, whileLoop } from './emit.js';

/** Values narrowed at a time. */
const AT_ONCE = 16;

/**
 * `narrow<A>to<B>(source, count, target)`: signed integers of A bits as B bits; 1, or 0 when one of them does not fit
 * (what lies at `target` is then of no use).
 */
export function emitNarrow(module: WasmModule): void {
  for (const from of [32, 64] as const) for (const to of [8, 16, 32] as const) if (to < from) emitOne(module, from, to);
}

function emitOne(module: WasmModule, from: 32 | 64, to: 8 | 16 | 32): void {
  module.function(`narrow${from}to${to}`, ['i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, count, target] = params;
    const [lost, words, value] = [code.local('v128'), code.local('v128'), code.local('i64')];
    const lanes = [0, 1, 2, 3].map(() => code.local('v128'));
    whileLoop(
      code,
      () => code.get(count).i32(AT_ONCE).op('i32.ge_u'),
      () => {
        for (const [i, lane] of lanes.entries()) {
          if (from === 64) lowWords(code, source, i * 32, lane, lost, words);
          else
            code
              .get(source)
              .op('v128.load', i * 16, 0)
              .set(lane);
          if (to < 32) checkFits(code, lane, to, lost);
        }
        storeLanes(code, lanes, target, to);
        bump(code, source, (AT_ONCE * from) / 8);
        bump(code, target, (AT_ONCE * to) / 8);
        bump(code, count, -AT_ONCE);
      },
    );
    const left = code.local('i64');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code
          .get(source)
          .op(from === 64 ? 'i64.load' : 'i64.load32_s', 0, 0)
          .set(value);
        // Shifted up and back it is itself exactly when it fits.
        code
          .get(value)
          .i64(64 - to)
          .op('i64.shl')
          .i64(64 - to)
          .op('i64.shr_s')
          .get(value)
          .op('i64.xor');
        code.get(left).op('i64.or').set(left);
        code.get(target).get(value).op('i32.wrap_i64');
        code.op(({ 8: 'i32.store8', 16: 'i32.store16', 32: 'i32.store' } as const)[to], 0, 0);
        bump(code, source, from / 8);
        bump(code, target, to / 8);
        bump(code, count, -1);
      },
    );
    code.get(lost).op('v128.any_true').op('i32.eqz').get(left).op('i64.eqz').op('i32.and');
  });
}

/** The low words of four i64 at `source + offset`; what their high words hold beyond the sign goes to `lost`. */
function lowWords(code: Code, source: Local, offset: number, lane: Local, lost: Local, words: Local): void {
  const shuffled = (first: number): void => {
    const bytes = [0, 8, 16, 24].flatMap((at) => [0, 1, 2, 3].map((b) => at + first + b));
    code
      .get(source)
      .op('v128.load', offset, 0)
      .get(source)
      .op('v128.load', offset + 16, 0)
      .op('i8x16.shuffle', ...bytes);
  };
  shuffled(0);
  code.set(lane);
  shuffled(4);
  code.set(words);
  code.get(lane).i32(31).op('i32x4.shr_s').get(words).op('v128.xor').get(lost).op('v128.or').set(lost);
}

function checkFits(code: Code, lane: Local, to: number, lost: Local): void {
  code
    .get(lane)
    .i32(32 - to)
    .op('i32x4.shl')
    .i32(32 - to)
    .op('i32x4.shr_s')
    .get(lane)
    .op('v128.xor');
  code.get(lost).op('v128.or').set(lost);
}

function storeLanes(code: Code, lanes: readonly Local[], target: Local, to: 8 | 16 | 32): void {
  const [a, b, c, d] = lanes as [Local, Local, Local, Local];
  switch (to) {
    case 32:
      for (const [i, lane] of lanes.entries())
        code
          .get(target)
          .get(lane)
          .op('v128.store', i * 16, 0);
      break;
    case 16:
      code.get(target).get(a).get(b).op('i16x8.narrow_i32x4_s').op('v128.store', 0, 0);
      code.get(target).get(c).get(d).op('i16x8.narrow_i32x4_s').op('v128.store', 16, 0);
      break;
    case 8:
      code.get(target).get(a).get(b).op('i16x8.narrow_i32x4_s').get(c).get(d).op('i16x8.narrow_i32x4_s');
      code.op('i8x16.narrow_i16x8_s').op('v128.store', 0, 0);
      break;
  }
}
