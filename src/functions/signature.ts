import {
  arrayType,
  type DataType,
  type DecimalType,
  type Field,
  field,
  float32Type,
  float64Type,
  type IntervalType,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  intervalFields,
  intervalType,
  isFloating,
  isInteger,
  isNested,
  isNumeric,
  mapType,
  sameType,
  simpleString,
  stringType,
  structType,
  timeOfPrecision,
  timePrecision,
  timestampNtzType,
  timestampType,
} from '../base/index.js';
import { decimalForInteger, widerDecimal } from './decimal.js';
import type { ArgType, Mismatch, Resolution } from './define.js';

const integerOrder: readonly DataType[] = [int8Type, int16Type, int32Type, int64Type];

const isDatetime = (type: DataType): boolean =>
  type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamp_ntz';
export const isIntervalType = (type: DataType): type is IntervalType =>
  type.kind === 'interval_ym' || type.kind === 'interval_dt';

/**
 * The least type both can be cast to without asking (Spark's ANSI findWiderTypeForTwo): for union, CASE, coalesce,
 * join keys and comparisons. Undefined where there is none.
 */
export function commonType(a: DataType, b: DataType, ansi = true): DataType | undefined {
  if (sameType(a, b)) return a;
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (isNumeric(a) && isNumeric(b)) return commonNumeric(a, b, ansi);
  if (isDatetime(a) && isDatetime(b)) {
    return a.kind === 'timestamp' || b.kind === 'timestamp' ? timestampType : timestampNtzType;
  }
  if (isIntervalType(a) && isIntervalType(b)) return widerInterval(a, b);
  if (a.kind === 'time' && b.kind === 'time') return timeOfPrecision(Math.max(timePrecision(a), timePrecision(b)));
  if (a.kind === 'string') return widerThanString(b, ansi);
  if (b.kind === 'string') return widerThanString(a, ansi);
  return commonNested(a, b, ansi);
}

/** The type in which values of both are compared: of structs of the same types the names do not matter. */
export function comparableType(a: DataType, b: DataType, ansi = true): DataType | undefined {
  const { kind } = a;
  if (kind === 'array' && b.kind === 'array') {
    // Strings become what stands beside them, but not in arrays.
    const texts = [a.element, b.element].filter((element) => element.kind === 'string' || element.kind === 'null');
    if (texts.length === 1 && texts[0]?.kind === 'string') return undefined;
  }
  if (kind !== 'struct' || b.kind !== 'struct' || a.fields.length !== b.fields.length) return commonType(a, b, ansi);
  const isSame = a.fields.every((f, i) => sameType(f.type, (b.fields[i] as Field).type));
  if (!isSame) return commonType(a, b, ansi);
  return structType(a.fields.map((f, i) => field(f.name, f.type, f.nullable || b.fields[i]?.nullable === true)));
}

/** The interval type with the units of both. */
export function widerInterval(a: IntervalType, b: IntervalType): IntervalType | undefined {
  if (a.kind !== b.kind) return undefined;
  const [x, y] = [intervalFields(a), intervalFields(b)];
  return intervalType(a.kind, Math.min(x[0], y[0]), Math.max(x[1], y[1]));
}

function commonNumeric(a: DataType, b: DataType, ansi: boolean): DataType {
  if (isFloating(a) || isFloating(b)) {
    // Without ANSI an integer beside a float is a float.
    const isSingle = (type: DataType): boolean => type.kind === 'float32' || (!ansi && isInteger(type));
    return isSingle(a) && isSingle(b) ? float32Type : float64Type;
  }
  if (a.kind === 'decimal' || b.kind === 'decimal') {
    return widerDecimal(decimalForInteger(a) as DecimalType, decimalForInteger(b) as DecimalType);
  }
  const rank = (type: DataType): number => integerOrder.findIndex((t) => t.kind === type.kind);
  return rank(a) > rank(b) ? a : b;
}

/** Under ANSI a string becomes what stands beside it; otherwise that becomes a string. */
function widerThanString(other: DataType, ansi: boolean): DataType | undefined {
  if (!ansi) return isNested(other) || other.kind === 'binary' || other.kind === 'boolean' ? undefined : stringType;
  if (isInteger(other)) return int64Type;
  if (isNumeric(other)) return float64Type;
  if (isIntervalType(other) || isNested(other)) return undefined;
  return other;
}

