import * as zlib from 'node:zlib';
import { SparrowError, type TaskContext, type WritableFile } from '../base/index.js';
import { TextOut } from './csv/text-out.js';

/** Bytes are handed to the file when there are this many. */
const FLUSH_BYTES = 1 << 20;

/** In node:zlib since Node 22.15. */
const zstdCompress = (zlib as unknown as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync;

export const TEXT_COMPRESSIONS = ['none', 'uncompressed', 'gzip', 'zstd'] as const;
export type TextCompression = (typeof TEXT_COMPRESSIONS)[number];

/** A file of text on its way, packed piece by piece: gzip and zstd files may be made of several members. */
export class TextFile {
  readonly out = new TextOut();
  readonly #file: WritableFile;
  readonly #pack: ((bytes: Uint8Array) => Uint8Array) | undefined;
  #bytes = 0;
  #closed = false;

  constructor(
    private readonly path: string,
    compression: TextCompression,
    private readonly context: TaskContext,
  ) {
    this.#pack = packer(compression);
    this.#file = context.platform.files.create(path);
  }

  /** Hands on what was written when it is much. */
  pause(): void {
    if (this.out.length >= FLUSH_BYTES) this.flush();
  }

  flush(): void {
    const { out } = this;
    if (out.length === 0) return;
    const text = out.bytes.subarray(0, out.length);
    const bytes = this.#pack === undefined ? text : this.#pack(text);
    this.#file.write(bytes);
    this.#bytes += bytes.length;
    out.length = 0;
  }

  /** Completes the file and makes it durable; gives its bytes. */
  finish(): number {
    this.flush();
    this.#file.sync();
    this.#close();
    return this.#bytes;
  }

  abort(): void {
    this.#close();
    this.context.platform.files.remove(this.path);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

function packer(compression: TextCompression): ((bytes: Uint8Array) => Uint8Array) | undefined {
  if (compression === 'gzip') return (bytes) => zlib.gzipSync(bytes);
  if (compression !== 'zstd') return undefined;
  if (zstdCompress !== undefined) return zstdCompress;
  throw new SparrowError('CODEC_NOT_AVAILABLE', 'text cannot be compressed with zstd by this version of Node.js', {
    hint: 'use gzip, or Node.js 22.15 or later',
  });
}
