import type { SharedHeap } from '../../base/index.js';
import { type Code, type Func, instantiate, type Local, ModuleCache, WasmModule } from '../../wasm/index.js';

/** Matches are looked for within blocks of this size, so that distances fit 16 bits. */
const BLOCK_BYTES = 65536;
const HASH_BITS = 14;
/** Near the end of a block nothing is looked for: loads stay inside. */
const MARGIN = 15;
export const SNAPPY_TABLE_BYTES = 2 << HASH_BITS;

/** Most bytes that so many can become. */
export const snappyBound = (bytes: number): number => 32 + bytes + Math.ceil(bytes / 6);

/** `compress(source, end, target, table)`: snappy's greedy compressor; returns the end of what it wrote. */
export interface SnappyKernel {
  compress(source: number, end: number, target: number, table: number): number;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, SnappyKernel>();

export function snappyKernel(heap: SharedHeap): SnappyKernel {
  let kernel = instances.get(heap.memory);
  if (kernel === undefined) {
    kernel = instantiate<SnappyKernel>(modules.get('snappy', build), heap.memory).exports;
    instances.set(heap.memory, kernel);
  }
  return kernel;
}

function build(): Uint8Array {
  const module = new WasmModule();
  const literal = emitLiteral(module);
  const copy = emitCopy(module);
  const matched = emitMatchLength(module);
  const block = emitBlock(module, literal, copy, matched);
  module.function('compress', ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, target, table] = params;
    const [rest, blockEnd] = [code.local('i32'), code.local('i32')];
    code.get(end).get(source).op('i32.sub').set(rest);
    code.loop((again) => {
      code.get(rest).i32(127).op('i32.gt_u');
      code.if(() => {
        code.get(target).get(rest).i32(128).op('i32.or').op('i32.store8');
        code.get(target).i32(1).op('i32.add').set(target);
        code.get(rest).i32(7).op('i32.shr_u').set(rest).br(again);
      });
    });
    code.get(target).get(rest).op('i32.store8');
    code.get(target).i32(1).op('i32.add').set(target);
    code.block((done) => {
      code.loop((again) => {
        code.get(source).get(end).op('i32.ge_u').brIf(done);
        code
          .get(source)
          .i32(BLOCK_BYTES)
          .op('i32.add')
          .tee(blockEnd)
          .get(end)
          .get(blockEnd)
          .get(end)
          .op('i32.lt_u')
          .select()
          .set(blockEnd);
        code.get(table).i32(0).i32(SNAPPY_TABLE_BYTES).op('memory.fill');
        code.get(source).get(blockEnd).get(target).get(table).call(block).set(target);
        code.get(blockEnd).set(source).br(again);
      });
    });
    code.get(target);
  });
  return module.bytes();
}

/** `(source, end, target) -> target`: the bytes as they are. */
function emitLiteral(module: WasmModule): Func {
  return module.function(
    'literal',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [source, end, target] = params;
      const [length, last] = [code.local('i32'), code.local('i32')];
      const step = (bytes: number): Code => code.get(target).i32(bytes).op('i32.add').set(target);
      code.get(end).get(source).op('i32.sub').tee(length).op('i32.eqz');
      code.if(() => code.get(target).return());
      code.get(length).i32(61).op('i32.lt_u');
      code.if(
        () => {
          code.get(target).get(length).i32(1).op('i32.sub').i32(2).op('i32.shl').op('i32.store8');
          step(1);
        },
        () => {
          // Two bytes of length do for any block.
          code
            .get(target)
            .i32(61 << 2)
            .op('i32.store8');
          code.get(target).get(length).i32(1).op('i32.sub').op('i32.store16', 1, 0);
          step(3);
        },
      );
      code.get(target).get(length).op('i32.add').set(last);
      code.loop((again) => {
        code.get(target).get(source).op('v128.load', 0, 0).op('v128.store', 0, 0);
        code.get(source).i32(16).op('i32.add').set(source);
        code.get(target).i32(16).op('i32.add').tee(target).get(last).op('i32.lt_u').brIf(again);
      });
      code.get(last);
    },
    { export: false },
  );
}

/** `(target, distance, length) -> target`. */
function emitCopy(module: WasmModule): Func {
  return module.function(
    'copy',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [target, distance, length] = params;
      const far = (bytes: () => void): void => {
        code.get(target);
        bytes();
        code.i32(1).op('i32.sub').i32(2).op('i32.shl').i32(2).op('i32.or').op('i32.store8');
        code.get(target).get(distance).op('i32.store16', 1, 0);
        code.get(target).i32(3).op('i32.add').set(target);
      };
      const take = (bytes: number): Code => code.get(length).i32(bytes).op('i32.sub').set(length);
      code.loop((again) => {
        code.get(length).i32(68).op('i32.ge_u');
        code.if(() => {
          far(() => code.i32(64));
          take(64).br(again);
        });
      });
      // What is left must be 4 bytes at least.
      code.get(length).i32(64).op('i32.gt_u');
      code.if(() => {
        far(() => code.i32(60));
        take(60);
      });
      code.get(length).i32(12).op('i32.lt_u').get(distance).i32(2048).op('i32.lt_u').op('i32.and');
      code.if(
        () => {
          code.get(target);
          code
            .get(distance)
            .i32(8)
            .op('i32.shr_u')
            .i32(5)
            .op('i32.shl')
            .get(length)
            .i32(4)
            .op('i32.sub')
            .i32(2)
            .op('i32.shl');
          code.op('i32.or').i32(1).op('i32.or').op('i32.store8');
          code.get(target).get(distance).op('i32.store8', 1);
          code.get(target).i32(2).op('i32.add').set(target);
        },
        () => far(() => code.get(length)),
      );
      code.get(target);
    },
    { export: false },
  );
}

