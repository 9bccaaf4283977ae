import {
  type DataType,
  type DecimalType,
  decimalType,
  float64Type,
  int64Type,
  integerBounds,
  isFloating,
  isInteger,
  MAX_LONG_PRECISION,
  MAX_PRECISION,
  nullType,
  type Scalar,
  SparrowError,
  simpleString,
} from '../base/index.js';
import type { Local } from '../wasm/index.js';
import { decimalForInteger, decimalText, fitsPrecision, pow10 } from './decimal.js';
import { type ArgType, type Call, type Mismatch, type Resolution, scalar } from './define.js';
import { take, value } from './emit.js';
import { numberLiteral, part } from './emit-parts.js';
import { overflow } from './eval-errors.js';
import { anyInt, anyNumber, constant, takes } from './implicit.js';
import { type Rounding, roundDouble, roundUnscaled } from './rounding.js';
import { wrongType } from './signature.js';
import type { Emitter, Value } from './value.js';

/** One digit more may be needed before the point: round(9.9) is 10. */
function roundedDecimal({ precision, scale }: DecimalType, to: number): DecimalType {
  const whole = precision - scale + 1;
  if (to < 0) return decimalType(Math.min(MAX_PRECISION, Math.max(whole, -to + 1)), 0);
  const kept = Math.min(scale, to);
  return decimalType(Math.min(MAX_PRECISION, whole + kept), kept);
}

/** Constants may still be of another type than the one they will be cast to. */
const scaleOf = (literal: Scalar | undefined): number =>
  // A text that is no number becomes null where ANSI is off, and the type that of scale 0.
  typeof literal === 'number' || typeof literal === 'bigint' || typeof literal === 'string' ? Number(literal) || 0 : 0;

/** An unscaled decimal rounded at scale `to`, at the scale of the result type. */
function roundDecimal(unscaled: bigint, from: number, to: number, returns: DecimalType, mode: Rounding): bigint {
  const target = Math.min(from, to);
  const result = roundUnscaled(roundUnscaled(unscaled, from, target, mode), target, returns.scale, mode);
  if (fitsPrecision(result, returns.precision)) return result;
  throw new SparrowError(
    'NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION',
    `${decimalText(result, returns.scale)} cannot be represented as ${simpleString(returns).toUpperCase()}`,
    { sqlState: '22003' },
  );
}

function roundInteger(value: bigint, to: number, type: DataType, mode: Rounding, ansi: boolean): bigint {
  if (to >= 0) return value;
  const result = to < -20 ? 0n : roundUnscaled(roundUnscaled(value, 0, to, mode), to, 0, mode);
  const bounds = integerBounds(type);
  if (bounds !== undefined && (result < bounds[0] || result > bounds[1])) {
    if (ansi) throw overflow(type.kind === 'int64' ? 'long' : 'integer');
    return BigInt.asIntN(
      type.kind === 'int64' ? 64 : type.kind === 'int32' ? 32 : type.kind === 'int16' ? 16 : 8,
      result,
    );
  }
  return result;
}

function evalRound(args: readonly Scalar[], call: Call, mode: Rounding): Scalar {
  const value = args[0] as Scalar;
  const to = scaleOf(args[1]);
  const type = call.argTypes[0] as DataType;
  if (type.kind === 'decimal') return roundDecimal(value as bigint, type.scale, to, call.returns as DecimalType, mode);
  if (isInteger(type)) {
    const result = roundInteger(BigInt(value as bigint | number), to, type, mode, call.settings.ansi);
    return typeof value === 'bigint' ? result : Number(result);
  }
  const result = roundDouble(value as number, to, mode);
  return type.kind === 'float32' ? Math.fround(result) : result;
}

/** Beyond this a double times 10^scale may have no room left for the digit that decides. */
const EXACT = 1e14;
/** From here on doubles have no digits behind the scale. */
const WHOLE = 1e17;
const EXACT_POWER = 15;

/**
 * Rounds |x| · 10^scale down to n and compares |x| with (n + ½) / 10^scale: both are the doubles nearest to their
 * decimals, so they compare as those do. The few values too large for that are left to JS.
 */
