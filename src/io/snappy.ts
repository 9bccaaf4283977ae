/** Most bytes that one compressed byte stands for: a copy of 64 bytes takes at least two. */
const MAX_RATIO = 64;

/** Unpacks a Snappy block (google/snappy, format_description.txt); undefined when it is damaged, or longer than `most`. */
export function unpackSnappy(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): Buffer | undefined {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const b = bytes[at++];
    if (b === undefined || shift > 28) return undefined;
    size += (b & 0x7f) * 2 ** shift;
    if (b < 0x80) break;
  }
  if (size > bytes.length * MAX_RATIO || size > most) return undefined;
  const out = Buffer.allocUnsafe(size);
  let end = 0;
  while (at < bytes.length) {
    const tag = bytes[at++] as number;
    let length = (tag >>> 2) + 1;
    if ((tag & 3) === 0) {
      const more = length - 60;
      if (more > 0) {
        length = 1;
        for (let i = 0; i < more; i++) length += (bytes[at + i] ?? 0) * 2 ** (8 * i);
        at += more;
      }
      if (at + length > bytes.length || end + length > size) return undefined;
      out.set(bytes.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    let offset: number;
    if ((tag & 3) === 1) {
      length = ((tag >>> 2) & 7) + 4;
      offset = ((tag >>> 5) << 8) | (bytes[at++] ?? 0);
    } else {
      const width = (tag & 3) === 2 ? 2 : 4;
      offset = 0;
      for (let i = 0; i < width; i++) offset += (bytes[at + i] ?? 0) * 2 ** (8 * i);
      at += width;
    }
    if (offset === 0 || offset > end || end + length > size) return undefined;
    if (offset >= length) out.copyWithin(end, end - offset, end - offset + length);
    else for (let i = 0; i < length; i++) out[end + i] = out[end + i - offset] as number;
    end += length;
  }
  return end === size ? out : undefined;
}
