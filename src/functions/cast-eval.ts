import {
  type DataType,
  type DecimalType,
  dateToTimestamp,
  decimalType,
  engineBug,
  formatDouble,
  formatScalar,
  type IntervalType,
  instantToLocal,
  integerBounds,
  intervalFields,
  isFloating,
  isInteger,
  isNumeric,
  localToInstant,
  MAX_PRECISION,
  type MapScalar,
  MICROS_PER_DAY,
  onDayOf,
  parseCalendarInterval,
  parseDecimal,
  parseScalar,
  readVariant,
  type Scalar,
  type StructType,
  sameType,
  timeZone,
  truncateTime,
  type VariantScalar,
  type WallClock,
} from '../base/index.js';
import { canCast } from './cast-types.js';
import { decimalText, fitsPrecision, pow10, rescale } from './decimal.js';
import { castInvalid, castOverflow, outOfPrecision, overflow } from './eval-errors.js';
import { isIntervalType } from './signature.js';
import { BAD, fromVariant, invalidVariantCast, type LeafCast, toVariant } from './variant-cast.js';

/** `ansi` raises errors, `try` gives null instead, `legacy` wraps numbers around and gives null otherwise. */
export type CastMode = 'ansi' | 'try' | 'legacy';

export interface CastContext {
  readonly mode: CastMode;
  readonly timeZone: string;
  /** What day it is; without it, texts of a time alone are no timestamps. */
  readonly clock?: WallClock;
}

const LONG = integerBounds({ kind: 'int64' }) as readonly [bigint, bigint];
const DAY = BigInt(MICROS_PER_DAY);
const MICROS = 1_000_000n;

const floorDivide = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

const WIDTHS: Readonly<Record<string, number>> = { int8: 1, int16: 2, int32: 4, int64: 8 };

/** An integer's bytes, the highest first. */
function integerBytes(value: number | bigint, from: DataType): Uint8Array {
  const width = WIDTHS[from.kind] ?? 8;
  return Uint8Array.from({ length: width }, (_, i) => Number((BigInt(value) >> BigInt(8 * (width - 1 - i))) & 255n));
}

