import type { Code, Func, Local, WasmModule } from '../../wasm/index.js';
import { bump, returnIf, whileLoop } from '../parquet/kernels/emit.js';
import { bitsAt, element } from './emit-tables.js';
import { CODE_BITS, SPACE, STATE } from './space.js';
import { KINDS } from './tables.js';

/** Weights of a code are coded with as many states as that at most, and are at most as many. */
const WEIGHT_LOG = 6;
const MOST_WEIGHTS = 255;

/**
 * `huffmanTable(source, end, space)`: reads the description of a Huffman code (RFC 8878, 4.2.1) into the table that
 * codes of at most 11 bits are looked up in; gives the bytes it takes, 0 when it is damaged.
 */
export function emitHuffmanTable(module: WasmModule, begin: Func, counts: Func, states: Func): void {
  const write = emitCodes(module);
  module.function('huffmanTable', ['i32', 'i32', 'i32'], ['i32'], (code, source, end, space) => {
    const i32 = (): Local => code.local('i32');
    const [size, weights, known, i] = [i32(), i32(), i32(), i32()];
    code.get(source).get(end).op('i32.ge_u');
    returnIf(code, 0);
    code.get(source).op('i32.load8_u').set(size);
    bump(code, source, 1);
    code.get(size).i32(127).op('i32.sub').tee(known).i32(0).op('i32.gt_s');
    code.if(() => code.get(known).i32(1).op('i32.add').i32(1).op('i32.shr_u').set(size));
    code.get(size).i32(1).op('i32.sub').get(end).get(source).op('i32.sub').op('i32.ge_u');
    returnIf(code, 0);
    code.get(space).i32(SPACE.WEIGHTS).op('i32.add').set(weights);
    code.get(known).i32(0).op('i32.gt_s');
    code.if(
      () =>
        code.forRange(
          i,
          () => code.i32(0),
          known,
          () => {
            code.get(weights).get(i).op('i32.add');
            code.get(source).get(i).i32(1).op('i32.shr_u').op('i32.add').op('i32.load8_u');
            code
              .get(i)
              .i32(-1)
              .op('i32.xor')
              .i32(1)
              .op('i32.and')
              .i32(2)
              .op('i32.shl')
              .op('i32.shr_u')
              .i32(15)
              .op('i32.and');
            code.op('i32.store8');
          },
        ),
      () => {
        code.get(source).get(size).op('i32.add').set(end);
        packedWeights(code, { source, end, space, weights, known }, begin, counts, states);
      },
    );
    code.get(weights).get(known).get(space).i32(SPACE.HUFFMAN).op('i32.add').call(write).op('i32.eqz');
    returnIf(code, 0);
    code.get(size).i32(1).op('i32.add');
  });
}

interface Weights {
  readonly source: Local;
  readonly end: Local;
  readonly space: Local;
  /** Where they go, a byte each, and how many they are. */
  readonly weights: Local;
  readonly known: Local;
}

/** Weights coded by two states in turn, read from the end of the bytes; returns 0 where they are damaged. */
function packedWeights(code: Code, w: Weights, begin: Func, counts: Func, states: Func): void {
  const i32 = (): Local => code.local('i32');
  const [found, table, bits, position] = [i32(), i32(), i32(), i32()];
  const both = [i32(), i32()] as [Local, Local];
  const inSpace = (offset: number): Code => code.get(w.space).i32(offset).op('i32.add');
  // As many bits are added to an offset code as its own number is: they are the weight.
  code
    .get(w.source)
    .get(w.end)
    .i32(WEIGHT_LOG)
    .i32(CODE_BITS + 1);
  inSpace(SPACE.COUNTS).call(counts).tee(found).op('i32.eqz');
  returnIf(code, 0);
  inSpace(SPACE.COUNTS).get(found).i32(0xfff).op('i32.and');
  code.get(found).i32(12).op('i32.shr_u').i32(15).op('i32.and').tee(bits);
  inSpace(SPACE.WEIGHT_STATES).tee(table);
  inSpace(SPACE.VALUES + 4 * (KINDS[0]?.values.length ?? 0)).call(states);
  code.get(w.source).get(found).i32(16).op('i32.shr_u').op('i32.add').tee(w.source).get(w.end).call(begin);
  code.tee(position).get(bits).i32(1).op('i32.shl').op('i32.lt_s');
  returnIf(code, 0);
  const next = (): void => {
    code.get(position).get(bits).op('i32.sub').set(position);
    bitsAt(code, w.source, position);
    code.i32(1).get(bits).op('i32.shl').i32(1).op('i32.sub').op('i32.and').i32(STATE.LOG).op('i32.shl').op('i32.add');
  };
  const put = (state: Local): void => {
    code.get(w.weights).get(w.known).op('i32.add').get(state).op('i32.load8_u', STATE.VALUE_BITS).op('i32.store8');
    bump(code, w.known, 1);
  };
  code.i32(0).set(w.known);
  for (const state of both) {
    code.get(table);
    next();
    code.set(state);
  }
  const [one, other] = both;
  code.block((done) => {
    code.loop((again) => {
      put(one);
      code.get(position).get(one).op('i32.load8_u', STATE.NEXT_BITS).tee(bits).op('i32.lt_u');
      code.if(() => {
        put(other);
        code.br(done);
      });
      code.get(one).op('i32.load', STATE.NEXT, 0);
      next();
      code.get(other).set(one).set(other);
      code.get(w.known).i32(MOST_WEIGHTS).op('i32.le_u').brIf(again);
    });
  });
}