function emitRoundDouble(
  e: Emitter,
  args: readonly Value[],
  call: Call,
  mode: 'half-up' | 'half-even',
  to: number,
): Value | undefined {
  if (to < 0 || to > EXACT_POWER) return undefined;
  const { code } = e;
  const x = part(args[0]);
  const magnitude = code.local('f64');
  const scaled = code.local('f64');
  const whole = code.local('f64');
  const half = code.local('f64');
  const out = code.local('f64');
  const power = 10 ** to;
  code.get(x).op('f64.abs').tee(magnitude).f64(power).op('f64.mul').set(scaled);
  code
    .get(scaled)
    .f64(EXACT)
    .op('f64.lt')
    .if(
      () => {
        code.get(scaled).op('f64.floor').set(whole);
        code
          .get(whole)
          .f64(2)
          .op('f64.mul')
          .f64(1)
          .op('f64.add')
          .f64(2 * power)
          .op('f64.div')
          .set(half);
        code.get(whole).f64(1).op('f64.add').get(whole);
        if (mode === 'half-up') code.get(magnitude).get(half).op('f64.ge');
        else pushTieToEven(e, magnitude, half, whole);
        // Adding 0 makes the zero of a negative number positive, as Java's decimals have it.
        code.select().f64(power).op('f64.div').get(x).op('f64.copysign').f64(0).op('f64.add').set(out);
      },
      () => {
        code.get(x).set(out);
        // NaN and infinity come here too, and are what they are.
        code
          .get(scaled)
          .f64(WHOLE)
          .op('f64.lt')
          .if(() =>
            e.scoped(() => {
              code.get(part(e.js(call, args))).set(out);
            }),
          );
      },
    );
  return value(float64Type, 'f64', [out]);
}

/** Pushes 1 above the half, and at it where the number below is odd. */
function pushTieToEven(e: Emitter, magnitude: Local, half: Local, whole: Local): void {
  const { code } = e;
  code.get(magnitude).get(half).op('f64.gt').get(magnitude).get(half).op('f64.eq');
  code.get(whole).f64(0.5).op('f64.mul').op('f64.floor').f64(2).op('f64.mul').get(whole).op('f64.ne');
  code.op('i32.and').op('i32.or');
}

/** Integers may overflow before the point, decimals of 38 digits too. */
function roundFails(call: Call): boolean {
  const type = call.argTypes[0] as DataType;
  if (type.kind === 'decimal') return type.precision === MAX_PRECISION;
  return call.settings.ansi && isInteger(type) && scaleOf(call.literals[1]) < 0;
}

const nearest = (
  name: string,
  mode: 'half-up' | 'half-even',
  how: string,
  examples: readonly (readonly [string, string])[],
) =>
  scalar({
    name,
    sql: [name],
    summary: `The number rounded to a scale (0 unless given; negative: before the point), ${how}.`,
    examples,
    resolve: takes(
      [anyNumber, constant(anyInt)],
      ([type], args) =>
        type?.kind === 'decimal' ? roundedDecimal(type, scaleOf(args[1]?.literal)) : (type ?? float64Type),
      { optional: 1 },
    ),
    nulls: 'propagate',
    rightFirst: true,
    inOrder: true,
    fails: roundFails,
    eval: (args, call) => evalRound(args, call, mode),
    emit: (e, args, call) => emitRound(e, args, call, mode),
    compiled: 'in Wasm at scales of 0 and more, but for long decimals and half-even ones; else a call per row',
  });

function emitRound(e: Emitter, args: readonly Value[], call: Call, mode: 'half-up' | 'half-even'): Value | undefined {
  const type = call.argTypes[0] as DataType;
  const to = call.argTypes.length === 1 ? 0 : numberLiteral(call.literals[1]);
  if (to === undefined) return undefined;
  if (isInteger(type)) return to >= 0 ? args[0] : undefined;
  if (type.kind === 'float64') return emitRoundDouble(e, args, call, mode, to);
  if (type.kind === 'decimal' && mode === 'half-up' && to >= 0)
    return emitRoundDecimal(e, args, type, call.returns as DecimalType, to);
  return undefined;
}

/** Short decimals: half a step away from zero, then cut. */
function emitRoundDecimal(
  e: Emitter,
  args: readonly Value[],
  from: DecimalType,
  returns: DecimalType,
  to: number,
): Value | undefined {
  if (from.precision > MAX_LONG_PRECISION || returns.precision > MAX_LONG_PRECISION) return undefined;
  const { code } = e;
  const x = part(args[0]);
  code.get(x);
  if (to < from.scale) {
    const step = pow10(from.scale - to);
    code
      .i64(step / 2n)
      .i64(-step / 2n)
      .get(x)
      .i64(0)
      .op('i64.ge_s')
      .select()
      .op('i64.add')
      .i64(step)
      .op('i64.div_s');
  }
  return take(e, returns, 'i64');
}

