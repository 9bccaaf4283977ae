import type { Code, Local } from '../wasm/index.js';
import type { Helper, HelperTable } from './helper.js';

// Odd constants with well spread bits: one of xxHash's primes and murmur3's finalizer.
const PRIME_1 = 0x9e3779b185ebca87n;
const MIX_1 = 0xff51afd7ed558ccdn;
const MIX_2 = 0xc4ceb9fe1a85ec53n;

/** Murmur3's 64-bit finalizer over the value on the stack. */
function finalize(code: Code, h: Local): void {
  code.tee(h).get(h).i64(33).op('i64.shr_u').op('i64.xor').i64(MIX_1).op('i64.mul');
  code.tee(h).get(h).i64(33).op('i64.shr_u').op('i64.xor').i64(MIX_2).op('i64.mul');
  code.tee(h).get(h).i64(33).op('i64.shr_u').op('i64.xor');
}

/** Multiplies the halves of (a xor b), both i64 on the stack: what each is depends on the other. `x` is for its own use. */
export function pushMixed(code: Code, x: Local): void {
  code.op('i64.xor').tee(x).i64(0xffffffffn).op('i64.and').get(x).i64(32).op('i64.shr_u').op('i64.mul');
}

/** The 32-bit hash of what was mixed, an i64 on the stack. */
export function pushHash(code: Code, x: Local): void {
  const fold = (): Code => code.tee(x).get(x).i64(32).op('i64.shr_u').op('i64.xor');
  fold().i64(MIX_2).op('i64.mul');
  fold().op('i32.wrap_i64');
}

/** (address, length, i64) → i64: bytes mixed into a seeded hash, eight by eight, and how many are left with the last. */
const mixBytes: Helper = {
  params: ['i32', 'i32', 'i64'],
  results: ['i64'],
  build: (code, params) => {
    const [address, length, h] = params as [Local, Local, Local];
    const left = code.local('i64');
    code.block((done) => {
      code.loop((again) => {
        code.get(length).i32(8).op('i32.lt_u').brIf(done);
        code.get(h).get(address).op('i64.load', 0, 0);
        pushMixed(code, h);
        code.set(h);
        code.get(address).i32(8).op('i32.add').set(address);
        code.get(length).i32(8).op('i32.sub').set(length).br(again);
      });
    });
    // What lies behind the end is readable but masked off; the last byte says how many were left.
    code.get(length).op('i64.extend_i32_u').tee(left).i64(56).op('i64.shl');
    code.get(address).op('i64.load', 0, 0);
    code.i64(1).get(left).i64(3).op('i64.shl').op('i64.shl').i64(1).op('i64.sub').op('i64.and').op('i64.or').get(h);
    pushMixed(code, h);
  },
};

/** (i64) → i64, every bit of the input reaches every bit of the output. */
const hashI64: Helper = {
  params: ['i64'],
  results: ['i64'],
  build: (code, params) => {
    const [x] = params as [Local];
    code.get(x).i64(PRIME_1).op('i64.xor');
    finalize(code, x);
  },
};

export const hashHelpers = {
  mix_bytes: mixBytes,
  hash_i64: hashI64,
} as const satisfies HelperTable;
