import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { bump, whileLoop } from '../parquet/kernels/emit.js';

/** A cell: the address of its text and how many bytes that has, or UNWRITTEN where its text takes more than a kernel. */
export const CELL_BYTES = 8;
export const UNWRITTEN = 0xffffffff;
/** Room for the text of a number; it is written from the end of its slot. */
export const SLOT_BYTES = 32;
/** Days from 0001-01-01 to 9999-12-31. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;
/** Digits that are made together, and the first number that has more. */
const TOGETHER = 8;
const MORE = 100_000_000;
const ZEROS = 0x3030303030303030n;
const POINT = 46;
const MINUS = 45;

/** `width` is that of the integers in bytes, below zero where they have no sign. */
export function emitNumberKernels(module: WasmModule): void {
  emitNumbers(module, emitPut(module));
  emitDays(module);
  emitBounds(module);
}

/**
 * Sets `to` to the eight digits of `value`, which is below 10^8, a byte each, the first one lowest: numbers below 10,000
 * become two below 100, and these two below 10.
 */
function eightDigits(code: Code, value: Local, to: Local): void {
  const [high, part] = [code.local('i32'), code.local('i64')];
  code.get(value).i32(10_000).op('i32.div_u').tee(high).op('i64.extend_i32_u');
  code.get(value).get(high).i32(10_000).op('i32.mul').op('i32.sub').op('i64.extend_i32_u').i64(32).op('i64.shl');
  code.op('i64.or').set(to);
  for (const [factor, shift, mask, by, apart] of [
    [10_486, 20, 0x0000007f0000007fn, 100, 16],
    [103, 10, 0x000f000f000f000fn, 10, 8],
  ] as const) {
    code.get(to).i64(factor).op('i64.mul').i64(shift).op('i64.shr_u').i64(mask).op('i64.and').tee(part);
    code.get(to).get(part).i64(by).op('i64.mul').op('i64.sub').i64(apart).op('i64.shl').op('i64.or').set(to);
  }
}

/** Pushes how many zeros stand before the first digit, of those that may be left out. */
function pushZeros(code: Code, digits: Local, guard: Local): void {
  code.get(digits).get(guard).op('i64.or').op('i64.ctz').i64(3).op('i64.shr_u').op('i32.wrap_i64');
}

/** `put(value, end, least)`: digits of an unsigned number before `end`, at least so many; gives where they begin. */
function emitPut(module: WasmModule): Func {
  return module.function(
    'put',
    ['i64', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [value, end, least] = params as [Local, Local, Local];
      const [rest, digits, guard, low] = [code.local('i64'), code.local('i64'), code.local('i64'), code.local('i32')];
      const write = (): void => {
        eightDigits(code, low, digits);
        bump(code, end, -TOGETHER);
        code.get(end).get(digits).i64(ZEROS).op('i64.or').op('i64.store', 0, 0);
      };
      whileLoop(
        code,
        () => code.get(value).i64(MORE).op('i64.ge_u').get(least).i32(TOGETHER).op('i32.gt_s').op('i32.or'),
        () => {
          code.get(value).get(value).i64(MORE).op('i64.div_u').tee(rest).i64(MORE).op('i64.mul').op('i64.sub');
          code.op('i32.wrap_i64').set(low);
          write();
          code.get(rest).set(value);
          bump(code, least, -TOGETHER);
        },
      );
      code.get(value).op('i32.wrap_i64').set(low);
      write();
      code.get(least).i32(0).op('i32.gt_s');
      code.if(() => {
        code.i64(1).i32(TOGETHER).get(least).op('i32.sub').i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.shl');
        code.set(guard);
      });
      pushZeros(code, digits, guard);
      code.get(end).op('i32.add');
    },
    { export: false },
  );
}