/**
 * `codes(weights, known, table)`: two bytes for each 11 bits, a symbol and the length of its code; 0 where the weights
 * are damaged. The last symbol's weight, which comes behind them, is what makes the whole a power of two.
 */
function emitCodes(module: WasmModule): Func {
  const params = ['i32', 'i32', 'i32'] as const;
  return module.function(
    'codes',
    params,
    ['i32'],
    (code, weights, known, table) => buildCodes(code, weights, known, table),
    {
      export: false,
    },
  );
}

function buildCodes(code: Code, weights: Local, known: Local, table: Local): void {
  const i32 = (): Local => code.local('i32');
  const [i, weight, total, most, at, end, entry] = [i32(), i32(), i32(), i32(), i32(), i32(), i32()];
  /** How many entries come before those of a weight; behind the weights. */
  const places = i32();
  const place = (): Code => element(code, places, weight, 2);
  const each = (body: () => void): void => {
    const one = (): void => {
      code.get(weights).get(i).op('i32.add').op('i32.load8_u').tee(weight);
      code.if(body);
    };
    code.forRange(i, () => code.i32(0), known, one);
  };
  code.get(known).i32(MOST_WEIGHTS).op('i32.gt_u');
  returnIf(code, 0);
  each(() => code.get(total).i32(1).get(weight).op('i32.shl').op('i32.add').set(total));
  // Twice the sum: a weight of 1 counts once.
  code.i32(31).get(total).op('i32.clz').op('i32.sub').tee(most).i32(CODE_BITS).op('i32.gt_u');
  code.i32(2).get(most).op('i32.shl').get(total).op('i32.sub').tee(at).get(at).i32(1).op('i32.sub').op('i32.and');
  code.op('i32.or');
  returnIf(code, 0);
  code.get(weights).get(known).op('i32.add').i32(31).get(at).op('i32.clz').op('i32.sub').op('i32.store8');
  bump(code, known, 1);
  code.get(weights).set(places);
  bump(code, places, MOST_WEIGHTS + 1);
  for (let k = 0; k < PLACES_BYTES; k += 16) code.get(places).i32(0).op('i32x4.splat').op('v128.store', k, 0);
  const size = (): Code =>
    code
      .i32(1 << (CODE_BITS - 1))
      .get(weight)
      .op('i32.shl')
      .get(most)
      .op('i32.shr_u');
  each(() => {
    place();
    place().op('i32.load', 4, 0);
    size().op('i32.add').op('i32.store', 4, 0);
  });
  const add = (): void => {
    place();
    place().op('i32.load', 4, 0);
    place().op('i32.load', 0, 0).op('i32.add').op('i32.store', 4, 0);
  };
  code.get(most).i32(1).op('i32.add').set(end);
  code.forRange(weight, () => code.i32(1), end, add);
  each(() => {
    place().op('i32.load', 0, 0).set(at);
    place();
    size().get(at).op('i32.add').tee(end).op('i32.store', 0, 0);
    code.get(most).i32(1).op('i32.add').get(weight).op('i32.sub').i32(8).op('i32.shl').get(i).op('i32.or').set(entry);
    fill(code, { table, at, end, entry });
  });
  code.i32(1);
}

/** 32 bits for each weight and what comes behind the last. */
const PLACES_BYTES = 64;

/** Writes an entry to the places at…end, 8 at a time where they are as many. */
function fill(code: Code, { table, at, end, entry }: Record<'table' | 'at' | 'end' | 'entry', Local>): void {
  const wide = code.local('v128');
  code.get(entry).op('i16x8.splat').set(wide);
  code.get(end).get(at).op('i32.sub').i32(8).op('i32.lt_u');
  code.if(
    () =>
      code.forRange(
        at,
        () => code.get(at),
        end,
        () => element(code, table, at, 1).get(entry).op('i32.store16', 0, 0),
      ),
    () =>
      whileLoop(
        code,
        () => code.get(at).get(end).op('i32.lt_u'),
        () => {
          element(code, table, at, 1).get(wide).op('v128.store', 0, 0);
          bump(code, at, 8);
        },
      ),
  );
}
