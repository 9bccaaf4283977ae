import type { SharedHeap } from '../../../base/index.js';
import { type Code, instantiate, type Local, ModuleCache, WasmModule } from '../../../wasm/index.js';
import { whileLoop } from './emit.js';
import { emitRuns, emitVarint } from './hybrid.js';

/** Indices of more bits are decoded first and looked up then: their tables leave the cache. */
export const MAX_CODED_BITS = 12;

export type CodedWidth = 1 | 2 | 4 | 8;

/** Decoders of dictionary-encoded pages whose indices have so many bits. */
export interface CodedKernels {
  /**
   * Writes for each of `count` indices the entry of a table of 2^bits entries; 0 when the bytes end early. Writes up to
   * 56 bytes too many.
   */
  readonly [decode: `decode${number}`]: (
    s: number,
    end: number,
    target: number,
    count: number,
    table: number,
  ) => number;
  /** Whether one of `count` values, or of those in the same 16 bytes, is the one that 16 bytes at `vector` repeat. */
  readonly [holds: `holds${number}`]: (values: number, count: number, vector: number) => number;
}

const FORMS = {
  1: { load: 'i32.load8_u', store: 'i32.store8', splat: 'i8x16.splat', eq: 'i8x16.eq' },
  2: { load: 'i32.load16_u', store: 'i32.store16', splat: 'i16x8.splat', eq: 'i16x8.eq' },
  4: { load: 'i32.load', store: 'i32.store', splat: 'i32x4.splat', eq: 'i32x4.eq' },
  8: { load: 'i64.load', store: 'i64.store', splat: 'i64x2.splat', eq: 'i64x2.eq' },
} as const;

const modules = new ModuleCache(MAX_CODED_BITS);
const instances = new WeakMap<WebAssembly.Memory, CodedKernels[]>();

/** Built when a page first needs them, once a thread. */
export function codedKernels(heap: SharedHeap, bits: number): CodedKernels {
  let made = instances.get(heap.memory);
  if (made === undefined) {
    made = [];
    instances.set(heap.memory, made);
  }
  made[bits] ??= instantiate<CodedKernels>(
    modules.get(`${bits}`, () => build(bits)),
    heap.memory,
  ).exports;
  return made[bits];
}

function build(bits: number): Uint8Array {
  const module = new WasmModule();
  const varint = emitVarint(module);
  for (const bytes of [1, 2, 4, 8] as const) {
    const { load, splat } = FORMS[bytes];
    emitRuns(module, `decode${bytes}`, bits, varint, {
      bytes,
      more: ['i32'],
      group: (code, source, target, [table]) =>
        bits <= 4 && bytes === 1
          ? tinyGroup(code, bits, source, target, table as Local)
          : group(code, bits, bytes, source, target, table as Local),
      splat: (code, value, [table]) => {
        code
          .get(table as Local)
          .get(value)
          .i32(2 ** bits - 1)
          .op('i32.and')
          .i32(Math.log2(bytes))
          .op('i32.shl');
        code.op('i32.add').op(load, 0, 0).op(splat);
      },
    });
    emitHolds(module, bytes);
  }
  return module.bytes();
}

/** Eight indices lie in one or two words of 64 bits. */
function group(code: Code, bits: number, bytes: CodedWidth, source: Local, target: Local, table: Local): void {
  const { load, store } = FORMS[bytes];
  const shift = Math.log2(bytes);
  const words = bits <= 8 ? 1 : 2;
  const packed = code.local('i64');
  for (let i = 0; i < 8; i++) {
    const word = Math.floor((i * words) / 8);
    const firstBit = word * 4 * bits;
    if ((i * words) % 8 === 0)
      code
        .get(source)
        .op('i64.load', firstBit >> 3, 0)
        .set(packed);
    // Where the entry is in the table: the index, times the width of an entry.
    const at = i * bits - (firstBit & ~7) - shift;
    code.get(target).get(table).get(packed);
    if (at > 0) code.i64(at).op('i64.shr_u');
    if (at < 0) code.i64(-at).op('i64.shl');
    code
      .op('i32.wrap_i64')
      .i32((2 ** bits - 1) * bytes)
      .op('i32.and')
      .op('i32.add');
    code.op(load, 0, 0).op(store, i * bytes, 0);
  }
}

/** A table of up to sixteen bytes is a vector: eight indices, each moved to bit 7 of its lane, pick from it at once. */
function tinyGroup(code: Code, bits: number, source: Local, target: Local, table: Local): void {
  const at = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => i * bits);
  const loaded = code.local('v128');
  code.get(target).get(table).op('v128.load', 0, 0);
  code.get(source).op('v128.load', 0, 0).tee(loaded).get(loaded);
  code.op('i8x16.shuffle', ...at.flatMap((bit) => [bit >> 3, (bit >> 3) + 1]));
  code
    .v128(at.flatMap((bit) => [2 ** (7 - (bit & 7)), 0]))
    .op('i16x8.mul')
    .i32(7)
    .op('i16x8.shr_u');
  code
    .v128(at.flatMap(() => [2 ** bits - 1, 0]))
    .op('v128.and')
    .tee(loaded)
    .get(loaded)
    .op('i8x16.narrow_i16x8_u');
  code.op('i8x16.swizzle').op('v128.store64_lane', 0, 0);
}

function emitHolds(module: WasmModule, bytes: CodedWidth): void {
  module.function(`holds${bytes}`, ['i32', 'i32', 'i32'], ['i32'], (code, at, count, vector) => {
    const [wanted, found, last] = [code.local('v128'), code.local('v128'), code.local('i32')];
    code.get(vector).op('v128.load', 0, 0).set(wanted);
    code.get(at).get(count).i32(Math.log2(bytes)).op('i32.shl').op('i32.add').set(last);
    whileLoop(
      code,
      () => code.get(at).get(last).op('i32.lt_u'),
      () => {
        code.get(at).op('v128.load', 0, 0).get(wanted).op(FORMS[bytes].eq).get(found).op('v128.or').set(found);
        code.get(at).i32(16).op('i32.add').set(at);
      },
    );
    code.get(found).op('v128.any_true');
  });
}
