import type { Arena } from '../../base/index.js';
import { type SpillKernels, spillKernels } from '../compile/spill-kernels.js';
import type { RowField, RowLayout } from '../row-layout.js';
import { Room } from './room.js';

const SLACK_BYTES = 64;

/** Rows at one place, their texts behind them. */
export interface PackedRows {
  readonly address: number;
  readonly bytes: number;
  readonly textBytes: number;
}

/** Copies some of the rows that are kept, with their texts, so that the memory of all can be freed. */
export class RowPacker {
  readonly #kernels: SpillKernels;
  readonly #texts: readonly RowField[];
  readonly #lengths: Room;
  readonly #block: Room;
  #rows = 0;
  #texted = 0;

  constructor(
    private readonly scratch: Arena,
    private readonly layout: RowLayout,
  ) {
    this.#kernels = spillKernels(scratch.heap);
    this.#texts = layout.fields.filter(({ carrier }) => carrier === 'bytes');
    [this.#lengths, this.#block] = [new Room(scratch), new Room(scratch)];
  }

  /** Takes the rows of a list. */
  take(list: number, count: number): void {
    const { stride } = this.layout;
    const lengths = this.#lengths.of(count * 4);
    this.scratch.heap.fill(0, lengths, count * 4);
    let rows = this.#block.of(count * stride);
    this.#kernels.gather(list, count, stride, rows);
    let bytes = 0;
    for (const { offset, nullOffset = 0 } of this.#texts)
      bytes = this.#kernels.measure(rows, count, stride, offset, nullOffset, lengths);
    rows = this.#block.of(count * stride + bytes + SLACK_BYTES);
    this.#kernels.gather(list, count, stride, rows);
    let used = 0;
    for (const { offset, nullOffset = 0 } of this.#texts)
      used = this.#kernels.move_bytes(rows, count, stride, offset, nullOffset, rows + count * stride, used);
    [this.#rows, this.#texted] = [count, used];
  }

  /** Puts them into an arena. */
  put(arena: Arena): PackedRows {
    const { stride } = this.layout;
    const bytes = this.#rows * stride;
    const address = arena.alloc(bytes + this.#texted);
    arena.heap.copy(address, this.#block.of(0), bytes + this.#texted);
    for (const { offset } of this.#texts)
      this.#kernels.add(address, this.#rows, stride, offset, address + bytes, 0xffffffff);
    return { address, bytes, textBytes: this.#texted };
  }
}
