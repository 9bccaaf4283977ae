import { type Arena, buildColumn, type Column, type DataType, type Scalar, type Storage } from '../../base/index.js';
import { type Promised, type Results, scalarOf, WrongResult } from './result.js';
import { anyLoop, floatLoop, intLoop, isThenable, type Loop, RowFailure } from './row-loop.js';
import { StringResults } from './string-results.js';

/** `awaits`: results may be promises. */
export function resultsFor(
  arena: Arena,
  type: DataType,
  rows: number,
  mask: Uint8Array | undefined,
  awaits: boolean,
): Results {
  switch (type.kind) {
    case 'float64':
    case 'float32':
    case 'int32':
      return new NumberResults(arena, type, rows, mask, awaits);
    case 'string':
      return awaits ? new AnyResults(arena, type, rows) : new StringResults(arena, type, rows);
    default:
      return new AnyResults(arena, type, rows);
  }
}

/** Thrown out of a loop when there is no room for more promises. */
const PAUSE = Symbol('pause');

/** Numbers are written where the column lies; whatever else comes is looked at one by one. */
class NumberResults implements Results {
  #promised: Promised[] = [];
  readonly #data: number;
  readonly #out: Float64Array | Float32Array | Int32Array;
  /** 1: the result is null. Absent as long as none is. */
  #nulls: Uint8Array | undefined;

  constructor(
    private readonly arena: Arena,
    private readonly type: DataType,
    private readonly rows: number,
    mask: Uint8Array | undefined,
    private readonly awaits: boolean,
  ) {
    const { heap } = arena;
    const shift = type.kind === 'float64' ? 3 : 2;
    this.#data = arena.alloc(rows << shift);
    const at = this.#data >>> shift;
    const view = type.kind === 'float64' ? heap.f64 : type.kind === 'float32' ? heap.f32 : heap.i32;
    this.#out = view.subarray(at, at + rows);
    this.#nulls = mask?.slice();
    if (mask !== undefined) this.#out.fill(0);
  }

  run(loop: Loop, base: number, from: number, to: number, room: number): number {
    this.#promised = [];
    const odd = (row: number, result: unknown): void => {
      if (!this.awaits || !isThenable(result)) return this.set(base + row, result);
      this.#promised.push({ row: base + row, promise: result });
      if (this.#promised.length >= room) throw PAUSE;
    };
    try {
      if (this.#out instanceof Int32Array) intLoop(loop, this.#out.subarray(base), odd, from, to);
      else floatLoop(loop, this.#out.subarray(base), odd, from, to);
      return to;
    } catch (error) {
      if (error instanceof RowFailure && error.error === PAUSE) return error.row + 1;
      throw error;
    }
  }

  promises(): Promised[] {
    return this.#promised;
  }

  set(row: number, value: unknown): void {
    const scalar = scalarOf(this.type, value);
    this.#out[row] = scalar === null ? 0 : (scalar as number);
    if (scalar !== null) return;
    this.#nulls ??= new Uint8Array(this.rows);
    this.#nulls[row] = 1;
  }

  finish(): Column {
    const { type, rows } = this;
    const storage: Storage = type.kind === 'float64' ? 'f64' : type.kind === 'float32' ? 'f32' : 'i32';
    const column = { type, storage, length: rows, data: this.#data, offsets: 0 };
    const nulls = this.#nulls;
    if (nulls === undefined) return { ...column, nullCount: 0, validity: 0 };
    const validity = this.arena.allocZeroed((rows + 7) >>> 3);
    const { u8 } = this.arena.heap;
    let nullCount = 0;
    for (let i = 0; i < rows; i++) {
      if (nulls[i] !== 0) nullCount++;
      else u8[validity + (i >>> 3)] = (u8[validity + (i >>> 3)] as number) | (1 << (i & 7));
    }
    return { ...column, nullCount, validity: nullCount === 0 ? 0 : validity };
  }
}

class AnyResults implements Results {
  readonly #values: unknown[];

  constructor(
    private readonly arena: Arena,
    private readonly type: DataType,
    rows: number,
  ) {
    this.#values = new Array<unknown>(rows).fill(null);
  }

  run(loop: Loop, base: number, from: number, to: number, room: number): number {
    return anyLoop(loop, this.#values, base, from, to, room);
  }

  promises(from: number, to: number): Promised[] {
    const found: Promised[] = [];
    for (let row = from; row < to; row++) {
      const value = this.#values[row];
      if (isThenable(value)) found.push({ row, promise: value });
    }
    return found;
  }

  set(row: number, value: unknown): void {
    this.#values[row] = value;
  }

  finish(): Column {
    const { type } = this;
    const values = this.#values;
    if (type.kind === 'string' || type.kind === 'boolean') {
      const wanted = typeof (type.kind === 'string' ? '' : true);
      for (let row = 0; row < values.length; row++) {
        const value = values[row];
        if (typeof value !== wanted && value !== null) values[row] = this.#scalar(row, value);
      }
      return buildColumn(this.arena, type, values as Scalar[]);
    }
    if (type.kind === 'int64') {
      for (let row = 0; row < values.length; row++) {
        const value = values[row];
        if (Number.isSafeInteger(value)) values[row] = BigInt(value as number);
        else if (value !== null) values[row] = this.#scalar(row, value);
      }
      return buildColumn(this.arena, type, values as Scalar[]);
    }
    for (let row = 0; row < values.length; row++) values[row] = this.#scalar(row, values[row]);
    return buildColumn(this.arena, type, values as Scalar[]);
  }

  #scalar(row: number, value: unknown): Scalar {
    try {
      return scalarOf(this.type, value);
    } catch (error) {
      throw new WrongResult(row, error);
    }
  }
}
