import type { Code, Func, Local, WasmModule } from '../../../wasm/index.js';
import { bump, returnIf, whileLoop } from './emit.js';

/**
 * `delta32`, `delta64 (source, end, count, target)`: DELTA_BINARY_PACKED with exactly `count` values. Returns where
 * the bytes end, or 0 when they are damaged.
 */
export function emitDelta(module: WasmModule): void {
  const uleb = emitUleb(module);
  for (const bytes of [4, 8] as const) emitValues(module, bytes, uleb);
}

interface Reader {
  readonly source: Local;
  readonly end: Local;
  readonly value: Local;
}

/** Position and value cannot share one result, so the 64-bit varint leaves its value behind the returned position. */
function emitUleb(module: WasmModule): Func {
  return module.function(
    'varintLength',
    ['i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [source, end] = params;
      const start = code.local('i32');
      code.get(source).set(start);
      code.loop((again) => {
        code
          .get(source)
          .get(end)
          .op('i32.ge_u')
          .get(source)
          .get(start)
          .op('i32.sub')
          .i32(9)
          .op('i32.gt_u')
          .op('i32.or');
        returnIf(code, 0);
        bump(code, source, 1);
        code.get(source).i32(1).op('i32.sub').op('i32.load8_u').i32(128).op('i32.and').brIf(again);
      });
      code.get(source).get(start).op('i32.sub');
    },
    { export: false },
  );
}

/** Reads a varint into `value`, returning 0 from the function when it is cut off. */
function readVarint(code: Code, reader: Reader, uleb: Func): void {
  const { source, end, value } = reader;
  const [last, shift] = [code.local('i32'), code.local('i64')];
  code.get(source).get(end).call(uleb).tee(last).op('i32.eqz');
  returnIf(code, 0);
  code.get(source).get(last).op('i32.add').set(last);
  code.i64(0).set(value).i64(0).set(shift);
  code.loop((again) => {
    code
      .get(value)
      .get(source)
      .op('i64.load8_u')
      .i64(127)
      .op('i64.and')
      .get(shift)
      .op('i64.shl')
      .op('i64.or')
      .set(value);
    code.get(shift).i64(7).op('i64.add').set(shift);
    bump(code, source, 1);
    code.get(source).get(last).op('i32.lt_u').brIf(again);
  });
}

/** Undoes zigzag, in place. */
function zigzag(code: Code, value: Local): void {
  code.get(value).i64(1).op('i64.shr_u').i64(0).get(value).i64(1).op('i64.and').op('i64.sub').op('i64.xor').set(value);
}

function emitValues(module: WasmModule, bytes: 4 | 8, uleb: Func): void {
  module.function(`delta${bytes * 8}`, ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, count, target] = params;
    const value = code.local('i64');
    const reader = { source, end, value };
    const [perMini, minis, previous] = [code.local('i32'), code.local('i32'), code.local('i64')];
    header(code, reader, uleb, { count, perMini, minis });
    readVarint(code, reader, uleb);
    zigzag(code, value);
    code.get(count).op('i32.eqz');
    code.if(() => code.get(source).return());
    code.get(value).set(previous);
    storeValue(code, bytes, target, previous);
    bump(code, count, -1);
    const [least, widths, mini, width] = [code.local('i64'), code.local('i32'), code.local('i32'), code.local('i32')];
    whileLoop(
      code,
      () => code.get(count),
      () => {
        readVarint(code, reader, uleb);
        zigzag(code, value);
        code.get(value).set(least);
        code.get(source).set(widths);
        code.get(minis).get(end).get(source).op('i32.sub').op('i32.gt_u');
        returnIf(code, 0);
        code.get(source).get(minis).op('i32.add').set(source);
        code.i32(0).set(mini);
        whileLoop(
          code,
          () => code.get(mini).get(minis).op('i32.lt_u').get(count).i32(0).op('i32.ne').op('i32.and'),
          () => {
            code.get(widths).get(mini).op('i32.add').op('i32.load8_u').tee(width).i32(64).op('i32.gt_u');
            returnIf(code, 0);
            miniblock(code, bytes, { source, end, count, target, perMini, width, least, previous });
            bump(code, mini, 1);
          },
        );
      },
    );
    code.get(source);
  });
}

