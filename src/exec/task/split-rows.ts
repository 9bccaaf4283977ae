import type { SharedHeap } from '../../base/index.js';
import { JOIN_HEADER } from '../row-layout.js';
import { listsByHash } from './lists-by-hash.js';
import type { RowChunk } from './spec.js';
import { BIN_BITS, numberRows } from './task-spill.js';

/** Numbers rows of a join that stayed in memory, and lists them partition by partition, bin by bin. */
export interface SplitRequest {
  readonly chunks: readonly RowChunk[];
  /** The number of the first row. */
  readonly first: number;
  /** Room for the addresses of the rows. */
  readonly list: number;
  /** A word for each bin of each partition: in the end, the end of its list. */
  readonly ends: number;
}

export function splitRows(heap: SharedHeap, { chunks, first, list, ends }: SplitRequest): void {
  numberRows(heap, chunks, first);
  listsByHash(heap, chunks, JOIN_HEADER.PLACE, list, ends, BIN_BITS);
}
