import type { Callable } from './load.js';

/*
 * The loops that call a user's function for row after row. There is one for each kind of result and number of
 * arguments, so that the call stays monomorphic and small functions are inlined into the loop.
 */

/** A call threw at this row. */
export class RowFailure {
  constructor(
    readonly row: number,
    readonly error: unknown,
  ) {}
}

export type Values = ArrayLike<unknown>;

/** Rows left out: not 0 where the function is not called. */
export type Mask = Uint8Array | undefined;

/** Takes a result that is not simply a number of the right kind. */
export type Odd = (row: number, result: unknown) => void;

export interface Loop {
  readonly call: Callable;
  readonly args: readonly Values[];
  readonly mask: Mask;
}

/** Results that are numbers go into `out`, everything else to `odd`. */
export function floatLoop(loop: Loop, out: Float64Array | Float32Array, odd: Odd, from: number, to: number): void {
  const { call, args, mask } = loop;
  const a = args[0] as Values;
  const b = args[1] as Values;
  let row = from;
  try {
    if (args.length === 1) {
      for (; row < to; row++) {
        if (mask !== undefined && mask[row] !== 0) continue;
        const result = call(a[row]);
        if (typeof result === 'number') out[row] = result;
        else odd(row, result);
      }
    } else if (args.length === 2) {
      for (; row < to; row++) {
        if (mask !== undefined && mask[row] !== 0) continue;
        const result = call(a[row], b[row]);
        if (typeof result === 'number') out[row] = result;
        else odd(row, result);
      }
    } else {
      for (; row < to; row++) {
        if (mask !== undefined && mask[row] !== 0) continue;
        const result = call(...args.map((values) => values[row]));
        if (typeof result === 'number') out[row] = result;
        else odd(row, result);
      }
    }
  } catch (error) {
    throw error instanceof RowFailure ? error : new RowFailure(row, error);
  }
}

/** Results that are 32-bit integers go into `out`, everything else to `odd`. */
export function intLoop(loop: Loop, out: Int32Array, odd: Odd, from: number, to: number): void {
  const { call, args, mask } = loop;
  const a = args[0] as Values;
  const b = args[1] as Values;
  let row = from;
  try {
    for (; row < to; row++) {
      if (mask !== undefined && mask[row] !== 0) continue;
      const result =
        args.length === 1
          ? call(a[row])
          : args.length === 2
            ? call(a[row], b[row])
            : call(...args.map((values) => values[row]));
      if (typeof result === 'number' && (result | 0) === result) out[row] = result;
      else odd(row, result);
    }
  } catch (error) {
    throw error instanceof RowFailure ? error : new RowFailure(row, error);
  }
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/**
 * All results as they are, that of row r at `out[at + r]`. Stops behind the row that gave the last promise there is
 * room for; gives the next row.
 */
export function anyLoop(loop: Loop, out: unknown[], at: number, from: number, to: number, room: number): number {
  const { call, args, mask } = loop;
  const a = args[0] as Values;
  const b = args[1] as Values;
  let left = room;
  let row = from;
  try {
    for (; row < to; row++) {
      if (mask !== undefined && mask[row] !== 0) continue;
      const result =
        args.length === 1
          ? call(a[row])
          : args.length === 2
            ? call(a[row], b[row])
            : call(...args.map((values) => values[row]));
      out[at + row] = result;
      if (typeof result === 'object' && isThenable(result) && --left === 0) return row + 1;
    }
    return to;
  } catch (error) {
    throw new RowFailure(row, error);
  }
}
