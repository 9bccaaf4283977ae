import { type Arena, type Batch, type Column, type Dictionary, engineBug, storageBytes } from '../base/index.js';

/** Copies batches into memory of its own, so that they outlive the query they come from. */
export class BatchCopier {
  readonly #arena: Arena;
  readonly #dictionaries = new Map<number, Dictionary>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  copy({ rows, columns }: Batch): Batch {
    return { rows, columns: columns.map((column) => this.#column(column)) };
  }

  #column(column: Column): Column {
    const { length, storage, dictionary } = column;
    const validity = column.validity === 0 ? 0 : this.#bytes(column.validity, (length + 7) >>> 3);
    if (storage === 'utf8') return { ...column, ...this.#text(column.offsets, column.data, length), validity };
    if (storage === 'view') return { ...column, ...this.#views(column), validity, storage: 'utf8' };
    const width = storageBytes(storage);
    if (width === undefined) throw engineBug(`a column stored as ${storage} cannot be copied`);
    const data = width === 0 ? 0 : this.#bytes(column.data, length * width);
    return {
      ...column,
      data,
      validity,
      ...(dictionary === undefined ? {} : { dictionary: this.#dictionary(dictionary) }),
    };
  }

  #bytes(address: number, count: number): number {
    const { heap } = this.#arena;
    const target = this.#arena.alloc(count);
    heap.copy(target, address, count);
    return target;
  }

  /** Arrow's offsets, starting at 0, and the bytes they span. */
  #text(offsets: number, data: number, length: number): { readonly offsets: number; readonly data: number } {
    const { i32 } = this.#arena.heap;
    const from = offsets >>> 2;
    const first = i32[from] as number;
    const target = this.#arena.alloc((length + 1) * 4);
    const to = target >>> 2;
    for (let i = 0; i <= length; i++) i32[to + i] = (i32[from + i] as number) - first;
    return { offsets: target, data: this.#bytes(data + first, i32[to + length] as number) };
  }

  /** Pairs of address and length become offsets; rows that are null may hold anything and become empty. */
  #views(column: Column): { readonly offsets: number; readonly data: number } {
    const { heap } = this.#arena;
    const { length, validity } = column;
    const pairs = column.data >>> 2;
    const isNull = (i: number): boolean =>
      validity !== 0 && (((heap.u8[validity + (i >>> 3)] as number) >>> (i & 7)) & 1) === 0;
    const sizeOf = (i: number): number => (isNull(i) ? 0 : (heap.u32[pairs + 2 * i + 1] as number));
    const offsets = this.#arena.alloc((length + 1) * 4);
    let end = 0;
    heap.i32[offsets >>> 2] = 0;
    for (let i = 0; i < length; i++) heap.i32[(offsets >>> 2) + i + 1] = end += sizeOf(i);
    const data = this.#arena.alloc(end);
    let at = data;
    for (let i = 0; i < length; i++) {
      const size = sizeOf(i);
      const address = heap.u32[pairs + 2 * i] as number;
      heap.copy(at, address, size);
      at += size;
    }
    return { offsets, data };
  }

  #dictionary(dictionary: Dictionary): Dictionary {
    let copied = this.#dictionaries.get(dictionary.id);
    if (copied === undefined) {
      copied = { ...dictionary, ...this.#text(dictionary.offsets, dictionary.data, dictionary.count) };
      this.#dictionaries.set(dictionary.id, copied);
    }
    return copied;
  }
}
