import { SparrowError } from './errors.js';
import type { Scalar, VariantScalar } from './scalar.js';
import type { DataType } from './types.js';
import {
  binaryType,
  booleanType,
  dateType,
  decimalType,
  float32Type,
  float64Type,
  int8Type,
  int16Type,
  int32Type,
  int64Type,
  nullType,
  stringType,
  timestampNtzType,
  timestampType,
  timeType,
} from './types.js';

/** A variant value taken apart. */
export type VariantNode =
  | { readonly kind: 'value'; readonly type: DataType; readonly value: Scalar }
  | { readonly kind: 'array'; readonly elements: readonly VariantNode[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, VariantNode])[] };

const MAX_DEPTH = 1000;
const NANOS_PER_MICRO = 1000n;

/** Takes a variant in Spark's encoding apart; damaged bytes are refused. Nanoseconds are cut to microseconds. */
export function readVariant(variant: VariantScalar): VariantNode {
  try {
    return new VariantReader(variant).node(0, 0);
  } catch (cause) {
    // DataView throws RangeError at the end of the bytes.
    if (!(cause instanceof RangeError)) throw cause;
    throw malformed('it ends too early');
  }
}

function malformed(what: string): SparrowError {
  return new SparrowError('MALFORMED_VARIANT', `a variant value is malformed: ${what}`, { sqlState: '22023' });
}

class VariantReader {
  readonly #value: Buffer;
  readonly #view: DataView;
  readonly #metadata: Buffer;
  readonly #keyCount: number;
  readonly #keyWidth: number;

  constructor({ metadata, value }: VariantScalar) {
    // A damaged file may say that a part is null.
    if (!(metadata instanceof Uint8Array && value instanceof Uint8Array)) throw malformed('a part of it is missing');
    this.#value = asBuffer(value);
    this.#view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    this.#metadata = asBuffer(metadata);
    const header = this.#metadata.readUInt8(0);
    if ((header & 0x0f) !== 1) throw malformed(`version ${header & 0x0f}`);
    this.#keyWidth = (header >>> 6) + 1;
    this.#keyCount = this.#metadata.readUIntLE(1, this.#keyWidth);
  }

  node(at: number, depth: number): VariantNode {
    if (depth > MAX_DEPTH) throw malformed(`more than ${MAX_DEPTH} levels`);
    const header = this.#view.getUint8(at);
    const info = header >>> 2;
    switch (header & 3) {
      case 0:
        return this.#primitive(info, at + 1);
      case 1:
        return leaf(stringType, this.#text(at + 1, info));
      case 2:
        return this.#object(info, at + 1, depth);
      default:
        return this.#array(info, at + 1, depth);
    }
  }

  #uint(at: number, width: number): number {
    return this.#value.readUIntLE(at, width);
  }

  #text(at: number, length: number): string {
    if (at + length > this.#value.length) throw malformed('it ends too early');
    return this.#value.toString('utf8', at, at + length);
  }

