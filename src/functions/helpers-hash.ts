import type { Code, Local } from '../wasm/index.js';
import type { Helper, HelperTable } from './helper.js';

// Odd constants with well spread bits: xxHash's primes and murmur3's finalizer.
const PRIME_1 = 0x9e3779b185ebca87n;
const PRIME_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME_3 = 0x165667b19e3779f9n;
const MIX_1 = 0xff51afd7ed558ccdn;
const MIX_2 = 0xc4ceb9fe1a85ec53n;

/** Murmur3's 64-bit finalizer over the value on the stack. */
function finalize(code: Code, h: Local): void {
  code.tee(h).get(h).i64(33).op('i64.shr_u').op('i64.xor').i64(MIX_1).op('i64.mul');
  code.tee(h).get(h).i64(33).op('i64.shr_u').op('i64.xor').i64(MIX_2).op('i64.mul');
  code.tee(h).get(h).i64(33).op('i64.shr_u').op('i64.xor');
}

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

/** (low, high) → i64. */
const hashI128: Helper = {
  params: ['i64', 'i64'],
  results: ['i64'],
  build: (code, params) => {
    const [low, high] = params as [Local, Local];
    code.get(low).get(high).i64(PRIME_2).op('i64.mul').i64(31).op('i64.rotl').op('i64.add').i64(PRIME_1).op('i64.xor');
    finalize(code, low);
  },
};

/** (hash, hash) → i64: the hash of several keys, order counts. */
const hashCombine: Helper = {
  params: ['i64', 'i64'],
  results: ['i64'],
  build: (code, params) => {
    const [a, b] = params as [Local, Local];
    code.get(a).i64(27).op('i64.rotl').i64(PRIME_1).op('i64.mul').get(b).op('i64.xor');
    finalize(code, a);
  },
};

/** (address, length) → i64. */
const hashBytes: Helper = {
  params: ['i32', 'i32'],
  results: ['i64'],
  build: (code, params) => {
    const [address, length] = params as [Local, Local];
    const h = code.local('i64');
    const end = code.local('i32');
    code.get(length).op('i64.extend_i32_u').i64(PRIME_3).op('i64.mul').i64(PRIME_1).op('i64.add').set(h);
    code.get(address).get(length).op('i32.add').set(end);
    const absorb = (): void => {
      code.i64(PRIME_2).op('i64.mul').i64(31).op('i64.rotl').i64(PRIME_1).op('i64.mul').get(h).op('i64.xor');
      code.i64(27).op('i64.rotl').i64(PRIME_1).op('i64.mul').i64(PRIME_3).op('i64.add').set(h);
    };
    code.block((done) => {
      code.loop((again) => {
        code.get(end).get(address).op('i32.sub').i32(8).op('i32.lt_u').brIf(done);
        code.get(address).op('i64.load', 0, 0);
        absorb();
        code.get(address).i32(8).op('i32.add').set(address).br(again);
      });
    });
    // The last 0 to 7 bytes; what lies behind the end is readable but masked off.
    code
      .get(address)
      .get(end)
      .op('i32.lt_u')
      .if(() => {
        code.get(address).op('i64.load', 0, 0);
        code.i64(1).get(end).get(address).op('i32.sub').i32(3).op('i32.shl').op('i64.extend_i32_u').op('i64.shl');
        code.i64(1).op('i64.sub').op('i64.and');
        absorb();
      });
    code.get(h);
    finalize(code, h);
  },
};

export const hashHelpers = {
  hash_i64: hashI64,
  hash_i128: hashI128,
  hash_combine: hashCombine,
  hash_bytes: hashBytes,
} as const satisfies HelperTable;
