import * as zlib from 'node:zlib';
import { type ReadableFile, SparrowError } from '../../base/index.js';
import { bzip2Pieces } from '../bzip2.js';
import { unpackSnappy } from '../snappy.js';
import { unzstd } from '../zstd/unpack-bytes.js';
import { AvroCursor, damagedAvro } from './cursor.js';

/** What the head of a container file says. */
export interface AvroHeader {
  readonly schema: string;
  readonly codec: string;
  /** Stands behind every block. */
  readonly sync: Buffer;
  /** All that the head says, by name. */
  readonly entries: ReadonlyMap<string, Buffer>;
  /** Where the first block begins. */
  readonly end: number;
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_BYTES = 16;
const FIRST_READ = 1 << 16;
const MAX_HEADER = 1 << 26;
const MAX_BLOCK = 1 << 30;

/** Unpacks a block to at most so many bytes; undefined when it is damaged. */
const CODECS: Readonly<Record<string, (bytes: Buffer, most: number) => Uint8Array | undefined>> = {
  null: (bytes) => bytes,
  deflate: (bytes, most) => zlib.inflateRawSync(bytes, { maxOutputLength: most }),
  // Behind the block come four bytes of a checksum of what it holds.
  snappy: (bytes, most) => {
    const out = bytes.length < 4 ? undefined : unpackSnappy(bytes.subarray(0, -4), most);
    return out !== undefined && zlib.crc32(out) === bytes.readUInt32BE(bytes.length - 4) ? out : undefined;
  },
  zstandard: unzstd,
  bzip2: (bytes, most) => {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (const piece of bzip2Pieces([bytes])) {
      size += piece.length;
      if (size > most) return undefined;
      pieces.push(piece.slice());
    }
    return Buffer.concat(pieces);
  },
};

/** Reads the head of a container file (avro.apache.org, "Object Container Files"). */
export function readHeader(file: ReadableFile): AvroHeader {
  for (let size = Math.min(FIRST_READ, file.size); ; size = Math.min(size * 8, file.size)) {
    const bytes = Buffer.alloc(size);
    file.readInto(bytes, 0, size);
    if (size < MAGIC.length || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw damagedAvro('it does not begin as Avro files do', file.path);
    }
    try {
      return headerOf(new AvroCursor(bytes, file.path));
    } catch (error) {
      if (size === file.size || size > MAX_HEADER) throw error;
    }
  }
}

function headerOf(cursor: AvroCursor): AvroHeader {
  cursor.at = MAGIC.length;
  const entries = new Map<string, Buffer>();
  cursor.items(() => entries.set(cursor.text(), cursor.counted()));
  const schema = entries.get('avro.schema')?.toString('utf8');
  if (schema === undefined) throw cursor.damaged('it has no schema');
  const codec = entries.get('avro.codec')?.toString('utf8') ?? 'null';
  if (!Object.hasOwn(CODECS, codec)) {
    throw new SparrowError('UNSUPPORTED_FEATURE.AVRO_CODEC', `Avro blocks compressed with ${codec} cannot be read`, {
      where: `file ${cursor.path}`,
      hint: `no library here unpacks it: write the file again with one of ${Object.keys(CODECS).join(', ')}`,
    });
  }
  const sync = Buffer.from(cursor.fixed(SYNC_BYTES));
  return { schema, codec, sync, entries, end: cursor.at };
}

/** One block, unpacked: so many values one after the other. */
export interface AvroBlock {
  readonly count: number;
  readonly cursor: AvroCursor;
}

/** The blocks that begin at or after a sync mark in `start..end`; the first ones of the file from `header.end`. */
export function* blocksOf(
  file: ReadableFile,
  header: AvroHeader,
  { start, end }: { readonly start: number; readonly end: number },
  onRead?: (bytes: number) => void,
  mostBytes = MAX_BLOCK,
): Generator<AvroBlock> {
  const most = Math.min(mostBytes, MAX_BLOCK);
  let at = start <= header.end ? header.end : behindSync(file, header, start);
  while (at < end && at < file.size) {
    const head = Buffer.alloc(Math.min(20, file.size - at));
    file.readInto(head, at, head.length);
    const numbers = new AvroCursor(head, file.path);
    const [count, size] = [numbers.int(), numbers.int()];
    const body = at + numbers.at;
    if (count < 0 || size < 0 || size > most || body + size + SYNC_BYTES > file.size) {
      throw damagedAvro(`a block of ${count} values and ${size} bytes at byte ${at}`, file.path);
    }
    const bytes = Buffer.allocUnsafe(size + SYNC_BYTES);
    file.readInto(bytes, body, bytes.length);
    onRead?.(bytes.length);
    if (!bytes.subarray(size).equals(header.sync)) {
      throw damagedAvro(`the block at byte ${at} does not end with the file's mark`, file.path);
    }
    yield { count, cursor: new AvroCursor(unpacked(bytes.subarray(0, size), most, header, file.path, at), file.path) };
    at = body + size + SYNC_BYTES;
  }
}

function unpacked(bytes: Buffer, most: number, { codec }: AvroHeader, path: string, at: number): Buffer {
  let out: Uint8Array | undefined;
  let cause: unknown;
  try {
    out = CODECS[codec]?.(bytes, most);
  } catch (error) {
    cause = error;
  }
  if (out === undefined) throw damagedAvro(`the block at byte ${at} cannot be unpacked (${codec})`, path, cause);
  return Buffer.from(out.buffer as ArrayBuffer, out.byteOffset, out.byteLength);
}

/** Where the first block after a mark begins that ends at `start` or later. */
function behindSync(file: ReadableFile, { sync }: AvroHeader, start: number): number {
  const step = 1 << 20;
  for (let from = start - SYNC_BYTES; from < file.size; from += step) {
    const bytes = Buffer.alloc(Math.min(step + SYNC_BYTES - 1, file.size - from));
    file.readInto(bytes, from, bytes.length);
    const found = bytes.indexOf(sync);
    if (found >= 0) return from + found + SYNC_BYTES;
  }
  return file.size;
}
