import type { Code, Func, Local, WasmModule } from '../../../wasm/index.js';
import { bitAt, bump, returnIf, whileLoop } from './emit.js';

/**
 * Definition levels of width 1 are Arrow's validity bits already:
 * - `levelBits(source, end, bitmap, bit, count)` appends `count` of them at `bit`; 1, or 0 when the bytes end early.
 *   It writes up to 8 bytes behind the last bit.
 * - `setBits(bitmap, bit, count)` appends ones, `countBits(bitmap, bit, count)` counts them.
 */
export function emitLevels(module: WasmModule, varint: Func): void {
  const setRun = emitFillBits(module);
  module.function('levelBits', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, bitmap, bit, count] = params;
    const [header, both, bytes] = [code.local('i32'), code.local('i64'), code.local('i32')];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        code.get(source).get(end).call(varint).tee(both).op('i64.eqz');
        returnIf(code, 0);
        code.get(both).i64(32).op('i64.shr_u').op('i32.wrap_i64').set(source);
        code.get(both).op('i32.wrap_i64').tee(header).i32(1).op('i32.and');
        code.get(header).i32(1).op('i32.shr_u').set(header);
        code.if(
          () => {
            // header groups of 8 bits, clamped to what is wanted; values = min(groups * 8, count)
            code.get(count).i32(7).op('i32.add').i32(3).op('i32.shr_u').tee(bytes).get(header).op('i32.lt_u');
            code.if(() => code.get(bytes).set(header));
            code.get(header).get(end).get(source).op('i32.sub').op('i32.gt_u');
            returnIf(code, 0);
            copyBits(code, source, header, bitmap, bit, count);
          },
          () => {
            code.get(header).get(count).op('i32.gt_u');
            code.if(() => code.get(count).set(header));
            code.get(source).get(end).op('i32.ge_u');
            returnIf(code, 0);
            code.get(bitmap).get(bit).get(header);
            code.i32(0).get(source).op('i32.load8_u').i32(1).op('i32.and').op('i32.sub').call(setRun);
            bump(code, source, 1);
            code.get(bit).get(header).op('i32.add').set(bit);
            code.get(count).get(header).op('i32.sub').set(count);
          },
        );
      },
    );
    code.i32(1);
  });
  emitCountBits(module);
}

/** Appends the bits of `bytes` bytes at `bit`, four bytes at a time, and advances everything. */
function copyBits(code: Code, source: Local, bytes: Local, bitmap: Local, bit: Local, count: Local): void {
  const [values, at, last, address] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i32')];
  code.get(bytes).i32(3).op('i32.shl').tee(values).get(count).op('i32.gt_u');
  code.if(() => code.get(count).set(values));
  code.get(source).set(at);
  code.get(source).get(bytes).op('i32.add').set(last);
  const position = code.local('i32');
  code.get(bit).set(position);
  whileLoop(
    code,
    () => code.get(at).get(last).op('i32.lt_u'),
    () => {
      code.get(bitmap).get(position).i32(3).op('i32.shr_u').op('i32.add').set(address);
      code.get(address);
      code.get(at).op('i64.load32_u', 0, 0);
      mergeBits(code, address, position);
      code.op('i64.store', 0, 0);
      bump(code, at, 4);
      bump(code, position, 32);
    },
  );
  code.get(last).set(source);
  code.get(bit).get(values).op('i32.add').set(bit);
  code.get(count).get(values).op('i32.sub').set(count);
}

/** Moves the i64 on the stack up to bit `position & 7` and puts the bits before it below. */
function mergeBits(code: Code, address: Local, position: Local): void {
  code.get(position).i32(7).op('i32.and').op('i64.extend_i32_u').op('i64.shl');
  code.get(address).op('i32.load8_u');
  code.i32(1).get(position).i32(7).op('i32.and').op('i32.shl').i32(1).op('i32.sub').op('i32.and');
  code.op('i64.extend_i32_u').op('i64.or');
}

/** `fillBits(bitmap, bit, count, pattern)`: appends `count` bits of an all-zero or all-one pattern. */
function emitFillBits(module: WasmModule): Func {
  return module.function('fillBits', ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [bitmap, bit, count, pattern] = params;
    const [address, end, bytes] = [code.local('i32'), code.local('i32'), code.local('i32')];
    code.get(bit).get(count).op('i32.add').set(end);
    code.get(bitmap).get(bit).i32(3).op('i32.shr_u').op('i32.add').set(address);
    code.get(address).get(pattern).op('i64.extend_i32_u');
    mergeBits(code, address, bit);
    code.op('i64.store', 0, 0);
    bump(code, address, 1);
    code.get(bitmap).get(end).i32(7).op('i32.add').i32(3).op('i32.shr_u').op('i32.add').tee(bytes);
    // The store above covered three whole bytes more.
    code.get(address).i32(3).op('i32.add').op('i32.gt_u');
    code.if(() => code.get(address).get(pattern).get(bytes).get(address).op('i32.sub').op('memory.fill'));
  });
}

