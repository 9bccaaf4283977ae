import type { OpcodeRow } from './opcode-row.js';
import { scalarOpcodes } from './opcodes-scalar.js';
import { simdOpcodes } from './opcodes-simd.js';

export type { Immediate, OpcodeRow, ValType } from './opcode-row.js';

/** Every instruction `Code.op` can emit; constants, locals and control flow are methods of `Code`. */
export const opcodes = {
  ...scalarOpcodes,
  ...simdOpcodes,
} as const satisfies Record<string, OpcodeRow>;

/** The name of an instruction, as in the text format. */
export type OpName = keyof typeof opcodes;