/** Ceil and floor give an integer: bigint for doubles, a decimal without fraction for decimals. */
function wholeType(args: readonly ArgType[]): Resolution | Mismatch | undefined {
  const [arg] = args;
  if (arg === undefined || args.length !== 1) return undefined;
  if (arg.type.kind === 'decimal') {
    const { precision, scale } = arg.type;
    return {
      args: [arg.type],
      returns: scale === 0 ? arg.type : decimalType(Math.min(MAX_PRECISION, precision - scale + 1), 0),
    };
  }
  if (anyNumber.accept(arg.type) === undefined) return wrongType(0, anyNumber.wants, arg.type);
  return { args: [isInteger(arg.type) ? int64Type : float64Type], returns: int64Type };
}

/** With a scale the number becomes a decimal first. */
function scaledType(args: readonly ArgType[]): Resolution | Mismatch {
  const scale = args[1];
  if (scale !== undefined && (scale.literal === null || !isInteger(scale.type)))
    return { mismatch: 'the scale must be a constant INT', code: 'NON_FOLDABLE_ARGUMENT' };
  return takes(
    [{ wants: 'numeric', accept: (type) => decimalForInteger(anyNumber.accept(type) ?? nullType) }, constant(anyInt)],
    ([type], given) => {
      const decimal = type as DecimalType;
      return roundedDecimal(decimal, scaleOf(given[1]?.literal));
    },
  )(args, { ansi: true });
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** As Scala's toLong: what is too large is the largest, NaN is 0. */
function saturated(x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  if (x >= 2 ** 63) return INT64_MAX;
  return x <= -(2 ** 63) ? INT64_MIN : BigInt(x);
}

const directed = (
  name: 'ceil' | 'floor',
  alias: readonly string[],
  what: string,
  examples: readonly (readonly [string, string])[],
) => {
  const mode: Rounding = name === 'ceil' ? 'up' : 'down';
  return scalar({
    name,
    sql: [name, ...alias],
    summary: `The ${what}; with a scale, the ${what.replace('integer', 'decimal of that scale')}.`,
    examples,
    resolve: (args) => wholeType(args) ?? scaledType(args),
    nulls: 'propagate',
    eval: ([value, scale], call) => {
      const type = call.argTypes[0] as DataType;
      if (type.kind === 'decimal') {
        const to = scale === undefined ? 0 : (scale as number);
        return roundDecimal(value as bigint, type.scale, to, call.returns as DecimalType, mode);
      }
      if (typeof value === 'bigint') return value;
      return saturated(name === 'ceil' ? Math.ceil(value as number) : Math.floor(value as number));
    },
    emit: (e, args, call) => {
      const type = call.argTypes[0] as DataType;
      if (type.kind === 'int64') return args[0];
      if (!isFloating(type)) return undefined;
      e.code
        .get(part(args[0]))
        .op(name === 'ceil' ? 'f64.ceil' : 'f64.floor')
        .op('i64.trunc_sat_f64_s');
      return take(e, int64Type, 'i64');
    },
    compiled: 'in Wasm for doubles and integers; a call per row for decimals',
  });
};

/** Numbers with fewer digits. */
export const roundingFunctions = {
  round: nearest('round', 'half-up', 'ties away from zero', [
    ['round(2.5)', '3'],
    ['round(2.345D, 2)', '2.35'],
    ['round(25, -1)', '30'],
  ]),
  bround: nearest('bround', 'half-even', 'ties to the even digit', [
    ['bround(2.5)', '2'],
    ['bround(25, -1)', '20'],
  ]),
  ceil: directed('ceil', ['ceiling'], 'smallest integer not below the number', [
    ['ceil(-0.1)', '0'],
    ['ceil(5.5D)', '6'],
    ['ceil(3.1411, 3)', '3.142'],
  ]),
  floor: directed('floor', [], 'largest integer not above the number', [
    ['floor(-0.1)', '-1'],
    ['floor(5.5D)', '5'],
    ['floor(3.1411, 3)', '3.141'],
  ]),
};
