import { booleanType, type DataType, float64Type, SparrowError, stringType, timestampType } from '../../base/index.js';
import { isOn } from '../../functions/define.js';
import { findEntry } from '../../functions/registry.js';
import type { Expr } from '../expr.js';
import { exprType } from '../expr-type.js';
import { columnName } from '../sql-text.js';
import { buildCall, castTo } from './calls.js';
import type { PlanSettings } from './context.js';

/** Functions whose result is a TIMESTAMP, and what they are where TIMESTAMP means TIMESTAMP_NTZ. */
const withoutZone: Readonly<
  Record<string, { readonly name: string; readonly args: readonly [least: number, most: number] }>
> = {
  to_timestamp: { name: 'to_timestamp_ntz', args: [1, 2] },
  // A date, a time and a zone, or a zone as the seventh argument, give an instant always.
  make_timestamp: { name: 'make_timestamp_ntz', args: [6, 6] },
  try_make_timestamp: { name: 'try_make_timestamp_ntz', args: [6, 6] },
};

/** What a call is of, and how it is shown. */
export interface Called {
  readonly name: string;
  readonly shown?: string;
}

/** The function a name means for these arguments, where that is another than the registry has by the name. */
export function calledFunction(name: string, args: readonly Expr[], settings: PlanSettings): Called {
  const key = name.toLowerCase();
  if (settings.timestampType === 'ntz' && Object.hasOwn(withoutZone, key)) {
    const other = withoutZone[key];
    if (other !== undefined && args.length >= other.args[0] && args.length <= other.args[1])
      return { name: other.name, shown: key };
  }
  const [first] = args;
  if ((key === 'to_char' || key === 'to_varchar') && first !== undefined && isDateTime(exprType(first))) {
    return { name: 'date_format' };
  }
  return { name };
}

const isDateTime = ({ kind }: DataType): boolean => kind === 'date' || kind === 'timestamp' || kind === 'timestamp_ntz';

const isInterval = ({ kind }: DataType): boolean => kind === 'interval_dt' || kind === 'interval_ym';

/** Arithmetic of an interval with a string, NULL or number, by Spark's implicit casts; undefined for all other calls. */
export function intervalCall(name: string, args: readonly Expr[], settings: PlanSettings): Expr | undefined {
  if (args.some((arg) => arg.kind !== 'unresolved_star' && arg.kind !== 'lambda' && isCalendar(arg))) {
    return calendarCall(findEntry(name)?.name, args, settings);
  }
  const [left, right] = args;
  if (left === undefined || right === undefined || args.length !== 2) return undefined;
  const [a, b] = [exprType(left), exprType(right)];
  const isLegacy = isDateTime(a) && a.kind === b.kind && isOn(settings, 'spark.sql.legacy.interval.enabled');
  if (isLegacy && findEntry(name)?.name === 'sub') return buildCall('intervalBetween', args, settings);
  if (isInterval(a) === isInterval(b)) return undefined;
  switch (findEntry(name)?.name) {
    case 'add':
      return isInterval(a) ? moved('add', right, left, settings) : moved('add', left, right, settings);
    case 'sub':
      return isInterval(b) ? moved('sub', left, right, settings) : undefined;
    case 'mul':
      return isInterval(a) ? scaled('mul', left, right, settings) : scaled('mul', right, left, settings);
    case 'div':
      return isInterval(a) ? scaled('div', left, right, settings) : undefined;
    default:
      return undefined;
  }
}

const isCalendar = (arg: Expr): boolean => exprType(arg).kind === 'interval';

/** Arithmetic of calendar intervals: functions of their own. */
function calendarCall(name: string | undefined, args: readonly Expr[], settings: PlanSettings): Expr | undefined {
  const [left, right] = args;
  if (left === undefined) return undefined;
  if (right === undefined) return name === 'neg' ? buildCall('negateInterval', [left], settings) : undefined;
  if (args.length !== 2) return undefined;
  const both = isCalendar(left) && isCalendar(right);
  const back: Expr = { kind: 'literal', type: booleanType, value: true };
  switch (name) {
    case 'add':
      if (both) return buildCall('addIntervals', args, settings);
      return buildCall('moveByInterval', isCalendar(left) ? [right, left] : [left, right], settings);
    case 'sub':
      if (both) return buildCall('subtractIntervals', args, settings);
      return isCalendar(right) ? buildCall('moveByInterval', [left, right, back], settings) : undefined;
    case 'mul':
      return buildCall('multiplyInterval', isCalendar(left) ? args : [right, left], settings);
    case 'div':
      return isCalendar(left) ? buildCall('divideInterval', args, settings) : undefined;
    default:
      return undefined;
  }
}

/** A string is moved as the instant it names, and is a string again. */
function moved(fn: 'add' | 'sub', moment: Expr, interval: Expr, settings: PlanSettings): Expr | undefined {
  if (exprType(moment).kind !== 'string') return undefined;
  if (fn === 'add' && exprType(interval).kind === 'interval_ym') {
    throw new SparrowError(
      'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES',
      `an interval of years and months cannot be added to a string: ${columnName(moment)}`,
      { sqlState: '42K09', hint: 'cast the string to a date first' },
    );
  }
  const instant = castTo(moment, timestampType, settings.ansi);
  return castTo(buildCall(fn, [instant, interval], settings), stringType, settings.ansi);
}

/** As Spark, which puts the interval first; strings and NULL are taken for numbers. */
function scaled(fn: 'mul' | 'div', interval: Expr, factor: Expr, settings: PlanSettings): Expr {
  const { kind } = exprType(factor);
  const number = kind === 'string' || kind === 'null' ? castTo(factor, float64Type, settings.ansi) : factor;
  return buildCall(fn, [interval, number], settings);
}
