import type { Code, Func, Local, WasmModule } from '../wasm/index.js';
import { PRIMES } from './parquet/bloom-filter.js';
import { bump, whileLoop } from './parquet/kernels/emit.js';

const [P1, P2, P3, P4, P5] = PRIMES.map((p) => BigInt.asIntN(64, p)) as [bigint, bigint, bigint, bigint, bigint];

/** XXH64 with seed 0 of `length` bytes; `parquet/bloom-filter.ts` has the same in JavaScript. */
export function emitXxh64(module: WasmModule): Func {
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
