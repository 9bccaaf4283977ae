import type { Code, Func, Local, WasmModule } from '../../../wasm/index.js';
import { TABLES } from './layout.js';

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const COMMA = 44;
/** More than this is left to JavaScript: a bit for each level is kept. */
const MAX_DEPTH = 60;

const splat = (byte: number): number[] => new Array<number>(16).fill(byte);

/** The functions that pass a value, checking all of it. Each gives the address behind it, 0 where it is for JavaScript. */
export interface ValueFunctions {
  /** `string(at, tables)`, behind the opening quote: the address of the closing one; and 1 where there are escapes. */
  readonly string: Func;
  readonly number: Func;
  /** `true`, `false` or `null`. */
  readonly word: Func;
  /** `nested(at, tables)`, before a bracket. */
  readonly nested: Func;
}

export function emitValueFunctions(module: WasmModule): ValueFunctions {
  const string = emitString(module);
  const number = emitNumber(module, emitLongNumber(module));
  const word = emitWord(module);
  return { string, number, word, nested: emitNested(module, { string, number, word }) };
}

/** Moves past blanks that do not end a line, and leaves the byte there in `byte`. */
export function skipBlanks(code: Code, at: Local, byte: Local): void {
  code.loop((next) => {
    code.get(at).op('i32.load8_u').tee(byte).i32(32).op('i32.le_u');
    code.if(() => {
      code.get(byte).i32(32).op('i32.eq').get(byte).i32(9).op('i32.eq').op('i32.or');
      code.get(byte).i32(13).op('i32.eq').op('i32.or');
      code.if(() => code.get(at).i32(1).op('i32.add').set(at).br(next));
    });
  });
}

/** The byte at `at` into `byte`; blanks are passed. One test where there are none. */
export function nextByte(code: Code, at: Local, byte: Local): void {
  code.get(at).op('i32.load8_u').tee(byte).i32(32).op('i32.le_u');
  code.if(() => skipBlanks(code, at, byte));
}

const giveUp = (code: Code): void => {
  code.i32(0).return();
};

function emitString(module: WasmModule): Func {
  return module.function(
    'string',
    ['i32', 'i32'],
    ['i32', 'i32'],
    (code, ...params) => {
      const [at, tables] = params as [Local, Local];
      const [bytes, mask, byte, escaped] = [
        code.local('v128'),
        code.local('i32'),
        code.local('i32'),
        code.local('i32'),
      ];
      const fail = (): void => {
        code.i32(0).i32(0).return();
      };
      code.loop((next) => {
        code.get(at).op('v128.load', 0, 0).tee(bytes).v128(splat(QUOTE)).op('i8x16.eq');
        code.get(bytes).v128(splat(BACKSLASH)).op('i8x16.eq').op('v128.or');
        code.get(bytes).v128(splat(32)).op('i8x16.lt_u').op('v128.or').op('i8x16.bitmask').tee(mask).op('i32.eqz');
        code.if(() => code.get(at).i32(16).op('i32.add').set(at).br(next));
        code.get(at).get(mask).op('i32.ctz').op('i32.add').tee(at);
        code.op('i32.load8_u').tee(byte).i32(QUOTE).op('i32.eq');
        code.if(() => code.get(at).get(escaped).return());
        // A control character, or the end of the line.
        code.get(byte).i32(BACKSLASH).op('i32.ne');
        code.if(fail);
        code.i32(1).set(escaped);
        code.get(at).op('i32.load8_u', 1).tee(byte).i32(117).op('i32.eq');
        code.if(
          () => {
            for (const digit of [2, 3, 4, 5]) {
              code.get(tables).get(at).op('i32.load8_u', digit).op('i32.add').op('i32.load8_u', TABLES.hex);
              if (digit > 2) code.op('i32.or');
            }
            code.i32(15).op('i32.gt_u');
            code.if(fail);
            code.get(at).i32(6).op('i32.add').set(at);
          },
          () => {
            code.get(tables).get(byte).op('i32.add').op('i32.load8_u', TABLES.escapes).op('i32.eqz');
            code.if(fail);
            code.get(at).i32(2).op('i32.add').set(at);
          },
        );
        code.br(next);
      });
      code.unreachable();
    },
    { export: false },
  );
}

