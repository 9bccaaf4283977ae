import type { GroupContext } from './chunk-pages.js';
import { corrupt, type Place } from './error.js';
import type { PageValues } from './sink.js';

/** Strings in scratch memory, in Arrow's layout from offset 0. */
export interface ScratchStrings {
  readonly offsets: number;
  readonly data: number;
  readonly bytes: number;
}

const MAX_BYTES = 2 ** 31 - 2 ** 16;

/** DELTA_LENGTH_BYTE_ARRAY: the lengths into scratch memory; returns where they are and where the bytes start. */
export function readLengths(
  group: GroupContext,
  span: { readonly start: number; readonly end: number; readonly count: number },
  use: 'lengths' | 'suffixes',
  place: Place,
): { lengths: number; next: number } {
  const lengths = group.scratch.get(use, span.count * 4);
  const next = group.kernels.delta32(span.start, span.end, span.count, lengths) >>> 0;
  if (next === 0) throw corrupt(place, 'the lengths of a page are damaged');
  return { lengths, next };
}

/** DELTA_BYTE_ARRAY: lengths of shared starts, lengths of rests, rests. */
export function readDeltaStrings(group: GroupContext, values: PageValues, place: Place): ScratchStrings {
  const { kernels, scratch } = group;
  const { end, count } = values;
  const prefixes = readLengths(group, values, 'lengths', place);
  const suffixes = readLengths(group, { start: prefixes.next, end, count }, 'suffixes', place);
  const bytes = Number(kernels.sumLengths(prefixes.lengths, count) + kernels.sumLengths(suffixes.lengths, count));
  if (bytes > MAX_BYTES) throw corrupt(place, `the strings of one page take ${bytes} bytes`);
  // 16 bytes in front, which decimals are read with.
  const offsets = scratch.get('indices', (count + 1) * 4);
  const data = scratch.get('strings', bytes + 32) + 16;
  group.task.heap.i32[offsets >>> 2] = 0;
  const { lengths } = prefixes;
  if (kernels.frontStrings(lengths, suffixes.lengths, count, suffixes.next, end, offsets, data, 0) < 0) {
    throw corrupt(place, 'the front-coded strings of a page are damaged');
  }
  return { offsets, data, bytes };
}
