import type { SharedHeap } from '../../base/index.js';
import { type Code, type Func, instantiate, type Local, ModuleCache, WasmModule } from '../../wasm/index.js';
import { emitDeltas } from './encode-delta.js';
import { emitWords, type WordKernels } from './encode-words.js';
import { bump, copyChunks, whileLoop } from './kernels/emit.js';

type N = number;

/** What writers of pages are made of, each described where it is emitted. Addresses come back signed. */
export interface EncodeKernels extends WordKernels {
  encode4(source: N, count: N, codes: N, words: N, slots: N, mask: N, state: N): N;
  encode8(source: N, count: N, codes: N, words: N, slots: N, mask: N, state: N): N;
  place4(words: N, count: N, slots: N, mask: N): void;
  place8(words: N, count: N, slots: N, mask: N): void;
  hybrid(codes: N, count: N, width: N, target: N): N;
  delta4(source: N, count: N, target: N, scratch: N): N;
  delta8(source: N, count: N, target: N, scratch: N): N;
  plainStrings(offsets: N, data: N, rows: N, target: N, limits: N): N;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, EncodeKernels>();

export function encodeKernels(heap: SharedHeap): EncodeKernels {
  let kernels = instances.get(heap.memory);
  if (kernels === undefined) {
    kernels = instantiate<EncodeKernels>(modules.get('encode', build), heap.memory).exports;
    instances.set(heap.memory, kernels);
  }
  return kernels;
}

function build(): Uint8Array {
  const module = new WasmModule();
  for (const bytes of [4, 8] as const) {
    emitEncode(module, bytes);
    emitPlace(module, bytes);
  }
  emitWords(module);
  const packed = emitPacked(module);
  emitHybrid(module, packed);
  emitDeltas(module, packed);
  emitPlainStrings(module);
  return module.bytes();
}

type Width = 4 | 8;

const load = (code: Code, bytes: Width): Code => code.op(bytes === 4 ? 'i64.load32_s' : 'i64.load', 0, 0);
const EMPTY = -1;

/** The slot where the search for a value begins: high bits of a product, after the value's own were mixed in. */
function firstSlot(code: Code, value: Local, mask: Local): void {
  code.get(value).get(value).i64(32).op('i64.shr_u').op('i64.xor').i64(0x9e3779b97f4a7c15n).op('i64.mul');
  code.i64(32).op('i64.shr_u').op('i32.wrap_i64').get(mask).op('i32.and');
}

const entryAt = (code: Code, base: Local, index: Local, shift: number): Code =>
  code.get(base).get(index).i32(shift).op('i32.shl').op('i32.add');

/**
 * `encode<w>(source, count, codes, words, slots, mask, state)`: numbers values of a width in order of appearance. `state`
 * is the address of how many there are. Gives how many values it took: fewer than `count` when half of the slots are used.
 */
function emitEncode(module: WasmModule, bytes: Width): void {
  const shift = bytes === 4 ? 2 : 3;
  module.function(`encode${bytes}`, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, count, codes, words, slots, mask, state] = params;
    const [row, known, slot, at, found] = [
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
    ];
    const value = code.local('i64');
    code.get(state).op('i32.load', 0, 0).set(known);
    code.block((full) => {
      code.forRange(
        row,
        () => code.i32(0),
        count,
        () => {
          load(code.get(source), bytes).set(value);
          firstSlot(code, value, mask);
          code.set(slot);
          code.block((there) => {
            code.loop((next) => {
              entryAt(code, slots, slot, 2).tee(at).op('i32.load', 0, 0).tee(found).i32(EMPTY).op('i32.ne');
              code.if(() => {
                load(entryAt(code, words, found, shift), bytes)
                  .get(value)
                  .op('i64.eq')
                  .brIf(there);
                code.get(slot).i32(1).op('i32.add').get(mask).op('i32.and').set(slot).br(next);
              });
            });
            code.get(known).i32(1).op('i32.shl').get(mask).op('i32.gt_u').brIf(full);
            entryAt(code, words, known, shift)
              .get(value)
              .op(bytes === 4 ? 'i64.store32' : 'i64.store', 0, 0);
            code.get(at).get(known).tee(found).op('i32.store', 0, 0);
            bump(code, known, 1);
          });
          code.get(codes).get(found).op('i32.store', 0, 0);
          bump(code, codes, 4);
          bump(code, source, bytes);
        },
      );
    });
    code.get(state).get(known).op('i32.store', 0, 0).get(row);
  });
}

