import { carrierOf, type DataType, integerBounds, isFloating, type Scalar } from '../base/index.js';
import type { Local } from '../wasm/index.js';
import type { BasicOperator } from './arithmetic-eval.js';
import type { Call, Range } from './define.js';
import {
  carrierFor,
  carrierRange,
  type IntCarrier,
  inside,
  intParts,
  part,
  push,
  pushConst,
  pushInt,
  rangeOf,
  take,
  value,
  widen,
  widerCarrier,
} from './emit.js';
import {
  checked,
  emitIntOperation,
  type IntOperation,
  isSafe,
  type OverflowMode,
  operationRange,
  orSlow,
  pushSignExtension,
  scaled,
  scaledChecked,
  scaleRange,
  signal,
} from './int-emit.js';
import { emitMove, isTemporal } from './temporal-arithmetic.js';
import type { Emitter, Value } from './value.js';

const scaleOf = (type: DataType | undefined): number => (type?.kind === 'decimal' ? type.scale : 0);

/** How + - * over integers or decimals lay out: common scale before, digits to drop after. */
export function intOperation(operator: BasicOperator, call: Call): IntOperation {
  const s1 = scaleOf(call.argTypes[0]);
  const s2 = scaleOf(call.argTypes[1]);
  const type = call.returns;
  if (operator === 'mul') return { operator, type, scaleA: 0, scaleB: 0, drop: s1 + s2 - scaleOf(type) };
  const scale = Math.max(s1, s2);
  return { operator, type, scaleA: scale - s1, scaleB: scale - s2, drop: scale - scaleOf(type) };
}

const isExact = (call: Call): boolean => integerBounds(call.returns) !== undefined && !isTemporal(call);

/** Bounds of + - * from those of the operands. */
export const basicRange =
  (operator: BasicOperator) =>
  (ranges: readonly (Range | undefined)[], call: Call): Range | undefined => {
    if (!isExact(call)) return undefined;
    const [a, b] = call.argTypes.map((type, i) => rangeOf(type, ranges[i]));
    if (a === undefined || b === undefined) return undefined;
    const range = operationRange(intOperation(operator, call), a, b);
    // Without ANSI what overflows wraps around and may be anything.
    return call.settings.ansi || inside(range, integerBounds(call.returns) as Range) ? range : undefined;
  };

/** Whether + - * can raise an error: not for floats, nor where the ranges leave room. */
export const basicFails =
  (operator: BasicOperator) =>
  (call: Call, ranges: readonly (Range | undefined)[]): boolean => {
    if (isFloating(call.returns)) return false;
    if (isTemporal(call)) return true;
    if (!call.settings.ansi) return false;
    const [a, b] = call.argTypes.map((type, i) => rangeOf(type, ranges[i]));
    return !isSafe(intOperation(operator, call), a, b);
  };

export function overflowMode(call: Call, tolerant: boolean): OverflowMode {
  if (tolerant) return 'null';
  if (call.settings.ansi) return 'error';
  return call.returns.kind === 'decimal' ? 'null' : 'wrap';
}

/** + - *; `tolerant` gives null instead of an error. */
export function emitBasic(
  e: Emitter,
  operator: BasicOperator,
  args: readonly Value[],
  call: Call,
  tolerant = false,
): Value | undefined {
  const [a, b] = args as [Value, Value];
  const { returns } = call;
  if (isFloating(returns)) {
    push(e, a);
    push(e, b);
    e.code.op(`${returns.kind === 'float32' ? 'f32' : 'f64'}.${operator}`);
    return take(e, returns, carrierOf(returns));
  }
  if (isTemporal(call)) {
    return tolerant || operator === 'mul' ? undefined : emitMove(e, a, b, operator === 'add' ? 1 : -1, call);
  }
  const slow = (): Value => e.js(call, [widen(e, a), widen(e, b)]);
  return emitIntOperation(e, intOperation(operator, call), a, b, overflowMode(call, tolerant), slow);
}

const isNonZero = (literal: Scalar | undefined): boolean =>
  literal !== undefined && literal !== null && Number(literal) !== 0;

/**
 * Division and remainder raise an error for a divisor of zero, unless it is a literal that is not. Bounds of the
 * divisor do not count: what lies in a null row may be zero all the same, and the test for it is always emitted.
 */
