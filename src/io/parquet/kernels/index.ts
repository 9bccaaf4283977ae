import type { SharedHeap } from '../../../base/index.js';
import { instantiate, ModuleCache, WasmModule } from '../../../wasm/index.js';
import { emitCompression } from './compression.js';
import { emitConvert } from './convert.js';
import { emitDelta } from './delta.js';
import { emitGather } from './gather.js';
import { emitHybrid, emitVarint } from './hybrid.js';
import { emitLevels, emitSpread } from './levels.js';
import { emitNarrow } from './narrow.js';
import { emitOutside } from './outside.js';
import { emitStrings } from './strings.js';

export { PATTERN_BYTES, patternBytes } from './compression.js';

/** An address or count; results of type i32 come back signed. */
type N = number;
type Convert = (source: N, count: N, target: N) => void;
/** 1, or 0 when a value does not fit. */
type Narrow = (source: N, count: N, target: N) => N;
/** Not 0 when a value is outside. */
type Outside = (source: N, count: N, base: bigint, span: bigint, baseHigh: bigint, spanHigh: bigint) => N;
type Spread = (target: N, bitmap: N, bit: N, count: N, dense: N) => void;
type Gather = (indices: N, count: N, target: N, dictionary: N) => void;

/** The kernels, each described where it is emitted. */
export interface Kernels {
  readonly [hybrid: `hybrid_${number}`]: (source: N, end: N, target: N, count: N) => N;
  levelBits(source: N, end: N, bitmap: N, bit: N, count: N): N;
  fillBits(bitmap: N, bit: N, count: N, pattern: N): void;
  countBits(bitmap: N, bit: N, count: N): N;
  readonly spread1: Spread;
  readonly spread2: Spread;
  readonly spread4: Spread;
  readonly spread8: Spread;
  readonly spread16: Spread;
  readonly spreadOffsets: Spread;
  copy(target: N, source: N, bytes: N): void;
  maxIndex(indices: N, count: N): N;
  readonly gather1: Gather;
  readonly gather2: Gather;
  readonly gather4: Gather;
  readonly gather8: Gather;
  readonly gather16: Gather;
  readonly narrow8: Convert;
  readonly narrow16: Convert;
  readonly widen8: Convert;
  readonly widen16: Convert;
  readonly packCodes8: Convert;
  readonly packCodes16: Convert;
  gatherLength(indices: N, count: N, offsets: N): bigint;
  gatherStrings(indices: N, count: N, dictOffsets: N, dictData: N, offsets: N, data: N, position: N): N;
  plainStrings(source: N, end: N, count: N, offsets: N, data: N, position: N): N;
  lengthsToOffsets(lengths: N, count: N, offsets: N, position: N, available: N): N;
  sumLengths(lengths: N, count: N): bigint;
  frontStrings(prefixes: N, suffixes: N, count: N, source: N, end: N, offsets: N, data: N, position: N): N;
  fixedOffsets(count: N, width: N, offsets: N, position: N): N;
  readonly widenU32: Convert;
  readonly widenU64: Convert;
  readonly millis32: Convert;
  readonly nanos: Convert;
  readonly int96: Convert;
  millis(source: N, count: N, target: N): N;
  readonly narrow32to8: Narrow;
  readonly narrow32to16: Narrow;
  readonly narrow64to8: Narrow;
  readonly narrow64to16: Narrow;
  readonly narrow64to32: Narrow;
  readonly outside1: Outside;
  readonly outside2: Outside;
  readonly outside4: Outside;
  readonly outside8: Outside;
  readonly outside16: Outside;
  unpackBits(source: N, count: N, target: N): void;
  unsplit(source: N, count: N, target: N, width: N): void;
  fixedDecimal64(source: N, count: N, target: N, width: N): void;
  fixedDecimal128(source: N, count: N, target: N, width: N): void;
  bytesDecimal64(source: N, end: N, count: N, target: N): N;
  bytesDecimal128(source: N, end: N, count: N, target: N): N;
  delta32(source: N, end: N, count: N, target: N): N;
  delta64(source: N, end: N, count: N, target: N): N;
  snappy(source: N, end: N, target: N, targetEnd: N, patterns: N): N;
  lz4(source: N, end: N, target: N, targetEnd: N, patterns: N): N;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, Kernels>();

/** The kernels over a heap: built once a thread. */
export function kernelsFor(heap: SharedHeap): Kernels {
  let kernels = instances.get(heap.memory);
  if (kernels === undefined) {
    kernels = instantiate<Kernels>(modules.get('parquet', build), heap.memory).exports;
    instances.set(heap.memory, kernels);
  }
  return kernels;
}

function build(): Uint8Array {
  const module = new WasmModule();
  const varint = emitVarint(module);
  emitHybrid(module, varint);
  emitLevels(module, varint);
  emitSpread(module);
  emitGather(module);
  emitStrings(module);
  emitConvert(module);
  emitNarrow(module);
  emitOutside(module);
  emitDelta(module);
  emitCompression(module, varint);
  return module.bytes();
}
