import { WIRE } from './thrift.js';

/** A writer of Thrift's compact protocol into a growing buffer. */
export class ThriftWriter {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;
  /** The last field number of each open struct. */
  readonly #last: number[] = [];

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Everything `write` writes, as one struct. */
  struct(write: () => void): void {
    this.#last.push(0);
    write();
    this.#last.pop();
    this.#byte(WIRE.stop);
  }

  structField(id: number, write: () => void): void {
    this.#field(id, WIRE.struct);
    this.struct(write);
  }

  i32(id: number, value: number): void {
    this.#field(id, WIRE.i32);
    this.#zigzag(value);
  }

  i64(id: number, value: number): void {
    this.#field(id, WIRE.i64);
    this.#zigzag(value);
  }

  i8(id: number, value: number): void {
    this.#field(id, WIRE.byte);
    this.#byte(value);
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? WIRE.true : WIRE.false);
  }

  text(id: number, value: string): void {
    this.binary(id, Buffer.from(value, 'utf8'));
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, WIRE.binary);
    this.#raw(value);
  }

  structList<T>(id: number, items: readonly T[], write: (item: T) => void): void {
    this.#listField(id, WIRE.struct, items.length);
    for (const item of items) this.struct(() => write(item));
  }

  i32List(id: number, items: readonly number[]): void {
    this.#listField(id, WIRE.i32, items.length);
    for (const item of items) this.#zigzag(item);
  }

  i64List(id: number, items: readonly number[]): void {
    this.#listField(id, WIRE.i64, items.length);
    for (const item of items) this.#zigzag(item);
  }

  boolList(id: number, items: readonly boolean[]): void {
    this.#listField(id, WIRE.true, items.length);
    for (const item of items) this.#byte(item ? WIRE.true : WIRE.false);
  }

  binaryList(id: number, items: readonly Uint8Array[]): void {
    this.#listField(id, WIRE.binary, items.length);
    for (const item of items) this.#raw(item);
  }

  textList(id: number, items: readonly string[]): void {
    this.#listField(id, WIRE.binary, items.length);
    for (const item of items) this.#raw(Buffer.from(item, 'utf8'));
  }

  #listField(id: number, wire: number, size: number): void {
    this.#field(id, WIRE.list);
    if (size < 15) this.#byte((size << 4) | wire);
    else {
      this.#byte(0xf0 | wire);
      this.#varint(size);
    }
  }

  #field(id: number, wire: number): void {
    const top = this.#last.length - 1;
    const delta = id - (this.#last[top] as number);
    this.#last[top] = id;
    if (delta > 0 && delta < 16) this.#byte((delta << 4) | wire);
    else {
      this.#byte(wire);
      this.#zigzag(id);
    }
  }

  #raw(value: Uint8Array): void {
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  #zigzag(value: number): void {
    // Below 2^52 in magnitude, so doubling keeps every digit.
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#length + bytes, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
