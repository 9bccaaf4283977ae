import { engineBug, SparrowError, unreachable } from './errors.js';
import type { Scalar } from './scalar.js';
import { carrierOf, type DataType, integerBounds, simpleString } from './types.js';

/** Bytes of a value of fixed width inside a nested value; undefined for those of variable length. */
export function nestedWidth(type: DataType): number | undefined {
  switch (type.kind) {
    case 'null':
      return 0;
    case 'boolean':
    case 'int8':
      return 1;
    case 'int16':
      return 2;
    default:
      break;
  }
  switch (carrierOf(type)) {
    case 'i32':
    case 'f32':
      return 4;
    case 'i64':
    case 'f64':
      return 8;
    case 'i128':
      return 16;
    default:
      return undefined;
  }
}

export type FixedWriter = (view: DataView, at: number, scalar: Scalar) => void;

const writeInt32: FixedWriter = (view, at, scalar) => view.setInt32(at, scalar as number, true);
const writeInt64: FixedWriter = (view, at, scalar) => view.setBigInt64(at, scalar as bigint, true);

/** For a decimal that has more digits than its type, as those of Arrow may. */
export const tooWide = (where?: string): SparrowError =>
  new SparrowError('NUMERIC_VALUE_OUT_OF_RANGE', 'a decimal has more digits than its type', where ? { where } : {});

/** Nothing tells plans the bounds of decimals inside others: they are held to their precision. */
function decimalWriter(type: DataType): FixedWriter {
  const [low, high] = integerBounds(type) as readonly [bigint, bigint];
  return (view, at, scalar) => {
    if ((scalar as bigint) < low || (scalar as bigint) > high) throw tooWide();
    writeFixed(view, type, at, scalar);
  };
}

/** How values of a type of fixed width are written: found once for many values. */
export function fixedWriter(type: DataType): FixedWriter {
  if (type.kind === 'decimal') return decimalWriter(type);
  const carrier = carrierOf(type);
  if (carrier === 'i64') return writeInt64;
  return type.kind === 'int32' ? writeInt32 : (view, at, scalar) => writeFixed(view, type, at, scalar);
}

function writeFixed(view: DataView, type: DataType, at: number, scalar: Scalar): void {
  // NaN is written as bits: storing it as a float may keep any payload.
  const notANumber = Number.isNaN(scalar);
  const { kind } = type;
  const carrier = carrierOf(type);
  if (kind === 'boolean') view.setUint8(at, scalar === true ? 1 : 0);
  else if (kind === 'int8') view.setInt8(at, scalar as number);
  else if (kind === 'int16') view.setInt16(at, scalar as number, true);
  else if (kind === 'float32' && notANumber) view.setUint32(at, 0x7fc00000, true);
  else if (kind === 'float64' && notANumber) view.setBigUint64(at, 0x7ff8000000000000n, true);
  else if (kind === 'float32') view.setFloat32(at, scalar as number, true);
  else if (kind === 'float64') view.setFloat64(at, scalar as number, true);
  else if (carrier === 'i32') view.setInt32(at, scalar as number, true);
  else view.setBigInt64(at, scalar as bigint, true);
  if (carrier === 'i128') view.setBigInt64(at + 8, (scalar as bigint) >> 64n, true);
}

export type FixedReader = (view: DataView, at: number) => Scalar;

const readInt32: FixedReader = (view, at) => view.getInt32(at, true);
const readInt64: FixedReader = (view, at) => view.getBigInt64(at, true);
const readFloat64: FixedReader = (view, at) => view.getFloat64(at, true);

/** How values of a type of fixed width are read: found once for many values. */
export function fixedReader(type: DataType): FixedReader {
  switch (carrierOf(type)) {
    case 'i64':
      return readInt64;
    case 'f64':
      return readFloat64;
    default:
      return type.kind === 'int32' || type.kind === 'date' ? readInt32 : (view, at) => readFixed(view, type, at);
  }
}

function readFixed(view: DataView, type: DataType, at: number): Scalar {
  switch (type.kind) {
    case 'null':
      return null;
    case 'boolean':
      return view.getUint8(at) !== 0;
    case 'int8':
      return view.getInt8(at);
    case 'int16':
      return view.getInt16(at, true);
    default:
      break;
  }
  const carrier = carrierOf(type);
  switch (carrier) {
    case 'i32':
      return view.getInt32(at, true);
    case 'i64':
      return view.getBigInt64(at, true);
    case 'i128':
      return (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
    case 'f32':
      return view.getFloat32(at, true);
    case 'f64':
      return view.getFloat64(at, true);
    case 'bytes':
    case 'none':
      throw engineBug(`${simpleString(type)} has no fixed width`);
    default:
      return unreachable(carrier);
  }
}
