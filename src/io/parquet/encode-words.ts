import type { Code, Local, OpName, WasmModule } from '../../wasm/index.js';
import { bump, elementwise } from './kernels/emit.js';

/** How integers may be stored that are narrower than what is written. */
export const NARROW = ['i8', 'u8', 'i16', 'u16', 'i32'] as const;

type N = number;

/** What is done with numbers of one or two words. */
export type WordKernels = Readonly<
  Record<`bounds${4 | 8}`, (source: N, count: N, limits: N) => void> &
    Record<`extend_${(typeof NARROW)[number]}_${4 | 8}`, (source: N, count: N, target: N) => void>
>;

export function emitWords(module: WasmModule): void {
  emitBounds4(module);
  emitBounds8(module);
  for (const storage of NARROW) {
    const sign = storage[0] === 'u' ? 'u' : 's';
    const bits = Number(storage.slice(1));
    for (const bytes of [4, 8] as const) {
      const load = (
        bits < 32 ? `i${bytes * 8}.load${bits}_${sign}` : bytes === 8 ? 'i64.load32_s' : 'i32.load'
      ) as OpName;
      elementwise(
        module,
        `extend_${storage}_${bytes}`,
        { source: bits / 8, target: bytes },
        (code, source, target) =>
          void code
            .get(target)
            .get(source)
            .op(load, 0, 0)
            .op(`i${(bytes * 8) as 32 | 64}.store`, 0, 0),
      );
    }
  }
}

/** Runs over vectors of 16 bytes, then over what is left of them. */
function eachVector(
  code: Code,
  run: { readonly source: Local; readonly count: Local; readonly bytes: 4 | 8 },
  vector: () => void,
  one: () => void,
): void {
  const { source, count, bytes } = run;
  const lanes = 16 / bytes;
  for (const [many, body] of [
    [lanes, vector],
    [1, one],
  ] as const) {
    code.block((done) => {
      code.loop((again) => {
        code.get(count).i32(many).op('i32.lt_u').brIf(done);
        body();
        bump(code, source, many * bytes);
        code.get(count).i32(many).op('i32.sub').set(count).br(again);
      });
    });
  }
}

/** `bounds4(source, count, limits)`: the least and the greatest of signed integers, one behind the other. */
function emitBounds4(module: WasmModule): void {
  module.function('bounds4', ['i32', 'i32', 'i32'], [], (code, ...params) => {
    const [source, count, limits] = params;
    const [least, most, value] = [code.local('v128'), code.local('v128'), code.local('v128')];
    const fold = (): void => {
      code.set(value);
      code.get(least).get(value).op('i32x4.min_s').set(least);
      code.get(most).get(value).op('i32x4.max_s').set(most);
    };
    code.get(source).op('v128.load32_splat', 0, 0).tee(least).set(most);
    eachVector(
      code,
      { source, count, bytes: 4 },
      () => {
        code.get(source).op('v128.load', 0, 0);
        fold();
      },
      () => {
        code.get(source).op('v128.load32_splat', 0, 0);
        fold();
      },
    );
    for (const [i, [limit, op]] of (
      [
        [least, 'i32x4.min_s'],
        [most, 'i32x4.max_s'],
      ] as const
    ).entries()) {
      // The halves of halves onto each other.
      for (const order of [SECOND_HALF, SECOND_WORD])
        code
          .get(limit)
          .get(limit)
          .get(limit)
          .op('i8x16.shuffle', ...order)
          .op(op)
          .set(limit);
      code
        .get(limits)
        .get(limit)
        .op('i32x4.extract_lane', 0)
        .op('i32.store', 4 * i, 0);
    }
  });
}

const SECOND_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const SECOND_WORD = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11];

/** `bounds8(source, count, limits)`: the same of 64-bit integers. */
function emitBounds8(module: WasmModule): void {
  module.function('bounds8', ['i32', 'i32', 'i32'], [], (code, ...params) => {
    const [source, count, limits] = params;
    const [least, most, value] = [code.local('v128'), code.local('v128'), code.local('v128')];
    const fold = (): void => {
      code.set(value);
      code.get(value).get(least).get(least).get(value).op('i64x2.gt_s').op('v128.bitselect').set(least);
      code.get(value).get(most).get(value).get(most).op('i64x2.gt_s').op('v128.bitselect').set(most);
    };
    code.get(source).op('v128.load64_splat', 0, 0).tee(least).set(most);
    eachVector(
      code,
      { source, count, bytes: 8 },
      () => {
        code.get(source).op('v128.load', 0, 0);
        fold();
      },
      () => {
        code.get(source).op('v128.load64_splat', 0, 0);
        fold();
      },
    );
    for (const limit of [least, most]) {
      code
        .get(limit)
        .get(limit)
        .op('i8x16.shuffle', ...SECOND_HALF);
      fold();
      const place = limit === least ? 0 : 8;
      code.get(limits).get(limit).op('i64x2.extract_lane', 0).op('i64.store', place, 0);
    }
  });
}