/** Digits, perhaps a point and digits: all within 16 bytes, or it is a long number. */
function emitNumber(module: WasmModule, long: Func): Func {
  return module.function(
    'number',
    ['i32'],
    ['i32'],
    (code, ...params) => {
      const [at] = params as [Local];
      const [digits, count, byte] = [code.local('i32'), code.local('i32'), code.local('i32')];
      code.get(at).op('i32.load8_u').i32(45).op('i32.eq').get(at).op('i32.add').set(at);
      code.get(at).op('v128.load', 0, 0).v128(splat(48)).op('i8x16.sub').v128(splat(10)).op('i8x16.lt_u');
      code.op('i8x16.bitmask').i32(-1).op('i32.xor').tee(digits).op('i32.ctz').set(count);
      const toLong = (): void => {
        code.get(at).call(long).return();
      };
      code.get(count).i32(1).op('i32.sub').i32(15).op('i32.ge_u');
      code.get(count).i32(1).op('i32.gt_u').get(at).op('i32.load8_u').i32(48).op('i32.eq').op('i32.and').op('i32.or');
      code.if(toLong);
      code.get(at).get(count).op('i32.add').op('i32.load8_u').tee(byte).i32(46).op('i32.eq');
      code.if(() => {
        const fraction = code.local('i32');
        code.get(digits).get(count).i32(1).op('i32.add').tee(count).op('i32.shr_u').op('i32.ctz').tee(fraction);
        code.op('i32.eqz').get(fraction).get(count).op('i32.add').tee(count).i32(16).op('i32.ge_u').op('i32.or');
        code.if(toLong);
        code.get(at).get(count).op('i32.add').op('i32.load8_u').set(byte);
      });
      code.get(byte).i32(32).op('i32.or').i32(101).op('i32.eq');
      code.if(toLong);
      code.get(at).get(count).op('i32.add');
    },
    { export: false },
  );
}

/** A number of any length, behind its sign. */
function emitLongNumber(module: WasmModule): Func {
  return module.function(
    'longNumber',
    ['i32'],
    ['i32'],
    (code, ...params) => {
      const [at] = params as [Local];
      const [start, byte] = [code.local('i32'), code.local('i32')];
      const digits = (): void => {
        code.get(at).set(start);
        code.loop((next) => {
          code.get(at).op('i32.load8_u').tee(byte).i32(48).op('i32.sub').i32(10).op('i32.lt_u');
          code.if(() => code.get(at).i32(1).op('i32.add').set(at).br(next));
        });
        code.get(at).get(start).op('i32.eq');
        code.if(() => giveUp(code));
      };
      digits();
      code.get(at).get(start).op('i32.sub').i32(1).op('i32.gt_u');
      code.get(start).op('i32.load8_u').i32(48).op('i32.eq').op('i32.and');
      code.if(() => giveUp(code));
      code.get(byte).i32(46).op('i32.eq');
      code.if(() => {
        code.get(at).i32(1).op('i32.add').set(at);
        digits();
      });
      code.get(byte).i32(32).op('i32.or').i32(101).op('i32.eq');
      code.if(() => {
        code.get(at).i32(1).op('i32.add').tee(at).op('i32.load8_u').tee(byte).i32(43).op('i32.eq');
        code.get(byte).i32(45).op('i32.eq').op('i32.or').get(at).op('i32.add').set(at);
        digits();
      });
      code.get(at);
    },
    { export: false },
  );
}

function emitWord(module: WasmModule): Func {
  return module.function(
    'word',
    ['i32'],
    ['i32'],
    (code, ...params) => {
      const [at] = params as [Local];
      const first = code.local('i32');
      code.get(at).op('i32.load', 0, 0).tee(first).i32(Buffer.from('null').readInt32LE()).op('i32.eq');
      code.get(first).i32(Buffer.from('true').readInt32LE()).op('i32.eq').op('i32.or');
      code.if(() => code.get(at).i32(4).op('i32.add').return());
      code.get(first).i32(Buffer.from('fals').readInt32LE()).op('i32.eq');
      code.get(at).op('i32.load8_u', 4).i32(101).op('i32.eq').op('i32.and');
      code.if(() => code.get(at).i32(5).op('i32.add').return());
      code.i32(0);
    },
    { export: false },
  );
}