export function divisionFails(call: Call): boolean {
  if (isTemporal(call)) return true;
  if (!call.settings.ansi) return false;
  if (!isNonZero(call.literals[1]) || call.fn === 'intDiv') return true;
  return call.returns.kind === 'decimal' && (call.fn === 'div' || call.fn === 'pmod');
}

/** Pushes a test for a zero divisor and deals with it. Gives the null flag when that means null. */
function zeroCheck(e: Emitter, b: Value, call: Call, tolerant: boolean): Local | undefined {
  if (isNonZero(call.literals[1])) return undefined;
  const { code } = e;
  push(e, b);
  if (b.carrier === 'i128') code.op('i64.or').op('i64.eqz');
  else if (b.carrier === 'f64') code.f64(0).op('f64.eq');
  else if (b.carrier === 'f32') code.f32(0).op('f32.eq');
  else code.op(b.carrier === 'i64' ? 'i64.eqz' : 'i32.eqz');
  return signal(e, tolerant || !call.settings.ansi ? 'null' : 'error');
}

/** The divisor with 1 in place of 0: dividing by zero would stop the machine. */
function nonZero(e: Emitter, b: Value, call: Call): Value {
  if (isNonZero(call.literals[1])) return b;
  const { code } = e;
  const low = code.local(b.carrier === 'i32' ? 'i32' : 'i64');
  if (b.carrier === 'i32') code.get(part(b)).get(part(b)).op('i32.eqz').op('i32.or').set(low);
  else {
    push(e, b);
    if (b.carrier === 'i128') code.op('i64.or');
    code.op('i64.eqz').op('i64.extend_i32_u').get(part(b)).op('i64.or').set(low);
  }
  return { ...b, parts: [low, ...b.parts.slice(1)] };
}

/** a / b. */
export function emitDivide(e: Emitter, args: readonly Value[], call: Call, tolerant = false): Value | undefined {
  const [a, b] = args as [Value, Value];
  const { returns } = call;
  if (isTemporal(call)) return undefined;
  if (returns.kind === 'float64') {
    const isNull = zeroCheck(e, b, call, tolerant);
    e.code.get(part(a)).get(part(b)).op('f64.div');
    return take(e, returns, 'f64', isNull);
  }
  const shift = scaleOf(returns) - scaleOf(call.argTypes[0]) + scaleOf(call.argTypes[1]);
  const range = rangeOf(a.type, a.range);
  if (shift < 0 || range === undefined || shift > 38) return undefined;
  const isNull = zeroCheck(e, b, call, tolerant);
  const divisor = nonZero(e, b, call);
  const numerator = scaleRange(range, shift);
  const mode = overflowMode(call, tolerant);
  const largest = -numerator[0] > numerator[1] ? -numerator[0] : numerator[1];
  const quotient = (left: readonly Local[], bound: bigint): Value => {
    for (const local of left) e.code.get(local);
    pushInt(e, divisor, 'i128');
    e.code.call(e.helper('i128_div_half_up'));
    return take(e, returns, 'i128', undefined, [-bound, bound]);
  };
  if (carrierFor(numerator) !== undefined) {
    return checked(e, quotient(scaled(e, a, shift, 'i128').parts, largest), returns, mode, isNull);
  }
  const overflow = e.code.local('i32');
  e.code.i32(0).set(overflow);
  const left = scaledChecked(e, a, shift, overflow);
  const fast = (): Value => checked(e, quotient(left, 2n ** 127n), returns, mode, isNull);
  return orSlow(e, overflow, returns, fast, () => e.js(call, [widen(e, a), widen(e, b)]));
}

/** Both operands at one scale, in one carrier; undefined beyond 128 bits. */
function align(e: Emitter, a: Value, b: Value, call: Call): [Value, Value, IntCarrier] | undefined {
  const scale = Math.max(scaleOf(a.type), scaleOf(b.type));
  const rangeA = rangeOf(a.type, a.range);
  const rangeB = rangeOf(b.type, b.range);
  if (rangeA === undefined || rangeB === undefined) return undefined;
  const carrierA = carrierFor(scaleRange(rangeA, scale - scaleOf(a.type)));
  const carrierB = carrierFor(scaleRange(rangeB, scale - scaleOf(b.type)));
  if (carrierA === undefined || carrierB === undefined) return undefined;
  const carrier = widerCarrier(carrierA, carrierB);
  // What stands under a null may be zero only once it is made narrow.
  const divisor = nonZero(e, scaled(e, b, scale - scaleOf(b.type), carrier), call);
  return [scaled(e, a, scale - scaleOf(a.type), carrier), divisor, carrier];
}

