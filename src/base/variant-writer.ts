import { SparrowError } from './errors.js';
import type { Scalar, VariantScalar } from './scalar.js';
import type { DataType } from './types.js';
import type { VariantNode } from './variant.js';

/** What Spark allows in one variant. */
const MAX_VARIANT_BYTES = 128 * 2 ** 20;
const MAX_DEPTH = 1000;
const MAX_SHORT_STRING = 63;

/** Numbers of Spark's variant encoding for values of one kind. */
const PRIMITIVE = {
  null: 0,
  true: 1,
  false: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  float64: 7,
  decimal32: 8,
  decimal64: 9,
  decimal16: 10,
  date: 11,
  timestamp: 12,
  timestampNtz: 13,
  float32: 14,
  binary: 15,
  string: 16,
  time: 17,
} as const;

/** A plain JS value (null, boolean, number, bigint, string, Date, bytes, arrays, objects, Map) in Spark's variant encoding. */
export function writeVariant(value: unknown, where: string): VariantScalar {
  const keys = new Map<string, number>();
  const bytes = new VariantWriter(keys, where).write(value, 0);
  if (bytes.length > MAX_VARIANT_BYTES) throw refused('it is larger than 128 MiB', where);
  return { metadata: writeMetadata([...keys.keys()]), value: new Uint8Array(bytes) };
}

/** A value of a type inside a variant that is written. */
class Leaf {
  constructor(
    readonly type: DataType,
    readonly value: Scalar,
  ) {}
}

/** A tree of typed values in Spark's variant encoding. */
export function encodeVariant(node: VariantNode, where: string): VariantScalar {
  return writeVariant(plainOf(node), where);
}

function plainOf(node: VariantNode): unknown {
  if (node.kind === 'array') return node.elements.map(plainOf);
  if (node.kind === 'object') return new Map(node.fields.map(([key, value]) => [key, plainOf(value)]));
  return node.value === null ? null : new Leaf(node.type, node.value);
}

function refused(what: string, where: string): SparrowError {
  return new SparrowError('INVALID_VALUE_FOR_TYPE', `a value cannot become a variant: ${what}`, { where });
}

/** Bytes that hold unsigned numbers up to `largest`. */
const widthOf = (largest: number): number => (largest < 2 ** 8 ? 1 : largest < 2 ** 16 ? 2 : largest < 2 ** 24 ? 3 : 4);

function writeMetadata(keys: readonly string[]): Uint8Array {
  const texts = keys.map((key) => Buffer.from(key, 'utf8'));
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const width = widthOf(Math.max(total, keys.length));
  const head = Buffer.alloc(1 + width * (keys.length + 2));
  head.writeUInt8(1 | ((width - 1) << 6), 0);
  head.writeUIntLE(keys.length, 1, width);
  let at = 0;
  texts.forEach((text, i) => {
    head.writeUIntLE(at, 1 + width * (i + 1), width);
    at += text.length;
  });
  head.writeUIntLE(at, 1 + width * (keys.length + 1), width);
  return new Uint8Array(Buffer.concat([head, ...texts]));
}

class VariantWriter {
  constructor(
    readonly keys: Map<string, number>,
    readonly where: string,
  ) {}

  write(value: unknown, depth: number): Buffer {
    if (depth > MAX_DEPTH) throw refused(`it has more than ${MAX_DEPTH} levels`, this.where);
    switch (typeof value) {
      case 'undefined':
        return primitive(PRIMITIVE.null);
      case 'boolean':
        return primitive(value ? PRIMITIVE.true : PRIMITIVE.false);
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? this.#integer(BigInt(value)) : double(value);
      case 'bigint':
        return this.#integer(value);
      case 'string':
        return text(value);
      case 'object':
        return this.#object(value, depth);
      default:
        throw refused(`there is a ${typeof value} in it`, this.where);
    }
  }

