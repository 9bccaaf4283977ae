import { type Column, SparrowError } from '../../base/index.js';
import type { GroupContext, Page } from './chunk-pages.js';
import { corrupt, type Place, placeText } from './error.js';
import type { Encoding } from './metadata.js';
import type { ColumnNode } from './schema.js';

export type Leaf = Extract<ColumnNode, { kind: 'leaf' }>;

/** Values of a page to be decoded: `count` of them, none null, in bytes start..end. */
export interface PageValues {
  readonly encoding: Encoding;
  readonly start: number;
  readonly end: number;
  readonly count: number;
  /** First row they go to. */
  readonly row: number;
}

/** What a column's values are decoded into. */
export interface Sink {
  dictionary(page: Page): void;
  /** Writes the values to rows `row`…, without gaps. */
  values(values: PageValues): void;
  /** Moves the last `dense` values of the `count` rows from `row` to the rows whose bit is set. */
  spread(validity: number, row: number, count: number, dense: number): void;
  /** The `count` rows from `row` stay without values: nobody looks at them. */
  skip(row: number, count: number): void;
  finish(): Pick<Column, 'storage' | 'data' | 'offsets' | 'dictionary'>;
}

/** Decodes the indices of a dictionary-encoded page and checks them; returns their address. */
export function readIndices(group: GroupContext, values: PageValues, entries: number, place: Place): number {
  const { start, end, count } = values;
  const { kernels, scratch, task } = group;
  const width = start < end ? (task.heap.u8[start] as number) : 0;
  if (width > 32) throw corrupt(place, `dictionary indices of ${width} bits`);
  const indices = scratch.get('indices', count * 4 + 128);
  if (kernels[`hybrid_${width}`]?.(start + 1, end, indices, count) === 0) {
    throw corrupt(place, 'the dictionary indices of a page end too early');
  }
  const most = kernels.maxIndex(indices, count) >>> 0;
  if (most >= entries) throw corrupt(place, `dictionary index ${most}, the dictionary has ${entries} entries`);
  return indices;
}

export function unsupportedEncoding(values: PageValues, place: Place, leaf: Leaf): SparrowError {
  return new SparrowError(
    'UNSUPPORTED_PARQUET_FEATURE',
    `encoding ${values.encoding} is not defined for ${leaf.decode.physical} values`,
    { where: placeText(place), hint: 'the file may be damaged' },
  );
}
