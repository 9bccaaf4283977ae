import type { Code, Local, WasmModule } from '../../wasm/index.js';
import { dateBody, instantBody, timestampBody } from './emit-dates.js';
import { AT_ONCE, bound, digits, pushDigits, pushPointed } from './emit-digits.js';
import {
  type Body,
  COUNTERS,
  type Field,
  type FieldLayout,
  type Store,
  typedKernel,
  type ValueKernelName,
} from './emit-field.js';
import { floatStore, integerStore, wideStore } from './emit-store.js';

/** Longer numbers do not fit 64 bits for certain. */
const MAX_DIGITS = 18;

/** A kernel of each type; decimals are emitted by scale. */
export function emitValues(module: WasmModule, layoutOf: (name: ValueKernelName) => FieldLayout): void {
  const emit = (name: ValueKernelName, store: Store, body: Body): void =>
    typedKernel(module, name, layoutOf(name), store, body);
  for (const [name, bytes] of [
    ['int8', 1],
    ['int16', 2],
    ['int32', 4],
    ['int64', 8],
  ] as const) {
    emit(name, integerStore(bytes), integerBody(bytes));
  }
  emit('float64', floatStore('f64'), floatBody('f64'));
  emit('float32', floatStore('f32'), floatBody('f32'));
  emit('boolean', integerStore(1), booleanBody);
  emit('date', integerStore(4), dateBody);
  emit('timestamp', integerStore(8), timestampBody);
  emit('instant', integerStore(8), instantBody);
  // No fast path at all: JavaScript reads every value that is not null.
  emit('slow4', integerStore(4), (f) => f.code.br(f.slow));
  emit('slow8', integerStore(8), (f) => f.code.br(f.slow));
}

/** The kernel `decimal`, for decimals of a precision and scale, in 64 or 128 bits. */
export function emitDecimal(module: WasmModule, layout: FieldLayout, precision: number, scale: number): void {
  const store = precision <= MAX_DIGITS ? integerStore(8) : wideStore;
  typedKernel(module, 'decimal', layout, store, decimalBody(precision, scale));
}

/** Takes a sign; the local becomes 1 for minus. */
function takeSign({ code, at }: Field): Local {
  const [negative, first] = [code.local('i32'), code.local('i32')];
  code.get(at).op('i32.load8_u').tee(first).i32(45).op('i32.eq').set(negative);
  code.get(first).i32(43).op('i32.eq').get(negative).op('i32.or').get(at).op('i32.add').set(at);
  return negative;
}

/** The value on the stack, negated where the local says so. */
function applySign(code: Code, value: Local, negative: Local): void {
  // (v ^ -n) + n: no branch.
  const mask = code.local('i64');
  code
    .i64(0)
    .get(negative)
    .op('i64.extend_i32_u')
    .tee(mask)
    .op('i64.sub')
    .get(value)
    .op('i64.xor')
    .get(mask)
    .op('i64.add');
}

function integerBody(bytes: number): Body {
  return (field, store, target) => {
    const { code, at, end, slow } = field;
    const [value, digit, count] = [code.local('i64'), code.local('i32'), code.local('i32')];
    const negative = takeSign(field);
    // None, or too many to be sure.
    code.get(end).get(at).op('i32.sub').tee(count).i32(1).op('i32.sub').i32(MAX_DIGITS).op('i32.ge_u').brIf(slow);
    code.get(count).i32(AT_ONCE).op('i32.le_u');
    code.if(
      () => {
        pushDigits(field, at, count);
        code.set(value);
      },
      () => {
        code
          .get(count)
          .i32(2 * AT_ONCE)
          .op('i32.le_u');
        code.if(
          () => {
            code.get(count).i32(AT_ONCE).op('i32.sub').set(count);
            pushDigits(field, at, count);
            code
              .i64(10 ** AT_ONCE)
              .op('i64.mul')
              .get(end)
              .i32(AT_ONCE)
              .op('i32.sub')
              .set(at);
            pushDigits(field, at, AT_ONCE);
            code.op('i64.add').set(value);
          },
          () => {
            code.i64(0).set(value);
            digits(code, at, end, value, digit);
            code.get(at).get(end).op('i32.ne').brIf(slow);
          },
        );
      },
    );
    applySign(code, value, negative);
    code.set(value);
    if (bytes < 8) {
      const half = 2n ** BigInt(bytes * 8 - 1);
      code
        .get(value)
        .i64(half)
        .op('i64.add')
        .i64(2n * half)
        .op('i64.ge_u')
        .brIf(slow);
    }
    bound(field, value);
    store(() => {
      code.get(target).get(value);
      if (bytes === 8) code.op('i64.store', 0, 0);
      else if (bytes === 4) code.op('i64.store32', 0, 0);
      else if (bytes === 2) code.op('i64.store16', 0, 0);
      else code.op('i64.store8');
    });
  };
}

