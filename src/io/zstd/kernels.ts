import type { SharedHeap } from '../../base/index.js';
import { instantiate, ModuleCache, WasmModule } from '../../wasm/index.js';
import { emitXxh64 } from '../emit-xxh64.js';
import { emitHuffmanTable } from './emit-huffman.js';
import { emitBegin, emitHuffman } from './emit-literals.js';
import { emitSequences } from './emit-sequences.js';
import { emitCounts, emitStates } from './emit-tables.js';

/** An address or count; results of type i32 come back signed. */
type N = number;

/** The loops over the bits of a compressed block (RFC 8878, 3.1.1.3 and 4), each described where it is emitted. */
export interface ZstdKernels {
  copy(target: N, source: N, bytes: N): void;
  /** The low half of XXH64. */
  checksum(source: N, bytes: N): N;
  counts(source: N, end: N, mostLog: N, mostSymbol: N, counts: N): N;
  states(counts: N, symbols: N, log: N, table: N, values: N): void;
  huffmanTable(source: N, end: N, space: N): N;
  huffman1(source: N, end: N, target: N, targetEnd: N, table: N): N;
  huffman4(source: N, end: N, target: N, targetEnd: N, table: N): N;
  sequences(
    source: N,
    end: N,
    count: N,
    space: N,
    literals: N,
    literalsEnd: N,
    target: N,
    targetEnd: N,
    start: N,
    patterns: N,
  ): N;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, ZstdKernels>();

export function zstdKernelsFor(heap: SharedHeap): ZstdKernels {
  let kernels = instances.get(heap.memory);
  if (kernels === undefined) {
    kernels = instantiate<ZstdKernels>(modules.get('zstd', build), heap.memory).exports;
    instances.set(heap.memory, kernels);
  }
  return kernels;
}

function build(): Uint8Array {
  const module = new WasmModule();
  module.function('copy', ['i32', 'i32', 'i32'], [], (code, ...params) => {
    for (const param of params) code.get(param);
    code.op('memory.copy');
  });
  const hash = emitXxh64(module);
  module.function('checksum', ['i32', 'i32'], ['i32'], (code, source, bytes) => {
    code.get(source).get(bytes).call(hash).op('i32.wrap_i64');
  });
  const begin = emitBegin(module);
  emitHuffmanTable(module, begin, emitCounts(module), emitStates(module));
  emitHuffman(module, begin);
  emitSequences(module, begin);
  return module.bytes();
}
