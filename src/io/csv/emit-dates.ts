import type { Local } from '../../wasm/index.js';
import { bound, digits } from './emit-digits.js';
import type { Body, Field } from './emit-field.js';

const SECONDS_PER_DAY = 86_400;

/** Year, month and day of `yyyy-mm-dd` at `at`. */
function dateDigits({ code, at, slow }: Field): readonly [year: Local, month: Local, day: Local] {
  const digits = code.local('v128');
  const [year, month, day] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const pattern = Buffer.from('0000-00-00\0\0\0\0\0\0');
  code.get(at).op('v128.load', 0, 0).v128(pattern).op('i8x16.sub').tee(digits);
  // Hyphens are nothing now; what stands behind may be anything.
  code.v128(Array.from(pattern, (byte) => (byte === 0 ? 255 : byte === 48 ? 9 : 0))).op('i8x16.gt_u');
  code.op('v128.any_true').brIf(slow);
  const [none, places] = [255, [0, 1, 2, 3, 5, 6, 8, 9]];
  code
    .get(digits)
    .v128(places.flatMap((place) => [place, none]))
    .op('i8x16.swizzle');
  const weights = [1000, 100, 10, 1, 10, 1, 10, 1].flatMap((weight) => [weight & 255, weight >> 8]);
  code.v128(weights).op('i32x4.dot_i16x8_s').tee(digits).op('i32x4.extract_lane', 0);
  code.get(digits).op('i32x4.extract_lane', 1).op('i32.add').set(year);
  code.get(digits).op('i32x4.extract_lane', 2).set(month);
  code.get(digits).op('i32x4.extract_lane', 3).set(day);
  return [year, month, day];
}