function commonNested(a: DataType, b: DataType, ansi: boolean): DataType | undefined {
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonType(a.element, b.element, ansi);
    return element && arrayType(element, a.containsNull || b.containsNull);
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonType(a.key, b.key, ansi);
    const value = commonType(a.value, b.value, ansi);
    return key && value && mapType(key, value, a.valueContainsNull || b.valueContainsNull);
  }
  if (a.kind === 'struct' && b.kind === 'struct' && a.fields.length === b.fields.length) {
    const fields: Field[] = [];
    for (const [i, f] of a.fields.entries()) {
      const g = b.fields[i] as Field;
      const type = commonType(f.type, g.type, ansi);
      if (type === undefined || f.name.toLowerCase() !== g.name.toLowerCase()) return undefined;
      fields.push(field(f.name, type, f.nullable || g.nullable));
    }
    return structType(fields);
  }
  return undefined;
}

/** The common type of many; undefined where there is none, null for none at all. */
export function commonTypeOf(types: readonly DataType[], ansi = true): DataType | undefined {
  let common: DataType | undefined = { kind: 'null' };
  for (const type of types) {
    if (common === undefined) return undefined;
    common = commonType(common, type, ansi);
  }
  return common;
}

/** Whether a value of one type is taken where another is asked for, without an explicit cast (Spark ANSI). */
export function canImplicitlyCast(from: DataType, to: DataType): boolean {
  if (sameType(from, to) || from.kind === 'null') return true;
  if (isNested(from) || isNested(to)) return canImplicitlyCastNested(from, to);
  if (from.kind === 'string') return true;
  if (isNumeric(from)) return isNumeric(to) || to.kind === 'string';
  if (isDatetime(from)) return isDatetime(to) || to.kind === 'string';
  return to.kind === 'string' && from.kind !== 'binary';
}

function canImplicitlyCastNested(from: DataType, to: DataType): boolean {
  if (from.kind === 'array' && to.kind === 'array') {
    return canImplicitlyCast(from.element, to.element) && (to.containsNull || !from.containsNull);
  }
  if (from.kind === 'map' && to.kind === 'map') {
    return canImplicitlyCast(from.key, to.key) && canImplicitlyCast(from.value, to.value);
  }
  if (from.kind === 'struct' && to.kind === 'struct') {
    return (
      from.fields.length === to.fields.length &&
      from.fields.every((f, i) => canImplicitlyCast(f.type, (to.fields[i] as Field).type))
    );
  }
  return false;
}

export function wrongCount(given: number, required: number, most: number): Mismatch {
  const range = most === Number.POSITIVE_INFINITY ? `at least ${required}` : `${required} to ${most}`;
  const wanted = required === most ? `${required}` : range;
  return {
    mismatch: `takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${given}`,
    code: 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
  };
}

export function wrongType(position: number, wanted: string, found: DataType): Mismatch {
  return { mismatch: `argument ${position + 1} must be ${wanted}, not ${simpleString(found).toUpperCase()}` };
}

export const withoutOrder = (position: number, found: DataType): Mismatch => ({
  ...wrongType(position, 'a type with an order', found),
  code: 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
});

export const isMismatch = (result: object): result is Mismatch => 'mismatch' in result;

/** All arguments cast to their common type, which is also the result's (greatest, coalesce, …). */
export function sameTypes(
  required: number,
  returns?: DataType,
): (args: readonly ArgType[], settings?: { readonly ansi: boolean }) => Resolution | Mismatch {
  return (args, { ansi } = { ansi: true }) => {
    if (args.length < required) return wrongCount(args.length, required, Number.POSITIVE_INFINITY);
    const common = commonTypeOf(
      args.map((arg) => arg.type),
      ansi,
    );
    if (common === undefined) return noCommonType(args);
    return { args: args.map(() => common), returns: returns ?? common };
  };
}

export function noCommonType(args: readonly ArgType[]): Mismatch {
  const types = args.map((arg) => simpleString(arg.type).toUpperCase()).join(', ');
  return { mismatch: `arguments have no common type: ${types}`, code: 'DATATYPE_MISMATCH.DATA_DIFF_TYPES' };
}

/** Whether values of the type have an order (everything but maps and variants). */
export const isOrderable = (type: DataType): boolean =>
  isMadeOf(type, ({ kind }) => kind !== 'map' && kind !== 'variant' && kind !== 'interval');

/** Whether values of the type can be told apart, so that rows can be grouped by them (everything but variants). */
export const isGroupable = (type: DataType): boolean => isMadeOf(type, ({ kind }) => kind !== 'variant');

/** As `isGroupable`, without maps. */
export const isDistinguishable = (type: DataType): boolean =>
  isMadeOf(type, ({ kind }) => kind !== 'map' && kind !== 'variant');

function isMadeOf(type: DataType, isGood: (type: DataType) => boolean): boolean {
  if (!isGood(type)) return false;
  if (type.kind === 'array') return isMadeOf(type.element, isGood);
  if (type.kind === 'map') return isMadeOf(type.key, isGood) && isMadeOf(type.value, isGood);
  return type.kind !== 'struct' || type.fields.every((f) => isMadeOf(f.type, isGood));
}
