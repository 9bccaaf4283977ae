import { instantiate, type OpcodeRow, type OpName, opcodes, WasmModule } from '../../../src/wasm/index.js';
import { type Bits, widths } from './bits.js';
import { Trap } from './numeric-models.js';

/** One page that the tests of this process share with the modules they make. */
export const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
export const pageBytes = 65536;
const view = new DataView(memory.buffer);

export const names = Object.keys(opcodes) as OpName[];
export const row = (name: OpName): OpcodeRow => opcodes[name];

export function write(at: number, bits: Bits, width: number): void {
  for (let i = 0; i < width / 8; i++) view.setUint8(at + i, Number((bits >> BigInt(i * 8)) & 0xffn));
}

export function read(at: number, width: number): Bits {
  let bits = 0n;
  for (let i = width / 8 - 1; i >= 0; i--) bits = (bits << 8n) | BigInt(view.getUint8(at + i));
  return bits;
}

const resultAt = 4096;
const operandAt = 4112;

/**
 * One instruction as a function of bits: operands and result travel through memory, so that no bit of a NaN is lost on
 * the way through JS.
 */
export function machine(name: OpName, imm: readonly number[] = []): (args: readonly Bits[]) => Bits | 'trap' {
  const { takes, gives } = row(name);
  const module = new WasmModule();
  module.function('run', [], [], (code) => {
    if (gives[0] !== undefined) code.i32(resultAt);
    for (const [i, type] of takes.entries()) code.i32(operandAt + i * 16).op(`${type}.load`);
    code.op(name, ...imm);
    if (gives[0] !== undefined) code.op(`${gives[0]}.store`);
  });
  const compiled = new WebAssembly.Module(module.bytes());
  const { run } = instantiate<{ run(): void }>(compiled, memory).exports;
  return (args) => {
    for (const [i, type] of takes.entries()) write(operandAt + i * 16, args[i] as Bits, widths[type]);
    const trapped = trapOf(run);
    return trapped ?? (gives[0] === undefined ? 0n : read(resultAt, widths[gives[0]]));
  };
}

/** The outcome of a model in the terms of `machine`. */
export function outcome(model: () => Bits): Bits | 'trap' {
  try {
    return model();
  } catch (error) {
    if (error instanceof Trap) return 'trap';
    throw error;
  }
}

function trapOf(run: () => void): 'trap' | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return 'trap';
    throw error;
  }
}
