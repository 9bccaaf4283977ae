import {
  binaryType,
  booleanType,
  type DataType,
  decimalType,
  float64Type,
  int32Type,
  int64Type,
  MAX_PRECISION,
  nullType,
  SparrowError,
  stringType,
  timestampType,
} from '../base/index.js';
import { call, cast, literal } from '../plan/build.js';
import type { Expr } from '../plan/expr.js';

/** A JavaScript value that can stand for a column. */
export type LiteralValue = null | boolean | number | bigint | string | Date | Uint8Array;

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/**
 * A value as an expression, with the type Spark gives it: integers are int, bigint past 32 bits; other numbers
 * double; a bigint is bigint, a decimal past 64 bits; a Date is a timestamp.
 */
export function literalOf(value: unknown, type?: DataType): Expr {
  const expr = plain(value);
  return type === undefined || (expr.kind === 'literal' && expr.type.kind === type.kind && type.kind !== 'decimal')
    ? expr
    : cast(expr, type);
}

function plain(value: unknown): Expr {
  if (value === null) return literal(nullType, null);
  switch (typeof value) {
    case 'boolean':
      return literal(booleanType, value);
    case 'string':
      return literal(stringType, value);
    case 'number':
      return number(value);
    case 'bigint':
      return wide(value);
    default:
      break;
  }
  if (value instanceof Date) return instant(value);
  if (value instanceof Uint8Array) return literal(binaryType, value);
  if (Array.isArray(value)) return call('array', ...value.map((item) => plain(item)));
  throw new SparrowError('UNSUPPORTED_FEATURE.LITERAL_TYPE', `${describe(value)} is not a literal`, {
    hint: 'literals are null, boolean, number, bigint, string, Date, Uint8Array and arrays of them',
  });
}

function number(value: number): Expr {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return literal(float64Type, value);
  if (value >= INT_MIN && value <= INT_MAX) return literal(int32Type, value);
  return literal(int64Type, BigInt(value));
}

function wide(value: bigint): Expr {
  if (value >= LONG_MIN && value <= LONG_MAX) return literal(int64Type, value);
  const digits = String(value < 0n ? -value : value).length;
  if (digits <= MAX_PRECISION) return literal(decimalType(digits, 0), value);
  throw new SparrowError('ARITHMETIC_OVERFLOW', `${value} has more than ${MAX_PRECISION} digits`);
}

function instant(value: Date): Expr {
  const ms = value.getTime();
  if (Number.isNaN(ms)) {
    throw new SparrowError('INVALID_LITERAL', 'an invalid Date is not a timestamp', {
      hint: 'check the text it was made from',
    });
  }
  return literal(timestampType, BigInt(ms) * 1000n);
}

/** What a value is, for a message. */
export function describe(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return `an object of ${value.constructor?.name ?? 'no class'}`;
  return `${typeof value} ${String(value)}`;
}
