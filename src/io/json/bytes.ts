import type { TextBuffer } from '../../base/index.js';

/** A buffer with the methods that its declarations leave out. */
export type Bytes = Buffer & TextBuffer;

/** The same bytes as a buffer. */
export const asBytes = (bytes: Uint8Array): Bytes =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Bytes;
