import type { WasmModule } from '../../../wasm/index.js';
import { bump, copyChunks, elementwise, whileLoop } from './emit.js';

/**
 * What is done with dictionary indices: u32 values at `indices`. And `copy(target, source, bytes)`: where memory is shared,
 * V8's own copying between typed arrays goes byte by byte unless both lie alike.
 */
export function emitGather(module: WasmModule): void {
  module.function('copy', ['i32', 'i32', 'i32'], [], (code, ...params) => {
    for (const param of params) code.get(param);
    code.op('memory.copy');
  });
  emitMaxIndex(module);
  for (const width of [1, 2, 4, 8, 16] as const) emitGatherFixed(module, width);
  elementwise(module, 'narrow8', { source: 4, target: 1 }, (code, source, target) =>
    code.get(target).get(source).op('i32.load', 0, 0).op('i32.store8'),
  );
  elementwise(module, 'narrow16', { source: 4, target: 2 }, (code, source, target) =>
    code.get(target).get(source).op('i32.load', 0, 0).op('i32.store16', 0, 0),
  );
  elementwise(module, 'widen8', { source: 1, target: 4 }, (code, source, target) =>
    code.get(target).get(source).op('i32.load8_u').op('i32.store', 0, 0),
  );
  elementwise(module, 'widen16', { source: 2, target: 4 }, (code, source, target) =>
    code.get(target).get(source).op('i32.load16_u', 0, 0).op('i32.store', 0, 0),
  );
  emitPackCodes(module);
  emitGatherStrings(module);
}

/** `maxIndex(indices, count)`: the largest of them, 0 when there is none. */
function emitMaxIndex(module: WasmModule): void {
  module.function('maxIndex', ['i32', 'i32'], ['i32'], (code, ...params) => {
    const [at, count] = params;
    const [most, one, vector, last] = [code.local('i32'), code.local('i32'), code.local('v128'), code.local('i32')];
    code.get(at).get(count).i32(-4).op('i32.and').i32(2).op('i32.shl').op('i32.add').set(last);
    whileLoop(
      code,
      () => code.get(at).get(last).op('i32.lt_u'),
      () => {
        code.get(vector).get(at).op('v128.load', 0, 0).op('i32x4.max_u').set(vector);
        bump(code, at, 16);
      },
    );
    const takeMost = (): void => {
      code.tee(one).get(most).get(one).get(most).op('i32.gt_u').select().set(most);
    };
    for (const lane of [0, 1, 2, 3]) {
      code.get(vector).op('i32x4.extract_lane', lane);
      takeMost();
    }
    code.get(at).get(count).i32(3).op('i32.and').i32(2).op('i32.shl').op('i32.add').set(last);
    whileLoop(
      code,
      () => code.get(at).get(last).op('i32.lt_u'),
      () => {
        code.get(at).op('i32.load', 0, 0);
        takeMost();
        bump(code, at, 4);
      },
    );
    code.get(most);
  });
}

const MOVES = {
  1: ['i32.load8_u', 'i32.store8'],
  2: ['i32.load16_u', 'i32.store16'],
  4: ['i32.load', 'i32.store'],
  8: ['i64.load', 'i64.store'],
  16: ['v128.load', 'v128.store'],
} as const;

/** `gather<W>(indices, count, target, dictionary)`: four at a time, then the rest. */
function emitGatherFixed(module: WasmModule, width: 1 | 2 | 4 | 8 | 16): void {
  const [load, store] = MOVES[width];
  const shift = Math.log2(width);
  module.function(`gather${width}`, ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [indices, count, target, dictionary] = params;
    const one = (i: number): void => {
      code
        .get(target)
        .get(dictionary)
        .get(indices)
        .op('i32.load', i * 4, 0);
      if (shift > 0) code.i32(shift).op('i32.shl');
      code
        .op('i32.add')
        .op(load, 0, 0)
        .op(store, i * width, 0);
    };
    whileLoop(
      code,
      () => code.get(count).i32(4).op('i32.ge_u'),
      () => {
        for (const i of [0, 1, 2, 3]) one(i);
        bump(code, indices, 16);
        bump(code, target, 4 * width);
        bump(code, count, -4);
      },
    );
    whileLoop(
      code,
      () => code.get(count),
      () => {
        one(0);
        bump(code, indices, 4);
        bump(code, target, width);
        bump(code, count, -1);
      },
    );
  });
}

/** `packCodes8`, `packCodes16 (indices, count, target)`: codes below 2^8 or 2^16; writes up to 15 bytes too many. */
function emitPackCodes(module: WasmModule): void {
  for (const bits of [8, 16] as const) {
    const vectors = bits === 8 ? [0, 16, 32, 48] : [0, 16];
    module.function(`packCodes${bits}`, ['i32', 'i32', 'i32'], [], (code, ...params) => {
      const [indices, count, target] = params;
      const last = code.local('i32');
      code.get(target).get(count);
      if (bits === 16) code.i32(1).op('i32.shl');
      code.op('i32.add').set(last);
      whileLoop(
        code,
        () => code.get(target).get(last).op('i32.lt_u'),
        () => {
          code.get(target);
          for (const [i, offset] of vectors.entries()) {
            code.get(indices).op('v128.load', offset, 0);
            if (i % 2 === 1) code.op('i16x8.narrow_i32x4_u');
          }
          if (bits === 8) code.op('i8x16.narrow_i16x8_u');
          code.op('v128.store', 0, 0);
          bump(code, indices, 16 * vectors.length);
          bump(code, target, 16);
        },
      );
    });
  }
}

/**
 * `gatherLength(indices, count, offsets)`: the bytes of the strings named, as i64.
 * `gatherStrings(indices, count, dictOffsets, dictData, offsets, data, position)`: appends them at `data + position`
 * and writes where each ends to offsets[1…]; the bytes must be there, plus 16.
 */
function emitGatherStrings(module: WasmModule): void {
  module.function('gatherLength', ['i32', 'i32', 'i32'], ['i64'], (code, ...params) => {
    const [indices, count, offsets] = params;
    const [total, at] = [code.local('i64'), code.local('i32')];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(offsets).get(indices).op('i32.load', 0, 0).i32(2).op('i32.shl').op('i32.add').set(at);
        code.get(at).op('i32.load', 4, 0).get(at).op('i32.load', 0, 0).op('i32.sub').op('i64.extend_i32_u');
        code.get(total).op('i64.add').set(total);
        bump(code, indices, 4);
        bump(code, count, -1);
      },
    );
    code.get(total);
  });
  module.function('gatherStrings', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [indices, count, dictOffsets, dictData, offsets, data, position] = params;
    const [at, from, to, last] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(dictOffsets).get(indices).op('i32.load', 0, 0).i32(2).op('i32.shl').op('i32.add').set(at);
        code.get(dictData).get(at).op('i32.load', 0, 0).op('i32.add').set(from);
        code.get(data).get(position).op('i32.add').set(to);
        code
          .get(at)
          .op('i32.load', 4, 0)
          .get(at)
          .op('i32.load', 0, 0)
          .op('i32.sub')
          .get(position)
          .op('i32.add')
          .set(position);
        code.get(data).get(position).op('i32.add').set(last);
        copyChunks(code, from, to, last);
        bump(code, offsets, 4);
        code.get(offsets).get(position).op('i32.store', 0, 0);
        bump(code, indices, 4);
        bump(code, count, -1);
      },
    );
    code.get(position);
  });
}