  #integer(value: bigint): Buffer {
    const fits = (bits: number) => BigInt.asIntN(bits, value) === value;
    if (fits(8)) return primitive(PRIMITIVE.int8, 1, (to) => to.writeInt8(Number(value), 1));
    if (fits(16)) return primitive(PRIMITIVE.int16, 2, (to) => to.writeInt16LE(Number(value), 1));
    if (fits(32)) return primitive(PRIMITIVE.int32, 4, (to) => to.writeInt32LE(Number(value), 1));
    if (fits(64)) return primitive(PRIMITIVE.int64, 8, (to) => to.writeBigInt64LE(value, 1));
    const top = 10n ** 38n;
    if (value >= top || value <= -top) throw refused(`${value} has more than 38 digits`, this.where);
    return primitive(PRIMITIVE.decimal16, 17, (to) => {
      to.writeUInt8(0, 1);
      to.writeBigUInt64LE(BigInt.asUintN(64, value), 2);
      to.writeBigInt64LE(value >> 64n, 10);
    });
  }

  #object(value: object | null, depth: number): Buffer {
    if (value === null) return primitive(PRIMITIVE.null);
    if (value instanceof Leaf) return this.#leaf(value);
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw refused('there is an invalid Date in it', this.where);
      return primitive(PRIMITIVE.timestamp, 8, (to) => to.writeBigInt64LE(BigInt(value.getTime()) * 1000n, 1));
    }
    if (value instanceof Uint8Array) return counted(PRIMITIVE.binary, Buffer.from(value));
    if (Array.isArray(value)) return this.#array(value, depth);
    return this.#fields(value instanceof Map ? [...value] : Object.entries(value), depth);
  }

  #leaf({ type, value }: Leaf): Buffer {
    const long = (id: number): Buffer => primitive(id, 8, (to) => to.writeBigInt64LE(BigInt(value as bigint), 1));
    switch (type.kind) {
      case 'int8':
      case 'int16':
      case 'int32':
      case 'int64':
        return this.#integer(BigInt(value as number | bigint));
      case 'float32':
        return primitive(PRIMITIVE.float32, 4, (to) => to.writeFloatLE(value as number, 1));
      case 'float64':
        return double(value as number);
      case 'decimal':
        return decimal(value as bigint, type.scale);
      case 'date':
        return primitive(PRIMITIVE.date, 4, (to) => to.writeInt32LE(value as number, 1));
      case 'timestamp':
        return long(PRIMITIVE.timestamp);
      case 'timestamp_ntz':
        return long(PRIMITIVE.timestampNtz);
      case 'time':
        return long(PRIMITIVE.time);
      case 'boolean':
      case 'string':
      case 'binary':
        return this.write(value, 0);
      default:
        throw refused(`there is a ${type.kind} in it`, this.where);
    }
  }

  #array(items: readonly unknown[], depth: number): Buffer {
    const parts = items.map((item) => this.write(item, depth + 1));
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    const width = widthOf(total);
    const large = items.length > 255;
    const head = Buffer.alloc(1 + (large ? 4 : 1) + width * (items.length + 1));
    head.writeUInt8(3 | (((large ? 1 << 2 : 0) | (width - 1)) << 2), 0);
    head.writeUIntLE(items.length, 1, large ? 4 : 1);
    writeOffsets(head, large ? 5 : 2, width, parts);
    return Buffer.concat([head, ...parts]);
  }

  #fields(entries: readonly (readonly [unknown, unknown])[], depth: number): Buffer {
    const fields = entries.map(([key, item]) => {
      if (typeof key !== 'string') throw refused('a map in it has keys that are not strings', this.where);
      const id = this.keys.get(key) ?? this.keys.size;
      this.keys.set(key, id);
      return { key: Buffer.from(key, 'utf8'), id, part: this.write(item, depth + 1) };
    });
    // Readers search fields by name.
    fields.sort((a, b) => Buffer.compare(a.key, b.key));
    const parts = fields.map((field) => field.part);
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    const width = widthOf(total);
    const idWidth = widthOf(Math.max(0, ...fields.map((field) => field.id)));
    const large = fields.length > 255;
    const ids = large ? 5 : 2;
    const head = Buffer.alloc(ids + idWidth * fields.length + width * (fields.length + 1));
    head.writeUInt8(2 | (((large ? 1 << 4 : 0) | ((idWidth - 1) << 2) | (width - 1)) << 2), 0);
    head.writeUIntLE(fields.length, 1, large ? 4 : 1);
    fields.forEach(({ id }, i) => {
      head.writeUIntLE(id, ids + i * idWidth, idWidth);
    });
    writeOffsets(head, ids + idWidth * fields.length, width, parts);
    return Buffer.concat([head, ...parts]);
  }
}

function writeOffsets(head: Buffer, from: number, width: number, parts: readonly Buffer[]): void {
  let at = 0;
  parts.forEach((part, i) => {
    head.writeUIntLE(at, from + i * width, width);
    at += part.length;
  });
  head.writeUIntLE(at, from + parts.length * width, width);
}

function primitive(id: number, bytes = 0, fill?: (to: Buffer) => void): Buffer {
  const to = Buffer.alloc(1 + bytes);
  to.writeUInt8(id << 2, 0);
  fill?.(to);
  return to;
}

/** In the narrowest of the three widths. */
function decimal(unscaled: bigint, scale: number): Buffer {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
  const precision = Math.max(digits, scale);
  const [id, bytes] =
    precision <= 9 ? [PRIMITIVE.decimal32, 4] : precision <= 18 ? [PRIMITIVE.decimal64, 8] : [PRIMITIVE.decimal16, 16];
  return primitive(id, 1 + bytes, (to) => {
    to.writeUInt8(scale, 1);
    if (bytes === 4) to.writeInt32LE(Number(unscaled), 2);
    else to.writeBigInt64LE(BigInt.asIntN(64, unscaled), 2);
    if (bytes === 16) to.writeBigInt64LE(unscaled >> 64n, 10);
  });
}

const double = (value: number): Buffer => primitive(PRIMITIVE.float64, 8, (to) => to.writeDoubleLE(value, 1));

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length > MAX_SHORT_STRING) return counted(PRIMITIVE.string, bytes);
  return Buffer.concat([Buffer.of(1 | (bytes.length << 2)), bytes]);
}

function counted(id: number, bytes: Buffer): Buffer {
  return Buffer.concat([primitive(id, 4, (to) => to.writeUInt32LE(bytes.length, 1)), bytes]);
}
