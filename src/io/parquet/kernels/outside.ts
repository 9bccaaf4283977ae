import type { Code, Local, WasmModule } from '../../../wasm/index.js';
import { bump, whileLoop } from './emit.js';

const LANES = { 1: ['i8x16', 'i32'], 2: ['i16x8', 'i32'], 4: ['i32x4', 'i32'], 8: ['i64x2', 'i64'] } as const;

/**
 * `outside<bytes>(source, count, base, span)`: not 0 when a value lies outside bounds. `base` is the lower one and half of
 * all values more, so that a distance from it, as a signed number, is at most `span` exactly when the value lies inside. Of
 * 16 bytes the upper halves come last. Reads up to 16 bytes behind the values.
 */
export function emitOutside(module: WasmModule): void {
  for (const bytes of [1, 2, 4, 8] as const) emitLanes(module, bytes);
  module.function('outside16', ['i32', 'i32', 'i64', 'i64', 'i64', 'i64'], ['i32'], (code, ...params) => {
    const [source, count, base, span, baseHigh, spanHigh] = params;
    const [found, low, high] = [code.local('i32'), code.local('i64'), code.local('i64')];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(source).op('i64.load', 0, 0).tee(low).get(base).op('i64.sub');
        code.get(source).op('i64.load', 8, 0).get(baseHigh).op('i64.sub');
        code.get(low).get(base).op('i64.lt_u').op('i64.extend_i32_u').op('i64.sub').set(high).set(low);
        code.get(high).get(spanHigh).op('i64.gt_s');
        code.get(high).get(spanHigh).op('i64.eq').get(low).get(span).op('i64.gt_u').op('i32.and').op('i32.or');
        code.get(found).op('i32.or').set(found);
        bump(code, source, 16);
        bump(code, count, -1);
      },
    );
    code.get(found);
  });
}

function emitLanes(module: WasmModule, bytes: keyof typeof LANES): void {
  module.function(`outside${bytes}`, ['i32', 'i32', 'i64', 'i64'], ['i32'], (code, ...params) => {
    const [source, count, ...bounds] = params;
    const [lanes, lane] = LANES[bytes];
    const [base, span, found, last] = [code.local('v128'), code.local('v128'), code.local('v128'), code.local('i32')];
    for (const [i, vector] of [base, span].entries()) {
      code.get(bounds[i] as Local);
      if (lane === 'i32') code.op('i32.wrap_i64');
      code.op(`${lanes}.splat`).set(vector);
    }
    const tooFar = (): Code =>
      code.get(source).op('v128.load', 0, 0).get(base).op(`${lanes}.sub`).get(span).op(`${lanes}.gt_s`);
    code.get(count).i32(bytes).op('i32.mul').tee(count).i32(-16).op('i32.and').get(source).op('i32.add').set(last);
    whileLoop(
      code,
      () => code.get(source).get(last).op('i32.lt_u'),
      () => {
        tooFar().get(found).op('v128.or').set(found);
        bump(code, source, 16);
      },
    );
    // Of the last lanes only those that are values.
    tooFar().op('i8x16.bitmask').i32(-1).get(count).i32(15).op('i32.and').op('i32.shl').i32(-1).op('i32.xor');
    code.op('i32.and').get(found).op('v128.any_true').op('i32.or');
  });
}
