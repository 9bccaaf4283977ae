import { type RowRanges, union, without } from './row-ranges.js';
import type { RowTest } from './row-test.js';

/** Rows that are tested together. */
const BLOCK_ROWS = 128;
/** Of a block no row is wanted; any other number says by which test some row was. */
const NONE = 255;
/** When so many pages in a row were wanted, rows are not in an order that helps, and no page is asked about any more. */
const MOST_IN_VAIN = 12;
/** The row groups that a thread reads next are mostly like the one before: after one in vain there is less patience. */
let patience = MOST_IN_VAIN;

/**
 * Which rows of a row group a query may want (late materialization): tested in blocks, and only when a page that holds
 * them is about to be decoded. A page in which any row may be wanted is decoded whole.
 */
export class RowSelection {
  readonly #blocks: Uint8Array;
  readonly #mask = new Uint8Array(BLOCK_ROWS);
  readonly #leftOut: (readonly [number, number])[] = [];
  #test: RowTest | undefined;
  #tests = 0;
  #inVain = 0;
  readonly #patience = patience;

  /** `ranges`: the rows that the page index leaves. */
  constructor(
    readonly rows: number,
    private readonly ranges: RowRanges,
  ) {
    this.#blocks = new Uint8Array(Math.ceil(rows / BLOCK_ROWS));
  }

  /** From now on rows are also held against a test, which knows at least as much as the one before. */
  refine(test: RowTest | undefined): void {
    this.#test = test;
    this.#tests = Math.min(this.#tests + 1, NONE - 1);
  }

  /** Whether some row of from…to may be wanted. */
  keeps(from: number, to: number): boolean {
    return this.ranges.some(([a, b]) => a < to && b > from && this.#anyOf(Math.max(a, from), Math.min(b, to)));
  }

  /** Rows that were not decoded in some column. */
  leaveOut(from: number, to: number): void {
    this.#leftOut.push([from, to]);
  }

  /** The rows that have all their values. */
  decoded(): RowRanges {
    return without(this.rows, union(this.#leftOut));
  }

  #anyOf(from: number, to: number): boolean {
    if (this.#test === undefined || this.#inVain >= this.#patience) return true;
    const last = Math.ceil(to / BLOCK_ROWS);
    for (let block = Math.floor(from / BLOCK_ROWS); block < last; block++) {
      const state = this.#blocks[block];
      if (state !== NONE && state !== this.#tests) this.#blocks[block] = this.#look(this.#test, block * BLOCK_ROWS);
      if (this.#blocks[block] === this.#tests) {
        if (++this.#inVain >= this.#patience) patience = Math.max(1, this.#patience >> 1);
        return true;
      }
    }
    patience = MOST_IN_VAIN;
    this.#inVain = 0;
    return false;
  }

  #look(test: RowTest, from: number): number {
    const to = Math.min(this.rows, from + BLOCK_ROWS);
    const mask = this.#mask.subarray(0, to - from).fill(1);
    test(from, to, mask);
    return mask.includes(1) ? this.#tests : NONE;
  }
}
