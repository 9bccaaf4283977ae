import { binaryType, field, int64Type, stringType, timestampType } from '../../base/index.js';
import type { FileColumn } from '../batch-columns.js';

/** The payload of a split: one file. Plain data. */
export interface BinarySplit {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly columns: readonly FileColumn[];
  readonly rows: number;
}

export const FIELDS = [
  field('path', stringType, false),
  field('modificationTime', timestampType, false),
  field('length', int64Type, false),
  field('content', binaryType, true),
];