/** `place<w>(words, count, slots, mask)`: puts the numbers of the first values into slots that are all empty. */
function emitPlace(module: WasmModule, bytes: Width): void {
  module.function(`place${bytes}`, ['i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [words, count, slots, mask] = params;
    const [row, slot, at, value] = [code.local('i32'), code.local('i32'), code.local('i32'), code.local('i64')];
    code.forRange(
      row,
      () => code.i32(0),
      count,
      () => {
        load(code.get(words), bytes).set(value);
        firstSlot(code, value, mask);
        code.set(slot);
        code.loop((next) => {
          entryAt(code, slots, slot, 2).tee(at).op('i32.load', 0, 0).i32(EMPTY).op('i32.ne');
          code.if(() => code.get(slot).i32(1).op('i32.add').get(mask).op('i32.and').set(slot).br(next));
        });
        code.get(at).get(row).op('i32.store', 0, 0);
        bump(code, words, bytes);
      },
    );
  });
}

/** Bytes of eight codes. */
const GROUP_BYTES = 32;

/**
 * `hybrid(codes, count, width, target)`: u32 values of `width` bits as runs and bit-packed groups of eight, as
 * `encodeHybrid` makes them of arrays; gives the end. It may write 8 bytes too many.
 */
function emitHybrid(module: WasmModule, packed: Func): void {
  const varint = emitVarint(module);
  module.function('hybrid', ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [codes, count, width, target] = params;
    const i32 = (): Local => code.local('i32');
    const [pending, at, stop, value, end, same] = [i32(), i32(), i32(), i32(), i32(), code.local('v128')];
    code.get(codes).tee(pending).tee(at).get(count).i32(2).op('i32.shl').op('i32.add').set(stop);
    const pack = (to: () => void): void => {
      // A header: groups of eight, and the bit that says they are packed.
      to();
      code.get(pending).op('i32.sub').i32(31).op('i32.add').i32(5).op('i32.shr_u').i32(1).op('i32.shl').i32(1);
      code.op('i32.or').get(target).call(varint).set(target);
      code.get(pending);
      to();
      code.get(width).get(target).call(packed).set(target);
    };
    // Groups of eight are complete, so a run of eight begins where a group would that has one value only.
    whileLoop(
      code,
      () => code.get(stop).get(at).op('i32.sub').i32(GROUP_BYTES).op('i32.ge_s'),
      () => {
        code.get(at).op('v128.load32_splat', 0, 0).set(same);
        code.get(at).op('v128.load', 0, 0).get(same).op('i32x4.eq');
        code.get(at).op('v128.load', 16, 0).get(same).op('i32x4.eq').op('v128.and').op('i32x4.all_true');
        code.get(at).i32(GROUP_BYTES).op('i32.add').set(end);
        code.if(() => {
          code.get(at).op('i32.load', 0, 0).set(value);
          whileLoop(
            code,
            () => {
              code.get(stop).get(end).op('i32.sub').i32(16).op('i32.ge_s');
              code.get(end).op('v128.load', 0, 0).get(same).op('i32x4.eq').op('i32x4.all_true').op('i32.and');
            },
            () => bump(code, end, 16),
          );
          whileLoop(
            code,
            () => {
              code.get(end).get(stop).op('i32.lt_u');
              code.get(end).op('i32.load', 0, 0).get(value).op('i32.eq').op('i32.and');
            },
            () => bump(code, end, 4),
          );
          code.get(at).get(pending).op('i32.gt_u');
          code.if(() => pack(() => code.get(at)));
          code.get(end).get(at).op('i32.sub').i32(1).op('i32.shr_u').get(target).call(varint);
          code.tee(target).get(value).op('i32.store', 0, 0);
          code.get(target).get(width).i32(7).op('i32.add').i32(3).op('i32.shr_u').op('i32.add').set(target);
          code.get(end).set(pending);
        });
        code.get(end).set(at);
      },
    );
    code.get(pending).get(stop).op('i32.lt_u');
    code.if(() => pack(() => code.get(stop)));
    code.get(target);
  });
}

/** `varint(value, target)`: gives the end. */
function emitVarint(module: WasmModule) {
  return module.function(
    'varint',
    ['i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [value, target] = params;
      code.loop((again) => {
        code.get(value).i32(127).op('i32.gt_u');
        code.if(() => {
          code.get(target).get(value).i32(128).op('i32.or').op('i32.store8');
          bump(code, target, 1);
          code.get(value).i32(7).op('i32.shr_u').set(value).br(again);
        });
      });
      code.get(target).get(value).op('i32.store8').get(target).i32(1).op('i32.add');
    },
    { export: false },
  );
}

