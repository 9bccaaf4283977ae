import type { ReadableFile } from '../../base/index.js';
import type { TextIndex } from './text-index.js';

/** Reads `start`…`end` of a file into the index as far as there is room. Returns where it stopped. */
export function fillFrom(file: ReadableFile, index: TextIndex, start: number, end: number): number {
  const { address, bytes } = index.room();
  const length = Math.min(bytes, end - start);
  file.readInto(index.arena.heap.u8.subarray(address, address + length), start, length);
  index.added(length, start + length === end);
  return start + length;
}

/** Puts bytes into the index as far as there is room; returns how many. */
export function addBytes(index: TextIndex, bytes: Uint8Array): number {
  const { address, bytes: room } = index.room();
  const length = Math.min(room, bytes.length);
  index.arena.heap.u8.set(bytes.subarray(0, length), address);
  index.added(length, false);
  return length;
}
