import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Code, instantiate, type Label, type Local, type ValType, WasmModule } from '../../src/wasm/index.js';

type Value = number | bigint;

/** The function with this body. */
function compile(
  params: readonly ValType[],
  results: readonly ValType[],
  build: (code: Code, ...params: Local[]) => void,
): (...args: Value[]) => Value {
  const m = new WasmModule({ memory: false });
  m.function('f', params, results, build);
  return instantiate<{ f(...args: Value[]): Value }>(new WebAssembly.Module(m.bytes())).exports.f;
}

const constant = (type: ValType, build: (code: Code) => void): Value => compile([], [type], build)();

describe('constants arrive whole', () => {
  test('i32, signed and unsigned', () => {
    const edge = [0, -0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32 - 1];
    for (const v of edge) expect(constant('i32', (code) => code.i32(v))).toBe(v | 0);
    fc.assert(fc.property(fc.integer(), (v) => constant('i32', (code) => code.i32(v)) === v));
  });

  test('i64, as number and bigint', () => {
    for (const v of [0, -1, 2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      expect(constant('i64', (code) => code.i64(v))).toBe(BigInt(v));
    }
    for (const v of [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(constant('i64', (code) => code.i64(v))).toBe(BigInt.asIntN(64, v));
    }
    const any = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
    fc.assert(fc.property(any, (v) => constant('i64', (code) => code.i64(v)) === v));
  });

  test('f32 and f64', () => {
    for (const v of [0, -0, 0.1, -Infinity, 5e-324, NaN]) {
      expect(constant('f64', (code) => code.f64(v))).toBe(v);
      expect(constant('f32', (code) => code.f32(v))).toBe(Math.fround(v));
    }
    fc.assert(
      fc.property(fc.double(), (v) =>
        Object.is(
          constant('f64', (code) => code.f64(v)),
          v,
        ),
      ),
    );
    expect(constant('i64', (code) => code.f64(NaN).op('i64.reinterpret_f64'))).toBe(0x7ff8000000000000n);
    expect(constant('i32', (code) => code.f32(NaN).op('i32.reinterpret_f32'))).toBe(0x7fc00000);
  });

  test('v128', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i);
    expect(constant('i64', (code) => code.v128(bytes).op('i64x2.extract_lane', 1))).toBe(-0x0001020304050608n);
  });
});

describe('control flow', () => {
  test('a block gives its result, from its end and from a branch', () => {
    const f = compile(['i32'], ['i32'], (code, x) => {
      code.block((exit) => code.i32(10).get(x).brIf(exit).drop().i32(20), ['i32']);
    });
    expect([f(0), f(1)]).toEqual([20, 10]);
  });

  test('a loop goes on while a branch says so', () => {
    const f = compile(['i64'], ['i64'], (code, n) => {
      const product = code.local('i64');
      code.i64(1).set(product);
      code.block((exit) => {
        code.loop((again) => {
          code.get(n).op('i64.eqz').brIf(exit);
          code.get(product).get(n).op('i64.mul').set(product);
          code.get(n).i64(1).op('i64.sub').set(n).br(again);
        });
      });
      code.get(product);
    });
    expect(f(20n)).toBe(2432902008176640000n);
  });

  test('if with one arm, with two, with a result', () => {
    const f = compile(['i32'], ['i32'], (code, x) => {
      const y = code.local('i32');
      code.get(x).if(() => code.i32(5).set(y));
      code.get(x).if(
        () => code.get(y),
        () => code.i32(7),
        ['i32'],
      );
    });
    expect([f(0), f(3)]).toEqual([7, 5]);
  });

  test('brTable', () => {
    const f = compile(['i32'], ['i32'], (code, x) => {
      code.block((c) => {
        code.block((b) => {
          code.block((a) => code.get(x).brTable([a, b], c));
          code.i32(100).return();
        });
        code.i32(200).return();
      });
      code.i32(300);
    });
    expect([f(0), f(1), f(2), f(-1)]).toEqual([100, 200, 300, 300]);
  });

  test('select, drop, return and unreachable', () => {
    const f = compile(['i32'], ['f64'], (code, x) => {
      code.f64(1).f64(2).get(x).select().i32(9).drop();
      code
        .get(x)
        .i32(7)
        .op('i32.eq')
        .if(() => code.unreachable());
      code.return();
    });
    expect([f(0), f(1)]).toEqual([2, 1]);
    expect(() => f(7)).toThrow('unreachable');
  });

  test('select of vectors', () => {
    const f = compile(['i32'], ['i32'], (code, x) => {
      const [one, two] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
      code.v128(one).v128(two).get(x).select().op('i8x16.extract_lane_u', 3);
    });
    expect([f(0), f(1)]).toEqual([2, 1]);
  });

  test('forRange counts unsigned, and not at all from beyond the end', () => {
    const f = compile(['i32', 'i32'], ['i32'], (code, from, to) => {
      const i = code.local('i32');
      const turns = code.local('i32');
      code.forRange(
        i,
        () => code.get(from),
        to,
        () => code.get(turns).i32(1).op('i32.add').set(turns),
      );
      code.get(turns);
    });
    expect([f(0, 10), f(3, 3), f(4, 3), f(2 ** 31 - 2, 2 ** 31 + 2), f(-3, -1), f(-1, 5)]).toEqual([10, 0, 0, 4, 2, 0]);
  });

  test('locals of every type start at zero and keep their kind', () => {
    const f = compile(['i32'], ['f64'], (code, x) => {
      const types = ['f64', 'i64', 'i64', 'v128', 'f32', 'i32', 'f64'] as const;
      const locals = types.map((type) => code.local(type));
      code
        .get(locals[0] as Local)
        .get(locals[1] as Local)
        .op('f64.convert_i64_s')
        .op('f64.add');
      code
        .get(locals[3] as Local)
        .op('f64x2.extract_lane', 1)
        .op('f64.add');
      code
        .get(x)
        .tee(locals[5] as Local)
        .op('f64.convert_i32_s')
        .op('f64.add')
        .get(locals[6] as Local)
        .op('f64.add');
    });
    expect(f(42)).toBe(42);
  });

  test('what follows a branch is checked loosely, as V8 does', () => {
    const f = compile(['i32'], ['i32'], (code, x) => {
      code.block((exit) => code.br(exit).op('i32.add').drop().op('f64.add').op('i64.trunc_f64_s').drop());
      code.block((exit) => code.get(x).br(exit).select().op('f32.neg').drop(), ['i32']);
      code.return().drop().i32(1).f64(2).unreachable().set(x);
    });
    expect(f(5)).toBe(5);
  });

  test('a body longer than the first buffer', () => {
    const f = compile(['i32'], ['i32'], (code, x) => {
      code.get(x);
      for (let i = 0; i < 5000; i++) code.i32(i).op('i32.add');
    });
    expect(f(1)).toBe(1 + (4999 * 5000) / 2);
  });
});

