import * as zlib from 'node:zlib';
import { type Arena, nearestNames, SparrowError } from '../../base/index.js';
import { SNAPPY_TABLE_BYTES, snappyBound, snappyKernel } from './encode-snappy.js';
import { CODECS, type CodecName } from './metadata.js';

/** Packs pages. The result may be a view that the next call overwrites. */
export interface Compressor {
  readonly name: CodecName;
  readonly code: number;
  compress(parts: readonly Uint8Array[]): Uint8Array;
}

/** In node:zlib since 22.15. */
const zstdCompress = (zlib as unknown as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync;

type Make = (arena: Arena) => Compressor['compress'];

const whole = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);

/** By the names Spark gives them. */
const COMPRESSORS: Readonly<Record<string, readonly [CodecName, Make | undefined]>> = {
  none: ['uncompressed', () => whole],
  uncompressed: ['uncompressed', () => whole],
  snappy: ['snappy', (arena) => snappyIn(arena)],
  gzip: ['gzip', () => (parts) => zlib.gzipSync(whole(parts))],
  brotli: [
    'brotli',
    () => (parts) => zlib.brotliCompressSync(whole(parts), { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ],
  zstd: ['zstd', zstdCompress === undefined ? undefined : () => (parts) => zstdCompress(whole(parts))],
};

export function compressorNamed(option: string, arena: Arena): Compressor {
  const entry = COMPRESSORS[option.toLowerCase()];
  const usable = Object.keys(COMPRESSORS).filter((name) => COMPRESSORS[name]?.[1] !== undefined);
  if (entry === undefined) {
    throw new SparrowError(
      'CODEC_NOT_AVAILABLE',
      `Parquet files cannot be written with the compression ${JSON.stringify(option)}`,
      {
        where: 'parquet options',
        candidates: nearestNames(option, usable, 3),
        hint: `use one of ${usable.join(', ')}`,
      },
    );
  }
  const [name, make] = entry;
  if (make === undefined) {
    throw new SparrowError('CODEC_NOT_AVAILABLE', `this Node.js cannot compress with ${name}`, {
      where: 'parquet options',
      hint: `run Node.js 22.15 or later, or set the option compression to one of ${usable.join(', ')}`,
    });
  }
  return { name, code: CODECS.indexOf(name), compress: make(arena) };
}

/** Snappy works on the shared heap: bytes that are elsewhere go in, and all come out, through areas that grow as pages do. */
function snappyIn(arena: Arena): Compressor['compress'] {
  const { heap } = arena;
  const table = arena.alloc(SNAPPY_TABLE_BYTES);
  let capacity = 0;
  let source = 0;
  let target = 0;
  return (parts) => {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > capacity) {
      capacity = Math.max(1 << 16, Math.ceil(bytes * 1.25));
      source = arena.alloc(capacity);
      target = arena.alloc(snappyBound(capacity));
    }
    const [first] = parts;
    let from = source;
    if (parts.length === 1 && first !== undefined && first.buffer === heap.u8.buffer) from = first.byteOffset;
    else
      parts.reduce((at, part) => {
        heap.u8.set(part, at);
        return at + part.length;
      }, source);
    const end = snappyKernel(heap).compress(from, from + bytes, target, table) >>> 0;
    return heap.u8.subarray(target, end);
  };
}
