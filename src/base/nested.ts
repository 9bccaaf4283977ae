import { engineBug, SparrowError } from './errors.js';
import { fixedReader, fixedWriter, nestedWidth } from './nested-fixed.js';
import type { MapScalar, Scalar, VariantScalar } from './scalar.js';
import type { DataType, Field } from './types.js';
import { simpleString } from './types.js';

/*
 * One nested value as one binary value: a tiny Arrow array of its own, so that kernels reach element i directly.
 * Little endian, unaligned, no padding:
 *
 *   array    u32 count, null bits (ceil(count / 8) bytes, bit set: not null), then
 *            fixed-width elements: count × width bytes (nulls are zeros);
 *            others: u32 end[count] relative to the end of this table, then the elements' bytes (nulls are empty)
 *   map      array of keys, array of values
 *   struct   null bits, one slot per field (fixed width: the value; others: u32 end), then the others' bytes
 *   variant  u32 length, metadata, u32 length, value
 *   string   UTF-8;  binary: its bytes;  numbers as in a column (decimals i64 up to 18 digits, else i128)
 *
 * Equal values have equal bytes: NaN is written in one form, unused bits and slots are zero. -0 and 0 differ.
 */

/** A growing byte buffer that nested values are written to, one after the other. */
export class NestedWriter {
  #buffer = Buffer.alloc(1024);
  #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.byteLength);
  length = 0;

  /** Appends the encoding of one value, without anything around it. */
  append(type: DataType, scalar: Scalar): void {
    if (scalar === null) throw engineBug(`a null ${simpleString(type)} has no encoding of its own`);
    const width = nestedWidth(type);
    if (width === undefined) this.#variable(type, scalar);
    else this.#fixed(type, scalar, this.#skip(width));
  }

  /** What was written, still owned by the writer. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #skip(bytes: number): number {
    const at = this.length;
    this.#reserve(bytes);
    this.#buffer.fill(0, at, at + bytes);
    this.length = at + bytes;
    return at;
  }

  #reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.length);
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.byteLength);
  }

  #variable(type: DataType, scalar: Scalar): void {
    switch (type.kind) {
      case 'string': {
        const text = scalar as string;
        this.#reserve(text.length * 3);
        this.length += this.#buffer.write(text, this.length, 'utf8');
        return;
      }
      case 'binary':
        this.#raw(scalar as Uint8Array);
        return;
      case 'array':
        this.#array(type.element, scalar as readonly Scalar[]);
        return;
      case 'struct':
        this.#struct(type.fields, scalar as readonly Scalar[]);
        return;
      case 'map': {
        const { entries } = scalar as MapScalar;
        this.#array(
          type.key,
          entries.map((entry) => entry[0]),
        );
        this.#array(
          type.value,
          entries.map((entry) => entry[1]),
        );
        return;
      }
      case 'variant': {
        const { metadata, value } = scalar as VariantScalar;
        this.#counted(metadata);
        this.#counted(value);
        return;
      }
      default:
        throw engineBug(`${simpleString(type)} is not of variable length`);
    }
  }

  #counted(bytes: Uint8Array): void {
    // Skipping may replace the view: first the place, then the view.
    const at = this.#skip(4);
    this.#view.setUint32(at, bytes.length, true);
    this.#raw(bytes);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  #array(element: DataType, values: readonly Scalar[]): void {
    const count = values.length;
    const at = this.#skip(4);
    this.#view.setUint32(at, count, true);
    const bits = this.#skip((count + 7) >>> 3);
    const width = nestedWidth(element);
    const slots = this.#skip(count * (width ?? 4));
    const start = this.length;
    if (width !== undefined) {
      const write = fixedWriter(element);
      for (let i = 0; i < count; i++) {
        const value = values[i] as Scalar;
        if (value === null || value === undefined) continue;
        this.#setBit(bits, i);
        write(this.#view, slots + i * width, value);
      }
      return;
    }
    for (let i = 0; i < count; i++) {
      const value = values[i] as Scalar;
      if (value !== null && value !== undefined) {
        this.#setBit(bits, i);
        this.#variable(element, value);
      }
      this.#view.setUint32(slots + i * 4, this.length - start, true);
    }
  }

  #struct(fields: readonly Field[], values: readonly Scalar[]): void {
    if (values.length !== fields.length) throw engineBug(`${values.length} values for ${fields.length} struct fields`);
    const bits = this.#skip((fields.length + 7) >>> 3);
    let slot = this.#skip(structSlots(fields));
    const start = this.length;
    for (let i = 0; i < fields.length; i++) {
      const { type } = fields[i] as Field;
      const value = values[i] as Scalar;
      const width = nestedWidth(type);
      if (value !== null && value !== undefined) {
        this.#setBit(bits, i);
        if (width === undefined) this.#variable(type, value);
        else this.#fixed(type, value, slot);
      }
      if (width === undefined) this.#view.setUint32(slot, this.length - start, true);
      slot += width ?? 4;
    }
  }

  #setBit(bits: number, i: number): void {
    const at = bits + (i >>> 3);
    this.#buffer[at] = (this.#buffer[at] as number) | (1 << (i & 7));
  }

  #fixed(type: DataType, scalar: Scalar, at: number): void {
    fixedWriter(type)(this.#view, at, scalar);
  }
}

function structSlots(fields: readonly Field[]): number {
  let bytes = 0;
  for (const { type } of fields) bytes += nestedWidth(type) ?? 4;
  return bytes;
}

/** Reads nested values out of bytes, never past the end it was given. */
export class NestedReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;

