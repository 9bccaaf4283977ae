import type { Code, Local, WasmModule } from '../../../wasm/index.js';
import { bump, elementwise, returnIf, whileLoop } from './emit.js';

const REVERSED = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
const MICROS_PER_DAY = 86_400_000_000;
const JULIAN_EPOCH = 2_440_588;

/** Kernels `(source, count, target)` that turn physical values into stored ones; source and target must not overlap. */
export function emitConvert(module: WasmModule): void {
  elementwise(module, 'widenU32', { source: 4, target: 8 }, (code, source, target) =>
    code.get(target).get(source).op('i64.load32_u', 0, 0).op('i64.store', 0, 0),
  );
  elementwise(module, 'widenU64', { source: 8, target: 16 }, (code, source, target) => {
    code.get(target).get(source).op('i64.load', 0, 0).op('i64.store', 0, 0);
    code.get(target).i64(0).op('i64.store', 8, 0);
  });
  elementwise(module, 'millis32', { source: 4, target: 8 }, (code, source, target) =>
    code.get(target).get(source).op('i64.load32_s', 0, 0).i64(1000).op('i64.mul').op('i64.store', 0, 0),
  );
  elementwise(module, 'nanos', { source: 8, target: 8 }, (code, source, target) => {
    code.get(target);
    floorDivide(code, source, 1000);
    code.op('i64.store', 0, 0);
  });
  elementwise(module, 'int96', { source: 12, target: 8 }, (code, source, target) => {
    code.get(target).get(source).op('i64.load32_u', 8, 0).i64(JULIAN_EPOCH).op('i64.sub').i64(MICROS_PER_DAY);
    code.op('i64.mul');
    floorDivide(code, source, 1000);
    code.op('i64.add').op('i64.store', 0, 0);
  });
  emitMillis(module);
  emitBits(module);
  emitUnsplit(module);
  emitDecimals(module);
}

/** The i64 at `source`, divided and rounded down: moved by one before and after when negative. */
function floorDivide(code: Code, source: Local, by: number): void {
  const [value, sign] = [code.local('i64'), code.local('i64')];
  code.get(source).op('i64.load', 0, 0).tee(value).i64(63).op('i64.shr_s').set(sign);
  code.get(value).get(sign).op('i64.xor').i64(by).op('i64.div_s').get(sign).op('i64.xor');
}

/** `millis(source, count, target)`: 1, or 0 when a value does not fit. */
function emitMillis(module: WasmModule): void {
  const most = 9_223_372_036_854_775n;
  module.function('millis', ['i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, count, target] = params;
    const value = code.local('i64');
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code
          .get(source)
          .op('i64.load', 0, 0)
          .tee(value)
          .i64(most)
          .op('i64.add')
          .i64(2n * most)
          .op('i64.gt_u');
        returnIf(code, 0);
        code.get(target).get(value).i64(1000).op('i64.mul').op('i64.store', 0, 0);
        bump(code, source, 8);
        bump(code, target, 8);
        bump(code, count, -1);
      },
    );
    code.i32(1);
  });
}

/** `unpackBits(source, count, target)`: one byte per bit; writes up to 7 bytes too many. */
function emitBits(module: WasmModule): void {
  module.function('unpackBits', ['i32', 'i32', 'i32'], [], (code, ...params) => {
    const [source, count, target] = params;
    const last = code.local('i32');
    code.get(target).get(count).op('i32.add').set(last);
    whileLoop(
      code,
      () => code.get(target).get(last).op('i32.lt_u'),
      () => {
        code.get(target).get(source).op('i64.load8_u').i64(0x0101010101010101n).op('i64.mul');
        code.i64(0x8040201008040201n).op('i64.and').i64(0x7f7f7f7f7f7f7f7fn).op('i64.add').i64(7).op('i64.shr_u');
        code.i64(0x0101010101010101n).op('i64.and').op('i64.store', 0, 0);
        bump(code, source, 1);
        bump(code, target, 8);
      },
    );
  });
}

