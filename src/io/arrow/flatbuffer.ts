import { SparrowError } from '../../base/index.js';

/** The bytes are not what the format says. */
export function damaged(what: string, path: string, at?: number): SparrowError {
  return new SparrowError('FAILED_READ_FILE', `the Arrow file is damaged: ${what}`, {
    where: at === undefined ? `file ${path}` : `file ${path}, byte ${at}`,
    hint: 'check that the file was written and copied completely',
  });
}

/** Most elements of a list of metadata: schemas and batches have far fewer. */
const MAX_ELEMENTS = 1 << 20;

/** A table of a flatbuffer: fields by number, each with a default. Nothing is read outside of the buffer. */
export class FlatTable {
  readonly #vtable: number;
  readonly #vtableBytes: number;

  constructor(
    readonly view: DataView,
    readonly at: number,
    readonly path: string,
  ) {
    this.#vtable = at - this.guarded(() => view.getInt32(at, true));
    this.#vtableBytes = this.guarded(() => view.getUint16(this.#vtable, true));
  }

  /** The root table of a buffer. */
  static root(bytes: Uint8Array, path: string): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 8) throw damaged('its metadata is cut off', path);
    return new FlatTable(view, view.getUint32(0, true), path);
  }

  guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError) throw damaged('its metadata points outside of itself', this.path);
      throw error;
    }
  }

  /** Where a field's value is; undefined when it has its default. */
  #place(field: number): number | undefined {
    const slot = 4 + field * 2;
    if (slot + 2 > this.#vtableBytes) return undefined;
    const offset = this.guarded(() => this.view.getUint16(this.#vtable + slot, true));
    return offset === 0 ? undefined : this.at + offset;
  }

  byte(field: number, fallback = 0): number {
    const at = this.#place(field);
    return at === undefined ? fallback : this.guarded(() => this.view.getUint8(at));
  }

  short(field: number, fallback = 0): number {
    const at = this.#place(field);
    return at === undefined ? fallback : this.guarded(() => this.view.getInt16(at, true));
  }

  int(field: number, fallback = 0): number {
    const at = this.#place(field);
    return at === undefined ? fallback : this.guarded(() => this.view.getInt32(at, true));
  }

  long(field: number): bigint {
    const at = this.#place(field);
    return at === undefined ? 0n : this.guarded(() => this.view.getBigInt64(at, true));
  }

  /** A length or a position: a 64-bit integer that must be a safe number and not negative. */
  size(field: number): number {
    return this.sizeOf(this.long(field));
  }

  sizeOf(value: bigint): number {
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`a length of ${value}`, this.path);
    return Number(value);
  }

  table(field: number): FlatTable | undefined {
    const at = this.#place(field);
    if (at === undefined) return undefined;
    return new FlatTable(this.view, at + this.guarded(() => this.view.getUint32(at, true)), this.path);
  }

  text(field: number): string | undefined {
    const at = this.#place(field);
    if (at === undefined) return undefined;
    return this.guarded(() => {
      const start = at + this.view.getUint32(at, true);
      const length = this.view.getUint32(start, true);
      const { buffer, byteOffset } = this.view;
      if (start + 4 + length > this.view.byteLength) throw damaged('a name is cut off', this.path);
      return Buffer.from(buffer as ArrayBuffer, byteOffset + start + 4, length).toString('utf8');
    });
  }

  /** The first byte and the number of elements of a vector of elements of so many bytes. */
  vector(field: number, width: number): { readonly start: number; readonly length: number } {
    const at = this.#place(field);
    if (at === undefined) return { start: 0, length: 0 };
    return this.guarded(() => {
      const start = at + this.view.getUint32(at, true);
      const length = this.view.getUint32(start, true);
      if (length > MAX_ELEMENTS || start + 4 + length * width > this.view.byteLength)
        throw damaged(`a list of ${length} elements of metadata`, this.path);
      return { start: start + 4, length };
    });
  }

  tables(field: number): FlatTable[] {
    const { start, length } = this.vector(field, 4);
    return Array.from({ length }, (_, i) => {
      const at = start + i * 4;
      return new FlatTable(this.view, at + this.guarded(() => this.view.getUint32(at, true)), this.path);
    });
  }
}
