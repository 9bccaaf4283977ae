import { SparrowError } from '../../base/index.js';

export function damagedAvro(what: string, path: string, cause?: unknown): SparrowError {
  return new SparrowError('FAILED_READ_FILE', `the Avro file is damaged: ${what}`, {
    where: `file ${path}`,
    hint: 'check that the file was written and copied completely',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Items of arrays and maps in one value: each is an object of JavaScript. */
const MAX_ITEMS = 1 << 24;

/** Walks over the bytes of one block, in Avro's binary encoding (avro.apache.org, "Binary Encoding"). */
export class AvroCursor {
  at = 0;
  /** Items that the value at hand may still have. */
  #items = MAX_ITEMS;

  constructor(
    readonly bytes: Buffer,
    readonly path: string,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw this.damaged('a value is cut off');
    return this.bytes[this.at++] as number;
  }

  /** A zigzag number that is safe as a JavaScript number: counts, lengths, `int`. */
  int(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const b = this.byte();
      value |= (b & 0x7f) << shift;
      if (b < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    const b = this.byte();
    const wide = value + (b & 0x7f) * 2 ** 28;
    if (b < 0x80) return wide % 2 === 0 ? wide / 2 : -(wide + 1) / 2;
    this.at -= 5;
    const long = this.long();
    if (long < BigInt(Number.MIN_SAFE_INTEGER) || long > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.damaged('a number is out of range');
    }
    return Number(long);
  }

  long(): bigint {
    let low = 0;
    let shift = 0;
    // Up to 28 bits as a number, the rest as a bigint.
    for (; shift < 28; shift += 7) {
      const b = this.byte();
      low |= (b & 0x7f) << shift;
      if (b < 0x80) return BigInt((low >>> 1) ^ -(low & 1));
    }
    let value = BigInt(low);
    for (; shift < 70; shift += 7) {
      const b = this.byte();
      value |= BigInt(b & 0x7f) << BigInt(shift);
      if (b < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw this.damaged('a number has more than 10 bytes');
  }

  float(): number {
    const value = this.bytes.readFloatLE(this.#take(4));
    return value;
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }

  /** A view of the next bytes. */
  fixed(size: number): Buffer {
    const start = this.#take(size);
    return this.bytes.subarray(start, start + size);
  }

  /** The bytes of a string or `bytes` value. */
  counted(): Buffer {
    return this.fixed(this.length());
  }

  text(): string {
    const size = this.length();
    const start = this.#take(size);
    return this.bytes.toString('utf8', start, start + size);
  }

  length(): number {
    const size = this.int();
    if (size < 0 || size > this.left) throw this.damaged(`a value of ${size} bytes where ${this.left} are left`);
    return size;
  }

  /** Calls `item` for each item of an array or map, block by block. */
  items(item: () => void): void {
    for (let count = this.int(); count !== 0; count = this.int()) {
      if (count < 0) {
        this.int();
        count = -count;
      }
      // Items of no bytes (records without fields, nulls) could be counted without end.
      this.#items -= count;
      if (count > this.left + 1 || this.#items < 0) throw this.damaged(`${count} items in ${this.left} bytes`);
      for (let i = 0; i < count; i++) item();
    }
  }

  /** Another value begins. */
  next(): void {
    this.#items = MAX_ITEMS;
  }

  damaged(what: string): SparrowError {
    return damagedAvro(`${what} (byte ${this.at} of a block)`, this.path);
  }

  #take(size: number): number {
    const start = this.at;
    if (size > this.bytes.length - start) throw this.damaged('a value is cut off');
    this.at += size;
    return start;
  }
}
