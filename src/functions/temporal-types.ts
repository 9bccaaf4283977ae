import {
  type DataType,
  dateType,
  dayTimeIntervalType,
  int32Type,
  int64Type,
  intervalFields,
  intervalType,
  isNumeric,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
  yearMonthIntervalType,
} from '../base/index.js';
import type { ArgType, Mismatch, Resolution } from './define.js';
import { isIntervalType, widerInterval, wrongType } from './signature.js';

export type TemporalOperator = 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'intDiv';

const isMoment = (type: DataType): boolean => type.kind === 'timestamp' || type.kind === 'timestamp_ntz';
const isSmallInteger = (type: DataType): boolean =>
  type.kind === 'int8' || type.kind === 'int16' || type.kind === 'int32' || type.kind === 'null';

/** How an operator over dates, timestamps or intervals is typed; undefined when it is none of those. */
export function resolveTemporal(
  operator: TemporalOperator,
  a: ArgType,
  b: ArgType,
  ansi = true,
): Resolution | Mismatch | undefined {
  switch (operator) {
    case 'add':
      return moved(a, b) ?? moved(b, a, true);
    case 'sub':
      return (b.type.kind === 'null' ? undefined : moved(a, b)) ?? difference(a.type, b.type, ansi) ?? moved(a, b);
    case 'mul':
      return scaledInterval(a.type, b.type) ?? swapped(scaledInterval(b.type, a.type));
    case 'div':
      return scaledInterval(a.type, b.type);
    case 'intDiv':
      return isIntervalType(a.type) && a.type.kind === b.type.kind
        ? { args: [a.type, b.type], returns: int64Type }
        : undefined;
    case 'mod':
      return undefined;
  }
}

const swapped = (resolution: Resolution | undefined): Resolution | undefined =>
  resolution && { ...resolution, args: [...resolution.args].reverse() };

/** A moment or interval moved by an interval, or a date by days. */
function moved(from: ArgType, by: ArgType, reversed = false): Resolution | undefined {
  const order = (types: DataType[]): DataType[] => (reversed ? types.reverse() : types);
  const { type } = from;
  if (type.kind === 'date' && isSmallInteger(by.type) && !(reversed && by.type.kind === 'null'))
    return { args: order([type, int32Type]), returns: dateType };
  if (isIntervalType(type)) {
    const step = by.type.kind === 'null' ? type : by.type;
    const both = isIntervalType(step) && !reversed ? widerInterval(type, step) : undefined;
    return both && { args: [type, step], returns: both };
  }
  // NULL is an interval of days and times, except beside a date that stands first.
  if (by.type.kind === 'null' && (isMoment(type) || type.kind === 'time' || (reversed && type.kind === 'date')))
    return { args: order([type, dayTimeIntervalType]), returns: type.kind === 'date' ? timestampType : type };
  if (!isIntervalType(by.type)) return undefined;
  if (type.kind === 'date') return { args: order([type, by.type]), returns: movedDate(by) };
  if (isMoment(type)) return { args: order([type, by.type]), returns: type };
  if (type.kind === 'time' && by.type.kind === 'interval_dt') return { args: order([type, by.type]), returns: type };
  if (type.kind === 'string' && by.type.kind === 'interval_dt')
    return { args: order([timestampType, by.type]), returns: timestampType };
  return undefined;
}

/** Months and days leave a date a date; units below make it a timestamp. */
function movedDate({ type }: ArgType): DataType {
  if (type.kind === 'interval_ym') return dateType;
  return isIntervalType(type) && intervalFields(type)[1] === 0 ? dateType : timestampType;
}

function difference(a: DataType, b: DataType, ansi: boolean): Resolution | Mismatch | undefined {
  const isText = (type: DataType): boolean => type.kind === 'string' || type.kind === 'null';
  const involved = [a, b].filter((type) => !isText(type));
  if (involved.length > 0 && involved.every((type) => type.kind === 'time'))
    return { args: [timeType, timeType], returns: intervalType('interval_dt', 1, 3) };
  const temporal = involved.every((type) => type.kind === 'date' || isMoment(type));
  if (involved.length === 0 || !temporal) return undefined;
  // Without ANSI a string beside a moment stays one.
  const isRefused = b.kind === 'string' || (a.kind === 'string' && b.kind !== 'date');
  if (!ansi && isRefused) return wrongType(a.kind === 'string' ? 0 : 1, 'a moment', stringType);
  const target = involved.every((type) => type.kind === 'date')
    ? dateType
    : involved.some((type) => type.kind === 'timestamp')
      ? timestampType
      : timestampNtzType;
  return {
    args: [target, target],
    returns: target.kind === 'date' ? intervalType('interval_dt', 0, 0) : dayTimeIntervalType,
  };
}

function scaledInterval(interval: DataType, factor: DataType): Resolution | undefined {
  if (!isIntervalType(interval)) return undefined;
  const whole = interval.kind === 'interval_ym' ? yearMonthIntervalType : dayTimeIntervalType;
  if (isNumeric(factor)) return { args: [interval, factor], returns: whole, nullable: true };
  return undefined;
}
