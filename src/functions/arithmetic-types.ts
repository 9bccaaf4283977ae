import {
  type DataType,
  type DecimalType,
  decimalType,
  float64Type,
  int64Type,
  isFloating,
  isInteger,
  isNumeric,
  type Scalar,
  simpleString,
} from '../base/index.js';
import { type DecimalOperator, decimalForInteger, decimalForLiteral, decimalResult } from './decimal.js';
import type { ArgType, Mismatch, Resolution, TypingSettings } from './define.js';
import { commonType, wrongCount } from './signature.js';
import { resolveTemporal, type TemporalOperator } from './temporal-types.js';

export type ArithmeticOperator = DecimalOperator | 'intDiv';

type Resolved = Resolution | Mismatch;

/** How `a operator b` is typed; the same rules serve the operator and its try_ form. */
export function resolveArithmetic(
  operator: ArithmeticOperator,
): (args: readonly ArgType[], settings?: TypingSettings) => Resolved {
  return (args, settings = { ansi: true }) => {
    const { ansi } = settings;
    const [a, b] = args;
    if (a === undefined || b === undefined || args.length !== 2) return wrongCount(args.length, 2, 2);
    const temporal = resolveTemporal(operator as TemporalOperator, a, b, ansi);
    if (temporal !== undefined) return temporal;
    return numericPair(operator, a, b, settings);
  };
}

function numericPair(operator: ArithmeticOperator, a: ArgType, b: ArgType, settings: TypingSettings): Resolved {
  const { ansi } = settings;
  const left = numberLike(a, b, ansi);
  const right = numberLike(b, a, ansi);
  const isText = ({ type }: ArgType): boolean => type.kind === 'string' || (ansi && type.kind === 'null');
  if (ansi && isText(a) && isText(b) && a.type.kind !== b.type.kind) return notNumeric(operator, a, b);
  if (ansi && a.type.kind === 'string' && b.type.kind === 'string') return notNumeric(operator, a, b);
  if (left === undefined || right === undefined) return notNumeric(operator, a, b);
  if (operator === 'div' && !isExactDivision(left, right)) {
    return { args: [float64Type, float64Type], returns: float64Type };
  }
  if ((left.kind === 'decimal' || right.kind === 'decimal') && !isFloating(left) && !isFloating(right)) {
    return decimalPair(operator, decimalOf(left, a), decimalOf(right, b), settings);
  }
  if (operator === 'intDiv') {
    if (isFloating(left) || isFloating(right)) return notNumeric(operator, a, b);
    return { args: [int64Type, int64Type], returns: int64Type };
  }
  const common = commonType(left, right, ansi) ?? float64Type;
  return { args: [common, common], returns: common };
}

/** Integers and doubles divide as doubles, decimals as decimals. */
const isExactDivision = (a: DataType, b: DataType): boolean =>
  (a.kind === 'decimal' || b.kind === 'decimal') && !isFloating(a) && !isFloating(b);

/** The numeric type an operand counts as: null as the other's, strings as bigint or double (always double without ANSI). */
function numberLike(arg: ArgType, other: ArgType, ansi: boolean): DataType | undefined {
  if (isNumeric(arg.type)) return arg.type;
  if (arg.type.kind === 'null') return isNumeric(other.type) ? other.type : float64Type;
  if (arg.type.kind !== 'string') return undefined;
  return ansi && isInteger(other.type) ? int64Type : float64Type;
}

/** A literal integer takes only the digits it needs. */
function decimalOf(type: DataType, arg: ArgType): DecimalType {
  // Spark leaves bytes out of this.
  if (isInteger(type) && isInteger(arg.type) && arg.type.kind !== 'int8' && isIntegerValue(arg.literal)) {
    return decimalForLiteral(BigInt(arg.literal));
  }
  return decimalForInteger(type) ?? decimalType(38, 18);
}

const isIntegerValue = (literal: Scalar | undefined): literal is number | bigint =>
  typeof literal === 'number' || typeof literal === 'bigint';

function decimalPair(
  operator: ArithmeticOperator,
  a: DecimalType,
  b: DecimalType,
  { exactDecimals }: TypingSettings,
): Resolution {
  if (operator === 'intDiv') return { args: [a, b], returns: int64Type };
  return { args: [a, b], returns: decimalResult(operator, a, b, exactDecimals) };
}

function notNumeric(operator: string, a: ArgType, b: ArgType): Mismatch {
  const types = [a, b].map((arg) => simpleString(arg.type).toUpperCase()).join(' and ');
  return {
    mismatch: `${operator} takes two numbers, or dates and intervals that go together, not ${types}`,
  };
}

/** One number: what `-x`, `abs` and the like take. */
export function resolveNumeric(args: readonly ArgType[]): Resolved {
  const [arg] = args;
  if (arg === undefined || args.length !== 1) return wrongCount(args.length, 1, 1);
  const { type } = arg;
  if (isNumeric(type) || type.kind === 'interval_ym' || type.kind === 'interval_dt')
    return { args: [type], returns: type };
  if (type.kind === 'string' || type.kind === 'null') return { args: [float64Type], returns: float64Type };
  return { mismatch: `it takes a number or an interval, not ${simpleString(type).toUpperCase()}` };
}
