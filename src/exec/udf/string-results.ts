import { type Arena, asTextBuffer, type Column, type DataType } from '../../base/index.js';
import { type Promised, type Results, scalarOf, WrongResult } from './result.js';
import { anyLoop, type Loop } from './row-loop.js';

/** Bytes a result is taken to have before any was seen. */
const GUESSED_BYTES = 24;

/**
 * Strings are written a chunk at a time, in the order of the rows: what a function gave dies young, and the collector
 * has little to do.
 */
export class StringResults implements Results {
  readonly #offsets: number;
  #data: number;
  #capacity: number;
  #bytes = 0;
  #validity = 0;
  #nulls = 0;
  #written = 0;
  #ascii = true;

  constructor(
    private readonly arena: Arena,
    private readonly type: DataType,
    private readonly rows: number,
  ) {
    this.#offsets = arena.alloc((rows + 1) * 4);
    arena.heap.i32[this.#offsets >>> 2] = 0;
    this.#capacity = rows * GUESSED_BYTES;
    this.#data = arena.alloc(this.#capacity);
  }

  run(loop: Loop, base: number, from: number, to: number): number {
    const values = new Array<unknown>(to - from).fill(null);
    anyLoop(loop, values, -from, from, to, Number.POSITIVE_INFINITY);
    const texts = values as string[];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== 'string') texts[i] = this.#other(base + from + i, value);
    }
    this.#write(texts);
    return to;
  }

  promises(): Promised[] {
    return [];
  }

  set(): void {}

  finish(): Column {
    const { type, rows } = this;
    const nulls = { nullCount: this.#nulls, validity: this.#validity };
    return {
      type,
      storage: 'utf8',
      length: rows,
      ...nulls,
      data: this.#data,
      offsets: this.#offsets,
      stats: { ascii: this.#ascii },
    };
  }

  /** A null, written as the empty string; anything else is refused. */
  #other(row: number, value: unknown): string {
    try {
      if (scalarOf(this.type, value) !== null) return value as string;
    } catch (error) {
      throw new WrongResult(row, error);
    }
    const { u8 } = this.arena.heap;
    if (this.#validity === 0) {
      const bytes = (this.rows + 7) >>> 3;
      this.#validity = this.arena.alloc(bytes);
      u8.fill(0xff, this.#validity, this.#validity + bytes);
    }
    const at = this.#validity + (row >>> 3);
    u8[at] = (u8[at] as number) & ~(1 << (row & 7));
    this.#nulls++;
    return '';
  }

  #write(texts: readonly string[]): void {
    const joined = texts.join('');
    const { i32, buffer } = this.arena.heap;
    const target = asTextBuffer(buffer);
    let slot = (this.#offsets >>> 2) + this.#written + 1;
    this.#written += texts.length;
    let bytes = Buffer.byteLength(joined);
    let at = this.#bytes;
    if (bytes === joined.length) {
      this.#reserve(bytes);
      target.latin1Write(joined, this.#data + at, bytes);
      for (const text of texts) i32[slot++] = at += text.length;
    } else {
      this.#ascii = false;
      // One by one: joining pairs lone surrogates of neighbours.
      bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      this.#reserve(bytes);
      for (const text of texts) {
        if (text !== '') at += target.utf8Write(text, this.#data + at, this.#capacity - at);
        i32[slot++] = at;
      }
    }
    this.#bytes = at;
  }

  #reserve(bytes: number): void {
    const needed = this.#bytes + bytes;
    if (needed <= this.#capacity) return;
    const capacity = Math.max(needed, this.#capacity * 2);
    const data = this.arena.alloc(capacity);
    this.arena.heap.copy(data, this.#data, this.#bytes);
    this.#data = data;
    this.#capacity = capacity;
  }
}
