import { type Column, type DataType, fromUserValue, type Scalar } from '../../base/index.js';
import { isThenable, type Loop } from './row-loop.js';

/** A result that is not there yet. */
export interface Promised {
  readonly row: number;
  readonly promise: PromiseLike<unknown>;
}

/** Collects the results of one call over a batch and makes a column of them. */
export interface Results {
  /**
   * Calls the function for rows from…to of a piece of the batch that begins at row `base`, or until `room` promises
   * came; gives the next row of the piece. Throws RowFailure and WrongResult.
   */
  run(loop: Loop, base: number, from: number, to: number, room: number): number;
  /** The results of rows from…to of the batch that came as promises, to be settled before `finish`. */
  promises(from: number, to: number): Promised[];
  /** Gives a row of the batch its value. */
  set(row: number, value: unknown): void;
  finish(): Column;
}

export function scalarOf(type: DataType, value: unknown): Scalar {
  if (isThenable(value)) {
    throw new Error('it gave a promise; declare it with `async: true`, and promises are awaited on the calling thread');
  }
  return fromUserValue(type, value, 'its result');
}

/** A result that does not fit its type. */
export class WrongResult {
  constructor(
    readonly row: number,
    readonly error: unknown,
  ) {}
}
