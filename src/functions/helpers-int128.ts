import type { Code, Local } from '../wasm/index.js';
import type { Helper, HelperTable } from './helper.js';

type Two = readonly [low: Local, high: Local];
type Four = [Local, Local, Local, Local];

const LOW_32 = 0xffffffffn;

/** sum = a + b. */
export function emitAdd128(code: Code, a: Two, b: Two, sum: Two): void {
  const low = code.local('i64');
  code.get(a[0]).get(b[0]).op('i64.add').set(low);
  code.get(a[1]).get(b[1]).op('i64.add').get(low).get(a[0]).op('i64.lt_u').op('i64.extend_i32_u').op('i64.add');
  code.set(sum[1]).get(low).set(sum[0]);
}

/** difference = a - b. */
export function emitSub128(code: Code, a: Two, b: Two, difference: Two): void {
  const borrow = code.local('i64');
  code.get(a[0]).get(b[0]).op('i64.lt_u').op('i64.extend_i32_u').set(borrow);
  code.get(a[1]).get(b[1]).op('i64.sub').get(borrow).op('i64.sub');
  code.get(a[0]).get(b[0]).op('i64.sub').set(difference[0]).set(difference[1]);
}

/** Negates in place. */
function negate(code: Code, [low, high]: Two): void {
  code.i64(0).get(high).op('i64.sub').get(low).i64(0).op('i64.ne').op('i64.extend_i32_u').op('i64.sub').set(high);
  code.i64(0).get(low).op('i64.sub').set(low);
}

/** Makes the value positive (as unsigned 128 bits); `sign` becomes 1 when it was negative. */
function absolute(code: Code, x: Two, sign: Local): void {
  code
    .get(x[1])
    .i64(0)
    .op('i64.lt_s')
    .tee(sign)
    .if(() => negate(code, x));
}

/** Pushes 1 when a < b, unsigned. */
function lessUnsigned(code: Code, a: Two, b: Two): void {
  code.get(a[0]).get(b[0]).op('i64.lt_u').get(a[1]).get(b[1]).op('i64.lt_u').get(a[1]).get(b[1]).op('i64.eq').select();
}

/** (i64, i64) → low and high of the unsigned product. */
const mulWideUnsigned: Helper = {
  params: ['i64', 'i64'],
  results: ['i64', 'i64'],
  build: (code, params) => {
    const [a, b] = params as [Local, Local];
    const low = code.local('i64');
    const cross = code.local('i64');
    const middle = code.local('i64');
    const lowOf = (x: Local): void => void code.get(x).i64(LOW_32).op('i64.and');
    const highOf = (x: Local): void => void code.get(x).i64(32).op('i64.shr_u');
    const product = (f: () => void, g: () => void): void => {
      f();
      g();
      code.op('i64.mul');
    };
    product(
      () => lowOf(a),
      () => lowOf(b),
    );
    code.set(low);
    product(
      () => highOf(a),
      () => lowOf(b),
    );
    highOf(low);
    code.op('i64.add').set(cross);
    product(
      () => lowOf(a),
      () => highOf(b),
    );
    lowOf(cross);
    code.op('i64.add').set(middle);
    code.get(a).get(b).op('i64.mul');
    product(
      () => highOf(a),
      () => highOf(b),
    );
    highOf(cross);
    code.op('i64.add');
    highOf(middle);
    code.op('i64.add');
  },
};

/** (i64, i64) → low and high of the signed product. */
const mulWide: Helper = {
  params: ['i64', 'i64'],
  results: ['i64', 'i64'],
  build: (code, params, helper) => {
    const [a, b] = params as [Local, Local];
    const high = code.local('i64');
    code.get(a).get(b).call(helper('u64_mul_wide')).set(high);
    // The unsigned high word counts 2^64 too much for each negative factor.
    code.get(high).get(a).i64(63).op('i64.shr_s').get(b).op('i64.and').op('i64.sub');
    code.get(b).i64(63).op('i64.shr_s').get(a).op('i64.and').op('i64.sub');
  },
};