/** Block size, miniblocks and count: bounded, and the count must be the expected one. */
function header(
  code: Code,
  reader: Reader,
  uleb: Func,
  into: { readonly count: Local; readonly perMini: Local; readonly minis: Local },
): void {
  const { value } = reader;
  const block = code.local('i64');
  readVarint(code, reader, uleb);
  code
    .get(value)
    .tee(block)
    .i64(1 << 24)
    .op('i64.gt_u');
  returnIf(code, 0);
  readVarint(code, reader, uleb);
  code.get(value).op('i64.eqz').get(value).get(block).op('i64.gt_u').op('i32.or');
  returnIf(code, 0);
  code.get(value).op('i32.wrap_i64').set(into.minis);
  code.get(block).get(value).op('i64.div_u').op('i32.wrap_i64').tee(into.perMini).op('i32.eqz');
  code.get(into.perMini).i32(7).op('i32.and').op('i32.or');
  returnIf(code, 0);
  readVarint(code, reader, uleb);
  code.get(value).get(into.count).op('i64.extend_i32_u').op('i64.ne');
  returnIf(code, 0);
}

interface Mini {
  readonly source: Local;
  readonly end: Local;
  readonly count: Local;
  readonly target: Local;
  readonly perMini: Local;
  readonly width: Local;
  readonly least: Local;
  readonly previous: Local;
}

function miniblock(code: Code, bytes: 4 | 8, m: Mini): void {
  const { source, end, count, target, perMini, width, least, previous } = m;
  const [left, bit, bits, at, mask] = [
    code.local('i32'),
    code.local('i64'),
    code.local('i64'),
    code.local('i32'),
    code.local('i64'),
  ];
  code.get(perMini).get(count).get(perMini).get(count).op('i32.lt_u').select().set(left);
  // The bytes of the values wanted must be there; the padding of the last miniblock need not be.
  code
    .get(width)
    .op('i64.extend_i32_u')
    .get(left)
    .op('i64.extend_i32_u')
    .op('i64.mul')
    .i64(7)
    .op('i64.add')
    .i64(3)
    .op('i64.shr_u');
  code.get(end).get(source).op('i32.sub').op('i64.extend_i32_u').op('i64.gt_u');
  returnIf(code, 0);
  code.get(count).get(left).op('i32.sub').set(count);
  code.i64(0).set(bit);
  code
    .i64(-1)
    .i64(64)
    .get(width)
    .op('i64.extend_i32_u')
    .op('i64.sub')
    .op('i64.shr_u')
    .i64(0)
    .get(width)
    .select()
    .set(mask);
  whileLoop(
    code,
    () => code.get(left),
    () => {
      code.get(source).get(bit).i64(3).op('i64.shr_u').op('i32.wrap_i64').op('i32.add').set(at);
      code.get(bit).i64(7).op('i64.and').set(bits);
      code.get(at).op('i64.load', 0, 0).get(bits).op('i64.shr_u');
      // A ninth byte holds the top bits of a wide value; shifted in two steps, so that 64 becomes 0.
      code.get(at).op('i64.load8_u', 8).i64(63).get(bits).op('i64.sub').op('i64.shl').i64(1).op('i64.shl').op('i64.or');
      code.get(mask).op('i64.and').get(least).op('i64.add').get(previous).op('i64.add').set(previous);
      storeValue(code, bytes, target, previous);
      code.get(bit).get(width).op('i64.extend_i32_u').op('i64.add').set(bit);
      bump(code, left, -1);
    },
  );
  const step = code.local('i32');
  code.get(perMini).i32(3).op('i32.shr_u').get(width).op('i32.mul').tee(step);
  code
    .get(end)
    .get(source)
    .op('i32.sub')
    .get(step)
    .get(end)
    .get(source)
    .op('i32.sub')
    .op('i32.lt_u')
    .select()
    .set(step);
  code.get(source).get(step).op('i32.add').set(source);
}

function storeValue(code: Code, bytes: 4 | 8, target: Local, value: Local): void {
  code
    .get(target)
    .get(value)
    .op(bytes === 4 ? 'i64.store32' : 'i64.store', 0, 0);
  bump(code, target, bytes);
}
