const HASH_SHIFT = 18;
const MAX_DISTANCE = 65_535;
const LEAST_MATCH = 4;
/** The format wants bytes as they are at the end, and no match that begins close to it. */
const PLAIN_END = 5;
const MATCH_END = 12;

/** Packs bytes into a block of LZ4, greedily. The result is a view that the next call overwrites. */
export function lz4Packer(): (bytes: Uint8Array) => Uint8Array {
  const places = new Int32Array(1 << (32 - HASH_SHIFT));
  let out = new Uint8Array(0);
  return (bytes) => {
    const end = bytes.length;
    const most = end + Math.ceil(end / 255) + 16;
    if (out.length < most) out = new Uint8Array(most);
    const view = new DataView(bytes.buffer, bytes.byteOffset, end);
    places.fill(-1);
    let [to, told] = [0, 0];
    const more = (length: number): void => {
      let left = length - 15;
      if (left < 0) return;
      for (; left >= 255; left -= 255) out[to++] = 255;
      out[to++] = left;
    };
    const tell = (at: number, distance: number, matched: number): void => {
      const [plain, extra] = [at - told, Math.max(0, matched - LEAST_MATCH)];
      out[to++] = (Math.min(plain, 15) << 4) | Math.min(extra, 15);
      more(plain);
      for (; told < at; told++) out[to++] = bytes[told] as number;
      if (matched === 0) return;
      out[to++] = distance;
      out[to++] = distance >>> 8;
      more(extra);
      told += matched;
    };
    let misses = 0;
    for (let at = 0; at < end - MATCH_END; ) {
      const word = view.getInt32(at, true);
      const slot = Math.imul(word, 0x9e3779b1) >>> HASH_SHIFT;
      const from = places[slot] as number;
      places[slot] = at;
      if (from < 0 || at - from > MAX_DISTANCE || view.getInt32(from, true) !== word) {
        // The longer nothing is found, the larger the steps.
        at += 1 + (misses++ >>> 5);
        continue;
      }
      let length = LEAST_MATCH;
      while (at + length < end - PLAIN_END && bytes[from + length] === bytes[at + length]) length++;
      tell(at, at - from, length);
      [at, misses] = [told, 0];
    }
    tell(end, 0, 0);
    return out.subarray(0, to);
  };
}