/** (i64, i64) → 1 when the signed product does not fit 64 bits. */
const mulOverflows: Helper = {
  params: ['i64', 'i64'],
  results: ['i32'],
  build: (code, params, helper) => {
    const [a, b] = params as [Local, Local];
    const high = code.local('i64');
    for (const x of [a, b]) code.get(x).get(x).op('i32.wrap_i64').op('i64.extend_i32_s').op('i64.eq');
    code.op('i32.and').if(() => code.i32(0).return());
    code.get(a).get(b).call(helper('i64_mul_wide')).set(high);
    code.i64(63).op('i64.shr_s').get(high).op('i64.ne');
  },
};

/** The low 128 bits of a product. */
const mul: Helper = {
  params: ['i64', 'i64', 'i64', 'i64'],
  results: ['i64', 'i64'],
  build: (code, params, helper) => {
    const [aLow, aHigh, bLow, bHigh] = params as Four;
    code.get(aLow).get(bLow).call(helper('u64_mul_wide'));
    code.get(aLow).get(bHigh).op('i64.mul').op('i64.add').get(aHigh).get(bLow).op('i64.mul').op('i64.add');
  },
};

/** Product and 1 when it does not fit 127 bits and a sign. */
const mulChecked: Helper = {
  params: ['i64', 'i64', 'i64', 'i64'],
  results: ['i64', 'i64', 'i32'],
  build: (code, params, helper) => {
    const [aLow, aHigh, bLow, bHigh] = params as Four;
    const [signA, signB, overflow] = [code.local('i32'), code.local('i32'), code.local('i32')];
    const [low, high, crossLow, crossHigh] = [0, 1, 2, 3].map(() => code.local('i64')) as Four;
    absolute(code, [aLow, aHigh], signA);
    absolute(code, [bLow, bHigh], signB);
    code.get(aHigh).i64(0).op('i64.ne').get(bHigh).i64(0).op('i64.ne').op('i32.and').set(overflow);
    // At most one of the high words is not 0: their sum is the one that counts.
    const wide = helper('u64_mul_wide');
    code.get(aLow).get(bLow).call(wide).set(high).set(low);
    code.get(aHigh).get(bHigh).op('i64.or').get(bLow).get(aLow).get(aHigh).i64(0).op('i64.ne').select();
    code.call(wide).set(crossHigh).set(crossLow);
    code.get(overflow).get(crossHigh).i64(0).op('i64.ne').op('i32.or');
    code.get(high).get(crossLow).op('i64.add').tee(high).get(crossLow).op('i64.lt_u').op('i32.or');
    code.get(high).i64(0).op('i64.lt_s').op('i32.or').set(overflow);
    code
      .get(signA)
      .get(signB)
      .op('i32.xor')
      .if(() => negate(code, [low, high]));
    code.get(low).get(high).get(overflow);
  },
};

/** (low, high, low, high) → -1, 0, 1. */
const compare: Helper = {
  params: ['i64', 'i64', 'i64', 'i64'],
  results: ['i32'],
  build: (code, params) => {
    const [aLow, aHigh, bLow, bHigh] = params as Four;
    code.get(aLow).get(bLow).op('i64.gt_u').get(aLow).get(bLow).op('i64.lt_u').op('i32.sub');
    code.get(aHigh).get(bHigh).op('i64.gt_s').get(aHigh).get(bHigh).op('i64.lt_s').op('i32.sub');
    code.get(aHigh).get(bHigh).op('i64.eq').select();
  },
};

const neg: Helper = {
  params: ['i64', 'i64'],
  results: ['i64', 'i64'],
  build: (code, params) => {
    const x = params as [Local, Local];
    negate(code, x);
    code.get(x[0]).get(x[1]);
  },
};

