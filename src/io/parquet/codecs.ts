import * as zlib from 'node:zlib';
import { type SharedHeap, SparrowError } from '../../base/index.js';
import { unpackZstd } from '../zstd/decode.js';
import { SPACE } from '../zstd/space.js';
import type { Kernels } from './kernels/index.js';
import type { CodecName } from './metadata.js';

/** Where a codec works: bytes of the shared heap, with 64 bytes to spare behind the target. */
export interface Block {
  readonly heap: SharedHeap;
  readonly kernels: Kernels;
  /** Address of the kernels' pattern table. */
  readonly patterns: number;
  readonly source: number;
  readonly sourceBytes: number;
  readonly target: number;
  readonly targetBytes: number;
  /** Scratch memory. */
  space(bytes: number): number;
}

/** A way to compress pages: one entry in the list. */
export interface Codec {
  readonly name: CodecName;
  /** Most bytes one compressed byte can stand for: a page that announces more is damaged. */
  readonly maxRatio: number;
  /** Fills the target exactly; false (or a throw) when the bytes are damaged. */
  decompress(block: Block): boolean;
}

const ANY_RATIO = Number.POSITIVE_INFINITY;

const snappy: Codec = {
  name: 'snappy',
  maxRatio: 64,
  decompress: ({ kernels, source, sourceBytes, target, targetBytes, patterns }) =>
    kernels.snappy(source, source + sourceBytes, target, target + targetBytes, patterns) === 1,
};

const lz4Raw: Codec = {
  name: 'lz4_raw',
  maxRatio: 256,
  decompress: ({ kernels, source, sourceBytes, target, targetBytes, patterns }) =>
    kernels.lz4(source, source + sourceBytes, target, target + targetBytes, patterns) === 1,
};

/** The old LZ4: Hadoop's frames of lengths and blocks, which some writers left out. */
const lz4: Codec = {
  name: 'lz4',
  maxRatio: 256,
  decompress: (block) => hadoopLz4(block) || lz4Raw.decompress(block),
};

const gzip: Codec = {
  name: 'gzip',
  maxRatio: 1100,
  decompress: (block) =>
    fill(block, (bytes) =>
      zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, block.targetBytes), chunkSize: chunkSize(block) }),
    ),
};

const brotli: Codec = {
  name: 'brotli',
  maxRatio: ANY_RATIO,
  decompress: (block) =>
    fill(block, (bytes) =>
      zlib.brotliDecompressSync(bytes, {
        maxOutputLength: Math.max(1, block.targetBytes),
        chunkSize: chunkSize(block),
      }),
    ),
};

const zstd: Codec = {
  name: 'zstd',
  // Four bytes can stand for a block of 128 KiB.
  maxRatio: 32768,
  decompress(block) {
    const { heap, source, sourceBytes, target, targetBytes, patterns } = block;
    unpackZstd({ heap, source, sourceBytes, target, targetBytes, patterns, space: block.space(SPACE.BYTES) });
    return true;
  },
};

const codecs: readonly Codec[] = [snappy, zstd, gzip, lz4Raw, lz4, brotli];

/** The codec of a name; `uncompressed` is none. */
export function codecNamed(name: CodecName): Codec {
  const codec = codecs.find((c) => c.name === name);
  if (codec !== undefined) return codec;
  throw new SparrowError('UNSUPPORTED_PARQUET_FEATURE', `pages compressed with ${name} cannot be read`, {
    hint: `write the file again with one of ${codecs.map((c) => c.name).join(', ')}`,
  });
}

/** zlib hands out the result in one piece when its chunks are as large. */
function chunkSize(block: Block): number {
  return Math.min(Math.max(64, block.targetBytes + 1), 1 << 26);
}

function fill(block: Block, decompress: (bytes: Uint8Array) => Uint8Array): boolean {
  const { heap, source, sourceBytes, target, targetBytes } = block;
  const out = decompress(heap.u8.subarray(source, source + sourceBytes));
  if (out.length !== targetBytes) return false;
  heap.u8.set(out, target);
  return true;
}

function hadoopLz4(block: Block): boolean {
  const { heap, kernels, patterns } = block;
  const view = new DataView(heap.memory.buffer);
  let { source, target } = block;
  const [end, targetEnd] = [source + block.sourceBytes, target + block.targetBytes];
  while (source < end) {
    if (end - source < 8) return false;
    const [plain, packed] = [view.getUint32(source, false), view.getUint32(source + 4, false)];
    source += 8;
    if (packed > end - source || plain > targetEnd - target) return false;
    if (kernels.lz4(source, source + packed, target, target + plain, patterns) !== 1) return false;
    source += packed;
    target += plain;
  }
  return target === targetEnd;
}
