/** A field of a table: a number of so many bytes, a text, or what lies elsewhere in the buffer. */
export type FlatField =
  | { readonly bytes: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly text: string }
  | { readonly table: FlatFields }
  | { readonly tables: readonly FlatFields[] }
  /** Structs of 64-bit numbers, one after the other. */
  | { readonly structs: BigInt64Array; readonly count: number };

/** Fields by number; absent ones have their defaults. */
export type FlatFields = readonly (FlatField | undefined)[];

export const byte = (value: number): FlatField => ({ bytes: 1, value });
export const short = (value: number): FlatField => ({ bytes: 2, value });
export const int = (value: number): FlatField => ({ bytes: 4, value });
export const long = (value: number): FlatField => ({ bytes: 8, value });

const sizeOf = (field: FlatField): number => ('bytes' in field ? field.bytes : 4);

/** A flatbuffer, written forwards: a table, then what it points to. Its length is a multiple of eight. */
export function flatBuffer(root: FlatFields): Buffer {
  const builder = new FlatBuilder();
  builder.reference(builder.reserve(4, 4), { table: root });
  builder.align(8);
  return builder.done();
}

class FlatBuilder {
  #bytes = Buffer.alloc(1024);
  #length = 0;

  done(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  align(to: number): void {
    this.reserve(0, to);
  }

  /** Room of so many zeros, aligned; gives where it begins. */
  reserve(count: number, align: number): number {
    const at = Math.ceil(this.#length / align) * align;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(this.#length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return at;
  }

  /** Writes what a field points to, and at `place` how far away it is. */
  reference(place: number, field: FlatField): void {
    const at = this.#pointedAt(field);
    this.#bytes.writeUInt32LE(at - place, place);
  }

  #pointedAt(field: FlatField): number {
    if ('text' in field) {
      const length = Buffer.byteLength(field.text);
      const at = this.reserve(4 + length + 1, 4);
      this.#bytes.writeUInt32LE(length, at);
      this.#bytes.write(field.text, at + 4);
      return at;
    }
    if ('table' in field) return this.#table(field.table);
    if ('tables' in field) {
      const { length } = field.tables;
      const at = this.reserve(4 + 4 * length, 4);
      this.#bytes.writeUInt32LE(length, at);
      for (const [i, table] of field.tables.entries()) this.reference(at + 4 + 4 * i, { table });
      return at;
    }
    if ('bytes' in field) throw new TypeError('a number lies in its table');
    // Behind the length the structs are aligned to eight bytes.
    const at = this.reserve(8 + field.structs.byteLength, 8) + 4;
    this.#bytes.writeUInt32LE(field.count, at);
    for (const [i, value] of field.structs.entries()) this.#bytes.writeBigInt64LE(value, at + 4 + 8 * i);
    return at;
  }

  #table(fields: FlatFields): number {
    const index = this.reserve(4 + 2 * fields.length, 2);
    const given = fields.flatMap((field, i) => (field === undefined ? [] : [{ field, i }]));
    given.sort((a, b) => sizeOf(b.field) - sizeOf(a.field));
    // What is wide comes first, so that everything is aligned when the table is.
    const [widest] = given;
    const first = widest !== undefined && sizeOf(widest.field) === 8 ? 8 : 4;
    const size = given.reduce((sum, { field }) => sum + sizeOf(field), first);
    const at = this.reserve(size, 8);
    this.#bytes.writeInt32LE(at - index, at);
    this.#bytes.writeUInt16LE(4 + 2 * fields.length, index);
    this.#bytes.writeUInt16LE(size, index + 2);
    let place = at + first;
    const places = given.map(({ field, i }) => {
      this.#bytes.writeUInt16LE(place - at, index + 4 + 2 * i);
      const here = place;
      place += sizeOf(field);
      return here;
    });
    given.forEach(({ field }, k) => {
      const here = places[k] as number;
      if (!('bytes' in field)) this.reference(here, field);
      else if (field.bytes === 8) this.#bytes.writeBigInt64LE(BigInt(field.value), here);
      else this.#bytes.writeIntLE(field.value, here, field.bytes);
    });
    return at;
  }
}