/** a div b. */
export function emitIntDivide(e: Emitter, args: readonly Value[], call: Call): Value | undefined {
  const [a, b] = args as [Value, Value];
  if (!call.settings.ansi) return undefined;
  const both = align(e, a, b, call);
  if (both === undefined) return undefined;
  const isNull = zeroCheck(e, b, call, false);
  const [left, right, carrier] = both;
  const { code } = e;
  if (carrier === 'i128') {
    push(e, left);
    push(e, right);
    code.call(e.helper('i128_div')).drop();
    return take(e, call.returns, 'i64', isNull);
  }
  // The least value divided by -1 would stop the machine: it overflows, or is computed in a wider word.
  if (carrier === 'i32' || (left.range !== undefined && left.range[0] > -(2n ** 63n))) {
    pushInt(e, left, 'i64');
    pushInt(e, right, 'i64');
    code.op('i64.div_s');
    return take(e, call.returns, 'i64', isNull);
  }
  const overflows = code.local('i32');
  code
    .get(part(left))
    .i64(-(2n ** 63n))
    .op('i64.eq')
    .get(part(right))
    .i64(-1)
    .op('i64.eq')
    .op('i32.and')
    .tee(overflows);
  e.failIf();
  code.get(part(left)).i64(1).get(part(right)).get(overflows).select().op('i64.div_s');
  return take(e, call.returns, 'i64', isNull);
}

/** a % b and pmod(a, b); floats have no instruction for it. */
export function emitRemainder(
  e: Emitter,
  args: readonly Value[],
  call: Call,
  form: 'sign of a' | 'positive',
  tolerant = false,
): Value | undefined {
  const [a, b] = args as [Value, Value];
  if (isFloating(call.returns)) return undefined;
  const both = align(e, a, b, call);
  if (both === undefined || (form === 'positive' && both[2] === 'i128')) return undefined;
  const isNull = zeroCheck(e, b, call, tolerant);
  const [left, right, carrier] = both;
  const rest = emitRest(e, left, right, carrier, call.returns);
  const result = form === 'positive' ? emitPositive(e, rest, right, call) : rest;
  if (form === 'positive' && call.returns.kind === 'decimal') {
    // It may be nearly as large as the divisor, which has digits the result type has not.
    const any: Range = [-(2n ** 63n), 2n ** 63n - 1n];
    return checked(e, { ...result, range: any }, call.returns, overflowMode(call, tolerant), isNull);
  }
  const natural = carrierOf(call.returns) as IntCarrier;
  const computed = result.carrier as IntCarrier;
  const narrow = widerCarrier(natural, computed) === natural ? computed : natural;
  return value(call.returns, narrow, intParts(e, result, narrow), isNull);
}

/** Where the remainder is negative, (rest + b) % b; like Spark's, integers wrap around in between. */
function emitPositive(e: Emitter, rest: Value, b: Value, call: Call): Value {
  const { code } = e;
  const work = call.returns.kind === 'decimal' ? 'i64' : (carrierOf(call.returns) as 'i32' | 'i64');
  const out = e.newParts(work);
  pushInt(e, rest, work);
  pushInt(e, b, work);
  code.op(`${work}.add`);
  pushInt(e, b, work);
  code.op(`${work}.rem_s`);
  pushInt(e, rest, work);
  pushInt(e, rest, work);
  pushConst(e, work, 0n);
  code
    .op(`${work}.lt_s`)
    .select()
    .set(out[0] as Local);
  return value(call.returns, work, out);
}

function emitRest(e: Emitter, a: Value, b: Value, carrier: IntCarrier, type: DataType): Value {
  push(e, a);
  push(e, b);
  if (carrier === 'i128') e.code.call(e.helper('i128_rem'));
  else e.code.op(`${carrier}.rem_s`);
  return take(e, type, carrier);
}

