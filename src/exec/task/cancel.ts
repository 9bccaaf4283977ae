import { SparrowError } from '../../base/index.js';

/**
 * What cancels a job: word `id % CANCEL_SLOTS` of the shared flags holds the id of what was cancelled last there, the
 * job's query or only its stage (whose other rows nobody wants any more).
 */
export interface CancelToken {
  readonly query: number;
  readonly stage: number;
}

export const CANCEL_SLOTS = 1024;

export const isFlagged = (flags: Int32Array, id: number): boolean => Atomics.load(flags, id % CANCEL_SLOTS) === id;
export const flag = (flags: Int32Array, id: number): void => void Atomics.store(flags, id % CANCEL_SLOTS, id);

export function cancelled(cause?: unknown): SparrowError {
  return new SparrowError('OPERATION_CANCELED', 'the query was cancelled', {
    sqlState: 'HY008',
    ...(cause === undefined ? {} : { cause }),
  });
}
