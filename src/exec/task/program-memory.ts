import { type Arena, type Batch, engineBug } from '../../base/index.js';
import { STATE } from '../../functions/runtime.js';
import { MEMO_BYTES, PIPE, type StateLayout } from '../compile/state-layout.js';
import type { Program } from './programs.js';

/** What programs keep from batch to batch of one task: laid out once, and put into the state block before each call. */
export class ProgramMemory {
  readonly #memos = new Map<string, number>();

  constructor(
    private readonly scratch: Arena,
    private readonly state: number,
    private readonly layout: StateLayout,
  ) {}

  /** Some bytes for each entry of the dictionaries by which something is decided or computed, and for one more. */
  setMemos(program: Program, batch: Batch): void {
    program.memos.forEach((memo, m) => {
      const dictionary = batch.columns[memo.column]?.dictionary;
      if (dictionary === undefined) throw engineBug('a memo without a dictionary');
      const key = `${program.id}.${m}.${dictionary.id}`;
      let address = this.#memos.get(key);
      if (address === undefined) {
        address = this.scratch.allocZeroed((dictionary.count + 1) * memo.bytes);
        this.#memos.set(key, address);
      }
      this.#set(this.layout.memos + m * MEMO_BYTES, address);
    });
  }

  /** The program's constants. */
  setLiterals(program: Program): void {
    const key = `literals ${program.id}`;
    let address = this.#memos.get(key);
    if (address === undefined) {
      address = this.scratch.alloc(program.literals.length);
      this.scratch.heap.u8.set(program.literals, address);
      this.#memos.set(key, address);
    }
    this.#set(STATE.LITERALS, address);
  }

  /** Room for the records of vectorized grouping. */
  setTotals(program: Program, slots: number): void {
    const { totals } = program;
    if (totals === undefined) return;
    const bytes = totals.recordBytes * slots;
    const key = `totals ${bytes}*${totals.copies}`;
    let address = this.#memos.get(key);
    if (address === undefined) {
      address = this.scratch.alloc(bytes * totals.copies);
      this.#memos.set(key, address);
    }
    this.#set(PIPE.TOTALS, address);
    this.#set(PIPE.TOTALS_BYTES, bytes);
  }

  #set(offset: number, value: number): void {
    this.scratch.heap.u32[(this.state + offset) >>> 2] = value;
  }
}
