/** Methods every node Buffer has but its type declarations leave out: text without the detour over encoding names. */
export interface TextBuffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  /** Writes as much as fits into `length` bytes and returns how many were written. */
  latin1Write(text: string, start: number, length: number): number;
  utf8Write(text: string, start: number, length: number): number;
}

export const asTextBuffer = (buffer: Buffer): TextBuffer => buffer as unknown as TextBuffer;

/** Regions longer than this are decoded piece by piece (a string ends at 512 Mi characters). */
const MAX_REGION_BYTES = 1 << 26;
/** Below this a string is cheaper to decode byte by byte than by a call. */
const TAKE_WHOLE_FROM = 4;

const NO_WORDS = new Uint32Array(0);

/** Whether `start`..`end` holds nothing but ASCII. */
export function isAscii(u8: Uint8Array, start: number, end: number): boolean {
  const aligned = Math.min(end, start + ((8 - ((start + u8.byteOffset) & 7)) & 7));
  let seen = 0;
  let at = start;
  for (; at < aligned; at++) seen |= u8[at] as number;
  // Few bytes may end before the first whole word: a view must not even begin between words.
  const words = Math.floor((end - at) / 4);
  const u32 = words === 0 ? NO_WORDS : new Uint32Array(u8.buffer, u8.byteOffset + at, words);
  let wide = 0;
  for (let i = 0; i < words; i++) wide |= u32[i] as number;
  for (at += words * 4; at < end; at++) seen |= u8[at] as number;
  return (seen & 0x80) === 0 && (wide & 0x80808080) === 0;
}

/**
 * The strings of an Arrow layout: `count` of them, their int32 offsets from index `first` of `offsets`, bytes from
 * `data`. All-ASCII regions are decoded at once and cut (the pieces keep their region alive).
 */
export function readStrings(buffer: Buffer, offsets: Int32Array, first: number, count: number, data: number): string[] {
  const text = asTextBuffer(buffer);
  const out: string[] = new Array(count);
  let row = 0;
  while (row < count) {
    const from = offsets[first + row] as number;
    let end = count;
    while (end - row > 1 && (offsets[first + end] as number) - from > MAX_REGION_BYTES) end = row + ((end - row) >>> 1);
    const to = offsets[first + end] as number;
    if (end - row >= TAKE_WHOLE_FROM && isAscii(buffer, data + from, data + to)) {
      const region = text.latin1Slice(data + from, data + to);
      let start = 0;
      for (let i = row; i < end; i++) {
        const stop = (offsets[first + i + 1] as number) - from;
        out[i] = region.substring(start, stop);
        start = stop;
      }
    } else {
      let start = data + from;
      for (let i = row; i < end; i++) {
        const stop = data + (offsets[first + i + 1] as number);
        out[i] = start === stop ? '' : text.utf8Slice(start, stop);
        start = stop;
      }
    }
    row = end;
  }
  return out;
}