  #key(id: number): string {
    if (id >= this.#keyCount) throw malformed(`key ${id} of ${this.#keyCount}`);
    const width = this.#keyWidth;
    const offsets = 1 + width;
    const data = offsets + (this.#keyCount + 1) * width;
    const from = data + this.#metadata.readUIntLE(offsets + id * width, width);
    const to = data + this.#metadata.readUIntLE(offsets + (id + 1) * width, width);
    if (to < from || to > this.#metadata.length) throw malformed(`key ${id} is out of bounds`);
    return this.#metadata.toString('utf8', from, to);
  }

  #object(info: number, at: number, depth: number): VariantNode {
    const offsetWidth = (info & 3) + 1;
    const idWidth = ((info >>> 2) & 3) + 1;
    const sizeWidth = (info >>> 4) & 1 ? 4 : 1;
    const count = this.#uint(at, sizeWidth);
    const ids = at + sizeWidth;
    const offsets = ids + count * idWidth;
    const data = offsets + (count + 1) * offsetWidth;
    if (data > this.#value.length) throw malformed('it ends too early');
    const fields: [string, VariantNode][] = [];
    for (let i = 0; i < count; i++) {
      const key = this.#key(this.#uint(ids + i * idWidth, idWidth));
      fields.push([key, this.node(data + this.#uint(offsets + i * offsetWidth, offsetWidth), depth + 1)]);
    }
    return { kind: 'object', fields };
  }

  #array(info: number, at: number, depth: number): VariantNode {
    const width = (info & 3) + 1;
    const sizeWidth = (info >>> 2) & 1 ? 4 : 1;
    const count = this.#uint(at, sizeWidth);
    const offsets = at + sizeWidth;
    const data = offsets + (count + 1) * width;
    if (data > this.#value.length) throw malformed('it ends too early');
    const elements: VariantNode[] = [];
    for (let i = 0; i < count; i++) {
      elements.push(this.node(data + this.#uint(offsets + i * width, width), depth + 1));
    }
    return { kind: 'array', elements };
  }

  #primitive(id: number, at: number): VariantNode {
    const view = this.#view;
    switch (id) {
      case 0:
        return leaf(nullType, null);
      case 1:
        return leaf(booleanType, true);
      case 2:
        return leaf(booleanType, false);
      case 3:
        return leaf(int8Type, view.getInt8(at));
      case 4:
        return leaf(int16Type, view.getInt16(at, true));
      case 5:
        return leaf(int32Type, view.getInt32(at, true));
      case 6:
        return leaf(int64Type, view.getBigInt64(at, true));
      case 7:
        return leaf(float64Type, view.getFloat64(at, true));
      case 8:
      case 9:
      case 10:
        return this.#decimal(id, at);
      case 11:
        return leaf(dateType, view.getInt32(at, true));
      case 14:
        return leaf(float32Type, view.getFloat32(at, true));
      case 15:
        return leaf(binaryType, this.#bytes(at));
      case 16:
        return leaf(stringType, this.#text(at + 4, view.getUint32(at, true)));
      default:
        return this.#moment(id, at);
    }
  }

  #moment(id: number, at: number): VariantNode {
    if (id === 20) return leaf(stringType, uuid(this.#value.subarray(at, at + 16)));
    const count = this.#view.getBigInt64(at, true);
    const micros = (count - (((count % NANOS_PER_MICRO) + NANOS_PER_MICRO) % NANOS_PER_MICRO)) / NANOS_PER_MICRO;
    switch (id) {
      case 12:
        return leaf(timestampType, count);
      case 13:
        return leaf(timestampNtzType, count);
      case 17:
        return leaf(timeType, count);
      case 18:
        return leaf(timestampType, micros);
      case 19:
        return leaf(timestampNtzType, micros);
      default:
        throw malformed(`type ${id} is unknown`);
    }
  }

  #bytes(at: number): Uint8Array {
    const length = this.#view.getUint32(at, true);
    if (at + 4 + length > this.#value.length) throw malformed('it ends too early');
    return new Uint8Array(this.#value.subarray(at + 4, at + 4 + length));
  }

  #decimal(id: number, at: number): VariantNode {
    const view = this.#view;
    const scale = view.getUint8(at);
    if (scale > 38) throw malformed(`a decimal of scale ${scale}`);
    if (id === 8) return decimal(BigInt(view.getInt32(at + 1, true)), scale);
    if (id === 9) return decimal(view.getBigInt64(at + 1, true), scale);
    return decimal((view.getBigInt64(at + 9, true) << 64n) | view.getBigUint64(at + 1, true), scale);
  }
}

/** A decimal without the zeros it ends with, as Spark reads it. */
function decimal(stored: bigint, storedScale: number): VariantNode {
  let unscaled = stored;
  let scale = storedScale;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().length;
  if (digits > 38) throw malformed(`a decimal of ${digits} digits`);
  return leaf(decimalType(Math.max(digits, scale), scale), unscaled);
}

const leaf = (type: DataType, value: Scalar): VariantNode => ({ kind: 'value', type, value });

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

function uuid(bytes: Buffer): string {
  if (bytes.length < 16) throw malformed('it ends too early');
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
