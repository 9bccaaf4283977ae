import { type DataType, type DecimalType, integerBounds, type Scalar, SparrowError } from '../base/index.js';
import { divideHalfUp, fitsPrecision, pow10, rescale } from './decimal.js';
import type { Call } from './define.js';
import {
  divideByZero,
  integerOverflow,
  intervalOverflow,
  outOfPrecision,
  overflow,
  remainderByZero,
} from './eval-errors.js';
import { evalMove, evalScaled, isTemporal } from './temporal-arithmetic.js';

/** The reference meaning of the arithmetic operators. Errors are raised as under ANSI; `tolerant` turns them into null. */

export type BinaryEval = (a: Scalar, b: Scalar, call: Call) => Scalar;
export type BasicOperator = 'add' | 'sub' | 'mul';

const scaleOf = (type: DataType | undefined): number => (type?.kind === 'decimal' ? type.scale : 0);
const symbols = { add: '+', sub: '-', mul: '*' } as const;

/** A scalar of an integer-like type as bigint, and back. */
const exact = (value: Scalar): bigint => BigInt(value as number | bigint);
const likeType = (value: bigint, type: DataType): Scalar =>
  type.kind === 'int64' || type.kind === 'decimal' || type.kind === 'interval_dt' ? value : Number(value);

function operate(operator: BasicOperator, a: bigint, b: bigint): bigint {
  return operator === 'add' ? a + b : operator === 'sub' ? a - b : a * b;
}

function operateFloat(operator: BasicOperator, a: number, b: number, type: DataType): number {
  const result = operator === 'add' ? a + b : operator === 'sub' ? a - b : a * b;
  return type.kind === 'float32' ? Math.fround(result) : result;
}

/** + - * over every type they take. */
export const evalBasic =
  (operator: BasicOperator): BinaryEval =>
  (a, b, call) => {
    const { returns } = call;
    if (returns.kind === 'float32' || returns.kind === 'float64') {
      return operateFloat(operator, a as number, b as number, returns);
    }
    if (returns.kind === 'decimal') return basicDecimal(operator, a, b, call, returns);
    if (isTemporal(call)) {
      return operator === 'mul' ? evalScaled(a, b, 'mul', call) : evalMove(a, b, operator === 'add' ? 1 : -1, call);
    }
    return basicInteger(operator, a, b, call);
  };

function basicInteger(operator: BasicOperator, a: Scalar, b: Scalar, { returns, settings }: Call): Scalar {
  const result = operate(operator, exact(a), exact(b));
  const [low, high] = integerBounds(returns) as readonly [bigint, bigint];
  if (result >= low && result <= high) return likeType(result, returns);
  if (!settings.ansi) return likeType(BigInt.asIntN((high - low).toString(2).length, result), returns);
  const names = { add: 'try_add', sub: 'try_subtract', mul: 'try_multiply' } as const;
  throw integerOverflow(returns, `${a} ${symbols[operator]} ${b}`, names[operator]);
}

function basicDecimal(operator: BasicOperator, a: Scalar, b: Scalar, call: Call, returns: DecimalType): Scalar {
  const s1 = scaleOf(call.argTypes[0]);
  const s2 = scaleOf(call.argTypes[1]);
  if (operator === 'mul') return toDecimal(exact(a) * exact(b), s1 + s2, returns, call);
  const scale = Math.max(s1, s2);
  const left = exact(a) * pow10(scale - s1);
  const right = exact(b) * pow10(scale - s2);
  return toDecimal(operate(operator, left, right), scale, returns, call);
}

/** An unscaled value rounded to a decimal type; too large: an error, or null without ANSI. */
export function toDecimal(unscaled: bigint, scale: number, type: DecimalType, call: Call): Scalar {
  const result = rescale(unscaled, scale, type.scale);
  if (fitsPrecision(result, type.precision)) return result;
  if (!call.settings.ansi) return null;
  throw outOfPrecision(result, type.scale, type);
}

/** a / b: double or decimal. */
export const evalDivide: BinaryEval = (a, b, call) => {
  const { returns } = call;
  if (isTemporal(call)) return evalScaled(a, b, 'div', call);
  if (Number(b) === 0) return zeroDivisor(call, divideByZero);
  if (returns.kind !== 'decimal') return (a as number) / (b as number);
  const shift = returns.scale - scaleOf(call.argTypes[0]) + scaleOf(call.argTypes[1]);
  const [x, y] = [exact(a), exact(b)];
  const quotient = shift >= 0 ? divideHalfUp(x * pow10(shift), y) : divideHalfUp(x, y * pow10(-shift));
  return toDecimal(quotient, returns.scale, returns, call);
};

