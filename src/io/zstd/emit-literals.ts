import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { bump, returnIf, whileLoop } from '../parquet/kernels/emit.js';

/**
 * A stream of bits that is read from its end: `position` bits are left, and the uppermost bits of `window` are those
 * that come next, at least 56 of them after a reload. What lies before the stream comes in behind its first bit; no
 * code is changed by it, and a position below zero tells that it was used.
 */
interface Bits {
  /** Seven bytes before the first one. */
  readonly before: Local;
  readonly position: Local;
  readonly window: Local;
}

function reload(code: Code, { before, position, window }: Bits): void {
  code.get(before).get(position).i32(3).op('i32.shr_s').op('i32.add').op('i64.load', 0, 0);
  code.i32(8).get(position).i32(7).op('i32.and').op('i32.sub').op('i64.extend_i32_u').op('i64.shl').set(window);
}

/** Drops the next `bits` bits, an i64. */
function drop(code: Code, { position, window }: Bits, bits: Local): void {
  code.get(window).get(bits).op('i64.shl').set(window);
  code.get(position).get(bits).op('i32.wrap_i64').op('i32.sub').set(position);
}

/** `begin(source, end)`: the bits before the mark that ends a stream, or -1 when there is none. */
export function emitBegin(module: WasmModule): Func {
  return module.function(
    'begin',
    ['i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [source, end] = params;
      const last = code.local('i32');
      code.get(source).get(end).op('i32.ge_u');
      returnIf(code, -1);
      bump(code, end, -1);
      code.get(end).op('i32.load8_u').tee(last).op('i32.eqz');
      returnIf(code, -1);
      code.get(end).get(source).op('i32.sub').i32(3).op('i32.shl');
      code.i32(31).get(last).op('i32.clz').op('i32.sub').op('i32.add');
    },
    { export: false },
  );
}

/** Codes are at most so long, and tables always have an entry for so many bits. */
const CODE_BITS = 11n;
/** Symbols of five codes come from one reload. */
const AT_ONCE = 5;

/** The next symbol goes to `target + at`. */
function symbol(code: Code, bits: Bits, table: Local, entry: Local, size: Local, target: Local, at: number): void {
  code.get(target).get(table);
  code
    .get(bits.window)
    .i64(64n - CODE_BITS)
    .op('i64.shr_u')
    .op('i32.wrap_i64')
    .i32(1)
    .op('i32.shl');
  code.op('i32.add').op('i32.load16_u', 0, 0).tee(entry).op('i32.store8', at);
  code.get(entry).i32(8).op('i32.shr_u').op('i64.extend_i32_u').set(size);
  drop(code, bits, size);
}

/** `run(before, position, target, targetEnd, table)`: fills the target from one stream; gives the position behind. */
function emitRun(module: WasmModule): Func {
  return module.function(
    'run',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [before, position, target, targetEnd, table] = params;
      const bits = { before, position, window: code.local('i64') };
      const [entry, size] = [code.local('i32'), code.local('i64')];
      for (const many of [AT_ONCE, 1]) {
        whileLoop(
          code,
          () => code.get(targetEnd).get(target).op('i32.sub').i32(many).op('i32.ge_u'),
          () => {
            reload(code, bits);
            for (let k = 0; k < many; k++) symbol(code, bits, table, entry, size, target, k);
            bump(code, target, many);
          },
        );
      }
      code.get(position);
    },
    { export: false },
  );
}

/**
 * `huffman1`, `huffman4 (source, end, target, targetEnd, table)`: literals from one stream, or from four behind the
 * lengths of three; 1, or 0 when they are damaged. The table has 2 bytes for each 11 bits: symbol, length of its code.
 */
export function emitHuffman(module: WasmModule, begin: Func): void {
  const run = emitRun(module);
  module.function('huffman1', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, target, targetEnd, table] = params;
    const position = code.local('i32');
    code.get(source).get(end).call(begin).tee(position).i32(0).op('i32.lt_s');
    returnIf(code, 0);
    code.get(source).i32(7).op('i32.sub').get(position).get(target).get(targetEnd).get(table).call(run).op('i32.eqz');
  });
  emitFour(module, begin, run);
}

function emitFour(module: WasmModule, begin: Func, run: Func): void {
  module.function('huffman4', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, target, targetEnd, table] = params;
    const [part, next, rounds, entry, size] = [
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
      code.local('i32'),
      code.local('i64'),
    ];
    code.get(end).get(source).op('i32.sub').i32(10).op('i32.lt_u');
    returnIf(code, 0);
    code.get(targetEnd).get(target).op('i32.sub').i32(3).op('i32.add').i32(2).op('i32.shr_u').set(part);
    code.get(part).i32(3).op('i32.mul').get(targetEnd).get(target).op('i32.sub').op('i32.gt_u');
    returnIf(code, 0);
    code.get(source).i32(6).op('i32.add').set(next);
    const streams = [0, 1, 2, 3].map((s) => {
      const stream = {
        before: code.local('i32'),
        position: code.local('i32'),
        window: code.local('i64'),
        target: code.local('i32'),
      };
      code.get(next).i32(7).op('i32.sub').set(stream.before);
      code.get(target).get(part).i32(s).op('i32.mul').op('i32.add').set(stream.target);
      code.get(next);
      if (s < 3)
        code
          .get(next)
          .get(source)
          .op('i32.load16_u', s * 2, 0)
          .op('i32.add')
          .tee(next);
      else code.get(end).tee(next);
      code.call(begin).tee(stream.position).i32(0).op('i32.lt_s');
      code.get(next).get(end).op('i32.gt_u').op('i32.or');
      returnIf(code, 0);
      return stream;
    });
    const fourth = (streams[3] as (typeof streams)[0]).target;
    code.get(targetEnd).get(fourth).op('i32.sub').i32(AT_ONCE).op('i32.div_u').set(rounds);
    whileLoop(
      code,
      () => code.get(rounds),
      () => {
        for (const stream of streams) reload(code, stream);
        for (let k = 0; k < AT_ONCE; k++)
          for (const stream of streams) symbol(code, stream, table, entry, size, stream.target, k);
        for (const stream of streams) bump(code, stream.target, AT_ONCE);
        bump(code, rounds, -1);
      },
    );
    code.i32(0);
    for (const [s, stream] of streams.entries()) {
      code.get(stream.before).get(stream.position).get(stream.target);
      if (s < 3)
        code
          .get(target)
          .get(part)
          .i32(s + 1)
          .op('i32.mul')
          .op('i32.add');
      else code.get(targetEnd);
      code.get(table).call(run).op('i32.or');
    }
    code.op('i32.eqz');
  });
}
