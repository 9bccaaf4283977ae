/** Wire types of Thrift's compact protocol. */
export const WIRE = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;

const MAX_DEPTH = 64;

/** Bytes that are not Thrift, or end too early. Callers say where it happened. */
export class ThriftError extends Error {
  override readonly name = 'ThriftError';
}

/** Takes one field; returns false to have it skipped. */
export type FieldHandler = (id: number, wire: number) => boolean;

const skipped: FieldHandler = () => false;

/** A bounds-checked reader of Thrift's compact protocol: it never reads past `end` and never trusts a length. */
export class ThriftReader {
  #depth = 0;

  constructor(
    readonly bytes: Uint8Array,
    public position = 0,
    readonly end = bytes.length,
  ) {}

  byte(): number {
    if (this.position >= this.end) throw new ThriftError('it ends in the middle of a value');
    return this.bytes[this.position++] as number;
  }

  /** An unsigned varint that must be a safe integer. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new ThriftError(`the number ${value} is too large`);
        return value;
      }
      factor *= 128;
    }
    throw new ThriftError('a number has more than 10 bytes');
  }

  /** A zigzag integer of any width; values outside the safe integers are refused. */
  int(): number {
    const start = this.position;
    let coded = 0;
    // Numbers of up to 49 bits are exact as they are; more bytes than that are rare.
    for (let i = 0, factor = 1; i < 7; i++, factor *= 128) {
      const byte = this.byte();
      coded += (byte & 0x7f) * factor;
      if (byte < 0x80) return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
    }
    this.position = start;
    let low = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      low |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const value = Number((low >> 1n) ^ -(low & 1n));
        if (!Number.isSafeInteger(value)) throw new ThriftError(`the number ${value} is too large`);
        return value;
      }
    }
    throw new ThriftError('a number has more than 10 bytes');
  }

  /** A view of the bytes of a binary or string field. */
  binary(): Uint8Array {
    const length = this.#length();
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  #length(): number {
    const length = this.varint();
    if (length > this.end - this.position) throw new ThriftError(`a value of ${length} bytes goes past the end`);
    return length;
  }

  string(): string {
    const { buffer, byteOffset, byteLength } = this.binary();
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('utf8');
  }

  /** A struct, field by field. */
  struct(handle: FieldHandler): void {
    if (++this.#depth > MAX_DEPTH) throw new ThriftError('structures are nested too deeply');
    let id = 0;
    for (;;) {
      const header = this.byte();
      const wire = header & 15;
      if (wire === WIRE.stop) break;
      const delta = header >>> 4;
      id = delta === 0 ? this.int() : id + delta;
      if (!handle(id, wire)) this.skip(wire);
    }
    this.#depth--;
  }

  /** A list or set; `item` must take one element of the wire type. */
  list<T>(item: (wire: number) => T): T[] {
    const { size, wire } = this.listHeader();
    const items: T[] = [];
    for (let i = 0; i < size; i++) items.push(item(wire));
    return items;
  }

  private listHeader(): { size: number; wire: number } {
    const header = this.byte();
    const size = header >>> 4 === 15 ? this.varint() : header >>> 4;
    // Every element takes at least one byte, so a larger list cannot be there.
    if (size > this.end - this.position) throw new ThriftError(`a list of ${size} elements goes past the end`);
    return { size, wire: header & 15 };
  }

  skip(wire: number): void {
    if (++this.#depth > MAX_DEPTH) throw new ThriftError('structures are nested too deeply');
    switch (wire) {
      case WIRE.true:
      case WIRE.false:
        break;
      case WIRE.byte:
        this.byte();
        break;
      case WIRE.i16:
      case WIRE.i32:
      case WIRE.i64:
        while (this.byte() >= 0x80);
        break;
      case WIRE.double:
        this.advance(8);
        break;
      case WIRE.uuid:
        this.advance(16);
        break;
      case WIRE.binary:
        this.advance(this.#length());
        break;
      case WIRE.list:
      case WIRE.set: {
        const { size, wire } = this.listHeader();
        for (let i = 0; i < size; i++) this.skipElement(wire);
        break;
      }
      case WIRE.map:
        this.skipMap();
        break;
      case WIRE.struct:
        this.struct(skipped);
        break;
      default:
        throw new ThriftError(`there is no wire type ${wire}`);
    }
    this.#depth--;
  }

  /** In lists and maps a boolean takes a byte of its own. */
  private skipElement(wire: number): void {
    if (wire === WIRE.true || wire === WIRE.false) this.byte();
    else this.skip(wire);
  }

  private skipMap(): void {
    const size = this.varint();
    if (size === 0) return;
    if (size > this.end - this.position) throw new ThriftError(`a map of ${size} entries goes past the end`);
    const types = this.byte();
    for (let i = 0; i < size; i++) {
      this.skipElement(types >>> 4);
      this.skipElement(types & 15);
    }
  }

  private advance(bytes: number): void {
    if (bytes > this.end - this.position) throw new ThriftError('it ends in the middle of a value');
    this.position += bytes;
  }
}
