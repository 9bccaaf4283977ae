import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type FileSystem, SparrowError } from '../../base/index.js';

/** Where the numbers of a file's deleted rows are, as the log has it. */
export interface DeletionVector {
  readonly storageType: string;
  readonly pathOrInlineDv: string;
  readonly offset?: number;
  readonly sizeInBytes: number;
  readonly cardinality: number;
}

const MAGIC = 1681511377;
const COOKIE_WITH_RUNS = 12347;
const COOKIE = 12346;
const NO_OFFSETS_BELOW = 4;
const ARRAY_MOST = 4096;
const BITMAP_BYTES = 8192;
const MAX_BYTES = 1 << 30;
const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** The numbers of a file's deleted rows, ascending. */
export function deletedRows(files: FileSystem, root: string, vector: DeletionVector): Float64Array {
  const where = `deletion vector ${vector.pathOrInlineDv}`;
  const bytes = vector.storageType === 'i' ? fromZ85(vector.pathOrInlineDv, where) : stored(files, root, vector, where);
  const rows = rowsOf(bytes, where);
  if (rows.length !== vector.cardinality) throw damaged(`${rows.length} rows instead of ${vector.cardinality}`, where);
  return rows;
}

function damaged(what: string, where: string): SparrowError {
  return new SparrowError('DELTA_DELETION_VECTOR_INVALID', `a deletion vector cannot be read: ${what}`, { where });
}

/** The file a vector lies in: named by a UUID that is written in 20 characters, with a folder before it. */
export function vectorPath(root: string, { storageType, pathOrInlineDv }: DeletionVector): string {
  if (storageType === 'p') return decodeURIComponent(pathOrInlineDv.replace(/^file:(?:\/\/)?/, ''));
  const hex = fromZ85(pathOrInlineDv.slice(-20), pathOrInlineDv).toString('hex');
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return join(root, pathOrInlineDv.slice(0, -20), `deletion_vector_${uuid}.bin`);
}

function stored(files: FileSystem, root: string, vector: DeletionVector, where: string): Buffer {
  const { sizeInBytes, offset = 0 } = vector;
  const file = files.open(vectorPath(root, vector));
  try {
    if (sizeInBytes < 4 || sizeInBytes > MAX_BYTES || offset + sizeInBytes + 8 > file.size)
      throw damaged('it lies outside of its file', where);
    const bytes = Buffer.alloc(sizeInBytes + 8);
    file.readInto(bytes, offset, bytes.length);
    if (bytes.readInt32BE(0) !== sizeInBytes) throw damaged('its length is not the one in the log', where);
    const data = bytes.subarray(4, 4 + sizeInBytes);
    if (crc32(data) !== bytes.readUInt32BE(4 + sizeInBytes)) throw damaged('its checksum does not match', where);
    return data;
  } finally {
    file.close();
  }
}

/** Base 85 with ZeroMQ's alphabet (rfc.zeromq.org/spec/32). */
function fromZ85(text: string, where: string): Buffer {
  if (text.length % 5 !== 0) throw damaged('its text is cut off', where);
  const out = Buffer.alloc((text.length / 5) * 4);
  for (let i = 0; i < text.length; i += 5) {
    let value = 0;
    for (let j = 0; j < 5; j++) {
      const digit = Z85.indexOf(text[i + j] as string);
      if (digit < 0) throw damaged('its text has characters that are none of Z85', where);
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) throw damaged('its text is no Z85', where);
    out.writeUInt32BE(value, (i / 5) * 4);
  }
  return out;
}

/** A list of Roaring bitmaps, each with the upper half of its numbers (Delta's protocol, "RoaringBitmapArray"). */
function rowsOf(bytes: Buffer, where: string): Float64Array {
  try {
    if (bytes.readInt32LE(0) !== MAGIC) throw damaged(`its format ${bytes.readInt32LE(0)} is unknown`, where);
    const bitmaps = Number(bytes.readBigInt64LE(4));
    const rows: number[] = [];
    let at = 12;
    for (let i = 0; i < bitmaps; i++) {
      const high = bytes.readUInt32LE(at) * 2 ** 32;
      at = readBitmap(bytes, at + 4, high, rows);
    }
    return Float64Array.from(rows);
  } catch (error) {
    if (error instanceof RangeError) throw damaged('it is cut off', where);
    throw error;
  }
}

/** Adds the numbers of one bitmap (the RoaringFormatSpec of RoaringBitmap); gives where it ends. */
function readBitmap(bytes: Buffer, start: number, high: number, rows: number[]): number {
  let at = start + 4;
  const cookie = bytes.readUInt32LE(start);
  let count: number;
  let runs: Buffer | undefined;
  if ((cookie & 0xffff) === COOKIE_WITH_RUNS) {
    count = (cookie >>> 16) + 1;
    runs = bytes.subarray(at, at + Math.ceil(count / 8));
    at += runs.length;
  } else if (cookie === COOKIE) {
    count = bytes.readUInt32LE(at);
    at += 4;
  } else throw new RangeError('cookie');
  const heads = at;
  at += count * 4;
  if (runs === undefined || count >= NO_OFFSETS_BELOW) at += count * 4;
  for (let i = 0; i < count; i++) {
    const base = high + bytes.readUInt16LE(heads + i * 4) * 65536;
    const cardinality = bytes.readUInt16LE(heads + i * 4 + 2) + 1;
    if (runs !== undefined && (((runs[i >>> 3] as number) >>> (i & 7)) & 1) === 1) {
      const pairs = bytes.readUInt16LE(at);
      at += 2;
      for (let pair = 0; pair < pairs; pair++, at += 4) {
        const first = bytes.readUInt16LE(at);
        const more = bytes.readUInt16LE(at + 2);
        for (let value = first; value <= first + more; value++) rows.push(base + value);
      }
    } else if (cardinality <= ARRAY_MOST) {
      for (let j = 0; j < cardinality; j++, at += 2) rows.push(base + bytes.readUInt16LE(at));
    } else {
      for (let word = 0; word < BITMAP_BYTES; word++) {
        const bits = bytes.readUInt8(at + word);
        for (let bit = 0; bit < 8; bit++) if (((bits >>> bit) & 1) === 1) rows.push(base + word * 8 + bit);
      }
      at += BITMAP_BYTES;
    }
  }
  return at;
}