/** Bounds of a remainder: smaller than the divisor, no larger than the dividend. */
export const remainderRange =
  (form: 'sign of a' | 'positive') =>
  (ranges: readonly (Range | undefined)[], call: Call): Range | undefined => {
    const [a, b] = call.argTypes.map((type, i) => rangeOf(type, ranges[i]));
    if (a === undefined || b === undefined) return undefined;
    const scale = Math.max(...call.argTypes.map(scaleOf));
    const divisor = scaleRange(b, scale - scaleOf(call.argTypes[1]));
    const most = (-divisor[0] > divisor[1] ? -divisor[0] : divisor[1]) - 1n;
    const top = most < 0n ? 0n : most;
    if (form === 'positive') return [divisor[0] > 0n ? 0n : -top, top];
    return [a[0] < 0n ? -top : 0n, a[1] > 0n ? top : 0n];
  };

/** -a as 0 - a, over every numeric carrier. */
export function emitNegate(e: Emitter, [a]: readonly Value[], call: Call): Value | undefined {
  const { returns } = call;
  const v = a as Value;
  if (isFloating(returns)) {
    const f = returns.kind === 'float32' ? 'f32' : 'f64';
    e.code.get(part(v)).op(`${f}.neg`);
    return take(e, returns, f);
  }
  e.code.i32(0);
  const zero = take(e, returns, 'i32', undefined, [0n, 0n]);
  const operation: IntOperation = { operator: 'sub', type: returns, scaleA: 0, scaleB: 0, drop: 0 };
  return emitIntOperation(
    e,
    operation,
    zero,
    v,
    returns.kind === 'decimal' || returns.kind.startsWith('interval') || call.settings.ansi ? 'error' : 'wrap',
  );
}

/** |a|: the negated value where it is negative. */
export function emitAbs(e: Emitter, [a]: readonly Value[], call: Call): Value | undefined {
  const { returns } = call;
  const v = a as Value;
  const { code } = e;
  if (isFloating(returns)) {
    const f = returns.kind === 'float32' ? 'f32' : 'f64';
    code.get(part(v)).op(`${f}.abs`);
    return take(e, returns, f);
  }
  const bounds = rangeOf(returns, v.range) as Range;
  // The negated value may need more bits than the value itself.
  const isNarrow = -bounds[0] > carrierRange(v.carrier as IntCarrier)[1];
  const carrier = isNarrow ? (carrierOf(returns) as IntCarrier) : (v.carrier as IntCarrier);
  const x = value(returns, carrier, intParts(e, v, carrier));
  const out = e.newParts(carrier);
  const least = (integerBounds(returns) as Range)[0];
  const overflows = returns.kind !== 'decimal' && bounds[0] <= least;
  if (carrier === 'i128') {
    code
      .get(part(x, 1))
      .i64(0)
      .op('i64.lt_s')
      .if(
        () => {
          push(e, x);
          code
            .call(e.helper('i128_neg'))
            .set(out[1] as Local)
            .set(out[0] as Local);
        },
        () =>
          code
            .get(part(x))
            .set(out[0] as Local)
            .get(part(x, 1))
            .set(out[1] as Local),
      );
  } else {
    if (overflows && (call.settings.ansi || returns.kind.startsWith('interval'))) {
      code.get(part(x));
      pushConst(e, carrier, least);
      code.op(`${carrier}.eq`);
      e.failIf();
    }
    pushConst(e, carrier, 0n);
    code.get(part(x)).op(`${carrier}.sub`).get(part(x)).get(part(x));
    pushConst(e, carrier, 0n);
    code.op(`${carrier}.lt_s`).select();
    pushSignExtension(e, returns);
    code.set(out[0] as Local);
  }
  return value(returns, carrier, out);
}

export const absRange = (ranges: readonly (Range | undefined)[], call: Call): Range | undefined => {
  const range = rangeOf(call.returns, ranges[0]);
  if (range === undefined || (!call.settings.ansi && range[0] <= (integerBounds(call.returns) as Range)[0]))
    return undefined;
  const [low, high] = range;
  if (low >= 0n) return range;
  return [high < 0n ? -high : 0n, -low > high ? -low : high];
};
