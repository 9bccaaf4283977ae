import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { bump, returnIf, whileLoop } from '../parquet/kernels/emit.js';
import { STATE } from './space.js';

/** Pushes the 25 bits and more from a bit on. */
export function bitsAt(code: Code, source: Local, bit: Local): void {
  code.get(source).get(bit).i32(3).op('i32.shr_u').op('i32.add').op('i32.load', 0, 0);
  code.get(bit).i32(7).op('i32.and').op('i32.shr_u');
}

/** Pushes the address of element `index` of an array of words of 2^log bytes. */
export function element(code: Code, array: Local, index: Local, log: number): Code {
  return code.get(array).get(index).i32(log).op('i32.shl').op('i32.add');
}

/**
 * `counts(source, end, mostLog, mostSymbol, counts)`: reads how often each symbol comes, of 2^log, -1 being less than
 * once (RFC 8878, 4.1.1), into 16 bits each. Gives bytes << 16 | log << 12 | symbols, or 0 when they are damaged.
 */
export function emitCounts(module: WasmModule): Func {
  return module.function('counts', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], (code, ...params) => {
    const [source, end, mostLog, mostSymbol, counts] = params;
    const i32 = (): Local => code.local('i32');
    const [log, symbols] = [i32(), i32()];
    const c = { source, bit: i32(), rest: i32(), threshold: i32(), width: i32(), count: i32() };
    const put = (push: () => void): void => {
      element(code, counts, symbols, 1);
      push();
      code.op('i32.store16', 0, 0);
      bump(code, symbols, 1);
    };
    code.get(source).op('i32.load8_u').i32(15).op('i32.and').i32(5).op('i32.add').tee(log).get(mostLog).op('i32.gt_u');
    returnIf(code, 0);
    code.i32(4).set(c.bit).i32(1).get(log).op('i32.shl').tee(c.threshold).i32(1).op('i32.add').set(c.rest);
    code.get(log).i32(1).op('i32.add').set(c.width);
    whileLoop(
      code,
      () => code.get(c.rest).i32(1).op('i32.gt_s'),
      () => {
        code.get(symbols).get(mostSymbol).op('i32.gt_u');
        returnIf(code, 0);
        readCount(code, c);
        put(() => code.get(c.count));
        code.get(c.count).op('i32.eqz');
        code.if(() => {
          readZeros(code, c, put, () => {
            code.get(symbols).i32(1).op('i32.sub').get(mostSymbol).op('i32.gt_s');
            returnIf(code, 0);
          });
        });
      },
    );
    bump(code, c.bit, 7);
    code.get(c.bit).i32(3).op('i32.shr_u').tee(c.bit).get(end).get(source).op('i32.sub').op('i32.gt_u');
    code.get(c.rest).i32(1).op('i32.ne').op('i32.or');
    returnIf(code, 0);
    code.get(c.bit).i32(16).op('i32.shl').get(log).i32(12).op('i32.shl').op('i32.or').get(symbols).op('i32.or');
  });
}

type CountLocals = Readonly<Record<'source' | 'bit' | 'rest' | 'threshold' | 'width' | 'count', Local>>;

/** One count takes as many bits as what is left to count asks for, or one less where it is small. */
function readCount(code: Code, { source, bit, rest, threshold, width, count }: CountLocals): void {
  const few = code.local('i32');
  const mask = (): Code => code.get(threshold).i32(1).op('i32.shl').i32(1).op('i32.sub');
  mask().get(rest).op('i32.sub').set(few);
  bitsAt(code, source, bit);
  code.get(threshold).i32(1).op('i32.sub').op('i32.and').tee(count).get(few).op('i32.lt_u');
  code.if(
    () => bump(code, bit, -1),
    () => {
      bitsAt(code, source, bit);
      mask().op('i32.and').tee(count);
      code.get(few).i32(0).get(count).get(threshold).op('i32.ge_u').select().op('i32.sub').set(count);
    },
  );
  code.get(bit).get(width).op('i32.add').set(bit);
  bump(code, count, -1);
  // -1 takes 1, too.
  code
    .get(rest)
    .get(count)
    .op('i32.sub')
    .get(count)
    .i32(31)
    .op('i32.shr_s')
    .i32(1)
    .op('i32.shl')
    .op('i32.add')
    .set(rest);
  whileLoop(
    code,
    () => code.get(rest).get(threshold).op('i32.lt_s').get(rest).i32(1).op('i32.gt_s').op('i32.and'),
    () => {
      bump(code, width, -1);
      code.get(threshold).i32(1).op('i32.shr_u').set(threshold);
    },
  );
}

