import {
  type DataType,
  type DecimalType,
  intervalFields,
  type Scalar,
  SparrowError,
  simpleString,
} from '../base/index.js';
import { decimalText } from './decimal.js';
import { describeValue } from './describe-value.js';

/** The errors of evaluation, with Spark's conditions and SQL states. */

const kindOf = (type: DataType): string => simpleString(type).toUpperCase();

export function overflow(what: string, alternative?: string): SparrowError {
  return new SparrowError('ARITHMETIC_OVERFLOW', `${what} overflow`, {
    sqlState: '22003',
    ...(alternative === undefined ? {} : { hint: `use \`${alternative}\` to get NULL instead` }),
  });
}

/** Overflow of intervals; `alternative` is the function that gives null instead, if there is one. */
export function intervalOverflow(alternative?: string): SparrowError {
  const suggestion = alternative === undefined ? 'WITHOUT_SUGGESTION' : 'WITH_SUGGESTION';
  return new SparrowError(`INTERVAL_ARITHMETIC_OVERFLOW.${suggestion}`, 'the interval overflows', {
    sqlState: '22015',
    ...(alternative === undefined ? {} : { hint: `use \`${alternative}\` to get NULL instead` }),
  });
}

/** Overflow of an operator over integers of one type. */
export function integerOverflow(type: DataType, text: string, alternative?: string): SparrowError {
  if (type.kind !== 'int8' && type.kind !== 'int16')
    return overflow(type.kind === 'int64' ? 'long' : 'integer', alternative);
  return new SparrowError('BINARY_ARITHMETIC_OVERFLOW', `${text} caused overflow`, { sqlState: '22003' });
}

export function divideByZero(): SparrowError {
  return new SparrowError('DIVIDE_BY_ZERO', 'division by zero', {
    sqlState: '22012',
    hint: 'use `try_divide` to get NULL instead',
  });
}

export function remainderByZero(): SparrowError {
  return new SparrowError('REMAINDER_BY_ZERO', 'remainder by zero', {
    sqlState: '22012',
    hint: 'use `try_mod` to get NULL instead',
  });
}

export function outOfPrecision(unscaled: bigint, scale: number, type: DecimalType): SparrowError {
  return new SparrowError(
    'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION',
    `${decimalText(unscaled, scale)} cannot be represented as ${kindOf(type)}`,
    { sqlState: '22003', parameters: { value: decimalText(unscaled, scale), type: kindOf(type) } },
  );
}

export function castOverflow(value: Scalar, from: DataType, to: DataType): SparrowError {
  return new SparrowError(
    'CAST_OVERFLOW',
    `the value ${describeValue(from, value)} of the type ${kindOf(from)} cannot be cast to ${kindOf(to)} due to an overflow`,
    { sqlState: '22003', hint: 'use `try_cast` to get NULL instead' },
  );
}

export function castInvalid(value: Scalar, from: DataType, to: DataType): SparrowError {
  const isInterval = to.kind === 'interval_ym' || to.kind === 'interval_dt';
  // A number that is too large for an interval of one unit.
  const isNumber = to.kind === 'interval_ym' && new Set(intervalFields(to)).size === 1 && /^[+-]?\d+$/.test(`${value}`);
  return new SparrowError(
    isInterval
      ? `INVALID_INTERVAL_FORMAT.${isNumber ? 'INTERVAL_PARSING' : `UNMATCHED_FORMAT_STRING${to.kind === 'interval_dt' ? '_WITH_NOTICE' : ''}`}`
      : 'CAST_INVALID_INPUT',
    `the value ${describeValue(from, value)} of the type ${kindOf(from)} cannot be cast to ${kindOf(to)} because it is malformed`,
    { sqlState: '22018', hint: 'use `try_cast` to get NULL instead' },
  );
}
