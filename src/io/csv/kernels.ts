import type { SharedHeap } from '../../base/index.js';
import { instantiate, ModuleCache, WasmModule } from '../../wasm/index.js';
import { csvLayout, emitStrings, type ValueKernelName } from './emit-field.js';
import { emitIndex } from './emit-index.js';
import { emitDecimal, emitValues } from './emit-values.js';
import type { Locals } from './locals.js';
import type { CsvDialect } from './options.js';

type N = number;
export type TypedKernel = (
  text: N,
  index: N,
  stride: N,
  column: N,
  rows: N,
  data: N,
  validity: N,
  slow: N,
  counters: N,
) => void;
/** What the kernels of every text format have, each described where it is emitted. Results of type i32 come back signed. */
export interface TextKernels extends Readonly<Record<ValueKernelName, TypedKernel>> {
  strings(
    text: N,
    index: N,
    stride: N,
    column: N,
    rows: N,
    offsets: N,
    data: N,
    validity: N,
    counters: N,
    given: N,
  ): void;
  /** Whether any byte has its high bit set. */
  hasHighBits(from: N, end: N): N;
}

/** The kernels of a dialect; `strings` is given where the text for empty fields lies. */
export interface CsvKernels extends TextKernels {
  index(text: N, from: N, end: N, final: N, out: N, outEnd: N, maxRows: N, width: N, fields: N, counters: N): N;
  textBytes(text: N, index: N, stride: N, column: N, rows: N): N;
}

const modules = new ModuleCache(32);
const instances = new WeakMap<WebAssembly.Memory, Map<string, object>>();

/** Kernels of a text format for a heap, by a key that says all they depend on. */
export function textKernels<E extends object>(heap: SharedHeap, key: string, build: (module: WasmModule) => void): E {
  const known = instances.get(heap.memory) ?? new Map<string, object>();
  instances.set(heap.memory, known);
  let exports = known.get(key);
  if (exports === undefined) {
    const compiled = modules.get(key, () => {
      const module = new WasmModule();
      build(module);
      return module.bytes();
    });
    exports = instantiate<E>(compiled, heap.memory).exports;
    // Options come from users: a server that reads by ever new ones must not keep them all.
    if (known.size >= 32) known.clear();
    known.set(key, exports);
  }
  return exports as E;
}

export function csvKernels(heap: SharedHeap, dialect: CsvDialect): CsvKernels {
  return textKernels<CsvKernels>(heap, JSON.stringify(dialect), (module) => {
    emitIndex(module, dialect);
    emitStrings(module, dialect);
    emitValues(module, () => csvLayout(dialect));
    emitHighBits(module);
  });
}

export function decimalKernel(heap: SharedHeap, dialect: CsvDialect, precision: number, scale: number): TypedKernel {
  const key = `${JSON.stringify(dialect)} decimal(${precision},${scale})`;
  return textKernels<{ decimal: TypedKernel }>(heap, key, (module) =>
    emitDecimal(module, csvLayout(dialect), precision, scale),
  ).decimal;
}

export function emitHighBits(module: WasmModule): void {
  module.function('hasHighBits', ['i32', 'i32'], ['i32'], (code, ...params) => {
    const [from, end] = params as Locals<2>;
    const seen = code.local('v128');
    code.block((done) => {
      code.loop((next) => {
        code.get(end).get(from).op('i32.sub').i32(64).op('i32.lt_s').brIf(done);
        code.get(seen);
        for (const offset of [0, 16, 32, 48]) code.get(from).op('v128.load', offset, 0).op('v128.or');
        code.set(seen);
        code.get(from).i32(64).op('i32.add').set(from).br(next);
      });
    });
    code.block((done) => {
      code.loop((next) => {
        code.get(from).get(end).op('i32.ge_u').brIf(done);
        code.get(from).op('v128.load8_splat').get(seen).op('v128.or').set(seen);
        code.get(from).i32(1).op('i32.add').set(from).br(next);
      });
    });
    code.get(seen).op('i8x16.bitmask').i32(0).op('i32.ne');
  });
}
