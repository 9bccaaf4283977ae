import type { Code, Func, Label, Local, WasmModule } from '../../../wasm/index.js';
import { COUNTERS, clearBit, copyTo } from '../../csv/emit-field.js';
import type { Locals } from '../../csv/locals.js';
import { ENTRY_BYTES, KIND, KIND_SHIFT, POSITION, TABLES } from './layout.js';

const BACKSLASH = 92;

/**
 * `textBytes(index, stride, column, rows)`: no fewer bytes than the column's values have as text.
 * `strings(text, index, stride, column, rows, offsets, data, validity, counters, tables)`: strings as they are, other
 * values as the JSON they are written in. It counts nulls and, in place of slow rows, values with escapes.
 */
export function emitStrings(module: WasmModule): void {
  const resolve = emitUnescape(module, emitHex(module));
  module.function('textBytes', ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [index, stride, column, rows] = params as Locals<4>;
    const [row, total] = [code.local('i32'), code.local('i32')];
    code.get(index).get(column).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(index);
    code.forRange(
      row,
      () => code.i32(0),
      rows,
      () => {
        code.get(total).get(index).op('i32.load', 4, 0).op('i32.add');
        code.get(index).op('i32.load', 0, 0).i32(POSITION).op('i32.and').op('i32.sub').set(total);
        code.get(index).get(stride).op('i32.add').set(index);
      },
    );
    code.get(total);
  });
  module.function('strings', new Array(10).fill('i32'), [], (code, ...params) => {
    const [text, index, stride, column, rows, offsets, data, validity, counters, tables] = params as Locals<10>;
    const i32 = (): Local => code.local('i32');
    const [word, from, end, row, position, absent, escaped] = [i32(), i32(), i32(), i32(), i32(), i32(), i32()];
    code.get(index).get(column).i32(ENTRY_BYTES).op('i32.mul').op('i32.add').set(index);
    code.get(offsets).i32(0).op('i32.store', 0, 0);
    code.get(data).set(position);
    code.forRange(
      row,
      () => code.i32(0),
      rows,
      () => {
        code.block((next) => {
          code.get(index).op('i32.load', 0, 0).tee(word).op('i32.eqz');
          code.if(() => {
            clearBit(code, { validity, rows, row, absent });
            code.br(next);
          });
          code.get(word).i32(POSITION).op('i32.and').get(text).op('i32.add').set(from);
          code.get(index).op('i32.load', 4, 0).get(text).op('i32.add').set(end);
          code.get(word).i32(KIND_SHIFT).op('i32.shr_u').i32(KIND.escaped).op('i32.eq');
          code.if(
            () => {
              code.get(from).get(end).get(position).get(tables).call(resolve).set(position);
              code.get(escaped).i32(1).op('i32.add').set(escaped);
            },
            () => copyTo(code, from, end, position),
          );
        });
        code.get(offsets).i32(4).op('i32.add').tee(offsets).get(position).get(data).op('i32.sub').op('i32.store', 0, 0);
        code.get(index).get(stride).op('i32.add').set(index);
      },
    );
    code.get(counters).get(absent).op('i32.store', COUNTERS.nulls, 0);
    code.get(counters).get(escaped).op('i32.store', COUNTERS.slow, 0);
  });
}

/** `hex(at, tables)`: the number that four hexadecimal digits are. */
function emitHex(module: WasmModule): Func {
  return module.function(
    'hex',
    ['i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [at, tables] = params as Locals<2>;
      for (const digit of [0, 1, 2, 3]) {
        code.get(tables).get(at).op('i32.load8_u', digit).op('i32.add').op('i32.load8_u', TABLES.hex);
        code.i32(12 - 4 * digit).op('i32.shl');
        if (digit > 0) code.op('i32.or');
      }
    },
    { export: false },
  );
}

