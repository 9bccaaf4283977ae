import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { bump, whileLoop } from './kernels/emit.js';

export const DELTA_BLOCK = 128;
const MINIBLOCK = 32;
/** Bytes of the area that the kernel computes in: differences of a block, and codes of a miniblock. */
export const DELTA_SCRATCH = DELTA_BLOCK * 8 + MINIBLOCK * 4;

/**
 * `delta<w>(source, count, target, scratch)`: the blocks of DELTA_BINARY_PACKED for the values behind the first one. Gives
 * the end, or 0 where differences need more than 32 bits: such values are better left as they are.
 */
export function emitDeltas(module: WasmModule, packed: Func): void {
  const miniblock = emitMiniblock(module, packed);
  for (const bytes of [4, 8] as const) emitDelta(module, bytes, miniblock);
}

function emitDelta(module: WasmModule, bytes: 4 | 8, miniblock: Func): void {
  module.function(`delta${bytes}`, ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, count, target, scratch] = params;
    const [end, stop, place, widths] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
    const [value, former, least] = [code.local('i64'), code.local('i64'), code.local('i64')];
    const load = (): Code => code.get(source).op(bytes === 4 ? 'i64.load32_s' : 'i64.load', 0, 0);
    code.get(source).get(count).i32(bytes).op('i32.mul').op('i32.add').set(end);
    load().set(former);
    bump(code, source, bytes);
    whileLoop(
      code,
      () => code.get(source).get(end).op('i32.lt_u'),
      () => {
        code
          .get(source)
          .i32(DELTA_BLOCK * bytes)
          .op('i32.add')
          .tee(stop)
          .get(end)
          .op('i32.gt_u');
        code.if(() => code.get(end).set(stop));
        code.get(scratch).set(place).i64(0x7fffffffffffffffn).set(least);
        whileLoop(
          code,
          () => code.get(source).get(stop).op('i32.lt_u'),
          () => {
            load().tee(value).get(former).op('i64.sub');
            // Differences wrap around in the width of the type.
            if (bytes === 4) code.op('i64.extend32_s');
            code.get(value).set(former).set(value);
            code.get(place).get(value).op('i64.store', 0, 0);
            bump(code, place, 8);
            code.get(value).get(least).op('i64.lt_s');
            code.if(() => code.get(value).set(least));
            bump(code, source, bytes);
          },
        );
        code.get(place).set(stop);
        zigzag(code, least, value, target);
        // The widths of four miniblocks.
        code.get(target).tee(widths).i32(0).op('i32.store', 0, 0);
        bump(code, target, 4);
        code.get(scratch).set(place);
        whileLoop(
          code,
          () => code.get(place).get(stop).op('i32.lt_u'),
          () => {
            code.get(place).get(stop).get(least).get(scratch).get(widths).get(target).i32(bytes).call(miniblock);
            code.tee(target).op('i32.eqz');
            code.if(() => code.i32(0).return());
            bump(code, widths, 1);
            bump(code, place, MINIBLOCK * 8);
          },
        );
      },
    );
    code.get(target);
  });
}

/** A signed number as a varint to `target`, which moves on. */
function zigzag(code: Code, number: Local, rest: Local, target: Local): void {
  code.get(number).i64(1).op('i64.shl').get(number).i64(63).op('i64.shr_s').op('i64.xor').set(rest);
  whileLoop(
    code,
    () => code.get(rest).i64(127).op('i64.gt_u'),
    () => {
      code.get(target).get(rest).i64(128).op('i64.or').op('i64.store8', 0, 0);
      bump(code, target, 1);
      code.get(rest).i64(7).op('i64.shr_u').set(rest);
    },
  );
  code.get(target).get(rest).op('i64.store8', 0, 0);
  bump(code, target, 1);
}

/** `miniblock(place, stop, least, scratch, width, target, bytes)`: 32 differences or fewer; gives the end, or 0. */
function emitMiniblock(module: WasmModule, packed: Func): Func {
  return module.function(
    'miniblock',
    ['i32', 'i32', 'i64', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [place, stop, least, scratch, width, target, bytes] = params;
      const [codes, at, value, bits] = [code.local('i32'), code.local('i32'), code.local('i64'), code.local('i64')];
      code
        .get(scratch)
        .i32(DELTA_BLOCK * 8)
        .op('i32.add')
        .tee(codes)
        .set(at);
      for (let i = 0; i < MINIBLOCK * 4; i += 8) code.get(codes).i64(0).op('i64.store', i, 0);
      code
        .get(place)
        .i32(MINIBLOCK * 8)
        .op('i32.add')
        .get(stop)
        .op('i32.lt_u');
      code.if(() =>
        code
          .get(place)
          .i32(MINIBLOCK * 8)
          .op('i32.add')
          .set(stop),
      );
      whileLoop(
        code,
        () => code.get(place).get(stop).op('i32.lt_u'),
        () => {
          code.get(place).op('i64.load', 0, 0).get(least).op('i64.sub').set(value);
          code.get(bytes).i32(4).op('i32.eq');
          code.if(() => code.get(value).i64(0xffffffffn).op('i64.and').set(value));
          code.get(value).get(bits).op('i64.or').set(bits);
          code.get(at).get(value).op('i64.store32', 0, 0);
          bump(code, at, 4);
          bump(code, place, 8);
        },
      );
      code.get(bits).i64(0xffffffffn).op('i64.gt_u');
      code.if(() => code.i32(0).return());
      code.i64(64).get(bits).op('i64.clz').op('i64.sub').op('i32.wrap_i64').set(at);
      code.get(width).get(at).op('i32.store8', 0, 0);
      code.get(at).op('i32.eqz');
      code.if(() => code.get(target).return());
      code
        .get(codes)
        .get(codes)
        .i32(MINIBLOCK * 4)
        .op('i32.add')
        .get(at)
        .get(target)
        .call(packed);
    },
    { export: false },
  );
}
