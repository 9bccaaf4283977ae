import {
  binaryType,
  booleanType,
  type DataType,
  dateType,
  float32Type,
  float64Type,
  int32Type,
  int64Type,
  isInteger,
  isNested,
  isNumeric,
  simpleString,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
} from '../base/index.js';
import type { ArgType, Mismatch, Resolution, ScalarFunction } from './define.js';
import { wrongCount, wrongType } from './signature.js';

/** What one parameter takes: the type an argument is cast to by Spark's ANSI implicit casts, or undefined. */
export interface Param {
  readonly wants: string;
  readonly accept: (type: DataType) => DataType | undefined;
  /** The argument must be a constant. */
  readonly constant?: boolean;
}

const isText = (type: DataType): boolean => type.kind === 'string' || type.kind === 'null';
const isMoment = (type: DataType): boolean =>
  type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamp_ntz';

const numberTo = (target: DataType): Param => ({
  wants: simpleString(target),
  accept: (type) => (isNumeric(type) || isText(type) ? target : undefined),
});

export const anyString: Param = { wants: 'string', accept: (type) => (isNested(type) ? undefined : stringType) };
/** String or binary, kept as they are; everything else becomes a string. */
export const stringOrBinary: Param = {
  wants: 'string or binary',
  accept: (type) => (type.kind === 'binary' ? type : anyString.accept(type)),
};
export const anyBinary: Param = {
  wants: 'binary',
  accept: (type) => (isText(type) || type.kind === 'binary' ? binaryType : undefined),
};
export const anyInt = numberTo(int32Type);
export const anyLong = numberTo(int64Type);
export const anyDouble = numberTo(float64Type);
export const anyBoolean: Param = {
  wants: 'boolean',
  accept: (type) => (isText(type) || type.kind === 'boolean' ? booleanType : undefined),
};
export const anyDate: Param = {
  wants: 'date',
  accept: (type) => (isMoment(type) || isText(type) ? dateType : undefined),
};
export const anyTimestamp: Param = {
  wants: 'timestamp',
  accept: (type) => (isMoment(type) || type.kind === 'time' || isText(type) ? timestampType : undefined),
};
export const anyTimestampNtz: Param = {
  wants: 'timestamp_ntz',
  accept: (type) => (isMoment(type) || isText(type) ? timestampNtzType : undefined),
};
/** A string and nothing that could become one. */
export const justString: Param = { wants: 'string', accept: (type) => (isText(type) ? stringType : undefined) };
export const anyTime: Param = {
  wants: 'time',
  accept: (type) => (type.kind === 'time' || isText(type) ? timeType : undefined),
};
/** An instant or a wall clock reading, kept; dates and strings become an instant. */
export const eitherTimestamp: Param = {
  wants: 'timestamp',
  accept: (type) => (type.kind === 'timestamp_ntz' ? type : anyTimestamp.accept(type)),
};
/** What has an hour: a timestamp as `eitherTimestamp` takes it, or a time of day. */
export const anyClock: Param = {
  wants: 'timestamp or time',
  accept: (type) => (type.kind === 'time' ? type : eitherTimestamp.accept(type)),
};
/** Any number as it is; strings become doubles. */
export const anyNumber: Param = {
  wants: 'numeric',
  accept: (type) => (isNumeric(type) ? type : isText(type) ? float64Type : undefined),
};
export const anyInteger: Param = {
  wants: 'integral',
  accept: (type) => (isInteger(type) ? type : isText(type) ? int64Type : undefined),
};
export const anyType: Param = { wants: 'any', accept: (type) => type };
/** Exactly these types. */
export const only = (wants: string, test: (type: DataType) => boolean): Param => ({
  wants,
  accept: (type) => (test(type) ? type : undefined),
});
export const constant = (param: Param): Param => ({ ...param, constant: true });

interface Shape {
  /** How many arguments may be left out at the end. */
  readonly optional?: number;
  /** What every further argument takes. */
  readonly rest?: Param;
  /** Whether the result may be null even when no argument is. */
  readonly nullable?: boolean;
}

type Returns = DataType | ((types: readonly DataType[], args: readonly ArgType[]) => DataType | Mismatch);

/** A `resolve` from the list of parameters. */
export function takes(params: readonly Param[], returns: Returns, shape: Shape = {}): ScalarFunction['resolve'] {
  const least = params.length - (shape.optional ?? 0);
  return (args): Resolution | Mismatch => {
    if (args.length < least || (args.length > params.length && shape.rest === undefined)) {
      return wrongCount(args.length, least, shape.rest === undefined ? params.length : Number.POSITIVE_INFINITY);
    }
    const types: DataType[] = [];
    for (const [i, arg] of args.entries()) {
      const param = params[i] ?? shape.rest;
      const type = param?.accept(arg.type);
      if (param === undefined || type === undefined) {
        return wrongType(i, param?.wants ?? 'absent', arg.type);
      }
      if (param.constant === true && arg.literal === undefined) {
        return { mismatch: `argument ${i + 1} must be a constant`, code: 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT' };
      }
      types.push(type);
    }
    const result = typeof returns === 'function' ? returns(types, args) : returns;
    if ('mismatch' in result) return result;
    return shape.nullable === true
      ? { args: types, returns: result, nullable: true }
      : { args: types, returns: result };
  };
}

export const floatOrDouble = (type: DataType): DataType => (type.kind === 'float32' ? float32Type : float64Type);
