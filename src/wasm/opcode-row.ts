/** The type of a Wasm value. */
export type ValType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/**
 * What follows the opcode in the bytes.
 *
 * `memarg`: (offset, alignLog2); `lane`: (lane); `lanes16`: 16 lanes; `memarg_lane`: (offset, lane); `bytes16`: 16
 * bytes; `memory`, `memories`: the index of memory 0, once or twice; `zero`: a reserved byte.
 */
export type Immediate = 'memarg' | 'lane' | 'lanes16' | 'memarg_lane' | 'bytes16' | 'memory' | 'memories';

/** One instruction: its number, the operands it takes (the last on top of the stack) and what it gives. */
export interface OpcodeRow {
  /** The opcode byte, or a prefix byte and the number of the instruction under that prefix. */
  readonly code: readonly [opcode: number] | readonly [prefix: number, number: number];
  readonly takes: readonly ValType[];
  readonly gives: readonly [] | readonly [ValType];
  readonly imm?: Immediate;
  /** The natural alignment of what it reads or writes, as a power of two. */
  readonly align?: number;
  /** Lane immediates are below this; for `memarg_lane` it follows from `align`. */
  readonly lanes?: number;
}
