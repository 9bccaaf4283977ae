import {
  type Arena,
  type FileSystem,
  type Platform,
  type ReadableFile,
  SparrowError,
  type WritableFile,
} from '../base/index.js';
import { checksum } from './checksum.js';
import { SNAPPY_TABLE_BYTES, snappyBound, snappyKernel } from './parquet/encode-snappy.js';
import { kernelsFor, PATTERN_BYTES, patternBytes } from './parquet/kernels/index.js';

/** Smaller blocks are written together, in pieces of so many bytes … */
const STAGE_BYTES = 1 << 18;
/** … and larger ones by themselves: copying them costs more than another write. */
const ALONE_BYTES = 1 << 16;

/** Bytes of the heap that were put into a file of our own: compressed with Snappy where that saves something. */
export interface FileBlock {
  readonly offset: number;
  readonly storedBytes: number;
  readonly bytes: number;
  /** Of the bytes as stored. */
  readonly checksum: number;
}

type Way = 'packed' | 'plain';

/** So often the dearer way is tried again: a disk may have become busy. */
const TRY_AGAIN = 128;
/** What a write took says so much of what its way costs, and more when it took less than expected: */
const NEWS = 0.25;
const GOOD_NEWS = 0.5;
/** a thread that waited for the processor says nothing of the disk, so that one write counts for no more than twice as dear. */
const MOST_NEWS = 2;

/** What a byte costs to write when it is compressed before, and when it is not: that depends on the disk. */
class Costs {
  readonly #ms: Record<Way, number> = { packed: 0, plain: 0 };
  #writes = 0;

  cheaper(): Way {
    const { packed, plain } = this.#ms;
    const [best, other]: readonly [Way, Way] = packed < plain ? ['packed', 'plain'] : ['plain', 'packed'];
    return this.#ms[best] > 0 && this.#writes++ % TRY_AGAIN === 0 ? other : best;
  }

  note(way: Way, ms: number): void {
    const known = this.#ms[way];
    const told = Math.min(ms, known * MOST_NEWS) - known;
    this.#ms[way] = known === 0 ? ms : known + told * (told < 0 ? GOOD_NEWS : NEWS);
  }
}

const costs = new WeakMap<Platform, Costs>();

function costsOf(platform: Platform): Costs {
  const known = costs.get(platform) ?? new Costs();
  costs.set(platform, known);
  return known;
}

/** Puts pieces of the heap into a temporary file, one after the other. */
export class BlockWriter {
  readonly #file: WritableFile;
  readonly #table: number;
  readonly #costs: Costs;
  readonly #stage: number;
  #staged = 0;
  #target = 0;
  #capacity = 0;
  /** Where the next block will be in the file. */
  #size = 0;
  #way: Way;
  /** What was written this way since the file was last written to, and how long that took. */
  #bytes = 0;
  #ms = 0;

  /** `arena` gives the room to compress in. */
  constructor(
    private readonly platform: Platform,
    readonly path: string,
    private readonly arena: Arena,
  ) {
    this.#file = platform.files.create(path);
    this.#costs = costsOf(platform);
    this.#table = arena.alloc(SNAPPY_TABLE_BYTES);
    this.#stage = arena.alloc(STAGE_BYTES);
    this.#way = this.#costs.cheaper();
  }

