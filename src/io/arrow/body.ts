import { type ReadableFile, SparrowError } from '../../base/index.js';
import { unzstd } from '../zstd/unpack-bytes.js';
import { damaged } from './flatbuffer.js';
import { decodeLz4Frame } from './lz4-frame.js';
import type { BatchMetadata, Block } from './metadata.js';

/** Most bytes of one buffer, unpacked. */
const MAX_BUFFER_BYTES = 2 ** 31 - 1;
const MAX_RATIO = 40_000;

/** A buffer of a batch, of which parts are asked for. */
export interface BodyBuffer {
  readonly length: number;
  /** Fills `into` with the bytes from `from` on. */
  read(from: number, into: Uint8Array): void;
}

/** The buffers of one batch, read and unpacked as they are asked for. */
export class Body {
  constructor(
    readonly file: ReadableFile,
    private readonly block: Block,
    private readonly batch: BatchMetadata,
    private readonly onRead: (bytes: number) => void,
  ) {}

  /** A buffer that is read as parts of it are asked for; a compressed one is unpacked whole when it is. */
  parts(index: number): BodyBuffer {
    if (this.batch.compression !== undefined) return wholeBuffer(this.buffer(index));
    const { offset, length } = this.#place(index);
    return {
      length,
      read: (from, into) => {
        this.file.readInto(into, this.block.body + offset + from, into.length);
        this.onRead(into.length);
      },
    };
  }

  #place(index: number): { readonly offset: number; readonly length: number } {
    const place = this.batch.buffers[index];
    if (place === undefined) throw damaged(`a batch has no buffer ${index}`, this.file.path, this.block.offset);
    const { offset, length } = place;
    if (length > 0 && (offset + length > this.block.bodyBytes || length > MAX_BUFFER_BYTES))
      throw damaged('a buffer lies outside of its batch', this.file.path, this.block.body);
    return place;
  }

  /** The bytes of a buffer. */
  buffer(index: number): Buffer {
    const { offset, length } = this.#place(index);
    if (length === 0) return Buffer.alloc(0);
    // Aligned for the typed arrays that are views of it.
    const bytes = Buffer.from(new ArrayBuffer(length));
    this.file.readInto(bytes, this.block.body + offset, length);
    this.onRead(length);
    return this.batch.compression === undefined ? bytes : this.#unpacked(bytes);
  }

  #unpacked(bytes: Buffer): Buffer {
    const { path } = this.file;
    if (bytes.length < 8) throw damaged('a compressed buffer is cut off', path, this.block.body);
    const length = bytes.readBigInt64LE(0);
    const packed = bytes.subarray(8);
    if (length === -1n) return aligned(packed);
    if (length < 0n || length > BigInt(MAX_BUFFER_BYTES) || Number(length) > packed.length * MAX_RATIO)
      throw damaged(`a buffer of ${length} bytes from ${packed.length}`, path, this.block.body);
    if (length === 0n) return Buffer.alloc(0);
    const out = this.#decode(packed, Number(length));
    if (out === undefined || out.length !== Number(length))
      throw damaged('a compressed buffer cannot be unpacked', path, this.block.body);
    return aligned(out);
  }

  #decode(packed: Buffer, length: number): Uint8Array | undefined {
    if (this.batch.compression === 'lz4') return decodeLz4Frame(packed, length);
    try {
      return unzstd(packed, length);
    } catch (cause) {
      throw new SparrowError('FAILED_READ_FILE', 'a buffer compressed with zstd is damaged', {
        where: `file ${this.file.path}`,
        cause,
      });
    }
  }
}

const wholeBuffer = (bytes: Buffer): BodyBuffer => ({
  length: bytes.length,
  read: (from, into) => into.set(bytes.subarray(from, from + into.length)),
});

function aligned(bytes: Uint8Array): Buffer {
  if (bytes.byteOffset % 16 === 0) return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  const copy = Buffer.from(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