describe('a wrong instruction throws at its call', () => {
  const body =
    (build: (code: Code, x: Local) => void, results: readonly ValType[] = []) =>
    () =>
      new WasmModule().function('f', ['i32'], results, build);
  const say = (message: string): string => `engine bug: wasm function 'f': ${message}`;

  test.each<[string, (code: Code, x: Local) => void]>([
    ['i32.add expects [i32 i32] on the stack, found [i32 f64]', (code) => code.i32(1).f64(1).op('i32.add')],
    ['i32.add expects [i32 i32] on the stack, found [i32]', (code) => code.i32(1).op('i32.add')],
    ['i32.add expects [i32 i32] on the stack, found []', (code) => code.i32(1).block(() => code.op('i32.add'))],
    ['f64.add expects [f64 f64] on the stack, found [i32]', (code, x) => code.unreachable().get(x).op('f64.add')],
    ['local.set expects [i32] on the stack, found [i64]', (code, x) => code.i64(1).set(x)],
    ['local.tee expects [i32] on the stack, found []', (code, x) => code.tee(x)],
    ['if expects [i32] on the stack, found [i64]', (code) => code.i64(1).if(() => {})],
    ['if with results needs a second arm', (code) => code.i32(1).if(() => code.i32(1), undefined, ['i32'])],
    ['drop expects a value on the stack, found nothing', (code) => code.drop()],
    ['select expects two values of one type on the stack, found [i32 i64]', (c) => c.i32(1).i64(1).i32(1).select()],
    ['end of block expects [i32] on the stack, found [f32]', (code) => code.block(() => code.f32(1), ['i32'])],
    ['end of block expects [] on the stack, found [f32]', (code) => code.block(() => code.f32(1))],
    [
      'end of the first arm of if expects [i32] on the stack, found []',
      (code) =>
        code.i32(1).if(
          () => {},
          () => code.i32(1),
          ['i32'],
        ),
    ],
    ['end of function expects [] on the stack, found [i32 i32]', (code) => code.i32(1).i32(2)],
    ['br expects [i32] on the stack, found []', (code) => code.block((exit) => code.br(exit), ['i32'])],
    [
      'br_if expects [i32 i32] on the stack, found [f64 i32]',
      (c) => c.block((exit) => c.f64(1).i32(1).brIf(exit), ['i32']),
    ],
    ['block with more than one result', (code) => code.block(() => {}, ['i32', 'i32'])],
    ['i32.const of 4294967296', (code) => code.i32(2 ** 32)],
    ['i32.const of 0.5', (code) => code.i32(0.5)],
    ['i64.const of 9007199254740992', (code) => code.i64(2 ** 53)],
    ['i64.const of 18446744073709551616', (code) => code.i64(2n ** 64n)],
    ['i64.const of NaN', (code) => code.i64(Number.NaN)],
    ['i32.add takes at most 0 immediates, found 1', (code) => code.i32(1).i32(1).op('i32.add', 0)],
    ['i32.load takes at most 2 immediates, found 3', (code) => code.i32(1).op('i32.load', 0, 0, 0)],
    ['i32.load offset -1 is not an unsigned 32-bit integer', (code) => code.i32(1).op('i32.load', -1)],
    ['i32.load alignment 2^3 exceeds the natural 2^2', (code) => code.i32(1).op('i32.load', 0, 3)],
    ['i8x16.shuffle takes 16 immediates, found 0', (c) => c.v128(zero).v128(zero).op('i8x16.shuffle')],
    [
      'i8x16.shuffle immediate 32 is not in 0..31',
      (c) =>
        c
          .v128(zero)
          .v128(zero)
          .op('i8x16.shuffle', ...zero.fill(32)),
    ],
    ['v128.const takes 16 immediates, found 3', (code) => code.v128([1, 2, 3])],
    ['v128.const immediate 256 is not in 0..255', (code) => code.v128(new Array<number>(16).fill(256))],
    ['i32x4.extract_lane lane 4 is not in 0..3', (c) => c.i32(1).op('i32x4.splat').op('i32x4.extract_lane', 4)],
    ['v128.load64_lane lane 2 is not in 0..1', (c) => c.i32(0).v128(zero).op('v128.load64_lane', 0, 2)],
    ['v128.load8_lane lane undefined is not in 0..15', (c) => c.i32(0).v128(zero).op('v128.load8_lane')],
  ])('%s', (message, build) => {
    zero.fill(0);
    expect(body(build)).toThrow(new Error(say(message)));
  });
  const zero = new Array<number>(16).fill(0);

  test('at that very call, not later', () => {
    let reached = 'nothing';
    const build = body((code) => {
      code.i32(1).i64(1);
      reached = 'before';
      code.op('i32.add');
      reached = 'after';
    });
    expect(build).toThrow();
    expect(reached).toBe('before');
  });

  test('return and the end of the function know its results', () => {
    expect(body((code) => code.f32(1).return(), ['i32'])).toThrow(
      say('return expects [i32] on the stack, found [f32]'),
    );
    expect(body(() => {}, ['i32'])).toThrow(say('end of function expects [i32] on the stack, found []'));
    expect(body((code) => code.unreachable(), ['i32'])).not.toThrow();
  });

  test('branches to a label that is closed, or of another function', () => {
    const closed = (then: (code: Code, l: Label) => void) =>
      body((code) => {
        let label: Label | undefined;
        code.block((exit) => {
          label = exit;
        });
        code.block(() => then(code, label as Label));
      });
    expect(closed((code, l) => code.br(l))).toThrow(say('br to a label of a block that is not open here'));
    expect(closed((code, l) => code.i32(1).brIf(l))).toThrow(say('br_if to a label of a block that is not open here'));
    expect(closed((code, l) => code.i32(1).brTable([], l))).toThrow(say('br_table to a label of a block'));
    const other = body((outer) => {
      outer.loop((again) => {
        new WasmModule().function('g', [], [], (code) => code.loop(() => code.br(again)));
      });
    });
    expect(other).toThrow("engine bug: wasm function 'g': br to a label of a loop that is not open here");
  });

  test('brTable to labels that carry different types', () => {
    const build = body((code, x) => {
      code.block((a) => code.block((b) => code.i64(1).get(x).brTable([a], b), ['i64']).drop());
    });
    expect(build).toThrow(say('br_table to labels that carry [] and [i64]'));
  });

  test('locals and functions of others, memory that is not there, code after the end', () => {
    const m = new WasmModule({ memory: false });
    let theirs: Local | undefined;
    let ended: Code | undefined;
    const f = new WasmModule().function('f', ['i32'], [], (code, x) => {
      theirs = x;
      ended = code;
    });
    const build = (then: (code: Code) => void) => () => m.function('g', ['i32'], [], then, { export: false });
    expect(build((code) => code.get(theirs as Local))).toThrow('local.get of a local of another function');
    expect(build((code) => code.call(f))).toThrow("call of 'f', which is not a function of this module");
    expect(build((code) => code.i32(0).op('i32.load').drop())).toThrow('i32.load in a module without memory');
    expect(build((code) => code.op('memory.size').drop())).toThrow('memory.size in a module without memory');
    expect(() => ended?.i32(1)).toThrow('const after the end of the body');
  });

  test('calls are checked like instructions', () => {
    const m = new WasmModule();
    const f = m.import('f', ['i32', 'f64'], []);
    expect(() => m.function('g', [], [], (code) => code.i32(1).f32(1).call(f))).toThrow(
      "wasm function 'g': call f expects [i32 f64] on the stack, found [i32 f32]",
    );
  });
});
