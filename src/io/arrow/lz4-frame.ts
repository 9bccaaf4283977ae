const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const HAS_CONTENT_SIZE = 8;
const HAS_DICTIONARY = 1;
const HAS_BLOCK_CHECKSUM = 16;
const HAS_CONTENT_CHECKSUM = 4;

/** Unpacks LZ4 frames to exactly `length` bytes (the LZ4 frame format, version 1.6); undefined when they are damaged. */
export function decodeLz4Frame(bytes: Buffer, length: number): Uint8Array | undefined {
  const out = new Uint8Array(length);
  let at = 0;
  let done = 0;
  while (at + 4 <= bytes.length) {
    const magic = bytes.readUInt32LE(at);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      if (at + 8 > bytes.length) return undefined;
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== MAGIC || at + 7 > bytes.length) return undefined;
    const flags = bytes[at + 4] as number;
    if (flags >>> 6 !== 1) return undefined;
    at += 7 + ((flags & HAS_CONTENT_SIZE) !== 0 ? 8 : 0) + ((flags & HAS_DICTIONARY) !== 0 ? 4 : 0);
    for (;;) {
      if (at + 4 > bytes.length) return undefined;
      const size = bytes.readUInt32LE(at);
      at += 4;
      if (size === 0) break;
      const packed = size & 0x7fffffff;
      if (at + packed > bytes.length) return undefined;
      if (size > 0x7fffffff) {
        if (done + packed > length) return undefined;
        out.set(bytes.subarray(at, at + packed), done);
        done += packed;
      } else {
        done = decodeBlock(bytes, at, at + packed, out, done);
        if (done < 0) return undefined;
      }
      at += packed + ((flags & HAS_BLOCK_CHECKSUM) !== 0 ? 4 : 0);
    }
    at += (flags & HAS_CONTENT_CHECKSUM) !== 0 ? 4 : 0;
  }
  return done === length ? out : undefined;
}

/** Unpacks a block behind what is in `out` already, which it may refer to; gives where it ends, -1 when it is damaged. */
function decodeBlock(bytes: Uint8Array, from: number, end: number, out: Uint8Array, start: number): number {
  let at = from;
  let to = start;
  const more = (count: number): number => {
    let sum = count;
    for (;;) {
      if (at >= end) return -1;
      const byte = bytes[at++] as number;
      sum += byte;
      if (byte !== 255) return sum;
    }
  };
  while (at < end) {
    const token = bytes[at++] as number;
    let literals = token >>> 4;
    if (literals === 15) literals = more(15);
    if (literals < 0 || at + literals > end || to + literals > out.length) return -1;
    out.set(bytes.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    // The last sequence is literals alone.
    if (at === end) return to;
    if (at + 2 > end) return -1;
    const distance = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    at += 2;
    let count = token & 15;
    if (count === 15) count = more(15);
    if (count < 0) return -1;
    count += 4;
    if (distance === 0 || distance > to || to + count > out.length) return -1;
    if (distance >= count) out.copyWithin(to, to - distance, to - distance + count);
    else for (let i = 0; i < count; i++) out[to + i] = out[to + i - distance] as number;
    to += count;
  }
  return to;
}
