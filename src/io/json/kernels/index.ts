import type { Arena, SharedHeap } from '../../../base/index.js';
import type { FieldLayout, ValueKernelName } from '../../csv/emit-field.js';
import { emitDecimal, emitValues } from '../../csv/emit-values.js';
import { emitHighBits, type TextKernels, type TypedKernel, textKernels } from '../../csv/kernels.js';
import { emitIndex } from './emit-index.js';
import { emitStrings } from './emit-strings.js';
import { emitValueFunctions } from './emit-values.js';
import { KIND, KIND_SHIFT, POSITION, TABLES } from './layout.js';

type N = number;

/** The kernels of JSON; `strings` is given the tables. */
export interface JsonKernels extends TextKernels {
  index(text: N, from: N, end: N, out: N, stride: N, maxRows: N, fields: N, tables: N, counters: N): N;
  textBytes(index: N, stride: N, column: N, rows: N): N;
}

/** Values of one kind; others are left to JavaScript. */
const layoutOf = (kind: number): FieldLayout => ({
  shift: 3,
  bounds(code, { text, index, at, end }, isNull, slow) {
    const word = code.local('i32');
    code.get(index).op('i32.load', 0, 0).tee(word).op('i32.eqz').brIf(isNull);
    code.get(word).i32(KIND_SHIFT).op('i32.shr_u').i32(kind).op('i32.ne').brIf(slow);
    code.get(word).i32(POSITION).op('i32.and').get(text).op('i32.add').set(at);
    code.get(index).op('i32.load', 4, 0).get(text).op('i32.add').set(end);
  },
});

const KINDS: Readonly<Partial<Record<ValueKernelName, number>>> = {
  boolean: KIND.word,
  date: KIND.string,
  timestamp: KIND.string,
  instant: KIND.string,
};

export function jsonKernels(heap: SharedHeap): JsonKernels {
  return textKernels<JsonKernels>(heap, 'json', (module) => {
    emitIndex(module, emitValueFunctions(module));
    emitStrings(module);
    emitValues(module, (name) => layoutOf(KINDS[name] ?? KIND.number));
    emitHighBits(module);
  });
}

export function decimalKernel(heap: SharedHeap, precision: number, scale: number): TypedKernel {
  const key = `json decimal(${precision},${scale})`;
  return textKernels<{ decimal: TypedKernel }>(heap, key, (module) =>
    emitDecimal(module, layoutOf(KIND.number), precision, scale),
  ).decimal;
}

/** The tables that kernels look bytes up in. */
export function kernelTables(arena: Arena): number {
  const bytes = new Uint8Array(TABLES.bytes).fill(255, TABLES.hex);
  for (const [letter, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
    bytes[TABLES.escapes + (letter as string).charCodeAt(0)] = (meaning as string).charCodeAt(0);
  }
  for (let digit = 0; digit < 16; digit++) {
    const text = digit.toString(16);
    for (const c of [text, text.toUpperCase()]) bytes[TABLES.hex + c.charCodeAt(0)] = digit;
  }
  const address = arena.alloc(bytes.length);
  arena.heap.u8.set(bytes, address);
  return address;
}