/** Behind a count of 0: how many more follow, in two bits, and more of them after three. */
function readZeros(code: Code, { source, bit }: CountLocals, put: (push: () => void) => void, check: () => void): void {
  const [more, left] = [code.local('i32'), code.local('i32')];
  code.loop((again) => {
    bitsAt(code, source, bit);
    code.i32(3).op('i32.and').tee(more).set(left);
    bump(code, bit, 2);
    whileLoop(
      code,
      () => code.get(left),
      () => {
        put(() => code.i32(0));
        bump(code, left, -1);
      },
    );
    check();
    code.get(more).i32(3).op('i32.eq').brIf(again);
  });
}

/**
 * `states(counts, symbols, log, table, values)`: a table of states (RFC 8878, 4.1.1). Values are, for each symbol, what
 * it stands for and how many bits are added to that, 4 bytes each. The counts are used up.
 */
export function emitStates(module: WasmModule): Func {
  return module.function('states', ['i32', 'i32', 'i32', 'i32', 'i32'], [], (code, ...params) => {
    const [counts, symbols, log, table, values] = params;
    const i32 = (): Local => code.local('i32');
    const [mask, high, symbol, at, count, state, n] = [i32(), i32(), i32(), i32(), i32(), i32(), i32()];
    const countOf = (): Code => element(code, counts, symbol, 1).op('i32.load16_s', 0, 0);
    const each = (body: () => void): void => {
      code.forRange(symbol, () => code.i32(0), symbols, body);
    };
    code.i32(1).get(log).op('i32.shl').i32(1).op('i32.sub').tee(mask).set(high);
    each(() => {
      countOf().i32(-1).op('i32.eq');
      code.if(() => {
        element(code, table, high, STATE.LOG).get(symbol).op('i32.store', STATE.VALUE, 0);
        bump(code, high, -1);
      });
    });
    each(() => {
      countOf().set(count);
      whileLoop(
        code,
        () => code.get(count).i32(0).op('i32.gt_s'),
        () => {
          element(code, table, at, STATE.LOG).get(symbol).op('i32.store', STATE.VALUE, 0);
          code.loop((again) => {
            code.get(at).get(mask).i32(1).op('i32.add').tee(n).i32(1).op('i32.shr_u').op('i32.add');
            code.get(n).i32(3).op('i32.shr_u').op('i32.add').i32(3).op('i32.add').get(mask).op('i32.and').tee(at);
            code.get(high).op('i32.gt_s').brIf(again);
          });
          bump(code, count, -1);
        },
      );
    });
    code.loop((again) => {
      element(code, table, state, STATE.LOG).tee(at).op('i32.load', STATE.VALUE, 0).set(symbol);
      // -1 counts as 1.
      countOf().tee(n).get(n).i32(31).op('i32.shr_s').i32(1).op('i32.shl').op('i32.sub').set(n);
      element(code, counts, symbol, 1).get(n).i32(1).op('i32.add').op('i32.store16', 0, 0);
      code.get(log).i32(31).op('i32.sub').get(n).op('i32.clz').op('i32.add').set(count);
      code.get(at).get(table).get(n).get(count).op('i32.shl').get(mask).i32(1).op('i32.add').op('i32.sub');
      code.i32(STATE.LOG).op('i32.shl').op('i32.add').op('i32.store', STATE.NEXT, 0);
      element(code, values, symbol, 3).set(symbol);
      code.get(at).get(symbol).op('i32.load', 0, 0).op('i32.store', STATE.VALUE, 0);
      code.get(at).i32(1).get(symbol).op('i32.load', 4, 0).tee(n).op('i32.shl').i32(1).op('i32.sub');
      code.op('i32.store', STATE.VALUE_MASK, 0);
      code.get(at).i32(1).get(count).op('i32.shl').i32(1).op('i32.sub').i32(STATE.LOG).op('i32.shl');
      code.op('i32.store16', STATE.NEXT_MASK, 0);
      code.get(at).get(count).op('i32.store8', STATE.NEXT_BITS).get(at).get(n).op('i32.store8', STATE.VALUE_BITS);
      code.get(state).i32(1).op('i32.add').tee(state).get(mask).op('i32.le_u').brIf(again);
    });
  });
}