function zeroDivisor(call: Call, error: () => SparrowError): null {
  if (call.settings.ansi) throw error();
  return null;
}

/** a div b: the integer part, as bigint. */
export const evalIntDivide: BinaryEval = (a, b, call) => {
  if (Number(b) === 0) return zeroDivisor(call, divideByZero);
  const [x, y] = aligned(a, b, call);
  const quotient = x / y;
  const wrapped = BigInt.asIntN(64, quotient);
  if (wrapped === quotient) return quotient;
  // Decimals keep the low 64 bits, as in Spark.
  if (!call.settings.ansi || call.argTypes[0]?.kind === 'decimal') return wrapped;
  throw overflow('integral divide', 'try_divide');
};

/** Integers or decimals at one scale. */
function aligned(a: Scalar, b: Scalar, call: Call): [bigint, bigint] {
  const s1 = scaleOf(call.argTypes[0]);
  const s2 = scaleOf(call.argTypes[1]);
  const scale = Math.max(s1, s2);
  return [exact(a) * pow10(scale - s1), exact(b) * pow10(scale - s2)];
}

/** a % b: the sign of a. */
export const evalRemainder: BinaryEval = (a, b, call) => {
  if (Number(b) === 0) return zeroDivisor(call, remainderByZero);
  const { returns } = call;
  if (returns.kind === 'float64') return (a as number) % (b as number);
  if (returns.kind === 'float32') return Math.fround((a as number) % (b as number));
  const [x, y] = aligned(a, b, call);
  if (returns.kind !== 'decimal') return likeType(x % y, returns);
  return toDecimal(x % y, Math.max(scaleOf(call.argTypes[0]), scaleOf(call.argTypes[1])), returns, call);
};

/** pmod(a, b): the remainder, brought to b's side of zero by adding b once more. */
export const evalPmod: BinaryEval = (a, b, call) => {
  if (Number(b) === 0) return zeroDivisor(call, remainderByZero);
  const { returns } = call;
  if (returns.kind === 'float32' || returns.kind === 'float64') {
    const round = returns.kind === 'float32' ? Math.fround : (x: number): number => x;
    const rest = round((a as number) % (b as number));
    return rest < 0 ? round(round(rest + (b as number)) % (b as number)) : rest;
  }
  const [x, y] = aligned(a, b, call);
  const rest = x % y;
  // Integers wrap around in between, as in Spark.
  const sum =
    returns.kind === 'int32'
      ? BigInt.asIntN(32, rest + y)
      : returns.kind === 'int64'
        ? BigInt.asIntN(64, rest + y)
        : rest + y;
  const result = rest < 0n ? sum % y : rest;
  if (returns.kind !== 'decimal') return likeType(result, returns);
  return toDecimal(result, Math.max(scaleOf(call.argTypes[0]), scaleOf(call.argTypes[1])), returns, call);
};

/** -a. The least integer has no opposite. */
export function evalNegate(a: Scalar, call: Call): Scalar {
  const { returns } = call;
  if (returns.kind === 'float32' || returns.kind === 'float64') return -(a as number);
  return unaryInteger(-exact(a), returns, call, `- ${a}`);
}

/** |a|. */
export function evalAbs(a: Scalar, call: Call): Scalar {
  const { returns } = call;
  if (returns.kind === 'float32' || returns.kind === 'float64') return Math.abs(a as number);
  const x = exact(a);
  return unaryInteger(x < 0n ? -x : x, returns, call, `abs(${a})`);
}

function unaryInteger(result: bigint, type: DataType, call: Call, text: string): Scalar {
  const [low, high] = integerBounds(type) as readonly [bigint, bigint];
  if (result >= low && result <= high) return likeType(result, type);
  if (type.kind === 'interval_ym' || type.kind === 'interval_dt') throw intervalOverflow();
  if (!call.settings.ansi) return likeType(BigInt.asIntN((high - low).toString(2).length, result), type);
  throw overflow(text);
}

/** The same with null where an error would be raised. */
export const tolerant =
  (evaluate: BinaryEval): BinaryEval =>
  (a, b, call) => {
    try {
      return evaluate(a, b, call.settings.ansi ? call : { ...call, settings: { ...call.settings, ansi: true } });
    } catch (error) {
      if (error instanceof SparrowError) return null;
      throw error;
    }
  };