/** Digits with at most one point among them; `fraction` becomes the number of digits behind it. */
function pointed(field: Field, value: Local, fraction: Local): void {
  const { code, at, end, slow } = field;
  const [digit, start] = [code.local('i32'), code.local('i32')];
  // 18 digits, a point.
  code
    .get(end)
    .get(at)
    .op('i32.sub')
    .i32(1)
    .op('i32.sub')
    .i32(MAX_DIGITS + 1)
    .op('i32.ge_u')
    .brIf(slow);
  code.i64(0).set(value);
  code.i32(0).set(fraction);
  code.get(at).set(start);
  digits(code, at, end, value, digit);
  code.get(at).get(end).op('i32.lt_u');
  code.if(
    () => {
      code.get(at).op('i32.load8_u').i32(46).op('i32.ne').brIf(slow);
      code.get(at).i32(1).op('i32.add').set(at);
      code.get(end).get(at).op('i32.sub').set(fraction);
      // A point alone is no number.
      code.get(end).get(start).op('i32.sub').i32(1).op('i32.eq').brIf(slow);
      digits(code, at, end, value, digit);
      code.get(at).get(end).op('i32.ne').brIf(slow);
    },
    () => {
      code.get(end).get(start).op('i32.sub').i32(MAX_DIGITS).op('i32.gt_u').brIf(slow);
    },
  );
}

function floatBody(type: 'f32' | 'f64'): Body {
  return (field, store, target) => {
    const { code, counters, slow } = field;
    const [value, fraction] = [code.local('i64'), code.local('i32')];
    const negative = takeSign(field);
    pointed(field, value, fraction);
    // Both numbers exact in the type: one rounding, so the division is right. Floats are exact up to 10^10.
    code
      .get(value)
      .i64(type === 'f64' ? 2n ** 53n : 2n ** 24n)
      .op('i64.gt_u')
      .brIf(slow);
    if (type === 'f32') code.get(fraction).i32(10).op('i32.gt_u').brIf(slow);
    store(() => {
      code.get(target);
      code.get(value).op(type === 'f64' ? 'f64.convert_i64_s' : 'f32.convert_i64_s');
      code.get(fraction).i32(3).op('i32.shl').get(counters).op('i32.add').op('f64.load', COUNTERS.powers, 0);
      if (type === 'f32') code.op('f32.demote_f64');
      code.op(type === 'f64' ? 'f64.div' : 'f32.div');
      // The sign goes on at the end, so that -0 keeps it.
      if (type === 'f64')
        code.f64(1).f64(-1).get(negative).op('i32.eqz').select().op('f64.copysign').op('f64.store', 0, 0);
      else code.f32(1).f32(-1).get(negative).op('i32.eqz').select().op('f32.copysign').op('f32.store', 0, 0);
    });
  };
}

