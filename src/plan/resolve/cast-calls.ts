import {
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  SparrowError,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
} from '../../base/index.js';
import { findEntry } from '../../functions/registry.js';
import type { Expr } from '../expr.js';
import { resolveCast } from './calls.js';
import type { PlanSettings } from './context.js';

/** Types that are called like functions: `int(x)` is `cast(x as int)`. */
const types: Readonly<Record<string, DataType>> = {
  boolean: booleanType,
  tinyint: int8Type,
  smallint: int16Type,
  int: int32Type,
  bigint: int64Type,
  float: float32Type,
  double: float64Type,
  decimal: decimalType(10, 0),
  date: dateType,
  time: timeType,
  timestamp: timestampType,
  binary: binaryType,
  string: stringType,
};

/** Whether a call by this name is a cast. */
export const isTypeName = (name: string): boolean => Object.hasOwn(types, name.toLowerCase());

/** The cast that a call by a type's name is; undefined for other calls. */
export function castCall(name: string, args: readonly Expr[], settings: PlanSettings): Expr | undefined {
  const [input] = args;
  const type = typeNamed(name.toLowerCase(), settings);
  if (type === undefined || findEntry(name) !== undefined) return undefined;
  if (input === undefined || args.length > 1) {
    throw new SparrowError('WRONG_NUM_ARGS.WITHOUT_SUGGESTION', `${name} takes 1 argument, not ${args.length}`, {
      sqlState: '42605',
    });
  }
  return resolveCast({ kind: 'cast', input, type, implicit: true }, input, settings);
}

function typeNamed(name: string, { timestampType: meaning }: PlanSettings): DataType | undefined {
  if (name === 'timestamp' && meaning === 'ntz') return timestampNtzType;
  return Object.hasOwn(types, name) ? types[name] : undefined;
}
