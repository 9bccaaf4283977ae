/** Spark's murmur3 (x86, 32 bits), which mixes the tail of a byte array byte by byte, each as a signed int. */

const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593;

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

function mixWord(k: number): number {
  return Math.imul(rotate(Math.imul(k, C1), 15), C2);
}

function mixHash(h: number, k: number): number {
  return (Math.imul(rotate(h ^ k, 13), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export function murmur3Int(value: number, seed: number): number {
  return finish(mixHash(seed, mixWord(value | 0)), 4);
}

export function murmur3Long(value: bigint, seed: number): number {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return finish(mixHash(mixHash(seed, mixWord(low)), mixWord(high)), 8);
}

export function murmur3Bytes(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~3;
  let h = seed;
  for (let i = 0; i < whole; i += 4) h = mixHash(h, mixWord(view.getInt32(i, true)));
  for (let i = whole; i < bytes.length; i++) h = mixHash(h, mixWord(view.getInt8(i)));
  return finish(h, bytes.length);
}
