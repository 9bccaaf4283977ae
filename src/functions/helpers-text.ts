import type { Local } from '../wasm/index.js';
import type { Helper, HelperTable } from './helper.js';
import { emitPoints } from './text-emit.js';

const DIGIT_0 = 48;
const MINUS = 45;
const PLUS = 43;
/** Digits of a number that cannot overflow 64 bits. */
const SAFE_DIGITS = 18;

/** (number, address behind the last digit) → address of the first character. Writes at most 20 bytes. */
const formatI64: Helper = {
  params: ['i64', 'i32'],
  results: ['i32'],
  build: (code, params) => {
    const [x, end] = params as [Local, Local];
    const at = code.local('i32');
    const rest = code.local('i64');
    const quotient = code.local('i64');
    code.get(end).set(at);
    // The least integer has no opposite, but as an unsigned number its bits are the magnitude.
    code.i64(0).get(x).op('i64.sub').get(x).get(x).i64(0).op('i64.lt_s').select().set(rest);
    code.loop((again) => {
      code.get(rest).i64(10).op('i64.div_u').set(quotient);
      code.get(at).i32(1).op('i32.sub').tee(at);
      code.get(rest).get(quotient).i64(10).op('i64.mul').op('i64.sub').i64(DIGIT_0).op('i64.add').op('i64.store8');
      code.get(quotient).tee(rest).i64(0).op('i64.ne').brIf(again);
    });
    code
      .get(x)
      .i64(0)
      .op('i64.lt_s')
      .if(() => {
        code.get(at).i32(1).op('i32.sub').tee(at).i32(MINUS).op('i32.store8');
      });
    code.get(at);
  },
};

/** (address, length) → number and 1, or anything and 0 for text that is not a sign and 1 to 18 digits. */
const parseI64: Helper = {
  params: ['i32', 'i32'],
  results: ['i64', 'i32'],
  build: (code, params) => {
    const [at, length] = params as [Local, Local];
    const [end, first, digit] = [code.local('i32'), code.local('i32'), code.local('i32')];
    const number = code.local('i64');
    const refuse = (): void => void code.i64(0).i32(0).return();
    code.get(length).op('i32.eqz').if(refuse);
    code.get(at).get(length).op('i32.add').set(end);
    code.get(at).op('i32.load8_u').set(first);
    code
      .get(first)
      .i32(MINUS)
      .op('i32.eq')
      .get(first)
      .i32(PLUS)
      .op('i32.eq')
      .op('i32.or')
      .get(at)
      .op('i32.add')
      .set(at);
    code.get(end).get(at).op('i32.sub').i32(1).op('i32.sub').i32(SAFE_DIGITS).op('i32.ge_u').if(refuse);
    code.loop((again) => {
      code.get(at).op('i32.load8_u').i32(DIGIT_0).op('i32.sub').tee(digit).i32(9).op('i32.gt_u').if(refuse);
      code.get(number).i64(10).op('i64.mul').get(digit).op('i64.extend_i32_u').op('i64.add').set(number);
      code.get(at).i32(1).op('i32.add').tee(at).get(end).op('i32.lt_u').brIf(again);
    });
    code.i64(0).get(number).op('i64.sub').get(number).get(first).i32(MINUS).op('i32.eq').select().i32(1);
  },
};

/** (address, end) → whether all bytes are ASCII. */
const isAscii: Helper = {
  params: ['i32', 'i32'],
  results: ['i32'],
  build: (code, params) => {
    const [p, end] = params as [Local, Local];
    const all = code.local('v128');
    const chunk = (at: number): void => void code.get(p).op('v128.load', at, 0);
    code.block((done) => {
      code.loop((again) => {
        code.get(end).get(p).op('i32.sub').i32(64).op('i32.lt_u').brIf(done);
        chunk(0);
        for (const at of [16, 32, 48]) {
          chunk(at);
          code.op('v128.or');
        }
        code.get(all).op('v128.or').set(all);
        code.get(p).i32(64).op('i32.add').set(p).br(again);
      });
    });
    code
      .get(all)
      .op('i8x16.bitmask')
      .if(() => code.i32(0).return());
    code.block((done) => {
      code.loop((again) => {
        code.get(p).get(end).op('i32.ge_u').brIf(done);
        code
          .get(p)
          .op('i32.load8_u')
          .i32(0x80)
          .op('i32.ge_u')
          .if(() => code.i32(0).return());
        code.get(p).i32(1).op('i32.add').set(p).br(again);
      });
    });
    code.i32(1);
  },
};

/** (address, end) → the characters of a text. */
const codePoints: Helper = {
  params: ['i32', 'i32'],
  results: ['i32'],
  build: (code, params) => {
    const [at, end] = params as [Local, Local];
    code.get(emitPoints(code, at, end));
  },
};

export const textHelpers = {
  i64_format: formatI64,
  i64_parse: parseI64,
  is_ascii: isAscii,
  code_points: codePoints,
} as const satisfies HelperTable;