/** With an exponent where it has more than six zeros behind the point (`1E-10`, `0E-9`). */
function javaDecimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const exponent = digits.length - 1 - scale;
  if (exponent >= -6) return decimalText(unscaled, scale);
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${unscaled < 0n ? '-' : ''}${mantissa}E${exponent}`;
}

/** The reference meaning of CAST. */
export function castScalar(value: Scalar, from: DataType, to: DataType, context: CastContext): Scalar {
  if (value === null || from === to || sameType(from, to)) return value;
  // Without ANSI decimals are written as Java's BigDecimal writes them.
  if (to.kind === 'string' && from.kind === 'decimal' && context.mode === 'legacy')
    return javaDecimalText(value as bigint, from.scale);
  if (to.kind === 'string') return formatScalar(from, value, context.timeZone);
  if (from.kind === 'variant') return ofVariant(value, to, context);
  if (to.kind === 'variant') return toVariant(from, value);
  // Without ANSI a date is no number.
  if (from.kind === 'date' && isNumeric(to)) return null;
  if (to.kind === 'interval') return from.kind === 'string' ? (parseCalendarInterval(value as string) ?? null) : value;
  if (from.kind === 'string') return fromText(value as string, from, to, context);
  switch (to.kind) {
    case 'boolean':
      return from.kind === 'date' ? null : Number(value) !== 0;
    case 'binary':
      return integerBytes(value as number | bigint, from);
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return toInteger(value, from, to, context);
    case 'float32':
      return Math.fround(toFloat(value, from));
    case 'float64':
      return toFloat(value, from);
    case 'decimal':
      return toDecimal(value, from, to, context);
    case 'date':
      return toDate(value as bigint, from, context);
    case 'timestamp':
    case 'timestamp_ntz':
      return toMoment(value, from, to, context);
    case 'array':
    case 'map':
    case 'struct':
      return toNested(value, from, to, context);
    case 'interval_ym':
    case 'interval_dt':
      return from.kind === to.kind ? truncateInterval(value, to) : intervalOf(value, from, to, context);
    case 'time':
      if (from.kind === 'time') return truncateTime(value as bigint, to);
      if (from.kind === 'timestamp_ntz') return truncateTime(timeOfDay(value as bigint), to);
      if (from.kind === 'timestamp') {
        return truncateTime(timeOfDay(instantToLocal(timeZone(context.timeZone), value as bigint)), to);
      }
      throw engineBug(`no cast from ${from.kind} to ${to.kind}`);
    default:
      if (from.kind === to.kind) return value;
      throw engineBug(`no cast from ${from.kind} to ${to.kind}`);
  }
}

/** Microseconds since midnight. */
const timeOfDay = (local: bigint): bigint => ((local % DAY) + DAY) % DAY;

/** Years, months, days, hours, minutes and seconds in the unit of their kind's values. */
const UNIT_SIZES = { interval_ym: [12n, 1n], interval_dt: [DAY, 3600n * MICROS, 60n * MICROS, MICROS] } as const;
const unitSize = (type: IntervalType, at: 0 | 1): bigint => UNIT_SIZES[type.kind][intervalFields(type)[at]] as bigint;

/** What lies below the last unit of the type is cut off. */
function truncateInterval(value: Scalar, to: IntervalType): Scalar {
  const size = unitSize(to, 1);
  if (size === MICROS) return value;
  const whole = BigInt(value as number | bigint);
  return to.kind === 'interval_ym' ? Number(whole - (whole % size)) : whole - (whole % size);
}

/** So many of the interval's unit. */
function intervalOf(value: Scalar, from: DataType, to: IntervalType, { mode }: CastContext): Scalar {
  const scale = from.kind === 'decimal' ? from.scale : 0;
  const size = unitSize(to, 1);
  const isFine = to.kind === 'interval_dt' && size === MICROS;
  const scaled = BigInt(value as number | bigint) * (isFine ? size : 1n);
  // Months are rounded before years are cut off, other units rounded.
  const isYear = to.kind === 'interval_ym' && size === 12n;
  const units = isYear ? rescale(scaled * size, scale, 0) / size : rescale(scaled, scale, 0);
  const total = units * (isFine ? 1n : size);
  const [low, high] = integerBounds(to) as readonly [bigint, bigint];
  if (total < low || total > high) return fail(mode === 'legacy' ? 'ansi' : mode, () => castOverflow(value, from, to));
  return to.kind === 'interval_ym' ? Number(total) : total;
}

function ofVariant(value: Scalar, to: DataType, { mode, timeZone: zone }: CastContext): Scalar {
  const node = readVariant(value as VariantScalar);
  const found = fromVariant(node, to, zone, variantLeafCast(zone));
  return found === BAD ? fail(mode, () => invalidVariantCast(node, to)) : found;
}

/** How single values inside a variant are cast: as by try_cast, undefined where that gives null. */
export const variantLeafCast =
  (zone: string): LeafCast =>
  (value, from, to) =>
    canCast(from, to) ? (castScalar(value, from, to, { mode: 'try', timeZone: zone }) ?? undefined) : undefined;

function fail(mode: CastMode, error: () => Error): null {
  if (mode === 'ansi') throw error();
  return null;
}

function fromText(text: string, from: DataType, to: DataType, { mode, timeZone: zone, clock }: CastContext): Scalar {
  const parsed = parseScalar(to, text, zone, clock);
  if (parsed !== undefined) return parsed;
  if (isInteger(to) && mode === 'legacy') {
    // Without ANSI a fraction is cut off.
    const whole = /^\s*([+-]?\d*)\.\d*\s*$/.exec(text)?.[1];
    const again = whole === undefined ? undefined : parseScalar(to, /\d/.test(whole) ? whole : '0', zone);
    if (again !== undefined) return again;
  }
  if (to.kind === 'decimal') {
    const wide = parseDecimal(text, decimalType(MAX_PRECISION, to.scale));
    if (wide !== undefined) return fail(mode, () => outOfPrecision(wide, to.scale, to));
  }
  // A malformed interval is an error with ANSI and without.
  return fail(mode === 'legacy' && isIntervalType(to) ? 'ansi' : mode, () => castInvalid(text, from, to));
}

function toInteger(value: Scalar, from: DataType, to: DataType, { mode }: CastContext): Scalar {
  const bounds = integerBounds(to) as readonly [bigint, bigint];
  const like = (n: bigint): Scalar => (to.kind === 'int64' ? n : Number(n));
  if (isFloating(from)) {
    const x = value as number;
    if (Math.floor(x) <= Number(bounds[1]) && Math.ceil(x) >= Number(bounds[0])) {
      const truncated = BigInt(Math.trunc(x));
      return like(truncated > bounds[1] ? bounds[1] : truncated);
    }
    return mode === 'legacy' ? like(javaInteger(x, to)) : fail(mode, () => castOverflow(value, from, to));
  }
  const whole = wholeNumber(value, from);
  if (whole >= bounds[0] && whole <= bounds[1]) return like(whole);
  if (mode === 'legacy' && (from.kind === 'timestamp' || from.kind === 'time')) return null;
  if (mode === 'legacy' && isIntervalType(from)) throw castOverflow(value, from, to);
  if (mode === 'legacy') return like(BigInt.asIntN((bounds[1] - bounds[0]).toString(2).length, whole));
  return fail(mode, () => castOverflow(value, from, to));
}

function wholeNumber(value: Scalar, from: DataType): bigint {
  if (from.kind === 'decimal') return (value as bigint) / pow10(from.scale);
  if (isIntervalType(from)) return BigInt(value as number | bigint) / unitSize(from, 1);
  if (from.kind === 'timestamp' || from.kind === 'time') return floorDivide(value as bigint, MICROS);
  return BigInt(value as number | bigint | boolean);
}

/** Java's conversion: saturating to int or long, then the low bits. */
function javaInteger(x: number, to: DataType): bigint {
  if (Number.isNaN(x)) return 0n;
  const [low, high] = to.kind === 'int64' ? LONG : [-(2n ** 31n), 2n ** 31n - 1n];
  const saturated = x >= Number(high) ? high : x <= Number(low) ? low : BigInt(Math.trunc(x));
  return to.kind === 'int8'
    ? BigInt.asIntN(8, saturated)
    : to.kind === 'int16'
      ? BigInt.asIntN(16, saturated)
      : saturated;
}

function toFloat(value: Scalar, from: DataType): number {
  if (from.kind === 'decimal') return Number(decimalText(value as bigint, from.scale));
  if (from.kind === 'timestamp') return Number(value) / 1e6;
  return Number(value);
}

function toDecimal(value: Scalar, from: DataType, to: DecimalType, { mode }: CastContext): Scalar {
  let [unscaled, scale]: readonly [bigint, number] = [0n, 0];
  if (from.kind === 'decimal') [unscaled, scale] = [value as bigint, from.scale];
  else if (isFloating(from) || from.kind === 'timestamp') {
    const exact = shortestDecimal(value, from);
    if (exact === undefined) return null;
    [unscaled, scale] = exact;
  } else if (from.kind === 'time' || (isIntervalType(from) && unitSize(from, 1) === MICROS))
    [unscaled, scale] = [value as bigint, 6];
  else if (isIntervalType(from)) unscaled = wholeNumber(value, from);
  else unscaled = BigInt(value as number | bigint | boolean);
  const result = rescale(unscaled, scale, to.scale);
  if (fitsPrecision(result, to.precision)) return result;
  if (mode === 'legacy' && isIntervalType(from)) throw outOfPrecision(unscaled, scale, to);
  return fail(mode, () => outOfPrecision(unscaled, scale, to));
}

/** The decimal a double prints as; NaN and infinities have none. */
function shortestDecimal(value: Scalar, from: DataType): readonly [bigint, number] | undefined {
  const x = from.kind === 'timestamp' ? Number(value) / 1e6 : (value as number);
  if (!Number.isFinite(x)) return undefined;
  // A float counts with all the digits of the double it widens to, as in Spark.
  const text = formatDouble(x);
  const [digits = '0', exponent = '0'] = text.split('E');
  const [whole = '0', fraction = ''] = digits.split('.');
  const scale = fraction.length - Number(exponent);
  const unscaled = BigInt(whole + fraction);
  return scale >= 0 ? [unscaled, scale] : [unscaled * pow10(-scale), 0];
}

function toDate(value: bigint, from: DataType, { timeZone: zone }: CastContext): number {
  const local = from.kind === 'timestamp' ? instantToLocal(timeZone(zone), value) : value;
  return Number(floorDivide(local, DAY));
}

function toMoment(value: Scalar, from: DataType, to: DataType, context: CastContext): Scalar {
  const zone = context.timeZone;
  switch (from.kind) {
    case 'date':
      return inLong(to.kind === 'timestamp' ? dateToTimestamp(value as number, zone) : BigInt(value as number) * DAY);
    case 'timestamp':
      return inLong(instantToLocal(timeZone(zone), value as bigint));
    case 'timestamp_ntz':
      return inLong(localToInstant(timeZone(zone), value as bigint));
    case 'time': {
      const local = onDayOf(context.clock ?? { nowMicros: 0n }, timeZone(zone), Number(value));
      // What is no time of day counts on, as in the other casts of times, in 64 bits.
      return BigInt.asIntN(64, to.kind === 'timestamp' ? localToInstant(timeZone(zone), local) : local);
    }
    case 'float32':
    case 'float64': {
      if (!Number.isFinite(value)) return fail(context.mode, () => castInvalid(value, from, to));
      // A double may be beyond even the doubles once it counts microseconds.
      const scaled = Math.min(Math.max((value as number) * 1e6, -1e30), 1e30);
      const micros = BigInt(Math.trunc(scaled));
      if ((micros > LONG[1] || micros < LONG[0]) && context.mode !== 'legacy') {
        return fail(context.mode, () => castOverflow(value, from, to));
      }
      return micros > LONG[1] ? LONG[1] : micros < LONG[0] ? LONG[0] : micros;
    }
    case 'decimal':
      return BigInt.asIntN(64, ((value as bigint) * MICROS) / pow10(from.scale));
    case 'boolean':
      // As Spark counts it: in microseconds.
      return value === true ? 1n : 0n;
    default: {
      const micros = BigInt(value as number | bigint) * MICROS;
      return micros > LONG[1] ? LONG[1] : micros < LONG[0] ? LONG[0] : micros;
    }
  }
}

function inLong(micros: bigint): bigint {
  if (micros > LONG[1] || micros < LONG[0]) throw overflow('long');
  return micros;
}

function toNested(value: Scalar, from: DataType, to: DataType, context: CastContext): Scalar {
  if (from.kind === 'array' && to.kind === 'array') {
    return (value as readonly Scalar[]).map((element) => castScalar(element, from.element, to.element, context));
  }
  if (from.kind === 'map' && to.kind === 'map') {
    const { entries } = value as MapScalar;
    return {
      entries: entries.map(([k, v]) => [
        castScalar(k, from.key, to.key, context),
        castScalar(v, from.value, to.value, context),
      ]),
    };
  }
  const [source, target] = [from as StructType, to as StructType];
  return (value as readonly Scalar[]).map((fieldValue, i) =>
    castScalar(fieldValue, source.fields[i]?.type as DataType, target.fields[i]?.type as DataType, context),
  );
}