/** `unescape(from, end, target, tables)`: writes a string whose escapes are known to be right; gives the end of it. */
function emitUnescape(module: WasmModule, hex: Func): Func {
  return module.function(
    'unescape',
    ['i32', 'i32', 'i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [from, end, target, tables] = params as Locals<4>;
      const [bytes, plain, letter] = [code.local('v128'), code.local('i32'), code.local('i32')];
      code.loop((next) => {
        code.get(target).get(from).op('v128.load', 0, 0).tee(bytes).op('v128.store', 0, 0);
        // The bit behind the others ends the search.
        code.get(bytes).v128(new Array(16).fill(BACKSLASH)).op('i8x16.eq').op('i8x16.bitmask').i32(65536).op('i32.or');
        code.op('i32.ctz').tee(plain).get(end).get(from).op('i32.sub').op('i32.ge_u');
        code.if(() => code.get(target).get(end).op('i32.add').get(from).op('i32.sub').return());
        code.get(from).get(plain).op('i32.add').set(from);
        code.get(target).get(plain).op('i32.add').set(target);
        code.get(plain).i32(16).op('i32.eq').brIf(next);
        code.get(from).op('i32.load8_u', 1).tee(letter).i32(117).op('i32.ne');
        code.if(() => {
          code.get(target).get(tables).get(letter).op('i32.add').op('i32.load8_u', TABLES.escapes).op('i32.store8');
          code.get(from).i32(2).op('i32.add').set(from);
          code.get(target).i32(1).op('i32.add').set(target).br(next);
        });
        character(code, { from, target, tables }, hex, next);
      });
      code.unreachable();
    },
    { export: false },
  );
}

interface Places {
  readonly from: Local;
  readonly target: Local;
  readonly tables: Local;
}

/** A character by its number as UTF-8: of a pair of surrogates both; one alone is U+FFFD. */
function character(code: Code, { from, target, tables }: Places, hex: Func, next: Label): void {
  const [point, low] = [code.local('i32'), code.local('i32')];
  code.get(from).i32(2).op('i32.add').get(tables).call(hex).set(point);
  code.get(from).i32(6).op('i32.add').set(from);
  code.get(point).i32(0xf800).op('i32.and').i32(0xd800).op('i32.eq');
  code.if(() => {
    code.i32(-1).set(low);
    code
      .get(from)
      .op('i32.load16_u', 0, 0)
      .i32(0x755c)
      .op('i32.eq')
      .get(point)
      .i32(0xdc00)
      .op('i32.lt_u')
      .op('i32.and');
    code.if(() => code.get(from).i32(2).op('i32.add').get(tables).call(hex).set(low));
    code.get(low).i32(0xdc00).op('i32.sub').i32(0x400).op('i32.lt_u');
    code.if(
      () => {
        code.get(point).i32(0xd7c0).op('i32.sub').i32(10).op('i32.shl').get(low).i32(0xdc00).op('i32.sub').op('i32.or');
        code.set(point);
        code.get(from).i32(6).op('i32.add').set(from);
      },
      () => code.i32(0xfffd).set(point),
    );
  });
  const part = (shift: number, mark: number, at: number, mask = 63): void => {
    code.get(target).get(point).i32(shift).op('i32.shr_u').i32(mask).op('i32.and').i32(mark).op('i32.or');
    code.op('i32.store8', at);
  };
  const done = (bytes: number): void => {
    code.get(target).i32(bytes).op('i32.add').set(target).br(next);
  };
  for (const [most, bytes, mark] of [
    [0x80, 1, 0],
    [0x800, 2, 0xc0],
    [0x10000, 3, 0xe0],
  ] as const) {
    code.get(point).i32(most).op('i32.lt_u');
    code.if(() => {
      part(6 * (bytes - 1), mark, 0, 127);
      for (let i = 1; i < bytes; i++) part(6 * (bytes - 1 - i), 0x80, i);
      done(bytes);
    });
  }
  part(18, 0xf0, 0);
  for (let i = 1; i < 4; i++) part(18 - 6 * i, 0x80, i);
  done(4);
}