function decimalBody(precision: number, scale: number): Body {
  return (field, store, target) => {
    const { code, slow } = field;
    const [value, fraction] = [code.local('i64'), code.local('i32')];
    const negative = takeSign(field);
    const anyhow = (): void => {
      pointed(field, value, fraction);
      code.get(fraction).i32(scale).op('i32.gt_u').brIf(slow);
      // A scale beyond the digits of 64 bits leaves room for nothing but zero.
      if (scale > MAX_DIGITS) code.br(slow);
      else scaleUp(field, value, fraction, precision, scale);
    };
    if (scale > 0 && scale <= AT_ONCE) asUsual(field, value, precision, scale, anyhow);
    else anyhow();
    applySign(code, value, negative);
    code.set(value);
    bound(field, value);
    store(() => {
      code.get(target).get(value).op('i64.store', 0, 0);
      if (precision > MAX_DIGITS) code.get(target).get(value).i64(63).op('i64.shr_s').op('i64.store', 8, 0);
    });
  };
}

/**
 * Up to eight digits, a point, and as many as the scale has; what looks otherwise is for `anyhow`. Eight digits in all
 * are read together.
 */
function asUsual(field: Field, value: Local, precision: number, scale: number, anyhow: () => void): void {
  const { code, at, end, slow } = field;
  const [point, count] = [code.local('i32'), code.local('i32')];
  code
    .get(end)
    .i32(scale + 1)
    .op('i32.sub')
    .tee(point)
    .get(at)
    .op('i32.sub')
    .tee(count)
    .i32(1)
    .op('i32.sub');
  code.i32(AT_ONCE).op('i32.lt_u').get(point).op('i32.load8_u').i32(46).op('i32.eq').op('i32.and');
  code.if(() => {
    code
      .get(count)
      .i32(AT_ONCE - scale)
      .op('i32.gt_s');
    code.if(
      () => {
        pushDigits(field, at, count);
        code.i64(10n ** BigInt(scale)).op('i64.mul');
        code.get(point).i32(1).op('i32.add').set(point);
        pushDigits(field, point, scale);
        code.op('i64.add').set(value);
      },
      () => {
        pushPointed(field, point, count, scale);
        code.set(value);
      },
    );
    code
      .get(value)
      .i64(10n ** BigInt(Math.min(precision, MAX_DIGITS)))
      .op('i64.ge_u')
      .brIf(slow);
  }, anyhow);
}

/** `value × 10^(scale − fraction)`, slow where it might leave 18 digits or the precision. */
function scaleUp({ code, slow }: Field, value: Local, fraction: Local, precision: number, scale: number): void {
  const digitsAllowed = Math.min(precision, MAX_DIGITS);
  code.get(fraction).i32(scale).op('i32.lt_u');
  code.if(() => {
    code.loop((next) => {
      code
        .get(value)
        .i64(10n ** BigInt(digitsAllowed - 1))
        .op('i64.ge_u')
        .brIf(slow);
      code.get(value).i64(10).op('i64.mul').set(value);
      code.get(fraction).i32(1).op('i32.add').tee(fraction).i32(scale).op('i32.lt_u').brIf(next);
    });
  });
  code
    .get(value)
    .i64(10n ** BigInt(digitsAllowed))
    .op('i64.ge_u')
    .brIf(slow);
}

/** Four or five letters, whatever their case. */
const booleanBody: Body = ({ code, at, end, slow }, store, target) => {
  const [value, length] = [code.local('i32'), code.local('i32')];
  code.get(end).get(at).op('i32.sub').tee(length).i32(4).op('i32.eq').set(value);
  code.get(length).i32(4).op('i32.sub').i32(1).op('i32.gt_u').brIf(slow);
  const word = (text: string): number => Buffer.from(text).readInt32LE();
  code.get(at).op('i32.load', 0, 0).i32(0x20202020).op('i32.or');
  code.i32(word('true')).i32(word('fals')).get(value).select().op('i32.ne').brIf(slow);
  code.get(value).op('i32.eqz').get(at).op('i32.load8_u', 4).i32(0x20).op('i32.or').i32(101).op('i32.ne');
  code.op('i32.and').brIf(slow);
  store(() => code.get(target).get(value).op('i32.store8'));
};