  /** Positions given to `read` count from the start of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The value that fills `start`..`end` exactly. */
  read(type: DataType, start: number, end: number): Scalar {
    const width = nestedWidth(type);
    if (width !== undefined) {
      if (end - start !== width) throw corrupt(type, `${end - start} bytes instead of ${width}`);
      return this.#fixed(type, start);
    }
    switch (type.kind) {
      case 'string':
        return this.#buffer.toString('utf8', start, end);
      case 'binary':
        return new Uint8Array(this.#buffer.subarray(start, end));
      case 'array': {
        const values: Scalar[] = [];
        this.#ends(type, this.#array(type, type.element, start, end, values), end);
        return values;
      }
      case 'struct':
        return this.#struct(type, type.fields, start, end);
      case 'map':
        return this.#map(type, type.key, type.value, start, end);
      case 'variant': {
        const metadata = this.#counted(type, start, end);
        const value = this.#counted(type, metadata.end, end);
        this.#ends(type, value.end, end);
        return { metadata: metadata.bytes, value: value.bytes };
      }
      default:
        throw engineBug(`${simpleString(type)} is not of variable length`);
    }
  }

  #ends(type: DataType, at: number, end: number): void {
    if (at !== end) throw corrupt(type, `${end - at} bytes left over`);
  }

  #counted(type: DataType, start: number, end: number): { bytes: Uint8Array; end: number } {
    const from = start + 4;
    const length = from <= end ? this.#view.getUint32(start, true) : Number.POSITIVE_INFINITY;
    if (from + length > end) throw corrupt(type, 'it ends too early');
    return { bytes: new Uint8Array(this.#buffer.subarray(from, from + length)), end: from + length };
  }

  #map(type: DataType, key: DataType, value: DataType, start: number, end: number): MapScalar {
    const keys: Scalar[] = [];
    const values: Scalar[] = [];
    const middle = this.#array(type, key, start, end, keys);
    this.#ends(type, this.#array(type, value, middle, end, values), end);
    if (keys.length !== values.length) throw corrupt(type, `${keys.length} keys but ${values.length} values`);
    return { entries: keys.map((k, i) => [k, values[i] as Scalar] as const) };
  }

  /** Fills `out` and returns where the array ends. */
  #array(type: DataType, element: DataType, start: number, end: number, out: Scalar[]): number {
    if (start + 4 > end) throw corrupt(type, 'it ends too early');
    const count = this.#view.getUint32(start, true);
    const bits = start + 4;
    const width = nestedWidth(element);
    const slots = bits + Math.ceil(count / 8);
    const data = slots + count * (width ?? 4);
    if (data > end) throw corrupt(type, `${count} elements do not fit`);
    if (width !== undefined) {
      const read = fixedReader(element);
      const view = this.#view;
      for (let i = 0; i < count; i++) out.push(this.#bit(bits, i) ? read(view, slots + i * width) : null);
      return data;
    }
    let from = data;
    for (let i = 0; i < count; i++) {
      const valid = this.#bit(bits, i);
      const to = data + this.#view.getUint32(slots + i * 4, true);
      if (to < from || to > end) throw corrupt(type, `element ${i} is out of bounds`);
      out.push(valid ? this.read(element, from, to) : null);
      from = to;
    }
    return from;
  }

  #struct(type: DataType, fields: readonly Field[], start: number, end: number): Scalar[] {
    let slot = start + ((fields.length + 7) >>> 3);
    const data = slot + structSlots(fields);
    if (data > end) throw corrupt(type, 'it ends too early');
    const out: Scalar[] = [];
    let from = data;
    for (let i = 0; i < fields.length; i++) {
      const field = (fields[i] as Field).type;
      const width = nestedWidth(field);
      const valid = this.#bit(start, i);
      if (width !== undefined) {
        out.push(valid ? this.#fixed(field, slot) : null);
        slot += width;
        continue;
      }
      const to = data + this.#view.getUint32(slot, true);
      if (to < from || to > end) throw corrupt(type, `field ${i} is out of bounds`);
      out.push(valid ? this.read(field, from, to) : null);
      from = to;
      slot += 4;
    }
    this.#ends(type, from, end);
    return out;
  }

  #bit(bits: number, i: number): boolean {
    return (((this.#buffer[bits + (i >>> 3)] as number) >>> (i & 7)) & 1) === 1;
  }

  #fixed(type: DataType, at: number): Scalar {
    return fixedReader(type)(this.#view, at);
  }
}

const scratch = new NestedWriter();

/** The canonical bytes of an array, struct, map or variant; lone surrogates in strings become U+FFFD. */
export function encodeNested(type: DataType, scalar: Scalar): Uint8Array {
  scratch.length = 0;
  scratch.append(type, scalar);
  return new Uint8Array(scratch.bytes());
}

/** The value encoded in `bytes`; refuses bytes that are cut, too long or inconsistent. */
export function decodeNested(type: DataType, bytes: Uint8Array): Scalar {
  return new NestedReader(bytes).read(type, 0, bytes.length);
}

function corrupt(type: DataType, what: string): SparrowError {
  return new SparrowError('INTERNAL_ERROR', `the bytes of a ${simpleString(type)} value are damaged: ${what}`, {
    hint: 'the column was not written by this version of Sparrow, or memory was overwritten',
  });
}