/** `(a, b, end) -> bytes`: how far the bytes at `a` and at `b`, the later one, are the same. */
function emitMatchLength(module: WasmModule): Func {
  return module.function(
    'matched',
    ['i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [a, b, end] = params;
      const [start, different] = [code.local('i32'), code.local('i64')];
      code.get(b).set(start);
      code.loop((again) => {
        code.get(b).i32(8).op('i32.add').get(end).op('i32.le_u');
        code.if(() => {
          code.get(a).op('i64.load', 0, 0).get(b).op('i64.load', 0, 0).op('i64.xor').tee(different).op('i64.eqz');
          code.if(
            () => {
              code.get(a).i32(8).op('i32.add').set(a);
              code.get(b).i32(8).op('i32.add').set(b).br(again);
            },
            () =>
              code
                .get(b)
                .get(start)
                .op('i32.sub')
                .get(different)
                .op('i64.ctz')
                .op('i32.wrap_i64')
                .i32(3)
                .op('i32.shr_u')
                .op('i32.add')
                .return(),
          );
        });
      });
      code.loop((again) => {
        code.get(b).get(end).op('i32.lt_u');
        code.if(() => {
          code.get(a).op('i32.load8_u').get(b).op('i32.load8_u').op('i32.eq');
          code.if(() => {
            code.get(a).i32(1).op('i32.add').set(a);
            code.get(b).i32(1).op('i32.add').set(b).br(again);
          });
        });
      });
      code.get(b).get(start).op('i32.sub');
    },
    { export: false },
  );
}

/** The address of the table's entry for the four bytes at `at`. */
function slotOf(code: Code, at: Local, table: Local): void {
  code
    .get(at)
    .op('i32.load', 0, 0)
    .i32(0x1e35a7bd)
    .op('i32.mul')
    .i32(32 - HASH_BITS)
    .op('i32.shr_u');
  code.i32(1).op('i32.shl').get(table).op('i32.add');
}

/** `(source, end, target, table) -> target`: one block. */
function emitBlock(module: WasmModule, literal: Func, copy: Func, matched: Func): Func {
  return module.function(
    'block',
    ['i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [source, end, target, table] = params;
      const i32 = (): Local => code.local('i32');
      const [limit, at, emitted, candidate, slot, skip, length] = [i32(), i32(), i32(), i32(), i32(), i32(), i32()];
      const lookUp = (): void => {
        slotOf(code, at, table);
        code.tee(slot).op('i32.load16_u', 0, 0).get(source).op('i32.add').set(candidate);
        code.get(slot).get(at).get(source).op('i32.sub').op('i32.store16', 0, 0);
      };
      code.get(source).set(emitted);
      code.block((rest) => {
        code.get(end).get(source).op('i32.sub').i32(MARGIN).op('i32.le_u').brIf(rest);
        code.get(end).i32(MARGIN).op('i32.sub').set(limit);
        code.get(source).i32(1).op('i32.add').set(at);
        code.loop((search) => {
          // The longer nothing is found, the larger the steps: text that cannot be compressed is passed quickly.
          code.i32(32).set(skip);
          code.block((found) => {
            code.loop((next) => {
              code.get(at).get(limit).op('i32.ge_u').brIf(rest);
              lookUp();
              code.get(at).op('i32.load', 0, 0).get(candidate).op('i32.load', 0, 0).op('i32.eq').brIf(found);
              code.get(at).get(skip).i32(5).op('i32.shr_u').op('i32.add').set(at);
              code.get(skip).i32(1).op('i32.add').set(skip).br(next);
            });
          });
          code.get(emitted).get(at).get(target).call(literal).set(target);
          code.loop((again) => {
            code.get(candidate).i32(4).op('i32.add').get(at).i32(4).op('i32.add').get(end).call(matched);
            code.i32(4).op('i32.add').set(length);
            code.get(target).get(at).get(candidate).op('i32.sub').get(length).call(copy).set(target);
            code.get(at).get(length).op('i32.add').tee(at).tee(emitted).get(limit).op('i32.ge_u').brIf(rest);
            lookUp();
            code.get(at).op('i32.load', 0, 0).get(candidate).op('i32.load', 0, 0).op('i32.eq').brIf(again);
          });
          code.get(at).i32(1).op('i32.add').set(at).br(search);
        });
      });
      code.get(emitted).get(end).get(target).call(literal);
    },
    { export: false },
  );
}