/** An object or array with all it holds; `objects` has a bit for each level that is an object, the innermost last. */
function emitNested(module: WasmModule, functions: Omit<ValueFunctions, 'nested'>): Func {
  return module.function(
    'nested',
    ['i32', 'i32'],
    ['i32'],
    (code, ...params) => {
      const [at, tables] = params as [Local, Local];
      const [objects, depth, byte] = [code.local('i64'), code.local('i32'), code.local('i32')];
      const step = (): void => {
        code.get(at).i32(1).op('i32.add').set(at);
      };
      const inObject = (): Code => code.get(objects).op('i32.wrap_i64').i32(1).op('i32.and');
      code.loop((value) => {
        code.block((after) => {
          nextByte(code, at, byte);
          // Of the brackets and no other byte of ASCII: 0x5b and 0x7b.
          code.get(byte).i32(32).op('i32.or').i32(123).op('i32.eq');
          code.if(
            () => {
              code.get(depth).i32(1).op('i32.add').tee(depth).i32(MAX_DEPTH).op('i32.gt_u');
              code.if(() => giveUp(code));
              code.get(objects).i64(1).op('i64.shl');
              code.get(byte).i32(5).op('i32.shr_u').i32(1).op('i32.and').op('i64.extend_i32_u').op('i64.or');
              code.set(objects);
              step();
              nextByte(code, at, byte);
              isClosing(byte, inObject);
              code.brIf(after);
              inObject();
              code.if(() => key(code, { at, tables, byte }, functions.string));
              code.br(value);
            },
            () => passScalar(code, { at, tables, byte }, functions),
          );
        });
        // Behind a value; or before the bracket that closes an empty one.
        code.loop((again) => {
          nextByte(code, at, byte);
          code.get(byte).i32(COMMA).op('i32.eq');
          code.if(() => {
            step();
            inObject();
            code.if(() => key(code, { at, tables, byte }, functions.string));
            code.br(value);
          });
          isClosing(byte, inObject);
          code.op('i32.eqz');
          code.if(() => giveUp(code));
          step();
          code.get(objects).i64(1).op('i64.shr_u').set(objects);
          code.get(depth).i32(1).op('i32.sub').tee(depth).brIf(again);
        });
      });
      code.get(at);
    },
    { export: false },
  );
}

/** Whether `byte` closes the innermost container: 0x5d, or 0x7d of an object. */
function isClosing(byte: Local, inObject: () => Code): void {
  inObject().i32(5).op('i32.shl').i32(93).op('i32.add').get(byte).op('i32.eq');
}

interface Cursor {
  readonly at: Local;
  readonly tables: Local;
  readonly byte: Local;
}

/** Past a field's name and its colon. */
function key(code: Code, { at, tables, byte }: Cursor, string: Func): void {
  nextByte(code, at, byte);
  code.get(byte).i32(QUOTE).op('i32.ne');
  code.if(() => giveUp(code));
  code.get(at).i32(1).op('i32.add').get(tables).call(string).drop().tee(at).op('i32.eqz');
  code.if(() => giveUp(code));
  code.get(at).i32(1).op('i32.add').set(at);
  nextByte(code, at, byte);
  code.get(byte).i32(COLON).op('i32.ne');
  code.if(() => giveUp(code));
  code.get(at).i32(1).op('i32.add').set(at);
}

function passScalar(code: Code, { at, tables, byte }: Cursor, functions: Omit<ValueFunctions, 'nested'>): void {
  code.get(byte).i32(QUOTE).op('i32.eq');
  code.if(
    () => {
      code.get(at).i32(1).op('i32.add').get(tables).call(functions.string).drop().tee(at);
      code.i32(1).op('i32.add').i32(0).get(at).select().set(at);
    },
    () => {
      isNumber(code, byte);
      code.if(
        () => code.get(at).call(functions.number).set(at),
        () => code.get(at).call(functions.word).set(at),
      );
    },
  );
  code.get(at).op('i32.eqz');
  code.if(() => giveUp(code));
}

/** Whether `byte` begins a number. */
export function isNumber(code: Code, byte: Local): void {
  code.get(byte).i32(48).op('i32.sub').i32(10).op('i32.lt_u').get(byte).i32(45).op('i32.eq').op('i32.or');
}