/** Pushes the integer at `source`, of 1, 2, 4 or 8 bytes; without a sign of -1 or -2. */
export function load(code: Code, source: Local, width: Local): void {
  const value = code.local('i64');
  const kinds = [
    [8, 'i64.load'],
    [4, 'i64.load32_s'],
    [2, 'i64.load16_s'],
    [-2, 'i64.load16_u'],
    [-1, 'i64.load8_u'],
  ] as const;
  code.block((done) => {
    for (const [bytes, op] of kinds) {
      code.get(width).i32(bytes).op('i32.eq');
      code.if(() => {
        code.get(source);
        if (op === 'i64.load8_u') code.op(op);
        else code.op(op, 0, 0);
        code.set(value).br(done);
      });
    }
    code.get(source).op('i64.load8_s').set(value);
  });
  code.get(value);
}

/** Runs `body` for each of `count` integers. */
export function eachInteger(code: Code, source: Local, width: Local, count: Local, body: () => void): void {
  const step = code.local('i32');
  code.get(width).i32(31).op('i32.shr_s').tee(step).get(width).op('i32.xor').get(step).op('i32.sub').set(step);
  whileLoop(
    code,
    () => code.get(count),
    () => {
      load(code, source, width);
      body();
      code.get(source).get(step).op('i32.add').set(source);
      bump(code, count, -1);
    },
  );
}

function storeCell(code: Code, cells: Local, start: Local, slots: Local): void {
  code.get(cells).get(start).op('i32.store', 0, 0);
  code.get(cells).get(slots).i32(SLOT_BYTES).op('i32.add').get(start).op('i32.sub').op('i32.store', 4, 0);
}

/** `numbers(source, width, count, scale, power, cells, slots)`: `power` is 10^scale. */
function emitNumbers(module: WasmModule, put: Func): void {
  module.function('numbers', ['i32', 'i32', 'i32', 'i32', 'i64', 'i32', 'i32'], [], (code, ...params) => {
    const [source, width, count, scale, power, cells, slots] = params as Local[] as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [signed, value, whole, digits, guard] = [0, 1, 2, 3, 4].map(() => code.local('i64')) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [at, low] = [code.local('i32'), code.local('i32')];
    // One digit at least stands before the point, and eight in all are made together.
    code.i64(1).i32(7).get(scale).op('i32.sub').i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.shl').set(guard);
    const pointBefore = (end: Local): Code =>
      code.get(end).get(scale).op('i32.sub').i32(1).op('i32.sub').i32(POINT).op('i32.store8');
    const few = (): void => {
      code.get(value).op('i32.wrap_i64').set(low);
      eightDigits(code, low, digits);
      code.get(at).i32(TOGETHER).op('i32.sub').get(scale).i32(0).op('i32.ne').op('i32.sub').tee(low);
      code.get(digits).i64(ZEROS).op('i64.or').tee(value).op('i64.store', 0, 0);
      code.get(scale);
      code.if(() => {
        pointBefore(at);
        code.get(at).get(scale).op('i32.sub').get(value);
        code.i32(TOGETHER).get(scale).op('i32.sub').i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.shr_u');
        code.op('i64.store', 0, 0);
      });
      pushZeros(code, digits, guard);
      code.get(low).op('i32.add').set(at);
    };
    const many = (): void => {
      code.get(scale);
      code.if(() => {
        code.get(value).get(value).get(power).op('i64.div_u').tee(whole).get(power).op('i64.mul').op('i64.sub');
        code.get(at).get(scale).call(put).i32(1).op('i32.sub').tee(at).i32(POINT).op('i32.store8');
        code.get(whole).set(value);
      });
      code.get(value).get(at).i32(1).call(put).set(at);
    };
    eachInteger(code, source, width, count, () => {
      code.tee(signed).get(signed).i64(63).op('i64.shr_s').tee(whole).op('i64.xor').get(whole).op('i64.sub').set(value);
      code.get(slots).i32(SLOT_BYTES).op('i32.add').set(at);
      code.get(value).i64(MORE).op('i64.lt_u').get(scale).i32(TOGETHER).op('i32.lt_u').op('i32.and');
      code.if(few, many);
      code.get(at).i32(1).op('i32.sub').i32(MINUS).op('i32.store8');
      code.get(at).get(signed).i64(63).op('i64.shr_s').op('i32.wrap_i64').op('i32.add').set(at);
      storeCell(code, cells, at, slots);
      bump(code, cells, CELL_BYTES);
      bump(code, slots, SLOT_BYTES);
    });
  });
}

