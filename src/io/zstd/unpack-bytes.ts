import { SharedHeap } from '../../base/index.js';
import { PATTERN_BYTES, patternBytes } from '../parquet/kernels/index.js';
import { unpackZstd } from './decode.js';
import { MAX_BLOCK_BYTES, SPACE } from './space.js';
import { damaged } from './tables.js';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
/** What a kernel may write behind the target. */
const SLACK_BYTES = 64;
/** What a memory has besides, for its arenas. */
const ROOM_BYTES = 1 << 20;
/** A memory of this size is kept for the next bytes. */
const KEPT_BYTES = 1 << 24;

let kept: SharedHeap | undefined;

function heapFor(bytes: number): SharedHeap {
  if (bytes > KEPT_BYTES) return SharedHeap.create(bytes);
  kept ??= SharedHeap.create(KEPT_BYTES);
  return kept;
}

/**
 * The content of frames of Zstandard (RFC 8878), their checksums verified, where it is not in the session's memory: in one
 * of its own. Throws when they are damaged, are cut off, need a dictionary, or hold more than `mostBytes`.
 */
export function unzstd(bytes: Uint8Array, mostBytes: number): Buffer<ArrayBuffer> {
  const most = mostContent(bytes);
  const targetBytes = Math.min(most, mostBytes);
  const needed = bytes.length + targetBytes + SPACE.BYTES + PATTERN_BYTES + ROOM_BYTES;
  const heap = heapFor(needed);
  const arena = heap.newArena('zstd');
  try {
    const [source, target, space, patterns] = [bytes.length, targetBytes + SLACK_BYTES, SPACE.BYTES, PATTERN_BYTES].map(
      (size) => arena.alloc(size),
    ) as [number, number, number, number];
    heap.u8.set(bytes, source);
    heap.u8.set(patternBytes(), patterns);
    const block = { heap, source, sourceBytes: bytes.length, target, targetBytes, space, patterns };
    const size = unpackZstd(block, false);
    const out = Buffer.from(new ArrayBuffer(size));
    out.set(heap.u8.subarray(target, target + size));
    return out;
  } finally {
    heap.releaseArena(arena.id);
  }
}

/** Most bytes that frames hold: what their blocks can, by their headers. */
function mostContent(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = (at: number, size: number): number => {
    if (at + size > view.length) throw damaged('it ends early');
    return size === 0 ? 0 : view.readUIntLE(at, size);
  };
  let [at, most] = [0, 0];
  while (at < view.length) {
    const magic = number(at, 4);
    if ((magic & ~15) >>> 0 === SKIPPABLE) {
      at += 8 + number(at + 4, 4);
      continue;
    }
    if (magic !== MAGIC) throw damaged('it does not begin as a frame does');
    const flags = number(at + 4, 1);
    const isSingle = (flags & 32) !== 0;
    at +=
      5 +
      (isSingle ? 0 : 1) +
      ([0, 1, 2, 4][flags & 3] as number) +
      ([isSingle ? 1 : 0, 2, 4, 8][flags >>> 6] as number);
    for (let isLast = false; !isLast; ) {
      const head = number(at, 3);
      const [kind, size] = [(head >>> 1) & 3, head >>> 3];
      isLast = (head & 1) === 1;
      most += kind === 2 ? MAX_BLOCK_BYTES : size;
      at += 3 + (kind === 1 ? 1 : size);
    }
    if ((flags & 4) !== 0) at += 4;
  }
  return most;
}