  write(address: number, bytes: number): FileBlock {
    const { heap } = this.arena;
    const { clock } = this.platform;
    const began = clock.monotonic();
    const end = this.#way === 'packed' ? this.#compress(address, bytes) : undefined;
    const from = end === undefined ? address : this.#target;
    const storedBytes = end === undefined ? bytes : end - from;
    const block = { offset: this.#size, storedBytes, bytes, checksum: checksum(heap, from, storedBytes) };
    this.#size += storedBytes;
    const isAlone = storedBytes > ALONE_BYTES;
    const isFull = isAlone || this.#staged + storedBytes > STAGE_BYTES;
    if (isFull) this.#flush();
    if (isAlone) this.#file.write(heap.u8.subarray(from, from + storedBytes));
    else {
      heap.copy(this.#stage + this.#staged, from, storedBytes);
      this.#staged += storedBytes;
    }
    this.#bytes += bytes;
    this.#ms += clock.monotonic() - began;
    if (isFull) this.#reckon();
    return block;
  }

  close(): void {
    try {
      this.#flush();
    } finally {
      this.#file.close();
    }
  }

  /** Closes the file without what is not in it yet. */
  discard(): void {
    this.#file.close();
  }

  #flush(): void {
    if (this.#staged > 0) this.#file.write(this.arena.heap.u8.subarray(this.#stage, this.#stage + this.#staged));
    this.#staged = 0;
  }

  #reckon(): void {
    this.#costs.note(this.#way, this.#ms / this.#bytes);
    this.#way = this.#costs.cheaper();
    this.#bytes = 0;
    this.#ms = 0;
  }

  /** The end of what they become; undefined when that is not less. */
  #compress(address: number, bytes: number): number | undefined {
    const { heap } = this.arena;
    if (bytes > this.#capacity) {
      this.#capacity = roomFor(bytes);
      this.#target = this.arena.alloc(snappyBound(this.#capacity));
    }
    const end = snappyKernel(heap).compress(address, address + bytes, this.#target, this.#table) >>> 0;
    return end - this.#target < bytes ? end : undefined;
  }
}

/** Gets back what BlockWriters put away. Damage is an error, never a wrong value. */
export class BlockReader {
  #patterns = 0;
  #source = 0;
  #capacity = 0;

  /** `arena` gives the room for what is compressed. */
  constructor(
    private readonly files: FileSystem,
    private readonly arena: Arena,
  ) {}

  /** Opens a file for as long as `body` reads blocks of it; each fills its bytes at a target with slack behind it. */
  within<T>(path: string, body: (read: (block: FileBlock, target: number) => void) => T): T {
    const file = this.files.open(path);
    try {
      return body((block, target) => this.#read(file, block, target));
    } finally {
      file.close();
    }
  }

  #read(file: ReadableFile, block: FileBlock, target: number): void {
    const { heap } = this.arena;
    const plain = block.storedBytes === block.bytes;
    const source = plain ? target : this.#room(block.storedBytes);
    const end = source + block.storedBytes;
    const stored = heap.u8.subarray(source, end);
    file.readInto(stored, block.offset, block.storedBytes);
    if (checksum(heap, source, block.storedBytes) !== block.checksum) throw damaged(file, block);
    if (plain) return;
    const whole = kernelsFor(heap).snappy(source, end, target, target + block.bytes, this.#patterns);
    if (whole !== 1) throw damaged(file, block);
  }

  #room(bytes: number): number {
    if (this.#patterns === 0) {
      this.#patterns = this.arena.alloc(PATTERN_BYTES);
      this.arena.heap.u8.set(patternBytes(), this.#patterns);
    }
    if (bytes > this.#capacity) {
      this.#capacity = roomFor(bytes);
      this.#source = this.arena.alloc(this.#capacity + DECODE_SLACK_BYTES);
    }
    return this.#source;
  }
}

function damaged(file: ReadableFile, block: FileBlock): SparrowError {
  return new SparrowError('SPILL_FILE_CORRUPT', `the block at byte ${block.offset} is not what was written there`, {
    where: `file ${file.path}`,
    hint: 'the disk under the option spillDirectory loses data, or another program wrote to the file',
  });
}

/** Room grows by doubling, since an arena does not take the smaller one back. */
function roomFor(bytes: number): number {
  let room = 1 << 16;
  while (room < bytes) room *= 2;
  return room;
}

/** The decompressor may look and write this far past the end. */
export const DECODE_SLACK_BYTES = 64;
