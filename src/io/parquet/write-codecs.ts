import * as zlib from 'node:zlib';
import { type Arena, nearestNames, SparrowError } from '../../base/index.js';
import { lz4Packer } from './encode-lz4.js';
import { SNAPPY_TABLE_BYTES, snappyBound, snappyKernel } from './encode-snappy.js';
import { CODECS, type CodecName } from './metadata.js';

/** Packs pages. The result may be a view that the next call overwrites. */
export interface Compressor {
  readonly name: CodecName;
  readonly code: number;
  compress(parts: readonly Uint8Array[]): Uint8Array;
}

/** In node:zlib since 22.15. */
const zstdCompress = (zlib as unknown as { zstdCompressSync?: (bytes: Uint8Array, options: object) => Uint8Array })
  .zstdCompressSync;
/** ZSTD_c_compressionLevel. */
const ZSTD_LEVEL = 100;

type Make = (arena: Arena, level: number | undefined) => Compressor['compress'];

const whole = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);

/** A function of node:zlib with its level. */
const zlibMaker =
  (pack: (bytes: Uint8Array, options: object) => Uint8Array, options: (level: number | undefined) => object): Make =>
  (_, level) =>
  (parts) =>
    pack(whole(parts), options(level));
const parameter = (key: number, level: number | undefined): object =>
  level === undefined ? {} : { params: { [key]: level } };

const lz4Raw: Make = () => {
  const pack = lz4Packer();
  return (parts) => pack(whole(parts));
};

/** Readers unpack into so many bytes at once. */
const HADOOP_BYTES = 128 << 10;

/** LZ4 as Hadoop frames it: blocks behind their sizes, unpacked and packed. */
const lz4Hadoop: Make = () => {
  const pack = lz4Packer();
  return (parts) => {
    const bytes = whole(parts);
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += HADOOP_BYTES) {
      const plain = bytes.subarray(at, at + HADOOP_BYTES);
      const packed = pack(plain);
      const block = Buffer.alloc(8 + packed.length);
      block.writeUInt32BE(plain.length);
      block.writeUInt32BE(packed.length, 4);
      block.set(packed, 8);
      out.push(block);
    }
    return whole(out);
  };
};

/** By the names Spark gives them, with the levels each knows. */
const COMPRESSORS: Readonly<Record<string, readonly [CodecName, Make | undefined, ...levels: number[]]>> = {
  none: ['uncompressed', () => whole],
  uncompressed: ['uncompressed', () => whole],
  snappy: ['snappy', (arena) => snappyIn(arena)],
  lz4: ['lz4', lz4Hadoop],
  lz4raw: ['lz4_raw', lz4Raw],
  lz4_raw: ['lz4_raw', lz4Raw],
  gzip: ['gzip', zlibMaker(zlib.gzipSync, (level) => (level === undefined ? {} : { level })), 1, 9],
  brotli: [
    'brotli',
    zlibMaker(zlib.brotliCompressSync, (level = 4) => parameter(zlib.constants.BROTLI_PARAM_QUALITY, level)),
    1,
    11,
  ],
  zstd: ['zstd', zstdCompress && zlibMaker(zstdCompress, (level) => parameter(ZSTD_LEVEL, level)), 1, 22],
};

export function compressorNamed(option: string, arena: Arena, level?: number): Compressor {
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
  const [name, make, least = 0, most = -1] = entry;
  if (make === undefined) {
    throw new SparrowError('CODEC_NOT_AVAILABLE', `this Node.js cannot compress with ${name}`, {
      where: 'parquet options',
      hint: `run Node.js 22.15 or later, or set the option compression to one of ${usable.join(', ')}`,
    });
  }
  if (level !== undefined && !(level >= least && level <= most)) {
    throw new SparrowError('INVALID_OPTION', `the compression ${name} has no level ${level}`, {
      where: 'parquet options',
      hint: most < 0 ? 'gzip, brotli and zstd have levels' : `its levels are ${least} to ${most}`,
    });
  }
  return { name, code: CODECS.indexOf(name), compress: make(arena, level) };
}

const snappies = new WeakMap<Arena, Compressor['compress']>();

/** All files that a task writes compress in the same areas: what comes out is written before more goes in. */
function snappyIn(arena: Arena): Compressor['compress'] {
  let known = snappies.get(arena);
  if (known === undefined) {
    known = newSnappy(arena);
    snappies.set(arena, known);
  }
  return known;
}

/** Snappy works on the shared heap: bytes that are elsewhere go in, and all come out, through areas that grow as pages do. */
function newSnappy(arena: Arena): Compressor['compress'] {
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
