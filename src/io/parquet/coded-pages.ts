import type { GroupContext } from './chunk-pages.js';
import { type CodedWidth, codedKernels, MAX_CODED_BITS } from './kernels/coded.js';
import type { PageValues } from './sink.js';

/** Looks dictionary indices up while they are unpacked: pages whose dictionary is small need no array of indices. */
export class CodedPages {
  #bits = 0;
  /** The entries, filled up with one that is not among them to as many as the indices of a page could name. */
  #table = 0;
  /** Sixteen bytes of the entry that is not among them; 0 when there is none. */
  #absent = 0;

  /** `entries` of `bytes` bytes each lie at `dictionary`. */
  constructor(
    private readonly group: GroupContext,
    private readonly dictionary: number,
    private readonly entries: number,
    private readonly bytes: CodedWidth,
  ) {}

  /**
   * Writes a page's values to `target`, and up to 56 bytes behind them; false where they have to be decoded in another
   * way: indices of many bits, few of them, or one that the dictionary has not.
   */
  decode({ start, end, count }: PageValues, target: number): boolean {
    const { heap } = this.group.task;
    const bits = start < end ? (heap.u8[start] as number) : 0;
    if (bits < 1 || bits > MAX_CODED_BITS || count < 2 ** bits) return false;
    if (bits !== this.#bits) this.#fill(bits);
    const isFull = this.entries >= 2 ** bits;
    if (!isFull && this.#absent === 0) return false;
    const kernels = codedKernels(heap, bits);
    if (kernels[`decode${this.bytes}`]?.(start + 1, end, target, count, this.#table) === 0) return false;
    return isFull || kernels[`holds${this.bytes}`]?.(target, count, this.#absent) === 0;
  }

  #fill(bits: number): void {
    const { group, bytes } = this;
    const known = Math.min(this.entries, 2 ** bits);
    this.#bits = bits;
    this.#table = group.allocPassing(2 ** bits * bytes);
    group.kernels.copy(this.#table, this.dictionary, known * bytes);
    const absent = this.#unused(known);
    if (absent === undefined) return;
    this.#absent = group.allocPassing(16);
    const { u8, u16, u32, i64 } = group.task.heap;
    for (const [from, to] of [
      [this.#absent, this.#absent + 16],
      [this.#table + known * bytes, this.#table + 2 ** bits * bytes],
    ] as const) {
      if (bytes === 8) i64.fill(BigInt(absent), from / 8, to / 8);
      else ({ 1: u8, 2: u16, 4: u32 })[bytes].fill(absent, from / bytes, to / bytes);
    }
  }

  /** A value whose lowest byte or two no known entry has: of wide ones, among more than there can be entries. */
  #unused(known: number): number | undefined {
    const { u8 } = this.group.task.heap;
    const { bytes } = this;
    const seen = new Uint8Array(bytes === 1 ? 2 ** 8 : 2 ** (MAX_CODED_BITS + 1));
    for (let i = 0, at = this.#table; i < known; i++, at += bytes) {
      const value = (u8[at] as number) + (bytes === 1 ? 0 : (u8[at + 1] as number) << 8);
      if (value < seen.length) seen[value] = 1;
    }
    const free = seen.indexOf(0);
    return free < 0 ? undefined : free;
  }
}