/** `packed(from, to, width, target)`: values bit by bit; what the last group of eight lacks is zero. Gives the end. */
function emitPacked(module: WasmModule) {
  return module.function(
    'packed',
    ['i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [from, to, width, target] = params;
      const [bits, held, end] = [code.local('i64'), code.local('i64'), code.local('i32')];
      const wide = code.local('i64');
      code.get(width).op('i64.extend_i32_u').set(wide);
      code.get(to).get(from).op('i32.sub').i32(31).op('i32.add').i32(5).op('i32.shr_u').get(width).op('i32.mul');
      code.get(target).op('i32.add').set(end);
      whileLoop(
        code,
        () => code.get(from).get(to).op('i32.lt_u'),
        () => {
          code.get(from).op('i64.load32_u', 0, 0).get(held).op('i64.shl').get(bits).op('i64.or').set(bits);
          code.get(held).get(wide).op('i64.add').tee(held).i64(32).op('i64.ge_u');
          code.if(() => {
            code.get(target).get(bits).op('i64.store32', 0, 0);
            bump(code, target, 4);
            code.get(bits).i64(32).op('i64.shr_u').set(bits);
            code.get(held).i64(32).op('i64.sub').set(held);
          });
          bump(code, from, 4);
        },
      );
      whileLoop(
        code,
        () => code.get(target).get(end).op('i32.lt_u'),
        () => {
          code.get(target).get(bits).op('i64.store8').get(bits).i64(8).op('i64.shr_u').set(bits);
          bump(code, target, 1);
        },
      );
      code.get(end);
    },
    { export: false },
  );
}

/**
 * `plainStrings(offsets, data, rows, target, limits)`: strings behind their lengths; gives the end, and at `limits` where
 * the least and the greatest of them begin and end. It may write 15 bytes too many.
 */
function emitPlainStrings(module: WasmModule): void {
  const before = emitBefore(module);
  module.function('plainStrings', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [offsets, data, rows, target, limits] = params;
    const i32 = (): Local => code.local('i32');
    const [row, from, to, source, place, last] = [i32(), i32(), i32(), i32(), i32(), i32()];
    const [minFrom, minTo, maxFrom, maxTo] = [i32(), i32(), i32(), i32()];
    const keep = (begin: Local, end: Local): void => {
      code.get(from).set(begin).get(to).set(end);
    };
    code.forRange(
      row,
      () => code.i32(0),
      rows,
      () => {
        code.get(data).get(offsets).op('i32.load', 0, 0).op('i32.add').tee(from).set(source);
        code.get(data).get(offsets).op('i32.load', 4, 0).op('i32.add').set(to);
        bump(code, offsets, 4);
        code.get(target).get(to).get(from).op('i32.sub').op('i32.store', 0, 0);
        code.get(target).i32(4).op('i32.add').tee(place).get(to).op('i32.add').get(from).op('i32.sub').tee(last);
        code.set(target);
        copyChunks(code, source, place, last);
        code.get(row).op('i32.eqz');
        code.if(() => {
          keep(minFrom, minTo);
          keep(maxFrom, maxTo);
        });
        code.get(from).get(to).get(minFrom).get(minTo).call(before);
        code.if(() => keep(minFrom, minTo));
        code.get(maxFrom).get(maxTo).get(from).get(to).call(before);
        code.if(() => keep(maxFrom, maxTo));
      },
    );
    for (const [i, limit] of [minFrom, minTo, maxFrom, maxTo].entries()) {
      code
        .get(limits)
        .get(limit)
        .op('i32.store', 4 * i, 0);
    }
    code.get(target);
  });
}

/** `before(a, aEnd, b, bEnd)`: whether the bytes of `a` come before those of `b`. */
function emitBefore(module: WasmModule) {
  return module.function(
    'before',
    ['i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [a, aEnd, b, bEnd] = params;
      const [left, right] = [code.local('i32'), code.local('i32')];
      code.loop((next) => {
        code.get(b).get(bEnd).op('i32.ge_u');
        code.if(() => code.i32(0).return());
        code.get(a).get(aEnd).op('i32.ge_u');
        code.if(() => code.i32(1).return());
        code.get(a).op('i32.load8_u').tee(left).get(b).op('i32.load8_u').tee(right).op('i32.ne');
        code.if(() => code.get(left).get(right).op('i32.lt_u').return());
        bump(code, a, 1);
        bump(code, b, 1);
        code.br(next);
      });
      code.unreachable();
    },
    { export: false },
  );
}