/** `count` digits at an offset from `at` into an i32 local; `wrong` collects what is no digit. */
function fixedDigits(field: Field, offset: number, count: number, wrong: Local): Local {
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

function expectByte({ code, at }: Field, offset: number, byte: number, wrong: Local): void {
  code.get(at).op('i32.load8_u', offset).i32(byte).op('i32.ne').get(wrong).op('i32.or').set(wrong);
}

/** The day number of `yyyy-mm-dd` at `at`; slow when it is none. */
function days(field: Field): Local {
  const { code, slow } = field;
  const i32 = (): Local => code.local('i32');
  const [year, month, day] = dateDigits(field);
  code.get(month).i32(1).op('i32.sub').i32(12).op('i32.ge_u');
  code.get(day).i32(1).op('i32.sub');
  // February has 29, for now.
  code.get(month).get(month).i32(3).op('i32.shr_u').op('i32.add').i32(1).op('i32.and').i32(30).op('i32.add');
  code.i32(29).get(month).i32(2).op('i32.ne').select();
  code.op('i32.ge_u').op('i32.or').brIf(slow);
  // Years begin in March; 400 more keep everything positive.
  const [isEarly, century, result] = [i32(), i32(), i32()];
  code.get(month).i32(3).op('i32.lt_u').set(isEarly);
  code.get(day).i32(29).op('i32.eq').get(month).i32(2).op('i32.eq').op('i32.and');
  code.if(() => {
    code.get(year).i32(3).i32(15).get(year).i32(100).op('i32.rem_u').select().op('i32.and').brIf(slow);
  });
  code.get(year).i32(400).op('i32.add').get(isEarly).op('i32.sub').tee(year).i32(100).op('i32.div_u').set(century);
  code.get(year).i32(1461).op('i32.mul').i32(2).op('i32.shr_u');
  code.get(century).op('i32.sub').get(century).i32(2).op('i32.shr_u').op('i32.add');
  // Months of 30.6 days, the first of which is the third.
  code.get(month).get(isEarly).i32(12).op('i32.mul').op('i32.add').i32(979).op('i32.mul').i32(2919).op('i32.sub');
  code.i32(5).op('i32.shr_u').op('i32.add').get(day).op('i32.add');
  code
    .i32(719_469 + 146_097)
    .op('i32.sub')
    .set(result);
  return result;
}

export const dateBody: Body = (field, store, target) => {
  const { code, at, end, slow } = field;
  code.get(end).get(at).op('i32.sub').i32(10).op('i32.ne').brIf(slow);
  const day = days(field);
  const wide = code.local('i64');
  code.get(day).op('i64.extend_i32_s').set(wide);
  bound(field, wide);
  store(() => code.get(target).get(day).op('i32.store', 0, 0));
};

/** `yyyy-mm-dd`, then perhaps ` hh:mm:ss` (or with a T), then perhaps a point and up to six digits: micros as read. */
export const timestampBody: Body = (field, store, target) => {
  const { code, at, end, slow } = field;
  const [micros, length, wrong] = [code.local('i64'), code.local('i32'), code.local('i32')];
  code.get(end).get(at).op('i32.sub').tee(length).i32(10).op('i32.lt_u').brIf(slow);
  const day = days(field);
  code
    .get(day)
    .op('i64.extend_i32_s')
    .i64(SECONDS_PER_DAY * 1_000_000)
    .op('i64.mul')
    .set(micros);
  code.get(length).i32(10).op('i32.ne');
  code.if(() => {
    code.get(length).i32(19).op('i32.lt_u').brIf(slow);
    code.i32(0).set(wrong);
    const hour = fixedDigits(field, 11, 2, wrong);
    const minute = fixedDigits(field, 14, 2, wrong);
    const second = fixedDigits(field, 17, 2, wrong);
    expectByte(field, 13, 58, wrong);
    expectByte(field, 16, 58, wrong);
    code.get(at).op('i32.load8_u', 10).i32(32).op('i32.ne');
    code.get(at).op('i32.load8_u', 10).i32(84).op('i32.ne').op('i32.and').get(wrong).op('i32.or').brIf(slow);
    code.get(hour).i32(23).op('i32.gt_u').get(minute).i32(59).op('i32.gt_u').op('i32.or');
    code.get(second).i32(59).op('i32.gt_u').op('i32.or').brIf(slow);
    code.get(hour).i32(60).op('i32.mul').get(minute).op('i32.add').i32(60).op('i32.mul').get(second).op('i32.add');
    code.op('i64.extend_i32_u').i64(1_000_000).op('i64.mul').get(micros).op('i64.add').set(micros);
    code.get(length).i32(19).op('i32.ne');
    code.if(() => fractionOfSecond(field, length, micros));
  });
  store(() => code.get(target).get(micros).op('i64.store', 0, 0));
};

/** A clock reading in UTC, which may say so with a Z at its end. */
export const instantBody: Body = (field, store, target) => {
  const { code, at, end } = field;
  const last = code.local('i32');
  code.get(end).i32(1).op('i32.sub').tee(last).op('i32.load8_u').i32(90).op('i32.eq');
  // A Z behind a day alone is left to JavaScript.
  code.get(end).get(at).op('i32.sub').i32(20).op('i32.ge_u').op('i32.and');
  code.if(() => code.get(last).set(end));
  timestampBody(field, store, target);
};

function fractionOfSecond({ code, at, end, slow }: Field, length: Local, micros: Local): void {
  const [value, digit, missing] = [code.local('i64'), code.local('i32'), code.local('i32')];
  code.get(at).op('i32.load8_u', 19).i32(46).op('i32.ne').brIf(slow);
  code.get(length).i32(21).op('i32.sub').i32(5).op('i32.gt_u').brIf(slow);
  code.i32(26).get(length).op('i32.sub').set(missing);
  code.get(at).i32(20).op('i32.add').set(at);
  code.i64(0).set(value);
  digits(code, at, end, value, digit);
  code.get(at).get(end).op('i32.ne').brIf(slow);
  code.block((done) => {
    code.loop((next) => {
      code.get(missing).op('i32.eqz').brIf(done);
      code.get(value).i64(10).op('i64.mul').set(value);
      code.get(missing).i32(1).op('i32.sub').set(missing).br(next);
    });
  });
  code.get(micros).get(value).op('i64.add').set(micros);
}