function emitCountBits(module: WasmModule): void {
  module.function('countBits', ['i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [bitmap, bit, count] = params;
    const [total, end] = [code.local('i32'), code.local('i32')];
    code.get(bit).get(count).op('i32.add').set(end);
    whileLoop(
      code,
      () => code.get(bit).get(end).op('i32.lt_u').get(bit).i32(7).op('i32.and').i32(0).op('i32.ne').op('i32.and'),
      () => {
        bitAt(code, bitmap, bit);
        code.get(total).op('i32.add').set(total);
        bump(code, bit, 1);
      },
    );
    whileLoop(
      code,
      () => code.get(bit).i32(64).op('i32.add').get(end).op('i32.le_u'),
      () => {
        code
          .get(bitmap)
          .get(bit)
          .i32(3)
          .op('i32.shr_u')
          .op('i32.add')
          .op('i64.load', 0, 0)
          .op('i64.popcnt')
          .op('i32.wrap_i64');
        code.get(total).op('i32.add').set(total);
        bump(code, bit, 64);
      },
    );
    whileLoop(
      code,
      () => code.get(bit).get(end).op('i32.lt_u'),
      () => {
        bitAt(code, bitmap, bit);
        code.get(total).op('i32.add').set(total);
        bump(code, bit, 1);
      },
    );
    code.get(total);
  });
}

/**
 * `spread<W>(target, bitmap, bit, count, dense)`: the `dense` values at `target` move, last one first, to the rows
 * whose bit is set; the others become zero.
 */
export function emitSpread(module: WasmModule): void {
  for (const width of [1, 2, 4, 8, 16] as const) {
    module.function(`spread${width}`, ['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
      const [target, bitmap, bit, count, dense] = params;
      const [to, from, set] = [code.local('i32'), code.local('i32'), code.local('i32')];
      const shift = Math.log2(width);
      code.get(target).get(count).i32(shift).op('i32.shl').op('i32.add').set(to);
      code.get(target).get(dense).i32(shift).op('i32.shl').op('i32.add').set(from);
      code.get(bit).get(count).op('i32.add').set(bit);
      whileLoop(
        code,
        () => code.get(to).get(target).op('i32.gt_u'),
        () => {
          bump(code, bit, -1);
          bump(code, to, -width);
          bitAt(code, bitmap, bit);
          code.set(set);
          code.get(from).get(set).i32(shift).op('i32.shl').op('i32.sub').set(from);
          code.get(to);
          spreadOne(code, width, from, set);
        },
      );
    });
  }
  module.function('spreadOffsets', ['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [offsets, bitmap, bit, count, dense] = params;
    const [to, from] = [code.local('i32'), code.local('i32')];
    code.get(offsets).get(count).i32(2).op('i32.shl').op('i32.add').set(to);
    code.get(offsets).get(dense).i32(2).op('i32.shl').op('i32.add').set(from);
    code.get(bit).get(count).op('i32.add').set(bit);
    whileLoop(
      code,
      () => code.get(to).get(offsets).op('i32.gt_u'),
      () => {
        bump(code, bit, -1);
        code.get(to).get(from).op('i32.load', 0, 0).op('i32.store', 0, 0);
        code.get(from);
        bitAt(code, bitmap, bit);
        code.i32(2).op('i32.shl').op('i32.sub').set(from);
        bump(code, to, -4);
      },
    );
  });
}

/** Stores the value at `from`, or zero where `set` is 0; the address is on the stack. */
function spreadOne(code: Code, width: 1 | 2 | 4 | 8 | 16, from: Local, set: Local): void {
  switch (width) {
    case 1:
      code.get(from).op('i32.load8_u').get(set).op('i32.mul').op('i32.store8');
      break;
    case 2:
      code.get(from).op('i32.load16_u', 0, 0).get(set).op('i32.mul').op('i32.store16', 0, 0);
      break;
    case 4:
      code.get(from).op('i32.load', 0, 0).i32(0).get(set).op('i32.sub').op('i32.and').op('i32.store', 0, 0);
      break;
    case 8:
      code.get(from).op('i64.load', 0, 0).i64(0).get(set).op('i64.extend_i32_u').op('i64.sub').op('i64.and');
      code.op('i64.store', 0, 0);
      break;
    case 16:
      code.get(from).op('v128.load', 0, 0).i32(0).get(set).op('i32.sub').op('i32x4.splat').op('v128.and');
      code.op('v128.store', 0, 0);
      break;
  }
}
