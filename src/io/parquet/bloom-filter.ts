import type { ReadableFile, Scalar } from '../../base/index.js';
import type { LeafDecode } from './leaf-type.js';
import type { FileSpan } from './metadata.js';
import { ThriftError, ThriftReader } from './thrift.js';

/** Split-block bloom filters of the Parquet format: blocks of 256 bits, one bit in each of their 8 words for a value. */
export const BLOCK_BYTES = 32;
export const SALTS = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];
const MAX_HEADER_BYTES = 64;

/** Whether a column chunk may hold a value; false only when its filter rules that out. */
export function bloomMayHold(
  file: ReadableFile,
  filter: Omit<FileSpan, 'bytes'>,
  decode: LeafDecode,
  value: Scalar,
): boolean {
  const bytes = plainBytes(decode, value);
  if (bytes === undefined) return true;
  try {
    const available = Math.min(MAX_HEADER_BYTES, file.size - filter.offset);
    const head = new Uint8Array(Math.max(0, available));
    file.readInto(head, filter.offset, head.length);
    const { bits, size } = filterHeader(head);
    if (size <= 0 || size % BLOCK_BYTES !== 0 || filter.offset + bits + size > file.size) return true;
    const hash = xxHash64(bytes);
    const block = Number(((hash >> 32n) * BigInt(size / BLOCK_BYTES)) >> 32n);
    const words = new Uint8Array(BLOCK_BYTES);
    file.readInto(words, filter.offset + bits + block * BLOCK_BYTES, BLOCK_BYTES);
    const view = new DataView(words.buffer);
    const key = Number(hash & 0xffffffffn);
    return SALTS.every((salt, i) => (view.getUint32(4 * i, true) >>> (Math.imul(key, salt) >>> 27)) & 1);
  } catch (error) {
    // A filter that is not understood rules nothing out.
    if (error instanceof ThriftError) return true;
    throw error;
  }
}

/** Where the bits begin behind the header, and how many bytes they take; 0 for a filter of another kind. */
function filterHeader(bytes: Uint8Array): { bits: number; size: number } {
  const r = new ThriftReader(bytes);
  let size = 0;
  let known = 0;
  r.struct((id) => {
    if (id === 1) size = r.int();
    else if (id <= 4) {
      // Algorithm, hash and compression are unions, of which only the first members exist.
      r.struct((member) => {
        if (member === 1) known++;
        return false;
      });
    } else return false;
    return true;
  });
  return { bits: r.position, size: known === 3 ? size : 0 };
}

/** The value as it lies in a page, where the filter's hash is over these bytes; undefined where it cannot be told. */
function plainBytes({ physical, convert }: LeafDecode, value: Scalar): Uint8Array | undefined {
  if (typeof value === 'string')
    return physical === 'byte_array' && convert === 'none' ? Buffer.from(value) : undefined;
  if (value instanceof Uint8Array) return convert === 'none' ? value : undefined;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const bytes = Buffer.alloc(physical === 'int32' || physical === 'float' ? 4 : 8);
  const same = convert === 'none' || convert === 'narrow8' || convert === 'narrow16' || convert.startsWith('widen');
  // Both zeros are equal, and all NaN.
  const isPlainNumber = Number(value) !== 0 && !Number.isNaN(Number(value));
  if (physical === 'int32' && same) bytes.writeInt32LE(Number(BigInt.asIntN(32, BigInt(value))));
  else if (physical === 'int64' && same) bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
  else if (physical === 'float' && same && isPlainNumber) bytes.writeFloatLE(Number(value));
  else if (physical === 'double' && same && isPlainNumber) bytes.writeDoubleLE(Number(value));
  else return undefined;
  return bytes;
}

export const PRIMES = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const wrap = (x: bigint): bigint => BigInt.asUintN(64, x);
const turn = (x: bigint, by: bigint): bigint => wrap((x << by) | (x >> (64n - by)));

/** XXH64 with seed 0. */
export function xxHash64(bytes: Uint8Array): bigint {
  const [p1, p2, p3, p4, p5] = PRIMES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const round = (acc: bigint, lane: bigint): bigint => wrap(turn(wrap(acc + lane * p2), 31n) * p1);
  let at = 0;
  let hash: bigint = p5;
  if (bytes.length >= 32) {
    const lanes = [wrap(p1 + p2), p2, 0n, wrap(-p1)];
    for (; at + 32 <= bytes.length; at += 32)
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i] as bigint, view.getBigUint64(at + 8 * i, true));
    hash = [1n, 7n, 12n, 18n].reduce((sum, by, i) => wrap(sum + turn(lanes[i] as bigint, by)), 0n);
    for (const lane of lanes) hash = wrap((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = wrap(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8)
    hash = wrap(turn(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4);
  if (at + 4 <= bytes.length) {
    hash = wrap(turn(hash ^ wrap(BigInt(view.getUint32(at, true)) * p1), 23n) * p2 + p3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = wrap(turn(hash ^ wrap(BigInt(view.getUint8(at)) * p5), 11n) * p1);
  hash = wrap((hash ^ (hash >> 33n)) * p2);
  hash = wrap((hash ^ (hash >> 29n)) * p3);
  return hash ^ (hash >> 32n);
}
