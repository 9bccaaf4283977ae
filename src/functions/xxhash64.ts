/** xxHash64 as Spark computes it. All values are unsigned 64-bit bigints inside, signed outside. */

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const signed = (x: bigint): bigint => BigInt.asIntN(64, x);
const rotate = (x: bigint, by: bigint): bigint => u64((x << by) | (x >> (64n - by)));

function avalanche(hash: bigint): bigint {
  let h = hash;
  h = u64((h ^ (h >> 33n)) * P2);
  h = u64((h ^ (h >> 29n)) * P3);
  return signed(h ^ (h >> 32n));
}

const round = (accumulator: bigint, input: bigint): bigint => u64(rotate(u64(accumulator + input * P2), 31n) * P1);
const absorbLong = (h: bigint, word: bigint): bigint => u64(rotate(h ^ round(0n, word), 27n) * P1 + P4);
const absorbInt = (h: bigint, word: bigint): bigint => u64(rotate(h ^ u64(word * P1), 23n) * P2 + P3);

export function xxhash64Int(value: number, seed: bigint): bigint {
  return avalanche(absorbInt(u64(u64(seed) + P5 + 4n), BigInt(value >>> 0)));
}

export function xxhash64Long(value: bigint, seed: bigint): bigint {
  return avalanche(absorbLong(u64(u64(seed) + P5 + 8n), u64(value)));
}

export function xxhash64Bytes(bytes: Uint8Array, seedSigned: bigint): bigint {
  const seed = u64(seedSigned);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = 0;
  let h: bigint;
  if (length >= 32) {
    const lanes = [u64(seed + P1 + P2), u64(seed + P2), seed, u64(seed - P1)];
    for (; at + 32 <= length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i] as bigint, view.getBigUint64(at + i * 8, true));
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    h = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of lanes) h = u64((h ^ round(0n, lane)) * P1 + P4);
  } else h = u64(seed + P5);
  h = u64(h + BigInt(length));
  for (; at + 8 <= length; at += 8) h = absorbLong(h, view.getBigUint64(at, true));
  if (at + 4 <= length) {
    h = absorbInt(h, BigInt(view.getUint32(at, true)));
    at += 4;
  }
  for (; at < length; at++) h = u64(rotate(h ^ u64(BigInt(bytes[at] as number) * P5), 11n) * P1);
  return avalanche(h);
}
