import type { Scalar } from '../../base/index.js';
import type { Bound } from '../parquet/statistics.js';
import type { IceField } from './schema.js';

/** A bound in its bytes (Iceberg's specification, "Appendix D: Single-value serialization"); undefined where no use. */
export function boundOf(bytes: Uint8Array | undefined, { type, word }: IceField): Bound | undefined {
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  switch (type.kind) {
    case 'boolean':
      return length === 1 ? view.getUint8(0) : undefined;
    case 'int32':
    case 'date':
      return length === 4 ? view.getInt32(0, true) : undefined;
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamp_ntz': {
      // Written when the column was narrower.
      if (length === 4) return type.kind === 'int64' ? BigInt(view.getInt32(0, true)) : undefined;
      if (length !== 8) return undefined;
      const value = view.getBigInt64(0, true);
      return word.endsWith('_ns') ? (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n : value;
    }
    case 'float32':
    case 'float64':
      return length === 4 ? view.getFloat32(0, true) : length === 8 ? view.getFloat64(0, true) : undefined;
    case 'decimal':
      return length === 0 || length > 16 ? undefined : fromBigEndian(bytes);
    case 'string':
      return word === 'uuid' ? (length === 16 ? Buffer.from(uuidText(bytes)) : undefined) : bytes;
    case 'binary':
      return bytes;
    default:
      return undefined;
  }
}

/** A value of a partition as the scalar of a type. */
export function partitionScalar(value: Scalar, { word, type }: IceField): Scalar {
  if (value instanceof Uint8Array && word === 'uuid') return uuidText(value);
  if (type.kind === 'int64' && typeof value === 'number') return BigInt(value);
  return value;
}

export function asBound(value: Scalar): Bound | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return Buffer.from(value, 'utf8');
    default:
      return value instanceof Uint8Array ? value : undefined;
  }
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function fromBigEndian(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}
