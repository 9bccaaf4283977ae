import type { Arena } from '../../base/index.js';

/** Kernels may read and write this far past the end of what they are given. */
export const KERNEL_SLACK = 64;

/** An area of more bytes than this grows by a quarter of it. */
const LARGE_BYTES = 1 << 23;

/** What scratch memory is used for; each use has an area of its own. */
export type ScratchUse =
  | 'file'
  | 'page'
  | 'codec'
  | 'indices'
  | 'physical'
  | 'values'
  | 'lengths'
  | 'suffixes'
  | 'levels'
  | 'strings';

/**
 * Scratch areas of a task, reused from page to page and column to column: the first touch of memory is dear, and an
 * arena gives nothing back before its end.
 */
export class Scratch {
  readonly #areas = new Map<ScratchUse, { address: number; bytes: number }>();

  constructor(private readonly arena: Arena) {}

  /** At least `bytes` bytes and slack. What an area held is lost when it grows. */
  get(use: ScratchUse, bytes: number): number {
    const area = this.#areas.get(use);
    if (area !== undefined && area.bytes >= bytes) return area.address;
    // Half as much again, so that slowly growing pages do not leave a trail of old areas.
    const more = bytes > LARGE_BYTES ? LARGE_BYTES / 4 : bytes / 2;
    const wanted = area === undefined ? Math.max(bytes, 1 << 16) : Math.ceil(bytes + more);
    const address = this.arena.alloc(wanted + KERNEL_SLACK);
    this.#areas.set(use, { address, bytes: wanted });
    return address;
  }
}
