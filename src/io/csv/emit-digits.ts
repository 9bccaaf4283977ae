import type { Code, Local } from '../../wasm/index.js';
import type { Field } from './emit-field.js';

/** Digits that are read together. */
export const AT_ONCE = 8;
const ZEROS = 0x3030303030303030n;
/** A byte of at most 9 has no high bit, neither itself nor with this added. */
const TO_HIGH_BIT = 0x7676767676767676n;
const HIGH_BITS = 0x8080808080808080n;

/** Leaves the value to JavaScript where a byte of the local is more than 9. */
function onlyDigits({ code, slow }: Field, bytes: Local): void {
  code.get(bytes).i64(TO_HIGH_BIT).op('i64.add').get(bytes).op('i64.or').i64(HIGH_BITS).op('i64.and');
  code.i64(0).op('i64.ne').brIf(slow);
}

/** Pushes the number that eight digits are: neighbours become numbers below 100, then 10,000, then one. */
function pushNumber(field: Field, bytes: Local): void {
  const { code } = field;
  onlyDigits(field, bytes);
  code.get(bytes);
  for (const [factor, shift, mask] of [
    [1n + (10n << 8n), 8n, 0x00ff00ff00ff00ffn],
    [1n + (100n << 16n), 16n, 0x0000ffff0000ffffn],
    [1n + (10_000n << 32n), 32n, 0xffffffffn],
  ] as const) {
    code.i64(factor).op('i64.mul').i64(shift).op('i64.shr_u');
    // Nothing is left above the last.
    if (shift < 32n) code.i64(mask).op('i64.and');
  }
}

/** Pushes the number that the digits at `from` are, one to eight of them. */
export function pushDigits(field: Field, from: Local, count: Local | number): void {
  const { code } = field;
  const bytes = code.local('i64');
  code.get(from).op('i64.load', 0, 0).i64(ZEROS).op('i64.xor');
  // What stands behind them goes, and zeros come before them.
  if (typeof count === 'number') code.i64(64 - 8 * count);
  else code.i64(64).get(count).i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.sub');
  code.op('i64.shl').set(bytes);
  pushNumber(field, bytes);
}

/** The same for `count` digits before a point and `scale` behind it, eight together at most. */
export function pushPointed(field: Field, point: Local, count: Local, scale: number): void {
  const { code } = field;
  const bytes = code.local('i64');
  // Both are loaded so that they end with their last digit.
  code.get(point).i32(AT_ONCE).op('i32.sub').op('i64.load', 0, 0);
  code.i64(8 * scale).op('i64.shr_u');
  code
    .get(point)
    .i32(AT_ONCE - 1 - scale)
    .op('i32.sub')
    .op('i64.load', 0, 0);
  code
    .i64(-1n << BigInt(64 - 8 * scale))
    .op('i64.and')
    .op('i64.or')
    .i64(ZEROS)
    .op('i64.xor');
  // What stands before them goes.
  code
    .i64(-1)
    .i32(AT_ONCE - scale)
    .get(count)
    .op('i32.sub')
    .i32(3)
    .op('i32.shl')
    .op('i64.extend_i32_u');
  code.op('i64.shl').op('i64.and').set(bytes);
  pushNumber(field, bytes);
}

/** Digits up to the first other byte: appended to `value`. */
export function digits(code: Code, at: Local, end: Local, value: Local, digit: Local): void {
  code.block((done) => {
    code.loop((next) => {
      code.get(at).get(end).op('i32.ge_u').brIf(done);
      code.get(at).op('i32.load8_u').i32(48).op('i32.sub').tee(digit).i32(9).op('i32.gt_u').brIf(done);
      code.get(value).i64(10).op('i64.mul').get(digit).op('i64.extend_i32_u').op('i64.add').set(value);
      code.get(at).i32(1).op('i32.add').set(at).br(next);
    });
  });
}

/** Widens the bounds of the values. */
export function bound({ code, min, max }: Field, value: Local): void {
  for (const [kept, op] of [
    [min, 'i64.lt_s'],
    [max, 'i64.gt_s'],
  ] as const) {
    code.get(value).get(kept).get(value).get(kept).op(op).select().set(kept);
  }
}
