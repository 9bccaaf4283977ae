import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { SharedHeap } from '../../src/base/index.js';
import { divideHalfUp } from '../../src/functions/decimal.js';
import { helpers } from '../../src/functions/helpers.js';
import { ModuleContext } from '../../src/functions/module-context.js';
import { instantiate, WasmModule } from '../../src/wasm/index.js';
import { settings } from '../support/expression-harness.js';

const heap = SharedHeap.create(8 * 2 ** 20);
const arena = heap.newArena('test');
afterAll(() => arena.release());

type Word = number | bigint;
type Exports = Record<string, (...args: Word[]) => Word | Word[]>;

const all = ((): Exports => {
  const module = new WasmModule();
  const context = new ModuleContext(module, settings);
  for (const [name, { params, results }] of Object.entries(helpers)) {
    const helper = context.helper(name);
    module.function(name, params, results, (code, ...locals) => {
      for (const local of locals) code.get(local);
      code.call(helper);
    });
  }
  const none = (): void => {};
  return instantiate<Exports>(new WebAssembly.Module(module.bytes()), heap.memory, { more_heap: none, call_js: none })
    .exports;
})();

const I128 = 2n ** 127n;
const int64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 31n, -(2n ** 31n)),
);
const int128 = fc.oneof(
  fc.bigInt(-I128 + 1n, I128 - 1n),
  int64,
  fc.tuple(fc.bigInt(1n, 9n), fc.integer({ min: 0, max: 37 })).map(([d, n]) => d * 10n ** BigInt(n)),
);
const split = (x: bigint): [bigint, bigint] => [BigInt.asIntN(64, x), x >> 64n];
const join = ([low, high]: readonly Word[]): bigint =>
  (BigInt(high as bigint) << 64n) | BigInt.asUintN(64, low as bigint);
const run = (name: string, ...args: Word[]): Word[] => [(all[name] as Exports[string])(...args)].flat() as Word[];

describe('128-bit helpers', () => {
  test('multiply', () => {
    fc.assert(
      fc.property(int128, int128, (a, b) => {
        const product = a * b;
        const [low, high, overflow] = run('i128_mul_checked', ...split(a), ...split(b)) as [bigint, bigint, number];
        expect(overflow !== 0).toBe(product >= I128 || product <= -I128);
        if (overflow === 0) expect(join([low, high])).toBe(product);
        expect(join(run('i128_mul', ...split(a), ...split(b)))).toBe(BigInt.asIntN(128, product));
      }),
    );
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        expect(join(run('i64_mul_wide', a, b))).toBe(a * b);
        expect(run('i64_mul_overflows', a, b)[0]).toBe(BigInt.asIntN(64, a * b) === a * b ? 0 : 1);
      }),
    );
  });

  test('divide', () => {
    fc.assert(
      fc.property(int128, int128, (a, b) => {
        fc.pre(b !== 0n);
        const args = [...split(a), ...split(b)];
        expect(join(run('i128_div', ...args))).toBe(a / b);
        expect(join(run('i128_rem', ...args))).toBe(a % b);
        expect(join(run('i128_div_half_up', ...args))).toBe(divideHalfUp(a, b));
      }),
    );
    fc.assert(
      fc.property(int64, fc.bigInt(1n, 2n ** 62n), (a, b) => {
        expect(run('i64_div_half_up', a, b)[0]).toBe(divideHalfUp(a, b));
      }),
    );
  });

  test('compare and negate', () => {
    fc.assert(
      fc.property(int128, int128, (a, b) => {
        expect(run('i128_compare', ...split(a), ...split(b))[0]).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(join(run('i128_neg', ...split(a)))).toBe(-a);
      }),
    );
  });
});

describe('byte helpers', () => {
  const [left, right] = [arena.alloc(256), arena.alloc(256)];
  const put = (address: number, bytes: Uint8Array, rest: number): void => {
    heap.u8.fill(rest, address, address + 256);
    heap.u8.set(bytes, address);
  };
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.array(fc.constantFrom(0, 1, 255), { maxLength: 20 }).map((a) => Uint8Array.from(a)),
  );

  test('compare, whatever lies behind the end', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 0, max: 255 }), (a, b, rest) => {
        put(left, a, rest);
        put(right, b, 255 - rest);
        const args = [left, a.length, right, b.length];
        expect(run('bytes_compare', ...args)[0]).toBe(Buffer.compare(a, b));
        expect(run('bytes_equal', ...args)[0]).toBe(Buffer.compare(a, b) === 0 ? 1 : 0);
        put(right, a, 255 - rest);
        expect(run('bytes_equal', left, a.length, right, a.length)[0]).toBe(1);
        const seed = 0x1a3779b97f4a7c15n;
        expect(run('mix_bytes', left, a.length, seed)).toEqual(run('mix_bytes', right, a.length, seed));
      }),
    );
  });

  test('hash so that neighbours fall apart', () => {
    for (const step of [1n, 1n << 16n, 1n << 40n]) {
      const slots = new Set<bigint>();
      for (let i = 0n; i < 4096n; i++) slots.add((run('hash_i64', i * step)[0] as bigint) & 4095n);
      // A random function fills 63 % of the slots.
      expect(slots.size).toBeGreaterThan(4096 * 0.6);
    }
  });
});
