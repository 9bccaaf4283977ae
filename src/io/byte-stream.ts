import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { type ReadableFile, SparrowError, type TaskContext } from '../base/index.js';
import { wholeFrames } from './zstd-frames.js';

const CHUNK_BYTES = 1 << 20;

/** What a stream of bytes is unpacked with, by the file's extension. */
const DECODERS: Readonly<Record<string, () => Transform>> = {
  '.gz': () => zlib.createGunzip(),
  '.gzip': () => zlib.createGunzip(),
  '.deflate': () => zlib.createInflate(),
  '.br': () => zlib.createBrotliDecompress(),
};
/** In node:zlib since Node 22.15. */
const createZstd = (zlib as unknown as { createZstdDecompress?: () => Transform }).createZstdDecompress;
const UNREADABLE = ['.lz4', '.snappy', '.xz', '.zip'];

/** A line or record of text is held whole, in a part of the memory; and no text of JavaScript is longer. */
export const mostRecordBytes = ({ arena }: TaskContext): number => Math.min(512 << 20, arena.heap.limitBytes / 4);

/** Unpacks a file piece by piece. */
type Unpack = (file: ReadableFile) => AsyncIterable<Uint8Array>;

/** Without zstd in node:zlib a file is unpacked as a whole, up to this many bytes on either side. */
const MAX_WHOLE_BYTES = 1 << 30;

/** The way to unpack what a path ends with, or undefined; refuses kinds that cannot be read. */
export function decompressorOf(path: string): Unpack | undefined {
  const extension = /\.[a-z0-9]+$/i.exec(path)?.[0].toLowerCase() ?? '';
  if (UNREADABLE.includes(extension)) {
    throw new SparrowError('CODEC_NOT_AVAILABLE', `files compressed as ${extension} cannot be read`, {
      where: `file ${path}`,
      hint: `decompress the file first, or use ${Object.keys(DECODERS).join(', ')}, .bz2, .zst`,
    });
  }
  if (extension === '.bz2') return bzip2;
  if (extension === '.zst' && createZstd === undefined) return wholeZstd;
  if (extension === '.zst' && createZstd !== undefined) {
    return (file) => through(file, wholeFrames(rawChunks(file)), createZstd());
  }
  const create = DECODERS[extension];
  return create === undefined ? undefined : (file) => through(file, rawChunks(file), create());
}

async function* bzip2(file: ReadableFile): AsyncGenerator<Uint8Array> {
  const { unpackBzip2, DamagedBzip2 } = await import('./bzip2.js');
  try {
    yield* unpackBzip2(rawChunks(file));
  } catch (cause) {
    if (!(cause instanceof DamagedBzip2)) throw cause;
    throw new SparrowError('FAILED_READ_FILE', `the file cannot be decompressed: ${cause.message}`, {
      where: `file ${file.path}`,
      cause,
    });
  }
}

async function* wholeZstd(file: ReadableFile): AsyncGenerator<Uint8Array> {
  const [{ unzstd }, { TOO_MANY_BYTES, ZstdError }] = await Promise.all([
    import('./zstd/unpack-bytes.js'),
    import('./zstd/tables.js'),
  ]);
  const packed = Buffer.concat([...rawChunks(file)]);
  let text: Uint8Array;
  try {
    text = unzstd(packed, MAX_WHOLE_BYTES);
  } catch (cause) {
    if (!(cause instanceof ZstdError)) throw cause;
    const hint = 'Node.js 22.15 and later also unpack files of more than 1 GiB';
    throw new SparrowError('FAILED_READ_FILE', `the file cannot be decompressed: ${cause.message}`, {
      where: `file ${file.path}`,
      ...(cause.message === TOO_MANY_BYTES ? { hint } : {}),
      cause,
    });
  }
  for (let at = 0; at < text.length; at += CHUNK_BYTES) yield text.subarray(at, at + CHUNK_BYTES);
}

const isUtf8Name = (encoding: string): boolean =>
  encoding === 'utf-8' || encoding === 'utf8' || encoding === 'us-ascii';

/** Whether the bytes of a file are the text as it is, so that ranges of it can be read. */
export function isPlain(path: string, encoding: string): boolean {
  return decompressorOf(path) === undefined && isUtf8Name(encoding);
}

/** The UTF-8 text of a compressed file or one in another encoding, piece by piece. */
export async function* decodedChunks(file: ReadableFile, encoding: string): AsyncGenerator<Uint8Array> {
  const decompress = decompressorOf(file.path);
  const chunks = decompress === undefined ? rawChunks(file) : decompress(file);
  if (isUtf8Name(encoding)) {
    yield* chunks;
    return;
  }
  const decoder = decoderOf(encoding, file.path);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text.length > 0) yield Buffer.from(text, 'utf8');
  }
  const rest = decoder.decode();
  if (rest.length > 0) yield Buffer.from(rest, 'utf8');
}

function decoderOf(encoding: string, path: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(encoding === 'utf-16' ? 'utf-16le' : encoding);
  } catch (cause) {
    throw new SparrowError('INVALID_PARAMETER_VALUE.CHARSET', `the encoding ${JSON.stringify(encoding)} is unknown`, {
      where: `file ${path}`,
      hint: 'use utf-8, utf-16le, utf-16be, iso-8859-1 or another name of the WHATWG encoding standard',
      cause,
    });
  }
}

function* rawChunks(file: ReadableFile): Generator<Uint8Array> {
  for (let at = 0; at < file.size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.size - at));
    file.readInto(chunk, at, chunk.length);
    at += chunk.length;
    yield chunk;
  }
}

/** One raw piece goes in, then all that comes out of it: never more than a few pieces are in memory. */
async function* through(
  file: ReadableFile,
  raw: Iterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  const feed = async (): Promise<void> => {
    for (const chunk of raw) {
      if (!transform.write(chunk)) await new Promise<void>((resume) => transform.once('drain', resume));
      if (transform.destroyed) return;
    }
    transform.end();
  };
  transform.once('close', () => transform.emit('drain'));
  feed().catch((error: unknown) => {
    failure = error;
    transform.destroy();
  });
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
    if (failure !== undefined) throw failure;
  } catch (cause) {
    if (cause instanceof SparrowError) throw cause;
    throw new SparrowError('FAILED_READ_FILE', `the file cannot be decompressed: ${(cause as Error).message}`, {
      where: `file ${file.path}`,
      hint: 'check that the file was written and copied completely',
      cause,
    });
  } finally {
    transform.destroy();
  }
}