/** `unsplit(source, count, target, width)`: BYTE_STREAM_SPLIT, byte b of value i being at `source + b * count + i`. */
function emitUnsplit(module: WasmModule): void {
  module.function('unsplit', ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [source, count, target, width] = params;
    const [stream, to, left] = [code.local('i32'), code.local('i32'), code.local('i32')];
    code.get(width).set(stream);
    whileLoop(
      code,
      () => code.get(stream),
      () => {
        code.get(target).set(to);
        code.get(count).set(left);
        whileLoop(
          code,
          () => code.get(left),
          () => {
            code.get(to).get(source).op('i32.load8_u').op('i32.store8');
            code.get(to).get(width).op('i32.add').set(to);
            bump(code, source, 1);
            bump(code, left, -1);
          },
        );
        bump(code, target, 1);
        bump(code, stream, -1);
      },
    );
  });
}

/**
 * Big-endian two's complement of up to 16 bytes. `fixedDecimal64/128(source, count, target, width)`;
 * `bytesDecimal64/128(source, end, count, target)` with each value after its length, 1 or 0 when it is damaged.
 * They read up to 16 bytes before `source`.
 */
function emitDecimals(module: WasmModule): void {
  for (const wide of [false, true]) {
    const name = wide ? 'Decimal128' : 'Decimal64';
    module.function(`fixed${name}`, ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
      const [source, count, target, width] = params;
      const shift = code.local('i64');
      whileLoop(
        code,
        () => code.get(count),
        () => {
          code.get(source).get(width).op('i32.add').set(source);
          bigEndian(code, source, width, target, shift, wide);
          bump(code, target, wide ? 16 : 8);
          bump(code, count, -1);
        },
      );
    });
    module.function(`bytes${name}`, ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
      const [source, end, count, target] = params;
      const [length, shift] = [code.local('i32'), code.local('i64')];
      whileLoop(
        code,
        () => code.get(count),
        () => {
          code.get(end).get(source).op('i32.sub').i32(4).op('i32.lt_u');
          returnIf(code, 0);
          code.get(source).op('i32.load', 0, 0).set(length);
          bump(code, source, 4);
          code.get(length).get(end).get(source).op('i32.sub').op('i32.gt_u');
          code.get(length).i32(16).op('i32.gt_u').op('i32.or');
          returnIf(code, 0);
          code.get(source).get(length).op('i32.add').set(source);
          bigEndian(code, source, length, target, shift, wide);
          bump(code, target, wide ? 16 : 8);
          bump(code, count, -1);
        },
      );
      code.i32(1);
    });
  }
}

/** Stores the value whose last byte lies before `end`; `width` of 0 to 16. */
function bigEndian(code: Code, end: Local, width: Local, target: Local, shift: Local, wide: boolean): void {
  const [vector, low] = [code.local('v128'), code.local('i64')];
  code.get(end).i32(16).op('i32.sub').op('v128.load', 0, 0).tee(vector).get(vector);
  code.op('i8x16.shuffle', ...REVERSED).set(vector);
  code.get(width).i32(8).op('i32.le_u');
  code.if(
    () => {
      // A shift by 64 is one by 0 in Wasm, so an empty value is 0 by hand.
      code.i64(64).get(width).op('i64.extend_i32_u').i64(8).op('i64.mul').op('i64.sub').set(shift);
      code.get(vector).op('i64x2.extract_lane', 0).get(shift).op('i64.shl').get(shift).op('i64.shr_s').i64(0);
      code.get(width).select().set(low);
      code.get(target).get(low).op('i64.store', 0, 0);
      if (wide) code.get(target).get(low).i64(63).op('i64.shr_s').op('i64.store', 8, 0);
    },
    () => {
      code.get(target).get(vector).op('i64x2.extract_lane', 0).op('i64.store', 0, 0);
      if (!wide) return;
      code.i64(128).get(width).op('i64.extend_i32_u').i64(8).op('i64.mul').op('i64.sub').set(shift);
      code.get(target).get(vector).op('i64x2.extract_lane', 1).get(shift).op('i64.shl').get(shift).op('i64.shr_s');
      code.op('i64.store', 8, 0);
    },
  );
}