/** One step of division by a 32-bit divisor: the next 32 bits of the dividend are appended to the remainder. */
function digitStep(code: Code, word: Local, high: boolean, divisor: Local, rest: Local, quotient: Local): void {
  const digit = code.local('i64');
  code.get(rest).i64(32).op('i64.shl').get(word);
  if (high) code.i64(32).op('i64.shr_u');
  else code.i64(LOW_32).op('i64.and');
  code.op('i64.or').tee(digit).get(divisor).op('i64.div_u');
  code.get(quotient).i64(32).op('i64.shl').op('i64.or').set(quotient);
  code.get(digit).get(divisor).op('i64.rem_u').set(rest);
}

/** Pushes the number of leading zero bits of 128. */
function leadingZeros(code: Code, x: Two): void {
  code.get(x[0]).op('i64.clz').i64(64).op('i64.add').get(x[1]).op('i64.clz').get(x[1]).op('i64.eqz').select();
}

/** Unsigned quotient and remainder, the divisor not 0. */
const divRem: Helper = {
  params: ['i64', 'i64', 'i64', 'i64'],
  results: ['i64', 'i64', 'i64', 'i64'],
  build: (code, params) => {
    const [aLow, aHigh, bLow, bHigh] = params as Four;
    const [qLow, qHigh, rest] = [code.local('i64'), code.local('i64'), code.local('i64')];
    code
      .get(bHigh)
      .op('i64.eqz')
      .if(() => {
        code
          .get(aHigh)
          .op('i64.eqz')
          .if(() => {
            code.get(aLow).get(bLow).op('i64.div_u').i64(0).get(aLow).get(bLow).op('i64.rem_u').i64(0).return();
          });
        code
          .get(bLow)
          .i64(LOW_32)
          .op('i64.le_u')
          .if(() => {
            digitStep(code, aHigh, true, bLow, rest, qHigh);
            digitStep(code, aHigh, false, bLow, rest, qHigh);
            digitStep(code, aLow, true, bLow, rest, qLow);
            digitStep(code, aLow, false, bLow, rest, qLow);
            code.get(qLow).get(qHigh).get(rest).i64(0).return();
          });
      });
    shiftSubtract(code, [aLow, aHigh], [bLow, bHigh], [qLow, qHigh]);
    code.get(qLow).get(qHigh).get(aLow).get(aHigh);
  },
};

/** Long division bit by bit: `a` becomes the remainder. */
function shiftSubtract(code: Code, a: Two, b: Two, quotient: Two): void {
  const steps = code.local('i64');
  leadingZeros(code, b);
  leadingZeros(code, a);
  code
    .op('i64.sub')
    .tee(steps)
    .i64(0)
    .op('i64.ge_s')
    .if(() => {
      shiftLeft(code, b, steps);
      code.loop((again) => {
        shiftLeftOne(code, quotient);
        lessUnsigned(code, a, b);
        code.op('i32.eqz').if(() => {
          emitSub128(code, a, b, a);
          code.get(quotient[0]).i64(1).op('i64.or').set(quotient[0]);
        });
        code.get(b[0]).i64(1).op('i64.shr_u').get(b[1]).i64(63).op('i64.shl').op('i64.or').set(b[0]);
        code.get(b[1]).i64(1).op('i64.shr_u').set(b[1]);
        code.get(steps).i64(1).op('i64.sub').tee(steps).i64(0).op('i64.ge_s').brIf(again);
      });
    });
}

function shiftLeftOne(code: Code, [low, high]: Two): void {
  code.get(high).i64(1).op('i64.shl').get(low).i64(63).op('i64.shr_u').op('i64.or').set(high);
  code.get(low).i64(1).op('i64.shl').set(low);
}

/** Shift by 0 to 127 bits. */
function shiftLeft(code: Code, [low, high]: Two, by: Local): void {
  code
    .get(by)
    .i64(64)
    .op('i64.ge_u')
    .if(
      () => code.get(low).get(by).op('i64.shl').set(high).i64(0).set(low),
      () => {
        code.get(high).get(by).op('i64.shl');
        // Two steps, since a shift by 64 would be a shift by 0.
        code.get(low).i64(1).op('i64.shr_u').i64(63).get(by).op('i64.sub').op('i64.shr_u').op('i64.or').set(high);
        code.get(low).get(by).op('i64.shl').set(low);
      },
    );
}