/** `days(source, width, count, cells, slots)`: gives how many were left unwritten. Years begin in March, months are 30.6 days. */
function emitDays(module: WasmModule): void {
  module.function('days', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, width, count, cells, slots] = params as [Local, Local, Local, Local, Local];
    const i32 = (): Local => code.local('i32');
    const [day, century, month, number, at, left, late] = [i32(), i32(), i32(), i32(), i32(), i32(), i32()];
    const [wide, digits] = [code.local('i64'), code.local('i64')];
    const put = (offset: number, byte: number): Code => code.get(at).i32(byte).op('i32.store8', offset);
    eachInteger(code, source, width, count, () => {
      code.op('i32.wrap_i64').tee(day).i32(FIRST_DAY).op('i32.sub');
      code.i32(LAST_DAY - FIRST_DAY).op('i32.gt_u');
      code.if(
        () => {
          code.get(cells).i32(UNWRITTEN).op('i32.store', 4, 0);
          bump(code, left, 1);
        },
        () => {
          code.get(day).i32(719_468).op('i32.add').i32(2).op('i32.shl').i32(3).op('i32.or').tee(day);
          code.i32(146_097).op('i32.div_u').set(century);
          code.get(day).get(century).i32(146_097).op('i32.mul').op('i32.sub').i32(3).op('i32.or');
          // The year of the century in the upper half, what is left of it in the lower.
          code.op('i64.extend_i32_u').i64(2_939_745).op('i64.mul').set(wide);
          code
            .get(wide)
            .op('i32.wrap_i64')
            .i32(2_939_745 * 4)
            .op('i32.div_u')
            .tee(day);
          code.i32(306).op('i32.ge_u').set(late);
          code.get(day).i32(2141).op('i32.mul').i32(197_913).op('i32.add').tee(day);
          code.i32(16).op('i32.shr_u').get(late).i32(12).op('i32.mul').op('i32.sub').set(month);
          code.get(century).i32(100).op('i32.mul').get(wide).i64(32).op('i64.shr_u').op('i32.wrap_i64').op('i32.add');
          code.get(late).op('i32.add').i32(100).op('i32.mul').get(month).op('i32.add').i32(100).op('i32.mul');
          code.get(day).i32(0xffff).op('i32.and').i32(2141).op('i32.div_u').op('i32.add').i32(1).op('i32.add');
          code.set(number);
          eightDigits(code, number, digits);
          code.get(digits).i64(ZEROS).op('i64.or').set(digits);
          code
            .get(slots)
            .i32(SLOT_BYTES - 10)
            .op('i32.add')
            .tee(at)
            .get(digits)
            .op('i64.store32', 0, 0);
          put(4, MINUS);
          code.get(at).get(digits).i64(32).op('i64.shr_u').op('i64.store16', 5, 0);
          put(7, MINUS);
          code.get(at).get(digits).i64(48).op('i64.shr_u').op('i64.store16', 8, 0);
          storeCell(code, cells, at, slots);
        },
      );
      bump(code, cells, CELL_BYTES);
      bump(code, slots, SLOT_BYTES);
    });
    code.get(left);
  });
}

/** `bounds(source, width, count, out)`: the least and the greatest of the integers, 64 bits each. */
function emitBounds(module: WasmModule): void {
  module.function('bounds', ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [source, width, count, out] = params as [Local, Local, Local, Local];
    const [value, min, max] = [code.local('i64'), code.local('i64'), code.local('i64')];
    code.i64(2n ** 63n - 1n).set(min);
    code.i64(-(2n ** 63n)).set(max);
    eachInteger(code, source, width, count, () => {
      code.tee(value).get(min).get(value).get(min).op('i64.lt_s').select().set(min);
      code.get(value).get(max).get(value).get(max).op('i64.gt_s').select().set(max);
    });
    code.get(out).get(min).op('i64.store', 0, 0).get(out).get(max).op('i64.store', 8, 0);
  });
}
