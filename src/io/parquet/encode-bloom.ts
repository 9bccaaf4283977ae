import type { Arena, SharedHeap } from '../../base/index.js';
import { type Code, type Func, instantiate, type Local, ModuleCache, WasmModule } from '../../wasm/index.js';
import { BLOCK_BYTES, PRIMES, SALTS } from './bloom-filter.js';
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

const [P1, P2, P3, P4, P5] = PRIMES.map((p) => BigInt.asIntN(64, p)) as [bigint, bigint, bigint, bigint, bigint];

/** `hashes(source, end, width, target)`: XXH64 of each value, 8 bytes each. */
function build(): Uint8Array {
  const module = new WasmModule();
  const hash = emitHash(module);
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

/** XXH64 with seed 0 of `length` bytes; `bloom-filter.ts` has the same in JavaScript. */
function emitHash(module: WasmModule): Func {
  return module.function(
    'hash',
    ['i32', 'i32'],
    ['i64'],
    (code, ...params) => {
      const [at, length] = params;
      const end = code.local('i32');
      const hash = code.local('i64');
      const lanes = [0, 1, 2, 3].map(() => code.local('i64'));
      code.get(at).get(length).op('i32.add').set(end);
      code.i64(P5).set(hash);
      code.get(length).i32(32).op('i32.ge_u');
      code.if(() => emitStripes(code, at, end, hash, lanes));
      code.get(hash).get(length).op('i64.extend_i32_u').op('i64.add').set(hash);
      whileBytes(code, at, end, 8, () => {
        code.get(hash);
        round(
          code,
          () => code.i64(0n),
          () => code.get(at).op('i64.load', 0, 0),
        );
        code.op('i64.xor').i64(27n).op('i64.rotl').i64(P1).op('i64.mul').i64(P4).op('i64.add').set(hash);
      });
      whileBytes(code, at, end, 4, () => {
        code.get(hash).get(at).op('i64.load32_u', 0, 0).i64(P1).op('i64.mul').op('i64.xor');
        code.i64(23n).op('i64.rotl').i64(P2).op('i64.mul').i64(P3).op('i64.add').set(hash);
      });
      whileBytes(code, at, end, 1, () => {
        code.get(hash).get(at).op('i64.load8_u').i64(P5).op('i64.mul').op('i64.xor');
        code.i64(11n).op('i64.rotl').i64(P1).op('i64.mul').set(hash);
      });
      for (const [shift, prime] of [
        [33n, P2],
        [29n, P3],
      ] as const)
        code.get(hash).get(hash).i64(shift).op('i64.shr_u').op('i64.xor').i64(prime).op('i64.mul').set(hash);
      code.get(hash).get(hash).i64(32n).op('i64.shr_u').op('i64.xor');
    },
    { export: false },
  );
}

/** The body for each `step` bytes that are left. */
function whileBytes(code: Code, at: Local, end: Local, step: number, body: () => void): void {
  whileLoop(
    code,
    () => code.get(at).i32(step).op('i32.add').get(end).op('i32.le_u'),
    () => {
      body();
      bump(code, at, step);
    },
  );
}

/** Pushes a lane with eight more bytes in it. */
function round(code: Code, lane: () => void, bytes: () => void): void {
  lane();
  bytes();
  code.i64(P2).op('i64.mul').op('i64.add').i64(31n).op('i64.rotl').i64(P1).op('i64.mul');
}

function emitStripes(code: Code, at: Local, end: Local, hash: Local, lanes: readonly Local[]): void {
  for (const [i, first] of [P1 + P2, P2, 0n, -P1].entries()) code.i64(BigInt.asIntN(64, first)).set(lanes[i] as Local);
  whileBytes(code, at, end, 32, () => {
    for (const [i, lane] of lanes.entries()) {
      round(
        code,
        () => code.get(lane),
        () => code.get(at).op('i64.load', 8 * i, 0),
      );
      code.set(lane);
    }
  });
  code.i64(0n);
  for (const [i, turn] of [1n, 7n, 12n, 18n].entries())
    code
      .get(lanes[i] as Local)
      .i64(turn)
      .op('i64.rotl')
      .op('i64.add');
  code.set(hash);
  for (const lane of lanes) {
    code.get(hash);
    round(
      code,
      () => code.i64(0n),
      () => code.get(lane),
    );
    code.op('i64.xor').i64(P1).op('i64.mul').i64(P4).op('i64.add').set(hash);
  }
}