/** Signed division by parts: the absolute values are divided, `finish` adjusts quotient and remainder. */
function signedDivision(finish: (code: Code, parts: DivisionParts) => void): Helper {
  return {
    params: ['i64', 'i64', 'i64', 'i64'],
    results: ['i64', 'i64'],
    build: (code, params, helper) => {
      const [aLow, aHigh, bLow, bHigh] = params as Four;
      const [signA, signB] = [code.local('i32'), code.local('i32')];
      const [qLow, qHigh, rLow, rHigh] = [0, 1, 2, 3].map(() => code.local('i64')) as Four;
      absolute(code, [aLow, aHigh], signA);
      absolute(code, [bLow, bHigh], signB);
      code.get(aLow).get(aHigh).get(bLow).get(bHigh).call(helper('u128_div_rem'));
      code.set(rHigh).set(rLow).set(qHigh).set(qLow);
      finish(code, { quotient: [qLow, qHigh], rest: [rLow, rHigh], divisor: [bLow, bHigh], signA, signB });
    },
  };
}

interface DivisionParts {
  readonly quotient: Two;
  readonly rest: Two;
  readonly divisor: Two;
  readonly signA: Local;
  readonly signB: Local;
}

function pushQuotient(code: Code, { quotient, signA, signB }: DivisionParts): void {
  code
    .get(signA)
    .get(signB)
    .op('i32.xor')
    .if(() => negate(code, quotient));
  code.get(quotient[0]).get(quotient[1]);
}

const div = signedDivision(pushQuotient);

const rem = signedDivision((code, { rest, signA }) => {
  code.get(signA).if(() => negate(code, rest));
  code.get(rest[0]).get(rest[1]);
});

const divHalfUp = signedDivision((code, parts) => {
  const { rest, divisor, quotient } = parts;
  shiftLeftOne(code, rest);
  lessUnsigned(code, rest, divisor);
  code.op('i32.eqz').if(() => {
    const low = code.local('i64');
    code.get(quotient[0]).i64(1).op('i64.add').tee(low).set(quotient[0]);
    code.get(quotient[1]).get(low).op('i64.eqz').op('i64.extend_i32_u').op('i64.add').set(quotient[1]);
  });
  pushQuotient(code, parts);
});

/** (i64, i64) → quotient rounded half up, the divisor positive. */
const div64HalfUp: Helper = {
  params: ['i64', 'i64'],
  results: ['i64'],
  build: (code, params) => {
    const [a, b] = params as [Local, Local];
    const quotient = code.local('i64');
    const rest = code.local('i64');
    code.get(a).get(b).op('i64.div_s').set(quotient);
    code.get(a).get(b).op('i64.rem_s').tee(rest).i64(63).op('i64.shr_s').get(rest).op('i64.xor');
    code.get(rest).i64(63).op('i64.shr_s').op('i64.sub').set(rest);
    // 2 * rest >= b without the doubling, which may overflow.
    code.get(quotient).get(a).i64(63).op('i64.shr_s').i64(1).op('i64.or');
    code.get(rest).get(b).get(rest).op('i64.sub').op('i64.ge_u').op('i64.extend_i32_u').op('i64.mul').op('i64.add');
  },
};

export const int128Helpers = {
  u64_mul_wide: mulWideUnsigned,
  i64_mul_wide: mulWide,
  i64_mul_overflows: mulOverflows,
  i64_div_half_up: div64HalfUp,
  i128_mul: mul,
  i128_mul_checked: mulChecked,
  i128_compare: compare,
  i128_neg: neg,
  u128_div_rem: divRem,
  i128_div: div,
  i128_rem: rem,
  i128_div_half_up: divHalfUp,
} as const satisfies HelperTable;
