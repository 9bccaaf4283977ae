import type { Local } from '../../wasm/index.js';
import type { Field } from './emit-field.js';

const ZEROS = 0x3030303030303030n;
/** A byte of at most 9 has no high bit, neither itself nor with this added. */
const TO_HIGH_BIT = 0x7676767676767676n;
const HIGH_BITS = 0x8080808080808080n;

/** Leaves the value to JavaScript where a byte of the local is more than 9. */
function onlyDigits({ code, slow }: Field, bytes: Local): void {
  code.get(bytes).i64(TO_HIGH_BIT).op('i64.add').get(bytes).op('i64.or').i64(HIGH_BITS).op('i64.and');
  code.i64(0).op('i64.ne').brIf(slow);
}

/**
 * Pushes the number that the digits at `from` are, one to eight of them, eight bytes at a time: neighbours become
 * numbers below 100, then 10,000, then one.
 */
export function pushDigits(field: Field, from: Local, count: Local | number): void {
  const { code } = field;
  const bytes = code.local('i64');
  code.get(from).op('i64.load', 0, 0).i64(ZEROS).op('i64.xor');
  // What stands behind them goes, and zeros come before them.
  if (typeof count === 'number') code.i64(64 - 8 * count);
  else code.i64(64).get(count).i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.sub');
  code.op('i64.shl').set(bytes);
  onlyDigits(field, bytes);
  code.get(bytes);
  for (const [factor, shift, mask] of [
    [1n + (10n << 8n), 8n, 0x00ff00ff00ff00ffn],
    [1n + (100n << 16n), 16n, 0x0000ffff0000ffffn],
    [1n + (10_000n << 32n), 32n, 0xffffffffn],
  ] as const) {
    code.i64(factor).op('i64.mul').i64(shift).op('i64.shr_u').i64(mask).op('i64.and');
  }
}

/** Year, month and day of `yyyy-mm-dd` at `at`. */
export function dateDigits(field: Field): readonly [year: Local, month: Local, day: Local] {
  const { code, at, slow } = field;
  const [bytes, pairs] = [code.local('i64'), code.local('i64')];
  const [year, month, day] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const apart = Buffer.from('0000-00-').readBigUInt64LE();
  code.get(at).op('i64.load', 0, 0).i64(apart).op('i64.xor').tee(bytes);
  // Hyphens are nothing now.
  code.i64(0xff0000ff00000000n).op('i64.and').i64(0).op('i64.ne').brIf(slow);
  onlyDigits(field, bytes);
  code.get(bytes).i64(10).op('i64.mul').get(bytes).i64(8).op('i64.shr_u').op('i64.add').set(pairs);
  const pair = (byte: number): void => {
    code
      .get(pairs)
      .i64(8 * byte)
      .op('i64.shr_u')
      .op('i32.wrap_i64')
      .i32(255)
      .op('i32.and');
  };
  pair(0);
  code.i32(100).op('i32.mul');
  pair(2);
  code.op('i32.add').set(year);
  pair(5);
  code.set(month);
  code.get(at).op('i64.load16_u', 8, 0).i64(0x3030).op('i64.xor').set(bytes);
  onlyDigits(field, bytes);
  code.get(bytes).op('i32.wrap_i64').tee(day).i32(255).op('i32.and').i32(10).op('i32.mul');
  code.get(day).i32(8).op('i32.shr_u').op('i32.add').set(day);
  return [year, month, day];
}

/** `count` digits at an offset from `at` into an i32 local; `wrong` collects what is no digit. */
export function fixedDigits(field: Field, offset: number, count: number, wrong: Local): Local {
  const { code, at } = field;
  const [value, digit] = [code.local('i32'), code.local('i32')];
  code.i32(0).set(value);
  for (let i = 0; i < count; i++) {
    code
      .get(at)
      .op('i32.load8_u', offset + i)
      .i32(48)
      .op('i32.sub')
      .tee(digit);
    code.get(value).i32(10).op('i32.mul').op('i32.add').set(value);
    code.get(digit).i32(9).op('i32.gt_u').get(wrong).op('i32.or').set(wrong);
  }
  return value;
}

export function expectByte({ code, at }: Field, offset: number, byte: number, wrong: Local): void {
  code.get(at).op('i32.load8_u', offset).i32(byte).op('i32.ne').get(wrong).op('i32.or').set(wrong);
}
