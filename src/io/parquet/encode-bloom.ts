import type { Arena, SharedHeap } from '../../base/index.js';
import { instantiate, ModuleCache, WasmModule } from '../../wasm/index.js';
import { emitXxh64 } from '../emit-xxh64.js';
import { BLOCK_BYTES, SALTS } from './bloom-filter.js';
import { bump, whileLoop } from './kernels/emit.js';
import { ThriftWriter } from './write-thrift.js';

export interface BloomOptions {
  /** Values that differ, where the user knows. */
  readonly distinct?: number;
  /** The share of values that are not there and are taken to be. */
  readonly falsePositives: number;
  readonly maxBytes: number;
}

/** Collects the hashes of a column chunk's values, and makes a bloom filter of them. */
export class BloomBuilder {
  #hashes = new BigUint64Array(1024);
  #count = 0;
  #area = 0;
  #capacity = 0;

  constructor(
    private readonly arena: Arena,
    private readonly options: BloomOptions,
  ) {}

  /** Values in PLAIN encoding, of `width` bytes each or, with 0, behind their lengths. */
  add(plain: Uint8Array, width: number, count: number): void {
    if (count === 0) return;
    const { heap } = this.arena;
    const bytes = plain.length + 32 + count * 8;
    if (bytes > this.#capacity) {
      this.#capacity = Math.ceil(bytes * 1.25);
      this.#area = this.arena.alloc(this.#capacity);
    }
    const source = (this.#area + count * 8 + 7) & ~7;
    heap.u8.set(plain, source);
    kernelOf(heap).hashes(source, source + plain.length, width, this.#area);
    if (this.#count + count > this.#hashes.length) {
      const grown = new BigUint64Array(Math.max(this.#count + count, this.#hashes.length * 2));
      grown.set(this.#hashes.subarray(0, this.#count));
      this.#hashes = grown;
    }
    this.#hashes.set(heap.u64.subarray(this.#area >>> 3, (this.#area >>> 3) + count), this.#count);
    this.#count += count;
  }

  /** The filter with its header; what was added is forgotten. */
  take(): Uint8Array {
    const { distinct = this.#count, falsePositives, maxBytes } = this.options;
    // Each value sets one bit in each of 8 words.
    const bits = (-8 * Math.max(1, distinct)) / Math.log(1 - falsePositives ** (1 / 8));
    const wanted = 2 ** Math.ceil(Math.log2(bits / 8));
    const size = Math.max(BLOCK_BYTES, Math.min(wanted, 2 ** Math.floor(Math.log2(maxBytes))));
    const words = new Uint32Array(size / 4);
    const halves = new Uint32Array(this.#hashes.buffer, 0, 2 * this.#count);
    for (let i = 0; i < halves.length; i += 2) {
      const key = halves[i] as number;
      const block = Math.floor(((halves[i + 1] as number) * (size / BLOCK_BYTES)) / 2 ** 32) * 8;
      for (let k = 0; k < 8; k++)
        words[block + k] = (words[block + k] as number) | (1 << (Math.imul(key, SALTS[k] as number) >>> 27));
    }
    this.#count = 0;
    const head = new ThriftWriter();
    head.struct(() => {
      head.i32(1, size);
      for (const union of [2, 3, 4]) head.structField(union, () => head.structField(1, () => undefined));
    });
    return Buffer.concat([head.bytes(), new Uint8Array(words.buffer)]);
  }
}

interface BloomKernel {
  hashes(source: number, end: number, width: number, target: number): void;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, BloomKernel>();

function kernelOf(heap: SharedHeap): BloomKernel {
  let kernel = instances.get(heap.memory);
  if (kernel === undefined) {
    kernel = instantiate<BloomKernel>(modules.get('bloom', build), heap.memory).exports;
    instances.set(heap.memory, kernel);
  }
  return kernel;
}

/** `hashes(source, end, width, target)`: XXH64 of each value, 8 bytes each. */
function build(): Uint8Array {
  const module = new WasmModule();
  const hash = emitXxh64(module);
  module.function('hashes', ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [source, end, width, target] = params;
    const length = code.local('i32');
    whileLoop(
      code,
      () => code.get(source).get(end).op('i32.lt_u'),
      () => {
        code.get(width).set(length);
        code.get(width).op('i32.eqz');
        code.if(() => {
          code.get(source).op('i32.load', 0, 0).set(length);
          bump(code, source, 4);
        });
        code.get(target).get(source).get(length).call(hash).op('i64.store', 0, 0);
        code.get(source).get(length).op('i32.add').set(source);
        bump(code, target, 8);
      },
    );
  });
  return module.bytes();
}
