import type { GroupContext, Page } from './chunk-pages.js';
import type { Place } from './error.js';
import { corrupt } from './error.js';

/** Where the levels of a page lie, and where its values start. */
export interface PageLevels {
  readonly repetition: readonly [start: number, end: number];
  readonly definition: readonly [start: number, end: number];
  readonly values: number;
}

/** Finds the levels of a data page of a column with these maximum levels. */
export function findLevels(
  group: GroupContext,
  page: Page,
  max: { readonly repetition: number; readonly definition: number },
  place: Place,
): PageLevels {
  const { header } = page;
  if (header.type === 'data_v2') {
    const middle = page.levels + header.repetitionBytes;
    const end = middle + header.definitionBytes;
    return { repetition: [page.levels, middle], definition: [middle, end], values: page.start };
  }
  const { heap } = group.task;
  let at = page.start;
  const one = (level: number, encoding: string): readonly [number, number] => {
    if (level === 0) return [at, at];
    if (encoding === 'bit_packed') {
      const bytes = Math.ceil((header.values * levelWidth(level)) / 8);
      if (bytes > page.end - at) throw corrupt(place, 'the levels of a page are longer than the page');
      at += bytes;
      return [at - bytes, at];
    }
    const length = page.end - at < 4 ? -1 : heap.buffer.readUInt32LE(at);
    if (length < 0 || length > page.end - at - 4) throw corrupt(place, 'the levels of a page are longer than the page');
    at += 4 + length;
    return [at - length, at];
  };
  const repetition = one(max.repetition, header.repetitionEncoding);
  const definition = one(max.definition, header.definitionEncoding);
  return { repetition, definition, values: at };
}

/** Bits of a level. */
export function levelWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** Decodes `count` levels into u32 values at `target`. */
export function decodeLevels(
  group: GroupContext,
  page: Page,
  span: readonly [number, number],
  max: number,
  target: number,
  kind: 'repetition' | 'definition',
  place: Place,
): void {
  const { values: count, type, definitionEncoding, repetitionEncoding } = page.header;
  const { heap } = group.task;
  const width = levelWidth(max);
  const encoding = kind === 'definition' ? definitionEncoding : repetitionEncoding;
  if (type === 'data' && encoding === 'bit_packed') unpackOld(heap.u8, span[0], width, count, heap.u32, target);
  else if (group.kernels[`hybrid_${width}`]?.(span[0], span[1], target, count) === 0) {
    throw corrupt(place, `the ${kind} levels of a page end too early`);
  }
  if (group.kernels.maxIndex(target, count) > max) throw corrupt(place, `a ${kind} level is above ${max}`);
}

/** The deprecated BIT_PACKED encoding: most significant bit first. */
function unpackOld(u8: Uint8Array, from: number, width: number, count: number, u32: Uint32Array, target: number): void {
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let b = i * width; b < (i + 1) * width; b++) {
      value = (value << 1) | (((u8[from + (b >> 3)] as number) >> (7 - (b & 7))) & 1);
    }
    u32[(target >>> 2) + i] = value;
  }
}
