import { type DataType, MICROS_PER_DAY, timeZone } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import type { Call } from './define.js';
import { value } from './emit.js';
import { keepI32, keepI64, part } from './emit-parts.js';
import type { Emitter, Value } from './value.js';

/*
 * Civil fields in 32-bit integer arithmetic after Neri and Schneider. Years are counted from March of a year so far
 * back that nothing is negative; days outside of -32800 … 2900000 years are left to JS.
 */
const ERAS = 82;
const SHIFT_DAYS = 719_468 + 146_097 * ERAS;
const SHIFT_YEARS = 400 * ERAS;
const MOST_DAYS = 2 ** 30;

export interface Civil {
  readonly year: Local;
  readonly month: Local;
  readonly day: Local;
}

const FIXED_ZONE = /^(?:UTC|GMT|UT|Z|GMT0|(?:UTC|GMT|UT)?[+-].*)$/;

/** The zone's seconds ahead of UTC where that never changes. */
export function fixedOffset(zoneId: string): number | undefined {
  return FIXED_ZONE.test(zoneId) ? timeZone(zoneId).offsetAt(0) : undefined;
}

/**
 * A field or date computed from a day number: by `build` (which leaves an i32) where the arithmetic reaches, by JS
 * beyond.
 */
export function emitFromDays(e: Emitter, days: Local, args: readonly Value[], call: Call, build: () => void): Local {
  const { code } = e;
  const out = code.local('i32');
  code.get(days).i32(SHIFT_DAYS).op('i32.add').i32(MOST_DAYS).op('i32.lt_u');
  code.if(
    () =>
      e.scoped(() => {
        build();
        code.set(out);
      }),
    () =>
      e.scoped(() => {
        code.get(part(e.js(call, args))).set(out);
      }),
  );
  return out;
}

/** Year, month and day of a day number within reach. */
export function emitCivil(e: Emitter, days: Local): Civil {
  const { code } = e;
  const scaled = code.local('i32');
  const century = code.local('i32');
  const product = code.local('i64');
  const dayOfYear = code.local('i32');
  const fields = code.local('i32');
  const late = code.local('i32');
  code.get(days).i32(SHIFT_DAYS).op('i32.add').i32(2).op('i32.shl').i32(3).op('i32.or').set(scaled);
  code.get(scaled).i32(146_097).op('i32.div_u').set(century);
  // 4 · (day of century) + 3, times 2^32 / 1461 · …: the high word is the year, the low word its fraction.
  code.get(scaled).i32(146_097).op('i32.rem_u').i32(3).op('i32.or').op('i64.extend_i32_u').i64(2_939_745).op('i64.mul');
  code.set(product);
  code.get(product).op('i32.wrap_i64').i32(2_939_745).op('i32.div_u').i32(2).op('i32.shr_u').set(dayOfYear);
  code.get(dayOfYear).i32(2141).op('i32.mul').i32(197_913).op('i32.add').set(fields);
  code.get(dayOfYear).i32(306).op('i32.ge_u').set(late);
  code.get(century).i32(100).op('i32.mul').get(product).i64(32).op('i64.shr_u').op('i32.wrap_i64').op('i32.add');
  code.i32(SHIFT_YEARS).op('i32.sub').get(late).op('i32.add');
  const year = keepI32(e);
  code.get(fields).i32(16).op('i32.shr_u').get(late).i32(12).op('i32.mul').op('i32.sub');
  const month = keepI32(e);
  code.get(fields).i32(0xffff).op('i32.and').i32(2141).op('i32.div_u').i32(1).op('i32.add');
  return { year, month, day: keepI32(e) };
}

