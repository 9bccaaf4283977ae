import { formatDecimal, MAX_PRECISION, type Scalar } from '../../base/index.js';
import type { ArrowType } from './metadata.js';

const MICROS_PER_DAY = 86_400_000_000n;
const MILLIS_PER_DAY = 86_400_000n;
/** Units of a second, thousandths and so on: how many micros each has, or how many of them a micro has. */
const MICROS = [1_000_000n, 1000n, 1n] as const;

/**
 * Reads the values of a type of fixed width out of a buffer; undefined when the buffer is too short for them. A value that
 * its type cannot have is what `damaged` makes of it.
 */
export function fixedReader(
  type: ArrowType,
  bytes: Buffer,
  length: number,
  little: boolean,
  damaged: (what: string) => Error,
): ((row: number) => Scalar) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (width: number, read: (at: number) => Scalar): ((row: number) => Scalar) | undefined =>
    bytes.length < length * width ? undefined : (row) => read(row * width);
  switch (type.kind) {
    case 'bool':
      if (bytes.length < Math.ceil(length / 8)) return undefined;
      return (row) => (((bytes[row >>> 3] as number) >>> (row & 7)) & 1) === 1;
    case 'int':
      return integers(type.bits, type.signed, view, little, wide);
    case 'float':
      if (type.bits === 16) return wide(2, (at) => halfFloat(view.getUint16(at, little)));
      if (type.bits === 32) return wide(4, (at) => view.getFloat32(at, little));
      return wide(8, (at) => view.getFloat64(at, little));
    case 'decimal': {
      const { bits, scale } = type;
      const precision = Math.max(type.precision, scale, 1);
      const read = (at: number): bigint => wideInteger(view, at, bits / 8, little);
      if (precision > MAX_PRECISION) return wide(bits / 8, (at) => formatDecimal(read(at), scale));
      const [low, high] = decimalBounds(precision);
      return wide(bits / 8, (at) => {
        const value = read(at);
        if (value < low || value > high) throw damaged(`a decimal(${precision}, ${scale}) is too large`);
        return value;
      });
    }
    case 'date':
      if (type.bits === 32) return wide(4, (at) => view.getInt32(at, little));
      return wide(8, (at) => {
        const days = Number(floorDivide(view.getBigInt64(at, little), MILLIS_PER_DAY));
        if (days !== (days | 0)) throw damaged('a date is too large');
        return days;
      });
    case 'time':
    case 'timestamp':
    case 'duration':
      if (type.bits === 32) return wide(4, (at) => toMicros(BigInt(view.getInt32(at, little)), type.unit));
      return wide(8, (at) => {
        const micros = toMicros(view.getBigInt64(at, little), type.unit);
        const kept = BigInt.asIntN(64, micros);
        // Arrow's own test files have random durations of seconds: those wrap.
        if (micros !== kept && type.kind !== 'duration') throw damaged('a time is too large for microseconds');
        return kept;
      });
    case 'interval':
      return intervals(type.unit, view, little, wide);
    case 'fixedBinary':
      return type.size < 0 ? undefined : wide(type.size, (at) => new Uint8Array(bytes.subarray(at, at + type.size)));
    default:
      return undefined;
  }
}

/**
 * The unscaled values that a decimal of an Arrow file may have: as many as its bits here can. The format binds nobody to the
 * precision, and writers go beyond it, so nothing may rely on it.
 */
export function decimalBounds(precision: number): readonly [bigint, bigint] {
  const high = 2n ** (precision <= 18 ? 63n : 127n) - 1n;
  return [-high - 1n, high];
}

type Wide = (width: number, read: (at: number) => Scalar) => ((row: number) => Scalar) | undefined;

function integers(bits: number, signed: boolean, view: DataView, little: boolean, wide: Wide): ReturnType<Wide> {
  switch (bits) {
    case 8:
      return wide(1, (at) => (signed ? view.getInt8(at) : view.getUint8(at)));
    case 16:
      return wide(2, (at) => (signed ? view.getInt16(at, little) : view.getUint16(at, little)));
    case 32:
      // Unsigned ones are 64-bit integers here.
      return wide(4, (at) => (signed ? view.getInt32(at, little) : BigInt(view.getUint32(at, little))));
    default:
      return wide(8, (at) => (signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little)));
  }
}

function intervals(unit: number, view: DataView, little: boolean, wide: Wide): ReturnType<Wide> {
  if (unit === 0) return wide(4, (at) => view.getInt32(at, little));
  if (unit === 1) {
    return wide(
      8,
      (at) => BigInt(view.getInt32(at, little)) * MICROS_PER_DAY + BigInt(view.getInt32(at + 4, little)) * 1000n,
    );
  }
  return wide(16, (at) => [view.getInt32(at, little), view.getInt32(at + 4, little), view.getBigInt64(at + 8, little)]);
}

/** Micros of a count of units; nanoseconds are cut. */
function toMicros(value: bigint, unit: number): bigint {
  return unit === 3 ? floorDivide(value, 1000n) : value * (MICROS[unit] ?? 1n);
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}

function wideInteger(view: DataView, at: number, width: number, little: boolean): bigint {
  if (width === 4) return BigInt(view.getInt32(at, little));
  const words = width / 8;
  let value = view.getBigInt64(at + (little ? (words - 1) * 8 : 0), little);
  for (let i = 1; i < words; i++) {
    const word = at + (little ? words - 1 - i : i) * 8;
    value = (value << 64n) | view.getBigUint64(word, little);
  }
  return value;
}

/** IEEE 754 binary16. */
export function halfFloat(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
