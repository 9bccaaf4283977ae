import type { SharedHeap } from '../../base/index.js';
import { JOIN_HEADER } from '../row-layout.js';
import type { RowChunk } from './spec.js';
import { listsByHash, numberRows } from './task-spill.js';

/** Numbers rows of a join that stayed in memory, and lists them partition by partition. */
export interface SplitRequest {
  readonly chunks: readonly RowChunk[];
  /** The number of the first row. */
  readonly first: number;
  /** Room for the addresses of the rows. */
  readonly list: number;
  /** A word for each partition: in the end, the end of its list. */
  readonly ends: number;
}

export function splitRows(heap: SharedHeap, { chunks, first, list, ends }: SplitRequest): void {
  numberRows(heap, chunks, first);
  listsByHash(heap, chunks, JOIN_HEADER.HASH, list, ends);
}
