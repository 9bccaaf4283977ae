import type { SharedHeap } from '../base/index.js';
import { type Code, instantiate, type Local, ModuleCache, WasmModule } from '../wasm/index.js';

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const STRIPE_BYTES = 32;
/** How the words of a stripe are told apart in the end. */
const ROTATIONS = [1, 7, 12, 18];

interface ChecksumKernel {
  checksum(address: number, bytes: number): number;
}

const modules = new ModuleCache(1);
const instances = new WeakMap<WebAssembly.Memory, ChecksumKernel>();

/** 32 bits that tell whether bytes of the heap changed: the 64 bits of xxHash's rounds, folded. About 10 bytes a nanosecond. */
export function checksum({ memory }: SharedHeap, address: number, bytes: number): number {
  let kernel = instances.get(memory);
  if (kernel === undefined) {
    kernel = instantiate<ChecksumKernel>(modules.get('checksum', build), memory).exports;
    instances.set(memory, kernel);
  }
  return kernel.checksum(address, bytes);
}

function build(): Uint8Array<ArrayBuffer> {
  const module = new WasmModule();
  module.function('checksum', ['i32', 'i32'], ['i32'], (code, at, bytes) => {
    const [end, hash] = [code.local('i32'), code.local('i64')];
    const lanes = ROTATIONS.map(() => code.local('i64'));
    lanes.forEach((lane, i) => {
      code.i64(BigInt.asIntN(64, P1 * BigInt(i + 1))).set(lane);
    });
    code.get(at).get(bytes).i32(-STRIPE_BYTES).op('i32.and').op('i32.add').set(end);
    eachStep(code, at, end, STRIPE_BYTES, () => {
      lanes.forEach((lane, i) => {
        round(
          code
            .get(lane)
            .get(at)
            .op('i64.load', i * 8, 0),
          P2,
          31,
          P1,
        ).set(lane);
      });
    });
    code.get(bytes).op('i64.extend_i32_u').set(hash);
    lanes.forEach((lane, i) => {
      const rotated = code
        .get(lane)
        .i64(ROTATIONS[i] as number)
        .op('i64.rotl');
      round(rotated.get(hash), P2, 27, P1).set(hash);
    });
    code
      .get(end)
      .get(bytes)
      .i32(STRIPE_BYTES - 1)
      .op('i32.and')
      .op('i32.add')
      .set(end);
    eachStep(code, at, end, 1, () => {
      round(code.get(hash).get(at).op('i64.load8_u', 0), P3, 11, P1).set(hash);
    });
    code.get(hash).get(hash).i64(33).op('i64.shr_u').op('i64.xor').i64(BigInt.asIntN(64, P2)).op('i64.mul');
    code.i64(32).op('i64.shr_u').op('i32.wrap_i64');
  });
  return module.bytes();
}

/** Of a sum so far and a word, which are pushed: `rotl(sum + word * by, bits) * times`. */
function round(code: Code, by: bigint, bits: number, times: bigint): Code {
  code.i64(BigInt.asIntN(64, by)).op('i64.mul').op('i64.add').i64(bits).op('i64.rotl');
  return code.i64(BigInt.asIntN(64, times)).op('i64.mul');
}

function eachStep(code: Code, at: Local, end: Local, bytes: number, body: () => void): void {
  code.block((done) => {
    code.loop((again) => {
      code.get(at).get(end).op('i32.ge_u').brIf(done);
      body();
      code.get(at).i32(bytes).op('i32.add').set(at).br(again);
    });
  });
}