/** Pushes the day number of a civil date within reach. */
export function pushDays(e: Emitter, { year, month, day }: Civil): void {
  const { code } = e;
  const early = code.local('i32');
  const shifted = code.local('i32');
  const century = code.local('i32');
  code.get(month).i32(2).op('i32.le_u').set(early);
  code.get(year).i32(SHIFT_YEARS).op('i32.add').get(early).op('i32.sub').set(shifted);
  code.get(shifted).i32(100).op('i32.div_u').set(century);
  code.get(shifted).i32(1461).op('i32.mul').i32(2).op('i32.shr_u').get(century).op('i32.sub');
  code.get(century).i32(2).op('i32.shr_u').op('i32.add');
  code.get(month).get(early).i32(12).op('i32.mul').op('i32.add').i32(979).op('i32.mul').i32(2919).op('i32.sub');
  code
    .i32(5)
    .op('i32.shr_u')
    .op('i32.add')
    .get(day)
    .op('i32.add')
    .i32(SHIFT_DAYS + 1)
    .op('i32.sub');
}

/** Pushes the days of a month. */
export function pushMonthLength(e: Emitter, { year, month }: Pick<Civil, 'year' | 'month'>): void {
  const { code } = e;
  code
    .get(month)
    .i32(2)
    .op('i32.eq')
    .if(() => {
      // Leap: divisible by 4, and by 16 where it is by 25.
      code.i32(28).get(year).i32(15).i32(3).get(year).i32(25).op('i32.rem_s').op('i32.eqz').select();
      code.op('i32.and').op('i32.eqz').op('i32.add');
    }, () => {
      // 31 for 1 3 5 7 8 10 12: the lowest bit of month xor month / 8.
      code.i32(30).get(month).get(month).i32(3).op('i32.shr_u').op('i32.xor').i32(1).op('i32.and').op('i32.add');
    }, ['i32']);
}

/** Pushes (days + shift) modulo 7, never negative; `shift` from 0 to 7. */
export function pushWeekday(e: Emitter, days: Local, shift: number): void {
  e.code
    .get(days)
    .i32(7)
    .op('i32.rem_s')
    .i32(shift + 7)
    .op('i32.add')
    .i32(7)
    .op('i32.rem_u');
}

/** Pushes an i64 modulo a positive constant, never negative. */
export function pushFloorMod(e: Emitter, dividend: Local, divisor: bigint): void {
  const { code } = e;
  const rest = code.local('i64');
  code.get(dividend).i64(divisor).op('i64.rem_s').tee(rest);
  code.get(rest).i64(63).op('i64.shr_s').i64(divisor).op('i64.and').op('i64.add');
}

/** Pushes an i64 divided by a positive constant, rounded down. */
export function pushFloorDiv(e: Emitter, dividend: Local, divisor: bigint): void {
  const { code } = e;
  code.get(dividend).i64(divisor).op('i64.div_s');
  code.get(dividend).i64(divisor).op('i64.rem_s').i64(63).op('i64.shr_s').op('i64.add');
}

/** What clocks with a fixed offset show at an instant. */
export function emitLocalMicros(e: Emitter, micros: Local, offsetSeconds: number): Local {
  if (offsetSeconds === 0) return micros;
  e.code
    .get(micros)
    .i64(BigInt(offsetSeconds) * 1_000_000n)
    .op('i64.add');
  return keepI64(e);
}

/** Pushes whole `unit`s (in microseconds) since midnight as i32. */
export function pushOfDay(e: Emitter, micros: Local, unit: bigint): void {
  pushFloorMod(e, micros, BigInt(MICROS_PER_DAY));
  e.code.i64(unit).op('i64.div_u').op('i32.wrap_i64');
}

/** The day number of a wall clock reading. */
export function emitDaysOf(e: Emitter, micros: Local): Local {
  pushFloorDiv(e, micros, BigInt(MICROS_PER_DAY));
  e.code.op('i32.wrap_i64');
  return keepI32(e);
}

export const dateOf = (type: DataType, days: Local): Value => value(type, 'i32', [days]);
export const microsOf = (type: DataType, micros: Local): Value => value(type, 'i64', [micros]);
