import type { FileSystem } from '../../base/index.js';

const CHUNK_BYTES = 1 << 20;

/** The line of a byte of a file, from 1; only messages about errors ask. */
export function lineOf(files: FileSystem, path: string, position: number): number {
  const file = files.open(path);
  try {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(1, position)));
    let line = 1;
    let previous = 0;
    for (let at = 0; at < position; at += chunk.length) {
      const length = Math.min(chunk.length, position - at);
      file.readInto(chunk, at, length);
      for (let i = 0; i < length; i++) {
        const byte = chunk[i] as number;
        if (byte === 13 || (byte === 10 && previous !== 13)) line++;
        previous = byte;
      }
    }
    return line;
  } finally {
    file.close();
  }
}
